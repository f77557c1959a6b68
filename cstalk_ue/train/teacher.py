"""What the bundled model learns from: speech features, and what the performer does over the same speech.

Lines are strung into reels of up to 20 s with pauses between them, as dialogue has them, some in noise; half
of the reels are heard cut off in mid-speech at both ends, as the chunks of a long line are. Reels of mere
silence, noise and hum teach the mouth to stay shut.
Every reel is performed several times in different emotions, intensities, mixtures and keyed tracks. Only
what speech and emotion determine is taught; blinks, darts and head motion are added at prediction.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.emotion import EMOTIONS, NEUTRAL
from cstalk_ue.loudness import speech_gain
from cstalk_ue.model.speech_encoder import SpeechEncoder, resample_features
from cstalk_ue.performer import TimedPhone, frames_of, measure_prosody, perform_face

FPS = 30.0
_REEL_SECONDS = 20.0
_PAUSE_SECONDS = (0.12, 1.1)
_NOISY_SHARE = 0.4
_CUT_SHARE = 0.5
_CUT_GRID_SAMPLES, _CUT_GRID_FRAMES = 1600, 3  # 0.1 s


@dataclass(frozen=True)
class Reel:
    """Some seconds of speech with pauses: samples at 16 kHz and phones."""

    samples: np.ndarray
    phones: tuple[TimedPhone, ...]


@dataclass(frozen=True)
class Lesson:
    """A reel ready for training.

    Attributes:
        features: ``(frames, D)`` float16, speech features at the curve frames.
        targets: ``(performances, frames, 185)`` float16, GUI controls.
        emotions: ``(performances, frames, 5)`` float16.
    """

    features: np.ndarray
    targets: np.ndarray
    emotions: np.ndarray


def string_reels(
    lines: Iterable[tuple[np.ndarray, Sequence[TimedPhone]]], *, seed: int, noise: bool = True
) -> Iterator[Reel]:
    """String lines together in the order given, each at its own level, until a reel is full."""
    random = np.random.default_rng([seed, 11])
    pieces: list[np.ndarray] = []
    phones: list[TimedPhone] = []
    length = 0
    limit = random.uniform(4, _REEL_SECONDS) * SAMPLE_RATE
    for samples, line in lines:
        if pieces and length + len(samples) > limit:
            yield _finish(pieces, phones, random, noise)
            pieces, phones, length = [], [], 0
            limit = random.uniform(4, _REEL_SECONDS) * SAMPLE_RATE
        pause = np.zeros(int(random.uniform(*_PAUSE_SECONDS) * SAMPLE_RATE), dtype=np.float32)
        offset = (length + len(pause)) / SAMPLE_RATE
        gain = 10 ** (random.uniform(-5, 5) / 20) * speech_gain(samples)
        pieces += [pause, samples * np.float32(gain)]
        end = offset + len(samples) / SAMPLE_RATE
        for p in line:
            phones.append(
                TimedPhone(
                    p.phone, min(offset + p.start_seconds, end), min(offset + p.end_seconds, end), p.stress
                )
            )
        length += len(pause) + len(samples)
    if pieces:
        yield _finish(pieces, phones, random, noise)


def prepare_lesson(
    reel: Reel, encoder: SpeechEncoder, *, performances: int, random: np.random.Generator
) -> Lesson:
    """Features of a reel and `performances` of it; the first is neutral."""
    frames = frames_of(len(reel.samples), FPS)
    first, last = _cut(len(reel.samples), random)
    heard = reel.samples[first * _CUT_GRID_SAMPLES : last * _CUT_GRID_SAMPLES]
    seen = slice(first * _CUT_GRID_FRAMES, last * _CUT_GRID_FRAMES)
    with torch.inference_mode():
        features = encoder(torch.from_numpy(heard)[None])
        at_frames = resample_features(
            features, encoder.first_frame_seconds, encoder.frame_rate, seen.stop - seen.start, FPS
        )[0]
    # Noise has no accents, whatever peaks its level has.
    speech = reel.samples if reel.phones else np.zeros_like(reel.samples)
    prosody = measure_prosody(speech, frames, FPS)
    tracks = [_neutral(frames)] + [random_emotion(frames, random) for _ in range(performances - 1)]
    faces = [perform_face(reel.phones, prosody, weights, fps=FPS).values for weights in tracks]
    return Lesson(
        at_frames.numpy().astype(np.float16),
        np.stack(faces)[:, seen].astype(np.float16),
        np.stack(tracks)[:, seen].astype(np.float16),
    )


def silent_reels(count: int, *, seed: int) -> Iterator[Reel]:
    """Reels without speech: digital silence, noise of several colours and levels, mains hum."""
    random = np.random.default_rng([seed, 19])
    for _ in range(count):
        length = int(random.uniform(2, 8) * SAMPLE_RATE)
        kind = random.integers(4)
        sound = random.standard_normal(length)
        if kind == 1:
            sound = np.convolve(sound, np.ones(12) / 4, mode="same")
        if kind == 2:
            hertz = random.choice((50, 60)) * random.integers(1, 4)
            sound = 0.1 * sound + np.sin(2 * np.pi * hertz * np.arange(length) / SAMPLE_RATE)
        level = 0.0 if kind == 3 else 10 ** (random.uniform(-90, -20) / 20)
        samples = (level * sound).astype(np.float32)
        yield Reel(np.clip(samples * np.float32(speech_gain(samples)), -1, 1), ())


def random_emotion(frames: int, random: np.random.Generator) -> np.ndarray:
    """Emotion weights ``(frames, 5)``: one class at some intensity, a mixture, or a keyed change."""
    kind = random.random()
    first = _mixture(random, classes=1 if kind < 0.6 else 2)
    if kind < 0.85:
        return np.tile(first, (frames, 1))
    second = _mixture(random, classes=1)
    middle, span = random.uniform(0, frames), random.uniform(5, 60)
    blend = np.clip((np.arange(frames) - middle) / span + 0.5, 0, 1)[:, None]
    return first + (second - first) * blend


def _cut(samples: int, random: np.random.Generator) -> tuple[int, int]:
    """First and last tenth of a second that is heard: the whole reel, or some of it."""
    tenths = samples // _CUT_GRID_SAMPLES
    if tenths < 40 or random.random() > _CUT_SHARE:
        return 0, tenths
    first, cut_off = (int(n) for n in random.integers(0, 15, size=2))
    return first, tenths - cut_off


def _mixture(random: np.random.Generator, *, classes: int) -> np.ndarray:
    weights = np.zeros(len(EMOTIONS))
    chosen = random.choice(len(EMOTIONS), size=classes, replace=False)
    intensity = 1.0 if random.random() < 0.35 else random.uniform(0.1, 1.0)
    weights[chosen] = random.dirichlet(np.ones(classes)) * intensity
    weights[NEUTRAL] += 1 - weights.sum()
    return weights


def _neutral(frames: int) -> np.ndarray:
    weights = np.zeros((frames, len(EMOTIONS)))
    weights[:, NEUTRAL] = 1
    return weights


def _finish(
    pieces: list[np.ndarray], phones: list[TimedPhone], random: np.random.Generator, noise: bool
) -> Reel:
    tail = np.zeros(int(random.uniform(0.05, 0.8) * SAMPLE_RATE), dtype=np.float32)
    samples = np.concatenate([*pieces, tail])
    if noise:
        quiet = random.random() > _NOISY_SHARE
        snr = random.uniform(45, 60) if quiet else random.uniform(12, 40)
        hiss = random.standard_normal(len(samples)).astype(np.float32)
        if random.random() < 0.5:  # rooms rumble more than they hiss
            hiss = np.convolve(hiss, np.ones(8, dtype=np.float32) / 3, mode="same").astype(np.float32)
        samples = samples + hiss * np.float32(0.1 * 10 ** (-snr / 20))
    peak = float(np.abs(samples).max())
    return Reel((samples / max(1.0, peak)).astype(np.float32), tuple(phones))
