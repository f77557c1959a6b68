"""A DNA file is read as Epic's reader reads it, in all versions; a broken one is refused in a sentence."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_dna import dna_bytes, made_dna, text, u16, u32
from reference_files import dna_folder, each_file

from cstalk_ue.dna import Dna, read_dna
from cstalk_ue.dna.cursor import Cursor
from cstalk_ue.errors import DnaError

MOST_MEMORY_PER_BYTE = 40
"""Of a file: Python's lists of names are the largest part. One wrong count could ask for 4 GB."""


def same(a: object, b: object) -> bool:
    """Whether two parts of a Dna hold the same."""
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, tuple) and a and not isinstance(a[0], (str, int, float)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@each_file
def test_names_skeleton_and_units_are_those_of_the_reference(reference):
    dna, expected = reference.dna, reference.expected
    d = dna.definition
    for names, key in ((d.gui, "gui"), (d.raw, "raw"), (d.joints, "joint"), (d.channels, "bs"),
                       (d.maps, "am"), (d.meshes, "mesh")):  # fmt: skip
        assert names == tuple(expected[f"{key}_names"].tolist())
    assert dna.version == tuple(expected["file_version"])
    assert dna.behaviour.psd_count == expected["psd_count"]
    np.testing.assert_array_equal(d.joint_parents, expected["joint_parent"])
    np.testing.assert_array_equal(d.translations, expected["neutral_t"])
    np.testing.assert_array_equal(d.rotations, expected["neutral_r"])
    for lod, meshes in enumerate(d.meshes_of_lod):
        np.testing.assert_array_equal(meshes, expected[f"lod{lod}_meshes"])
    assert (dna.descriptor.mm_per_unit, dna.descriptor.degrees) == (10.0, True)
    assert dna.notes == ()


@each_file
def test_meshes_are_those_of_the_reference(reference):
    for name, mesh in reference.dna.meshes.items():
        expected = {key.split("/")[1]: v for key, v in reference.expected.items() if key.startswith(name)}
        np.testing.assert_array_equal(mesh.positions, expected["positions"])
        np.testing.assert_array_equal(mesh.corners.reshape(-1, 4), expected["faces"])
        a, b, c, d = expected["faces"].T
        fans = np.stack([np.stack([a, b, c], 1), np.stack([a, c, d], 1)], axis=1).reshape(-1, 3)
        np.testing.assert_array_equal(mesh.triangles, fans)
        used = expected["skin_j"] >= 0
        np.testing.assert_array_equal(mesh.skin_joints, expected["skin_j"][used])
        np.testing.assert_array_equal(mesh.skin_weights, expected["skin_w"][used])
        np.testing.assert_array_equal(mesh.skin_vertices, np.nonzero(used)[0])
        assert len(mesh.shapes) == len(expected.get("bs_channel", ()))
        for i, shape in enumerate(mesh.shapes):
            assert shape.channel == expected["bs_channel"][i]
            np.testing.assert_array_equal(shape.vertices, expected["bs_vertices"][i])
            np.testing.assert_array_equal(shape.deltas, expected["bs_deltas"][i])


@pytest.mark.parametrize("version", range(1, 9))
def test_each_version_holds_the_same_rig(tmp_path, version):
    made = made_dna(turned=True)
    path = tmp_path / "made.dna"
    path.write_bytes(dna_bytes(made, version=version))
    read = read_dna(path)
    assert read.version == (2, version)
    assert same(dataclasses.replace(read, source="made", version=(2, 8)), made)


@pytest.mark.parametrize("version", [7, 8])
def test_rotation_sequence_signs_and_units_are_read(tmp_path, version):
    made = made_dna(
        rotation_sequence="yzx", rotation_signs=(-1.0, 1.0, -1.0), mm_per_unit=1000.0, degrees=False
    )
    path = tmp_path / "made.dna"
    path.write_bytes(dna_bytes(made, version=version))
    assert read_dna(path).descriptor == made.descriptor


def test_arrays_of_a_dna_cannot_be_written_to(made_file):
    dna = read_dna(made_file)
    mesh = dna.meshes["head_lod0_mesh"]
    for array in (mesh.positions, mesh.corners, mesh.skin_weights, dna.definition.joint_parents,
                  dna.behaviour.gui_to_raw.slopes, mesh.shapes[0].deltas):  # fmt: skip
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_only_the_wanted_meshes_are_read(made_file):
    whole = read_dna(made_file)
    one = read_dna(made_file, meshes=["head_lod1_mesh"])
    assert list(one.meshes) == ["head_lod1_mesh"]
    assert same(one.meshes["head_lod1_mesh"], whole.meshes["head_lod1_mesh"])
    assert read_dna(made_file, meshes=()).meshes == {}
    with pytest.raises(DnaError, match=r"'teeth'.*head_lod0_mesh, head_lod1_mesh"):
        read_dna(made_file, meshes=["teeth"])
    with pytest.raises(DnaError, match="no mesh 'head_lod0_mesh' was read"):
        one.mesh("head_lod0_mesh")


def test_an_unknown_layer_is_skipped_with_a_note(tmp_path, made):
    path = tmp_path / "made.dna"
    path.write_bytes(dna_bytes(made, extra={"xtra": b"\1\2", "zero": bytes(8)}))
    dna = read_dna(path)
    assert dna.notes == ("layer xtra (unknown) is not evaluated; what it would add stays 0.",)
    assert same(dna.behaviour, made.behaviour)


def test_layers_that_are_not_evaluated_are_noted_when_they_hold_anything(tmp_path, made):
    path = tmp_path / "made.dna"
    solvers = u32(1) + u16(0) + u32(1) + u32(0)
    more = {"mlbh": u32(1) + text("CTRL_ML.one"), "twsw": u32(1, 0), "rbfb": solvers + u32(0, 0)}
    path.write_bytes(dna_bytes(made, extra=more))
    assert [note.split(" is ")[0] for note in read_dna(path).notes] == [
        "layer mlbh (machine learning)",
        "layer twsw (twist and swing)",
    ]
    path.write_bytes(dna_bytes(made, extra={"rbfb": solvers + u32(1, 0)}))
    assert [note[:10] for note in read_dna(path).notes] == ["layer rbfb"]


def test_a_control_of_a_layer_that_is_not_evaluated_rests_at_0(tmp_path, made):
    """Joint inputs behind the PSD are refused, unless a layer has controls there."""
    tables = made.behaviour
    group = tables.joint_groups[0]
    beyond = dataclasses.replace(group, inputs=np.append(group.inputs[:-1], len(made.definition.raw) + 1))
    changed = dataclasses.replace(tables, joint_groups=(beyond, *tables.joint_groups[1:]))
    odd = dataclasses.replace(made, behaviour=changed)
    path = tmp_path / "made.dna"
    path.write_bytes(dna_bytes(odd))
    with pytest.raises(DnaError, match="joint inputs is 252; expected less than 252"):
        read_dna(path)
    path.write_bytes(dna_bytes(odd, extra={"mlbh": u32(1) + text("CTRL_ML.one")}))
    assert read_dna(path).behaviour.joint_groups[0].inputs[-1] == 252


def test_a_newer_version_is_read_with_a_note(tmp_path, made):
    data = bytearray(dna_bytes(made))
    data[5:7] = u16(9)
    path = tmp_path / "made.dna"
    path.write_bytes(data)
    dna = read_dna(path)
    assert dna.version == (2, 9) and "newer than 2.8" in dna.notes[0]
    assert same(dna.meshes, made.meshes)


# Broken files


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (b"", "is no DNA file"),
        (b"DNB\0\2\0\x08", "is no DNA file"),
        (b"DNA\0\2", "ends at byte 5; expected a header of 7 bytes"),
        (b"DNA\0\3\0\1", r"DNA of version 3\.1; expected 2\.1 to 2\.8"),
        (b"DNA\0\2\0\0", r"DNA of version 2\.0; expected 2\.1 to 2\.8"),
        (b"DNA\0\2\0\x08", "damaged at byte 7: 0 bytes are left; expected a number of 4"),
        (b"DNA\0\2\0\x08" + u32(0), "layer 'desc' is missing"),
    ],
)
def test_what_is_no_dna_is_refused_by_name(tmp_path, start, told):
    path = tmp_path / "some.dna"
    path.write_bytes(start)
    with pytest.raises(DnaError, match=told) as caught:
        read_dna(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.dna", tmp_path):
        with pytest.raises(DnaError, match="cannot be read"):
            read_dna(path)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("broken_truncated", "layer 'geom' is said to end at byte 133645; the file has 80245"),
        ("broken_magic", "is no DNA file, it begins with b'DNB'; expected b'DNA'"),
        ("broken_count", "damaged at byte 521: 4294967280 GUI control names .* 15608 bytes that are left"),
    ],
)
def test_broken_files_are_refused_with_place_and_value(shared_data, name, told):
    path = dna_folder(shared_data) / f"{name}.dna"
    with pytest.raises(DnaError, match=told):
        read_dna(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"joint_parents": np.array([1, 0, *range(15)])}, "joints are each other's parents"),
        ({"translations": np.full((17, 3), np.nan, np.float32)}, "is nan; expected finite numbers"),
        ({"joints": ("head",) * 17}, "a joint name is used twice"),
        ({"meshes_of_lod": (np.array([7]), np.array([1]))}, "lists one of the meshes that does not exist"),
        ({"meshes_of_lod": (np.array([0]),)}, "meshes have 1 levels of detail; the descriptor has 2"),
        ({"rotations": np.zeros((5, 3))}, "5 neutral rotations; expected 17"),
    ],
)
def test_a_definition_that_contradicts_itself_is_refused(tmp_path, made, change, told):
    wrong = dataclasses.replace(made, definition=dataclasses.replace(made.definition, **change))
    path = tmp_path / "made.dna"
    path.write_bytes(dna_bytes(wrong))
    with pytest.raises(DnaError, match=told):
        read_dna(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"skin_weights": np.float32(0.7)}, r"skin weights of vertex \d+ of mesh 'head_lod0_mesh' add up to"),
        ({"skin_joints": 60}, r"joints of vertices is 60; expected less than 17"),
        ({"corners": 266}, "corners of faces is 266; expected less than 266"),
        ({"face_starts": [0, 2, 1056]}, "a face of mesh 'head_lod0_mesh' has 2 corners"),
    ],
)
def test_a_mesh_that_contradicts_itself_is_refused(tmp_path, made, change, told):
    mesh = made.meshes["head_lod0_mesh"]
    ((field, value),) = change.items()
    array = np.array(getattr(mesh, field)) if field != "face_starts" else np.array(value)
    if field == "skin_weights":
        array *= value
    elif field != "face_starts":
        array[0] = value
    wrong = dataclasses.replace(mesh, **{field: array})
    path = tmp_path / "made.dna"
    path.write_bytes(dna_bytes(dataclasses.replace(made, meshes={**made.meshes, mesh.name: wrong})))
    with pytest.raises(DnaError, match=told):
        read_dna(path)


