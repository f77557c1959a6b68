"""What one take is like, as plain numbers for take.json: its controls, the face and the sound.

Measures only; which numbers are a fault is in rules.py. Knows nothing about other takes.
"""

from typing import Any

import numpy as np

from cstalk_ue.rig import Control, control_defaults, control_limits, control_names, controls
from cstalk_ue.take import FacePerformance, RigCurves
from ingest.mouth import mouth_opening
from ingest.sound_quality import measure_sound, runs

QUALITY_VERSION = 1

BLINK_SHUT, BLINK_OPEN = 0.5, 0.3
AT_LIMIT = 1e-3

_EDGE_FRAMES = 3
_NOISE_WINDOW_FRAMES = 15
_NOT_POSED = ("eye", "eyelid", "eyelash", "tongue", "switch")
"""Regions that are busy in a neutral face too, or say nothing about it."""
SEALS = ("lipsTogether", "sticky", "Sticky")
"""Controls with these names say how lips that would part are held together. At rest they may have any value,
and they jump, because MouthClose is divided by JawOpen."""

STATISTICS = ("minimum", "maximum", "mean", "std", "noise", "clipped")
"""What `measure_quality` says of every control."""


def measure_quality(performance: FacePerformance, samples: np.ndarray | None) -> dict[str, Any]:
    """Measure one take.

    Args:
        performance: 185 controls and head, with the mask of valid frames.
        samples: ``(samples,)`` mono 16 kHz, sample 0 on frame 0, or None.

    Returns:
        Plain JSON values. ``controls`` holds one text per name in `STATISTICS`: 185 numbers in the order of
        the controls, which `control_statistics` reads. A list would take a line for each number.
    """
    face = performance.face
    valid = np.ones(face.frames, dtype=bool) if face.valid is None else face.valid
    quality: dict[str, Any] = {
        "version": QUALITY_VERSION,
        "seconds": round(face.duration_seconds, 4),
        "valid_share": round(float(valid.mean()), 4),
        "longest_gap_seconds": round(_longest_run(~valid) / face.fps, 4),
    }
    statistics = _measure_controls(face, valid)
    quality["controls"] = {
        name: " ".join(f"{value:.4g}" for value in column) for name, column in statistics.items()
    }
    moving = statistics["maximum"] - statistics["minimum"] > AT_LIMIT
    quality["face"] = {
        "constant": int((~moving).sum()),
        # Half of the controls that move have at least this much jitter.
        "noise": round(float(np.median(statistics["noise"][moving])), 5) if moving.any() else 0.0,
        **_measure_face(face, valid),
    }
    quality["head_range_degrees"] = [
        round(float(np.ptp(performance.head.values[valid, column])) if valid.any() else 0.0, 2)
        for column in range(3)
    ]
    quality["sound"] = None if samples is None else measure_sound(samples, face, valid)
    return quality


def control_statistics(quality: dict[str, Any]) -> dict[str, np.ndarray]:
    """The statistics of the controls, each ``(185,)`` float64, by name of `STATISTICS`.

    Raises:
        ValueError: they are not what `measure_quality` gives.
    """
    columns = {
        name: np.fromiter(map(float, str(quality["controls"][name]).split()), dtype=np.float64)
        for name in STATISTICS
    }
    if any(column.shape != (len(control_names()),) for column in columns.values()):
        raise ValueError("statistics of another number of controls")
    return columns


def _measure_controls(face: RigCurves, valid: np.ndarray) -> dict[str, np.ndarray]:
    values = face.values[valid] if valid.any() else np.tile(control_defaults(), (1, 1))
    lowest, highest = control_limits()
    rest = control_defaults()
    at_limit = ((values <= lowest + AT_LIMIT) & (lowest != rest)) | (
        (values >= highest - AT_LIMIT) & (highest != rest)
    )
    return {
        "minimum": values.min(axis=0),
        "maximum": values.max(axis=0),
        "mean": values.mean(axis=0),
        "std": values.std(axis=0),
        "noise": curve_noise(face.values, valid),
        "clipped": at_limit.mean(axis=0),
    }


