"""Blinks, eye darts and head motion: what a living face does whatever it says, repeatable from a seed.

Not learned from speech, because speech does not determine it: a model trained on it would average it
away. The performer and the prediction add the same layer, each part of which can be turned off.
Rates after Bentivoglio et al. 1997 (blinks, about 17 a minute at rest, more in conversation), saccade and
fixation lengths after Lee, Badler & Badler 2002, nods on accents after Munhall et al. 2004.
"""

import math
from dataclasses import dataclass

import numpy as np

from cstalk_ue.arkit_maps import live_link_face_to_head
from cstalk_ue.performer.prosody import Prosody, smooth
from cstalk_ue.performer.styles import LIFE_SETTINGS, styles
from cstalk_ue.rig import HEAD_CURVES, complete, control_limits, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves

_BLINK_CLOSE_SECONDS, _BLINK_OPEN_SECONDS = 0.09, 0.17
_BLINK_SPACING_SECONDS = 0.8
_DOUBLE_BLINK_SECONDS = 0.36
_SACCADE_SECONDS = 0.05
_HEAD_SWAY_DEGREES = (1.6, 1.0, 0.9)  # turn, nod, tilt
_NOD_ON_ACCENT_DEGREES = 1.8


@dataclass(frozen=True)
class Liveliness:
    """Which parts to add and from which seed.

    Attributes:
        blinks, gaze, head: switches.
        seed: the same seed on the same line gives the same motion.
    """

    blinks: bool = True
    gaze: bool = True
    head: bool = True
    seed: int = 0


def enliven(face: RigCurves, prosody: Prosody, weights: np.ndarray, settings: Liveliness) -> FacePerformance:
    """Add blinks and gaze to a face and give it a moving head.

    Args:
        face: rig controls; missing ones are completed with their defaults.
        prosody: of the same line, at the frames of `face`.
        weights: emotion weights, ``(frames, 5)``.
        settings: what to add.

    Returns:
        All 185 controls inside their ranges, and the head curves.
    """
    face = complete(face)
    life = dict(zip(LIFE_SETTINGS, (weights @ styles().life).T, strict=True))
    streams = [np.random.default_rng([settings.seed, part]) for part in range(3)]
    values = face.values.copy()
    if settings.gaze:
        _add_gaze(values, face, life["gaze"], streams[1])
    if settings.blinks:
        _add_blinks(values, face, prosody, life["blinks_per_minute"], streams[0])
    head = neutral_head(face.frames, face.fps)
    if settings.head:
        head = _move_head(face, prosody, life, streams[2])
    return FacePerformance(face.replace(values=np.clip(values, *control_limits())), head)


def _add_blinks(
    values: np.ndarray, face: RigCurves, prosody: Prosody, per_minute: np.ndarray, random: np.random.Generator
) -> None:
    """Lids fall to the full blink whatever they did before; brow and cheek follow a little."""
    closure = np.zeros(face.frames)
    times = np.arange(face.frames) / face.fps
    clock = float(random.uniform(0.3, 2.5))
    earliest = 0.0
    while clock < face.duration_seconds:
        frame = min(face.frames - 1, round(clock * face.fps))
        clock = max(_quieter_moment(clock, frame, prosody, face), earliest)
        depth = float(random.uniform(0.94, 1.0))
        offset = times - clock
        shape = np.where(offset < 0, 1 + offset / _BLINK_CLOSE_SECONDS, 1 - offset / _BLINK_OPEN_SECONDS)
        shape = np.clip(shape, 0, 1)
        closure = np.maximum(closure, depth * shape * shape * (3 - 2 * shape))
        if random.random() < 0.08:  # a double blink
            clock += _DOUBLE_BLINK_SECONDS
            earliest = clock
            continue
        mean = 60 / max(float(per_minute[frame]), 1.0)
        earliest = clock + _BLINK_SPACING_SECONDS
        clock += max(_BLINK_SPACING_SECONDS, float(random.gamma(2.2, mean / 2.2)))
    for side in "LR":
        lid = face.index(f"CTRL_{side}_eye_blink.ty")
        values[:, lid] += closure * (1 - values[:, lid])
        values[:, face.index(f"CTRL_{side}_brow_down.ty")] += 0.05 * closure
        values[:, face.index(f"CTRL_{side}_eye_cheekRaise.ty")] += 0.08 * closure
        values[:, face.index(f"CTRL_{side}_eye_squintInner.ty")] += 0.06 * closure


def _quieter_moment(clock: float, frame: int, prosody: Prosody, face: RigCurves) -> float:
    """Blinks fall on pauses: move one to the quietest moment of the 0.4 s before and after it."""
    reach = round(0.4 * face.fps)
    low = max(0, frame - reach)
    window = prosody.loudness[low : frame + reach + 1]
    if window.max() - window.min() < 0.3:
        return clock
    return float(low + int(np.argmin(window))) / face.fps


def _add_gaze(values: np.ndarray, face: RigCurves, amount: np.ndarray, random: np.random.Generator) -> None:
    """Fixations with quick darts between them; the upper lid follows a lowered gaze."""
    target = np.zeros((face.frames, 2))
    clock = 0.0
    while clock < face.duration_seconds:
        hold = float(np.clip(random.lognormal(math.log(0.9), 0.6), 0.25, 3.5))
        away = random.random() < 0.12
        spread = (0.26, 0.12) if away else (0.07, 0.04)
        where = random.normal(0, spread, size=2)
        first, last = round(clock * face.fps), round((clock + hold) * face.fps)
        target[first : last + 1] = where
        clock += hold
    gaze = smooth(target * amount[:, None], _SACCADE_SECONDS / 3, face.fps)
    for side in "LR":
        values[:, face.index(f"CTRL_{side}_eye.tx")] += gaze[:, 0]
        down = face.index(f"CTRL_{side}_eye.ty")
        values[:, down] += gaze[:, 1]
        values[:, face.index(f"CTRL_{side}_eye_blink.ty")] += 0.3 * np.clip(-values[:, down], 0, 1)


def _move_head(
    face: RigCurves, prosody: Prosody, life: dict[str, np.ndarray], random: np.random.Generator
) -> RigCurves:
    """Slow sway that grows with speech, nods on accents, and the posture of the emotion; degrees."""
    times = np.arange(face.frames) / face.fps
    energy = 0.5 + 0.5 * smooth(prosody.loudness.astype(np.float64), 0.4, face.fps)
    sway = []
    for amplitude in _HEAD_SWAY_DEGREES:
        rates = random.uniform(0.08, 0.7, size=6)
        phases = random.uniform(0, 2 * np.pi, size=6)
        waves = np.sin(2 * np.pi * rates * times[:, None] + phases) / (1 + 2 * rates)
        sway.append(amplitude * waves.sum(axis=1) / math.sqrt(3))
    turn, nod, tilt = (wave * energy * life["head"] for wave in sway)
    nod = (
        nod
        + life["head_nod_degrees"]
        + _NOD_ON_ACCENT_DEGREES * life["head"] * smooth(prosody.accent, 0.05, face.fps)
    )
    tilt = tilt + life["head_tilt_degrees"]
    radians = np.deg2rad(np.stack([turn, nod, tilt], axis=1))
    head = live_link_face_to_head(radians, fps=face.fps, start_seconds=face.start_seconds)
    values = head.values.copy()
    values[:, HEAD_CURVES.index("HeadTranslationZ")] = -0.06 * nod
    return head.replace(values=values)
