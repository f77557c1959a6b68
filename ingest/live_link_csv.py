"""The curve CSV of Live Link Face → rows of numbers by name. Knows its columns, nothing of clocks or rigs.

Columns are found by name, in any order and case (``BlendShapeCount`` until 2022, ``BlendshapeCount`` since).
A row without a face has a count of 0 or fewer cells than the header; it keeps its timecode.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cstalk_ue.arkit_maps import arkit_names
from cstalk_ue.errors import CurveFormatError
from ingest.captured import Remark
from ingest.fixed_decimals import read_fixed_decimals
from ingest.live_link_header import TIMECODE, Header, Row, finite_number
from ingest.live_link_text import CsvText, decoded, header_names

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
    header = Header(table, where)
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


def _numbers(rows: Sequence[Row], header: Header) -> np.ndarray:
    """The wanted columns of rows with a face, ``(rows, columns)``."""
    first = header.leading
    if first <= min(header.places):
        values = read_fixed_decimals([row.line for row in rows], header.width, first)
        if values is not None:
            return values[:, [place - first for place in header.places]]
    table = []
    for row in rows:
        cells = row.line.split(b",")
        numbers = [finite_number(cells[place]) for place in header.places]
        if None in numbers:
            place = header.places[numbers.index(None)]
            raise header.bad_cell(row.number, place, cells[place], "a number")
        table.append(numbers)
    return np.array(table, dtype=np.float64)


def _check_scale(values: np.ndarray, header: Header, where: str) -> None:
    shapes = [column for column, name in enumerate(header.columns) if name in arkit_names()]
    sizes = np.abs(values[:, shapes])
    if (sizes > _LARGEST_SHAPE).mean() > 0.01:
        raise CurveFormatError(
            f"{where}: blendshapes reach {sizes.max():g}; expected 0 to 1. "
            "Divide them first if they are percentages."
        )


def _ends_within(rows: Sequence[Row], header: Header) -> bool:
    """Whether a file without a final newline stops within its last row, or within the last number of it."""
    *others, last = rows
    if last.cells < header.width:
        return True
    decimals = {_decimals(row.line) for row in others if row.cells == header.width}
    return len(decimals) == 1 and _decimals(last.line) < min(decimals)


def _decimals(line: bytes) -> int:
    return len(line.rsplit(b",", 1)[-1].partition(b".")[2])


def _copies(rows: Sequence[Row]) -> np.ndarray:
    seen: set[bytes] = set()
    copies = np.zeros(len(rows), dtype=bool)
    for place, row in enumerate(rows):
        copies[place] = row.line in seen
        seen.add(row.line)
    return copies
