"""Where left, up and front are in a DNA file, and how the head curves turn its head.

Conversions between the axes of a file and those of the landmark face: x to the character's left, y up, z out
of the face. Knows nothing about meshes and pictures.
"""

import numpy as np

from cstalk_ue.dna.data import Dna
from cstalk_ue.dna.skeleton import Skeleton
from cstalk_ue.errors import DnaError

HEAD_JOINT = "head"
_LEFT, _RIGHT = "FACIAL_L_", "FACIAL_R_"


def face_axes(dna: Dna, skeleton: Skeleton) -> np.ndarray:
    """Rows are left, up and front in the axes of the file, ``(3, 3)``; they turn file vectors into ours.

    Up and front are as the descriptor says. Left is where the joints ``FACIAL_L_...`` are, if there are any:
    whether a descriptor means the character's left or the viewer's is not documented.

    Raises:
        DnaError: the descriptor does not name three different directions.
    """
    axes = np.zeros((3, 3))
    for axis, word in enumerate(dna.descriptor.axes):
        row, sign = {
            "left": (0, 1), "right": (0, -1), "up": (1, 1), "down": (1, -1), "front": (2, 1), "back": (2, -1),
        }[word]  # fmt: skip
        axes[row, axis] = sign
    if not axes.any(axis=1).all():
        raise DnaError(
            f"{dna.source}: its axes point {', '.join(dna.descriptor.axes)}; "
            "expected one each of left or right, up or down, front or back. Export the DNA again."
        )
    names = dna.definition.joints
    place = {name: index for index, name in enumerate(names)}
    pairs = [
        (index, place[_RIGHT + name.removeprefix(_LEFT)])
        for name, index in place.items()
        if name.startswith(_LEFT) and _RIGHT + name.removeprefix(_LEFT) in place
    ]
    if pairs:
        left, right = np.array(pairs).T
        where = skeleton.bind_world[:, :3, 3]
        axes[0] *= -1.0 if axes[0] @ (where[left] - where[right]).sum(axis=0) < 0 else 1.0
    return axes


def head_joint(dna: Dna) -> int:
    """Index of the joint that turns the head.

    Raises:
        DnaError: there is none.
    """
    if HEAD_JOINT not in dna.definition.joints:
        raise DnaError(f"{dna.source}: has no joint {HEAD_JOINT!r} to turn. Leave head motion off.")
    return dna.definition.joints.index(HEAD_JOINT)


def joints_below(parents: np.ndarray, joint: int) -> np.ndarray:
    """A joint and all that hang on it, ``(J,)`` bool."""
    found = np.arange(len(parents)) == joint
    while True:
        more = found | found[parents]
        more[joint] = True
        if (more == found).all():
            return found
        found = more


def head_turns(motion: np.ndarray, axes: np.ndarray, mm_per_unit: float) -> tuple[np.ndarray, np.ndarray]:
    """Rotations ``(3, 3, F)`` and shifts ``(3, F)`` in the axes and units of the file.

    Nod, tilt and turn are HeadYaw, HeadPitch and HeadRoll, as on the landmark face; signs are not confirmed.

    Args:
        motion: ``(F, 6)`` as `face.HEAD_MOTION`, degrees and centimetres.
        axes: of `face_axes`.
        mm_per_unit: of the file.
    """
    yaw, pitch, roll, x, y, z = np.asarray(motion, dtype=np.float64).T
    turn = _about(roll, 2, 0) @ _about(-yaw, 1, 2) @ _about(pitch, 0, 1)
    glide = np.stack([-y, z, x], axis=1) * (10.0 / mm_per_unit)
    return (axes.T @ turn @ axes).transpose(1, 2, 0), (glide @ axes).T


def _about(degrees: np.ndarray, first: int, second: int) -> np.ndarray:
    """``(F, 3, 3)`` turning axis `first` towards axis `second`."""
    angle = np.deg2rad(degrees)
    out = np.tile(np.eye(3), (len(angle), 1, 1))
    out[:, first, first] = out[:, second, second] = np.cos(angle)
    out[:, second, first] = np.sin(angle)
    out[:, first, second] = -np.sin(angle)
    return out
