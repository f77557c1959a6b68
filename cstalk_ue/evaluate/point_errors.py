"""Errors of points in millimetres, of one take, gathered block by block.

LVE and EVE as in the paper (III.C, after MeshTalk): the largest Euclidean distance over the points of a
region in each frame, then the mean over frames; not squared, not the maximum over frames. FDD after
CodeTalker: how far each point of the upper face is from its place at rest, the standard deviation of that
over the take, and the mean over points of prediction minus recording - signed, so that errors cancel, and
with absolute differences. (CodeTalker's script squares the distance, so its numbers are in another unit than
its text; we follow the text.) Knows nothing about heads and controls: points go in, ``(frames, P, 3)`` mm.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RegionErrors:
    """What the errors of one region come to on one take; NaN where no frame counts.

    Attributes:
        vertex_error_mm: mean over frames of the largest distance over the points.
        velocity_error_mm_per_second: mean over pairs of neighbouring frames and points of the length of the
            difference of velocities.
        dynamics_mm: mean over points of the signed difference, prediction minus recording, of the standard
            deviations of the distance from rest (FDD).
        absolute_dynamics_mm: the same with absolute differences.
        silent_speed_mm_per_second: mean over pairs of neighbouring silent frames and points of the speed of
            the prediction.
        frames, pairs, silent_pairs: how many frames and pairs of frames counted.
    """

    vertex_error_mm: float
    velocity_error_mm_per_second: float
    dynamics_mm: float
    absolute_dynamics_mm: float
    silent_speed_mm_per_second: float
    frames: int
    pairs: int
    silent_pairs: int


class RegionAccumulator:
    """Adds up errors over the blocks of one take.

    Args:
        points: which of the points belong to the region, ``(P,)`` bool.
        rest: ``(P, 3)`` mm.
        fps: of the frames.
    """

    def __init__(self, points: np.ndarray, rest: np.ndarray, fps: float) -> None:
        self._points, self._rest, self._fps = points, rest[points].astype(np.float64), fps
        self._largest, self._frames = 0.0, 0
        self._velocity, self._silent = _Steps(fps), _Steps(fps)
        self._distances = (_Spread(len(self._rest)), _Spread(len(self._rest)))

    def add(
        self, prediction: np.ndarray, reference: np.ndarray, valid: np.ndarray, silent: np.ndarray
    ) -> None:
        """Take the next frames: ``(n, P, 3)`` mm twice; which count and which are silent, ``(n,)`` bool."""
        prediction = prediction[:, self._points].astype(np.float64)
        reference = reference[:, self._points].astype(np.float64)
        error = prediction - reference
        self._largest += float(np.linalg.norm(error, axis=2).max(axis=1)[valid].sum())
        self._frames += int(valid.sum())
        self._velocity.add(error, valid)
        self._silent.add(prediction, valid & silent)
        for spread, points in zip(self._distances, (prediction, reference), strict=True):
            spread.add(np.linalg.norm(points[valid] - self._rest, axis=2))

    def result(self) -> RegionErrors:
        """What the blocks so far come to."""
        predicted, recorded = (spread.deviation() for spread in self._distances)
        difference = predicted - recorded
        return RegionErrors(
            vertex_error_mm=self._largest / self._frames if self._frames else float("nan"),
            velocity_error_mm_per_second=self._velocity.mean(),
            dynamics_mm=float(difference.mean()),
            absolute_dynamics_mm=float(np.abs(difference).mean()),
            silent_speed_mm_per_second=self._silent.mean(),
            frames=self._frames,
            pairs=self._velocity.pairs,
            silent_pairs=self._silent.pairs,
        )


class _Steps:
    """Mean speed of points over pairs of neighbouring frames that both count; pairs go across blocks."""

    def __init__(self, fps: float) -> None:
        self.pairs, self._sum, self._fps = 0, 0.0, fps
        self._before: tuple[np.ndarray, bool] | None = None

    def add(self, points: np.ndarray, counts: np.ndarray) -> None:
        last = (points[-1:].copy(), bool(counts[-1]))
        if self._before is not None:
            points = np.concatenate([self._before[0], points])
            counts = np.concatenate([[self._before[1]], counts])
        self._before = last
        both = counts[1:] & counts[:-1]
        steps = np.linalg.norm(points[1:] - points[:-1], axis=2).mean(axis=1) * self._fps
        self._sum += float(steps[both].sum())
        self.pairs += int(both.sum())

    def mean(self) -> float:
        return self._sum / self.pairs if self.pairs else float("nan")


class _Spread:
    """Standard deviation of each column over rows that come in blocks (Chan's update of mean and squares)."""

    def __init__(self, columns: int) -> None:
        self._count, self._mean, self._squares = 0, np.zeros(columns), np.zeros(columns)

    def add(self, rows: np.ndarray) -> None:
        count = len(rows)
        if count == 0:
            return
        mean = rows.mean(axis=0)
        squares = ((rows - mean) ** 2).sum(axis=0)
        total = self._count + count
        shift = mean - self._mean
        self._squares += squares + shift**2 * (self._count * count / total)
        self._mean += shift * (count / total)
        self._count = total

    def deviation(self) -> np.ndarray:
        if self._count == 0:
            return np.full_like(self._mean, np.nan)
        return np.asarray(np.sqrt(self._squares / self._count))


def region_errors(
    prediction: Iterator[np.ndarray],
    reference: Iterator[np.ndarray],
    valid: np.ndarray,
    silent: np.ndarray,
    *,
    regions: dict[str, np.ndarray],
    rest: np.ndarray,
    fps: float,
) -> dict[str, RegionErrors]:
    """Errors of several regions over one take, whose points come in blocks of the same frames.

    Args:
        prediction, reference: blocks ``(n, P, 3)`` mm.
        valid: ``(frames,)`` bool; other frames count nowhere.
        silent: ``(frames,)`` bool.
        regions: ``(P,)`` bool by name.
        rest: ``(P, 3)`` mm.
    """
    accumulators = {name: RegionAccumulator(points, rest, fps) for name, points in regions.items()}
    first = 0
    for ours, theirs in zip(prediction, reference, strict=True):
        part = slice(first, first + len(ours))
        for accumulator in accumulators.values():
            accumulator.add(ours, theirs, valid[part], silent[part])
        first += len(ours)
    return {name: accumulator.result() for name, accumulator in accumulators.items()}
