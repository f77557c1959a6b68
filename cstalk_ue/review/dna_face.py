"""The head of a DNA as pictures need it: skin, teeth, tongue and eyes, placed like the landmark face.

Millimetres from between the eyes, x to the character's left, y up, z out of the face. Hair, lashes and
textures are no part of a DNA; colours are plain, by mesh and by the joints that carry a vertex. Knows nothing
about drawing (see draw_dna.py). Shapes: F frames, V vertices of all meshes together, T triangles.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cstalk_ue.dna import LIPS, Dna, DnaHead, Mesh, Region, SkinnedMesh, read_dna
from cstalk_ue.dna.orientation import HEAD_JOINT, face_axes, joints_below
from cstalk_ue.errors import DnaError
from cstalk_ue.face_mesh import Material
from cstalk_ue.review.draw_face import ZOOMS
from cstalk_ue.rig import control_names
from cstalk_ue.take import RigCurves

MATERIALS = (
    Material("skin", (0.80, 0.58, 0.48), 0.10, 1),
    Material("mouth", (0.36, 0.14, 0.14), 0.05, 0),
    Material("teeth", (0.90, 0.87, 0.80), 0.25, 0),
    Material("tongue", (0.66, 0.30, 0.30), 0.15, 0),
    Material("eye", (0.93, 0.92, 0.91), 0.45, 0),
    Material("iris", (0.30, 0.22, 0.15), 0.45, 0),
    Material("pupil", (0.04, 0.03, 0.03), 0.45, 0),
)
_SKIN, _MOUTH, _TEETH, _TONGUE, _EYE, _IRIS, _PUPIL = range(len(MATERIALS))
_SHOWN = ("teeth", "eyeleft", "eyeright")
"""Beginnings of the names of meshes drawn with the head. Saliva, eye shells and lashes would hide them."""
_TONGUE_JOINTS = Region("tongue", ("tongue",))
_INSIDE_JOINTS = Region("inside of the mouth", ("interior",))
_IRIS_SINE, _PUPIL_SINE = 0.48, 0.17
"""How far from the middle of the eye iris and pupil reach, in radii of the eyeball."""
_EYES_APART_MM = (40.0, 90.0)
_FILLED = 0.9
_USUAL_MOUTH = (0.0, -76.0, 15.0)
_FRAMES_AT_ONCE = 16


class DnaFace:
    """The head of a file, ready to be posed and drawn.

    Attributes:
        triangles: ``(T, 3)`` counter-clockwise from outside.
        materials: ``(V,)`` indices into `MATERIALS`.
        rest: ``(V, 3)`` float32 mm, the joints at rest.
        head_share: ``(V,)`` 0..1 how far a vertex goes with the head; the neck stays.
        pivot: ``(3,)`` mm, about which the head turns.
        mouth: ``(3,)`` mm, the middle of the lips.
        mm: of the picture per mm of the file; 1 but for heads of unknown size.
        notes: what of the rig is not evaluated.
    """

    def __init__(self, path: Path, *, coarse: bool = False) -> None:
        """Read a file.

        Args:
            path: of the DNA.
            coarse: take the meshes of the second level of detail, if it has a head.

        Raises:
            DnaError: it cannot be read, or has no head.
        """
        listed = read_dna(path, meshes=())
        lod, head_name = _level(listed, coarse)
        every = [listed.definition.meshes[index] for index in listed.definition.meshes_of_lod[lod]]
        names = [head_name, *(name for name in every if name.casefold().startswith(_SHOWN))]
        dna = read_dna(path, meshes=names)
        self.notes = dna.notes
        self._head = DnaHead(dna, mesh=head_name)  # the rig at its finest, whatever the mesh
        self._skins = [SkinnedMesh(dna, name, self._head.skeleton) for name in names]
        self._axes = face_axes(dna, self._head.skeleton)
        self._middle, self._scale = self._placement()
        self.mm = self._scale / dna.descriptor.mm_per_unit
        self.rest = self._placed([skin.rest[None] for skin in self._skins])[0]
        meshes = [dna.mesh(name) for name in names]
        starts = np.cumsum([0, *(len(mesh.positions) for mesh in meshes)])
        parts = [mesh.triangles + start for mesh, start in zip(meshes, starts, strict=False)]
        self.triangles = self._outwards(np.concatenate(parts), len(parts[0]))
        placed = np.split(self.rest, starts[1:-1])
        self.materials = np.concatenate([_materials(dna, *pair) for pair in zip(meshes, placed, strict=True)])
        self.mouth = self._middle_of_lips(meshes[0])
        self._find_neck(meshes)

    def vertices(self, values: np.ndarray, head: np.ndarray | None = None) -> Iterator[np.ndarray]:
        """Vertices ``(V, 3)`` float32 mm of each frame.

        Args:
            values: ``(F, 185)`` in the rig's order.
            head: ``(F, 6)`` as `face.HEAD_MOTION`, or None for a still head. A rig without a joint for it
                keeps still.

        Raises:
            DnaError: a control that moves is none of this DNA's.
        """
        gui = self._head.gui_values(RigCurves(values, control_names(), 30.0))  # any clock will do
        if HEAD_JOINT not in self._head.dna.definition.joints:
            head = None
        for start in range(0, len(gui), _FRAMES_AT_ONCE):
            part = slice(start, start + _FRAMES_AT_ONCE)
            turned, shift, channels = self._head.posed(gui[part], None if head is None else head[part])
            yield from self._placed(
                [skin.rest + skin.carried(turned, shift, channels) for skin in self._skins]
            )

    def _placement(self) -> tuple[np.ndarray, float]:
        """What of the file is the origin of the pictures, and mm per unit."""
        names, places = self._head.dna.definition.joints, self._head.skeleton.places
        mm = self._head.dna.descriptor.mm_per_unit
        rest = self._skins[0].rest
        low, high = rest.min(axis=0), rest.max(axis=0)
        if "FACIAL_L_Eye" in names and "FACIAL_R_Eye" in names:
            eyes = places[[names.index("FACIAL_L_Eye"), names.index("FACIAL_R_Eye")]]
            apart = float(np.linalg.norm(eyes[0] - eyes[1])) * mm
            if _EYES_APART_MM[0] <= apart <= _EYES_APART_MM[1] and ((eyes >= low) & (eyes <= high)).all():
                return eyes.mean(axis=0), mm
        # No eyes where eyes should be: as large as a picture holds.
        zoom = ZOOMS["face"]
        width, height, _ = np.maximum(np.abs(self._axes @ (high - low)), 1e-9)
        scale = _FILLED * min(zoom.width_mm / float(width), zoom.height_mm / float(height))
        return (low + high) / 2 - zoom.middle @ self._axes / scale, scale

    def _placed(self, meshes: list[np.ndarray]) -> np.ndarray:
        """Vertices of each mesh ``(F, n, 3)`` in the file's axes and units → all of them, placed."""
        every = np.concatenate(meshes, axis=1) - self._middle
        return np.asarray((every @ self._axes.T) * self._scale, dtype=np.float32)

    def _outwards(self, triangles: np.ndarray, of_head: int) -> np.ndarray:
        """Triangles counter-clockwise: a file may have either winding, and mirrored axes swap it."""
        a, b, c = (self.rest[triangles[:of_head, corner]].astype(np.float64) for corner in range(3))
        volume = np.einsum("ij,ij->", a - self.rest.mean(axis=0), np.cross(b - a, c - a))
        return triangles[:, ::-1] if volume < 0 else triangles

    def _middle_of_lips(self, mesh: Mesh) -> np.ndarray:
        share = _share(self._head.dna, mesh, LIPS)
        if share.sum() < 1:
            return np.array(_USUAL_MOUTH)
        return np.asarray(np.average(self.rest[: len(share)], axis=0, weights=share))

    def _find_neck(self, meshes: list[Mesh]) -> None:
        names, skeleton = self._head.dna.definition.joints, self._head.skeleton
        if HEAD_JOINT not in names:
            self.head_share, self.pivot = np.zeros(len(self.rest)), np.zeros(3)
            return
        joint = names.index(HEAD_JOINT)
        below = joints_below(skeleton.parents, joint)
        weights = [
            np.bincount(m.skin_vertices, np.where(below[m.skin_joints], m.skin_weights, 0), len(m.positions))
            for m in meshes
        ]
        self.head_share = np.clip(np.concatenate(weights), 0, 1)
        self.pivot = self._placed([skeleton.places[None, None, joint]])[0, 0].astype(np.float64)


