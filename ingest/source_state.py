"""Whether a recording has changed since it was read: what its files looked like then, kept in ``.sources/``.

Size and time of change are compared first. A time that is too close to the moment of reading proves nothing,
since clocks of file systems are coarse; then, and where size or time differ, contents decide. The folder may
be deleted: everything is then read again. It is no part of the data set, which so stays the same wherever the
captures lie.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cstalk_ue.storage import sha256_file, sha256_text, write_json
from ingest.audio_beside import SOUND_SUFFIXES
from ingest.found import FoundTake

SOURCES_FOLDER = ".sources"
STATE_FORMAT = "cstalk-source/1"

_COARSEST_CLOCK_NS = 2_000_000_000  # exFAT, on memory cards
_MOVIE_SUFFIXES = (".mov", ".mp4", ".m4v", ".m4a", ".mp3", ".aac", ".caf")


@dataclass(frozen=True)
class SourceFile:
    """A file that was read: its real path, its size and its time of change."""

    path: str
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> "SourceFile":
        """As the file is now.

        Raises:
            OSError: it is not there.
        """
        stat = path.stat()
        return cls(os.path.realpath(path), stat.st_size, stat.st_mtime_ns)


@dataclass(frozen=True)
class SourceState:
    """What a take was made from.

    Attributes:
        path, member: of the recording, as `take_names.source_key` spells them.
        request: digest of what was asked of the reader.
        inside: digest of the names below `path`, if that is a folder.
        sounds: digest of the names of sounds it could be paired with; matters to a take without sound.
        seen_ns: when reading began.
        files: every file that was read.
        sha256: `files_sha256` of them.
    """

    path: str
    member: str
    request: str
    inside: str
    sounds: str
    seen_ns: int
    files: tuple[SourceFile, ...]
    sha256: str

    @property
    def settled(self) -> bool:
        """Whether no file can have changed while it was read or just before, unseen by its time."""
        return all(file.mtime_ns < self.seen_ns - _COARSEST_CLOCK_NS for file in self.files)

    def files_unchanged(self) -> bool:
        """Whether every file is still what was read."""
        try:
            now = [SourceFile.of(Path(file.path)) for file in self.files]
            if self.settled and now == list(self.files):
                return True
            return files_sha256((Path(file.path) for file in self.files), self.member) == self.sha256
        except OSError:
            return False


def files_sha256(paths: Iterable[Path], member: str) -> str:
    """Digest of the contents of a recording's files; the same for a copy under other names.

    Raises:
        OSError: one is not there.
    """
    return sha256_text("\n".join([*sorted(sha256_file(path) for path in paths), member]))


def names_inside(found: FoundTake) -> str:
    """Digest of the names below a recording that is a folder; a file has none."""
    if not found.path.is_dir():
        return ""
    return _digest(path.relative_to(found.path).as_posix() for path in found.path.rglob("*"))


def sound_names(folder: Path, *, below: bool) -> str:
    """Digest of the sounds and movies in a folder, or anywhere below it."""
    paths = folder.rglob("*") if below else folder.glob("*")
    suffixes = (*SOUND_SUFFIXES, *_MOVIE_SUFFIXES)
    return _digest(
        path.relative_to(folder).as_posix() for path in paths if path.suffix.casefold() in suffixes
    )


def state_path(data_set: Path, name: str) -> Path:
    """Where the state of a take is kept."""
    return data_set / SOURCES_FOLDER / f"{name}.json"


def write_state(data_set: Path, name: str, state: SourceState) -> None:
    """Keep the state of a take.

    Raises:
        ExportError: the folder cannot be written.
    """
    files = [asdict(file) for file in state.files]
    write_json(state_path(data_set, name), {"format": STATE_FORMAT, **asdict(state), "files": files})


def read_state(data_set: Path, name: str) -> SourceState | None:
    """The state of a take; None if there is none that can be read."""
    try:
        data: Mapping[str, Any] = json.loads(state_path(data_set, name).read_text(encoding="utf-8"))
        values = {key: value for key, value in data.items() if key not in ("format", "files")}
        files = tuple(SourceFile(**file) for file in data["files"])
        return SourceState(**values, files=files) if data["format"] == STATE_FORMAT else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _digest(names: Iterable[str]) -> str:
    shown = sorted(name for name in names if not name.rpartition("/")[2].startswith("."))
    return sha256_text("\n".join(shown).encode("utf-8", "backslashreplace").decode("utf-8"))
