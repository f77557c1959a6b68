"""Loudness, pitch and accents of made-up tones, and the smoothing they are built from."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from cstalk_ue.performer.prosody import bumps, measure_prosody, smooth

FPS = 30
SYLLABLE, GAP = 0.3, 0.3


def tones(hertz: list[float], levels: list[float]) -> np.ndarray:
    """Syllables of a few harmonics, one every 0.6 s from 0.3 s on, after and before a pause."""
    times = np.arange(int(SYLLABLE * 16000)) / 16000
    envelope = np.sin(np.pi * times / SYLLABLE) ** 0.5
    pieces = [np.zeros(int(GAP * 16000))]
    for pitch, level in zip(hertz, levels, strict=True):
        voice = sum(np.sin(2 * np.pi * pitch * k * times) / k for k in (1, 2, 3))
        pieces += [level * envelope * voice, np.zeros(int(GAP * 16000))]
    return np.concatenate(pieces).astype(np.float32)


def frame_of(syllable: int) -> int:
    """Frame in the middle of a syllable."""
    return round((GAP + syllable * (SYLLABLE + GAP) + SYLLABLE / 2) * FPS)


def measure(samples: np.ndarray):
    return measure_prosody(samples, len(samples) * FPS // 16000, FPS)


def test_loudness_is_one_at_the_loud_level_and_zero_35_db_below():
    prosody = measure(tones([150] * 5, [0.3, 0.3, 0.03, 0.3, 0.3]))
    assert prosody.loudness[frame_of(0)] > 0.95
    assert prosody.loudness[frame_of(2)] == pytest.approx(1 - 20 / 35, abs=0.05)  # 20 dB down
    assert prosody.loudness[0] == 0


def test_the_louder_syllable_is_accented():
    accent = measure(tones([150] * 7, [0.1, 0.1, 0.1, 0.3, 0.1, 0.1, 0.1])).accent
    at = [accent[frame_of(k)] for k in range(7)]
    assert at[3] > 0.9
    assert max(at[:3] + at[4:]) < 0.5 * at[3]


def test_the_higher_syllable_is_accented():
    accent = measure(tones([140, 140, 140, 190, 140, 140, 140], [0.2] * 7)).accent
    at = [accent[frame_of(k)] for k in range(7)]
    assert at[3] > 0.9
    assert max(at[:3] + at[4:]) < 0.5 * at[3]


def test_pitch_is_semitones_above_the_median_and_zero_where_unvoiced():
    prosody = measure(tones([120, 120, 120, 180, 120], [0.2] * 5))
    assert prosody.pitch[frame_of(0)] == pytest.approx(0, abs=0.3)
    assert prosody.pitch[frame_of(3)] == pytest.approx(12 * np.log2(1.5), abs=0.3)
    assert not prosody.pitch[prosody.voiced == 0].any()
    assert prosody.voiced[frame_of(1)] == 1
    assert prosody.voiced[0] == 0


def test_every_measure_is_one_number_per_frame_and_in_range(real_lines):
    for line in real_lines[:6]:
        prosody = measure(line.samples)
        frames = len(line.samples) * FPS // 16000
        for track in (prosody.loudness, prosody.pitch, prosody.voiced, prosody.accent):
            assert track.shape == (frames,)
            assert track.dtype == np.float32
        assert 0 <= prosody.loudness.min() <= prosody.loudness.max() <= 1
        assert 0 <= prosody.accent.min() <= prosody.accent.max() <= 1
        assert np.abs(prosody.pitch).max() <= 9


def test_accents_are_at_least_0_45_seconds_apart(long_line):
    piece = long_line.samples[: 60 * 16000]
    accent = measure(piece).accent
    peaks = np.flatnonzero((accent[1:-1] > accent[:-2]) & (accent[1:-1] >= accent[2:])) + 1
    assert 20 < len(peaks) < 90  # a minute of reading
    assert np.diff(peaks).min() >= 0.45 * FPS - 1


def test_silence_has_no_loudness_pitch_or_accent():
    prosody = measure(np.zeros(32000, dtype=np.float32))
    for track in (prosody.loudness, prosody.pitch, prosody.voiced, prosody.accent):
        assert not track.any()


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=80), st.floats(0.001, 0.5), st.floats(10, 120)
)
@example([0.0, 1.0], 0.2, 10.0)
@settings(max_examples=60, deadline=None)
def test_smooth_is_scipys_gaussian_with_held_edges_and_never_overshoots(values, sigma, fps):
    curve = np.array(values)
    result = smooth(curve, sigma, fps)
    frames = sigma * fps  # multiplied in this order: 3 * 0.2 * 10 is a hair above 6, and a frame wider
    reach = max(1, int(np.ceil(3 * frames)))
    expected = gaussian_filter1d(curve, frames, mode="nearest", radius=reach)
    np.testing.assert_allclose(result, expected, atol=1e-9)
    assert curve.min() - 1e-9 <= result.min() <= result.max() <= curve.max() + 1e-9


def test_smooth_works_per_column():
    curve = np.random.default_rng(2).normal(size=(50, 3))
    result = smooth(curve, 0.1, FPS)
    for column in range(3):
        np.testing.assert_array_equal(result[:, column], smooth(curve[:, column], 0.1, FPS))


@given(
    st.lists(st.tuples(st.floats(0, 10), st.floats(0, 1)), max_size=6),
    st.floats(0.05, 1),
    st.floats(0.05, 1),
)
@settings(max_examples=80, deadline=None)
def test_bumps_are_as_high_as_the_highest_and_end_where_they_should(peaks, rise, fall):
    times = np.linspace(0, 10, 401)
    centres, heights = (np.array([peak[k] for peak in peaks]) for k in (0, 1))
    curve = bumps(times, centres, heights, rise, fall)
    assert curve.min() >= 0
    assert curve.max() <= heights.max(initial=0) + 1e-12
    outside = np.ones(len(times), dtype=bool)
    for centre in centres:
        outside &= (times <= centre - rise) | (times >= centre + fall)
    assert np.abs(curve[outside]).max(initial=0) < 1e-12


def test_a_bump_is_highest_at_its_centre_and_half_as_high_half_way_up():
    times = np.linspace(0, 2, 201)
    curve = bumps(times, np.array([1.0]), np.array([0.8]), 0.2, 0.4)
    assert curve[100] == pytest.approx(0.8)
    assert curve[90] == curve[120] == pytest.approx(0.4)
