"""Correlation, lag and bootstrap intervals; plain numpy on plain series."""

from collections.abc import Sequence

import numpy as np

_FLAT = 1e-6


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson correlation of two series of equal length; NaN if one does not vary, or they are empty."""
    if len(a) == len(b) == 0:
        return float("nan")
    a = np.asarray(a, dtype=np.float64) - np.mean(a)
    b = np.asarray(b, dtype=np.float64) - np.mean(b)
    scale = float(np.sqrt((a @ a) * (b @ b)))
    if min(np.abs(a).max(initial=0), np.abs(b).max(initial=0)) < _FLAT:
        return float("nan")
    return float(a @ b) / scale


def best_lag(reference: np.ndarray, other: np.ndarray, *, reach: int) -> tuple[int, float]:
    """The lag in frames, within +-reach, at which `other` follows `reference` best, and its correlation.

    A lag of 1 says that `other` is one frame late. Lags that leave less than half of the shorter series to
    compare are not tried: two frames always correlate perfectly. (0, NaN) if nothing can be compared.
    """
    least = max(2, min(len(reference), len(other)) / 2)
    pairs = {lag: aligned(reference, other, lag) for lag in range(-reach, reach + 1)}
    scores = {lag: correlation(*pair) for lag, pair in pairs.items() if len(pair[0]) >= least}
    finite = {lag: score for lag, score in scores.items() if np.isfinite(score)}
    if not finite:
        return 0, float("nan")
    lag = max(finite, key=lambda key: finite[key])
    return lag, finite[lag]


def aligned(reference: np.ndarray, other: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Both series cut to their common frames when `other` is `lag` frames late."""
    if lag >= 0:
        length = max(0, min(len(reference), len(other) - lag))
        return reference[:length], other[lag : lag + length]
    length = max(0, min(len(reference) + lag, len(other)))
    return reference[-lag : length - lag], other[:length]


def bootstrap_interval(
    values: Sequence[float], *, share: float = 0.95, draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean, NaNs left out; resampled over the given values (takes)."""
    finite = np.asarray([v for v in values if np.isfinite(v)], dtype=np.float64)
    if len(finite) == 0:
        return float("nan"), float("nan")
    random = np.random.default_rng(seed)
    means = finite[random.integers(len(finite), size=(draws, len(finite)))].mean(axis=1)
    low, high = np.percentile(means, [50 * (1 - share), 50 * (1 + share)])
    return float(low), float(high)


def bootstrap_ratio(
    sums: np.ndarray, weights: np.ndarray, *, share: float = 0.95, draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of ``sums.sum() / weights.sum()``, resampled over takes.

    This is the interval of a mean over frames (or phones) when whole takes, not frames, are independent.

    Args:
        sums, weights: one number per take; the weights are above 0.
    """
    if len(sums) == 0:
        return float("nan"), float("nan")
    random = np.random.default_rng(seed)
    chosen = random.integers(len(sums), size=(draws, len(sums)))
    ratios = np.asarray(sums)[chosen].sum(axis=1) / np.asarray(weights)[chosen].sum(axis=1)
    low, high = np.percentile(ratios, [50 * (1 - share), 50 * (1 + share)])
    return float(low), float(high)
