"""Points of the landmark head → the surface to be drawn, and what is the same for all poses.

Vertices and normals are found without a loop over triangles, in about 2 ms. Knows nothing about pictures (see
draw_face.py). Shapes: P points, V vertices, T triangles.
"""

import functools
from dataclasses import dataclass

import numpy as np

from cstalk_ue.face import load_face
from cstalk_ue.face_mesh import face_materials, face_mesh

MOUTH_INSIDE = ("mouth", "gum", "teeth", "tongue")
"""Materials that show only between the lips."""

SKIN = 1
"""Layer of the skin; 0 is inside the head, 2 lies on it."""

_LEVEL = 1
_LIFTED_MM = {"ear": 14.0, "mouth": -15.0}
"""Added to the depth by which triangles are sorted: ears are before the cheek, walls behind the tongue."""
_AMONG_SKIN = ("ear",)
_TWO_SIDED = ("lash", "wet_lip")
_TONGUE_BEHIND_LIPS_MM = 3.0
_SOCKET, _SOCKET_LIFT_MM = "nostril", -15.0
"""Material of what is seen in the corners of the eyes, between lids and eyeball, and how far it is behind."""


@dataclass(frozen=True)
class Surface:
    """A posed surface.

    Attributes:
        vertices, normals: ``(V, 3)`` mm, unit length.
        tongue_from_z: a tongue in front of this is drawn among the skin, not inside the head.
    """

    vertices: np.ndarray
    normals: np.ndarray
    tongue_from_z: float


def pose(points: np.ndarray) -> Surface:
    """The surface over points ``(P, 3)`` mm."""
    known = parts()
    points = np.asarray(points, dtype=np.float64)
    vertices = face_mesh(_LEVEL).vertices(points)
    a, b, c = (vertices[corner] for corner in known.outside)
    ab, ac = b - a, c - a
    across = np.empty_like(ab)  # np.cross takes three times as long
    for axis, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
        across[:, axis] = ab[:, i] * ac[:, j] - ab[:, j] * ac[:, i]
    normals = np.empty_like(vertices)
    for axis in range(3):
        spread = np.tile(across[:, axis], 3)
        normals[:, axis] = np.bincount(known.outside.ravel(), spread, len(vertices))
    normals /= np.sqrt((normals**2).sum(axis=1, keepdims=True)) + 1e-12
    lips = load_face()
    edge = points[[lips.index("lip_inner_upper.C0"), lips.index("lip_inner_lower.C0")], 2].mean()
    return Surface(vertices, normals, float(edge) - _TONGUE_BEHIND_LIPS_MM)


@dataclass(frozen=True)
class Parts:
    """What is the same for all poses.

    `corners` are the first, second and third vertices of the triangles, `outside` of those of the mesh alone,
    without the sockets of the eyes; `lift` is added to their depth; `lip_edge` is where the lips meet; the
    rest says what a triangle is.
    """

    triangles: np.ndarray
    corners: np.ndarray
    outside: np.ndarray
    materials: np.ndarray
    layer: np.ndarray
    lift: np.ndarray
    two_sided: np.ndarray
    in_mouth: np.ndarray
    tongue: np.ndarray
    lip_edge: np.ndarray


@functools.cache
def parts() -> Parts:
    mesh = face_mesh(_LEVEL)
    every = [material.name for material in face_materials()]
    sockets = _sockets()
    triangles = np.concatenate([mesh.triangles, sockets])
    materials = np.append(mesh.materials, np.full(len(sockets), every.index(_SOCKET)))
    names = np.array(every)[materials]
    socket = np.arange(len(triangles)) >= len(mesh.triangles)
    layer = np.array([material.layer for material in face_materials()])[materials]
    layer[np.isin(names, _AMONG_SKIN)] = SKIN
    layer[socket] = 0
    lift = np.array([_LIFTED_MM.get(name, 0.0) for name in names])
    lift[socket] = _SOCKET_LIFT_MM
    lip, wet = (triangles[names == name] for name in ("lip", "wet_lip"))
    return Parts(
        triangles=triangles,
        corners=np.ascontiguousarray(triangles.T),
        outside=np.ascontiguousarray(mesh.triangles.T),
        materials=materials,
        layer=layer,
        lift=lift,
        two_sided=np.isin(names, _TWO_SIDED) | socket,
        in_mouth=np.isin(names, MOUTH_INSIDE),
        tongue=np.nonzero(names == "tongue")[0],
        lip_edge=np.intersect1d(lip, wet),
    )


def _sockets() -> np.ndarray:
    """Triangles between the margins of the lids; the first vertices of a finer mesh are the points."""
    face = load_face()
    found = []
    for side in "LR":
        ends = [face.index(f"lid_corner.{side}{end}") for end in "01"]
        above, below = (
            [ends[0], *sorted(margin.tolist(), key=lambda i: abs(face.rest[i, 0])), ends[1]]
            for margin in (face.eyes[side].upper, face.eyes[side].lower)
        )
        for i in range(len(above) - 1):
            found += [(above[i], below[i], below[i + 1]), (above[i], below[i + 1], above[i + 1])]
    return np.array(found)
