"""Thinned keys stay within the tolerance at every frame, in one pass."""

import array
import time

import numpy as np
import pytest
from cstalk_thin import frame_times, kept_frames, keys_of
from hypothesis import example, given
from hypothesis import strategies as st

finite = st.floats(-200, 200, width=32)


def dense(times, key_times, key_values) -> np.ndarray:
    return np.interp(np.asarray(times, "f8"), np.asarray(key_times, "f8"), np.asarray(key_values, "f8"))


@given(
    values=st.lists(st.one_of(finite, st.sampled_from([0.0, 0.5, 1.0])), min_size=1, max_size=200),
    tolerance=st.floats(1e-6, 10),
)
@example(values=[0.0] * 50 + [1.0] * 50, tolerance=1e-4)
@example(values=[0.0, 1e-7] * 20, tolerance=1e-7)
def test_every_frame_is_within_the_tolerance(values, tolerance):
    times, values = frame_times(len(values), 30), array.array("f", values)
    kept = kept_frames(times, values, tolerance)
    assert kept == sorted(set(kept))
    assert {0, len(values) - 1} <= set(kept)
    key_times, key_values = keys_of(times, values, tolerance)
    error = np.abs(dense(times, key_times, key_values) - np.asarray(values)).max()
    assert error <= tolerance + 1e-12 * max(1, *(abs(v) for v in values)) * 4


def test_the_bound_holds_ten_minutes_in_where_float32_times_are_coarse(rng):
    """Steep lines over times off by 0.03 ms would cross 1e-4 if frames were taken as evenly spaced."""
    frames = 18000
    values = array.array("f", np.abs(np.sin(np.arange(frames) * 0.7)).astype("f4"))
    values[9000:] = array.array("f", np.tile([0, 0.5, 1, 0.5], 2250).astype("f4"))
    times = frame_times(frames, 30)
    key_times, key_values = keys_of(times, values, 1e-4)
    assert np.abs(dense(times, key_times, key_values) - np.asarray(values)).max() <= 1e-4
    assert len(key_times) < frames


@pytest.mark.parametrize("values", [[0.5] * 1000, list(np.linspace(0, 1, 1000, dtype="f4"))])
def test_a_straight_line_needs_two_keys(values):
    times = frame_times(1000, 30)
    assert kept_frames(times, array.array("f", values), 1e-4) == [0, 999]


def test_tolerance_0_keeps_every_frame_as_it_is():
    times, values = frame_times(5, 30), array.array("f", [0, 0, 0, 0, 0])
    assert keys_of(times, values, 0) == (times, values)


def test_a_larger_tolerance_never_needs_many_more_keys(rng):
    values = array.array("f", np.cumsum(rng.normal(0, 0.01, 3000)).astype("f4"))
    times = frame_times(3000, 30)
    counts = [len(kept_frames(times, values, t)) for t in (1e-4, 1e-3, 1e-2, 1e-1)]
    assert counts == sorted(counts, reverse=True)


def test_linear_time(rng):
    """Ten times the frames takes about ten times as long: no worse than thirty, on a busy machine."""

    def seconds(frames: int) -> float:
        values = array.array("f", rng.uniform(0, 1e-5, frames).astype("f4"))
        times = frame_times(frames, 30)
        best = min(timed(lambda: kept_frames(times, values, 1e-4)) for _ in range(3))
        return best

    def timed(call) -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    assert seconds(30000) < 30 * seconds(3000)


def test_frame_times_are_what_the_engine_stores():
    assert frame_times(3, 30).tobytes() == np.array([0, 1 / 30, 2 / 30], "f4").tobytes()
