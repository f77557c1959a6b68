"""Measures of a take against what was put into it."""

import json

import numpy as np
import pytest
from checked_sets import clean_takes
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfiltfilt

from cstalk_ue.rig import control_names, neutral_curves, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves
from ingest.quality import STATISTICS, control_statistics, curve_noise, measure_quality
from ingest.sound_quality import bandwidth, clipped_share

JAW = control_names().index("CTRL_C_jaw.ty")


def performance(values, valid=None):
    face = RigCurves(values, control_names(), 30.0, valid=valid)
    return FacePerformance(face, neutral_head(face.frames, 30.0))


def test_measures_are_plain_json_and_short():
    take = clean_takes()[0]
    quality = measure_quality(take.performance, take.samples)
    text = json.dumps(quality, allow_nan=False)
    assert json.loads(text) == quality
    assert len(text) < 10_000
    assert json.dumps(quality, indent=2).count("\n") < 70


def test_statistics_are_those_of_the_valid_frames(rng):
    values = neutral_curves(90, 30.0).values.copy()
    values[:, JAW] = np.clip(rng.normal(0.4, 0.1, 90), 0, 1)
    values[40:50] = 1.0
    valid = np.ones(90, dtype=bool)
    valid[40:50] = False
    quality = measure_quality(performance(values, valid), None)
    statistics = control_statistics(quality)
    assert set(statistics) == set(STATISTICS)
    jaw = values[valid, JAW]
    for name, expected in (
        ("minimum", jaw.min()),
        ("maximum", jaw.max()),
        ("mean", jaw.mean()),
        ("std", jaw.std()),
    ):
        assert statistics[name][JAW] == pytest.approx(expected, rel=1e-3)
    assert quality["valid_share"] == pytest.approx(80 / 90, abs=1e-4)
    assert quality["longest_gap_seconds"] == pytest.approx(10 / 30, abs=1e-4)
    assert quality["face"]["constant"] == 184
    assert quality["sound"] is None


@given(st.floats(0.004, 0.05), st.floats(0.5, 2.0))
@settings(max_examples=30)
def test_noise_is_found_under_motion(noise, hertz):
    """White noise on a moving control is measured within a third; the motion itself is not noise."""
    rng = np.random.default_rng(1)
    times = np.arange(600) / 30
    motion = np.stack([0.2 * np.sin(2 * np.pi * hertz * times), np.zeros(600)], axis=1)
    valid = np.ones(600, dtype=bool)
    assert curve_noise(motion, valid).max() < 1e-3
    noisy = motion + rng.normal(0, noise, motion.shape)
    assert curve_noise(noisy, valid) == pytest.approx(noise, rel=0.33)


def test_speech_is_not_noise():
    """Half of the controls of the performer have next to none, and a thousandth part of noise shows."""
    for take in clean_takes()[::6]:
        clean = measure_quality(take.performance, None)["face"]["noise"]
        moving = np.ptp(take.face.values, axis=0) > 1e-3
        shaken = take.face.values + np.random.default_rng(0).normal(0, 0.01, take.face.values.shape) * moving
        noisy = measure_quality(performance(np.clip(shaken, -1, 1)), None)["face"]["noise"]
        assert clean < 0.001
        assert noisy == pytest.approx(0.01, rel=0.3)


def test_blinks_are_counted():
    values = neutral_curves(300, 30.0).values.copy()
    for side in "LR":
        column = control_names().index(f"CTRL_{side}_eye_blink.ty")
        for start in (30, 100, 101, 200):
            values[start : start + 5, column] = 0.9
    assert measure_quality(performance(values), None)["face"]["blinks"] == 3
    assert measure_quality(performance(values), None)["face"]["blink_symmetry"] == 1.0


def test_what_stands_at_an_end_of_its_range_is_counted_but_rest_is_not():
    values = neutral_curves(100, 30.0).values.copy()
    values[:30, JAW] = 1.0
    clipped = control_statistics(measure_quality(performance(values), None))["clipped"]
    assert clipped[JAW] == pytest.approx(0.3)
    assert np.delete(clipped, JAW).max() == 0


def test_a_mouth_open_in_silence_is_seen_and_one_that_speaks_is_not():
    take = clean_takes()[15]
    speech = measure_quality(take.performance, take.samples)["sound"]
    assert speech["open_mouth_in_silence_seconds"] == 0
    values = np.concatenate([take.face.values, np.tile(take.face.values[-1:], (60, 1))])
    values[-60:, JAW] = 0.4
    longer = np.concatenate([take.samples, np.zeros(32000, dtype=np.float32)])
    silent = measure_quality(performance(values), longer)["sound"]
    # The first 0.3 s after the last sound are not held against it.
    assert silent["open_mouth_in_silence_seconds"] == pytest.approx(2 - 0.3, abs=0.35)


def test_level_noise_and_speech_are_found():
    take = clean_takes()[5]
    sound = measure_quality(take.performance, take.samples)["sound"]
    half = measure_quality(take.performance, take.samples / 2)["sound"]
    assert sound["active_dbfs"] - half["active_dbfs"] == pytest.approx(6.02, abs=0.05)
    rng = np.random.default_rng(0)
    hissing = take.samples + rng.normal(0, 0.02, len(take.samples)).astype(np.float32)
    noisy = measure_quality(take.performance, hissing)["sound"]
    assert noisy["floor_dbfs"] == pytest.approx(20 * np.log10(0.02), abs=1)
    assert noisy["snr_db"] < 25 < sound["snr_db"]
    nothing = measure_quality(take.performance, np.zeros_like(take.samples))["sound"]
    assert nothing["active_dbfs"] is None
    assert nothing["speech_seconds"] == [0, 0]


@given(st.floats(0.2, 0.9))
@settings(max_examples=20)
def test_clipping_is_found_at_any_level_and_not_without(level):
    """Cut at any level, turned down after it or not; untouched speech has none."""
    samples = clean_takes()[0].samples
    peak = np.abs(samples).max()
    cut = np.clip(samples, -0.4 * peak, 0.4 * peak)
    assert clipped_share(samples) == 0
    assert clipped_share(cut / np.abs(cut).max() * level) > 1e-3


@pytest.mark.parametrize("hertz", [2000, 3400, 5500])
def test_bandwidth_is_that_of_a_low_pass(hertz, rng):
    noise = rng.normal(0, 0.1, 48000)
    filtered = sosfiltfilt(butter(12, hertz, fs=16000, output="sos"), noise).astype(np.float32)
    assert bandwidth(filtered) == pytest.approx(hertz, rel=0.2)
    assert bandwidth(noise.astype(np.float32)) == 8000
    assert bandwidth(np.zeros(16000, dtype=np.float32)) == 0


def test_no_valid_frame_is_no_crash():
    take = clean_takes()[0]
    nothing = performance(take.face.values, np.zeros(take.face.frames, dtype=bool))
    quality = measure_quality(nothing, take.samples)
    assert quality["face"]["constant"] == 185
    assert quality["valid_share"] == 0
    one = RigCurves(take.face.values[:1], control_names(), 30.0)
    measure_quality(FacePerformance(one, neutral_head(1, 30.0)), take.samples[:533])
