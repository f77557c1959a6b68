"""Whether a recording has changed since it was read: what its files looked like then, kept in ``.sources/``.

Size and time of change are compared first. A time that is too close to the moment of reading proves nothing,
since clocks of file systems are coarse; then, and where size or time differ, contents decide. The folder may
be deleted: everything is then read again. It is no part of the data set, which so stays the same wherever the
captures lie.
"""

import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cstalk_ue.storage import plain_text, sha256_file, sha256_text, write_json
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
        inside: digest of the names in `path`, if that is a folder.
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

    def moved_to(self, found: FoundTake) -> bool:
        """Whether `found` is this recording, which is no longer where it was: the same contents elsewhere."""
        before = Path(self.path)
        if before.exists() or self.member != found.member:
            return False
        moved = []
        for file in self.files:
            path = Path(file.path)
            if path == before:
                path = found.path
            elif path.is_relative_to(before):
                path = found.path / path.relative_to(before)
            elif path.parent == before.parent:  # sound beside it
                path = found.path.parent / path.name
            moved.append(path)
        try:
            return files_sha256(moved, self.member) == self.sha256
        except OSError:
            return False


def files_sha256(paths: Iterable[Path], member: str) -> str:
    """Digest of the contents of a recording's files; the same for a copy under other names.

    Of a zip only what lies in the folder of the recording counts, by the check sums of the zip: it may hold
    hundreds, and would be read through for each of them.

    Raises:
        OSError: one is not there or is no zip any more.
    """
    return sha256_text("\n".join(sorted(_content(path, member) for path in paths)))


def _content(path: Path, member: str) -> str:
    if path.suffix.casefold() != ".zip" or not member:
        return sha256_file(path)
    folder = PurePosixPath(member).parent
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [each for each in archive.infolist() if PurePosixPath(each.filename).parent == folder]
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise OSError(f"{path}: is no zip ({error})") from error
    names = (f"{each.filename} {each.file_size} {each.CRC:08x}" for each in inside)
    return sha256_text(plain_text("\n".join(sorted([member, *names]))))


def names_inside(found: FoundTake) -> str:
    """Digest of the names in a recording that is a folder; a file has none."""
    return _digest(path.name for path in found.path.iterdir()) if found.path.is_dir() else ""


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
    return sha256_text(plain_text("\n".join(shown)))
