"""Timed phones: what was said when. Read from CSV/TSV tables and Praat TextGrids; ARPABET inside.

The table `tables/phones.csv` gives every phone its class and articulator targets. ARPABET comes with or
without stress digits; the IPA symbols of English aligners and synthesisers are folded onto it, with two
front rounded vowels (YY, OE) added so that French, German or Mandarin lips are not lost. Knows nothing
about faces (see articulation.py).
"""

import csv
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from cstalk_ue.errors import PhoneError

SILENCE = "SIL"
_SILENCE_NAMES = {"", "sil", "sp", "spn", "pau", "h#", "#", "_", "<eps>", "silence", "noise", "ssil", "brth"}

# IPA base symbols onto the inventory; length, tone, stress and nasal marks are stripped first.
_IPA = {
    "p": "P", "b": "B", "m": "M", "f": "F", "v": "V", "ɱ": "M", "ɸ": "F", "β": "B", "ʋ": "V",
    "θ": "TH", "ð": "DH", "t": "T", "d": "D", "n": "N", "ɾ": "D", "ʈ": "T", "ɖ": "D", "ɳ": "N", "ʔ": "HH",
    "s": "S", "z": "Z", "ts": "S", "dz": "Z", "ʃ": "SH", "ʒ": "ZH", "tʃ": "CH", "dʒ": "JH", "ʂ": "SH",
    "ʐ": "ZH", "ɕ": "SH", "ʑ": "ZH", "tɕ": "CH", "dʑ": "JH", "ts.": "CH", "s.": "SH", "tʂ": "CH", "ç": "HH",
    "k": "K", "ɡ": "G", "g": "G", "ŋ": "NG", "x": "K", "χ": "K", "ɣ": "G", "q": "K", "c": "K", "ɟ": "G",
    "h": "HH", "ħ": "HH", "ɦ": "HH", "l": "L", "ɫ": "L", "ɬ": "L", "ʎ": "L", "ɭ": "L", "ɲ": "N",
    "r": "R", "ɹ": "R", "ʁ": "G", "ʀ": "G", "ɻ": "R", "w": "W", "ɥ": "W", "ʍ": "W", "j": "Y", "ʝ": "Y",
    "a": "AA", "ɑ": "AA", "ɒ": "AO", "æ": "AE", "ɐ": "AH", "ə": "AH", "ʌ": "AH", "ɜ": "ER", "ɚ": "ER",
    "ɝ": "ER", "ɘ": "AH", "ɤ": "AH", "ɔ": "AO", "o": "OW", "ɛ": "EH", "e": "EY", "i": "IY", "ɪ": "IH",
    "ɨ": "IH", "u": "UW", "ʊ": "UH", "ʉ": "UW", "ɯ": "UH", "y": "YY", "ʏ": "YY", "ø": "OE", "œ": "OE",
    "aɪ": "AY", "ai": "AY", "aʊ": "AW", "au": "AW", "ɔɪ": "OY", "eɪ": "EY", "ei": "EY", "oʊ": "OW",
    "əʊ": "OW", "ou": "OW", "i.": "IH", "iə": "IY", "eə": "EH", "ʊə": "UH", "ɪə": "IY", "ɑu": "AW",
    "ju": "UW", "ua": "AA", "uo": "OW", "ia": "AA", "yɛ": "EH", "aɪə": "AY", "aʊɚ": "AW", "aɪɚ": "AY",
    "iɛ": "EH", "ie": "EY", "iou": "OW", "iau": "AW", "uei": "EY", "uai": "AY", "uə": "AH", "uɑ": "AA",
    "iɑ": "AA",
    "yɛn": "EH", "ᵻ": "IH", "ʌʉ": "OW", "iu": "UW", "əl": "L", "n̩": "N", "m̩": "M", "l̩": "L", "pf": "F",
}  # fmt: skip
_ARPABET_VARIANTS = {
    "AX": "AH", "AXR": "ER", "IX": "IH", "UX": "UW", "HV": "HH", "DX": "D", "NX": "N", "EL": "L", "EM": "M",
    "EN": "N",
}  # fmt: skip
_IPA_MARKS = re.compile(r"[ˈˌːˑ‿͡ʰʲˠʷ̩̯̥̪̬̝̞̃̊0-9↓↑→↗↘|˥˦˧˨˩'\-;^*?]")
# What praatio lets through besides its own exceptions; it also takes JSON and does not look at what is in it.
_NOT_A_TEXTGRID = (ValueError, LookupError, AttributeError, TypeError, ArithmeticError, RecursionError)


