"""One recording on its way into a data set: what is to be done with it, and what became of it.

Small and picklable, since both travel between processes. What is done is in add_take.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cstalk_ue.storage import sha256_file, sha256_text
from cstalk_ue.version import __version__
from ingest.captured import CapturedTake, Remark
from ingest.data_set import TAKES_FOLDER
from ingest.data_set_tables import TakeRecord
from ingest.found import FoundTake
from ingest.labels import OutsideLabels

Reader = Callable[[FoundTake], CapturedTake]
"""A function of a module or a `functools.partial` of one, so that it can be sent to another process."""


NEW, CHANGED, RELABELLED, UNCHANGED, FAILED = "new", "changed", "relabelled", "unchanged", "failed"


STATUSES = (NEW, CHANGED, RELABELLED, UNCHANGED, FAILED)


@dataclass(frozen=True)
class TakeJob:
    """What is to be done with one recording.

    Attributes:
        found: the recording.
        name: folder of the take.
        data_set: folder of the data set.
        reader: reads it.
        request: digest of what is asked of the reader; another one means that the take is read again.
        sounds: digest of the names of sounds that it could be paired with.
        audio_folder: where the reader looks for sounds first, if it was given one.
        outside: what is known of it without opening it.
        split: the split that is asked for; may be empty.
        restart: read it again, whatever is there.
        shift_seconds: by how much to move the sound; None leaves what was decided before, 0 at first.
        shift_by_own_lag: move the sound by the lag of this take, if it is sure enough.
    """

    found: FoundTake
    name: str
    data_set: Path
    reader: Reader
    request: str
    sounds: str
    outside: OutsideLabels
    audio_folder: Path | None = None
    split: str = ""
    restart: bool = False
    shift_seconds: float | None = None
    shift_by_own_lag: bool = False

    @property
    def folder(self) -> Path:
        """Folder of the take."""
        return self.data_set / TAKES_FOLDER / self.name


@dataclass(frozen=True)
class TakeResult:
    """What became of one recording.

    Attributes:
        name: folder of the take.
        found: the recording.
        status: one of `STATUSES`.
        message: why it failed.
        remarks: what a person should know, if the take is new or has changed.
        record: its row; None if it failed.
    """

    name: str
    found: FoundTake
    status: str
    message: str = ""
    remarks: tuple[Remark, ...] = ()
    record: TakeRecord | None = None


def request_digest(reader: Reader, *, audio_folder: Path | None) -> str:
    """Digest of what is asked of a reader: its function and settings, and this version of ours.

    The folder with sounds counts by where it really is, files among the settings by their contents.
    """
    function = getattr(reader, "func", reader)
    keywords = {**getattr(reader, "keywords", {}), "audio_folder": audio_folder and audio_folder.resolve()}
    spelled = sorted(f"{name}={_setting(value)}" for name, value in keywords.items())
    name = getattr(function, "__qualname__", type(function).__qualname__)
    place = [f"{function.__module__}.{name}", *map(str, getattr(reader, "args", ()))]
    return sha256_text("\n".join([__version__, *place, *spelled]))


def _setting(value: Any) -> str:
    is_file = isinstance(value, str | Path) and value and Path(value).is_file()
    return f"{value} {sha256_file(Path(value))}" if is_file else str(value)
