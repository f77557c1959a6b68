"""Loudness, pitch and accents of a line, at the frame rate of the curves.

The part of a performance that needs no phones: brows rise and the head nods on accents (Cavé et al. 1996,
Munhall et al. 2004), and the jaw opens further in loud vowels. Knows nothing about controls.
"""

from dataclasses import dataclass

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE

_LOUDNESS_RANGE_DB = 35.0
_STEADY_DB = 6.0  # noise and hum vary less, speech far more; they have no accents, whatever peaks they have
_PITCH_LOW_HZ, _PITCH_HIGH_HZ = 65.0, 400.0
_BLOCK_SECONDS = 20
_ACCENT_SPACING_SECONDS = 0.45
_ACCENT_RISE_SECONDS, _ACCENT_FALL_SECONDS = 0.14, 0.3


@dataclass(frozen=True)
class Prosody:
    """Prosody per curve frame, all ``(frames,)`` float32.

    Attributes:
        loudness: 0 at 35 dB below the line's loud level (its 95th percentile) or lower, 1 at that level.
        pitch: semitones above the line's median, 0 where unvoiced.
        voiced: 1 where there is a pitch.
        accent: 0..1, a bump over each accented syllable.
    """

    loudness: np.ndarray
    pitch: np.ndarray
    voiced: np.ndarray
    accent: np.ndarray


def measure_prosody(samples: np.ndarray, frames: int, fps: float) -> Prosody:
    """Measure a line at frame times k / fps.

    Args:
        samples: ``(samples,)`` mono 16 kHz in -1..1.
        frames: number of curve frames wanted.
        fps: their rate.
    """
    level = _level_db(samples, frames, fps)
    audible = level[level > -70]
    loud = np.percentile(audible, 95) if len(audible) else 0.0
    loudness = np.clip((level - loud) / _LOUDNESS_RANGE_DB + 1, 0, 1) if len(audible) else np.zeros(frames)
    pitch, voiced = _pitch_semitones(samples, frames, fps, loudness)
    steady = len(audible) == 0 or loud - np.percentile(level, 10) < _STEADY_DB
    accent = np.zeros(frames) if steady else _accents(loudness, pitch, voiced, fps)
    return Prosody(*(array.astype(np.float32) for array in (loudness, pitch, voiced, accent)))


def smooth(curve: np.ndarray, sigma_seconds: float, fps: float) -> np.ndarray:
    """Gaussian smoothing along the first axis, edges held."""
    sigma = sigma_seconds * fps
    reach = max(1, int(np.ceil(3 * sigma)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-6)) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(curve, [(reach, reach)] + [(0, 0)] * (curve.ndim - 1), mode="edge")
    if curve.ndim == 1:
        return np.convolve(padded, kernel, mode="valid")
    return np.stack([np.convolve(padded[:, c], kernel, mode="valid") for c in range(curve.shape[1])], axis=1)


def bumps(
    times: np.ndarray, centres: np.ndarray, heights: np.ndarray, rise: float, fall: float
) -> np.ndarray:
    """Raised-cosine bumps over `times` (seconds); where bumps overlap the higher counts."""
    curve = np.zeros(len(times))
    for centre, height in zip(centres, heights, strict=True):
        low, high = np.searchsorted(times, (centre - rise, centre + fall))
        offset = times[low:high] - centre
        phase = np.where(offset < 0, offset / rise, offset / fall)
        curve[low:high] = np.maximum(curve[low:high], height * (0.5 + 0.5 * np.cos(np.pi * phase)))
    return curve


def _level_db(samples: np.ndarray, frames: int, fps: float) -> np.ndarray:
    """RMS level in dBFS of 40 ms around each frame."""
    power = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    centre = np.arange(frames) / fps * SAMPLE_RATE
    low = np.clip(centre - 320, 0, len(samples)).astype(np.int64)
    high = np.clip(centre + 320, 0, len(samples)).astype(np.int64)
    mean = (power[high] - power[low]) / np.maximum(1, high - low)
    return 10 * np.log10(np.maximum(mean, 1e-12))


def _pitch_semitones(
    samples: np.ndarray, frames: int, fps: float, loudness: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """YIN pitch in blocks (flat memory), as semitones above the median of the voiced frames."""
    if not loudness.any() or len(samples) < 2048:
        return np.zeros(frames), np.zeros(frames)
    import librosa

    hop, block = 320, _BLOCK_SECONDS * SAMPLE_RATE
    tracks = []
    for start in range(0, len(samples), block):
        piece = samples[start : start + block]
        count = -(-len(piece) // hop)
        padded = np.pad(piece, (0, max(0, 2048 - len(piece))))
        track = librosa.yin(
            padded, fmin=_PITCH_LOW_HZ, fmax=_PITCH_HIGH_HZ, sr=SAMPLE_RATE, frame_length=1024, hop_length=hop
        )
        tracks.append(track[:count])
    hertz = np.concatenate(tracks)
    times = np.arange(frames) / fps
    hertz = hertz[np.minimum(np.round(times * SAMPLE_RATE / hop).astype(np.int64), len(hertz) - 1)]
    voiced = (loudness > 0.45) & (hertz > _PITCH_LOW_HZ * 1.05) & (hertz < _PITCH_HIGH_HZ * 0.95)
    if not voiced.any():
        return np.zeros(frames), np.zeros(frames)
    semitones = 12 * np.log2(hertz / np.median(hertz[voiced]))
    return np.where(voiced, np.clip(semitones, -9, 9), 0), voiced.astype(np.float64)


def _accents(loudness: np.ndarray, pitch: np.ndarray, voiced: np.ndarray, fps: float) -> np.ndarray:
    """Bumps over the syllables that stand out by loudness and pitch."""
    prominence = smooth(loudness + 0.06 * pitch * voiced, 0.05, fps)
    inner = (prominence[1:-1] > prominence[:-2]) & (prominence[1:-1] >= prominence[2:])
    peaks = np.flatnonzero(inner) + 1
    spoken = prominence[loudness > 0.4]
    if not len(peaks) or not len(spoken):
        return np.zeros(len(loudness))
    low, high = np.percentile(spoken, [55, 97])
    strength = np.clip((prominence[peaks] - low) / max(high - low, 1e-3), 0, 1)
    chosen: list[int] = []
    for index in np.argsort(-strength, kind="stable"):
        if strength[index] < 0.2:
            break
        if all(abs(peaks[index] - peaks[other]) >= _ACCENT_SPACING_SECONDS * fps for other in chosen):
            chosen.append(int(index))
    chosen.sort()
    times = np.arange(len(loudness)) / fps
    return bumps(times, peaks[chosen] / fps, strength[chosen], _ACCENT_RISE_SECONDS, _ACCENT_FALL_SECONDS)
