"""Regions of a head mesh, by the joints that carry its vertices: lips, eyes and forehead.

Where errors of a mouth (LVE) and of an upper face (EVE) are measured. No list of vertices is needed: the
names of MetaHuman joints say where they are, ``FACIAL_L_LipUpper2``, ``FACIAL_R_12IPV_ForeheadIn4``,
``FACIAL_L_EyelidUpperA1``. Knows nothing about errors and controls.
"""

from dataclasses import dataclass

import numpy as np

from cstalk_ue.dna.data import Dna
from cstalk_ue.errors import DnaError


@dataclass(frozen=True)
class Region:
    """A part of the face.

    A vertex belongs to it if the weights of the joints of the region add up to `threshold` or more. A joint
    is one of them if its name, without ``FACIAL_`` in front, has one of `words` in it and none of `without`,
    in any case.

    Attributes:
        name: in messages.
        words, without: parts of joint names.
        threshold: 0..1 share of what moves a vertex; 0.5 is "mostly".
    """

    name: str
    words: tuple[str, ...]
    without: tuple[str, ...] = ()
    threshold: float = 0.5

    def has_joint(self, joint: str) -> bool:
        """Whether a joint of this name belongs to the region."""
        name = joint.casefold().removeprefix("facial_")
        return any(word.casefold() in name for word in self.words) and not any(
            word.casefold() in name for word in self.without
        )


LIPS = Region("lips", ("lip", "mouth"), without=("interior",))
"""Lips with their corners and the skin that is moved by lip joints. The walls of the mouth do not belong."""

EYE_AND_FOREHEAD = Region("eyes and forehead", ("eye", "brow", "forehead"))
"""Lids, corners and sacks of the eyes, lashes, brows and forehead."""


def region_vertices(dna: Dna, region: Region, *, mesh: str = "") -> np.ndarray:
    """Which vertices of a mesh belong to a region, ``(V,)`` bool; the mesh is by default the head.

    Raises:
        DnaError: no vertex does, or there is no such mesh.
    """
    name = mesh or dna.head_mesh()
    skin = dna.mesh(name)
    joints = np.array([region.has_joint(joint) for joint in dna.definition.joints], dtype=bool)
    weights = np.where(joints[skin.skin_joints], skin.skin_weights, 0.0)
    share = np.bincount(skin.skin_vertices, weights, len(skin.positions))
    found = share >= region.threshold - 1e-6
    if not found.any():
        raise DnaError(
            f"{dna.source}: no vertex of {name!r} belongs to the {region.name}: {int(joints.sum())} of "
            f"{len(joints)} joints have {' or '.join(region.words)} in their name, and they carry at most "
            f"{share.max(initial=0):.2f} of a vertex; expected {region.threshold:g}. "
            "Lower the threshold, or name the words of this rig."
        )
    return np.asarray(found)


def lip_vertices(dna: Dna, *, region: Region = LIPS, mesh: str = "") -> np.ndarray:
    """The vertices of the lips, ``(V,)`` bool: at least half carried by joints named after lip or mouth.

    Raises:
        DnaError: there are none.
    """
    return region_vertices(dna, region, mesh=mesh)


def eye_and_forehead_vertices(dna: Dna, *, region: Region = EYE_AND_FOREHEAD, mesh: str = "") -> np.ndarray:
    """The vertices of the upper face, ``(V,)`` bool: at least half carried by joints of eye, brow, forehead.

    Raises:
        DnaError: there are none.
    """
    return region_vertices(dna, region, mesh=mesh)
