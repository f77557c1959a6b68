"""Takes → windows of 96 frames of normalised controls, for judges and for heat maps.

Windows follow each other at half their length, the last one flush with the end; a window counts if all its
frames are valid. Knows nothing about sound (see train/windows.py).
"""

import numpy as np

from cstalk_ue.rig import control_names
from cstalk_ue.take import RigCurves
from ingest.data_set import ControlStatistics

WINDOW_FRAMES = 96
_SMALLEST_STD = 0.01


def curve_windows(
    curves: RigCurves,
    controls: tuple[str, ...],
    mean: np.ndarray,
    std: np.ndarray,
    *,
    frames: int = WINDOW_FRAMES,
) -> np.ndarray:
    """``(windows, controls, frames)`` float32, normalised; no windows if the take is shorter than one."""
    values = ((curves.select(controls).values - mean) / std).astype(np.float32)
    last = curves.frames - frames
    if last < 0:
        return np.zeros((0, len(controls), frames), dtype=np.float32)
    starts = sorted({*range(0, last + 1, frames // 2), last})
    valid = np.ones(curves.frames, dtype=bool) if curves.valid is None else curves.valid
    windows = [values[start : start + frames].T for start in starts if valid[start : start + frames].all()]
    return np.stack(windows) if windows else np.zeros((0, len(controls), frames), dtype=np.float32)


def normalisation_of(statistics: ControlStatistics) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Kept controls of a data set, their means and their standard deviations, at least 0.01."""
    columns = [control_names().index(name) for name in statistics.kept_controls]
    return (
        statistics.kept_controls,
        statistics.mean[columns],
        np.maximum(statistics.std[columns], _SMALLEST_STD).astype(np.float32),
    )
