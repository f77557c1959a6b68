"""Pictures and sound → an MP4 file that plays everywhere, in step to the sample.

H.264 and AAC through PyAV, which brings its own FFmpeg. The sound is brought to 48 kHz: an AAC encoder puts
1024 samples of its own in front, an edit list in the file says so, and a player that ignores the list is then
late by 21 ms, not 64. Knows nothing about faces (see video.py).
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.errors import ExportError
from cstalk_ue.storage import whole_file

if TYPE_CHECKING:
    from av.audio.resampler import AudioResampler
    from av.container import OutputContainer

ENCODERS: tuple[tuple[str, str], ...] = (
    ("libx264", ""),
    ("libopenh264", "the libx264 encoder is missing from PyAV; OpenH264 is used, and the file is larger."),
    (
        "mpeg4",
        "PyAV has no H.264 encoder; MPEG-4 part 2 is used, which browsers cannot play. Install the av wheel.",
    ),
)
"""Video encoders from the best to the last, with what a user should know if it is used."""

_SETTINGS = {
    "libx264": {"preset": "veryfast", "crf": "20", "tune": "animation"},
    "libopenh264": {"b": "4000000"},
    "mpeg4": {"b": "6000000", "qmin": "2"},
}
_SOUND_RATE, _SOUND_BITS = 48000, 128000
_BT709 = 1
_MOST_FRAMES_PER_KEY = 250


@dataclass(frozen=True)
class Encoder:
    """A video encoder that is there, and a remark about it, or ""."""

    name: str
    remark: str


def best_encoder() -> Encoder:
    """The first of `ENCODERS` that this PyAV has.

    Raises:
        ExportError: it has none of them.
    """
    import av

    for name, remark in ENCODERS:
        with contextlib.suppress(ValueError):  # av.codec.UnknownCodecError is one
            av.codec.Codec(name, "w")
            return Encoder(name, remark)
    raise ExportError("PyAV has no encoder for MP4 video. Install it from its own wheel: pip install av.")


def to_yuv(picture: np.ndarray) -> np.ndarray:
    """A picture ``(H, W, 3)`` RGB as `Mp4Writer` takes it: ``(H * 3 / 2, W)``, yuv420p, BT.709."""
    import av

    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
    return np.asarray(frame.reformat(format="yuv420p", dst_colorspace="ITU709").to_ndarray())


class Mp4Writer:
    """One video that is being written; use `open_mp4`."""

    def __init__(
        self, container: "OutputContainer", size: tuple[int, int], rate: Fraction, *, sound: bool
    ) -> None:
        import av

        self._container = container
        self._rate = rate
        self._frames = self._samples = 0
        encoder = best_encoder()
        video: Any = container.add_stream(encoder.name, rate=rate, options=_SETTINGS[encoder.name])
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.time_base = 1 / rate
        context = video.codec_context
        context.gop_size = min(_MOST_FRAMES_PER_KEY, round(rate))  # a key every second: seeking is instant
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = av.video.reformatter.ColorRange.MPEG
        self._video = video
        self._sound: Any = None
        self._resampler: AudioResampler | None = None
        if sound:
            self._sound = container.add_stream("aac", rate=_SOUND_RATE, layout="mono")
            self._sound.bit_rate = _SOUND_BITS
            self._resampler = av.AudioResampler(format="fltp", layout="mono", rate=_SOUND_RATE)

    def add_picture(self, yuv: np.ndarray) -> None:
        """The next frame, from `to_yuv`."""
        import av

        frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        frame.pts, frame.time_base = self._frames, 1 / self._rate
        self._frames += 1
        self._container.mux(self._video.encode(frame))

    def add_sound(self, samples: np.ndarray) -> None:
        """The next samples ``(n,)``, mono at 16 kHz, -1..1."""
        import av

        if self._resampler is None or not len(samples):
            return
        clipped = np.clip(samples, -1.0, 1.0).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(clipped[None], format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts, frame.time_base = self._samples, Fraction(1, SAMPLE_RATE)
        self._samples += len(samples)
        self._encode_sound(frame)

    def finish(self) -> None:
        """Write what the encoders still hold."""
        self._container.mux(self._video.encode(None))
        if self._sound is not None:
            if self._samples:
                self._encode_sound(None)
            self._container.mux(self._sound.encode(None))

    def _encode_sound(self, frame: Any) -> None:
        assert self._resampler is not None
        for part in self._resampler.resample(frame):
            self._container.mux(self._sound.encode(part))


@contextlib.contextmanager
def open_mp4(path: Path, size: tuple[int, int], fps: float, *, sound: bool) -> Iterator[Mp4Writer]:
    """A writer of `path`, which appears only when the block has ended well.

    Args:
        path: of the video.
        size: width and height in pixels, both even.
        fps: frames per second; NTSC rates such as 29.97002997 are kept exactly.
        sound: whether there is any.

    Raises:
        ExportError: the file cannot be written.
    """
    import av

    with whole_file(path) as temporary:
        try:
            container = av.open(
                str(temporary.absolute()), "w", format="mp4", container_options={"movflags": "+faststart"}
            )
            with container:
                writer = Mp4Writer(container, size, Fraction(fps).limit_denominator(1001), sound=sound)
                yield writer
                writer.finish()
        except (av.FFmpegError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ExportError(
                f"{path}: the video cannot be written ({reason}). Free some space or choose another folder."
            ) from error
