"""What a phone measures → the rig and back: ARKit shapes ↔ GUI controls, Live Link Face angles ↔ head curves.

ARKit shapes are the 52 of Live Link Face; MetaHuman's own pose asset says which raw curves each one moves
(``rigmaps/arkit_to_raw.csv``), and only its rule for MouthClose is code. GUI ↔ raw is in rig_maps.py. Knows
nothing about files or takes.
"""

import functools
from collections.abc import Iterable

import numpy as np

from cstalk_ue.errors import RigError
from cstalk_ue.rig import HEAD_CURVES, control_defaults, control_names, neutral_head, rig_table
from cstalk_ue.rig_maps import controls_reaching, gui_to_raw, raw_curve_names, raw_to_gui, weights_by_name
from cstalk_ue.take import RigCurves

LIPS_TOGETHER: tuple[str, ...] = (
    "CTRL_expressions_mouthLipsTogetherUL",
    "CTRL_expressions_mouthLipsTogetherUR",
    "CTRL_expressions_mouthLipsTogetherDL",
    "CTRL_expressions_mouthLipsTogetherDR",
)
"""Raw curves that MouthClose drives, in proportion to how far the jaw is open."""

CLOSED_JAW = 1e-3
"""JawOpen up to here counts as closed: MouthClose / JawOpen would be noise. The guard is ours."""

_HEAD_ANGLES = ("HeadYaw", "HeadPitch", "HeadRoll")
"""Columns of Live Link Face, in the order of our angle arrays."""


@functools.cache
def arkit_names() -> tuple[str, ...]:
    """The 52 ARKit shapes in the column order of Live Link Face."""
    return tuple(row["name"] for row in rig_table("live_link_face.csv") if row["kind"] == "arkit52")


@functools.cache
def _pose_weights() -> np.ndarray:
    """What each ARKit shape adds to each raw curve, ``(251, 52)`` float32; MouthClose adds nothing here."""
    weights = np.zeros((len(raw_curve_names()), len(arkit_names())), dtype=np.float32)
    for row in rig_table("arkit_to_raw.csv"):
        place = raw_curve_names().index(row["raw_name"]), arkit_names().index(row["arkit_name"])
        weights[place] = float(row["weight"])
    weights.flags.writeable = False
    return weights


def arkit_to_gui(curves: RigCurves) -> RigCurves:
    """ARKit shapes → all 185 GUI controls, as MetaHuman's own pose asset maps them.

    Names may be in any case, absent shapes are 0, values are held to 0..1 first (EyeLookIn overshoots on real
    takes). MouthClose brings the lips together by MouthClose / JawOpen, and not at all while JawOpen is at
    most `CLOSED_JAW`. Controls that no shape reaches keep their default.

    Raises:
        RigError: a curve is not one of the 52 shapes, or is given twice in two spellings.
    """
    shapes = weights_by_name(curves, arkit_names(), "ARKit shape")  # (52, frames)
    raw = _pose_weights() @ shapes
    jaw_open, mouth_close = (shapes[arkit_names().index(name)] for name in ("JawOpen", "MouthClose"))
    raw[_rows_of(LIPS_TOGETHER)] = np.where(
        jaw_open > CLOSED_JAW, mouth_close / np.maximum(jaw_open, CLOSED_JAW), 0
    )
    gui = raw_to_gui(curves.replace(values=raw.T, controls=raw_curve_names()))
    values = np.where(np.isin(control_names(), _controls_of_arkit()), gui.values, control_defaults())
    return gui.replace(values=values)


def _rows_of(raw_names: Iterable[str]) -> list[int]:
    return [raw_curve_names().index(name) for name in raw_names]


@functools.cache
def _controls_of_arkit() -> tuple[str, ...]:
    reached = {row["raw_name"] for row in rig_table("arkit_to_raw.csv")}
    return controls_reaching([*sorted(reached), *LIPS_TOGETHER])


