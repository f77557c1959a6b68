"""Which emotion each sound gets: from a menu entry for all, or from a manifest by name.

The manifest is the package's: a CSV (comma, semicolon or tab; UTF-8) with the column ``file`` and any of
``name``, ``emotion`` and ``intensity``. Knows nothing about `unreal`.
"""

import csv
import io
import os

from cstalk_errors import JobError

EMOTIONS = ("angry", "sad", "surprised", "happy")
INTENSITIES = (0.3, 0.6, 1.0)
COLUMNS = ("file", "name", "emotion", "intensity")

_DELIMITERS = (",", ";", "\t")


def read_emotions(path):
    """Lower-cased stem of the file, and name, of each row -> (emotion, intensity), both text as they stand.

    Raises:
        JobError: the file cannot be read as such a table.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except (OSError, ValueError) as error:
        raise JobError("%s: cannot be read (%s). Save it as UTF-8 CSV." % (path, error)) from error
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise JobError("%s: is no CSV (%s). Check its quotes." % (path, error)) from error
    columns = [name.strip().lower() for name in rows[0]] if rows else []
    if "file" not in columns:
        raise JobError("%s: has no column 'file'; expected a manifest as for `cstalk-ue predict`." % path)
    emotions = {}
    for row in rows[1:]:
        cells = dict(zip(columns, (cell.strip() for cell in row)))
        wanted = (cells.get("emotion") or "neutral", cells.get("intensity") or "1")
        stem = os.path.splitext(os.path.basename(cells.get("file", "").replace("\\", "/")))[0]
        for name in (stem, cells.get("name", "").rpartition("/")[2]):
            if name:
                emotions[name.lower()] = wanted
    return emotions


def write_table(path, rows):
    """Write a manifest of (file, name, emotion, intensity)."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(rows)
