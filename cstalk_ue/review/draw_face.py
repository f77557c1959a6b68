"""Points of the landmark head → a shaded picture of it, drawn with matplotlib's Agg renderer.

Painter's algorithm on the surface of face_mesh.py: triangles that look away are left out, the others are
drawn from back to front, first what is inside the head, then the skin, then what lies on it. Agg shades each
triangle smoothly and anti-aliases its edges. Pictures are the same in every run. Knows nothing about takes,
sound and video (see video.py, contact_sheet.py).

Shapes: P points, V vertices, T triangles; H, W pixels.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cstalk_ue.face_mesh import face_materials
from cstalk_ue.review.posed_face import SKIN, Surface, parts, pose

if TYPE_CHECKING:
    from matplotlib.backends.backend_agg import RendererAgg

Colour = tuple[float, float, float]

FRONT, THREE_QUARTER = 0.0, 35.0
DARK: Colour = (0.157, 0.173, 0.204)
LIGHT: Colour = (0.925, 0.933, 0.945)

_CAMERA_MM = 900.0
"""Distance of the camera from the middle of the head."""
_HEAD_Z = -70.0
_BEHIND_ALL = -20.0
"""Skin so far behind the middle of the head, such as the far ear, is drawn first of all: it must not show
through the openings of the eyes and of the mouth."""
_GHOST_TINT = np.array([0.15, 0.55, 1.0])
_GHOST_SHARE, _TINT_SHARE, _GHOST_FULL_AT = 0.65, 0.55, 48.0


def _unit(x: float, y: float, z: float) -> np.ndarray:
    return np.array([x, y, z]) / np.linalg.norm([x, y, z])


_KEY, _FILL = _unit(0.35, 0.45, 0.85), _unit(-0.8, 0.1, 0.4)
_HALFWAY = _unit(_KEY[0], _KEY[1], _KEY[2] + 1.0)
_KEY_SHARE, _FILL_SHARE, _AMBIENT, _SKY = 0.62, 0.16, 0.30, 0.08
_SHARPNESS = 24


@dataclass(frozen=True)
class Zoom:
    """Part of the head that fills the picture: millimetres that surely fit, about a point."""

    width_mm: float
    height_mm: float
    middle: Colour


ZOOMS: Mapping[str, Zoom] = {
    "face": Zoom(210.0, 300.0, (0.0, -22.0, _HEAD_Z)),
    "portrait": Zoom(194.0, 236.0, (0.0, -42.0, _HEAD_Z)),
    "mouth": Zoom(92.0, 80.0, (0.0, -76.0, 15.0)),
    "eyes": Zoom(150.0, 80.0, (0.0, 10.0, 0.0)),
}


class FacePainter:
    """Draws faces at one size from one side.

    Attributes:
        width, height: pixels.
        pixels_per_mm: of what is as near as the middle of the zoom.
    """

    def __init__(
        self,
        size: int | tuple[int, int] = 512,
        *,
        yaw: float = FRONT,
        zoom: str = "face",
        background: Colour = DARK,
        marked: Mapping[str, Colour] | None = None,
    ) -> None:
        """Prepare to draw.

        Args:
            size: pixels, width and height if they differ.
            yaw: degrees; positive turns the nose to the viewer's right.
            zoom: a key of `ZOOMS`.
            background: around the head.
            marked: materials drawn in a colour of their own, flat and unlit, to find them in the picture.
        """
        self.width, self.height = (size, size) if isinstance(size, int) else size
        part = ZOOMS[zoom]
        angle = np.deg2rad(yaw)
        cos, sin = np.cos(angle), np.sin(angle)
        self._turn = np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])
        middle = self._turned(np.array([part.middle]))
        scale = min(self.width / part.width_mm, self.height / part.height_mm)
        self._scale = scale / float(_nearness(middle)[0])
        self._shift = np.array([self.width / 2, self.height / 2])
        self._shift -= (middle[:, :2] * _nearness(middle)[:, None] * self._scale)[0]
        self.pixels_per_mm = scale
        self._background = np.append(np.rint(255 * np.array(background)), 255).astype(np.uint8)
        self._paint = _paint(tuple(sorted((marked or {}).items())))

    def paint(self, points: np.ndarray, *, ghost: np.ndarray | None = None) -> np.ndarray:
        """A picture ``(H, W, 3)`` uint8 of points ``(P, 3)``, with those of a second face over it.

        The second is translucent and blue, and only seen where it differs.
        """
        return self.paint_surface(pose(points), ghost=None if ghost is None else pose(ghost))

    def paint_surface(self, surface: Surface, *, ghost: Surface | None = None) -> np.ndarray:
        """As `paint`; a surface that is drawn from several sides need be posed only once."""
        picture = np.ascontiguousarray(self._drawn(surface, self._background)[..., :3])
        if ghost is None:
            return picture
        return tinted(picture, self._drawn(ghost, self._background)[..., :3])

    def project(self, points: np.ndarray) -> np.ndarray:
        """Where points ``(N, 3)`` mm are in the picture, ``(N, 2)`` pixels from the left and the top."""
        flat = self._flat(self._turned(np.asarray(points, dtype=np.float64)))
        flat[:, 1] = self.height - flat[:, 1]
        return flat

    def _turned(self, points: np.ndarray) -> np.ndarray:
        return np.asarray((points - [0.0, 0.0, _HEAD_Z]) @ self._turn.T)

    def _flat(self, turned: np.ndarray) -> np.ndarray:
        """Pixels from the left and from the bottom, as Agg counts."""
        return np.asarray(turned[:, :2] * (self._scale * _nearness(turned))[:, None] + self._shift)

    def _drawn(self, surface: Surface, background: np.ndarray) -> np.ndarray:
        """The canvas ``(H, W, 4)``, used again by the next call."""
        known = parts()
        turned = self._turned(surface.vertices)
        flat = self._flat(turned)
        chosen = self._chosen(surface, turned[:, 2], flat)
        corners = known.triangles[chosen]
        lit = self._lit(surface.normals @ self._turn.T, chosen, corners)
        return self._rendered(flat[corners], lit, background)

    def _rendered(self, places: np.ndarray, colours: np.ndarray, background: np.ndarray) -> np.ndarray:
        """The canvas with triangles ``(n, 3, 2)`` in colours ``(n, 3, 4)``, in this order."""
        from matplotlib.transforms import IdentityTransform

        renderer = _renderer(self.width, self.height)
        canvas = np.asarray(renderer.buffer_rgba())
        canvas[...] = background
        renderer.draw_gouraud_triangles(renderer.new_gc(), places, colours, IdentityTransform())
        return canvas

    def _chosen(self, surface: Surface, depth: np.ndarray, flat: np.ndarray) -> np.ndarray:
        """Triangles to draw, in their order."""
        known = parts()
        a, b, c = (flat[corner] for corner in known.corners)
        ab, ac = b - a, c - a
        faces_us = ab[:, 0] * ac[:, 1] > ab[:, 1] * ac[:, 0]
        faces_us |= known.two_sided
        low, high = flat[known.lip_edge].min(axis=0), flat[known.lip_edge].max(axis=0)
        seen = ~known.in_mouth
        layer = known.layer
        if len(known.tongue):
            ahead = surface.vertices[known.triangles[known.tongue], 2].max(axis=1) > surface.tongue_from_z
            layer = layer.copy()
            layer[known.tongue[ahead]] = SKIN
            seen[known.tongue[ahead]] = True
        inside = np.nonzero(known.in_mouth & faces_us)[0]
        x, y = flat[known.triangles[inside], 0], flat[known.triangles[inside], 1]
        seen[inside] |= (
            (x.max(axis=1) > low[0] - 1)
            & (x.min(axis=1) < high[0] + 1)
            & (y.max(axis=1) > low[1] - 1)
            & (y.min(axis=1) < high[1] + 1)
        )
        shown = np.nonzero(faces_us & seen)[0]
        middle = depth[known.triangles[shown]].sum(axis=1) / 3 + known.lift[shown]
        return shown[np.lexsort((middle, np.where(middle < _BEHIND_ALL, -1, layer[shown])))]

    def _lit(self, normals: np.ndarray, chosen: np.ndarray, corners: np.ndarray) -> np.ndarray:
        """Colours ``(n, 3, 4)`` of the corners of these triangles."""
        light, shine = light_and_shine(normals)
        colour, gloss, unlit = (table[parts().materials[chosen]] for table in self._paint)
        shade = light[corners] * (1 - unlit[:, None]) + unlit[:, None]
        lit = np.ones((len(chosen), 3, 4))
        lit[..., :3] = colour[:, None, :] * shade[..., None] + (gloss[:, None] * shine[corners])[..., None]
        np.clip(lit, 0.0, 1.0, out=lit)
        return lit


def tinted(picture: np.ndarray, other: np.ndarray) -> np.ndarray:
    """A picture ``(H, W, 3)`` uint8 with another over it, translucent and blue, where it differs."""
    over = other.astype(np.float32)
    differs = np.abs(over - picture).max(axis=-1, keepdims=True)
    share = _GHOST_SHARE * np.minimum(1.0, differs / _GHOST_FULL_AT)
    blue = over.mean(axis=-1, keepdims=True) * (1 - _TINT_SHARE) + 255 * _TINT_SHARE * _GHOST_TINT
    return np.clip(np.rint(picture * (1 - share) + blue * share), 0, 255).astype(np.uint8)


def light_and_shine(normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much of its colour a surface shows, and how much it shines, for normals ``(n, 3)`` towards us."""
    light = (
        _KEY_SHARE * np.maximum(normals @ _KEY, 0.0)
        + _FILL_SHARE * np.maximum(normals @ _FILL, 0.0)
        + _SKY * normals[:, 1]
        + _AMBIENT
    )
    return light, np.maximum(normals @ _HALFWAY, 0.0) ** _SHARPNESS


@functools.cache
def _paint(marked: tuple[tuple[str, Colour], ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colour, gloss and whether it is unlit, of every material."""
    own = dict(marked)
    materials = face_materials()
    return (
        np.array([own.get(material.name, material.colour) for material in materials]),
        np.array([0.0 if material.name in own else material.gloss for material in materials]),
        np.array([float(material.name in own) for material in materials]),
    )


@functools.lru_cache(maxsize=8)
def _renderer(width: int, height: int) -> "RendererAgg":
    from matplotlib.backends.backend_agg import RendererAgg

    return RendererAgg(width, height, 72)


def _nearness(turned: np.ndarray) -> np.ndarray:
    return np.asarray(_CAMERA_MM / (_CAMERA_MM - turned[:, 2]))
