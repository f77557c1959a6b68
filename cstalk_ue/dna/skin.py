"""A mesh of a DNA rig: joints and blend shapes → vertices (linear blend skinning).

Blend shapes are added at rest, then each vertex is carried by its joints: ``sum(weight * matrix) * vertex``.
Work goes joint by joint, over all frames at once, on differences from rest and distances from joints, so that
32 bits are enough for a face 1.5 m above the origin. Shapes: F frames, V vertices, J joints.
"""

import numpy as np

from cstalk_ue.dna.data import Dna
from cstalk_ue.dna.skeleton import Skeleton


class SkinnedMesh:
    """A mesh with what carries it.

    Attributes:
        rest: ``(V, 3)`` float64 in units of the file, as the joints at rest leave it.

    Raises:
        DnaError: the file has no such mesh, or it was not read.
    """

    def __init__(self, dna: Dna, name: str, skeleton: Skeleton | None = None) -> None:
        mesh = dna.mesh(name)
        self._skeleton = skeleton or Skeleton(dna)
        positions = mesh.positions.astype(np.float64)
        weight = mesh.skin_weights
        whole = np.bincount(mesh.skin_vertices, weight, len(positions))
        self.rest = positions * whole[:, None]
        self._shapes = [(shape.channel, shape.vertices, shape.deltas) for shape in mesh.shapes]
        # By joint: which vertices it carries, how far they are from it, times their weight, and the weight.
        order = np.argsort(mesh.skin_joints, kind="stable")
        joints, starts = np.unique(mesh.skin_joints[order], return_index=True)
        self._carried = []
        for joint, part in zip(joints.tolist(), np.split(order, starts[1:]), strict=True):
            # A vertex may list a joint twice.
            vertices, where = np.unique(mesh.skin_vertices[part], return_inverse=True)
            share = np.bincount(where, weight[part])
            arms = positions[vertices] - self._skeleton.places[joint]
            spread = np.column_stack([arms * share[:, None], share])
            self._carried.append((joint, vertices, spread.astype(np.float32)))

    def restricted(self, keep: np.ndarray) -> "SkinnedMesh":
        """These vertices alone, ``(V,)`` bool or indices."""
        chosen = np.arange(len(self.rest))[keep]
        place = np.full(len(self.rest), -1)
        place[chosen] = np.arange(len(chosen))
        other = object.__new__(SkinnedMesh)
        other._skeleton, other.rest = self._skeleton, self.rest[chosen]
        other._shapes, other._carried = [], []
        for channel, vertices, deltas in self._shapes:
            mine = place[vertices] >= 0
            if mine.any():
                other._shapes.append((channel, place[vertices][mine], deltas[mine]))
        for joint, vertices, spread in self._carried:
            mine = place[vertices] >= 0
            if mine.any():
                other._carried.append((joint, place[vertices][mine], spread[mine]))
        return other

    def vertices(self, joints: np.ndarray, channels: np.ndarray) -> np.ndarray:
        """Vertices ``(F, V, 3)`` float64 in units of the file.

        Args:
            joints: changes ``(F, J, 9)``, see behaviour.py.
            channels: weights of the blend shapes ``(F, B)``.
        """
        return self.rest + self.offsets(joints, channels)

    def offsets(self, joints: np.ndarray, channels: np.ndarray) -> np.ndarray:
        """As `vertices`, less `rest`: ``(F, V, 3)`` float32."""
        return self.carried(*self._skeleton.skinning(joints), channels)

    def carried(self, turned: np.ndarray, shift: np.ndarray, channels: np.ndarray) -> np.ndarray:
        """As `offsets`, of what `Skeleton.skinning` gives."""
        frames = len(channels)
        count = len(self.rest)
        # (J, 4, 3 * F): a joint's matrix as columns, so that one product carries its vertices in all frames.
        columns = np.concatenate([turned.transpose(2, 1, 0, 3), shift.transpose(1, 0, 2)[:, None]], axis=1)
        columns = columns.reshape(len(columns), 4, 3 * frames).astype(np.float32)
        flat = np.zeros((count, 3 * frames), dtype=np.float32)
        for joint, vertices, spread in self._carried:
            flat[vertices] += spread @ columns[joint]
        total = flat.reshape(count, 3, frames)
        if self._shapes and channels.any():
            self._add_shapes(total, turned, channels)
        return np.ascontiguousarray(total.transpose(2, 0, 1))

    def _add_shapes(self, total: np.ndarray, turned: np.ndarray, channels: np.ndarray) -> None:
        moved = np.zeros_like(total)
        touched = np.zeros(len(total), dtype=bool)
        for channel, vertices, deltas in self._shapes:
            weight = channels[:, channel]
            if weight.any():
                moved[vertices] += deltas[:, :, None] * weight
                touched[vertices] = True
        for joint, vertices, spread in self._carried:
            mine = touched[vertices]
            if not mine.any():
                continue
            vertices, share = vertices[mine], spread[mine, 3, None]
            delta, matrix = moved[vertices], turned[:, :, joint].astype(np.float32)
            for axis in range(3):
                along = delta[:, axis].copy()  # the matrix is less the identity
                for k in range(3):
                    along += matrix[axis, k] * delta[:, k]
                total[vertices, axis] += share * along
