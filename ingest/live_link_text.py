"""A CSV of Live Link Face as text: what spreadsheet programs make of it, undone.

The app writes UTF-8 with commas, points and plain line ends, no BOM and no quotes. Saved again it may have
any of them otherwise. Knows nothing about columns.
"""

import csv
import io

from cstalk_ue.errors import CurveFormatError

_REMEDY = "Export the take again from the phone."


class CsvText:
    """A CSV as lines with commas between cells and points in numbers.

    Attributes:
        header: its first line that is not blank.
        rows: the lines after it that are not blank, each with its number in the file, from 1.
        cut_off: whether the last line has no end.

    Raises:
        CurveFormatError: empty, not text, or not clear which commas are decimal.
    """

    def __init__(self, data: bytes, where: str) -> None:
        size = len(data)
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            data = decoded(data, where).encode("utf-8")
        data = data.removeprefix(b"\xef\xbb\xbf")
        if b"\0" in data:
            raise CurveFormatError(f"{where}: is not a text file (it has zero bytes). {_REMEDY}")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self.cut_off = not data.endswith(b"\n")
        if b'"' in data:
            data = _without_quotes(data, where)
        lines = data.split(b"\n")
        first = next((number for number, line in enumerate(lines) if line.strip()), None)
        if first is None:
            raise CurveFormatError(f"{where}: is empty ({size} bytes); expected curves. {_REMEDY}")
        separator = _separator(lines[first])
        if separator != b",":
            lines = _with_commas(lines, separator, where)
        self.header = lines[first]
        self.rows = [
            (number, line) for number, line in enumerate(lines[first + 1 :], first + 2) if line.strip(b", \t")
        ]


def _separator(header: bytes) -> bytes:
    return max((b",", b";", b"\t"), key=header.count)


def _with_commas(lines: list[bytes], separator: bytes, where: str) -> list[bytes]:
    """Lines with ``;`` or tabs between cells, and perhaps decimal commas, as the app would write them."""
    both = next((n for n, line in enumerate(lines, 1) if b"," in line and _has_point(line, separator)), None)
    if both is not None:
        raise CurveFormatError(
            f"{where}: line {both} has decimal commas and decimal points; expected one of them. {_REMEDY}"
        )
    return [line.replace(b",", b".").replace(separator, b",") for line in lines]


def _has_point(line: bytes, separator: bytes) -> bool:
    # The timecode keeps its point whatever a spreadsheet does to the numbers.
    return any(b"." in cell for cell in line.split(separator) if b":" not in cell)


def _without_quotes(data: bytes, where: str) -> bytes:
    text = decoded(data, where)
    separator = _separator(text.partition("\n")[0].encode("utf-8")).decode("ascii")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise CurveFormatError(f"{where}: has quotes that do not pair ({error}). {_REMEDY}") from error
    if any(separator in cell or "\n" in cell for row in rows for cell in row):
        raise CurveFormatError(f"{where}: has a separator within a quoted cell; expected numbers. {_REMEDY}")
    return "\n".join(separator.join(row) for row in rows).encode("utf-8") + b"\n"


def decoded(data: bytes, where: str) -> str:
    """Bytes as text, UTF-8 or UTF-16 with its mark; without `where` what is neither is replaced.

    Raises:
        CurveFormatError: it is neither.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding, "strict" if where else "replace")
    except UnicodeDecodeError as error:
        raise CurveFormatError(f"{where}: is not UTF-8 text (byte {error.start}). {_REMEDY}") from error


def header_names(header: str) -> list[str]:
    """Names of the columns, without blanks and quotes around them."""
    separator = _separator(header.encode("utf-8", "replace")).decode("ascii")
    return [name.strip().strip('"').strip() for name in header.split(separator)]
