"""A head to measure errors on, in millimetres: the landmark face, or a user's MetaHuman DNA.

Only the points of the two regions of the paper are evaluated (III.C: lips for LVE, eyes and forehead for
EVE), block by block. The head keeps still. Knows nothing about errors (see point_errors.py).

Points of the landmark face (names and materials of `rigmaps/face_points.csv` and `face_triangles.csv`):

    lips                all corners of triangles of the material ``lip``: ``lip_inner_*``, ``lip_ridge_*``,
                        ``lip_border_*`` and the inner ``lip_corner``, 68 points
    eyes and forehead   the groups ``brow``, ``above_brow``, ``glabella``, ``temple``, ``orbit_*``, ``lid_*``,
                        and those points of the group ``skin`` that a control of the region ``brow`` moves by
                        more than 0.3 mm; eyeballs, lashes and the hair of the brows are left out, 111 points

On a DNA they are the vertices that joints named after these parts carry (see dna/masks.py).
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from cstalk_ue.face import load_face
from cstalk_ue.face_mesh import face_materials, face_mesh
from cstalk_ue.rig import complete, controls, neutral_curves
from cstalk_ue.take import RigCurves

_EYE_GROUPS = (
    "brow", "above_brow", "glabella", "temple", "orbit_upper", "orbit_lower", "lid_corner", "lid_upper",
    "lid_lower", "lid_fold_upper", "lid_fold_lower",
)  # fmt: skip
_FRAMES_AT_ONCE = 128
_MOVED_MM = 0.3


class MeasuringHead(Protocol):
    """What errors in millimetres are measured on.

    Attributes:
        name: of the space, printed with every figure.
        lips, eyes_and_forehead: ``(P,)`` bool, which of its points belong to a region.
        rest: ``(P, 3)`` mm with all controls at their defaults.
    """

    @property
    def name(self) -> str: ...

    @property
    def lips(self) -> np.ndarray: ...

    @property
    def eyes_and_forehead(self) -> np.ndarray: ...

    @property
    def rest(self) -> np.ndarray: ...

    def points(self, curves: RigCurves) -> Iterator[np.ndarray]:
        """Blocks ``(frames, P, 3)`` in mm; how a take is cut into blocks depends on its length alone."""
        ...


@dataclass(frozen=True)
class LandmarkHead:
    """The points of the landmark face that lie in either region (see the module docstring)."""

    chosen: np.ndarray
    lips: np.ndarray
    eyes_and_forehead: np.ndarray
    rest: np.ndarray
    name: str = "landmark face"

    def points(self, curves: RigCurves) -> Iterator[np.ndarray]:
        """As `MeasuringHead.points`."""
        values, face = complete(curves).values, load_face()
        for start in range(0, len(values), _FRAMES_AT_ONCE):
            yield face.evaluate(values[start : start + _FRAMES_AT_ONCE])[:, self.chosen]


@functools.cache
def landmark_head() -> LandmarkHead:
    """The landmark face, to measure on."""
    face, mesh = load_face(), face_mesh(0)
    lip = [material.name for material in face_materials()].index("lip")
    lips = np.zeros(len(face.names), dtype=bool)
    lips[mesh.triangles[mesh.materials == lip]] = True
    groups = np.array([name.split(".")[0] for name in face.names])
    eyes = np.isin(groups, _EYE_GROUPS) | ((groups == "skin") & _moved_by_brows())
    chosen = np.flatnonzero(lips | eyes)
    rest = face.evaluate(neutral_curves(1, 30.0).values)[0, chosen]
    return LandmarkHead(chosen, lips[chosen], eyes[chosen], rest)


def _moved_by_brows() -> np.ndarray:
    face = load_face()
    brow = np.array([controls()[half.control].region == "brow" for half in face.halves])
    moves = face.moves.reshape(len(face.halves), -1, 3)[brow]
    return np.asarray((np.linalg.norm(moves, axis=2) > _MOVED_MM).any(axis=0))


class DnaMeasuringHead:
    """The vertices of a DNA's head that lie in either region."""

    def __init__(self, path: Path) -> None:
        """Read the head.

        Raises:
            DnaError: the file cannot be read, has no head, or a region has no vertex.
        """
        from cstalk_ue.dna import DnaHead, eye_and_forehead_vertices, lip_vertices

        head = DnaHead.open(path)
        lips = lip_vertices(head.dna, mesh=head.mesh.name)
        eyes = eye_and_forehead_vertices(head.dna, mesh=head.mesh.name)
        chosen = lips | eyes
        self._head = head.restricted(chosen)
        self.name = f"DNA head {path.name}, {int(lips.sum())} and {int(eyes.sum())} vertices"
        self.lips, self.eyes_and_forehead = lips[chosen], eyes[chosen]
        self.rest = next(self.points(neutral_curves(1, 30.0)))[0]
        self.notes: tuple[str, ...] = tuple(head.notes)

    def points(self, curves: RigCurves) -> Iterator[np.ndarray]:
        """As `MeasuringHead.points`."""
        yield from self._head.blocks(complete(curves))


def measuring_head(dna: Path | None = None) -> MeasuringHead:
    """The landmark face, or the head of a DNA file.

    Raises:
        DnaError: the file cannot be used.
    """
    return landmark_head() if dna is None else DnaMeasuringHead(dna)
