"""The joints of a DNA rig: changes of joints → where every joint is (forward kinematics).

Column vectors: ``world = parent world * translate * neutral rotation * rotation * scale``, all local to the
parent; a child inherits its parent's scale. Quaternions are not needed, all is matrices. Knows nothing about
controls and meshes. Shapes: F frames, J joints; inside, frames are the last axis and lie side by side.
"""

import functools

import numpy as np

from cstalk_ue.dna.data import Descriptor, Dna


class Skeleton:
    """Joints of a file at rest and in motion; matrices are ``(F, J, 4, 4)`` float64, in units of the file."""

    def __init__(self, dna: Dna) -> None:
        definition = dna.definition
        self._descriptor = dna.descriptor
        self._translations = definition.translations.astype(np.float64)
        self._rest = euler_matrices(definition.rotations.astype(np.float64).T, dna.descriptor)
        self.parents = definition.joint_parents
        self._levels = _levels(self.parents)

    @functools.cached_property
    def bind_world(self) -> np.ndarray:
        """``(J, 4, 4)`` at rest."""
        return self.world(np.zeros((1, len(self.parents), 9)))[0]

    def world(self, joints: np.ndarray) -> np.ndarray:
        """Changes of the joints ``(F, J, 9)`` → ``(F, J, 4, 4)``."""
        frames, count = joints.shape[:2]
        matrices = np.zeros((frames, count, 4, 4))
        turned, placed = self._placed(joints)
        matrices[..., :3, :3] = turned.transpose(3, 2, 0, 1)
        matrices[..., :3, 3] = placed.transpose(2, 1, 0)
        matrices[..., 3, 3] = 1
        return matrices

    def skinning(self, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far joints are from rest: turns ``(3, 3, J, F)`` less the identity, and shifts ``(3, J, F)``.

        A joint carries a point by ``turn * (point - its place at rest) + shift``.
        """
        turned, placed = self._placed(joints)
        back = np.linalg.inv(self.bind_world[:, :3, :3]).transpose(1, 2, 0)
        turned = _product(turned, back[..., None])
        for axis in range(3):
            turned[axis, axis] -= 1
        return turned, placed - self.places.T[..., None]

    @property
    def places(self) -> np.ndarray:
        """``(J, 3)`` at rest."""
        return np.asarray(self.bind_world[:, :3, 3])

    def _placed(self, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """World rotations with scale ``(3, 3, J, F)`` and places ``(3, J, F)``."""
        change = np.asarray(joints, dtype=np.float64).transpose(2, 1, 0)  # (9, J, F)
        turned = _product(self._rest[..., None], euler_matrices(change[3:6], self._descriptor))
        turned *= 1 + change[None, 6:9]
        placed = self._translations.T[..., None] + change[:3]
        for level in self._levels[1:]:
            parents = self.parents[level]
            above = turned[:, :, parents]
            placed[:, level] = placed[:, parents] + _applied(above, placed[:, level])
            turned[:, :, level] = _product(above, turned[:, :, level])
        return turned, placed


def euler_matrices(angles: np.ndarray, descriptor: Descriptor) -> np.ndarray:
    """Rotations ``(3, 3, ...)`` of Euler angles ``(3, ...)`` about x, y, z, as the file means them.

    The first axis of the sequence turns first, about fixed axes: "xyz" is ``Rz * Ry * Rx``.
    """
    signs = np.array(descriptor.rotation_signs).reshape(3, *[1] * (angles.ndim - 1))
    angles = angles * signs * (np.pi / 180 if descriptor.degrees else 1.0)
    cosines, sines = np.cos(angles), np.sin(angles)
    first, second, third = (
        _about("xyz".index(axis), cosines, sines) for axis in descriptor.rotation_sequence
    )
    return _product(third, _product(second, first))


def _about(axis: int, cosines: np.ndarray, sines: np.ndarray) -> np.ndarray:
    i, j = (axis + 1) % 3, (axis + 2) % 3
    out = np.zeros((3, *cosines.shape))
    out[axis, axis] = 1
    out[i, i] = out[j, j] = cosines[axis]
    out[j, i] = sines[axis]
    out[i, j] = -sines[axis]
    return out


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Matrix product of ``(3, 3, ...)``; np.matmul is several times slower on so small matrices."""
    return np.stack([[sum(a[i, k] * b[k, j] for k in range(3)) for j in range(3)] for i in range(3)])


def _applied(a: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Matrices ``(3, 3, ...)`` times vectors ``(3, ...)``."""
    return np.stack([sum(a[i, k] * v[k] for k in range(3)) for i in range(3)])


def _levels(parents: np.ndarray) -> list[np.ndarray]:
    """Joints by their distance from a root; roots are the first level."""
    depth = np.zeros(len(parents), dtype=np.int64)
    ancestor = np.arange(len(parents))
    while True:
        above = parents[ancestor]
        moved = above != ancestor
        if not moved.any():
            break
        depth += moved
        ancestor = above
    return [np.flatnonzero(depth == level) for level in range(int(depth.max(initial=0)) + 1)]
