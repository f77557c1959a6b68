"""The level of speech: pauses do not count, scaling does not matter, silence is left alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.audio import SAMPLE_RATE, load_audio
from cstalk_ue.loudness import ACTIVE_LEVEL_DB, active_level_db, speech_gain

BLOCK = 640  # samples of the 40 ms blocks


def speechlike(rng: np.random.Generator, seconds: float, level_db: float = -25.0) -> np.ndarray:
    """Noise in syllables of changing loudness with short gaps, ``(samples,)`` float32."""
    samples = rng.standard_normal(round(SAMPLE_RATE * seconds))
    time = np.arange(len(samples)) / SAMPLE_RATE
    envelope = np.clip(np.sin(2 * np.pi * 3 * time), 0, None) * (1 + 0.5 * np.sin(2 * np.pi * 0.4 * time))
    return (10 ** (level_db / 20) * envelope * samples).astype(np.float32)


def in_db(factor: float) -> float:
    return 20 * np.log10(factor)


def test_a_steady_tone_has_its_own_level():
    """A sine of amplitude 0.1 is 3.01 dB below a square of that amplitude: -23.01 dBFS."""
    tone = 0.1 * np.sin(2 * np.pi * 200 * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
    assert active_level_db(tone.astype(np.float32)) == pytest.approx(-23.01, abs=0.01)


@given(seed=st.integers(0, 50), seconds=st.floats(0.2, 4), level_db=st.floats(-45, -5))
def test_the_gain_brings_speech_to_the_target_level(seed, seconds, level_db):
    """0.01 dB: the gain itself is exact, the samples are float32."""
    samples = speechlike(np.random.default_rng(seed), seconds, level_db)
    level = active_level_db(samples * np.float32(speech_gain(samples)))
    assert level == pytest.approx(ACTIVE_LEVEL_DB, abs=0.01)


@given(seed=st.integers(0, 50), scale_db=st.floats(-15, 15))
def test_a_louder_or_quieter_copy_ends_at_the_same_samples(seed, scale_db):
    samples = speechlike(np.random.default_rng(seed), 1.0)
    scaled = samples * np.float32(10 ** (scale_db / 20))
    assert in_db(speech_gain(samples) / speech_gain(scaled)) == pytest.approx(scale_db, abs=0.01)


@pytest.mark.parametrize("pause_seconds", [0.5, 3, 10])
def test_pauses_do_not_lower_the_level(rng, pause_seconds):
    """Within 1 dB, also when three quarters of the recording are pause."""
    samples = speechlike(rng, 4.0)
    pause = np.zeros(round(pause_seconds * SAMPLE_RATE), dtype=np.float32)
    assert active_level_db(np.concatenate([samples, pause])) == pytest.approx(active_level_db(samples), abs=1)


@pytest.mark.parametrize("samples", [1, 100, BLOCK - 1, BLOCK, BLOCK + 1, 20 * BLOCK])
def test_silence_is_not_amplified(rng, samples):
    silence = np.zeros(samples, dtype=np.float32)
    assert active_level_db(silence) == -np.inf
    assert speech_gain(silence) == 1
    assert speech_gain((1e-5 * rng.standard_normal(samples)).astype(np.float32)) == 1  # -100 dBFS


@pytest.mark.parametrize(("level_db", "gain_db"), [(-70, 30), (20, -20)])
def test_the_gain_has_limits(rng, level_db, gain_db):
    samples = speechlike(rng, 2.0, level_db)
    assert in_db(speech_gain(samples)) == pytest.approx(gain_db)


def test_a_recording_shorter_than_a_block_still_has_a_level():
    assert active_level_db(np.full(100, 0.1, dtype=np.float32)) == pytest.approx(-20)


def test_real_recordings_reach_the_target_level(shared_data):
    recordings = sorted(shared_data.glob("speech/*.wav"))
    assert recordings
    for path in recordings:
        samples = load_audio(path).samples
        assert active_level_db(samples * np.float32(speech_gain(samples))) == pytest.approx(
            ACTIVE_LEVEL_DB, abs=0.01
        ), path.name
