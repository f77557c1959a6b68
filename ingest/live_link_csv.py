"""The curve CSV of Live Link Face → rows of numbers by name. Knows its columns, nothing of clocks or rigs.

Columns are found by name, in any order and case (``BlendShapeCount`` until 2022, ``BlendshapeCount`` since).
A row without a face has a count of 0 or fewer cells than the header; it keeps its timecode.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cstalk_ue.arkit_maps import arkit_names
from cstalk_ue.errors import CurveFormatError
from cstalk_ue.rig import rig_table
from ingest.captured import Remark
from ingest.fixed_decimals import read_fixed_decimals
from ingest.live_link_text import CsvText, decoded, header_names

TIMECODE, COUNT = "timecode", "blendshapecount"
_LARGEST_SHAPE = 2.0
"""A blendshape reaches 1.05 on real takes; a whole file above this is on another scale."""
_REMEDY = "Export the take again from the phone."


@dataclass(frozen=True)
class LiveLinkRows:
    """The rows of a curve CSV in its own order.

    Attributes:
        timecodes: of every row, as the file spells them.
        values: ``(rows, columns)`` float64, finite; 0 in rows without a face.
        columns: shapes and angles that the file has, in our spelling and order.
        captured: ``(rows,)`` bool, False where there was no face.
        copies: ``(rows,)`` bool, True where an earlier row has the same cells throughout.
        lines: ``(rows,)`` line of the file of every row, from 1.
        remarks: what was odd.
    """

    timecodes: tuple[str, ...]
    values: np.ndarray
    columns: tuple[str, ...]
    captured: np.ndarray
    copies: np.ndarray
    lines: np.ndarray
    remarks: tuple[Remark, ...]

    def column(self, name: str) -> np.ndarray:
        """One column, ``(rows,)``; 0 throughout if the file does not have it."""
        if name not in self.columns:
            return np.zeros(len(self.values))
        return self.values[:, self.columns.index(name)]


def column_names() -> tuple[str, ...]:
    """The 52 shapes and nine angles in the app's order."""
    return tuple(row["name"] for row in rig_table("live_link_face.csv"))


def looks_like_live_link_csv(head: bytes) -> bool:
    """Whether the first bytes of a file are the header of a curve CSV: a timecode and a shape by name."""
    names = {name.casefold() for name in header_names(decoded(head, "").partition("\n")[0])}
    return TIMECODE in names and any(name.casefold() in names for name in arkit_names())


def read_live_link_rows(data: bytes, where: str) -> LiveLinkRows:
    """Read the bytes of a curve CSV.

    Args:
        where: the file, for messages.

    Raises:
        CurveFormatError: it is none, or a cell or row of it is damaged; the message says where.
    """
    table = CsvText(data, where)
    header = _Header(table, where)
    remarks = [*header.remarks]
    rows = [header.row(number, line) for number, line in table.rows]
    if rows and table.cut_off and _ends_within(rows, header):
        remarks.append(
            Remark("cut-off", f"the file ends within line {rows[-1].number}; that row is left out.")
        )
        del rows[-1]
    if not rows:
        raise CurveFormatError(f"{where}: has a header and no whole row; expected at least one. {_REMEDY}")
    faces = [row for row in rows if row.has_face]
    if not faces:
        raise CurveFormatError(
            f"{where}: none of its {len(rows)} rows has a face. Record the take again with the face in view."
        )
    timecodes = tuple(row.timecode for row in rows)
    captured = np.array([row.has_face for row in rows])
    values = np.zeros((len(rows), len(header.columns)))
    values[captured] = _numbers(faces, header)
    _check_scale(values, header, where)
    if len(faces) < len(rows):
        short = sum(row.blendshapes != 0 and row.cells < header.width for row in rows)
        without = f"; {short} of them are too short without being marked so" if short else ""
        text = f"{len(rows) - len(faces)} of {len(rows)} rows have no face{without}."
        remarks.append(Remark("face-lost", text))
    return LiveLinkRows(
        timecodes=timecodes,
        values=values,
        columns=header.columns,
        captured=captured,
        copies=_copies(rows),
        lines=np.array([row.number for row in rows]),
        remarks=tuple(remarks),
    )


class _Row(NamedTuple):
    """One line: its number in the file, text, number of cells, and what stands at its start."""

    number: int
    line: bytes
    cells: int
    timecode: str
    blendshapes: float | None
    has_face: bool


