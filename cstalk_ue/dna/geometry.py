"""The layer `geom` of a DNA file: meshes with faces, skin weights and blend shapes.

A mesh says how long it is, so those that are not wanted cost nothing. Normals and texture coordinates are
read past: pictures make their own normals. Knows nothing about evaluation (see skin.py).
"""

from collections.abc import Collection, Sequence

import numpy as np

from cstalk_ue.dna.cursor import Cursor, frozen
from cstalk_ue.dna.data import BlendShape, Mesh

WEIGHT_SUM_TOLERANCE = 0.01
"""The weights of a vertex have to add up to 1 within this."""
_LEAST_MESH_BYTES = 4 + 15 * 4 + 2 + 4


def read_geometry(
    c: Cursor,
    names: Sequence[str],
    *,
    wanted: Collection[str] | None,
    joints: int,
    channels: int,
    absolute_ends: bool,
) -> dict[str, Mesh]:
    """The wanted meshes, by name.

    Args:
        c: at the beginning of the layer.
        names: of all meshes in the file.
        wanted: names, or None for all.
        joints, channels: how many the file has.
        absolute_ends: each mesh begins with the place of the next one in the file, as in 2.1, not with its
            own length.
    """
    at, count = c.at, c.count("meshes", _LEAST_MESH_BYTES)
    if count != len(names):
        c.fail(f"{count} meshes; the definition names {len(names)}", at)
    meshes = {}
    for name in names:
        at, told = c.at, c.u32()
        end = told if absolute_ends else c.at + told
        if not c.at <= end <= c.end:
            c.fail(f"mesh {name!r} is said to end at byte {end}; expected {c.at} to {c.end}", at)
        if wanted is None or name in wanted:
            meshes[name] = _read_mesh(Cursor(c.data, c.source, c.at, end), name, joints, channels)
        c.at = end
    return meshes


def _read_mesh(c: Cursor, name: str, joints: int, channels: int) -> Mesh:
    positions = c.vectors("vertex positions")
    coordinates = len(c.array("texture coordinates", "f4"))
    c.array("texture coordinates", "f4", length=coordinates)
    normals = len(c.vectors("normals"))
    position_of = c.array("positions of corners", "u4", below=len(positions))
    layouts = len(position_of)
    c.array("texture coordinates of corners", "u4", length=layouts, below=coordinates)
    c.array("normals of corners", "u4", length=layouts, below=normals)
    at = c.at
    corners, face_starts = c.lists("corners of faces", "u4", below=layouts)
    if len(face_starts) > 1 and int(np.diff(face_starts).min()) < 3:
        c.fail(
            f"a face of mesh {name!r} has {int(np.diff(face_starts).min())} corners; expected 3 or more", at
        )
    c.u16()  # most influences of a vertex, which the lists say themselves
    starts, skin_joints, weights = _read_skin(c, name, len(positions), joints)
    shapes = tuple(_read_shape(c, len(positions), channels) for _ in range(c.count("blend shapes", 18)))
    return Mesh(
        name, positions, frozen(position_of[corners]), face_starts, starts, skin_joints, weights, shapes
    )


def _read_skin(c: Cursor, name: str, vertices: int, joints: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the weights of each vertex start, their joints, and the weights."""
    at, count = c.at, c.count("vertices with skin weights", 8)
    if count != vertices:
        c.fail(f"skin weights of {count} vertices; mesh {name!r} has {vertices}", at)
    starts = np.zeros(count + 1, dtype=np.int64)
    weights, indices = [], []
    for vertex in range(count):
        influences = c.count("skin weights", 4)
        weights.append(c.data[c.at : c.at + 4 * influences])
        c.at += 4 * influences
        here = c.at
        if c.count("joints of a vertex", 2) != influences:
            c.fail(f"a vertex has {influences} skin weights and another number of joints", here)
        indices.append(c.data[c.at : c.at + 2 * influences])
        c.at += 2 * influences
        starts[vertex + 1] = starts[vertex] + influences
    found = c.joined(weights, "f4", "skin weights", None, at)
    belongs = c.joined(indices, "u2", "joints of vertices", joints, at)
    sums = np.bincount(np.repeat(np.arange(count), np.diff(starts)), found, count)
    if count and not np.abs(sums - 1).max() <= WEIGHT_SUM_TOLERANCE:
        worst = int(np.abs(sums - 1).argmax())
        c.fail(
            f"the skin weights of vertex {worst} of mesh {name!r} add up to {sums[worst]:g}; expected 1", at
        )
    return frozen(starts), belongs, found


def _read_shape(c: Cursor, vertices: int, channels: int) -> BlendShape:
    deltas = c.vectors("blend shape deltas")
    moved = c.array("vertices of a blend shape", "u4", length=len(deltas), below=vertices)
    if len(np.unique(moved)) != len(moved):
        c.fail("a blend shape moves a vertex twice")
    at, channel = c.at, c.u16()
    if channel >= channels:
        c.fail(f"a blend shape belongs to channel {channel}; there are {channels}", at)
    return BlendShape(channel, moved, deltas)
