"""The header of a curve CSV and what it makes of a line: where each column is, and whether a row has a face.

Columns are found by name, in any order and case (``BlendShapeCount`` until 2022, ``BlendshapeCount`` since).
Knows nothing about the numbers in the rows (see live_link_csv.py).
"""

from collections.abc import Sequence
from typing import NamedTuple

from cstalk_ue.arkit_maps import arkit_names
from cstalk_ue.errors import CurveFormatError
from cstalk_ue.rig import rig_table
from ingest.captured import Remark
from ingest.live_link_text import CsvText, decoded, header_names

TIMECODE, COUNT = "timecode", "blendshapecount"
_REMEDY = "Export the take again from the phone."


def column_names() -> tuple[str, ...]:
    """The 52 shapes and nine angles in the app's order."""
    return tuple(row["name"] for row in rig_table("live_link_face.csv"))


class Row(NamedTuple):
    """One line: its number in the file, text, number of cells, and what stands at its start."""

    number: int
    line: bytes
    cells: int
    timecode: str
    blendshapes: float | None
    has_face: bool


class Header:
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

    def row(self, number: int, line: bytes) -> Row:
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
        return Row(number, line, cells, timecode, count, whole and count != 0 and not blank)

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
        count = finite_number(cell)
        if count is None or count < 0:
            raise self.bad_cell(number, self.count, cell, "a count such as 61")
        return count

    def bad_cell(self, number: int, place: int, cell: bytes, expected: str) -> CurveFormatError:
        text = cell.decode("utf-8", "replace").strip()
        return CurveFormatError(
            f"{self.where}: line {number}, column {self.names[place]} is {text[:40]!r}; expected {expected}. "
            f"{_REMEDY}"
        )


def finite_number(cell: bytes) -> float | None:
    """A finite number, or None. Python reads more than files write, such as 1_000."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if abs(value) <= 1e30 and b"_" not in cell else None


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