def _level(dna: Dna, coarse: bool) -> tuple[int, str]:
    """The level of detail to show, and the head's mesh."""
    if coarse and dna.descriptor.lod_count > 1:
        try:
            return 1, dna.head_mesh(1)
        except DnaError:
            pass  # the first level has one, or says why not
    return 0, dna.head_mesh(0)


def _materials(dna: Dna, mesh: Mesh, rest: np.ndarray) -> np.ndarray:
    """Of each vertex of a mesh."""
    name = mesh.name.casefold()
    if name.startswith("eye"):
        away = rest - (rest.min(axis=0) + rest.max(axis=0)) / 2
        sine = np.linalg.norm(away[:, :2], axis=1) / np.maximum(np.linalg.norm(away, axis=1), 1e-9)
        sine = np.where(away[:, 2] > 0, sine, 1.0)
        return np.where(sine < _PUPIL_SINE, _PUPIL, np.where(sine < _IRIS_SINE, _IRIS, _EYE))
    if name.startswith("teeth"):
        return np.where(_share(dna, mesh, _TONGUE_JOINTS) > 0.5, _TONGUE, _TEETH)
    return np.where(_share(dna, mesh, _INSIDE_JOINTS) > 0.5, _MOUTH, _SKIN)


def _share(dna: Dna, mesh: Mesh, region: Region) -> np.ndarray:
    """How far the joints of a region carry each vertex, 0..1."""
    joints = np.array([region.has_joint(joint) for joint in dna.definition.joints], dtype=bool)
    weights = np.where(joints[mesh.skin_joints], mesh.skin_weights, 0.0)
    return np.asarray(np.bincount(mesh.skin_vertices, weights, len(mesh.positions)))
