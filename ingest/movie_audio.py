"""The sound in a movie → mono 16 kHz, with its place against the picture. Decodes with PyAV, pictures never.

The same sound from a movie and from a WAV gives the same samples: channels are averaged and resampled as in
audio.py. Knows nothing about curves.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE, SILENT_DBFS
from ingest.captured import Remark

if TYPE_CHECKING:
    from av.container import InputContainer

_HOLE_SECONDS = 0.02
"""A packet that comes later than this leaves silence; less is rounding in the file."""
_LONGEST_HOLE_SECONDS = 60.0
_RATES = (4000, 768000)


@dataclass(frozen=True)
class MovieAudio:
    """The first sound track of a movie.

    Attributes:
        samples: ``(samples,)`` float32, mono, 16 kHz; None if there is none that can be used.
        start_seconds: where sample 0 lies against the first picture; None if there is no picture.
        remarks: what is wrong with it.
    """

    samples: np.ndarray | None
    start_seconds: float | None = None
    remarks: tuple[Remark, ...] = ()


def read_movie_audio(path: Path, shown: str) -> MovieAudio:
    """Decode the sound of a movie. What is broken is remarked on; the take is still good.

    Args:
        shown: how remarks call the file.
    """
    import av  # FFmpeg: a hundred megabytes that a take without a movie does not need

    track = _Track()
    picture = None
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            if not container.streams.audio:
                return _without("no-audio", f"{shown} has no sound track.")
            picture = _first_picture(container)
            _decode(container, track)
    except (av.FFmpegError, OSError, ValueError, EOFError, MemoryError) as error:
        # Raised within a damaged file, after which nothing more can be had from it.
        track.failures.append(_reason(error))
    if not track.blocks:
        return _without(
            "broken-audio", f"{shown}: no sound can be decoded ({track.failure or 'no packets'})."
        )
    samples = np.concatenate(track.blocks)
    if not _RATES[0] <= track.rate <= _RATES[1] or not np.isfinite(samples).all():
        return _without("broken-audio", f"{shown}: the sound is at {track.rate} Hz, or not numbers.")
    samples = at_16k(samples, track.rate)
    remarks = [Remark(code, f"{shown}: {text}") for code, text in track.notes(samples)]
    start = None if picture is None else track.start_seconds - picture
    return MovieAudio(samples, start, tuple(remarks))


def at_16k(samples: np.ndarray, rate: int) -> np.ndarray:
    """Mono samples of any rate at 16 kHz, as `load_audio` resamples them."""
    if rate == SAMPLE_RATE:
        return samples.astype(np.float32, copy=False)
    import librosa  # takes seconds to import, and a 16 kHz track does not need it

    return librosa.resample(samples, orig_sr=rate, target_sr=SAMPLE_RATE, res_type="soxr_hq")


@dataclass
class _Track:
    """What has been decoded so far, at the track's own rate."""

    rate: int = 0
    start_seconds: float = 0.0
    samples: int = 0
    holes: int = 0
    blocks: list[np.ndarray] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def failure(self) -> str:
        """The first thing that went wrong, or nothing."""
        return self.failures[0] if self.failures else ""

    def add(self, block: np.ndarray, seconds: float | None) -> None:
        """Append a block that lies at `seconds`, with silence before it where packets are missing."""
        if not self.blocks:
            self.start_seconds = 0.0 if seconds is None else seconds
        elif seconds is not None:
            late = seconds - self.start_seconds - self.samples / self.rate
            if _HOLE_SECONDS < late < _LONGEST_HOLE_SECONDS:
                self.holes += 1
                self._append(np.zeros(round(late * self.rate), dtype=np.float32))
        self._append(block)

    def _append(self, block: np.ndarray) -> None:
        self.blocks.append(block)
        self.samples += len(block)

    def notes(self, samples: np.ndarray) -> list[tuple[str, str]]:
        """Code and text of what a person should know."""
        notes = []
        if self.failures:
            notes.append(("broken-audio", f"part of the sound cannot be decoded ({self.failure})."))
        if self.holes:
            notes.append(("audio-gap", f"{self.holes} gaps in the sound, filled with silence."))
        peak = float(np.abs(samples).max(initial=0))
        if peak < 10 ** (SILENT_DBFS / 20):
            notes.append(("silent-audio", f"the sound is silent (its peak is {peak:.1g} of 1)."))
        return notes


def _first_picture(container: "InputContainer") -> float | None:
    """Seconds of the first picture, from the file's index."""
    for stream in container.streams.video:
        if stream.start_time is not None and stream.time_base is not None:
            return float(stream.start_time * stream.time_base)
    return None


def _decode(container: "InputContainer", track: _Track) -> None:
    import av
    from av.stream import Discard

    stream = container.streams.audio[0]
    for other in container.streams:
        if other.index != stream.index:
            # The pictures are nine tenths of the file; this keeps them from being read at all.
            other.discard = Discard.all
    converter = av.AudioResampler(format="fltp")
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError) as error:
            track.failures.append(_reason(error))
            continue
        for frame in frames:
            seconds = frame.time
            track.rate = track.rate or frame.sample_rate
            if frame.sample_rate != track.rate:
                track.failures.append(f"{frame.sample_rate} Hz after {track.rate} Hz")
                return
            for whole in converter.resample(frame):
                # A mean over few channels, in float32 as in audio.py.
                track.add(whole.to_ndarray().mean(axis=0, dtype=np.float32), seconds)
                seconds = None


def _without(code: str, text: str) -> MovieAudio:
    return MovieAudio(None, None, (Remark(code, text),))


def _reason(error: BaseException) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:120]
