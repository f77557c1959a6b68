"""Which lines to convert: from paths on the command line, or from a manifest with an emotion per line.

A manifest is a CSV (comma, semicolon or tab; UTF-8) with the column ``file`` and any of ``emotion``,
``intensity``, ``name``, ``phones``, ``seed``. File names are relative to the manifest. A bad line becomes a
`Line` with a `problem`, so that the good ones go on. The review page writes the same table with three more
columns, ``decision``, ``note`` and ``curves``; they change nothing about how a line is converted.
"""

import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from cstalk_ue.audio import find_audio
from cstalk_ue.csv_table import read_csv_table
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import CSTalkError, ManifestError

COLUMNS: tuple[str, ...] = ("file", "emotion", "intensity", "name", "phones", "seed")
REVIEW_COLUMNS: tuple[str, ...] = ("decision", "note", "curves")
_KNOWN = (*COLUMNS, *REVIEW_COLUMNS)
DECISIONS: tuple[str, ...] = ("approved", "rejected", "")
"""What a review says of a line; "" is not decided yet."""
LARGEST_SEED = 2**63 - 1
"""Seeds are whole numbers that other programs can read back from the provenance."""

_FORBIDDEN = frozenset('<>:"|?*\\')
_RESERVED = {"con", "prn", "aux", "nul", *(f"{device}{n}" for device in ("com", "lpt") for n in range(1, 10))}


@dataclass(frozen=True)
class Line:
    """One line to convert.

    Attributes:
        audio: its sound file.
        name: output name without suffix, relative, with ``/`` between folders.
        emotion: weights over the line.
        phones: a file of timed phones, or None to look beside the audio when they are needed.
        seed: of blinks, gaze and head, or None for the seed of the call.
        problem: why this line cannot be converted, "" if it can.
        decision: one of `DECISIONS`.
        note: what the reviewer wrote.
        curves: the curve file that was reviewed, if the manifest names one.
    """

    audio: Path
    name: str
    emotion: EmotionTrack
    phones: Path | None = None
    seed: int | None = None
    problem: str = ""
    decision: str = ""
    note: str = ""
    curves: Path | None = None


@dataclass(frozen=True)
class LineList:
    """Lines in order, and remarks for a person (columns not used, folders without sound)."""

    lines: tuple[Line, ...]
    remarks: tuple[str, ...] = ()


def lines_of_paths(paths: Sequence[Path], emotion: EmotionTrack, *, phones: Path | None = None) -> LineList:
    """Files as given, folders searched; below a folder the output keeps its sub-folders.

    A file that is named twice is one line.
    """
    lines, remarks = [], []
    for path in paths:
        if path.is_dir():
            found = find_audio([path])
            if not found:
                remarks.append(f"{path}: holds no WAV, FLAC, OGG or AIFF file.")
            for audio in found:
                name = audio.relative_to(path).with_suffix("").as_posix()
                lines.append(Line(audio, name, emotion))
        else:
            lines.append(Line(path, path.stem, emotion, phones))
    once: dict[tuple[Path, str], Line] = {}
    for line in lines:
        once.setdefault((line.audio.absolute(), line.name), line)
    return LineList(_without_collisions(list(once.values())), tuple(remarks))


def read_manifest(path: Path, *, default: EmotionTrack, decision: str | None = None) -> LineList:
    """Lines of a manifest.

    Args:
        default: the emotion where the column is absent or empty.
        decision: only the lines with this decision; None takes all.

    Raises:
        ManifestError: the file cannot be read as a table, has no column ``file``, or a column looks
            misspelled or comes twice; a decision is asked and there is no such column.
    """
    columns, rows = read_csv_table(path, needs="the column 'file'")
    remarks = _check_columns(path, columns)
    if decision is not None and "decision" not in columns:
        raise ManifestError(
            f"{path}: has no column 'decision'; expected the table that the review page exports."
        )
    lines = []
    for number, row in rows:
        line = _line(path, number, columns, row, default)
        if line.decision not in DECISIONS:
            remarks += (
                f"{path}: line {number}: decision {line.decision!r:.40} is not approved or rejected; "
                "read as undecided.",
            )
            line = replace(line, decision="")
        if decision is None or line.decision == decision:
            lines.append(line)
    return LineList(_without_collisions(lines), remarks)


