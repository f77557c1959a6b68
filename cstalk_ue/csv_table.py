"""Tables that people write: CSV with comma, semicolon or tab, in UTF-8, from any spreadsheet.

Gives text cells with the line each row starts on. Knows nothing about columns (see manifest.py,
ingest/take_manifest.py).
"""

import csv
import io
from pathlib import Path

from cstalk_ue.errors import ManifestError

_DELIMITERS = (",", ";", "\t")


def read_csv_table(path: Path, *, needs: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Column names in lower case, and the rows that are not empty, each with the line it starts on.

    Args:
        needs: for messages, the columns a table of this kind must have, such as "the column 'file'".

    Raises:
        ManifestError: the file cannot be read, is not UTF-8 text or no CSV, or is empty.
    """
    text = _read_text(path, needs)
    first, _, rest = text.partition("\n")
    hinted = first[:4].lower() == "sep=" and first[4:] in _DELIMITERS  # Excel's own first line
    if hinted:
        text = rest
    # Without csv's own guessing, which takes the "l" of a lone column "file" for a delimiter.
    header = next((line for line in text.split("\n") if line.strip()), "")
    delimiter = first[4:] if hinted else max(_DELIMITERS, key=header.count)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True
    )
    rows: list[tuple[int, list[str]]] = []
    number = first_line = 1 + hinted
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((number, [cell.strip() for cell in cells]))
            number = first_line + reader.line_num
    except csv.Error as error:
        raise ManifestError(
            f"{path}: line {number} cannot be read as CSV ({error}). Check its quotes; save it as UTF-8 CSV."
        ) from error
    if not rows:
        raise ManifestError(f"{path}: is empty. Give a CSV with {needs}.")
    return [name.lower() for name in rows[0][1]], rows[1:]


def _read_text(path: Path, needs: str) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ManifestError(f"{path}: no such file. Give a CSV with {needs}.") from error
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read ({error.strerror}). Check its permissions.") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ManifestError(
            f"{path}: is not UTF-8 text (byte 0x{data[error.start]:02x} on line {line}). "
            "In Excel save it as 'CSV UTF-8'."
        ) from error
    if "\0" in text:
        raise ManifestError(
            f"{path}: is not a CSV table (it has zero bytes). In Excel save it as 'CSV UTF-8'."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")
