"""Curves of the rig → vertices of a DNA's head, in millimetres.

The head keeps still unless asked: errors in millimetres are of the face, not of a nod. Vertices come in
blocks of frames, so that memory does not grow with length: those of a MetaHuman are 0.3 MB per frame. Knows
the names of controls; arithmetic is in behaviour.py, skeleton.py and skin.py. Shapes: F frames, V vertices.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cstalk_ue.dna.behaviour import Behaviour
from cstalk_ue.dna.data import Dna, Mesh
from cstalk_ue.dna.orientation import face_axes, head_joint, head_turns, joints_below
from cstalk_ue.dna.reader import read_dna
from cstalk_ue.dna.skeleton import Skeleton
from cstalk_ue.dna.skin import SkinnedMesh
from cstalk_ue.errors import DnaError
from cstalk_ue.face import HEAD_MOTION
from cstalk_ue.rig import complete, control_defaults, controls
from cstalk_ue.take import FacePerformance, RigCurves

FRAMES_AT_ONCE = 32
"""Enough for the products of matrices to be quick; a block of a MetaHuman head is then about 10 MB."""


class DnaHead:
    """The head of a DNA, to be moved by curves.

    Attributes:
        dna: of the rig.
        mesh: the mesh, at rest in units of the file.
        lod: level of detail of rig and mesh.
        vertices: how many vertices are evaluated.
        rest: ``(V, 3)`` float32 mm, the joints at rest.
        notes: what of the rig is not evaluated, one sentence each.
    """

    def __init__(self, dna: Dna, *, lod: int = 0, mesh: str = "", clamp: bool = True) -> None:
        """Prepare to evaluate.

        Args:
            dna: with the mesh that is wanted.
            lod: level of detail; 0 is the finest.
            mesh: its name; "" takes the head of that level.
            clamp: see `Behaviour`.

        Raises:
            DnaError: the level or the mesh does not exist, or the rig cannot be evaluated.
        """
        self.dna, self.lod = dna, lod
        self.behaviour = Behaviour(dna, lod=lod, clamp=clamp)
        self.skeleton = Skeleton(dna)
        self.mesh: Mesh = dna.mesh(mesh or dna.head_mesh(lod))
        self._skin = SkinnedMesh(dna, self.mesh.name, self.skeleton)
        self._columns = {name: column for column, name in enumerate(dna.definition.gui)}

    @classmethod
    def open(cls, path: Path, *, lod: int = 0, clamp: bool = True) -> "DnaHead":
        """The head of a file, of which no other mesh is read.

        Raises:
            DnaError: the file cannot be read or has no head.
        """
        name = read_dna(path, meshes=()).head_mesh(lod)
        return cls(read_dna(path, meshes=[name]), lod=lod, mesh=name, clamp=clamp)

    def restricted(self, keep: np.ndarray) -> "DnaHead":
        """The same head with these vertices alone, ``(V,)`` bool or indices: metrics need only a region."""
        other = object.__new__(DnaHead)
        other.__dict__.update(self.__dict__)
        other._skin = self._skin.restricted(keep)
        return other

    @property
    def vertices(self) -> int:
        return len(self._skin.rest)

    @property
    def rest(self) -> np.ndarray:
        return self._in_mm(self._skin.rest)

    @property
    def notes(self) -> tuple[str, ...]:
        return self.dna.notes

    def motion(self, curves: RigCurves | FacePerformance, *, head: bool = False) -> np.ndarray:
        """All frames at once, ``(F, V, 3)`` float32 mm; see `blocks`."""
        return np.concatenate(list(self.blocks(curves, head=head)))

    def blocks(
        self, curves: RigCurves | FacePerformance, *, head: bool = False, frames_at_once: int = FRAMES_AT_ONCE
    ) -> Iterator[np.ndarray]:
        """Vertices ``(n, V, 3)`` float32 mm in the axes of the file, `frames_at_once` frames each.

        Args:
            curves: GUI controls, any subset of the rig's; absent ones rest at their default.
            head: with the motion of the head, if `curves` has it.
            frames_at_once: bounds the memory.

        Raises:
            RigError: a curve is not a control of the rig.
            DnaError: a control that moves is none of this DNA's, or it has no head joint to turn.
        """
        gui = self.gui_values(curves.face if isinstance(curves, FacePerformance) else curves)
        motion = None
        if head and isinstance(curves, FacePerformance):
            motion = curves.head.select(HEAD_MOTION).values
        return self._blocks(gui, motion, frames_at_once)

    def _blocks(self, gui: np.ndarray, motion: np.ndarray | None, at_once: int) -> Iterator[np.ndarray]:
        for start in range(0, len(gui), at_once):
            part = slice(start, start + at_once)
            yield self.evaluate(gui[part], None if motion is None else motion[part])

    def evaluate(self, gui: np.ndarray, motion: np.ndarray | None = None) -> np.ndarray:
        """One block: GUI controls in the order of the file, and `HEAD_MOTION` or None, → ``(F, V, 3)`` mm."""
        turned, shift, channels = self.posed(gui, motion)
        return self._placed(self._skin, turned, shift, channels)

    def posed(
        self, gui: np.ndarray, motion: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `evaluate`, for `SkinnedMesh.carried`: meshes that move together need be posed only once."""
        outputs = self.behaviour.evaluate(self.behaviour.raw_controls(gui))
        turned, shift = self.skeleton.skinning(outputs.joints)
        if motion is not None:
            self._turn_head(turned, shift, motion)
        return turned, shift, outputs.channels

    def _placed(
        self, skin: SkinnedMesh, turned: np.ndarray, shift: np.ndarray, channels: np.ndarray
    ) -> np.ndarray:
        found = skin.carried(turned, shift, channels)
        found *= np.float32(self.dna.descriptor.mm_per_unit)
        found += self._in_mm(skin.rest)
        return found

    def _in_mm(self, places: np.ndarray) -> np.ndarray:
        return np.asarray(places * self.dna.descriptor.mm_per_unit, dtype=np.float32)

    def _turn_head(self, turned: np.ndarray, shift: np.ndarray, motion: np.ndarray) -> None:
        """Turn the head joint and all below it about its place at rest, in place."""
        joint = head_joint(self.dna)
        axes = face_axes(self.dna, self.skeleton)
        turn, glide = head_turns(motion, axes, self.dna.descriptor.mm_per_unit)
        pivot, places = self.skeleton.places[joint], self.skeleton.places
        below = np.flatnonzero(joints_below(self.skeleton.parents, joint))
        whole = turned[:, :, below]
        for axis in range(3):
            whole[axis, axis] += 1
        whole = np.einsum("ikf,kjnf->ijnf", turn, whole)
        for axis in range(3):
            whole[axis, axis] -= 1
        turned[:, :, below] = whole
        arms = (places[below] - pivot).T[..., None]
        shift[:, below] = np.einsum("ikf,knf->inf", turn, shift[:, below] + arms) - arms + glide[:, None]

    def gui_values(self, curves: RigCurves) -> np.ndarray:
        """Curves ``(frames, any)`` → ``(frames, GUI controls of the file)`` float32, by name.

        Controls of the rig that the DNA lacks are left out if they are of the face board only, or at rest
        throughout. Controls of the DNA that the rig lacks are 0.

        Raises:
            RigError: a curve is not a control of the rig.
            DnaError: a control that moves is none of the DNA's.
        """
        values = complete(curves).values
        gui = np.zeros((len(values), len(self._columns)), dtype=np.float32)
        lost = []
        for index, control in enumerate(controls()):
            column = self._columns.get(control.name)
            if column is not None:
                gui[:, column] = values[:, index]
            elif not control.flagged and (values[:, index] != control_defaults()[index]).any():
                lost.append(control.name)
        if lost:
            raise DnaError(
                f"{self.dna.source}: has no GUI control {', '.join(lost[:5])}"
                f"{f' and {len(lost) - 5} more' if len(lost) > 5 else ''}, which the curves move; its rig is "
                "another one. Export the DNA of a current MetaHuman, or leave these controls out."
            )
        return gui
