"""A manifest of takes: a CSV in which the team says what each recording is.

Columns ``name`` (or ``take``) and/or ``source`` (a path, relative to the manifest) say which recording; any
of ``emotion``, ``intensity``, ``performer``, ``line``, ``slate``, ``take_number``, ``transcript`` and
``split`` what it is. An unknown column is an error, since it is most likely a misspelled one; a bad line is
named and the others are used.
"""

import difflib
import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cstalk_ue.csv_table import read_csv_table
from cstalk_ue.errors import CSTalkError, ManifestError
from ingest.emotion_words import read_emotion, read_intensity
from ingest.found import FoundTake
from ingest.label_claims import Claims, read_take_number

WHICH_COLUMNS = ("name", "source")
WHAT_COLUMNS = (
    "emotion", "intensity", "performer", "line", "slate", "take_number", "transcript", "split",
)  # fmt: skip
_OTHER_SPELLINGS = {"take": "name", "path": "source", "file": "source"}
_SPLITS = ("train", "validation", "test", "excluded")


@dataclass(frozen=True)
class ManifestRow:
    """One good line.

    Attributes:
        number: of the line in the file.
        name: the take's name as the capture or its file is called; may be empty.
        source: its file or folder; may be None.
        claims: what it says about the take.
        split: the split it demands; may be empty.
    """

    number: int
    name: str
    source: Path | None
    claims: Claims
    split: str


@dataclass(frozen=True)
class TakeManifest:
    """The lines of a manifest; `problems` holds one sentence for every line that cannot be used."""

    path: Path
    rows: tuple[ManifestRow, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class ManifestMatch:
    """Which line belongs to which recording.

    Attributes:
        rows: by index of the recording.
        problems: lines that fit several recordings, or recordings with several lines; one sentence each.
        unused: line numbers of the lines that fit none.
    """

    rows: Mapping[int, ManifestRow]
    problems: tuple[str, ...]
    unused: tuple[int, ...]


def read_take_manifest(path: Path) -> TakeManifest:
    """Read a manifest.

    Raises:
        ManifestError: not a table, an unknown or doubled column, or none that says which take.
    """
    header, lines = read_csv_table(path, needs="a column 'name' or 'source' and what is known of the takes")
    columns = [_OTHER_SPELLINGS.get(column, column) for column in header]
    _check_columns(path, columns)
    rows, problems = [], []
    for number, cells in lines:
        try:
            if any(cells[len(columns) :]):
                raise ManifestError(
                    f"has {len(cells)} cells for {len(columns)} columns. "
                    "Put text that holds the separator in quotes."
                )
            rows.append(_read_row(path, number, dict(zip(columns, cells, strict=False))))
        except CSTalkError as error:
            problems.append(f"{path}: line {number}: {error}")
    return TakeManifest(path, tuple(rows), tuple(problems))


def match_manifest(manifest: TakeManifest, found: Sequence[FoundTake]) -> ManifestMatch:
    """Find the line of every recording: by source, else by name; the first of several lines counts."""
    by_name: dict[str, list[int]] = {}
    by_path: dict[str, list[int]] = {}
    for index, take in enumerate(found):
        stem = take.path.stem if take.path.is_file() else take.path.name
        for name in {_key(take.name), _key(stem), _key(take.path.name)}:
            by_name.setdefault(name, []).append(index)
        by_path.setdefault(_real(take.path), []).append(index)
        if take.member:
            by_path.setdefault(_real(take.path / take.member), []).append(index)
    rows: dict[int, ManifestRow] = {}
    problems: list[str] = []
    unused: list[int] = []
    for row in manifest.rows:
        fitting = _fitting(row, by_name, by_path)
        where = f"{manifest.path}: line {row.number}"
        if not fitting:
            unused.append(row.number)
        elif len(fitting) > 1:
            sources = ", ".join(str(found[index].path) for index in fitting[:3])
            problems.append(f"{where}: fits {len(fitting)} takes ({sources}). Name one with 'source'.")
        elif fitting[0] in rows:
            first = rows[fitting[0]].number
            problems.append(f"{where}: is about the same take as line {first}, which counts. Remove one.")
        else:
            rows[fitting[0]] = row
    return ManifestMatch(rows, tuple(problems), tuple(unused))


def _fitting(
    row: ManifestRow, by_name: Mapping[str, list[int]], by_path: Mapping[str, list[int]]
) -> list[int]:
    named = by_name.get(_key(row.name), []) if row.name else None
    if row.source is None:
        return named or []
    # A file inside a take's folder names the take, too.
    paths = (row.source, *list(row.source.parents)[:2])
    at_source = next((by_path[_real(path)] for path in paths if _real(path) in by_path), [])
    if named is None or len(at_source) <= 1:
        return at_source
    return [index for index in at_source if index in named]


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    known = (*WHICH_COLUMNS, *WHAT_COLUMNS)
    for column in columns:
        if column not in known:
            close = difflib.get_close_matches(column, known, n=1, cutoff=0.7)
            hint = f"looks like {close[0]!r}" if close else f"is none of {', '.join(known)}"
            raise ManifestError(f"{path}: column {column!r} {hint}. Rename or remove it.")
        if columns.count(column) > 1:
            raise ManifestError(f"{path}: has the column {column!r} more than once. Keep one of them.")
    if not set(columns) & set(WHICH_COLUMNS):
        raise ManifestError(f"{path}: has no column 'name' or 'source'. Add one that says which take it is.")


def _read_row(path: Path, number: int, cells: Mapping[str, str]) -> ManifestRow:
    name, source, split = cells.get("name", ""), cells.get("source", ""), cells.get("split", "").casefold()
    if not name and not source:
        raise ManifestError("names no take. Fill in 'name' or 'source'.")
    if split and split not in _SPLITS:
        raise ManifestError(f"split {cells['split']!r} is not one of {', '.join(_SPLITS)}.")
    emotion = read_emotion(cells["emotion"]) if cells.get("emotion") else None
    claims = Claims(
        source=f"line {number} of {path.name}",
        emotion=emotion,
        intensity=read_intensity(cells["intensity"]) if cells.get("intensity") else None,
        performer=cells.get("performer", ""),
        line=cells.get("line", ""),
        slate=cells.get("slate", ""),
        take_number=read_take_number(cells["take_number"]) if cells.get("take_number") else None,
        transcript=cells.get("transcript", ""),
    )
    return ManifestRow(number, name, path.parent / source if source else None, claims, split)


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _real(path: Path) -> str:
    return os.path.normcase(os.path.realpath(path))
