"""How far sound and curves of a take are apart, from the motion of the mouth and the loudness of the speech.

A lag is the time by which the curves would have to be moved to fit the sound: **below 0 the curves are later
than the sound**, -0.033 is one frame. Level in dB of the band that grows with the opening of the mouth (the
first formant) against the opening itself, both band-passed to the rate of syllables, within half a second.

A peak alone proves nothing: speech has a rhythm, and six seconds of wrong sound correlate by 0.7 at some lag.
What tells is how far the peak stands above the best correlation at lags that cannot be right, and, over the
takes of a session, whether they agree (`pool_lags`). Nothing is moved here; figures are in docs/log.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.take import RigCurves
from ingest.mouth import frame_levels, mouth_opening

REACH_SECONDS = 0.5
SHORTEST_SECONDS = 2.5
WINDOW_SECONDS = 6.0
GATE = 0.3
"""Peaks below this say nothing."""
FEWEST_TAKES, FEWEST_AGREEING, AGREED_SHARE = 3, 4, 0.6
"""Chance puts a tenth of the windows near any lag; one take is never enough to move others."""

_BAND_HZ = (0.3, 8.0)
_VOICE_HZ = (300.0, 1000.0)
_LOUDNESS_RANGE_DB = 35.0
_BLOCK_SAMPLES = 2**18
_STILL_OPENING, _STEADY_DB = 0.02, 6.0
_CHANCE_SECONDS, _CHANCE_MARGINS = (4.0, 9.0), (0.36, 0.06)
_AGREE_SECONDS = 0.05  # one frame and a half


@dataclass(frozen=True)
class Lag:
    """Lag of one take.

    Attributes:
        seconds: below 0 the curves are later than the sound; None if there is nothing to compare: a still
            face, silence or steady noise, or less than `SHORTEST_SECONDS`.
        confidence: 0..1. From `FEWEST_AGREEING` windows on their agreement, before that how far the peak
            stands above the rival; 0 for a peak below `GATE` or at the end of the search.
        peak: correlation at the lag.
        rival: the best correlation at lags beyond the search, which cannot be right.
        windows: lags of the windows of about `WINDOW_SECONDS` whose peak reaches `GATE`; of a short take its
            own, if it does.
        agreement: share of all windows whose lag is within a frame and a half of `seconds`.
    """

    seconds: float | None
    confidence: float
    peak: float = 0.0
    rival: float = 0.0
    windows: tuple[float, ...] = ()
    agreement: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values for take.json."""
        return {
            "lag_seconds": None if self.seconds is None else round(self.seconds, 4),
            "confidence": round(self.confidence, 3),
            "peak": round(self.peak, 3),
            "rival": round(self.rival, 3),
            # One text: a list would be a line for each in an indented file.
            "windows": " ".join(f"{lag:.3f}" for lag in self.windows),
            "agreement": round(self.agreement, 3),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Lag":
        """The reverse of `to_json`; what is absent is at its default."""
        seconds = data.get("lag_seconds")
        return cls(
            None if seconds is None else float(seconds),
            float(data.get("confidence", 0.0)),
            float(data.get("peak", 0.0)),
            float(data.get("rival", 0.0)),
            tuple(float(lag) for lag in str(data.get("windows", "")).split()),
            float(data.get("agreement", 0.0)),
        )


UNKNOWN = Lag(None, 0.0)
"""Where there is nothing to compare."""


@dataclass(frozen=True)
class PooledLag:
    """Lag of a session: what its takes agree on.

    Attributes:
        seconds: median of the windows that agree; None if there are none at all.
        spread_seconds: half the range that holds the middle half of all windows.
        takes: takes with a peak over the gate.
        windows, agreeing: of these takes, and those within a frame and a half of `seconds`.
        verdict: ``agreed`` (may be applied), ``scattered`` (wrong sound, or an offset that differs from take
            to take) or ``too few``.
    """

    seconds: float | None
    spread_seconds: float
    takes: int
    windows: int
    agreeing: int
    verdict: str

    @property
    def share(self) -> float:
        """Share of windows that agree."""
        return self.agreeing / self.windows if self.windows else 0.0


def measure_lag(face: RigCurves, samples: np.ndarray) -> Lag:
    """Measure the lag of one take.

    Args:
        face: the controls of the rig; frames outside its `valid` mask are left out.
        samples: ``(samples,)`` mono 16 kHz, sample 0 on frame 0.
    """
    level = _voice_level(samples, face.frames, face.fps)
    opening = mouth_opening(face, sealed=False)
    valid = np.ones(face.frames, dtype=bool) if face.valid is None else face.valid
    if valid.sum() < SHORTEST_SECONDS * face.fps:
        return UNKNOWN
    if np.ptp(opening[valid]) < _STILL_OPENING or _range_db(level[valid]) < _STEADY_DB:
        return UNKNOWN
    sound, motion = (_band_passed(_bridged(curve, valid), face.fps) * valid for curve in (level, opening))
    reach = round(REACH_SECONDS * face.fps)
    seconds, peak, inside = _peak(sound, motion, reach, face.fps)
    rival = _rival(sound, motion, reach)
    windows, agreement = _windows(sound, motion, reach, face.fps, seconds)
    if peak < GATE or not inside:
        confidence = 0.0
    elif len(windows) >= FEWEST_AGREEING:
        confidence = agreement
    else:
        confidence = agreement * _clearness(peak - rival, face.duration_seconds)
    return Lag(seconds, confidence, peak, rival, windows, agreement)


def pool_lags(lags: Sequence[Lag]) -> PooledLag:
    """What the takes of one session (one device, one day, one way of pairing) agree on."""
    gated = [lag for lag in lags if lag.seconds is not None and lag.windows]
    every = np.sort([window for lag in gated for window in lag.windows])
    if len(every) == 0:
        return PooledLag(None, 0.0, 0, 0, 0, "too few")
    first = np.searchsorted(every, every - _AGREE_SECONDS, side="left")
    last = np.searchsorted(every, every + _AGREE_SECONDS, side="right")
    densest = int((last - first).argmax())
    seconds = float(np.median(every[first[densest] : last[densest]]))
    agreeing = int((np.abs(every - seconds) <= _AGREE_SECONDS).sum())
    low, high = np.percentile(every, [25, 75])
    if len(gated) < FEWEST_TAKES:
        verdict = "too few"
    elif agreeing >= FEWEST_AGREEING and agreeing >= AGREED_SHARE * len(every):
        verdict = "agreed"
    else:
        verdict = "scattered" if len(every) >= FEWEST_AGREEING else "too few"
    return PooledLag(seconds, float(high - low) / 2, len(gated), len(every), agreeing, verdict)


def _clearness(margin: float, seconds: float) -> float:
    """0..1 for how far a peak stands above its rival; 0.5 is what one wrong sound in ten reaches.

    Short takes have few lags at which a rival could be found, so their peaks must stand out more. Measured on
    FACEGOOD with exchanged sounds (docs/log.md).
    """
    chance = float(np.interp(seconds, _CHANCE_SECONDS, _CHANCE_MARGINS))
    return float(np.clip(margin / (2 * chance), 0, 1))


def _voice_level(samples: np.ndarray, frames: int, fps: float) -> np.ndarray:
    """Level of the first formant's band, cut at 35 dB below the loud level of the take."""
    voice = np.empty(len(samples), dtype=np.float32)
    for start in range(0, len(samples), _BLOCK_SAMPLES):  # flat memory
        piece = samples[start : start + _BLOCK_SAMPLES]
        length = 1 << (len(piece) - 1).bit_length()
        spectrum = np.fft.rfft(piece, length)
        hertz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
        spectrum[(hertz < _VOICE_HZ[0]) | (hertz > _VOICE_HZ[1])] = 0
        voice[start : start + len(piece)] = np.fft.irfft(spectrum)[: len(piece)]
    level = frame_levels(voice, frames, fps)
    return np.maximum(level, np.percentile(level, 95) - _LOUDNESS_RANGE_DB)


def _range_db(level: np.ndarray) -> float:
    low, high = np.percentile(level, [10, 95])
    return float(high - low)


def _bridged(curve: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Straight lines over what is not valid, so that a gap has no edges to correlate."""
    frames = np.arange(len(curve))
    return np.interp(frames, frames[valid], curve[valid])


def _band_passed(curve: np.ndarray, fps: float) -> np.ndarray:
    """Without its mean, drift and what is faster than syllables; no delay, ends mirrored."""
    frames = len(curve)
    centred = curve - curve.mean()
    around = np.concatenate([centred[::-1], centred, centred[::-1]])
    hertz = np.fft.rfftfreq(len(around), 1 / fps)
    low, high = _BAND_HZ
    rise = np.clip((hertz / low - 0.5), 0, 1)
    fall = np.clip((1.15 - hertz / high) / 0.3, 0, 1)
    gain = np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2
    return np.fft.irfft(np.fft.rfft(around) * gain, len(around))[frames : 2 * frames]


def _correlations(sound: np.ndarray, motion: np.ndarray, reach: int) -> np.ndarray:
    """Pearson over the common frames when the motion is -reach..reach frames late."""
    frames = len(sound)
    found = np.zeros(2 * reach + 1)
    for index, late in enumerate(range(-reach, reach + 1)):
        a = sound[max(0, -late) : frames - max(0, late)]
        b = motion[max(0, late) : frames - max(0, -late)]
        a, b = a - a.mean(), b - b.mean()
        scale = np.sqrt((a @ a) * (b @ b))
        found[index] = (a @ b) / scale if scale > 0 else 0.0
    return found


def _peak(sound: np.ndarray, motion: np.ndarray, reach: int, fps: float) -> tuple[float, float, bool]:
    """Lag in seconds to a fraction of a frame, its correlation, and whether it lies inside the search."""
    found = _correlations(sound, motion, reach)
    at = int(found.argmax())
    inside = 0 < at < len(found) - 1
    offset = 0.0
    if inside:
        before, here, after = found[at - 1 : at + 2]
        bend = before - 2 * here + after
        offset = float(0.5 * (before - after) / bend) if bend < 0 else 0.0
    return -(at + offset - reach) / fps, float(found[at]), inside


def _rival(sound: np.ndarray, motion: np.ndarray, reach: int) -> float:
    """Best correlation when the motion is turned round by more than the search reaches; 1 if that is none."""
    frames = len(sound)
    a, b = sound - sound.mean(), motion - motion.mean()
    scale = np.sqrt((a @ a) * (b @ b))
    apart = reach + reach // 2
    if scale == 0 or frames <= 2 * apart:
        return 1.0
    turned = np.fft.irfft(np.conj(np.fft.rfft(a)) * np.fft.rfft(b), frames) / scale
    return float(turned[apart : frames - apart + 1].max())


def _windows(
    sound: np.ndarray, motion: np.ndarray, reach: int, fps: float, seconds: float
) -> tuple[tuple[float, ...], float]:
    """Lags of the windows over the gate, and the share of all windows that are near `seconds`."""
    count = max(1, int(len(sound) / fps / WINDOW_SECONDS))
    pieces = zip(np.array_split(sound, count), np.array_split(motion, count), strict=True)
    peaks = [_peak(*piece, reach, fps) for piece in pieces]
    gated = tuple(lag for lag, peak, _ in peaks if peak >= GATE)
    return gated, sum(abs(lag - seconds) <= _AGREE_SECONDS for lag in gated) / count
