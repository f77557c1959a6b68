"""A small rig with the names of a MetaHuman and simple numbers of its own, and a writer of DNA files.

Nothing of it comes from a real file. The head is an egg: y up, z to the front, x to the character's left, in
centimetres, its middle 150 cm above the ground. Every joint carries the vertices nearest to it.
"""

import struct

import numpy as np

from cstalk_ue.dna.data import (
    DIRECTIONS,
    MM_PER_UNIT,
    SEQUENCES,
    BehaviourTables,
    BlendShape,
    ConditionalTable,
    Definition,
    Descriptor,
    Dna,
    JointGroup,
    Mesh,
)
from cstalk_ue.rig import rig_table

JOINTS = {
    "spine_04": ("spine_04", (0.0, 120.0, 0.0)),
    "head": ("spine_04", (0.0, 142.0, -1.0)),
    "FACIAL_C_FacialRoot": ("head", (0.0, 142.0, -1.0)),
    "FACIAL_L_LipUpper1": ("FACIAL_C_FacialRoot", (1.0, 146.0, 8.0)),
    "FACIAL_R_LipUpper1": ("FACIAL_C_FacialRoot", (-1.0, 146.0, 8.0)),
    "FACIAL_C_LipLower1": ("FACIAL_C_Jaw", (0.0, 144.5, 8.0)),
    "FACIAL_C_Jaw": ("FACIAL_C_FacialRoot", (0.0, 147.0, -1.0)),
    "FACIAL_C_Chin": ("FACIAL_C_Jaw", (0.0, 141.5, 7.0)),
    "FACIAL_C_NoseUpper": ("FACIAL_C_FacialRoot", (0.0, 149.0, 9.0)),
    "FACIAL_L_CheekOuter1": ("FACIAL_C_FacialRoot", (5.0, 147.0, 5.0)),
    "FACIAL_R_CheekOuter1": ("FACIAL_C_FacialRoot", (-5.0, 147.0, 5.0)),
    "FACIAL_L_EyelidUpperA1": ("FACIAL_C_FacialRoot", (3.0, 151.5, 7.5)),
    "FACIAL_R_EyelidUpperA1": ("FACIAL_C_FacialRoot", (-3.0, 151.5, 7.5)),
    "FACIAL_L_Eye": ("FACIAL_C_FacialRoot", (3.1, 151.0, 5.5)),
    "FACIAL_R_Eye": ("FACIAL_C_FacialRoot", (-3.1, 151.0, 5.5)),
    "FACIAL_C_ForeheadMid": ("FACIAL_C_FacialRoot", (0.0, 155.0, 6.0)),
    "FACIAL_C_Skull": ("head", (0.0, 155.0, -6.0)),
}
"""Name: parent and place at rest. Not parents first, on purpose."""

MOVES = {
    ("CTRL_expressions.jawOpen", "FACIAL_C_Jaw", 3): 20.0,
    ("CTRL_expressions.jawLeft", "FACIAL_C_Jaw", 0): 0.8,
    ("CTRL_expressions.mouthUpperLipRaiseL", "FACIAL_L_LipUpper1", 1): 0.7,
    ("CTRL_expressions.mouthUpperLipRaiseR", "FACIAL_R_LipUpper1", 1): 0.7,
    ("CTRL_expressions.eyeBlinkL", "FACIAL_L_EyelidUpperA1", 1): -0.9,
    ("CTRL_expressions.eyeBlinkR", "FACIAL_R_EyelidUpperA1", 1): -0.9,
    ("CTRL_expressions.browRaiseInL", "FACIAL_C_ForeheadMid", 1): 0.5,
    ("psd", "FACIAL_C_LipLower1", 1): -0.3,
}
"""(control, joint, attribute): change at 1, centimetres or degrees."""

GUI_TO_RAW = [
    {**row, "raw_name": row["raw_name"].replace("CTRL_expressions_", "CTRL_expressions.")}
    for row in rig_table("gui_to_raw.csv")
]
GUI = tuple(dict.fromkeys(row["gui_name"] for row in GUI_TO_RAW))
RAW = tuple(dict.fromkeys(row["raw_name"] for row in GUI_TO_RAW))


