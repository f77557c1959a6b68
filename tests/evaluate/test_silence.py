"""Silence in a recording: found by level, in runs, without its edges."""

import numpy as np
import pytest
from performed_samples import SAMPLES

from cstalk_ue.audio import load_audio
from cstalk_ue.evaluate.silence import silent_frames
from cstalk_ue.performer import read_phones

FPS = 30.0


def speech(*parts: tuple[float, float], seed: int = 0) -> np.ndarray:
    """Noise at so many dB of full scale for so many seconds each."""
    random = np.random.default_rng(seed)
    return np.concatenate(
        [10 ** (level / 20) * random.standard_normal(round(16000 * seconds)) for seconds, level in parts]
    ).astype(np.float32)


def test_a_pause_is_silent_without_a_tenth_of_a_second_at_either_end():
    samples = speech((1.0, -20), (1.0, -70), (1.0, -20))
    found = np.flatnonzero(silent_frames(samples, 90, FPS))
    assert (found[0], found[-1]) == (33, 56)


@pytest.mark.parametrize(("seconds", "silent"), [(0.25, False), (0.4, True)])
def test_short_gaps_between_words_are_no_silence(seconds, silent):
    samples = speech((1.0, -20), (seconds, -70), (1.0, -20))
    assert silent_frames(samples, round((2 + seconds) * FPS), FPS).any() == silent


def test_quiet_speech_is_not_silence_and_a_noisy_room_still_has_some():
    assert not silent_frames(speech((1, -20), (1, -45), (1, -20)), 90, FPS).any()
    assert silent_frames(speech((1, -15), (1, -58), (1, -15)), 90, FPS).any()


def test_a_take_of_nothing_is_all_silence():
    assert silent_frames(np.zeros(16000, dtype=np.float32), 30, FPS).all()


def test_where_a_sample_is_silent_no_phone_is_spoken():
    for wav in sorted(SAMPLES.glob("*.wav")):
        samples = load_audio(wav).samples
        frames = int(len(samples) / 16000 * FPS)
        silent = silent_frames(samples, frames, FPS)
        times = (np.arange(frames) + 0.5) / FPS
        for phone in read_phones(wav.with_name(f"{wav.stem}.phones.csv")):
            if phone.phone != "SIL":
                inside = (times > phone.start_seconds) & (times < phone.end_seconds)
                assert not (silent & inside).any(), (wav.name, phone)
