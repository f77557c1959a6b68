"""Which head pictures show: the landmark face, or that of a DNA. Controls → pictures, the same way for both.

Reading and posing a DNA is kept from one call to the next, also in other processes, which read it themselves.
"""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from cstalk_ue.face import load_face
from cstalk_ue.review.dna_face import DnaFace
from cstalk_ue.review.draw_dna import DnaPainter, DnaSurface, pose_dna
from cstalk_ue.review.draw_face import Colour, FacePainter
from cstalk_ue.review.posed_face import Surface, pose

Posed = Surface | DnaSurface
"""A face in one frame; to be drawn by a painter of the same head."""


def posed_faces(values: np.ndarray, head: np.ndarray | None, *, dna: Path | None = None) -> Sequence[Posed]:
    """The face in each frame.

    Args:
        values: ``(F, 185)`` in the rig's order.
        head: ``(F, 6)`` as `face.HEAD_MOTION`, or None for a still head.
        dna: the file whose head is shown; None shows the landmark face.

    Raises:
        DnaError: the file cannot be read, has no head, or lacks a control that moves.
    """
    if dna is None:
        return [pose(points) for points in load_face().evaluate(values, head)]
    face = dna_face(dna)
    return [pose_dna(face, vertices) for vertices in face.vertices(values, head)]


def face_painter(
    size: tuple[int, int], *, yaw: float, zoom: str, background: Colour, dna: Path | None = None
) -> Callable[[Posed, Posed | None], np.ndarray]:
    """What draws a face, with a second one over it or None, as a picture ``(H, W, 3)`` uint8."""
    if dna is None:
        painter = FacePainter(size, yaw=yaw, zoom=zoom, background=background)

        def paint(surface: Posed, ghost: Posed | None) -> np.ndarray:
            assert isinstance(surface, Surface) and not isinstance(ghost, DnaSurface), "of another head"
            return painter.paint_surface(surface, ghost=ghost)

        return paint
    dna_painter = DnaPainter(dna_face(dna), size, yaw=yaw, zoom=zoom, background=background)

    def paint_dna(surface: Posed, ghost: Posed | None) -> np.ndarray:
        assert isinstance(surface, DnaSurface) and not isinstance(ghost, Surface), "of another head"
        return dna_painter.draw(surface, ghost=ghost)

    return paint_dna


@functools.lru_cache(maxsize=2)
def dna_face(path: Path) -> DnaFace:
    """The head of a file, read once.

    Raises:
        DnaError: it cannot be read, or has no head.
    """
    return DnaFace(path)
