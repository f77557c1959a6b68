"""Layers of a DNA file that are not geometry: descriptor, definition, behaviour, and what extends them.

Each function reads one block at a cursor in the order of the file. All indices are checked here. Knows
nothing about where the blocks are (see reader.py).
"""

import dataclasses
from typing import TypeVar

import numpy as np

from cstalk_ue.dna.cursor import Cursor, frozen
from cstalk_ue.dna.data import (
    DIRECTIONS,
    MM_PER_UNIT,
    SEQUENCES,
    BehaviourTables,
    ConditionalTable,
    Definition,
    Descriptor,
    JointGroup,
)

ATTRIBUTES = 9
"""Outputs of a joint: translation, rotation and scale, each x, y, z."""
_QUATERNION = 1

T = TypeVar("T")


def read_descriptor(c: Cursor) -> Descriptor:
    name = c.text("name")
    for _ in range(3):  # archetype, gender, age
        c.u16()
    for _ in range(c.count("metadata entries", 8)):
        c.text("metadata")
        c.text("metadata")
    mm_per_unit = _one_of(c, "translation unit", MM_PER_UNIT)
    radians = _one_of(c, "rotation unit", (False, True))
    x, y, z = (_one_of(c, "axis direction", DIRECTIONS) for _ in "xyz")
    at, lod_count = c.at, c.u16()
    if lod_count == 0:
        c.fail("0 levels of detail; expected at least one", at)
    return Descriptor(name, mm_per_unit, not radians, (x, y, z), lod_count=lod_count)


def extend_descriptor(c: Cursor, descriptor: Descriptor) -> Descriptor:
    """With the rotation sequence and signs of the layer `dsce`."""
    at = c.at
    sequence = c.u32()
    if sequence >= len(SEQUENCES):
        c.fail(f"rotation sequence is {sequence}; expected 0 to {len(SEQUENCES) - 1}", at)
    signs = []
    for _ in "xyz":
        at, sign = c.at, c.u32()
        if sign not in (1, 0xFFFFFFFF):
            c.fail(f"rotation sign is {sign}; expected 1 or 4294967295 (-1)", at)
        signs.append(1.0 if sign == 1 else -1.0)
    return dataclasses.replace(
        descriptor, rotation_sequence=SEQUENCES[sequence], rotation_signs=(signs[0], signs[1], signs[2])
    )


def read_definition(c: Cursor, lod_count: int) -> Definition:
    # The lists of indices come before the names that they count, so they are checked afterwards.
    at = c.at
    by_lod = {what: c.lod_lists(what, 1 << 16) for what in ("joints", "channels", "animated maps", "meshes")}
    gui = c.texts("GUI control names")
    raw = c.texts("raw control names")
    joints = c.texts("joint names")
    channels = c.texts("blend shape channel names")
    maps = c.texts("animated map names")
    meshes = c.texts("mesh names")
    for what, names in (("GUI control", gui), ("raw control", raw), ("joint", joints), ("mesh", meshes)):
        if len(set(names)) != len(names):
            c.fail(f"a {what} name is used twice")
    for what, names in (
        ("joints", joints),
        ("channels", channels),
        ("animated maps", maps),
        ("meshes", meshes),
    ):
        if len(by_lod[what]) != lod_count:
            c.fail(f"{what} have {len(by_lod[what])} levels of detail; the descriptor has {lod_count}", at)
        if any(len(lod) and int(lod.max()) >= len(names) for lod in by_lod[what]):
            c.fail(
                f"a level of detail lists one of the {what} that does not exist; there are {len(names)}", at
            )
    mesh_of_pair = c.array("meshes of channels", "u2", below=len(meshes))
    c.array("channels of meshes", "u2", length=len(mesh_of_pair), below=len(channels))
    at = c.at
    parents = c.array("joint parents", "u2", length=len(joints), below=max(1, len(joints)))
    if has_cycle(parents):
        c.fail("joints are each other's parents; expected a tree", at)
    translations = c.vectors("neutral translations", length=len(joints))
    rotations = c.vectors("neutral rotations", length=len(joints))
    return Definition(
        gui, raw, joints, channels, maps, meshes, parents, translations, rotations, by_lod["meshes"]
    )


def has_cycle(parents: np.ndarray) -> bool:
    """Whether some joint never comes to a root."""
    ancestor = parents
    for _ in range(max(1, len(parents)).bit_length()):  # doubles the steps each time
        ancestor = ancestor[ancestor]
    return bool((parents[ancestor] != ancestor).any())


@dataclasses.dataclass(frozen=True)
class Sizes:
    """What indices of the behaviour are compared with.

    `extra` is the number of controls behind the PSD ones, which rest at 0: of machine learning and RBF poses.
    """

    gui: int
    raw: int
    joints: int
    channels: int
    maps: int
    lods: int
    extra: int


