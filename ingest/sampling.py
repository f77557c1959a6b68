"""Evenly spaced curves of any rate → the data set's 30 fps, without inventing frames at the end.

Knows nothing about uneven clocks, gaps or lost faces (see live_link_face.py).
"""

import math

import numpy as np

from cstalk_ue.errors import CurveFormatError
from cstalk_ue.take import RigCurves
from ingest.captured import DATA_SET_FPS

_SLACK = 1e-6


def frames_at_30(last_seconds: float) -> int:
    """Frames at 30 fps between 0 and the last captured moment, both included: none lies after it."""
    return math.floor(last_seconds * DATA_SET_FPS + _SLACK) + 1


def sample_at_30(curves: RigCurves) -> RigCurves:
    """Evenly spaced curves at 30 fps from 0 s, linear between their frames."""
    times = np.arange(curves.frames) / curves.fps
    return sample_times_at_30(times, curves.values, curves.controls, "curves")


def sample_times_at_30(
    times: np.ndarray, values: np.ndarray, names: tuple[str, ...], where: str
) -> RigCurves:
    """Values at rising seconds → curves at 30 fps; time 0 is the first row's.

    Args:
        times: ``(rows,)`` seconds.
        values: ``(rows, controls)``.
        where: the file, for messages.

    Raises:
        CurveFormatError: the times do not rise.
    """
    falls = np.flatnonzero(~(np.diff(times) > 0))
    if len(falls):
        row = int(falls[0]) + 1
        raise CurveFormatError(
            f"{where}: row {row + 1} is at {times[row]:g} s, after {times[row - 1]:g} s; "
            "expected rising times. Sort the rows, or leave the time column out and give --fps."
        )
    clock = times - times[0]
    wanted = np.arange(frames_at_30(float(clock[-1]))) / DATA_SET_FPS
    sampled = np.stack([np.interp(wanted, clock, column) for column in values.T], axis=1)
    return RigCurves(sampled, names, DATA_SET_FPS)
