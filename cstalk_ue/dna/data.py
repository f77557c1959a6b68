"""What a DNA file holds, as frozen data. Arrays are read-only.

Indices are checked by the reader (see reader.py). Knows nothing about bytes and nothing about evaluation.
Shapes: J joints, R raw controls, V vertices, N skin weights of all vertices one after the other.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cstalk_ue.errors import DnaError

MM_PER_UNIT = (10.0, 1000.0)
"""By translation unit: centimetres, metres."""
DIRECTIONS = ("left", "right", "up", "down", "front", "back")
SEQUENCES = ("xyz", "xzy", "yxz", "yzx", "zxy", "zyx")


@dataclass(frozen=True)
class Descriptor:
    """How to read the numbers.

    Attributes:
        name: of the character.
        mm_per_unit: of all positions.
        degrees: angles are in degrees, else in radians.
        axes: where x, y and z point to, words of `DIRECTIONS`.
        rotation_sequence: of Euler angles; "xyz" turns about the fixed axis x first.
        rotation_signs: by which the angles about x, y and z are multiplied.
        lod_count: levels of detail.
    """

    name: str = ""
    mm_per_unit: float = 10.0
    degrees: bool = True
    axes: tuple[str, str, str] = ("right", "up", "front")
    rotation_sequence: str = "xyz"
    rotation_signs: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lod_count: int = 1


@dataclass(frozen=True)
class Definition:
    """Names, and the skeleton at rest.

    Attributes:
        gui, raw, joints, channels, maps, meshes: names of GUI controls, raw controls, joints, blend shape
            channels, animated maps and meshes.
        joint_parents: ``(J,)``; a root is its own parent. Parents need not come first.
        translations, rotations: ``(J, 3)`` neutral pose, local to the parent; Euler angles.
        meshes_of_lod: for each level of detail the meshes that are drawn.
    """

    gui: tuple[str, ...]
    raw: tuple[str, ...]
    joints: tuple[str, ...]
    channels: tuple[str, ...]
    maps: tuple[str, ...]
    meshes: tuple[str, ...]
    joint_parents: np.ndarray
    translations: np.ndarray
    rotations: np.ndarray
    meshes_of_lod: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class ConditionalTable:
    """Rows ``out += slope * in + cut`` while ``start <= in <= end``; the first match of a run wins.

    A run is a row of consecutive rows with the same input and output. All arrays ``(rows,)``.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    slopes: np.ndarray
    cuts: np.ndarray


@dataclass(frozen=True)
class JointGroup:
    """``delta[outputs] += values @ control[inputs]``; an output is ``joint * 9 + attribute``.

    Attributes:
        active_rows: for each level of detail how many leading rows are used.
        values: ``(outputs, inputs)``.
    """

    active_rows: np.ndarray
    inputs: np.ndarray
    outputs: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class BehaviourTables:
    """From controls to joints, channels and maps; indices into the control vector, which is raw then PSD.

    Attributes:
        gui_to_raw: inputs are GUI controls, outputs raw ones.
        psd_count: pose space correctives.
        psd_rows, psd_columns, psd_values: sparse; a row is an index into the control vector, from R on.
        joint_groups: see `JointGroup`.
        channel_inputs, channel_outputs: copied from control to blend shape channel.
        channel_rows: how many of these are used in each level of detail.
        animated_maps: outputs are maps.
        map_rows: how many of these rows are used in each level of detail.
    """

    gui_to_raw: ConditionalTable
    psd_count: int
    psd_rows: np.ndarray
    psd_columns: np.ndarray
    psd_values: np.ndarray
    joint_groups: tuple[JointGroup, ...]
    channel_inputs: np.ndarray
    channel_outputs: np.ndarray
    channel_rows: np.ndarray
    animated_maps: ConditionalTable
    map_rows: np.ndarray


@dataclass(frozen=True)
class BlendShape:
    """What one channel adds to some vertices of a mesh: ``deltas (n, 3)`` of ``vertices (n,)``."""

    channel: int
    vertices: np.ndarray
    deltas: np.ndarray


@dataclass(frozen=True)
class Mesh:
    """One mesh at rest, in units of the descriptor.

    Attributes:
        positions: ``(V, 3)``.
        corners: vertices of all faces one after the other; face f has those from ``face_starts[f]`` on.
        face_starts: ``(faces + 1,)``.
        skin_starts: ``(V + 1,)`` where the weights of each vertex begin.
        skin_joints, skin_weights: ``(N,)``.
        shapes: blend shapes.
    """

    name: str
    positions: np.ndarray
    corners: np.ndarray
    face_starts: np.ndarray
    skin_starts: np.ndarray
    skin_joints: np.ndarray
    skin_weights: np.ndarray
    shapes: tuple[BlendShape, ...] = ()

    @functools.cached_property
    def triangles(self) -> np.ndarray:
        """``(T, 3)`` vertices: each face as a fan around its first corner."""
        sizes = np.diff(self.face_starts)
        fans = np.maximum(sizes - 2, 0)
        face = np.repeat(np.arange(len(sizes)), fans)
        step = np.arange(len(face)) - np.repeat(np.cumsum(fans) - fans, fans)
        first = self.face_starts[face]
        return self.corners[np.stack([first, first + step + 1, first + step + 2], axis=1)]

    @functools.cached_property
    def skin_vertices(self) -> np.ndarray:
        """``(N,)`` the vertex that each weight belongs to."""
        return np.repeat(np.arange(len(self.positions)), np.diff(self.skin_starts))


@dataclass(frozen=True)
class Dna:
    """A file.

    Attributes:
        source: what to call it in messages.
        version: generation and version, such as (2, 8).
        meshes: those that were read, by name.
        notes: what the file has that is not evaluated, one sentence each.
        quaternion_joints: some joint is driven by quaternions, which cannot be evaluated here.
    """

    source: str
    version: tuple[int, int]
    descriptor: Descriptor
    definition: Definition
    behaviour: BehaviourTables
    meshes: Mapping[str, Mesh]
    notes: tuple[str, ...] = ()
    quaternion_joints: bool = field(default=False)

    def mesh(self, name: str) -> Mesh:
        """The mesh of this name.

        Raises:
            DnaError: the file has none, or it was not read.
        """
        if name not in self.meshes:
            raise DnaError(
                f"{self.source}: no mesh {name!r} was read; it has {', '.join(self.definition.meshes[:12])}. "
                "Name one of these."
            )
        return self.meshes[name]

    def check_lod(self, lod: int) -> int:
        """The same level of detail.

        Raises:
            DnaError: the file does not have it.
        """
        if not 0 <= lod < self.descriptor.lod_count:
            raise DnaError(
                f"{self.source}: has no level of detail {lod}; expected 0 to {self.descriptor.lod_count - 1}."
            )
        return lod

    def head_mesh(self, lod: int = 0) -> str:
        """Name of the mesh of the head at a level of detail: the first one whose name has "head" in it.

        Raises:
            DnaError: there is none.
        """
        names = [
            self.definition.meshes[index] for index in self.definition.meshes_of_lod[self.check_lod(lod)]
        ]
        for name in names:
            if "head" in name.casefold():
                return name
        raise DnaError(
            f"{self.source}: none of the meshes of level of detail {lod} is a head "
            f"({', '.join(names[:12]) or 'it has none'}). Name the mesh, or take another level."
        )
