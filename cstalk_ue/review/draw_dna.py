"""The head of a DNA → a shaded picture, with camera and light of the landmark face (see draw_face.py).

Triangles that look away are left out, the others are drawn from back to front with Agg. Knows nothing about
rigs. Shapes: V vertices, T triangles; H, W pixels.
"""

from dataclasses import dataclass

import numpy as np

from cstalk_ue.review.dna_face import MATERIALS, DnaFace
from cstalk_ue.review.draw_face import Colour, FacePainter, light_and_shine, tinted

_COLOUR = np.array([material.colour for material in MATERIALS])
_GLOSS = np.array([material.gloss for material in MATERIALS])


@dataclass(frozen=True)
class DnaSurface:
    """Vertices and normals ``(V, 3)``, mm and of unit length."""

    vertices: np.ndarray
    normals: np.ndarray


def pose_dna(face: DnaFace, vertices: np.ndarray) -> DnaSurface:
    """The surface over vertices ``(V, 3)`` mm."""
    vertices = np.asarray(vertices, dtype=np.float64)
    corners = face.triangles.T
    a, b, c = (vertices[corner] for corner in corners)
    ab, ac = b - a, c - a
    normals = np.empty_like(vertices)
    for axis, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
        across = ab[:, i] * ac[:, j] - ab[:, j] * ac[:, i]
        normals[:, axis] = np.bincount(corners.ravel(), np.tile(across, 3), len(vertices))
    normals /= np.sqrt((normals**2).sum(axis=1, keepdims=True)) + 1e-12
    return DnaSurface(vertices, normals)


class DnaPainter(FacePainter):
    """Draws the head of one DNA, at one size from one side."""

    def __init__(
        self, face: DnaFace, size: int | tuple[int, int] = 512, *, yaw: float, zoom: str, background: Colour
    ) -> None:
        """Prepare to draw; arguments as `FacePainter`."""
        super().__init__(size, yaw=yaw, zoom=zoom, background=background)
        self._face = face

    def draw(self, surface: DnaSurface, *, ghost: DnaSurface | None = None) -> np.ndarray:
        """A picture ``(H, W, 3)`` uint8, with a second face over it as in `FacePainter.paint`."""
        picture = self._picture(surface)
        return picture if ghost is None else tinted(picture, self._picture(ghost))

    def _picture(self, surface: DnaSurface) -> np.ndarray:
        face = self._face
        turned = self._turned(surface.vertices)
        flat = self._flat(turned)
        a, b, c = (flat[corner] for corner in face.triangles.T)
        ab, ac = b - a, c - a
        shown = np.flatnonzero(ab[:, 0] * ac[:, 1] > ab[:, 1] * ac[:, 0])
        depth = turned[face.triangles[shown], 2].sum(axis=1)
        corners = face.triangles[shown[np.argsort(depth, kind="stable")]]
        light, shine = light_and_shine(surface.normals @ self._turn.T)
        colours = np.ones((len(surface.vertices), 4))
        colour, gloss = (table[face.materials] for table in (_COLOUR, _GLOSS))
        colours[:, :3] = colour * light[:, None] + (gloss * shine)[:, None]
        np.clip(colours, 0.0, 1.0, out=colours)
        canvas = self._rendered(flat[corners], colours[corners], self._background)
        return np.ascontiguousarray(canvas[..., :3])