def tried(path, data: bytes) -> Dna | None:
    """What comes of some bytes; anything but a Dna or a refusal fails the test."""
    path.write_bytes(data)
    try:
        return read_dna(path)
    except DnaError as error:
        assert str(error).startswith(f"{path}: ")
        return None


SMALL = {version: dna_bytes(made_dna(rings=4), version=version) for version in (1, 8)}


@pytest.fixture(scope="session")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("dna") / "scratch.dna"


@given(st.sampled_from(sorted(SMALL)), st.data())
def test_a_file_cut_short_is_refused(scratch, version, data):
    whole = SMALL[version]
    length = data.draw(st.integers(0, len(whole) - 1))
    read = tried(scratch, whole[:length])
    # The last three bytes of 2.1 and the winding at the end of 2.8 are not needed.
    assert read is None or length >= len(whole) - 3


@given(st.sampled_from(sorted(SMALL)), st.data())
def test_any_changed_bytes_give_a_dna_or_a_refusal(scratch, version, data):
    whole = bytearray(SMALL[version])
    places = st.integers(0, len(whole) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)):
        whole[place] = value
    tried(scratch, bytes(whole))


@pytest.mark.parametrize("version", sorted(SMALL))
def test_a_huge_count_of_anything_allocates_nothing(scratch, monkeypatch, version):
    """Each kind of count in turn is 16 million or 4 billion; memory stays near that of the good file."""
    whole = SMALL[version]
    kinds: dict[str, int] = {}
    count = Cursor.count

    def noted(self, what, item_bytes):
        kinds[what] = self.at  # the last of each kind
        return count(self, what, item_bytes)

    monkeypatch.setattr(Cursor, "count", noted)
    assert tried(scratch, whole) is not None
    monkeypatch.undo()
    assert {"joint names", "joint groups", "skin weights", "blend shapes", "lists of corners of faces"} <= {
        kind.removeprefix("bytes of ") for kind in kinds
    }
    tracemalloc.start()
    try:
        for place in kinds.values():
            for huge in (0xFFFFFFFF, 0x00FFFFFF):
                assert tried(scratch, whole[:place] + u32(huge) + whole[place + 4 :]) is None
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY_PER_BYTE * len(whole)
    finally:
        tracemalloc.stop()


def test_reference_file_with_changed_bytes_gives_a_dna_or_a_refusal(shared_data, scratch, rng):
    for path in sorted(dna_folder(shared_data).glob("small_*.dna")):
        whole = path.read_bytes()
        for _ in range(40):
            broken = bytearray(whole)
            for place in rng.integers(0, len(whole), 4):
                broken[place] ^= 1 << int(rng.integers(8))
            tried(scratch, bytes(broken))
