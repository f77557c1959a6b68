"""Emotion weights -> action units and manner: how each emotion holds and moves the face.

Prototypes after the Facial Action Coding System (Ekman, Friesen & Hager 2002): happy 6+12, sad 1+4+15,
angry 4+5+7+23, surprised 1+2+5+26, with weaker companions, in tables/emotion_styles.csv. A style has a
posture (`expression`), what is added on accents (`accent`) and in pauses (`pause`), gains of the
articulation, and settings of the involuntary motion. All of it is linear in the weights, so mixtures and
intensities are too. Knows nothing about controls (see perform.py).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.performer.phones import read_table

LIFE_SETTINGS: tuple[str, ...] = (
    "blinks_per_minute",
    "gaze",
    "head",
    "head_nod_degrees",
    "head_tilt_degrees",
)
ARTICULATION_GAINS: tuple[str, ...] = ("jaw", "lips")
_POSTURE_FLOOR = 0.85  # posture in silence, as a share of posture in speech


@dataclass(frozen=True)
class Styles:
    """The style table as arrays; rows are `EMOTIONS`.

    Attributes:
        action_units: FACS numbers, one per column of the next three.
        expression, accent, pause: ``(5, action units)``.
        articulation: ``(5, 2)`` gains of jaw and lips.
        life: ``(5, settings)``, columns as `LIFE_SETTINGS`.
    """

    action_units: tuple[str, ...]
    expression: np.ndarray
    accent: np.ndarray
    pause: np.ndarray
    articulation: np.ndarray
    life: np.ndarray


@cache
def styles() -> Styles:
    """The table tables/emotion_styles.csv."""
    rows = read_table("emotion_styles.csv")
    units = tuple(dict.fromkeys(row["action_unit"] for row in read_table("action_units.csv")))
    keys = {
        "expression": units,
        "accent": units,
        "pause": units,
        "articulation": ARTICULATION_GAINS,
        "life": LIFE_SETTINGS,
    }
    arrays = {kind: np.zeros((len(EMOTIONS), len(names))) for kind, names in keys.items()}
    for row in rows:
        arrays[row["kind"]][EMOTIONS.index(row["emotion"]), keys[row["kind"]].index(row["key"])] = float(
            row["value"]
        )
    return Styles(units, **arrays)


def express(weights: np.ndarray, *, energy: np.ndarray, accent: np.ndarray, pause: np.ndarray) -> np.ndarray:
    """Action-unit intensities over time, ``(frames, action units)``, 0 or more.

    Args:
        weights: emotion weights, ``(frames, 5)``.
        energy: slow speech energy, ``(frames,)`` 0..1: the posture deepens a little while speaking.
        accent: ``(frames,)`` 0..1, bumps on accents.
        pause: ``(frames,)`` 0..1, how much of a pause this is.
    """
    table = styles()
    posture = (_POSTURE_FLOOR + (1 - _POSTURE_FLOOR) * energy)[:, None] * (weights @ table.expression)
    return posture + accent[:, None] * (weights @ table.accent) + pause[:, None] * (weights @ table.pause)


def articulation_gains(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gains of the jaw and of the lips, each ``(frames,)``."""
    gains = weights @ styles().articulation
    return gains[:, 0], gains[:, 1]