@dataclass(frozen=True)
class TimedPhone:
    """One phone of the inventory with its interval.

    Attributes:
        phone: a name from the phone table (`SIL`, `AA`, `P`, ...).
        start_seconds, end_seconds: 0 <= start <= end.
        stress: 1 primary, 2 secondary, 0 none, None if the source does not say.
    """

    phone: str
    start_seconds: float
    end_seconds: float
    stress: int | None = None


def normalise_phone(name: str, *, ipa: bool = False) -> tuple[str, int | None]:
    """(phone of the inventory, stress or None) for one symbol.

    Args:
        name: ARPABET with or without stress digit, or, if `ipa`, an IPA symbol with any marks.
        ipa: which alphabet `name` is in (``th`` is one phone in ARPABET, a t with breath in IPA).

    Raises:
        PhoneError: the symbol is not of that alphabet.
    """
    text = name.strip()
    if text.lower() in _SILENCE_NAMES:
        return SILENCE, None
    if ipa:
        stripped = _IPA_MARKS.sub("", unicodedata.normalize("NFC", text))  # c and its cedilla are one letter
        bare = _IPA_MARKS.sub("", unicodedata.normalize("NFD", stripped))  # ã as one character hides its mark
        for symbol in (stripped, bare):
            for candidate in (symbol, symbol[:2], symbol[-2:], symbol[:1], symbol[-1:]):
                if candidate in _IPA:
                    return _IPA[candidate], 1 if "ˈ" in text else None
    else:
        base = text.upper().rstrip("012")
        base = _ARPABET_VARIANTS.get(base, base)
        if base in phone_table():
            digits = text[len(text.rstrip("012")) :]
            return base, int(digits[0]) if digits else None
    alphabet = "IPA symbol" if ipa else "ARPABET phone"
    raise PhoneError(f"{name!r} is no known {alphabet}. Use ARPABET (AA, P, SIL, ...) or IPA throughout.")


def read_phones(path: Path) -> tuple[TimedPhone, ...]:
    """Timed phones of one line, from a table or a TextGrid.

    A table has the columns ``start``, ``end`` (seconds) and ``phone``, any order and case, comma or tab. In a
    TextGrid the tier named ``phones`` (or ``phone``, ``segments``), or the only tier, is read.

    Raises:
        PhoneError: missing or unreadable file, unknown phone, times that are no numbers or run backwards.
    """
    if not path.is_file():
        raise PhoneError(f"{path}: no such file. Give a table with start,end,phone or a Praat TextGrid.")
    try:
        rows = _read_textgrid(path) if path.suffix.lower() == ".textgrid" else _read_table(path)
    except UnicodeDecodeError as error:
        raise PhoneError(f"{path}: is not UTF-8 text. Save it as UTF-8.") from error
    except csv.Error as error:
        raise PhoneError(f"{path}: is no table ({error}). Export it again with start,end,phone.") from error
    return check_phones([(*_parse_row(path, row), row[2]) for row in rows], source=str(path))


def check_phones(
    rows: Iterable[tuple[float, float, str]], *, source: str = "phones", ipa: bool | None = None
) -> tuple[TimedPhone, ...]:
    """Turn (start, end, symbol) rows into checked, time-ordered `TimedPhone`s.

    Args:
        rows: seconds and symbol of each phone.
        source: named in errors.
        ipa: the alphabet; None takes ARPABET if every symbol is ARPABET, else IPA.

    Raises:
        PhoneError: no rows, an unknown symbol, a time that is not finite, an end before its start, or an
            overlap over 5 ms.
    """
    rows = list(rows)
    if ipa is None:
        ipa = _are_ipa([symbol for _, _, symbol in rows])
    phones: list[TimedPhone] = []
    for number, (start, end, symbol) in enumerate(rows, start=1):
        try:
            phone, stress = normalise_phone(symbol, ipa=ipa)
        except PhoneError as error:
            raise PhoneError(f"{source}: row {number}: {error}") from None
        previous = phones[-1].end_seconds if phones else 0.0
        if not (0 <= start <= end < math.inf and start >= previous - 0.005):
            raise PhoneError(
                f"{source}: row {number} ({symbol}) runs {start:g}..{end:g} s after {previous:g} s; "
                "expected times that rise from row to row. Sort the rows."
            )
        phones.append(TimedPhone(phone, max(start, previous), max(end, start, previous), stress))
    if not phones:
        raise PhoneError(f"{source}: holds no phones. Export the phone tier of the alignment.")
    return tuple(phones)


