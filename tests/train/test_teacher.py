"""Sound, phones, features and curves of a lesson are on one clock."""

import numpy as np
import pytest
import torch

from cstalk_ue.emotion import NEUTRAL
from cstalk_ue.model.speech_encoder import SpeechEncoder, encoder_frames
from cstalk_ue.performer import TimedPhone, frames_of
from cstalk_ue.rig import control_defaults, control_names
from cstalk_ue.train.teacher import FPS, Reel, prepare_lesson, random_emotion, silent_reels, string_reels

CLICK = 0.3
"""Seconds into each line at which a click sounds and the phone P starts."""


def clicking_line(seconds: float) -> tuple[np.ndarray, tuple[TimedPhone, ...]]:
    samples = np.zeros(round(seconds * 16000), dtype=np.float32)
    samples[round(CLICK * 16000)] = 0.5
    phones = (TimedPhone("SIL", 0, CLICK), TimedPhone("P", CLICK, 0.4), TimedPhone("AA", 0.4, seconds))
    return samples, phones


class ClockEncoder(SpeechEncoder):
    """Gives the time of every frame, read off audio whose samples hold their own time."""

    width = 1
    first_frame_seconds = 0.0125

    def forward(self, audio, *, reference=None):
        frames = encoder_frames(audio.shape[1])
        centres = torch.round(
            (torch.arange(frames) / self.frame_rate + self.first_frame_seconds) * 16000
        ).long()
        return audio[:, centres.clamp(max=audio.shape[1] - 1), None]


def test_phones_stay_with_their_sound():
    lines = [clicking_line(seconds) for seconds in (1.0, 2.3, 0.71, 1.9, 3.3, 2.2, 1.234) * 4]
    reels = list(string_reels(lines, seed=3, noise=False))
    starts = 0
    for reel in reels:
        assert len(reel.samples) <= 24 * 16000 and reel.samples.dtype == np.float32
        clicks = np.flatnonzero(np.abs(reel.samples) > 1e-3) / 16000
        named = [phone.start_seconds for phone in reel.phones if phone.phone == "P"]
        assert len(clicks) == len(named)
        assert np.abs(clicks - named).max() < 1e-4
        ends = [phone.end_seconds for phone in reel.phones]
        assert ends == sorted(ends) and ends[-1] <= len(reel.samples) / 16000
        starts += len(named)
    assert starts == len(lines) and len(reels) > 3


def test_reels_are_the_same_for_a_seed_and_noise_hides_no_clipping():
    lines = [clicking_line(2.0)] * 12
    a, b, c = (list(string_reels(lines, seed=seed)) for seed in (1, 1, 2))
    assert all((x.samples == y.samples).all() and x.phones == y.phones for x, y in zip(a, b, strict=True))
    assert any(len(x.samples) != len(y.samples) for x, y in zip(a, c, strict=False))
    assert all(np.abs(reel.samples).max() <= 1 for reel in a)


def test_no_lines_are_no_reels():
    assert list(string_reels([], seed=0)) == []


def test_silent_reels_teach_the_mouth_to_stay_shut():
    """Whatever hiss or hum is heard, the neutral face rests."""
    reels = list(silent_reels(12, seed=1))
    assert all(reel.phones == () and np.abs(reel.samples).max() <= 1 for reel in reels)
    assert any(not reel.samples.any() for reel in reels) and any(reel.samples.any() for reel in reels)
    rest = control_defaults()
    mouth = [column for column, name in enumerate(control_names()) if "jaw" in name or "lips" in name]
    for reel in reels[:4]:
        lesson = prepare_lesson(reel, ClockEncoder(), performances=1, random=np.random.default_rng(0))
        assert np.abs(lesson.targets[0][:, mouth].astype(np.float32) - rest[mouth]).max() < 0.02


def time_reel(seconds: float) -> Reel:
    """Samples that hold their own time, and a mouth that opens at known times."""
    samples = (np.arange(round(seconds * 16000)) / 16000).astype(np.float32)
    phones = []
    for start in np.arange(0.5, seconds - 1, 1.0):
        phones += [TimedPhone("P", start, start + 0.15), TimedPhone("AA", start + 0.15, start + 0.6)]
    return Reel(samples, tuple(phones))


@pytest.mark.parametrize("seconds", [1.0, 3.97, 4.0, 7.77, 19.9])
def test_a_lesson_has_one_row_per_frame(seconds):
    lesson = prepare_lesson(
        time_reel(seconds), ClockEncoder(), performances=3, random=np.random.default_rng(2)
    )
    frames = len(lesson.features)
    assert 0 < frames <= frames_of(round(seconds * 16000), FPS)
    assert lesson.features.shape == (frames, 1)
    assert lesson.targets.shape == (3, frames, 185) and lesson.emotions.shape == (3, frames, 5)
    assert {a.dtype for a in (lesson.features, lesson.targets, lesson.emotions)} == {np.dtype(np.float16)}
    assert (lesson.emotions[0][:, NEUTRAL] == 1).all()
    assert np.allclose(lesson.emotions.sum(axis=-1), 1, atol=2e-3)


def test_a_cut_reel_is_heard_and_seen_from_the_same_moment():
    """Features hold the clock; the curves must be those of the uncut performance at these times."""
    reel = time_reel(8.0)
    whole = None
    offsets = set()
    for seed in range(12):
        lesson = prepare_lesson(reel, ClockEncoder(), performances=1, random=np.random.default_rng(seed))
        clock = lesson.features[:, 0].astype(np.float64)
        offset = round(float(clock[0] - 0.0125) * 30)  # the first frame is held: its centre is 12.5 ms in
        offsets.add(offset)
        # away from the held ends, frame k shows time offset / 30 + k / 30 (float16 near 8 s: 4 ms)
        expected = (offset + np.arange(len(clock))) / 30
        assert np.abs(clock - expected)[2:-2].max() < 0.006
        if offset == 0 and len(clock) == 240:
            whole = lesson.targets[0].astype(np.float32)
    assert whole is not None and len(offsets) > 3
    for seed in range(12):
        lesson = prepare_lesson(reel, ClockEncoder(), performances=1, random=np.random.default_rng(seed))
        offset = round(float(lesson.features[0, 0] - 0.0125) * 30)
        seen = lesson.targets[0].astype(np.float32)
        assert np.abs(seen - whole[offset : offset + len(seen)]).max() < 1e-6


def test_emotions_are_drawn_as_weights_and_sometimes_change():
    random = np.random.default_rng(0)
    drawn = [random_emotion(100, random) for _ in range(200)]
    assert all(w.shape == (100, 5) and (w >= -1e-9).all() and np.allclose(w.sum(axis=1), 1) for w in drawn)
    changing = np.mean([np.ptp(w, axis=0).max() > 1e-6 for w in drawn])
    mixed = np.mean([(w[0] > 1e-6).sum() > 2 for w in drawn])
    assert 0.03 < changing < 0.3 and mixed > 0.1
