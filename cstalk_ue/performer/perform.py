"""The performer: timed phones, loudness and pitch -> a whole face on the rig's 185 controls.

Articulation (articulation.py) and emotion (styles.py) meet here. Tables say which controls each articulator
and action unit moves; controls that share muscle or skin are in the same rows and so move together, which
is what the correlation module of the paper looks for (II.B). Rules in code are the ones a table cannot
hold: contacts win over expression, rounding wins over smiling, lips part stickily, lids follow the gaze.

It is the teacher of the bundled model, a baseline, and the fallback `--model performer`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import PhoneError, RigError
from cstalk_ue.performer.articulation import ARTICULATORS, articulate
from cstalk_ue.performer.liveliness import Liveliness, enliven
from cstalk_ue.performer.phones import SILENCE, TimedPhone, read_table
from cstalk_ue.performer.prosody import Prosody, measure_prosody, smooth
from cstalk_ue.performer.styles import articulation_gains, express, styles
from cstalk_ue.rig import control_defaults, control_limits, control_names
from cstalk_ue.take import FacePerformance, RigCurves

_PAUSE_SECONDS = 0.22
_STRESS_REACH_SECONDS, _UNSTRESSED_ACCENT = 0.15, 0.35
_ASYMMETRY = 0.05
_LATE_PHONES_SECONDS = 0.5


@dataclass(frozen=True)
class Identity:
    """The small, lasting asymmetries of one face: nobody moves both halves alike.

    Attributes:
        gain: per control, ``(185,)``, within 5 % of 1; the two sides differ from it by the same amount.
        sway: sideways share of jaw, lips, mouth and tongue motion, each 0.02 to 0.06 to one side.
    """

    gain: np.ndarray
    sway: dict[str, float]

    @classmethod
    def from_seed(cls, seed: int) -> "Identity":
        """The same seed is the same face."""
        random = np.random.default_rng([seed, 185])
        names = control_names()
        gain = np.ones(len(names))
        draw = dict.fromkeys((n.replace("_L_", "_*_") for n in names if "_L_" in n), 0.0)
        for name in draw:
            draw[name] = float(random.uniform(-_ASYMMETRY, _ASYMMETRY))
        for column, name in enumerate(names):
            if "_L_" in name:
                gain[column] = 1 + draw[name.replace("_L_", "_*_")]
            elif "_R_" in name:
                gain[column] = 1 - draw.get(name.replace("_R_", "_*_"), 0.0)
        sway = {
            part: float(random.uniform(0.02, 0.06) * random.choice((-1, 1)))
            for part in ("jaw", "mouth", "lips", "tongue")
        }
        return cls(gain, sway)


def perform(
    phones: Sequence[TimedPhone],
    samples: np.ndarray,
    emotion: EmotionTrack,
    *,
    fps: float = 30.0,
    life: Liveliness | None = None,
    identity: Identity | None = None,
) -> FacePerformance:
    """Perform one line.

    Args:
        phones: timed phones of the line.
        samples: its audio, ``(samples,)`` mono 16 kHz.
        emotion: weights over the line.
        fps: frame rate of the result; it has one frame per started frame period of the audio.
        life: blinks, gaze and head motion; default all on with seed 0.
        identity: asymmetries of the face; default `Identity.from_seed(0)`.

    Returns:
        185 controls inside their ranges, and head curves.

    Raises:
        PhoneError: the phones end more than half a second after the audio.
    """
    frames = frames_of(len(samples), fps)
    prosody = measure_prosody(samples, frames, fps)
    weights = emotion.at(np.arange(frames) / fps)
    check_phones_fit(phones, len(samples) / SAMPLE_RATE)
    face = perform_face(phones, prosody, weights, fps=fps, identity=identity)
    return enliven(face, prosody, weights, life or Liveliness())


def frames_of(samples: int, fps: float) -> int:
    """Curve frames of that much 16 kHz audio: one per started frame period."""
    return max(1, -(-int(samples * fps) // SAMPLE_RATE))


def check_phones_fit(phones: Sequence[TimedPhone], duration_seconds: float) -> None:
    """Refuse phones that clearly belong to another file.

    Raises:
        PhoneError: the last phone ends more than half a second after the audio.
    """
    spoken = [p.end_seconds for p in phones if p.phone != SILENCE]
    if spoken and spoken[-1] > duration_seconds + _LATE_PHONES_SECONDS:
        raise PhoneError(
            f"the phones end at {spoken[-1]:.2f} s, the audio at {duration_seconds:.2f} s; "
            "expected both to be of the same line. Check the file names."
        )


def perform_face(
    phones: Sequence[TimedPhone],
    prosody: Prosody,
    weights: np.ndarray,
    *,
    fps: float,
    identity: Identity | None = None,
) -> RigCurves:
    """The part of a performance that speech and emotion determine: 185 controls, no blinks, no darts.

    Args:
        phones: timed phones of the line.
        prosody: measured at the frames wanted.
        weights: emotion weights, ``(frames, 5)``.
        fps: their frame rate.
        identity: asymmetries of the face; default `Identity.from_seed(0)`.
    """
    identity = identity or Identity.from_seed(0)
    frames = len(weights)
    parts = articulate(phones, frames, fps, effort=prosody.loudness).astype(np.float64)
    pause = pause_curve(phones, frames, fps)
    energy = smooth(prosody.loudness.astype(np.float64), 0.25, fps)
    accent = prosody.accent * stress_curve(phones, frames, fps)
    units = express(weights, energy=energy, accent=accent, pause=pause)
    _apply_manner(parts, weights)
    _resolve_conflicts(parts, units)
    articulators_to_controls, units_to_controls = _matrices()
    values = parts @ articulators_to_controls + units @ units_to_controls
    face = dict(zip(control_names(), range(len(control_names())), strict=True))
    _add_stickiness(values, parts, face, fps)
    jaw = values[:, face["CTRL_C_jaw.ty"]].copy()
    values[:, face["CTRL_C_jaw_openExtreme.ty"]] += 0.4 * np.maximum(0, jaw - 0.3)
    values *= identity.gain
    _add_sway(values, parts, face, identity, jaw)
    values += control_defaults()
    return RigCurves(np.clip(values, *control_limits()), control_names(), fps)


def _part(name: str) -> int:
    return ARTICULATORS.index(name)


def _apply_manner(parts: np.ndarray, weights: np.ndarray) -> None:
    """Angry people articulate wide, sad ones hardly."""
    jaw, lips = articulation_gains(weights)
    parts[:, _part("jaw")] *= jaw
    for name in ("round", "funnel", "spread", "upper", "lower"):
        parts[:, _part(name)] *= lips


def _resolve_conflicts(parts: np.ndarray, units: np.ndarray) -> None:
    """Contacts win over expression, rounding over smiling and stretching."""
    column = {unit: index for index, unit in enumerate(styles().action_units)}
    contact = np.maximum(parts[:, _part("together")], parts[:, _part("bite")])
    rounded = np.clip(parts[:, _part("round")] + 0.6 * parts[:, _part("funnel")], 0, 1)
    for unit, share in (("25", 1.0), ("26", 0.75), ("10", 0.7)):
        units[:, column[unit]] *= 1 - share * contact
    units[:, column["12"]] *= 1 - 0.5 * rounded
    units[:, column["6"]] *= 1 - 0.35 * rounded  # zygomatic and cheek ride together
    units[:, column["14"]] *= 1 - 0.6 * rounded
    units[:, column["23"]] *= 1 - 0.4 * rounded
    # A smile already spreads the lips; a frown keeps the corners down.
    parts[:, _part("spread")] *= 1 - 0.45 * np.clip(units[:, column["12"]] + units[:, column["15"]], 0, 1)


def _add_stickiness(values: np.ndarray, parts: np.ndarray, face: dict[str, int], fps: float) -> None:
    """For a moment after a closure the lips cling, at the corners longest."""
    together = parts[:, _part("together")]
    opening = np.clip(parts[:, _part("jaw")] * 3, 0, 1)
    for pattern, lag, strength in (
        ("C_mouth_sticky", 0.05, 0.25),
        ("*_mouth_stickyInner", 0.08, 0.4),
        ("*_mouth_stickyOuter", 0.12, 0.6),
    ):
        held = together.copy()
        for step in range(1, min(int(np.ceil(4 * lag * fps)) + 1, len(together))):
            decayed = together[:-step] * np.exp(-step / (lag * fps))
            held[step:] = np.maximum(held[step:], decayed)
        cling = strength * np.maximum(0, held - together) * opening
        for side in "LR" if "*" in pattern else "C":
            for lip in "UD":
                values[:, face[f"CTRL_{pattern.replace('*', side)}{lip}.ty"]] += cling


def _add_sway(
    values: np.ndarray, parts: np.ndarray, face: dict[str, int], identity: Identity, jaw: np.ndarray
) -> None:
    """What moves on the midline moves slightly to one side."""
    sway = identity.sway
    values[:, face["CTRL_C_jaw.tx"]] += sway["jaw"] * jaw
    values[:, face["CTRL_C_mouth.tx"]] += sway["mouth"] * (
        parts[:, _part("spread")] - parts[:, _part("round")]
    )
    for control, part in (("CTRL_C_mouth_lipShiftU.ty", "upper"), ("CTRL_C_mouth_lipShiftD.ty", "lower")):
        values[:, face[control]] += sway["lips"] * parts[:, _part(part)]
    values[:, face["CTRL_C_tongue_move.tx"]] += sway["tongue"] * parts[:, _part("front")]
    values[:, face["CTRL_C_tongue_tipMove.tx"]] += sway["tongue"] * parts[:, _part("tip")]
    for lip in "UD":
        for side in "LR":
            pull = values[:, face[f"CTRL_{side}_mouth_lipBiteD.ty"]]
            values[:, face[f"CTRL_{side}_mouth_lipBite{lip}.ty"]] += 0.04 * pull * (lip == "U")


def pause_curve(phones: Sequence[TimedPhone], frames: int, fps: float) -> np.ndarray:
    """1 well inside a pause, 0 in speech, ``(frames,)``; short gaps are no pauses."""
    speaking = np.zeros(frames)
    for phone in phones:
        if phone.phone != SILENCE:
            speaking[int(phone.start_seconds * fps) : int(np.ceil(phone.end_seconds * fps)) + 1] = 1
    quiet = np.flatnonzero(np.diff(np.concatenate([[1.0], speaking, [1.0]])))
    for start, end in zip(quiet[::2], quiet[1::2], strict=True):
        if (end - start) / fps < _PAUSE_SECONDS:
            speaking[start:end] = 1
    return 1 - smooth(speaking, 0.08, fps)


def stress_curve(phones: Sequence[TimedPhone], frames: int, fps: float) -> np.ndarray:
    """How far an accent counts, ``(frames,)``: fully near primary stress, less elsewhere; 1 if no marks."""
    stressed = [phone for phone in phones if phone.stress == 1]
    if not stressed:
        return np.ones(frames)
    near = np.full(frames, _UNSTRESSED_ACCENT)
    for phone in stressed:
        first = int((phone.start_seconds - _STRESS_REACH_SECONDS) * fps)
        last = int((phone.end_seconds + _STRESS_REACH_SECONDS) * fps) + 1
        near[max(0, first) : max(0, last)] = 1
    return smooth(near, 0.05, fps)


@cache
def _matrices() -> tuple[np.ndarray, np.ndarray]:
    """Articulators -> controls ``(15, 185)`` and action units -> controls ``(units, 185)``."""
    return (
        _matrix("articulator_controls.csv", "articulator", ARTICULATORS),
        _matrix("action_units.csv", "action_unit", styles().action_units),
    )


def _matrix(table: str, key: str, rows: Sequence[str]) -> np.ndarray:
    columns = {name: index for index, name in enumerate(control_names())}
    matrix = np.zeros((len(rows), len(columns)))
    for line in read_table(table):
        for side in ("L", "R") if "*" in line["control"] else ("",):
            name = line["control"].replace("*", side)
            if name not in columns:
                raise RigError(f"{table}: {name} is not a control of the rig.")
            matrix[rows.index(line[key]), columns[name]] += float(line["weight"])
    return matrix