def phones_beside(audio: Path) -> Path | None:
    """The phone file that belongs to a sound file by name: ``NAME.phones.csv`` or ``NAME.TextGrid``."""
    for suffix in (".phones.csv", ".TextGrid"):
        candidate = audio.with_name(audio.stem + suffix)
        if candidate.is_file():
            return candidate
    return None


@cache
def phone_table() -> dict[str, dict[str, str]]:
    """Rows of tables/phones.csv by phone name."""
    return {row["phone"]: row for row in read_table("phones.csv")}


def read_table(name: str) -> list[dict[str, str]]:
    """Rows of one of the performer's CSV tables."""
    text = resources.files("cstalk_ue.performer").joinpath("tables", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _are_ipa(symbols: Sequence[str]) -> bool:
    """False if all are ARPABET; else the alphabet that fits more of them, so that errors name the odd one."""
    arpabet = sum(_is_of(symbol, ipa=False) for symbol in symbols)
    return arpabet < len(symbols) and sum(_is_of(symbol, ipa=True) for symbol in symbols) >= arpabet


def _is_of(symbol: str, *, ipa: bool) -> bool:
    try:
        normalise_phone(symbol, ipa=ipa)
    except PhoneError:
        return False
    return True


def _read_table(path: Path) -> list[tuple[str, str, str]]:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    if not lines:
        raise PhoneError(f"{path}: is empty. Expected a header start,end,phone.")
    delimiter = "\t" if "\t" in lines[0] else ","
    reader = csv.reader(lines, delimiter=delimiter)
    header = [name.strip().lower() for name in next(reader)]
    missing = {"start", "end", "phone"} - set(header)
    if missing:
        raise PhoneError(f"{path}: the header is {', '.join(header)}; missing {', '.join(sorted(missing))}.")
    columns = [header.index(name) for name in ("start", "end", "phone")]
    rows: list[tuple[str, str, str]] = []
    for row in reader:
        if not row:
            continue
        if len(row) <= max(columns):
            raise PhoneError(
                f"{path}: line {reader.line_num} has {len(row)} values, header has {len(header)}."
            )
        rows.append((row[columns[0]], row[columns[1]], row[columns[2]]))
    return rows


def _read_textgrid(path: Path) -> list[tuple[str, str, str]]:
    from praatio import textgrid
    from praatio.utilities.errors import PraatioException

    try:
        grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=True, reportingMode="silence")
    except (PraatioException, *_NOT_A_TEXTGRID) as error:
        raise PhoneError(f"{path}: is not a Praat TextGrid ({error}). Export it again.") from error
    names = {name.lower(): name for name in grid.tierNames}
    wanted = next((names[n] for n in ("phones", "phone", "segments") if n in names), None)
    if wanted is None and len(names) == 1:
        wanted = grid.tierNames[0]
    if wanted is None:
        raise PhoneError(f"{path}: tiers are {', '.join(grid.tierNames)}; expected one named 'phones'.")
    tier = grid.getTier(wanted)
    return [(str(e[0]), str(e[1]), str(e[2])) for e in tier.entries if len(e) == 3]


def _parse_row(path: Path, row: Sequence[str]) -> tuple[float, float]:
    try:
        start, end = float(row[0]), float(row[1])
    except ValueError:
        start = end = math.nan
    if not (math.isfinite(start) and math.isfinite(end)):
        raise PhoneError(f"{path}: {row[0]!r}..{row[1]!r} of phone {row[2]!r} are not seconds.")
    return start, end
