"""The level of the speech in a recording, pauses left out, so that quiet and loud takes are read alike.

Like ITU-T P.56's active speech level in intent, simpler in form: the mean power of those 40 ms blocks that
are within 30 dB of the loud ones.
"""

import numpy as np

ACTIVE_LEVEL_DB = -20.0
"""Level the speech encoder is trained at, dBFS."""
_BLOCK_SAMPLES = 640
_ACTIVE_RANGE_DB = 30.0
_LARGEST_GAIN_DB, _SMALLEST_GAIN_DB = 30.0, -20.0
_SILENT_DB = -75.0


def active_level_db(samples: np.ndarray) -> float:
    """Active speech level in dBFS of ``(samples,)`` at 16 kHz; -inf if there is nothing but silence."""
    whole = len(samples) // _BLOCK_SAMPLES * _BLOCK_SAMPLES
    blocks = samples[:whole].reshape(-1, _BLOCK_SAMPLES) if whole else samples[None]
    power = np.einsum("bs,bs->b", blocks, blocks, dtype=np.float64) / blocks.shape[1]
    loud = float(np.percentile(power, 95))
    if 10 * np.log10(max(loud, 1e-30)) < _SILENT_DB:
        return float("-inf")
    active = power[power >= loud * 10 ** (-_ACTIVE_RANGE_DB / 10)]
    return float(10 * np.log10(active.mean()))


def speech_gain(samples: np.ndarray) -> float:
    """Factor that brings the active level to `ACTIVE_LEVEL_DB`, within -20..30 dB; 1 for silence."""
    level = active_level_db(samples)
    if not np.isfinite(level):
        return 1.0
    return float(10 ** (np.clip(ACTIVE_LEVEL_DB - level, _SMALLEST_GAIN_DB, _LARGEST_GAIN_DB) / 20))
