"""Frames come from the rows around them, and gaps are not papered over."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import interp1d

from ingest.resampling import frame_count, sample_rows

PERIOD = 1 / 60


@given(st.lists(st.floats(0.008, 0.03), min_size=1, max_size=200))
def test_without_gaps_it_is_linear_interpolation(steps):
    seconds = np.concatenate(([0], np.cumsum(steps)))
    values = np.column_stack((np.sin(seconds), seconds))
    frames = sample_rows(seconds, values, np.ones(len(seconds), bool), period=0.02)
    wanted = np.arange(len(frames.values)) / 30
    inside = wanted <= seconds[-1]
    expected = interp1d(seconds, values, axis=0)(wanted[inside])
    # A frame as near as a row may be to it takes the row: 33 microseconds at most.
    np.testing.assert_allclose(frames.values[inside], expected, atol=4e-5)
    assert frames.valid.all()
    assert len(frames.values) == frame_count(seconds[-1])
    assert (len(frames.values) - 1) / 30 <= seconds[-1] + 1e-3 / 30


@pytest.mark.parametrize("rows", [1, 2, 30, 31, 901])
def test_30_fps_rows_are_frames_even_with_rounded_times(rows):
    seconds = (np.arange(rows) / 30 * 60000).round() / 60000
    values = np.random.default_rng(0).uniform(size=(rows, 3))
    frames = sample_rows(seconds, values, np.ones(rows, bool), period=1 / 30)
    np.testing.assert_array_equal(frames.values, values.astype(np.float32))
    assert frames.valid.all()
    assert frames.filled == 0


@pytest.mark.parametrize(("lost", "held"), [(1, True), (4, True), (5, True), (6, False), (60, False)])
def test_gaps_are_filled_up_to_a_tenth_of_a_second(lost, held):
    """Five rows lost at 60 fps leave 6 / 60 s = 0.1 s between the rows around them."""
    seconds = np.arange(240) * PERIOD
    captured = np.ones(240, bool)
    captured[101 : 101 + lost] = False
    values = seconds[:, None] * 1.0
    values[~captured] = -9
    frames = sample_rows(seconds, values, captured, period=PERIOD)
    within = (np.arange(120) / 30 > 100 * PERIOD + 1e-6) & (
        np.arange(120) / 30 < (101 + lost) * PERIOD - 1e-6
    )
    assert within.any() or lost == 1
    np.testing.assert_array_equal(frames.valid, ~within | held)
    assert frames.filled == (within.sum() if held else 0)
    np.testing.assert_allclose(frames.values[:, 0], np.arange(120) / 30, atol=1e-6)


def test_a_row_that_is_there_is_valid_on_both_sides_of_a_gap():
    seconds = np.arange(60) * PERIOD
    captured = np.ones(60, bool)
    captured[11:30] = False  # frame 5 is row 10, frame 15 is row 30
    frames = sample_rows(seconds, np.zeros((60, 1)), captured, period=PERIOD)
    assert np.flatnonzero(~frames.valid).tolist() == list(range(6, 15))


def test_nothing_is_extrapolated():
    seconds = np.arange(60) * PERIOD
    captured = np.zeros(60, bool)
    captured[20:40] = True
    frames = sample_rows(seconds, seconds[:, None], captured, period=PERIOD)
    assert len(frames.values) == 30
    assert np.flatnonzero(frames.valid).tolist() == list(range(10, 20))
    np.testing.assert_allclose(frames.values[:10, 0], seconds[20], atol=1e-6)
    np.testing.assert_allclose(frames.values[20:, 0], seconds[39], atol=1e-6)


def test_slow_captures_have_no_gaps_between_their_rows():
    seconds = np.arange(20) / 8
    frames = sample_rows(seconds, np.zeros((20, 1)), np.ones(20, bool), period=1 / 8)
    assert frames.valid.all()


@given(st.integers(0, 100000))
def test_the_rule_for_the_number_of_frames(ticks):
    assert frame_count(ticks / 60000) == math.floor(ticks / 60000 * 30 + 0.001) + 1
