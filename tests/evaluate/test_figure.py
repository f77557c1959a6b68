"""Figures: weighted means over takes, their intervals, and what they say about themselves."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.evaluate.figure import NOTHING, Measure, TakeValue, pool
from cstalk_ue.evaluate.measures import CLOSURE_MEASURES, SCORE_DISTANCE, control_measures, point_measures
from cstalk_ue.evaluate.statistics import bootstrap_ratio
from cstalk_ue.rig import region_names

MEASURE = Measure("x", "X", "Some x.", "mm", "made up", "mean over frames")


def test_a_figure_is_the_mean_over_all_frames_not_the_mean_of_the_takes():
    """As the paper: "the average of l2 error in all frames in the test set"."""
    figure = pool(MEASURE, [TakeValue(1.0, 100), TakeValue(4.0, 300)])
    assert figure.value == pytest.approx(3.25)
    assert (figure.takes, figure.weight) == (2, 400)


takes = st.lists(st.tuples(st.floats(0, 100), st.integers(1, 500)), min_size=1, max_size=12)


@given(takes)
def test_the_interval_contains_the_value_and_lies_between_the_smallest_and_largest_take(rows):
    figure = pool(MEASURE, [TakeValue(*row) for row in rows], draws=200)
    values = [value for value, _ in rows]
    slack = 1e-9 * (1 + max(values))
    assert min(values) - slack <= figure.low <= figure.high <= max(values) + slack
    if len(set(values)) == 1:
        assert figure.low == pytest.approx(figure.value) == pytest.approx(figure.high)


def test_takes_with_nothing_to_measure_are_left_out():
    values = [TakeValue(2.0, 10), NOTHING, TakeValue(math.nan, 5), TakeValue(7.0, 0)]
    figure = pool(MEASURE, values)
    assert (figure.value, figure.takes) == (2.0, 1)


def test_a_figure_of_nothing_is_no_number_and_null_in_json():
    figure = pool(MEASURE, [NOTHING])
    assert math.isnan(figure.value) and figure.takes == 0
    data = json.loads(json.dumps(figure.to_json(), allow_nan=False))
    assert data["value"] is None and data["interval_95"] == [None, None]


def test_a_95_percent_interval_of_a_mean_over_frames_covers_it_in_about_95_percent_of_test_sets():
    """Takes of 120 to 270 frames whose errors differ from take to take; whole takes are what is independent.

    60 takes, 300 trials: 3 standard errors of a share of 0.94 are 0.04.
    """
    random, hits = np.random.default_rng(11), 0
    for trial in range(300):
        weights = random.integers(120, 271, size=60).astype(float)
        values = random.gamma(4.0, 0.5, size=60)
        low, high = bootstrap_ratio(values * weights, weights, draws=400, seed=trial)
        hits += low <= 2.0 <= high
    assert 0.89 <= hits / 300 <= 0.98


def test_resampling_frames_instead_of_takes_would_be_far_too_sure():
    """The reason for the bootstrap over takes: 20 takes with errors of their own, constant inside."""
    random = np.random.default_rng(3)
    values, weights = random.normal(2, 0.5, 20), np.full(20, 150.0)
    low, high = bootstrap_ratio(values * weights, weights)
    frames = np.repeat(values, 150)
    naive_low, naive_high = bootstrap_ratio(frames, np.ones(len(frames)), draws=300)
    assert high - low > 5 * (naive_high - naive_low)


def test_every_measure_says_what_it_is_and_no_key_is_used_twice():
    every = (*point_measures("x"), *CLOSURE_MEASURES, SCORE_DISTANCE, *control_measures(region_names()))
    keys = [measure.key for measure in every]
    assert len(set(keys)) == len(keys)
    for measure in every:
        assert measure.definition.endswith(".") and measure.unit and measure.space and measure.pooling
        assert measure.better in ("lower", "higher", "zero")


def test_printed_a_figure_carries_unit_space_pooling_and_interval():
    text = str(pool(MEASURE, [TakeValue(1.5, 10), TakeValue(2.5, 10)]))
    for part in ("2 mm", "made up", "mean over frames", "2 takes", "95 %"):
        assert part in text
