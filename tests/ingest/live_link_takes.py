"""Made-up Live Link Face recordings for the tests: curve CSVs, take folders, movies."""

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from cstalk_ue.export.live_link_face import format_timecode
from ingest.live_link_header import column_names

APP_FPS = 59.9044
"""What twelve public captures run at."""

HEADER = ("Timecode", "BlendshapeCount", *column_names())
TAKE_JSON = {
    "version": 1,
    "slate": "MySlate",
    "take": 166,
    "subject": "iPhone",
    "identifier": "20241204_MySlate_166",
    "deviceModel": "iPhone14,8",
    "appVersion": "1.3.2",
    "date": "2024-12-04T12:00:00Z",
    "calibrated": False,
    "frames": 59,
}


def shape_values(rows: int, *, seed: int = 0) -> np.ndarray:
    """Smooth values of all 61 columns, ``(rows, 61)``; shapes 0..1, angles small."""
    rng = np.random.default_rng(seed)
    phase, speed = rng.uniform(0, 6, 61), rng.uniform(1, 4, 61)
    waves = 0.5 + 0.5 * np.sin(phase + speed * np.arange(rows)[:, None] / APP_FPS)
    waves[:, 52:] = 0.3 * (waves[:, 52:] - 0.5)
    return waves.round(10)


def csv_text(
    times: Sequence[float],
    values: np.ndarray,
    *,
    header: Sequence[str] = HEADER,
    codes: Sequence[str] | None = None,
) -> str:
    """A curve CSV as the app writes it; `codes` replaces the timecodes."""
    codes = [format_timecode(seconds) for seconds in times] if codes is None else codes
    lines = [",".join(header)]
    for code, row in zip(codes, values, strict=True):
        lines.append(",".join((code, "61", *(f"{value:.10f}" for value in row))))
    return "\n".join(lines) + "\n"


def plain_csv(rows: int = 60, *, start: float = 42869.3, fps: float = APP_FPS, seed: int = 0) -> str:
    """A curve CSV without anything odd."""
    return csv_text(start + np.arange(rows) / fps, shape_values(rows, seed=seed))


def write_take_folder(
    folder: Path,
    *,
    text: str | None = None,
    variants: Sequence[str] = ("",),
    prefix: str = "MySlate_166_iPhone",
    take_json: Mapping[str, Any] | None = TAKE_JSON,
) -> Path:
    """A take folder with the same curves in every variant; no movie."""
    folder.mkdir(parents=True, exist_ok=True)
    for variant in variants:
        (folder / f"{prefix}{variant}.csv").write_text(text or plain_csv(), encoding="utf-8", newline="\n")
    if take_json is not None:
        (folder / "take.json").write_text(json.dumps(take_json), encoding="utf-8")
    return folder


def write_movie(
    path: Path,
    samples: np.ndarray | None,
    *,
    rate: int = 44100,
    codec: str = "pcm_s16le",
    audio_start: float = 0.0,
    pictures: int = 30,
    fps: int = 60,
    channels: int = 1,
) -> Path:
    """A QuickTime movie with a JPEG per frame, as the app makes it.

    Args:
        samples: ``(samples,)`` -1..1, the same on every channel; None for a movie without sound.
        audio_start: of the sound after the first picture, in seconds.
        pictures: 0 for a movie without a picture track.
    """
    import av

    layout = "mono" if channels == 1 else "stereo"
    with av.open(str(path), "w") as container:
        if pictures:
            video = container.add_stream("mjpeg", rate=fps)
            video.width, video.height, video.pix_fmt = 64, 48, "yuvj420p"
        audio = None if samples is None else container.add_stream(codec, rate=rate, layout=layout)
        for number in range(pictures):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 200, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(video.encode(frame))
        if pictures:
            container.mux(video.encode(None))
        if audio is not None:
            whole = np.repeat((samples * 32767).round().astype(np.int16), channels)
            step = 1024 * channels
            for first in range(0, len(whole), step):
                block = av.AudioFrame.from_ndarray(
                    whole[None, first : first + step], format="s16", layout=layout
                )
                block.rate, block.time_base = rate, Fraction(1, rate)
                block.pts = round(audio_start * rate) + first // channels
                container.mux(audio.encode(block))
            container.mux(audio.encode(None))
    return path


def click(seconds: float, *, at: float, rate: int = 44100) -> np.ndarray:
    """Silence with one short sound whose middle is at `at`."""
    times = np.arange(round(seconds * rate)) / rate
    return (0.8 * np.exp(-(((times - at) / 0.0005) ** 2))).astype(np.float32)


def codes_of(remarks) -> list[str]:
    """Codes of remarks, in order."""
    return [remark.code for remark in remarks]
