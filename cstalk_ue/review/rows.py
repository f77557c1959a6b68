"""The cells of a line in the table of decisions, which is a manifest that `predict` reads (see manifest.py).

File names are relative to the folder of the page, so that the table works when it is saved beside it.
"""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from cstalk_ue.errors import ManifestError
from cstalk_ue.manifest import COLUMNS, REVIEW_COLUMNS, check_output_name
from cstalk_ue.performer import phones_beside
from cstalk_ue.review.lines import ReviewLine
from cstalk_ue.review.manifest_rows import relative

FORBIDDEN = '<>:"|?*\\'


def csv_cells(lines: Sequence[ReviewLine], folder: Path) -> list[dict[str, str]]:
    """For each line the cells of all columns of the manifest; decision and note are empty."""
    taken: set[str] = set()
    return [_cells(line, folder, taken) for line in lines]


def _cells(line: ReviewLine, folder: Path, taken: set[str]) -> dict[str, str]:
    audio, phones = line.audio, line.phones
    beside = phones is not None and audio is not None and phones == phones_beside(audio)
    known = {
        "file": relative(audio, folder) if audio is not None else _plain_name(line.source),
        "emotion": line.emotion,
        "name": _output_name(line.name, taken),
        "phones": "" if phones is None or beside else relative(phones, folder),
        "seed": str(line.seed) if line.seed else "",
        "curves": relative(line.curves, folder),
    }
    return {column: known.get(column, "") for column in (*COLUMNS, *REVIEW_COLUMNS)}


def _output_name(name: str, taken: set[str]) -> str:
    """A name that `predict` accepts and no other line of the page has; "" leaves it to `predict`."""
    wanted = "/".join(_plain_name(part) for part in name.split("/"))
    number, unique = 1, wanted
    # macOS and Windows hold names for equal that differ in case or in how an accent is spelled.
    while (key := unicodedata.normalize("NFC", unique).casefold()) in taken:
        number += 1
        unique = f"{wanted}-{number}"
    try:
        unique = check_output_name(unique)
    except ManifestError:
        return ""
    taken.add(key)
    return unique


def _plain_name(part: str) -> str:
    """One part of a name without what file systems or spreadsheets trip over."""
    letters = "".join(
        "_" if letter in FORBIDDEN or unicodedata.category(letter).startswith("C") else letter
        for letter in part
    )
    letters = letters.strip(" ").rstrip(".").strip(" ")
    return f"_{letters}" if letters.startswith(("=", "+", "-", "@")) else letters
