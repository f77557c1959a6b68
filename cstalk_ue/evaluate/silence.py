"""Where nobody speaks.

Silence is a run of 0.3 s or longer in which the level stays 35 dB under that of the speech of the same take
(the 95th percentile of all frames) or under -60 dB of full scale; 0.1 s at either end, in which a mouth may
still close or already open, does not count. Knows nothing about phones: recordings have none.
"""

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE

_UNDER_SPEECH_DB, _ALWAYS_QUIET_DB = 35.0, -60.0
_SHORTEST_SECONDS, _EDGE_SECONDS = 0.3, 0.1


def silent_frames(samples: np.ndarray, frames: int, fps: float) -> np.ndarray:
    """Which frames lie in silence, ``(frames,)`` bool.

    Args:
        samples: ``(samples,)`` mono 16 kHz, sample 0 on frame 0.
    """
    edges = np.round(np.arange(frames + 1) * SAMPLE_RATE / fps).astype(np.int64)
    power = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    edges = np.minimum(edges, len(samples))
    length = np.maximum(1, np.diff(edges))
    level = 10 * np.log10(np.diff(power[edges]) / length + 1e-12)
    limit = max(_ALWAYS_QUIET_DB, float(np.percentile(level, 95)) - _UNDER_SPEECH_DB)
    return _long_runs(level < limit, fps)


def _long_runs(quiet: np.ndarray, fps: float) -> np.ndarray:
    """Runs that are long enough, without their edges; the ends of the take have no edge."""
    steps = np.diff(np.concatenate([[0], quiet.astype(np.int8), [0]]))
    kept = np.zeros(len(quiet), dtype=bool)
    edge = round(_EDGE_SECONDS * fps)
    for first, last in zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True):
        if (last - first) / fps >= _SHORTEST_SECONDS:
            kept[first + edge * (first > 0) : last - edge * (last < len(quiet))] = True
    return kept
