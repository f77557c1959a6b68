"""FoundTake: where one recording lies, before anything of it is read. Knows nothing about formats."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FoundTake:
    """One recording that was found; cheap to make and to send to another process.

    Attributes:
        path: the folder, file or zip that holds it.
        member: which recording of `path`, where that may hold several; else empty. ``/`` between folders.
        name: short name for people, as the capture calls it.
    """

    path: Path
    member: str
    name: str
