"""Unevenly captured rows → frames at 30 fps, by their times. Nothing is made up beyond the rows.

Frame k lies at k / 30 s. A frame between two rows is interpolated; if the rows are further apart than a gap
may be, or there is a row on one side only, it holds a filled-in value and is not valid. Knows nothing about
files.
"""

import math
from dataclasses import dataclass

import numpy as np

from ingest.captured import DATA_SET_FPS

LONGEST_GAP_SECONDS = 0.1
"""Between two good rows up to here the frames are filled in; a blink takes longer."""

ON_THE_ROW = 1e-3
"""Frames: as near as this, a frame is on a row. Timecodes step by half of it at 30 fps."""


@dataclass(frozen=True)
class Frames:
    """Rows sampled at 30 fps.

    Attributes:
        values: ``(frames, columns)`` float32.
        valid: ``(frames,)`` bool.
        filled: valid frames that lie in a short gap.
    """

    values: np.ndarray
    valid: np.ndarray
    filled: int


def frame_count(last_seconds: float) -> int:
    """Frames at 30 fps from 0 to the last row: ``floor(last_seconds * 30 + 0.001) + 1``."""
    return math.floor(last_seconds * DATA_SET_FPS + ON_THE_ROW) + 1


def sample_rows(
    seconds: np.ndarray,
    values: np.ndarray,
    captured: np.ndarray,
    *,
    period: float,
    longest_gap_seconds: float = LONGEST_GAP_SECONDS,
) -> Frames:
    """Sample rows at 30 fps, linearly.

    Args:
        seconds: ``(rows,)`` rising, the first 0.
        values: ``(rows, columns)``.
        captured: ``(rows,)`` bool, False where the row has no values; at least one is True.
        period: seconds from row to row where none is missing.
        longest_gap_seconds: between two captured rows, up to which frames count as valid.
    """
    times, rows = seconds[captured], values[captured]
    wanted = np.arange(frame_count(float(seconds[-1]))) / DATA_SET_FPS
    slack = ON_THE_ROW / DATA_SET_FPS
    right = np.searchsorted(times, wanted - slack)
    # A row within the slack before or after the frame is the frame's own; else one on either side.
    left = np.where(
        (right < len(times)) & (times[np.minimum(right, len(times) - 1)] <= wanted + slack), right, right - 1
    )
    inside = (left >= 0) & (right < len(times))
    left, right = left.clip(0, len(times) - 1), right.clip(0, len(times) - 1)
    apart = times[right] - times[left]
    blend = np.where(apart > 0, (wanted - times[left]) / np.where(apart > 0, apart, 1), 0).clip(0, 1)
    sampled = rows[left] + (rows[right] - rows[left]) * blend[:, None]
    valid = inside & (apart <= max(longest_gap_seconds, 1.5 * period) + 1e-9)
    filled = int((valid & (apart > 1.5 * period)).sum())
    return Frames(sampled.astype(np.float32), valid, filled)
