"""Lines that are seen at the same time → the frames of their part of a video, a few at a time.

Knows nothing about files and encoders (see video.py), nor about how a frame is painted (see video_frame.py).
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.review.loaded_line import LoadedLine, common_name
from cstalk_ue.review.picture import EMOTION_COLOURS
from cstalk_ue.review.video_frame import Layout, Strip

_STRIP_FRAMES = 12
_WAVE_COLUMNS = 640


@dataclass(frozen=True)
class Scene:
    """A shot, read."""

    lines: tuple[LoadedLine, ...]
    ghosts: tuple[LoadedLine | None, ...]

    @property
    def sound(self) -> np.ndarray | None:
        return next((line.samples for line in self.lines if line.samples is not None), None)

    @property
    def title(self) -> str:
        own = self.lines[0]
        over = {
            ghost.name if ghost.name != own.name else str(ghost.emotion or "the other")
            for ghost in self.ghosts
            if ghost is not None
        }
        others = f"  (blue: {', '.join(sorted(over))})" if over else ""
        return common_name([line.name for line in self.lines]) + others

    def layout(self, size: tuple[int, int], dark: bool, dna: Path | None = None) -> Layout:
        """What stays on the screen."""
        labels = tuple(str(line.emotion) if line.emotion else line.name for line in self.lines)
        if len(set(labels)) < len(labels):
            labels = tuple(line.name for line in self.lines)
        emotion = self.lines[0].emotion if len(self.lines) == 1 else None
        return Layout(
            size,
            self.title,
            labels,
            tuple(ghost is not None for ghost in self.ghosts),
            _loudness(self.sound, self.seconds),
            () if emotion is None else _band(emotion, self.seconds),
            dark,
            dna,
        )

    @property
    def seconds(self) -> float:
        """Until the last of its lines has ended."""
        return max(line.seconds for line in self.lines)


def scene_strips(scene: Scene, layout: Layout, fps: float) -> Iterator[Strip]:
    """Its frames, some at a time."""
    seconds = scene.seconds
    frames = max(1, math.ceil(seconds * fps - 1e-6))
    faces = [*scene.lines, *(ghost for ghost in scene.ghosts if ghost is not None)]
    first = scene.lines[0]
    for start in range(0, frames, _STRIP_FRAMES):
        times = np.arange(start, min(start + _STRIP_FRAMES, frames)) / fps
        chosen = [(face, face.frames_at(times)) for face in faces]
        yield Strip(
            layout,
            np.stack([face.values[rows] for face, rows in chosen], axis=1),
            np.stack([face.head[rows] for face, rows in chosen], axis=1),
            tuple((times / seconds).tolist()),
            tuple(f"{time:.2f} s of {seconds:.2f} s" for time in times),
            tuple(first.phone_at(time) for time in times),
            tuple(first.emotion_at(time) if len(scene.lines) == 1 else "" for time in times),
        )


def _loudness(samples: np.ndarray | None, seconds: float) -> tuple[float, ...]:
    """Peak of each column of the drawn sound, 0..1."""
    if samples is None:
        return ()
    edges = np.rint(np.linspace(0, seconds * SAMPLE_RATE, _WAVE_COLUMNS + 1)).astype(np.int64)
    edges = np.minimum(edges, len(samples))
    peaks = [
        float(np.abs(samples[a:b]).max()) if b > a else 0.0 for a, b in itertools.pairwise(edges.tolist())
    ]
    return tuple(peak / max(*peaks, 1e-3) for peak in peaks)


def _band(emotion: EmotionTrack, seconds: float) -> tuple[tuple[float, float, float], ...]:
    """Colour of the emotion over the line, mixed by weight."""
    colours = np.array(
        [[int(EMOTION_COLOURS[name][i : i + 2], 16) / 255 for i in (1, 3, 5)] for name in EMOTIONS]
    )
    mixed = emotion.at((np.arange(_WAVE_COLUMNS) + 0.5) * seconds / _WAVE_COLUMNS) @ colours
    return tuple((float(r), float(g), float(b)) for r, g, b in mixed)