@dataclasses.dataclass(frozen=True)
class Blocks:
    """Where the four blocks of the behaviour are; if they follow each other, four times the same cursor."""

    controls: Cursor
    joints: Cursor
    channels: Cursor
    maps: Cursor


def read_behaviour(blocks: Blocks, sizes: Sizes) -> BehaviourTables:
    c = blocks.controls
    at = c.at
    psd_count = c.u16()
    gui_to_raw = _read_conditional(c, "GUI to raw", sizes.gui, sizes.raw)
    rows = c.array("PSD rows", "u2", below=sizes.raw + psd_count)
    if len(rows) and int(rows.min()) < sizes.raw:
        c.fail(f"PSD row {int(rows.min())} is a raw control; expected {sizes.raw} or more", at)
    total = sizes.raw + psd_count + sizes.extra
    columns = c.array("PSD columns", "u2", length=len(rows), below=total)
    values = c.array("PSD values", "f4", length=len(rows))
    groups = _read_joint_groups(blocks.joints, sizes, total)
    c = blocks.channels
    channel_rows = _active_rows(c, "blend shape channels", sizes.lods)
    inputs = c.array("blend shape inputs", "u2", below=total)
    outputs = c.array("blend shape outputs", "u2", length=len(inputs), below=sizes.channels)
    map_rows = _active_rows(blocks.maps, "animated maps", sizes.lods)
    table = _read_conditional(blocks.maps, "animated maps", total, sizes.maps)
    return BehaviourTables(
        gui_to_raw, psd_count, rows, columns, values, groups, inputs, outputs, channel_rows, table, map_rows
    )


def _read_joint_groups(c: Cursor, sizes: Sizes, total: int) -> tuple[JointGroup, ...]:
    at = c.at
    rows, columns = c.u16(), c.u16()
    if rows != ATTRIBUTES * sizes.joints:
        c.fail(f"{rows} joint outputs; expected {ATTRIBUTES * sizes.joints} for {sizes.joints} joints", at)
    if columns > total:
        c.fail(f"{columns} joint inputs; the file has {total} controls", at)
    groups = []
    for _ in range(c.count("joint groups", 20)):
        at = c.at
        active = _active_rows(c, "joint group", sizes.lods)
        inputs = c.array("joint inputs", "u2", below=total)
        outputs = c.array("joint outputs", "u2", below=rows)
        values = c.array("joint values", "f4", length=len(inputs) * len(outputs))
        c.array("joints of the group", "u2", below=sizes.joints)
        if len(set(outputs.tolist())) != len(outputs):
            c.fail("a joint group has an output twice", at)
        groups.append(JointGroup(active, inputs, outputs, values.reshape(len(outputs), len(inputs))))
    return tuple(groups)


def _active_rows(c: Cursor, what: str, lods: int) -> np.ndarray:
    """For each level of detail how many leading rows are used; may be left out where there are none."""
    found = c.array(f"rows per level of detail of {what}", "u2")
    if len(found) not in (0, lods):
        c.fail(f"{what}: rows of {len(found)} levels of detail; the file has {lods}")
    return found if len(found) else frozen(np.zeros(lods, dtype=np.int32))


def _read_conditional(c: Cursor, what: str, inputs_below: int, outputs_below: int) -> ConditionalTable:
    inputs = c.array(f"{what} inputs", "u2", below=inputs_below)
    rows = len(inputs)
    outputs = c.array(f"{what} outputs", "u2", length=rows, below=outputs_below)
    starts, ends, slopes, cuts = (
        c.array(f"{what} {name}", "f4", length=rows)
        for name in ("from values", "to values", "slopes", "cuts")
    )
    # A file may store from > to.
    low, high = frozen(np.minimum(starts, ends)), frozen(np.maximum(starts, ends))
    return ConditionalTable(inputs, outputs, low, high, slopes, cuts)


def read_joint_types(c: Cursor, joints: int) -> bool:
    """Whether the layer `jbmd` says that some joint is driven by quaternions."""
    at, count = c.at, c.count("joint representations", 6)
    if count not in (0, joints):
        c.fail(f"representations of {count} joints; expected {joints} or none", at)
    return any([c.u16(), c.u16(), c.u16()][1] == _QUATERNION for _ in range(count))


def count_rbf_solvers(c: Cursor) -> int:
    """How many solvers the layer `rbfb` has."""
    c.lod_lists("RBF solvers", 1 << 16)
    return c.count("RBF solvers", 4)


def _one_of(c: Cursor, what: str, choices: tuple[T, ...]) -> T:
    at, value = c.at, c.u16()
    if value >= len(choices):
        c.fail(f"{what} is {value}; expected 0 to {len(choices) - 1}", at)
    return choices[value]