def gui_to_arkit(curves: RigCurves) -> RigCurves:
    """GUI controls → the 52 ARKit shapes, 0..1, that come nearest to the same face.

    Least squares over the raw curves that ARKit can reach, bounded to 0..1; the rest of the face is lost.
    MouthClose is the mean of the lipsTogether curves times JawOpen, reversing the rule in `arkit_to_gui`.

    Raises:
        RigError: a curve is not a control of the rig.
    """
    raw = gui_to_raw(curves)
    weights = _pose_weights().astype(np.float64)
    # MouthClose has no pose: its column is empty, so its solution stays 0 until the rule fills it.
    shapes = _bounded_least_squares(weights.T @ weights, weights.T @ raw.values.T)  # (52, frames)
    jaw_open, mouth_close = (shapes[arkit_names().index(name)] for name in ("JawOpen", "MouthClose"))
    mouth_close[:] = raw.values[:, _rows_of(LIPS_TOGETHER)].mean(axis=1) * jaw_open
    return curves.replace(values=shapes.T, controls=arkit_names())


def _bounded_least_squares(gram: np.ndarray, target: np.ndarray, *, tolerance: float = 1e-7) -> np.ndarray:
    """The x in 0..1 that minimises ``x' gram x / 2 - x' target``, for every column of `target` at once.

    Projected coordinate descent: each unknown in turn moves to its own optimum, cut to the box, until a whole
    sweep moves nothing by more than `tolerance`. Converges because the Gram matrix is positive definite where
    its diagonal is not 0.
    """
    x = np.zeros_like(target)
    unknowns = [k for k in range(len(gram)) if gram[k, k] > 0]
    coupled = {k: np.flatnonzero(gram[k]) for k in unknowns}
    moved = np.inf
    while moved > tolerance:
        moved = 0.0
        for k in unknowns:
            slope = gram[k, coupled[k]] @ x[coupled[k]] - target[k]
            step = np.clip(x[k] - slope / gram[k, k], 0, 1) - x[k]
            x[k] += step
            moved = max(moved, float(np.abs(step).max()))
        # An unknown that shares no raw curve with another is solved by the first sweep.
        unknowns = [k for k in unknowns if len(coupled[k]) > 1]
    return x


@functools.cache
def _head_scales() -> tuple[tuple[str, str, float], ...]:
    """(head curve, Live Link Face column, degrees per radian of that column) where the two correspond."""
    rows = rig_table("head_curves.csv")
    return tuple((r["name"], r["live_link_face_column"], float(r["scale"])) for r in rows if r["scale"])


def head_to_live_link_face(head: RigCurves) -> np.ndarray:
    """Head curves in degrees → HeadYaw, HeadPitch, HeadRoll of Live Link Face in radians, ``(frames, 3)``.

    Unreal's Live Link blueprint turns the phone's HeadPitch into the curve HeadYaw (times -50), its HeadRoll
    into HeadPitch and its HeadYaw into HeadRoll (times 50); this is the reverse. Translations have no column.

    Raises:
        CurveFormatError: one of the three rotation curves is missing.
    """
    angles = np.zeros((head.frames, len(_HEAD_ANGLES)), dtype=np.float32)
    for curve, column, scale in _head_scales():
        angles[:, _HEAD_ANGLES.index(column)] = head.curve(curve) / scale
    return angles


def live_link_face_to_head(angles: np.ndarray, *, fps: float, start_seconds: float = 0.0) -> RigCurves:
    """HeadYaw, HeadPitch, HeadRoll of Live Link Face in radians, ``(frames, 3)`` → all `HEAD_CURVES`.

    Translations stay 0 and the switches 1. The factor 50, not 57.3, is Epic's: the head turns a little less
    than the phone measured.

    Raises:
        RigError: `angles` is not ``(frames, 3)``.
        CurveFormatError: no frames, a value is not finite, or fps is not a positive number.
    """
    if np.ndim(angles) != 2 or np.shape(angles)[1] != len(_HEAD_ANGLES):
        raise RigError(
            f"head angles of shape {np.shape(angles)}; expected (frames, 3): {', '.join(_HEAD_ANGLES)}."
        )
    values = neutral_head(len(angles), fps).values.copy()
    for curve, column, scale in _head_scales():
        values[:, HEAD_CURVES.index(curve)] = np.asarray(angles)[:, _HEAD_ANGLES.index(column)] * scale
    return RigCurves(values, HEAD_CURVES, fps, start_seconds)