class _Header:
    """Where each column is. The first `leading` cells of a row hold its timecode and count."""

    def __init__(self, table: CsvText, where: str) -> None:
        names = header_names(decoded(table.header, where))
        while names and not names[-1]:
            names.pop()
        folded = [name.casefold() for name in names]
        known = {name.casefold(): name for name in column_names()}
        shapes = {name.casefold() for name in arkit_names()}
        if TIMECODE not in folded or not shapes.intersection(folded):
            raise CurveFormatError(_what_it_is(table.header, folded, where))
        doubled = sorted({name for name in folded if folded.count(name) > 1})
        if doubled:
            raise CurveFormatError(
                f"{where}: column {names[folded.index(doubled[0])]!r} is there {folded.count(doubled[0])} "
                "times; expected once. Remove the others."
            )
        self.where = where
        self.width = len(names)
        self.names = names
        self.timecode = folded.index(TIMECODE)
        self.count = folded.index(COUNT) if COUNT in folded else None
        self.leading = max(self.timecode, self.count or 0) + 1
        self.columns = tuple(name for folded_name, name in known.items() if folded_name in folded)
        self.places = [folded.index(name.casefold()) for name in self.columns]
        self.remarks: list[Remark] = []
        missing = [name for name in column_names() if name not in self.columns]
        if missing:
            self.remarks.append(
                Remark(
                    "missing-columns", f"{len(missing)} columns are missing and read as 0: {_some(missing)}."
                )
            )
        strange = [
            name
            for name in names
            if name.casefold() not in known and name.casefold() not in (TIMECODE, COUNT)
        ]
        if strange:
            self.remarks.append(
                Remark(
                    "unknown-columns",
                    f"{len(strange)} columns are not the app's, left out: {_some(strange)}.",
                )
            )

    def row(self, number: int, line: bytes) -> _Row:
        """A line of the file taken apart as far as it has to be."""
        cells = line.count(b",") + 1
        if cells > self.width:
            line = self._without_empty_end(line, number)
            cells = self.width
        start = line.split(b",", self.leading)
        if self.timecode >= len(start):
            raise CurveFormatError(
                f"{self.where}: line {number} has {cells} cells and no timecode; expected {self.width}. "
                f"{_REMEDY}"
            )
        count = self._count_of(start, number)
        whole = cells == self.width
        # Two commas in a row are rare, so a row is searched for its wanted cells only then.
        blank = whole and b",," in line and self._is_blank(line)
        timecode = start[self.timecode].strip().decode("utf-8", "replace")
        return _Row(number, line, cells, timecode, count, whole and count != 0 and not blank)

    def _is_blank(self, line: bytes) -> bool:
        cells = line.split(b",")
        return not any(cells[place].strip() for place in self.places)

    def _without_empty_end(self, line: bytes, number: int) -> bytes:
        """A line that a spreadsheet filled up with empty cells."""
        cells = line.split(b",")
        if any(cell.strip() for cell in cells[self.width :]):
            decimal_commas = len(cells) > 1.5 * self.width
            hint = (
                "Its decimal commas look like separators; save it with points." if decimal_commas else _REMEDY
            )
            raise CurveFormatError(
                f"{self.where}: line {number} has {len(cells)} cells, the header has {self.width}. {hint}"
            )
        return b",".join(cells[: self.width])

    def _count_of(self, start: Sequence[bytes], number: int) -> float | None:
        """BlendshapeCount, or None where there is none."""
        if self.count is None or self.count >= len(start) or not start[self.count].strip():
            return None
        cell = start[self.count]
        if cell == b"61":
            return 61.0
        count = _number(cell)
        if count is None or count < 0:
            raise self.bad_cell(number, self.count, cell, "a count such as 61")
        return count

    def bad_cell(self, number: int, place: int, cell: bytes, expected: str) -> CurveFormatError:
        text = cell.decode("utf-8", "replace").strip()
        return CurveFormatError(
            f"{self.where}: line {number}, column {self.names[place]} is {text[:40]!r}; expected {expected}. "
            f"{_REMEDY}"
        )


def _numbers(rows: Sequence[_Row], header: _Header) -> np.ndarray:
    """The wanted columns of rows with a face, ``(rows, columns)``."""
    first = header.leading
    if first <= min(header.places):
        values = read_fixed_decimals([row.line for row in rows], header.width, first)
        if values is not None:
            return values[:, [place - first for place in header.places]]
    table = []
    for row in rows:
        cells = row.line.split(b",")
        numbers = [_number(cells[place]) for place in header.places]
        if None in numbers:
            place = header.places[numbers.index(None)]
            raise header.bad_cell(row.number, place, cells[place], "a number")
        table.append(numbers)
    return np.array(table, dtype=np.float64)


def _number(cell: bytes) -> float | None:
    """A finite number, or None. Python reads more than files write, such as 1_000."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if abs(value) <= 1e30 and b"_" not in cell else None


def _check_scale(values: np.ndarray, header: _Header, where: str) -> None:
    shapes = [column for column, name in enumerate(header.columns) if name in arkit_names()]
    sizes = np.abs(values[:, shapes])
    if (sizes > _LARGEST_SHAPE).mean() > 0.01:
        raise CurveFormatError(
            f"{where}: blendshapes reach {sizes.max():g}; expected 0 to 1. "
            "Divide them first if they are percentages."
        )


def _ends_within(rows: Sequence[_Row], header: _Header) -> bool:
    """Whether a file without a final newline stops within its last row, or within the last number of it."""
    *others, last = rows
    if last.cells < header.width:
        return True
    decimals = {_decimals(row.line) for row in others if row.cells == header.width}
    return len(decimals) == 1 and _decimals(last.line) < min(decimals)


def _decimals(line: bytes) -> int:
    return len(line.rsplit(b",", 1)[-1].partition(b".")[2])


def _copies(rows: Sequence[_Row]) -> np.ndarray:
    seen: set[bytes] = set()
    copies = np.zeros(len(rows), dtype=bool)
    for place, row in enumerate(rows):
        copies[place] = row.line in seen
        seen.add(row.line)
    return copies


def _some(names: Sequence[str]) -> str:
    return ", ".join(name or "(no name)" for name in names[:6]) + (" ..." if len(names) > 6 else "")


def _what_it_is(header: bytes, names: Sequence[str], where: str) -> str:
    """A sentence on a CSV without curves."""
    tokens = [token.strip() for token in header.split(b",")]
    if tokens[0] in (b"V", b"D", b"A"):
        return (
            f"{where}: is a frame log of the phone's recorder, not curves. Give the take's folder, or its "
            "curve CSV; a take of MetaHuman Animator mode has none."
        )
    if any(name.startswith(("ctrl_", "ctrl expressions")) for name in names):
        return f"{where}: holds curves of a MetaHuman, not of Live Link Face. Ingest it as Animator curves."
    return (
        f"{where}: has no column Timecode with ARKit shapes beside it (first columns: {_some(names)}); "
        "expected a curve CSV of Live Link Face."
    )
