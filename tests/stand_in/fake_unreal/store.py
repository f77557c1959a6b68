"""The saved assets of a project: one JSON file each, whole or not at all.

A file is named after its package path in lower case, as the engine finds packages whatever the case. Numbers
of curves are kept as the bytes of float32, in base64. Knows nothing about `unreal`; tests read it too.
"""

from __future__ import annotations

import array
import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

Record = dict


class Store:
    """Records by package path, ``/Game/Lines/A``."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def paths(self) -> list[str]:
        """Package paths of everything saved, as spelled when saved."""
        return sorted(
            json.loads(file.read_text(encoding="ascii"))["path"] for file in self.folder.rglob("*.json")
        )

    def read(self, path: str) -> Record | None:
        """The record of one asset; None without one."""
        file = self._file(path)
        return json.loads(file.read_text(encoding="ascii")) if file.is_file() else None

    def write(self, path: str, record: Record) -> None:
        file = self._file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".tmp")
        unfinished.write_text(json.dumps(dict(record, path=path)), encoding="ascii")
        unfinished.replace(file)

    def _file(self, path: str) -> Path:
        return self.folder.joinpath(*path.lower().strip("/").split("/")).with_suffix(".json")


def packed(numbers: Any) -> str:
    """Numbers as float32 in base64, little-endian."""
    values = array.array("f", numbers)
    if sys.byteorder == "big":
        values.byteswap()
    return base64.b64encode(values.tobytes()).decode("ascii")


def unpacked(text: str) -> array.array:
    """Numbers packed by `packed`."""
    values = array.array("f")
    values.frombytes(base64.b64decode(text))
    if sys.byteorder == "big":
        values.byteswap()
    return values
