"""Correlation, lag and bootstrap interval against numpy, scipy and made-up series."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cstalk_ue.evaluate import best_lag, bootstrap_interval, correlation
from cstalk_ue.evaluate.statistics import aligned

series = st.lists(st.floats(-100, 100), min_size=3, max_size=50)


@given(series, st.integers(0, 2**31))
@settings(max_examples=80, deadline=None)
def test_correlation_is_scipys_pearson(values, seed):
    a = np.array(values)
    b = a + np.random.default_rng(seed).normal(0, 10, len(a))
    if np.ptp(a) < 1e-3:
        return
    expected = stats.pearsonr(a, b).statistic
    assert correlation(a, b) == pytest.approx(expected, abs=1e-9)
    assert correlation(b, a) == pytest.approx(correlation(a, b), abs=1e-12)


def test_correlation_is_numpys_on_long_series_and_ignores_scale_and_offset():
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 5000))
    assert correlation(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-12)
    assert correlation(3 * a + 7, -2 * a) == pytest.approx(-1)


def test_correlation_takes_single_precision_without_losing_digits():
    a = np.linspace(0, 1, 1000)
    b = a**2
    single = correlation(a.astype(np.float32) + 1000, b.astype(np.float32))
    assert single == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-4)


def test_what_does_not_vary_has_no_correlation():
    moving = np.arange(5.0)
    assert np.isnan(correlation(moving, np.full(5, 0.3)))
    assert np.isnan(correlation(np.zeros(5), moving))
    assert np.isnan(correlation(np.zeros(0), np.zeros(0)))


@pytest.mark.parametrize("late", [-4, -1, 0, 1, 3])
def test_best_lag_finds_by_how_many_frames_the_other_series_is_late(late):
    walk = np.random.default_rng(1).normal(size=300).cumsum()
    reference, other = walk[20:220], walk[20 - late : 220 - late]  # other[k] = reference[k - late]
    lag, score = best_lag(reference, other, reach=5)
    assert lag == late
    assert score == pytest.approx(1)
    assert best_lag(other, reference, reach=5)[0] == -late


def test_series_aligned_at_a_lag_are_common_frames_of_equal_length():
    a, b = np.arange(10), np.arange(7)
    for lag in range(-12, 13):
        left, right = aligned(a, b, lag)
        assert len(left) == len(right) <= 7
        if len(left):
            assert (right - left == lag).all()


def test_best_lag_takes_a_reach_beyond_the_series_and_does_not_fall_for_short_overlaps():
    """At the ends of the reach two frames are left, and two frames always correlate perfectly."""
    random = np.random.default_rng(4)
    reference = random.normal(size=20)
    other = reference + random.normal(0, 0.3, size=20)
    lag, score = best_lag(reference, other, reach=40)
    assert lag == 0
    assert 0.8 < score < 1


def test_best_lag_of_series_that_do_not_move_is_zero_and_nan():
    lag, score = best_lag(np.zeros(20), np.arange(20.0), reach=3)
    assert lag == 0
    assert np.isnan(score)


def test_a_95_percent_interval_covers_the_mean_in_about_95_percent_of_samples():
    """40 values each; 300 trials put the share within 0.90..0.98 by more than 3 standard errors."""
    random = np.random.default_rng(6)
    hits = 0
    for trial in range(300):
        low, high = bootstrap_interval(random.normal(0.6, 0.2, size=40), draws=400, seed=trial)
        hits += low <= 0.6 <= high
    assert 0.89 <= hits / 300 <= 0.98


def test_the_interval_agrees_with_scipys_percentile_bootstrap():
    values = np.random.default_rng(8).normal(0.7, 0.1, size=60)
    expected = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=4000, random_state=np.random.default_rng(1)
    ).confidence_interval
    low, high = bootstrap_interval(values, draws=4000)
    assert low == pytest.approx(expected.low, abs=0.003)
    assert high == pytest.approx(expected.high, abs=0.003)


def test_the_interval_leaves_nan_out_repeats_itself_and_narrows_with_its_share():
    values = [0.2, 0.5, float("nan"), 0.9, 0.4]
    assert bootstrap_interval(values) == bootstrap_interval([0.2, 0.5, 0.9, 0.4])
    assert bootstrap_interval(values) == bootstrap_interval(values)
    wide, narrow = (bootstrap_interval(values, share=share) for share in (0.95, 0.5))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert bootstrap_interval([0.3]) == (0.3, 0.3)
    assert all(np.isnan(bootstrap_interval([float("nan")])))
    assert all(np.isnan(bootstrap_interval([])))
