"""One row of a manifest, changed in place: what live tuning saves.

Every other row stays as it was, byte for byte, with its quotes, its unknown columns and its line ends; so do
the separator, the byte order mark and Excel's ``sep=`` line. A manifest that does not exist yet is made with
all columns. Knows nothing about models; what the cells mean is in cstalk_ue/manifest.py.
"""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import ManifestError
from cstalk_ue.manifest import COLUMNS, REVIEW_COLUMNS, read_manifest
from cstalk_ue.storage import whole_file

NEW_COLUMNS = (*COLUMNS, *REVIEW_COLUMNS)
"""Of a new manifest, in order."""

_BOM = b"\xef\xbb\xbf"
_DELIMITERS = (",", ";", "\t")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class RowKey:
    """Which line a row is about.

    Attributes:
        audio: its sound file.
        name: of the line; a row's own name (or the stem of its file) has to be its last part or parts.
    """

    audio: Path
    name: str


@dataclass(frozen=True)
class _Record:
    """One record of the file: its text with the line end, and its cells, stripped."""

    text: str
    cells: list[str]


@dataclass(frozen=True)
class _Table:
    """A manifest as text that can be put together again; `header` is a position in `records`."""

    path: Path
    records: list[_Record]
    header: int
    delimiter: str
    newline: str
    bom: bool

    @property
    def columns(self) -> list[str]:
        return [name.lower() for name in self.records[self.header].cells]

    def row(self, record: _Record) -> dict[str, str]:
        return dict(zip(self.columns, record.cells, strict=False))

    def position(self, key: RowKey) -> int | None:
        """Where the row of a line is."""
        for number, record in enumerate(self.records[self.header + 1 :], self.header + 1):
            if any(record.cells) and _is_about(self.path, self.row(record), key):
                return number
        return None

    def text_of(self, cells: Sequence[str]) -> str:
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=self.delimiter, lineterminator=self.newline).writerow(cells)
        return buffer.getvalue()


def find_row(path: Path, key: RowKey) -> dict[str, str] | None:
    """The cells of a line's row by column name; None if there is no such row or no file.

    Raises:
        ManifestError: the file is there but cannot be read as a manifest.
    """
    table = _read(path)
    position = None if table is None else table.position(key)
    return None if table is None or position is None else table.row(table.records[position])


def save_row(
    path: Path, key: RowKey, cells: Mapping[str, str], *, if_new: Mapping[str, str] | None = None
) -> bool:
    """Write cells into the row of a line, or add a row at the end; the file is whole at every moment.

    Args:
        path: of the manifest; a link to one stays a link.
        key: the line.
        cells: by column name; columns the file lacks are added if there is something to put in them.
        if_new: more cells for a row that is added, as far as the file has their columns.

    Returns:
        True if there was such a row.

    Raises:
        ManifestError: the file cannot be read, or cannot take another column.
        ExportError: it cannot be written.
    """
    path = path.resolve()
    cells = dict(cells)
    table = _read(path)
    if table is None:
        table = _Table(path, [_Record("", list(NEW_COLUMNS))], 0, ",", "\n", False)
        table.records[0] = _Record(table.text_of(NEW_COLUMNS), list(NEW_COLUMNS))
    columns = table.columns
    position = table.position(key)
    added = [name for name, cell in cells.items() if cell and name not in columns]
    if added:
        _refuse_overhang(table)
        header = table.records[table.header].cells + added
        table.records[table.header] = _Record(table.text_of(header), header)
        columns = table.columns
    if position is None:
        cells = {"file": relative(key.audio, path.parent), **(if_new or {}), **cells}
    old = [] if position is None else table.records[position].cells
    new = old + [""] * (len(columns) - len(old))
    for name in cells.keys() & set(columns):
        new[columns.index(name)] = cells[name]
    record = _Record(table.text_of(new), new)
    if position is None:
        last = table.records[-1]
        if not last.text.endswith(("\n", "\r")):
            table.records[-1] = _Record(last.text + table.newline, last.cells)
        table.records.append(record)
    else:
        table.records[position] = record
    try:
        data = "".join(record.text for record in table.records).encode("utf-8")
    except UnicodeEncodeError:  # a file name of broken bytes
        raise ManifestError(
            f"{path}: cannot hold {key.name!r}, which is not valid text. Rename it."
        ) from None
    with whole_file(path) as temporary:
        temporary.write_bytes((_BOM if table.bom else b"") + data)
    return position is not None


def relative(target: Path, folder: Path) -> str:
    """A path as a manifest in `folder` writes it; ``./`` keeps spreadsheets from reading it as a formula."""
    try:
        text = Path(os.path.relpath(target.absolute(), folder.absolute())).as_posix()
    except ValueError:  # another drive
        text = target.absolute().as_posix()
    return f"./{text}" if text.startswith(_FORMULA) else text


def guarded(text: str) -> str:
    """Free text that a spreadsheet does not run: an apostrophe before = + - @, tab and carriage return."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _read(path: Path) -> _Table | None:
    """The manifest, checked by the reader that `predict` uses; None if there is none or it is empty."""
    if not path.exists() or (path.is_file() and not path.read_bytes().removeprefix(_BOM).strip()):
        return None
    read_manifest(path, default=EmotionTrack.constant("neutral"))
    data = path.read_bytes()
    lines = list(io.StringIO(data.removeprefix(_BOM).decode("utf-8"), newline=""))
    newline = next((end for end in ("\r\n", "\n", "\r") if lines[0].endswith(end)), "\n")
    records: list[_Record] = []
    hint = lines[0].rstrip("\r\n")
    hinted = hint[:4].lower() == "sep=" and hint[4:] in _DELIMITERS
    if hinted:
        records.append(_Record(lines.pop(0), []))
    first = next(line for line in lines if line.strip())
    delimiter = hint[4:] if hinted else max(_DELIMITERS, key=first.count)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True)
    done = 0
    for cells in reader:
        records.append(_Record("".join(lines[done : reader.line_num]), [cell.strip() for cell in cells]))
        done = reader.line_num
    header = next(number for number, record in enumerate(records) if any(record.cells))
    return _Table(path, records, header, delimiter, newline, data.startswith(_BOM))


def _is_about(manifest: Path, row: Mapping[str, str], key: RowKey) -> bool:
    if not row.get("file"):
        return False
    audio = manifest.parent / row["file"]
    parts = PurePosixPath(row.get("name") or audio.stem).parts
    if not parts or PurePosixPath(key.name).parts[-len(parts) :] != parts:
        return False
    return audio == key.audio or audio.resolve() == key.audio.resolve()


def _refuse_overhang(table: _Table) -> None:
    """A row with more cells than the header would have its last ones taken for the new columns."""
    for record in table.records[table.header + 1 :]:
        if any(record.cells[len(table.columns) :]):
            raise ManifestError(
                f"{table.path}: the row of {record.cells[0]!r:.60} has {len(record.cells)} cells for "
                f"{len(table.columns)} columns. Repair it, then save again."
            )
