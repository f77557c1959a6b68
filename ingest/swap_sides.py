"""Left ↔ right: the face a mirrored camera saw, as the performer made it.

Controls of the two sides change places by their names; controls that move the middle of the face sideways,
and both gaze controls, also change sign. Of the head, tilt and turn change sign, and the way to the side.
Doing it twice gives the same take, to the bit. Knows nothing about why a take is mirrored.
"""

import functools

import numpy as np

from cstalk_ue.errors import RigError
from cstalk_ue.rig import control_names
from cstalk_ue.take import FacePerformance, RigCurves

SIDEWAYS: tuple[str, ...] = (
    "CTRL_L_eye.tx",
    "CTRL_R_eye.tx",
    "CTRL_C_eye.tx",
    "CTRL_C_mouth.tx",
    "CTRL_C_mouth_lipShiftU.ty",
    "CTRL_C_mouth_lipShiftD.ty",
    "CTRL_C_tongue_move.tx",
    "CTRL_C_tongue_bendTwist.tx",
    "CTRL_C_tongue_tipMove.tx",
    "CTRL_C_jaw.tx",
    "CTRL_C_teethU.tx",
    "CTRL_C_teethD.tx",
)
"""Controls whose two halves are raw curves called Left and Right; other ``tx`` mean wide and narrow."""

HEAD_SIDEWAYS = ("HeadPitch", "HeadRoll", "HeadTranslationY")
"""Tilt, turn and the way to the side. HeadYaw is the nod, which a mirror keeps: the names are Unreal's for
the head bone, whose first axis points up (see head_to_live_link_face)."""


def swap_sides(performance: FacePerformance) -> FacePerformance:
    """The same performance with left and right exchanged, face and head.

    Raises:
        RigError: a control of one side is there without its partner, or a name is not known.
    """
    return FacePerformance(swap_face(performance.face), swap_head(performance.head))


def swap_face(face: RigCurves) -> RigCurves:
    """GUI controls with left and right exchanged.

    Raises:
        RigError: a control of one side is there without its partner, or a name is not known.
    """
    columns, signs = _exchange(face.controls)
    return face.replace(values=face.values[:, columns] * signs + np.float32(0))


def swap_head(head: RigCurves) -> RigCurves:
    """Head curves of a mirrored head."""
    signs = np.where(np.isin(head.controls, HEAD_SIDEWAYS), -1, 1).astype(np.float32)
    return head.replace(values=head.values * signs + np.float32(0))


@functools.cache
def _exchange(names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """For every control the column to take and the factor."""
    unknown = [name for name in names if name not in control_names()]
    if unknown:
        raise RigError(f"{unknown[0]!r} is not a control of the rig; only those have a mirror partner.")
    partners = [partner_of(name) for name in names]
    alone = [name for name, partner in zip(names, partners, strict=True) if partner not in names]
    if alone:
        raise RigError(f"{alone[0]} is there without {partner_of(alone[0])}. Select both sides.")
    columns = np.array([names.index(partner) for partner in partners])
    signs = np.where(np.isin(names, SIDEWAYS), -1, 1).astype(np.float32)
    return columns, signs


def partner_of(name: str) -> str:
    """The same control on the other side of the face; one in the middle is its own partner."""
    for side, other in (("CTRL_L_", "CTRL_R_"), ("CTRL_R_", "CTRL_L_")):
        if name.startswith(side):
            return other + name.removeprefix(side)
    return name
