"""Mouth opening and loudness of a take at the frame rate of its curves: what sync and quality compare.

Knows nothing about takes, lags or verdicts (see sync.py, quality.py).
"""

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.take import RigCurves

_LIP_SHARE = 0.25  # of the opening: a raised or lowered lip parts the lips a quarter as far as the jaw does
_LEVEL_SECONDS = 0.04
_SILENT_DB = -100.0


def mouth_opening(face: RigCurves, *, sealed: bool = True) -> np.ndarray:
    """Opening of the mouth, ``(frames,)`` float64: 1 = fully open jaw, 0 = closed.

    Args:
        face: curves with the jaw and lip controls of the rig.
        sealed: lips that are pressed together close what the jaw opens. False gives the smoother motion of
            jaw and lips alone, which follows the loudness more closely.
    """
    opening = face.curve("CTRL_C_jaw.ty") + _LIP_SHARE * (
        _both(face, "CTRL_{}_mouth_upperLipRaise.ty") + _both(face, "CTRL_{}_mouth_lowerLipDepress.ty")
    )
    if sealed:
        together = (
            _both(face, "CTRL_{}_mouth_lipsTogetherU.ty") + _both(face, "CTRL_{}_mouth_lipsTogetherD.ty")
        ) / 2
        opening *= 1 - np.clip(together, 0, 1)
    return opening


def _both(face: RigCurves, pattern: str) -> np.ndarray:
    return (face.curve(pattern.format("L")).astype(np.float64) + face.curve(pattern.format("R"))) / 2


def frame_levels(samples: np.ndarray, frames: int, fps: float) -> np.ndarray:
    """RMS level in dBFS around the middle of every frame's period, ``(frames,)`` float64, at least -100.

    Frame k lasts from k / fps to (k + 1) / fps. Where there are no samples it is silent.
    """
    power = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    middle = (np.arange(frames) + 0.5) / fps * SAMPLE_RATE
    half = _LEVEL_SECONDS / 2 * SAMPLE_RATE
    first, last = (
        np.clip(np.round(edge), 0, len(samples)).astype(np.int64) for edge in (middle - half, middle + half)
    )
    mean = (power[last] - power[first]) / (_LEVEL_SECONDS * SAMPLE_RATE)
    return 10 * np.log10(np.maximum(mean, 10 ** (_SILENT_DB / 10)))
