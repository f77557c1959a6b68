"""The files of one Live Link Face recording, in a folder or inside a zip, under one small surface.

A zip is read in place; only what a decoder has to open by name is copied, into a private temporary folder.
Names inside a zip are never used as paths on disk. Knows nothing about what the files hold.
"""

import contextlib
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cstalk_ue.errors import CurveFormatError

LARGEST_TEXT = 256 << 20
"""Bytes of a curve CSV or log: more than an hour."""

LARGEST_MOVIE = 32 << 30
_MOST_ENTRIES = 100_000
_MOST_EXPANSION = 200
"""Times a large file may be smaller in the zip. Curves come to about 5, movies to 1, zeros to 1000."""

_LARGE = 64 << 20
_TRICKS = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)")
_PACKING_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


class FolderFiles:
    """Files of one folder on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder_name = folder.name
        try:
            self.names = tuple(
                sorted(path.name for path in folder.iterdir() if not is_hidden(path.name) and path.is_file())
            )
        except OSError as error:
            raise CurveFormatError(f"{folder}: cannot be read ({error.strerror}). Check the path.") from error

    def read(self, name: str, *, at_most: int | None = None) -> bytes:
        """The bytes of a file, or the first of them.

        Raises:
            CurveFormatError: missing, unreadable or too large.
        """
        path = self.folder / name
        try:
            size = path.stat().st_size
            if at_most is None and size > LARGEST_TEXT:
                raise _too_large(self.shown(name), size)
            with path.open("rb") as file:
                return file.read(-1 if at_most is None else at_most)
        except OSError as error:
            raise CurveFormatError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error

    @contextlib.contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """A path on disk for a decoder."""
        yield self.folder / name

    def path(self, name: str) -> Path:
        """The file on disk that holds it."""
        return self.folder / name

    def shown(self, name: str) -> str:
        """How messages call it."""
        return str(self.folder / name)


class ZipFiles:
    """Files of one folder inside a zip; `inside` is empty or ends in ``/``."""

    def __init__(self, archive: Path, inside: str) -> None:
        self.archive, self.inside = archive, inside
        self.folder_name = PurePosixPath(inside).name or archive.stem
        self._entries = {
            entry.filename.removeprefix(inside): entry
            for entry in zip_entries(archive)
            if entry.filename.startswith(inside) and "/" not in entry.filename.removeprefix(inside)
        }
        self.names = tuple(sorted(self._entries))

    def read(self, name: str, *, at_most: int | None = None) -> bytes:
        """The bytes of a file, or the first of them.

        Raises:
            CurveFormatError: missing, unreadable or too large.
        """
        with self._opened(name, LARGEST_TEXT if at_most is None else LARGEST_MOVIE) as file:
            return file.read(-1 if at_most is None else at_most)

    @contextlib.contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """A copy for a decoder, in a folder that is gone afterwards.

        Raises:
            CurveFormatError: unreadable or too large.
        """
        with tempfile.TemporaryDirectory(prefix="cstalk-") as folder:
            copy = Path(folder) / f"member{PurePosixPath(name).suffix}"
            with self._opened(name, LARGEST_MOVIE) as file, copy.open("wb") as target:
                shutil.copyfileobj(file, target, 1 << 20)
            yield copy

    def path(self, name: str) -> Path:
        """The file on disk that holds it: the zip."""
        return self.archive

    def shown(self, name: str) -> str:
        """How messages call it."""
        return f"{self.archive}: {self.inside}{name}"

    @contextlib.contextmanager
    def _opened(self, name: str, limit: int) -> Iterator[zipfile.ZipExtFile]:
        entry = self._entries.get(name)
        if entry is None:
            raise CurveFormatError(f"{self.shown(name)}: is not in the zip. Find the takes again.")
        # zipfile gives no more bytes than the entry announces, so its size can be trusted here.
        if entry.file_size > limit:
            raise _too_large(self.shown(name), entry.file_size)
        if entry.file_size > _LARGE and entry.file_size > _MOST_EXPANSION * max(1, entry.compress_size):
            raise CurveFormatError(
                f"{self.shown(name)}: {entry.compress_size} bytes would grow to {entry.file_size}; "
                "that is no recording. Copy the take from the phone again."
            )
        try:
            with zipfile.ZipFile(self.archive) as archive, archive.open(entry) as file:
                yield file  # type: ignore[misc]
        except _PACKING_ERRORS as error:
            raise _damaged(f"{self.archive}: {entry.filename}", error) from error


TakeFiles = FolderFiles | ZipFiles


def zip_entries(archive: Path) -> list[zipfile.ZipInfo]:
    """The files of a zip, without macOS's shadows of them.

    Raises:
        CurveFormatError: no zip, damaged, or with names that lead out of it.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
    except _PACKING_ERRORS as error:
        raise _damaged(f"{archive}", error) from error
    if len(entries) > _MOST_ENTRIES:
        raise CurveFormatError(
            f"{archive}: has {len(entries)} entries; expected at most {_MOST_ENTRIES}. Split the zip."
        )
    tricks = next((entry.filename for entry in entries if _TRICKS.search(entry.filename)), None)
    if tricks is not None:
        raise CurveFormatError(f"{archive}: entry {tricks[:80]!r} leads out of the zip. Zip the take again.")
    return [
        entry
        for entry in entries
        if not entry.is_dir() and not any(is_hidden(part) for part in entry.filename.split("/"))
    ]


def is_hidden(name: str) -> bool:
    """Whether a name is macOS's or hidden: ``._take.mov``, ``.DS_Store``, ``__MACOSX``."""
    return name.startswith(".") or name == "__MACOSX"


def _too_large(shown: str, size: int) -> CurveFormatError:
    return CurveFormatError(f"{shown}: is {size / (1 << 20):.0f} MiB, too large for what it should be.")


def _damaged(shown: str, error: Exception) -> CurveFormatError:
    return CurveFormatError(f"{shown}: cannot be read ({error}). Copy the zip from the phone again.")
