"""Curves keep their names, clock and gaps; a performance is one clock for face and head."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import CurveFormatError
from cstalk_ue.take import FacePerformance, RigCurves, Take

RATES = st.sampled_from([23.976, 24, 25, 29.97, 30, 48, 50, 60, 100, 120])


def ramp(frames: int, fps: float, *, start_seconds: float = 0.0) -> RigCurves:
    """Two controls: the time in seconds, and minus twice that."""
    seconds = start_seconds + np.arange(frames) / fps
    return RigCurves(np.stack([seconds, -2 * seconds], axis=1), ("a", "b"), fps, start_seconds)


def random_curves(rng: np.random.Generator, frames: int, fps: float) -> RigCurves:
    return RigCurves(rng.uniform(-1, 1, (frames, 3)), ("a", "b", "c"), fps, 0.25, rng.random(frames) < 0.7)


# RigCurves


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": np.zeros((0, 2))}, "at least one frame"),
        ({"values": np.zeros(2)}, "expected"),
        ({"values": np.zeros((3, 1))}, "one name per column"),
        ({"controls": ("a", "a")}, "twice: a"),
        ({"values": [[0, math.nan]]}, "b is nan at frame 0"),
        ({"values": [[0, 0], [math.inf, 0]]}, "a is inf at frame 1"),
        ({"values": [[0, 1e39]]}, "b is inf"),
        ({"fps": 0}, "fps is 0"),
        ({"fps": -30}, "fps is -30"),
        ({"fps": math.nan}, "fps is nan"),
        ({"fps": math.inf}, "fps is inf"),
        ({"start_seconds": math.nan}, "start time"),
        ({"valid": [True, True]}, "validity mask"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_curves_that_make_no_sense_are_refused(change, message):
    good = {"values": np.zeros((1, 2)), "controls": ("a", "b"), "fps": 30.0}
    RigCurves(**good)
    with pytest.raises(CurveFormatError, match=message):
        RigCurves(**(good | change))


def test_curves_cannot_be_changed_from_outside():
    values = np.zeros((2, 1), dtype=np.float32)
    valid = np.ones(2, dtype=bool)
    curves = RigCurves(values, ("a",), 30, valid=valid)
    values[0], valid[0] = 5, False
    assert curves.values[0] == 0
    assert curves.valid[0]
    for array in (curves.values, curves.valid, curves.curve("a")):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_frame_k_is_at_the_start_time_plus_k_frame_periods():
    curves = ramp(4, 24, start_seconds=2)
    np.testing.assert_allclose(curves.times, [2, 2 + 1 / 24, 2 + 2 / 24, 2 + 3 / 24])
    assert (curves.frames, curves.duration_seconds) == (4, 4 / 24)


def test_a_control_is_addressed_by_name():
    curves = ramp(3, 30)
    assert curves.index("b") == 1
    np.testing.assert_array_equal(curves.curve("b"), curves.values[:, 1])
    assert curves.select(["b"]).controls == ("b",)
    with pytest.raises(CurveFormatError, match="'jaw'"):
        curves.curve("jaw")
    with pytest.raises(CurveFormatError, match="'jaw'"):
        curves.select(["a", "jaw"])


def test_selecting_and_replacing_keep_clock_and_mask(rng):
    curves = random_curves(rng, 5, 24)
    for other in (curves.select(["c", "a"]), curves.replace(values=-curves.values)):
        assert (other.fps, other.start_seconds, other.valid.tolist()) == (24, 0.25, curves.valid.tolist())


# Another frame rate


@given(frames=st.integers(1, 400), fps=RATES, other=RATES)
def test_resampling_keeps_the_start_and_the_duration_within_a_frame(frames, fps, other):
    curves = ramp(frames, fps, start_seconds=1.5).resample(other)
    assert (curves.fps, curves.start_seconds, curves.controls) == (other, 1.5, ("a", "b"))
    assert abs(curves.duration_seconds - frames / fps) < 1 / other
    np.testing.assert_array_equal(curves.values[0], np.float32([1.5, -3]))


@given(frames=st.integers(1, 400), fps=RATES, other=RATES, seed=st.integers(0, 99))
def test_resampling_equals_numpys_interpolation_in_time(frames, fps, other, seed):
    """1e-5: a position among 400 frames is a float64, its value a float32."""
    curves = random_curves(np.random.default_rng(seed), frames, fps)
    resampled = curves.resample(other)
    for name in curves.controls:
        expected = np.interp(resampled.times, curves.times, curves.curve(name))
        np.testing.assert_allclose(resampled.curve(name), expected, atol=1e-5, rtol=0)


def test_resampling_to_the_same_rate_changes_nothing(rng):
    curves = random_curves(rng, 20, 29.97)
    assert curves.resample(29.97) is curves


@given(factor=st.integers(2, 5), frames=st.integers(1, 100), seed=st.integers(0, 99))
def test_a_whole_multiple_of_the_rate_and_back_gives_the_same_values(factor, frames, seed):
    curves = random_curves(np.random.default_rng(seed), frames, 24)
    back = curves.resample(24 * factor).resample(24)
    np.testing.assert_allclose(back.values, curves.values, atol=1e-6, rtol=0)


@given(
    frames=st.integers(1, 200),
    fps=st.sampled_from([24, 25, 30, 50, 60]),
    other=st.sampled_from([24, 25, 30, 50, 60, 100, 120]),
    seed=st.integers(0, 99),
)
def test_a_resampled_frame_is_valid_only_if_all_it_is_made_from_is(frames, fps, other, seed):
    """Against exact fractions: a frame that falls on an input frame depends on that one alone."""
    curves = random_curves(np.random.default_rng(seed), frames, fps)
    resampled = curves.resample(other)
    for k, valid in enumerate(resampled.valid):
        position = min(Fraction(k * fps, other), Fraction(frames - 1))
        assert valid == all(curves.valid[i] for i in {math.floor(position), math.ceil(position)}), k


@pytest.mark.parametrize("fps", [0, -1, math.nan, math.inf])
def test_resampling_to_no_rate_at_all_is_refused(fps):
    with pytest.raises(CurveFormatError, match="fps"):
        ramp(3, 30).resample(fps)


# Take


@pytest.mark.parametrize("audio", [np.zeros(0), np.zeros((2, 2)), [0.0, math.nan]])
def test_a_take_refuses_audio_that_is_not_mono_samples(audio):
    with pytest.raises(CurveFormatError, match="take audio"):
        Take(ramp(2, 30), EmotionTrack.constant("sad"), audio)


def test_a_take_keeps_its_own_copy_of_the_audio():
    samples = np.zeros(3)
    take = Take(ramp(2, 30), EmotionTrack.constant("sad"), samples)
    samples[0] = 1
    assert take.audio.tolist() == [0, 0, 0]
    assert take.audio.dtype == np.float32
    assert not take.audio.flags.writeable


def test_a_take_may_be_without_audio():
    assert Take(ramp(2, 30), EmotionTrack.constant("sad")).audio is None


# FacePerformance


@pytest.mark.parametrize("head", [ramp(3, 30), ramp(2, 24), ramp(2, 30, start_seconds=0.1)])
def test_a_face_and_a_head_on_different_clocks_are_refused(head):
    with pytest.raises(CurveFormatError, match="one clock"):
        FacePerformance(ramp(2, 30), head)


@given(frames=st.integers(1, 100), fps=RATES, other=RATES)
def test_face_and_head_are_resampled_together(frames, fps, other):
    performance = FacePerformance(ramp(frames, fps), ramp(frames, fps)).resample(other)
    assert performance.fps == other
    assert performance.frames == performance.head.frames
