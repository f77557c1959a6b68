"""Distances on the landmark face, in millimetres: what artists look at, as numbers.

Each takes points ``(frames, P, 3)`` from face.py and gives ``(frames,)``. Measure without head motion.
"""

from collections.abc import Callable, Mapping

import numpy as np

from cstalk_ue.face import load_face

LIPS_CLOSED_MM = 1.0
"""Lips that are nearer than this in their middle count as closed."""


def lip_gap(points: np.ndarray) -> np.ndarray:
    """Largest opening between the inner lips over their middle half (mm, 0 in contact)."""
    face = load_face()
    k = len(face.upper)
    middle = slice(k // 4, k - k // 4)
    gap = points[:, face.upper[middle], 1] - points[:, face.lower[middle], 1]
    return np.asarray(np.maximum(gap, 0.0).max(axis=1))


def mouth_width(points: np.ndarray) -> np.ndarray:
    """Distance of the mouth corners."""
    return _distance(points, "lip_corner.L0", "lip_corner.R0")


def lip_protrusion(points: np.ndarray) -> np.ndarray:
    """How far the ridges of both lips stand out beyond rest, on average."""
    face = load_face()
    ridge = [face.index("lip_ridge_upper.C0"), face.index("lip_ridge_lower.C0")]
    return np.asarray((points[:, ridge, 2] - face.rest[ridge, 2]).mean(axis=1))


def jaw_opening(points: np.ndarray) -> np.ndarray:
    """Distance of upper and lower incisor edges along y; negative while they overlap at rest."""
    return _height(points, "teeth_upper_0.C0", "teeth_lower_0.C0")


def lip_to_teeth(points: np.ndarray) -> np.ndarray:
    """Distance of the lower lip's inner edge from the edge of the upper incisors (small in f and v)."""
    return _distance(points, "lip_inner_lower.C0", "teeth_upper_0.C0")


def tongue_out(points: np.ndarray) -> np.ndarray:
    """How far the tongue tip is in front of the upper incisors; negative inside the mouth."""
    face = load_face()
    return np.asarray(
        points[:, face.index("tongue_tip.C0"), 2] - points[:, face.index("teeth_upper_0.C0"), 2]
    )


def corner_lift(points: np.ndarray) -> np.ndarray:
    """How far the mouth corners are above rest, mean of both sides."""
    face = load_face()
    corners = [face.index("lip_corner.L0"), face.index("lip_corner.R0")]
    return np.asarray((points[:, corners, 1] - face.rest[corners, 1]).mean(axis=1))


def brow_height(points: np.ndarray) -> np.ndarray:
    """How far the brows are above rest, mean over both."""
    face = load_face()
    brows = face.indices("brow.")
    return np.asarray((points[:, brows, 1] - face.rest[brows, 1]).mean(axis=1))


def lid_aperture(points: np.ndarray) -> np.ndarray:
    """Opening of the eyes in their middle, mean of both."""
    left = _height(points, "lid_upper.L2", "lid_lower.L2")
    return np.asarray((left + _height(points, "lid_upper.R2", "lid_lower.R2")) / 2)


MEASURES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "lip gap": lip_gap,
    "mouth width": mouth_width,
    "lip protrusion": lip_protrusion,
    "jaw opening": jaw_opening,
    "lower lip to upper teeth": lip_to_teeth,
    "tongue out": tongue_out,
    "corner lift": corner_lift,
    "brow height": brow_height,
    "lid aperture": lid_aperture,
}


def _distance(points: np.ndarray, a: str, b: str) -> np.ndarray:
    face = load_face()
    return np.asarray(np.linalg.norm(points[:, face.index(a)] - points[:, face.index(b)], axis=1))


def _height(points: np.ndarray, upper: str, lower: str) -> np.ndarray:
    face = load_face()
    return np.asarray(points[:, face.index(upper), 1] - points[:, face.index(lower), 1])