def check_output_name(name: str) -> str:
    """The name with single slashes; refuses what leaves the folder or what some platform cannot store.

    Raises:
        ManifestError: an absolute name, a ``..``, a reserved word or a forbidden character.
    """
    parts = PurePosixPath(name).parts
    bad = (
        not parts
        or name.startswith("/")
        or name.endswith("/")
        or any(part in ("..", ".") or part.strip(" ").rstrip(".") != part for part in parts)
        or any(set(part) & _FORBIDDEN or any(ord(c) < 32 or ord(c) == 127 for c in part) for part in parts)
        or any(part.split(".")[0].strip().lower() in _RESERVED for part in parts)
    )
    if bad:
        raise ManifestError(
            f"output name {name!r} is not a plain relative name. Use letters, digits, '-', '_' and '/'."
        )
    return "/".join(parts)  # "a//b" and "./a/b" are the file a/b


def _check_columns(path: Path, columns: Sequence[str]) -> tuple[str, ...]:
    doubled = [column for column in _KNOWN if columns.count(column) > 1]
    if doubled:
        raise ManifestError(f"{path}: has the column {doubled[0]!r} more than once. Keep one of them.")
    unknown = [column for column in columns if column and column not in _KNOWN]
    for column in unknown:
        close = difflib.get_close_matches(column, [c for c in COLUMNS if c not in columns], n=1, cutoff=0.75)
        if close:
            raise ManifestError(f"{path}: column {column!r} looks like {close[0]!r}. Rename it.")
    if "file" not in columns:
        named = ", ".join(repr(column) for column in columns if column)
        raise ManifestError(
            f"{path}: its first line has {named:.200}; expected a column named 'file'. Add it."
        )
    return (f"{path}: columns not used: {', '.join(unknown)}",) if unknown else ()


def _line(
    manifest: Path, number: int, columns: Sequence[str], cells: Sequence[str], default: EmotionTrack
) -> Line:
    row = dict(zip(columns, cells, strict=False))
    audio = manifest.parent / row.get("file", "")
    line = Line(
        audio,
        row.get("name") or audio.stem,
        default,
        decision=row.get("decision", "").casefold(),
        note=row.get("note", ""),
        curves=manifest.parent / row["curves"] if row.get("curves") else None,
    )
    try:
        if any(cells[len(columns) :]):
            raise ManifestError(
                f"has {len(cells)} cells for {len(columns)} columns. "
                "Put text that holds the separator in quotes."
            )
        return _checked_line(manifest, line, row)
    except CSTalkError as error:
        return replace(line, problem=f"{manifest}: line {number}: {error}")


def _checked_line(manifest: Path, line: Line, row: Mapping[str, str]) -> Line:
    if not row.get("file"):
        raise ManifestError("the cell 'file' is empty. Give a sound file.")
    emotion = EmotionTrack.parse(row["emotion"]) if row.get("emotion") else line.emotion
    if row.get("intensity"):
        emotion = emotion.scaled(_number(row["intensity"]))
    return replace(
        line,
        name=check_output_name(row["name"]) if row.get("name") else line.name,
        emotion=emotion,
        phones=manifest.parent / row["phones"] if row.get("phones") else None,
        seed=_seed(row["seed"]) if row.get("seed") else None,
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ManifestError(
            f"intensity {text!r} is not a number. Give 0 to 1, with a decimal point."
        ) from None


def _seed(text: str) -> int:
    whole, point, zeros = text.partition(".")  # spreadsheets like to write 7.0
    if whole.isascii() and whole.isdigit() and len(whole) < 20 and (not point or not zeros.strip("0")):
        seed = int(whole)
        if seed <= LARGEST_SEED:
            return seed
    raise ManifestError(f"seed {text!r:.40} is not a whole number from 0 to {LARGEST_SEED}.")


def _without_collisions(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Two lines must not write the same files, on any platform: the later one gets a problem."""
    seen: dict[str, Line] = {}
    checked = []
    for line in lines:
        # macOS and Windows hold names for equal that differ in case or in how an accent is spelled.
        key = unicodedata.normalize("NFC", line.name).casefold()
        if not line.problem and key in seen:
            line = replace(
                line,
                problem=f"{line.audio}: would write the same files as {seen[key].audio} ({seen[key].name}). "
                "Give one of them another name in the manifest column 'name', or another output folder.",
            )
        if not line.problem:
            seen[key] = line
        checked.append(line)
    return tuple(checked)
