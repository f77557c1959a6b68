"""Which files a line of a batch becomes, and whether they are there already.

Beside the curve files of each line stands NAME.provenance.json, the record: what was made from what, by which
model, with which settings, and the hashes of the outputs. A line is finished when its record matches what is
asked and the outputs are still what was written. The record is written last. Knows nothing about models.
"""

import contextlib
import json
import os
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cstalk_ue.errors import ExportError
from cstalk_ue.export import FORMATS
from cstalk_ue.manifest import Line
from cstalk_ue.storage import sha256_file

RECORD_FORMAT = "cstalk-prediction/1"
_OTHERS_MAY_WRITE_SECONDS = 3600
_NAME_IN_TEMPORARY = 40
"""As many characters of a file's name are in the name of its temporary file (see storage.py)."""


def output_paths(line: Line, folder: Path, formats: Sequence[str]) -> dict[str, Path]:
    """The curve file of a line for each format."""
    return {name: folder / f"{line.name}{FORMATS[name].suffix}" for name in formats}


def record_path(line: Line, folder: Path) -> Path:
    """The record of a line."""
    return folder / f"{line.name}.provenance.json"


def is_finished(record: Path, asked: Mapping[str, Any], paths: Sequence[Path]) -> bool:
    """Whether the record says what is asked and every output is still what was written."""
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
        same = found["format"] == RECORD_FORMAT and all(found[key] == value for key, value in asked.items())
        digests = {path: found["outputs"][plain(path.name)] for path in paths}
    except (ValueError, KeyError, TypeError, OSError, RecursionError):
        return False
    return same and all(path.is_file() and sha256_file(path) == digest for path, digest in digests.items())


def remove_record(path: Path) -> None:
    """Take away a record that is about to become untrue.

    Raises:
        ExportError: the folder cannot be written.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be replaced ({error.strerror}). Choose a folder you may write to."
        ) from error


def plain(text: str) -> str:
    """File names that are no valid Unicode, spelled so that a JSON file can hold them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def with_safe_outputs(
    lines: Sequence[Line], folder: Path, formats: Sequence[str], keep: Collection[Path]
) -> list[Line]:
    """Lines that would write over a source, or over each other in different formats, get a problem."""
    sources = {os.path.realpath(path) for path in keep}
    sources.update(os.path.realpath(line.audio) for line in lines)
    sources.update(os.path.realpath(line.phones) for line in lines if line.phones)
    writers: dict[str, Line] = {}
    checked = []
    for line in lines:
        paths = [*output_paths(line, folder, formats).values(), record_path(line, folder)]
        for path in paths if not line.problem else ():
            other = writers.setdefault(str(path).casefold(), line)
            if os.path.realpath(path) in sources:
                problem = (
                    f"{line.audio}: would write over {path}, which is an input. Choose another output folder."
                )
                line = replace(line, problem=problem)
                break
            if other is not line:  # "a" as Live Link Face and "a_llf" as CSV are both a_llf.csv
                problem = (
                    f"{line.audio}: would write {path}, as {other.audio} does. Give one of them another name."
                )
                line = replace(line, problem=problem)
                break
        checked.append(line)
    return checked


def remove_leftovers(lines: Sequence[Line], folder: Path, formats: Sequence[str]) -> None:
    """Delete temporary files that a killed run left of these lines."""
    paths = [path for line in lines for path in output_paths(line, folder, formats).values()]
    paths += [record_path(line, folder) for line in lines]
    ours = {(path.parent, path.name[:_NAME_IN_TEMPORARY]) for path in paths}
    for parent in {path.parent for path in paths}:
        with contextlib.suppress(OSError):  # no such folder yet, or not ours to clean
            for left in [path for path in parent.iterdir() if path.suffix == ".part"]:
                name = left.name[1:].rpartition(".")[0].rpartition(".")[0]
                # A shortened name may be that of a line another run is writing just now.
                whole = len(name) < _NAME_IN_TEMPORARY
                if (parent, name) in ours and (whole or _age_seconds(left) > _OTHERS_MAY_WRITE_SECONDS):
                    left.unlink(missing_ok=True)


def _age_seconds(path: Path) -> float:
    return time.time() - path.stat().st_mtime
