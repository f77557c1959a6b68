"""The surface of the landmark head: triangles, and a finer smooth surface, a fixed blend of the points.

Loop subdivision (C. Loop, Smooth Subdivision Surfaces Based on Triangles, 1987) with creases (Hoppe et al.
1994) along open edges and where the lips meet, so that touching contours stay touching. Each fine vertex is a
weighted sum of points, the same for every pose. Knows nothing about drawing (see review/).
"""

import functools
from dataclasses import dataclass

import numpy as np

from cstalk_ue.face import load_face
from cstalk_ue.rig import rig_table

_CREASED = {frozenset(("lip", "wet_lip"))}
"""Pairs of materials between which the surface is not rounded."""


@dataclass(frozen=True)
class Material:
    """Colour 0..1, gloss 0..1; layer 0 is inside the head, 1 the skin, 2 lies on it."""

    name: str
    colour: tuple[float, float, float]
    gloss: float
    layer: int


@dataclass(frozen=True)
class FaceMesh:
    """A surface over the points of the face.

    Attributes:
        sources, weights: ``(V, K)``; vertex v is the sum of ``weights[v, k] * points[sources[v, k]]``; unused
            places have weight 0.
        triangles: ``(T, 3)`` vertices, counter-clockwise from outside.
        materials: ``(T,)`` indices into `face_materials()`.
    """

    sources: np.ndarray
    weights: np.ndarray
    triangles: np.ndarray
    materials: np.ndarray

    def vertices(self, points: np.ndarray) -> np.ndarray:
        """Vertices ``(V, 3)`` of points ``(P, 3)``, in the same units."""
        sources, weights, starts = self._packed
        return np.asarray(np.add.reduceat(points[sources] * weights, starts))

    @functools.cached_property
    def _packed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sources and weights without the unused places, and where each vertex begins."""
        used = self.weights != 0
        starts = np.append(0, np.cumsum(used.sum(axis=1))[:-1])
        return self.sources[used], self.weights[used][:, None], starts


@functools.cache
def face_materials() -> tuple[Material, ...]:
    """All materials, in the order of their table."""
    return tuple(
        Material(
            row["material"],
            (float(row["red"]), float(row["green"]), float(row["blue"])),
            float(row["gloss"]),
            int(row["layer"]),
        )
        for row in rig_table("face_materials.csv")
    )


@functools.lru_cache(maxsize=4)
def face_mesh(levels: int = 1) -> FaceMesh:
    """The surface, each level with four times the triangles; level 0 has the points themselves."""
    place = {name: index for index, name in enumerate(load_face().names)}
    order = {material.name: index for index, material in enumerate(face_materials())}
    rows = rig_table("face_triangles.csv")
    triangles = np.array([[place[row[corner]] for corner in "abc"] for row in rows])
    materials = np.array([order[row["material"]] for row in rows])
    blends: list[dict[int, float]] = [{index: 1.0} for index in range(len(place))]
    for _ in range(levels):
        finer, triangles, materials = _subdivided(len(blends), triangles, materials)
        blends = [_composed(row, blends) for row in finer]
    width = max(map(len, blends))
    sources = np.zeros((len(blends), width), dtype=np.int32)
    weights = np.zeros((len(blends), width))
    for v, blend in enumerate(blends):
        sources[v, : len(blend)] = list(blend)
        weights[v, : len(blend)] = list(blend.values())
    for array in (sources, weights, triangles, materials):
        array.flags.writeable = False
    return FaceMesh(sources, weights, triangles, materials)


def _composed(row: dict[int, float], blends: list[dict[int, float]]) -> dict[int, float]:
    total: dict[int, float] = {}
    for vertex, weight in row.items():
        for point, share in blends[vertex].items():
            total[point] = total.get(point, 0.0) + weight * share
    return total


def _subdivided(
    count: int, triangles: np.ndarray, materials: np.ndarray
) -> tuple[list[dict[int, float]], np.ndarray, np.ndarray]:
    """One level: weights of old and new vertices on the old ones, new triangles and materials."""
    names = [material.name for material in face_materials()]
    edges: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for (a, b, c), material in zip(triangles.tolist(), materials.tolist(), strict=True):
        for p, q, opposite in ((a, b, c), (b, c, a), (c, a, b)):
            edges.setdefault((min(p, q), max(p, q)), []).append((opposite, material))
    neighbours: list[dict[int, bool]] = [{} for _ in range(count)]
    sharp = {}
    for (p, q), sides in edges.items():
        crease = len(sides) != 2 or frozenset(names[m] for _, m in sides) in _CREASED
        sharp[p, q] = neighbours[p][q] = neighbours[q][p] = crease
    rows = [_old_vertex(vertex, around) for vertex, around in enumerate(neighbours)]
    middle = {}
    for (p, q), sides in edges.items():
        middle[p, q] = len(rows)
        if sharp[p, q]:
            rows.append({p: 0.5, q: 0.5})
        else:
            rows.append({p: 0.375, q: 0.375, sides[0][0]: 0.125, sides[1][0]: 0.125})
    finer = []
    for a, b, c in triangles.tolist():
        ab, bc, ca = (middle[min(p, q), max(p, q)] for p, q in ((a, b), (b, c), (c, a)))
        finer += [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    return rows, np.array(finer), np.repeat(materials, 4)


def _old_vertex(vertex: int, around: dict[int, bool]) -> dict[int, float]:
    creases = [other for other, crease in around.items() if crease]
    if len(creases) == 2:
        return {vertex: 0.75, creases[0]: 0.125, creases[1]: 0.125}
    if creases or not around:
        return {vertex: 1.0}
    n = len(around)
    share = (0.625 - (0.375 + np.cos(2 * np.pi / n) / 4) ** 2) / n
    return {vertex: 1 - n * share, **dict.fromkeys(around, share)}
