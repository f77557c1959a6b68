"""Which sound a curve file was made from: found by name, checked by hash.

A curve file says the name of its sound and the SHA-256 of its bytes, never a folder. Looked for under
``--audio`` first, then beside the curve file. Only file names are taken from the data: a curve file cannot
make a page embed a sound from elsewhere on this machine.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from cstalk_ue.audio import AUDIO_SUFFIXES, find_audio
from cstalk_ue.storage import sha256_file


@dataclass(frozen=True)
class FoundSound:
    """A sound file for a line.

    Attributes:
        path: of the file.
        sha256: of its bytes.
        changed: the curves were made from other bytes.
    """

    path: Path
    sha256: str
    changed: bool


class SoundFinder:
    """Searches one folder for the sounds of many lines; the folder is listed once.

    Args:
        folder: searched with its sub-folders, or None to look beside the curves only.

    Raises:
        AudioError: there is no such folder.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._by_name: dict[str, list[Path]] = {}
        self._by_stem: dict[str, list[Path]] = {}
        for path in find_audio([folder]) if folder is not None else ():
            self._by_name.setdefault(path.name.casefold(), []).append(path)
            self._by_stem.setdefault(path.stem.casefold(), []).append(path)
        self._hash = functools.lru_cache(maxsize=None)(sha256_file)

    def find(self, curves: Path, name: str, *, source: str = "", sha256: str = "") -> FoundSound | None:
        """The sound of a line.

        Args:
            curves: its curve file.
            name: of the line, with ``/`` between folders.
            source: name of its sound, if the curve file says so.
            sha256: of the sound, if known: a file with this hash wins, and any other counts as changed.
        """
        first: FoundSound | None = None
        for path in self._candidates(curves, name, _base_name(source)):
            try:
                digest = self._hash(path)
            except OSError:  # not ours to read: as good as not there
                continue
            if not sha256 or digest == sha256:
                return FoundSound(path, digest, False)
            first = first or FoundSound(path, digest, True)
        return first

    def _candidates(self, curves: Path, name: str, source: str) -> Iterator[Path]:
        """Files that may be it, the likeliest first, each once."""
        stem = PurePosixPath(name).name
        names = ([source] if source else []) + [f"{stem}{suffix}" for suffix in AUDIO_SUFFIXES]
        seen: set[Path] = set()
        groups = []
        if self._folder is not None:
            inside = self._folder / PurePosixPath(name).parent
            groups.append([inside / each for each in names])  # the folders that predict kept
            groups.append(self._by_name.get(source.casefold(), []))
            groups.append(self._by_stem.get(stem.casefold(), []))
        groups.append([curves.parent / each for each in names])
        for path in (path for group in groups for path in group):
            if path not in seen and path.is_file():
                seen.add(path)
                yield path


def _base_name(text: str) -> str:
    """The last part of a name that either kind of system wrote; "" if there is none."""
    name = PurePosixPath(PureWindowsPath(text).name).name
    return "" if name in ("", ".", "..") or "\0" in name else name
