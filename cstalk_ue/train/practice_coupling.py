"""Motion that regions of a face share, for practice data: what the correlation module looks for.

On top of what the performer does, twelve parts of the face (practice_parts.csv) move as this model says:

    process  = sqrt(audible) * driver + sqrt(1 - audible) * hidden     (mood: hidden only)
    part     = sqrt(coupling) * W[emotion] @ process + sqrt(1 - coupling) * own
    part     = mixed with its neighbours, at the same variance
    control += amplitude * weight * (1 + tanh(part)) / 2

Drivers are measured in the sound: accents, pauses, loudness. `hidden` and `own` are smooth noise that
nothing in the sound tells, so no model can predict them; what a model can learn is which parts move
together and when. W (practice_coupling.csv) has rows of length 1: every part moves as much, and about as
high on average, in every emotion, and only *with whom* it moves differs. Neighbours
(practice_neighbours.csv) are the same for all emotions, as skin and muscle are. A performer's habit bends W
and the amplitudes a little.

These numbers were chosen, not measured on people; they follow the examples of the paper (II.B).
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from cstalk_ue.emotion import EMOTIONS, NEUTRAL
from cstalk_ue.errors import ConfigError
from cstalk_ue.performer.prosody import smooth
from cstalk_ue.rig import control_limits, control_names
from cstalk_ue.take import RigCurves

PROCESSES: tuple[str, ...] = ("accent", "pause", "energy", "mood")
"""What parts move with; the first three can be heard."""

_DRIVER_MEAN, _DRIVER_STD = (0.11, 0.17, 0.60), (0.19, 0.29, 0.11)  # over practice lines of read English
_DRIVER_LIMIT = 2.5
_SMOOTH_SECONDS = 0.18  # of hidden motion: most of it below 1.5 Hz
_SWELL_SECONDS = 0.7
_SIDE_NOISE = 0.15  # how far left and right differ, in standard deviations of the part


@dataclass(frozen=True)
class CouplingSettings:
    """How strongly the regions are coupled.

    Raises:
        ConfigError: on construction, when a share is outside 0..1 or the strength is negative.
    """

    strength: float = 1.0  # of the shared motion; 0 leaves the performer as it is
    coupling: float = 0.8  # share of a part's variance that comes from the processes of its emotion
    audible: float = 0.5  # share of the first three processes' variance that the sound determines
    habit: float = 0.15  # spread between performers, of amplitudes and couplings
    swell: float = 0.5  # how far the emotion's posture comes and goes within a take

    def __post_init__(self) -> None:
        shares = ("coupling", "audible", "habit", "swell")
        bad = [name for name in shares if not 0 <= getattr(self, name) <= 1]
        if bad or not self.strength >= 0:
            raise ConfigError(
                f"coupling: {', '.join(bad) or 'strength'} out of range; expected shares of 0..1 and a "
                "strength of 0 or more."
            )


@dataclass(frozen=True)
class Habit:
    """How one performer differs from the next.

    Attributes:
        amplitude: per part, factor around 1.
        bend: added to the coupling, ``(5, parts, processes)``.
    """

    amplitude: np.ndarray
    bend: np.ndarray

    @classmethod
    def from_seed(cls, seed: int, spread: float) -> "Habit":
        """The same seed is the same performer."""
        random = np.random.default_rng([seed, 12])
        parts, _, weights, _ = _tables()
        return cls(
            np.exp(spread * random.standard_normal(len(parts))),
            spread * random.standard_normal(weights.shape),
        )


def part_names() -> tuple[str, ...]:
    """The parts of the face that move together."""
    return _tables()[0]


def part_controls(part: str) -> tuple[str, ...]:
    """The controls a part moves."""
    parts, _, _, matrix = _tables()
    moved = np.flatnonzero(matrix[parts.index(part)])
    return tuple(control_names()[column] for column in moved)


def measure_drivers(accent: np.ndarray, pause: np.ndarray, loudness: np.ndarray, fps: float) -> np.ndarray:
    """What the sound says about the first three processes, ``(frames, 3)``, about mean 0 and variance 1.

    Args:
        accent: ``(frames,)`` 0..1, bumps over accents.
        pause: ``(frames,)`` 0..1, how much of a pause this is.
        loudness: ``(frames,)`` 0..1.
    """
    accent, pause = smooth(accent.astype(np.float64), 0.08, fps), smooth(pause.astype(np.float64), 0.1, fps)
    # Loudness falls in pauses; what is left of it is the energy of the words.
    energy = smooth(loudness.astype(np.float64), 0.3, fps) + 0.5 * (pause - _DRIVER_MEAN[1])
    drivers = (np.stack([accent, pause, energy], axis=1) - _DRIVER_MEAN) / _DRIVER_STD
    return np.clip(drivers, -_DRIVER_LIMIT, _DRIVER_LIMIT)


def swell(
    weights: np.ndarray, fps: float, settings: CouplingSettings, random: np.random.Generator
) -> np.ndarray:
    """Emotion weights ``(frames, 5)`` that come and go; what is taken away becomes neutral."""
    tide = (1 + np.tanh(_hidden(len(weights), 1, fps, random, seconds=_SWELL_SECONDS)[:, 0])) / 2
    swelling = weights * (1 - settings.swell * tide)[:, None]
    swelling[:, NEUTRAL] = 0
    swelling[:, NEUTRAL] = 1 - swelling.sum(axis=1)
    return swelling


def couple(
    face: RigCurves,
    weights: np.ndarray,
    drivers: np.ndarray,
    *,
    closure: np.ndarray,
    habit: Habit,
    settings: CouplingSettings,
    random: np.random.Generator,
) -> RigCurves:
    """Add the motion that regions share to a face of all 185 controls.

    Args:
        weights: emotion weights as labelled, ``(frames, 5)``.
        drivers: of the same line (see `measure_drivers`), at the frames of `face`.
        closure: ``(frames,)`` 0..1, how far the lips are held together: lips that touch stay together.
        habit: whose face it is.
        random: of this take.
    """
    names, amplitude, _, matrix = _tables()
    parts = _parts(weights, drivers, face.fps, habit, settings, random)
    values = face.values.astype(np.float64)
    lips = np.array([name in ("upper_lip", "lip_tension") for name in names])
    sides = np.array([side_of(name) for name in control_names()])
    for side in (-1, 1):
        differs = _SIDE_NOISE * _hidden(face.frames, len(names), face.fps, random)
        activity = amplitude * habit.amplitude * (1 + np.tanh(parts + differs)) / 2
        activity = activity * np.where(lips, 1 - closure[:, None], 1)
        values += settings.strength * activity @ (matrix * (sides == side))
    return face.replace(values=np.clip(values, *control_limits()))


def side_of(control: str) -> int:
    """-1 for the left half of the face, 1 for the right, 0 for the middle."""
    return -1 if "_L_" in control else 1 if "_R_" in control else 0


def _parts(
    weights: np.ndarray,
    drivers: np.ndarray,
    fps: float,
    habit: Habit,
    settings: CouplingSettings,
    random: np.random.Generator,
) -> np.ndarray:
    """Motion of the parts, ``(frames, parts)``, about variance 1 each."""
    names, _, table, _ = _tables()
    frames = len(weights)
    hidden = _hidden(frames, len(PROCESSES), fps, random)
    processes = hidden.copy()
    processes[:, :3] = np.sqrt(settings.audible) * drivers + np.sqrt(1 - settings.audible) * hidden[:, :3]
    own = _hidden(frames, len(names), fps, random)
    mixing = np.einsum("fe,epk->fpk", weights, table + habit.bend)
    mixing /= np.maximum(np.linalg.norm(mixing, axis=2, keepdims=True), 1e-6)
    parts = np.sqrt(settings.coupling) * np.einsum("fpk,fk->fp", mixing, processes)
    parts += np.sqrt(1 - settings.coupling) * own
    # Mixing with neighbours adds variance; it is taken out again as if the parts were independent.
    neighbours = _neighbours()
    return np.asarray(parts @ neighbours / np.linalg.norm(neighbours, axis=0))


def _hidden(
    frames: int, count: int, fps: float, random: np.random.Generator, *, seconds: float = _SMOOTH_SECONDS
) -> np.ndarray:
    """Smooth noise of variance 1, ``(frames, count)``."""
    reach = int(np.ceil(3 * seconds * fps))
    noise = smooth(random.standard_normal((frames + 2 * reach, count)), seconds, fps)[reach : reach + frames]
    # A Gaussian of s frames leaves 1 / (2 s sqrt(pi)) of the variance of white noise.
    return np.asarray(noise * np.sqrt(2 * seconds * fps * np.sqrt(np.pi)))


@cache
def _tables() -> tuple[tuple[str, ...], np.ndarray, np.ndarray, np.ndarray]:
    """Names, amplitudes ``(parts,)``, couplings ``(5, parts, processes)`` and ``(parts, 185)`` weights."""
    rows = _read("practice_parts.csv")
    names = tuple(dict.fromkeys(row["part"] for row in rows))
    amplitude = np.zeros(len(names))
    matrix = np.zeros((len(names), len(control_names())))
    for row in rows:
        part = names.index(row["part"])
        amplitude[part] = float(row["amplitude"])
        for side in "LR":
            matrix[part, control_names().index(row["control"].replace("*", side))] += float(row["weight"])
    table = np.zeros((len(EMOTIONS), len(names), len(PROCESSES)))
    for row in _read("practice_coupling.csv"):
        where = EMOTIONS.index(row["emotion"]), names.index(row["part"]), PROCESSES.index(row["process"])
        table[where] = float(row["weight"])
    return names, amplitude, table, matrix


@cache
def _neighbours() -> np.ndarray:
    """``(parts, parts)``: 1 on the diagonal, how much a part takes from its neighbours beside it."""
    names = _tables()[0]
    mixing = np.eye(len(names))
    for row in _read("practice_neighbours.csv"):
        first, second = names.index(row["part"]), names.index(row["neighbour"])
        mixing[first, second] = mixing[second, first] = float(row["weight"])
    return mixing


def _read(name: str) -> list[dict[str, str]]:
    text = resources.files("cstalk_ue.train").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