def made_dna(*, turned: bool = False, shapes: bool = True, rings: int = 12, **descriptor) -> Dna:
    """The rig; `turned` gives every joint a rotation at rest."""
    names = tuple(JOINTS)
    parents = np.array([names.index(parent) for parent, _ in JOINTS.values()])
    places = np.array([place for _, place in JOINTS.values()])
    rotations = np.zeros((len(names), 3))
    translations = np.where((parents == np.arange(len(names)))[:, None], places, places - places[parents])
    if turned:
        rotations[1:] = np.random.default_rng(3).uniform(-40, 40, (len(names) - 1, 3))
    head = egg("head_lod0_mesh", places, rings, shapes=shapes)
    coarse = egg("head_lod1_mesh", places, max(4, rings // 2), shapes=False)
    return Dna(
        source="made",
        version=(2, 8),
        descriptor=Descriptor("made", lod_count=2, **{"axes": ("left", "up", "front"), **descriptor}),
        definition=Definition(
            gui=GUI,
            raw=RAW,
            joints=names,
            channels=("head_lod0_mesh__chin", "head_lod0_mesh__cheeks"),
            maps=("head_cm1.jaw",),
            meshes=(head.name, coarse.name),
            joint_parents=parents,
            translations=translations.astype(np.float32),
            rotations=rotations.astype(np.float32),
            meshes_of_lod=(np.array([0]), np.array([1])),
        ),
        behaviour=behaviour(names),
        meshes={mesh.name: mesh for mesh in (head, coarse)},
    )


def behaviour(names: tuple[str, ...]) -> BehaviourTables:
    jaw, up = RAW.index("CTRL_expressions.jawOpen"), RAW.index("CTRL_expressions.mouthUpperLipRaiseL")
    controls = [*RAW, "psd"]
    inputs = sorted({controls.index(control) for control, _, _ in MOVES})
    outputs = sorted({9 * names.index(joint) + attribute for _, joint, attribute in MOVES})
    values = np.zeros((len(outputs), len(inputs)), dtype=np.float32)
    for (control, joint, attribute), change in MOVES.items():
        values[outputs.index(9 * names.index(joint) + attribute), inputs.index(controls.index(control))] = (
            change
        )
    half = len(outputs) // 2
    groups = tuple(
        JointGroup(np.array([len(rows), 1]), np.array(inputs), np.array(outputs)[rows], values[rows])
        for rows in (np.arange(half), np.arange(half, len(outputs)))
    )
    return BehaviourTables(
        gui_to_raw=table([GUI.index(row["gui_name"]) for row in GUI_TO_RAW],
                         [RAW.index(row["raw_name"]) for row in GUI_TO_RAW],
                         *([row[key] for row in GUI_TO_RAW] for key in ("from", "to", "slope", "cut"))),
        psd_count=1,
        psd_rows=np.array([len(RAW)] * 2),
        psd_columns=np.array([jaw, up]),
        psd_values=np.array([2.0, 1.0], dtype=np.float32),
        joint_groups=groups,
        channel_inputs=np.array([jaw, len(RAW)]),
        channel_outputs=np.array([1, 0]),
        channel_rows=np.array([2, 1]),
        animated_maps=table([jaw, jaw], [0, 0], [0, 0.5], [0.5, 1], [1, 0.5], [0, 0.25]),
        map_rows=np.array([2, 1]),
    )  # fmt: skip


def table(inputs, outputs, *numbers) -> ConditionalTable:
    columns = [np.array(column, dtype=np.float32) for column in numbers]
    low, high = np.minimum(*columns[:2]), np.maximum(*columns[:2])
    return ConditionalTable(np.array(inputs), np.array(outputs), low, high, *columns[2:])


def egg(name: str, joints: np.ndarray, rings: int, *, shapes: bool) -> Mesh:
    """Quads around, triangles at the poles, and each vertex carried by its two nearest joints."""
    around = 2 * rings
    height = np.cos(np.linspace(0, np.pi, rings + 1)[1:-1])
    angle = np.arange(around) * 2 * np.pi / around
    wide = np.sqrt(1 - height**2)
    ring = np.stack(
        [
            7.5 * wide[:, None] * np.sin(angle),
            150 + 11 * np.repeat(height[:, None], around, axis=1),
            9 * wide[:, None] * np.cos(angle),
        ],
        axis=-1,
    ).reshape(-1, 3)
    positions = np.concatenate([ring, [[0, 161, 0], [0, 139, 0]]]).astype(np.float32)
    top, bottom = len(ring), len(ring) + 1
    faces = []
    for j in range(around):
        k = (j + 1) % around
        faces.append((top, j, k))
        for i in range(rings - 2):
            a, b = i * around, (i + 1) * around
            faces.append((a + j, b + j, b + k, a + k))
        last = (rings - 2) * around
        faces.append((last + j, bottom, last + k))
    distance = np.linalg.norm(positions[:, None] - joints, axis=-1)
    nearest = np.argsort(distance, axis=1)[:, :2]
    weights = 1 / (0.2 + np.take_along_axis(distance, nearest, axis=1)) ** 3
    weights /= weights.sum(axis=1, keepdims=True)
    low = np.flatnonzero(positions[:, 1] < 144)
    sides = np.flatnonzero(np.abs(positions[:, 0]) > 5)
    found = (
        BlendShape(0, low, np.tile(np.float32([0, -0.4, 0.2]), (len(low), 1))),
        BlendShape(1, sides, (positions[sides] - [0, 150, 0]).astype(np.float32) * np.float32(0.05)),
    )
    return Mesh(
        name,
        positions,
        np.concatenate([np.array(face) for face in faces]),
        np.cumsum([0, *(len(face) for face in faces)]),
        2 * np.arange(len(positions) + 1),
        nearest.ravel(),
        weights.astype(np.float32).ravel(),
        found if shapes else (),
    )


# The writer, from the description of the format; it shares no code with the reader.


def u16(*values: int) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


def u32(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def numbers(form: str, values) -> bytes:
    return u32(len(values)) + np.asarray(values).astype(form).tobytes()


def words(values) -> bytes:
    return numbers(">u2", values)


def floats(values) -> bytes:
    return numbers(">f4", values)


def text(value: str) -> bytes:
    return u32(len(value.encode())) + value.encode()


def listed(items) -> bytes:
    items = list(items)
    return u32(len(items)) + b"".join(items)


def vectors(values: np.ndarray) -> bytes:
    return b"".join(floats(values[:, axis]) for axis in range(3))


def lods(lists) -> bytes:
    return words(range(len(lists))) + listed(words(each) for each in lists)


def conditional(t: ConditionalTable) -> bytes:
    # One row is stored with from > to.
    start, end = t.starts.copy(), t.ends.copy()
    start[0], end[0] = end[0], start[0]
    return words(t.inputs) + words(t.outputs) + b"".join(map(floats, (start, end, t.slopes, t.cuts)))


def dna_bytes(dna: Dna, *, version: int = 8, extra: dict[str, bytes] | None = None) -> bytes:
    """The file of a rig.

    Args:
        version: 1 to 8, of generation 2.
        extra: layers to add or to replace, by their four letters.
    """
    blocks = behaviour_blocks(dna)
    front = {"desc": descriptor_layer(dna.descriptor), "defn": definition_layer(dna)}
    if version == 1:
        return oldest(dna, front, blocks)
    layers = {**front, "bhvr": b"".join(blocks), "geom": geometry(dna, None)}
    empty = {
        3: {"mlbh": bytes(24)},
        4: {"rbfb": bytes(16), "jbmd": bytes(4), "twsw": bytes(8)},
        5: {"rbfe": bytes(8)},
        6: {"mlbe": bytes(20)},
        7: {"dsce": extension(dna.descriptor)},
    }
    for since, more in empty.items():
        layers |= more if version >= since else {}
    if version >= 8:
        layers["dsce"] += b"\0"
    layers |= extra or {}
    start = 11 + 16 * len(layers)
    index, body = b"", b""
    for name, data in layers.items():
        index += name.encode() + u32(0x10001, start + len(body), len(data))
        body += data
    return b"DNA" + u16(2, version) + u32(len(layers)) + index + body


def oldest(dna: Dna, front: dict[str, bytes], blocks: list[bytes]) -> bytes:
    starts, body = [], b""
    for data in (*front.values(), *blocks):
        starts.append(39 + len(body))
        body += data
    places = [*starts[:2], starts[2], *starts[2:], 39 + len(body)]
    return b"DNA" + u16(2, 1) + u32(*places) + body + geometry(dna, 39 + len(body)) + b"AND"


def descriptor_layer(d: Descriptor) -> bytes:
    return (
        text(d.name) + u16(0, 1, 30) + listed([text("key") + text("value")])
        + u16(MM_PER_UNIT.index(d.mm_per_unit), int(not d.degrees), *map(DIRECTIONS.index, d.axes))
        + u16(d.lod_count, 0) + text("A") + text("DB")
    )  # fmt: skip


def extension(d: Descriptor) -> bytes:
    signs = [1 if sign > 0 else 0xFFFFFFFF for sign in d.rotation_signs]
    return u32(SEQUENCES.index(d.rotation_sequence), *signs)


def definition_layer(dna: Dna) -> bytes:
    d, every = dna.definition, [[]] * dna.descriptor.lod_count
    names = (d.gui, d.raw, d.joints, d.channels, d.maps, d.meshes)
    return (
        lods(every) + lods(every) + lods(every) + lods(d.meshes_of_lod)
        + b"".join(listed(map(text, each)) for each in names)
        + words([0] * len(d.channels)) + words(range(len(d.channels)))
        + words(d.joint_parents) + vectors(d.translations) + vectors(d.rotations)
    )  # fmt: skip


def behaviour_blocks(dna: Dna) -> list[bytes]:
    b, joints = dna.behaviour, len(dna.definition.joints)
    groups = listed(
        words(g.active_rows) + words(g.inputs) + words(g.outputs) + floats(g.values.ravel())
        + words(sorted({output // 9 for output in g.outputs.tolist()}))
        for g in b.joint_groups
    )  # fmt: skip
    return [
        u16(b.psd_count) + conditional(b.gui_to_raw)
        + words(b.psd_rows) + words(b.psd_columns) + floats(b.psd_values),
        u16(9 * joints, len(dna.definition.raw) + b.psd_count) + groups,
        words(b.channel_rows) + words(b.channel_inputs) + words(b.channel_outputs),
        words(b.map_rows) + conditional(b.animated_maps),
    ]  # fmt: skip


def geometry(dna: Dna, start: int | None) -> bytes:
    """The layer; `start` is where it stands in a file of 2.1."""
    out = u32(len(dna.meshes))
    for mesh in dna.meshes.values():
        body = mesh_body(mesh)
        out += u32(len(body) if start is None else start + len(out) + 4 + len(body)) + body
    return out


def mesh_body(mesh: Mesh) -> bytes:
    count = len(mesh.positions)
    faces = np.split(mesh.corners, mesh.face_starts[1:-1])
    parts = np.split(mesh.skin_weights, mesh.skin_starts[1:-1])
    joints = np.split(mesh.skin_joints, mesh.skin_starts[1:-1])
    each = np.arange(count)
    return (
        vectors(mesh.positions) + floats(np.zeros(count)) * 2 + vectors(mesh.positions)
        + numbers(">u4", each) * 3 + listed(numbers(">u4", face) for face in faces) + u16(2)
        + listed(floats(w) + words(j) for w, j in zip(parts, joints, strict=True))
        + listed(
            vectors(shape.deltas) + numbers(">u4", shape.vertices) + u16(shape.channel)
            for shape in mesh.shapes
        )
    )  # fmt: skip
