"""Sound recorded beside the phone → the file that belongs to a take, and where it lies on the take's clock.

A file belongs by its name, or by the time of day that a field recorder writes into a broadcast WAV (``bext``,
EBU Tech 3285). Reads headers to choose, and samples only of the one chosen. Knows nothing about curves.
"""

import functools
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from cstalk_ue.audio import AUDIO_SUFFIXES, find_audio, load_audio
from cstalk_ue.errors import AudioError
from ingest.captured import Remark
from ingest.movie_audio import at_16k
from ingest.timecode import DAY_SECONDS

EDGE_SECONDS = 1.0
"""Of a long recording this much is kept before and after the take."""

_LONGEST_WHOLE_SECONDS = 600.0
_TIME_REFERENCE = 338
"""Byte of a ``bext`` chunk where samples since midnight stand: after texts of 256, 32, 32, 10 and 8 bytes."""


@dataclass(frozen=True)
class ExternalAudio:
    """Sound for a take.

    Attributes:
        samples: ``(samples,)`` float32, mono, 16 kHz; None if it cannot be decoded, as a remark says.
        source: the file.
        start_seconds: of sample 0 on the take's clock.
        start: how that is known, ``timecode`` or ``assumed``.
    """

    samples: np.ndarray | None
    source: Path
    start_seconds: float
    start: str
    remarks: tuple[Remark, ...] = ()


def find_external_audio(
    folder: Path, names: Sequence[str], day_seconds: float | None, seconds: float, *, deep: bool, shown: str
) -> ExternalAudio | None:
    """The sound for a take, or None if nothing in `folder` belongs to it.

    Args:
        names: what the file may be called without suffix, in any case, best first.
        day_seconds: time of day of the take's first row, or None if its clock has none.
        seconds: how long the take is.
        deep: look below the folder too, and at times of day.
        shown: the take, for messages.

    Raises:
        AudioError: several files belong equally well, or the folder does not exist.
    """
    sounds = find_audio([folder]) if deep else _in_folder(folder)
    wanted = list(dict.fromkeys(name.casefold() for name in names if name))
    for name in wanted:
        named = [sound for sound in sounds if sound.stem.casefold() == name]
        if named:
            return _placed(_only(named, shown, "are called like it"), day_seconds, seconds)
    if not deep or day_seconds is None:
        return None
    timed = [sound for sound in sounds if _offset_within(sound, day_seconds, seconds) is not None]
    return (
        _placed(_only(timed, shown, "were running at its time of day"), day_seconds, seconds)
        if timed
        else None
    )


def broadcast_time(path: Path) -> float | None:
    """Time of day of a broadcast WAV's first sample in seconds, or None if it does not say."""
    return _broadcast_time(path, path.stat().st_mtime_ns)


def _in_folder(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.casefold() in AUDIO_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def _only(sounds: Sequence[Path], shown: str, why: str) -> Path:
    if len(sounds) > 1:
        raise AudioError(
            f"{shown}: {len(sounds)} sound files {why}, {', '.join(str(sound) for sound in sounds[:4])}; "
            "expected one. Keep one of them, or name it like the take."
        )
    return sounds[0]


def _placed(sound: Path, day_seconds: float | None, seconds: float) -> ExternalAudio:
    try:
        return _read(sound, day_seconds, seconds)
    except AudioError as error:
        return ExternalAudio(None, sound, 0.0, "none", (Remark("broken-audio", f"{error}"),))


def _read(sound: Path, day_seconds: float | None, seconds: float) -> ExternalAudio:
    """Read the sound and put it on the take's clock."""
    offset = None if day_seconds is None else _offset_within(sound, day_seconds, seconds)
    if offset is not None:
        samples, start = _around_take(sound, offset, seconds)
        return ExternalAudio(samples, sound, start, "timecode")
    remarks = []
    if broadcast_time(sound) is not None:
        remarks.append(
            Remark(
                "audio-timecode",
                f"the time of day in {sound.name} is not that of the take, and was not used.",
            )
        )
    return ExternalAudio(load_audio(sound).samples, sound, 0.0, "assumed", tuple(remarks))


def _offset_within(sound: Path, day_seconds: float, seconds: float) -> float | None:
    """Where the sound begins on the take's clock, if its times of day reach over most of the take."""
    begins = broadcast_time(sound)
    if begins is None:
        return None
    offset = (begins - day_seconds + DAY_SECONDS / 2) % DAY_SECONDS - DAY_SECONDS / 2
    try:
        lasts = soundfile.info(str(sound)).duration
    except (soundfile.SoundFileError, TypeError, ValueError):
        return None
    overlap = min(seconds, offset + lasts) - max(0.0, offset)
    return offset if overlap >= 0.5 * seconds else None


def _around_take(sound: Path, offset: float, seconds: float) -> tuple[np.ndarray, float]:
    """Samples from a little before the take to a little after it, and where they begin on its clock."""
    info = soundfile.info(str(sound))
    if info.duration <= _LONGEST_WHOLE_SECONDS:
        return load_audio(sound).samples, offset
    first = max(0, round((-EDGE_SECONDS - offset) * info.samplerate))
    count = round((seconds + 2 * EDGE_SECONDS) * info.samplerate)
    try:
        block, rate = soundfile.read(str(sound), start=first, frames=count, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, ValueError) as error:
        raise AudioError(f"{sound}: cannot be read at {first / info.samplerate:.1f} s ({error}).") from error
    if not len(block) or not np.isfinite(block).all():
        raise AudioError(
            f"{sound}: has no usable samples at {first / info.samplerate:.1f} s. Export it again."
        )
    return at_16k(block.mean(axis=1, dtype=np.float32), rate), offset + first / info.samplerate


@functools.lru_cache(maxsize=4096)
def _broadcast_time(path: Path, modified: int) -> float | None:
    """`modified` keeps the memory of a file that has changed from being used."""
    try:
        with path.open("rb") as file:
            riff, _, kind = struct.unpack("<4sI4s", file.read(12))
            if riff not in (b"RIFF", b"RF64") or kind != b"WAVE":
                return None
            rate = samples = None
            while rate is None or samples is None:
                name, size = struct.unpack("<4sI", file.read(8))
                if name == b"data":
                    return None
                body = file.read(min(size, 1024))
                if name == b"fmt ":
                    (rate,) = struct.unpack_from("<I", body, 4)
                elif name == b"bext":
                    (samples,) = struct.unpack_from("<Q", body, _TIME_REFERENCE)
                file.seek(size - len(body) + size % 2, 1)
    except (OSError, struct.error):
        return None
    # Recorders that do not know the time write 0.
    return samples / rate % DAY_SECONDS if samples and rate else None
