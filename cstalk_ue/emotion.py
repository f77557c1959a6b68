"""Emotion as the paper labels it, as an artist dials it: weights over five classes, constant or keyed.

An expression is one or more classes with weights, the rest being neutral: ``angry``, ``angry:0.7``,
``happy:0.4+surprised:0.3``. Names without a weight share what is left: ``happy+sad`` is half and half.
A track is expressions at times in seconds, linear between the keys and held outside them:
``0.0=neutral 1.2=angry:0.8``. Knows nothing about faces, models or tensors.
"""

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cstalk_ue.errors import EmotionError

EMOTIONS: tuple[str, ...] = ("neutral", "angry", "sad", "surprised", "happy")
"""The five classes in the paper's order (III.A); the column order of every emotion array."""

NEUTRAL = EMOTIONS.index("neutral")
_WEIGHT_SLACK = 1e-6
_SUM_SLACK = 2e-3
"""Weights written with three or four decimals may sum to a little over 1."""
_KEY = re.compile(r"\S+=")


@dataclass(frozen=True)
class EmotionTrack:
    """Emotion weights over time.

    Attributes:
        times: seconds of the keys, ``(keys,)`` float64, strictly rising, finite, not negative.
        weights: ``(keys, 5)`` float32, each row at least 0 and summing to 1, columns as `EMOTIONS`.

    Raises:
        EmotionError: on construction, when any of this does not hold.
    """

    times: np.ndarray
    weights: np.ndarray

    def __post_init__(self) -> None:
        times = np.array(self.times, dtype=np.float64)
        weights = np.array(self.weights, dtype=np.float32)
        if times.ndim != 1 or len(times) == 0 or weights.shape != (len(times), len(EMOTIONS)):
            raise EmotionError(
                f"emotion track: {times.shape} times with {weights.shape} weights; "
                f"expected (keys,) and (keys, {len(EMOTIONS)})."
            )
        if not np.isfinite(times).all() or times[0] < 0 or (np.diff(times) <= 0).any():
            raise EmotionError(
                f"emotion track: key times {[float(t) for t in times]} must start at 0 or later and rise "
                "from key to key. Sort the keys and give each its own time."
            )
        sums = weights.sum(axis=1)
        if not np.isfinite(weights).all() or (weights < 0).any() or (abs(sums - 1) > 1e-4).any():
            raise EmotionError(
                "emotion track: weights must be 0 or more and each key's weights must sum to 1."
            )
        times.flags.writeable = weights.flags.writeable = False
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "weights", weights)

    @classmethod
    def parse(cls, text: str) -> "EmotionTrack":
        """Read an expression or a keyed track (grammar in the module docstring).

        Raises:
            EmotionError: unknown class, weight outside 0..1, weights above 1 in sum, bad or unsorted times.
        """
        text = text.strip()
        if not _KEY.match(text):
            return cls(np.zeros(1), _parse_expression(text)[None])
        times: list[float] = []
        weights: list[np.ndarray] = []
        for key in text.split():
            time_text, separator, expression = key.partition("=")
            time = _number(time_text)
            if not separator or time is None or time < 0:
                raise EmotionError(
                    f"emotion track {text!r}: {key!r} is not SECONDS=EMOTION. "
                    "Write keys like '0.0=neutral 1.2=angry:0.8', separated by spaces."
                )
            if times and time <= times[-1]:
                raise EmotionError(
                    f"emotion track {text!r}: {key!r} does not come after {times[-1]:g} s; times must "
                    "rise from key to key. Sort the keys and give each its own time."
                )
            times.append(time)
            weights.append(_parse_expression(expression))
        return cls(np.array(times), np.stack(weights))

    @classmethod
    def constant(cls, emotion: str, intensity: float = 1.0) -> "EmotionTrack":
        """One class at one intensity (0..1) for the whole line."""
        return cls.parse(emotion).scaled(intensity)

    def scaled(self, intensity: float) -> "EmotionTrack":
        """Every non-neutral weight times `intensity` (0..1); what is taken away becomes neutral."""
        if not (math.isfinite(intensity) and 0 <= intensity <= 1):
            raise EmotionError(f"intensity {intensity} is outside 0..1. Give 0 for neutral, 1 for full.")
        weights = self.weights * np.float32(intensity)
        weights[:, NEUTRAL] = 0
        weights[:, NEUTRAL] = np.maximum(0, 1 - weights.sum(axis=1))
        return EmotionTrack(self.times, weights)

    def at(self, seconds: np.ndarray) -> np.ndarray:
        """Weights at the given times, ``(times, 5)`` float32; linear between keys, held outside."""
        columns = [np.interp(seconds, self.times, self.weights[:, c]) for c in range(len(EMOTIONS))]
        return np.stack(columns, axis=-1).astype(np.float32)

    @property
    def is_constant(self) -> bool:
        """True if the emotion never changes along the line."""
        return bool((self.weights == self.weights[0]).all())

    def __str__(self) -> str:
        """The track in the grammar that `parse` reads."""
        if self.is_constant:
            return _format_expression(self.weights[0])
        keys = zip(self.times, self.weights, strict=True)
        return " ".join(
            f"{np.format_float_positional(time, trim='-')}={_format_expression(row)}" for time, row in keys
        )


def _parse_expression(text: str) -> np.ndarray:
    """One expression -> ``(5,)`` float32 weights summing to 1."""
    weights = np.zeros(len(EMOTIONS))
    unweighted: list[int] = []
    for term in text.split("+"):
        name, separator, weight_text = (part.strip() for part in term.partition(":"))
        column = _emotion_index(name, text)
        if column in unweighted or weights[column] > 0:
            raise EmotionError(f"emotion {text!r} names {name!r} twice. Name each class once.")
        if not separator:
            unweighted.append(column)
            continue
        weight = _number(weight_text)
        if weight is None or not 0 <= weight <= 1:
            raise EmotionError(
                f"emotion {text!r}: weight {weight_text!r} of {name} is not a number from 0 to 1."
            )
        weights[column] = weight
    total = float(weights.sum())
    if total > 1 + _SUM_SLACK:
        raise EmotionError(
            f"emotion {text!r}: the weights sum to {total:g}, more than 1. Lower them; the rest is neutral."
        )
    rest = max(0.0, 1 - total)
    if unweighted:
        weights[unweighted] = rest / len(unweighted)
    else:
        weights[NEUTRAL] += rest
    return (weights / weights.sum()).astype(np.float32)


def _emotion_index(name: str, text: str) -> int:
    if name.lower() in EMOTIONS:
        return EMOTIONS.index(name.lower())
    close = difflib.get_close_matches(name.lower(), EMOTIONS, n=1, cutoff=0.4)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise EmotionError(f"emotion {text!r}: {name!r} is not one of {', '.join(EMOTIONS)}.{hint}")


def _format_expression(weights: Sequence[float]) -> str:
    named = [
        (n, float(w)) for n, w in zip(EMOTIONS, weights, strict=True) if n != "neutral" and w > _WEIGHT_SLACK
    ]
    if not named:
        return "neutral"
    return "+".join(n if abs(w - 1) < _WEIGHT_SLACK else f"{n}:{round(w, 4):g}" for n, w in named)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