def curve_noise(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Jitter of every control, ``(controls,)``: the standard deviation of the white noise on it.

    Of white noise, neighbouring third differences are opposed: their covariance is -15 variances. Of motion
    slower than a quarter of the frame rate they go together, so speech does not count as noise, though it can
    hide some. The median of half-second windows, without those in which the control rests. `values` (frames,
    controls).
    """
    bend = np.diff(values.astype(np.float64), n=3, axis=0)
    bend = bend[valid[3:] & valid[2:-1] & valid[1:-2] & valid[:-3]]
    count = len(bend) // _NOISE_WINDOW_FRAMES
    if count == 0:
        return np.zeros(values.shape[1])
    windows = bend[: count * _NOISE_WINDOW_FRAMES].reshape(count, _NOISE_WINDOW_FRAMES, -1)
    opposed = -(windows[:, 1:] * windows[:, :-1]).mean(axis=1)
    moving = np.abs(windows).max(axis=1) > 1e-6
    # Sorted with the resting windows behind all others, the median is a matter of counting.
    ordered = np.sort(np.where(moving, opposed, np.inf), axis=0)
    middle = np.maximum(moving.sum(axis=0) - 1, 0) // 2
    variance = np.take_along_axis(ordered, middle[None], axis=0)[0] / 15
    return np.sqrt(np.where(moving.any(axis=0), np.maximum(variance, 0), 0))


def _measure_face(face: RigCurves, valid: np.ndarray) -> dict[str, Any]:
    measured: dict[str, Any] = {
        "opening": _pose(face, np.flatnonzero(valid)[:_EDGE_FRAMES]),
        "closing": _pose(face, np.flatnonzero(valid)[-_EDGE_FRAMES:]),
        "mouth_range": round(float(np.ptp(mouth_opening(face)[valid])) if valid.any() else 0.0, 4),
    }
    blink = np.stack([face.curve(f"CTRL_{side}_eye_blink.ty") for side in "LR"]).astype(np.float64)
    measured["blinks"] = _blinks(blink.mean(axis=0)[valid])
    measured["blink_symmetry"] = _symmetry(*blink[:, valid])
    smile = [face.curve(f"CTRL_{side}_mouth_cornerPull.ty")[valid].astype(np.float64) for side in "LR"]
    measured["smile_symmetry"] = _symmetry(*smile)
    return measured


def _pose(face: RigCurves, frames: np.ndarray) -> dict[str, Any]:
    """The control that is furthest from rest in these frames, and how far."""
    posed = np.array([control.region not in _NOT_POSED and not is_seal(control) for control in controls()])
    if len(frames) == 0:
        return {"control": "", "value": 0.0}
    away = np.abs(np.median(face.values[frames], axis=0) - control_defaults()) * posed
    worst = int(away.argmax())
    return {"control": face.controls[worst], "value": round(float(away[worst]), 4)}


def is_seal(control: Control) -> bool:
    """Whether a control holds the lips together (see `SEALS`)."""
    return any(part in control.name for part in SEALS)


def _blinks(shut: np.ndarray) -> int:
    count, closed = 0, False
    for value in shut:
        if not closed and value >= BLINK_SHUT:
            count, closed = count + 1, True
        elif closed and value < BLINK_OPEN:
            closed = False
    return count


def _symmetry(left: np.ndarray, right: np.ndarray) -> float | None:
    """Correlation of two sides; None if one does not move."""
    if len(left) < 2 or min(np.ptp(left), np.ptp(right)) < 0.02:
        return None
    return round(float(np.corrcoef(left, right)[0, 1]), 3)


def _longest_run(mask: np.ndarray) -> int:
    return max((last - first for first, last in runs(mask)), default=0)
