"""How a long line is cut into overlapping chunks, and where the seams between their predictions go.

Two chunks agree in some moments of their overlap better than in others. The seam goes where they agree best
and the face moves least, in a pause if there is one: half a second of cross-fade, at least a quarter of the
overlap away from either end, where a chunk lacks context. Plain numpy; knows nothing about models.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.errors import ConfigError

_FADE_SECONDS = 0.5
_MOTION_COST = 1 / 16  # of squared motion per frame against squared difference


@dataclass(frozen=True)
class Chunking:
    """How long audio is cut.

    Attributes:
        chunk_seconds: length of a chunk; where the encoder takes less (Whisper: 30 s), that much.
        overlap_seconds: how much neighbouring chunks share.

    Raises:
        ConfigError: on construction, if the overlap is over half the chunk or nearly nothing.
    """

    chunk_seconds: float = 20.0
    overlap_seconds: float = 4.0

    def __post_init__(self) -> None:
        if not (0.4 <= self.overlap_seconds <= self.chunk_seconds / 2 < math.inf):
            raise ConfigError(
                f"overlap of {self.overlap_seconds:g} s in chunks of {self.chunk_seconds:g} s; "
                "expected at least 0.4 s and at most half a chunk."
            )

    def within(self, max_samples: int | None) -> "Chunking":
        """The same, cut down to what an encoder takes in one call; None is no limit."""
        if max_samples is None or self.chunk_seconds * SAMPLE_RATE <= max_samples:
            return self
        seconds = max_samples / SAMPLE_RATE
        return Chunking(seconds, min(self.overlap_seconds, seconds / 2))


@dataclass(frozen=True)
class Chunk:
    """Curve frames [first, last) of a line."""

    first: int
    last: int


@dataclass(frozen=True)
class Seam:
    """Frames [first, last) of a line over which one chunk fades into the next.

    Attributes:
        difference: RMS difference of the two chunks' predictions there, over frames and controls.
    """

    first: int
    last: int
    difference: float


def plan_chunks(frames: int, chunking: Chunking, *, fps: float, grid_frames: int) -> list[Chunk]:
    """Chunks that cover a line, neighbours sharing the overlap, all starting on a grid of frames."""
    size, overlap = (
        _on_grid(seconds, fps, grid_frames) for seconds in (chunking.chunk_seconds, chunking.overlap_seconds)
    )
    if frames <= size:
        return [Chunk(0, frames)]
    return [Chunk(start, min(start + size, frames)) for start in range(0, frames - overlap, size - overlap)]


def join_chunks(
    parts: Iterable[tuple[Chunk, np.ndarray]], frames: int, *, fps: float
) -> tuple[np.ndarray, list[Seam]]:
    """The whole line from its chunks' predictions.

    Args:
        parts: chunks in order, each with values ``(chunk frames, controls)``; taken one at a time.
        frames: of the line.
        fps: of the curves.

    Returns:
        ``(frames, controls)`` float32, and the seams in it.
    """
    total: np.ndarray | None = None
    seams: list[Seam] = []
    done = 0
    for chunk, values in parts:
        if total is None:
            total = np.empty((frames, values.shape[1]), dtype=np.float32)
        shared = done - chunk.first
        if shared > 0:
            seam = _find_seam(total[chunk.first : done], values[:shared], chunk.first, fps)
            seams.append(seam)
            first, last = seam.first - chunk.first, seam.last - chunk.first
            blend = ((np.arange(last - first) + 0.5) / (last - first)).astype(np.float32)[:, None]
            total[seam.first : seam.last] += blend * (values[first:last] - total[seam.first : seam.last])
            total[seam.last : chunk.last] = values[last:]
        else:
            total[chunk.first : chunk.last] = values
        done = chunk.last
    assert total is not None, "a line has at least one chunk"
    return total, seams


def _find_seam(earlier: np.ndarray, later: np.ndarray, first_frame: int, fps: float) -> Seam:
    """Where two predictions of the same frames agree best."""
    shared = len(earlier)
    margin = shared // 4
    width = max(1, min(round(_FADE_SECONDS * fps), shared - 2 * margin))
    difference = np.square(earlier - later, dtype=np.float64).mean(axis=1)
    motion = np.square(np.gradient(later, axis=0), dtype=np.float64).mean(axis=1) if shared > 1 else 0.0
    cost = (difference + _MOTION_COST * motion)[margin : shared - margin]
    start = margin + int(np.argmin(np.convolve(cost, np.ones(width), mode="valid")))
    faded = difference[start : start + width]
    return Seam(first_frame + start, first_frame + start + width, float(np.sqrt(faded.mean())))


def _on_grid(seconds: float, fps: float, grid_frames: int) -> int:
    """Frames, rounded down to the grid, so that two overlaps never exceed a chunk nor a chunk the encoder."""
    return grid_frames * math.floor(seconds * fps / grid_frames + 1e-9)
