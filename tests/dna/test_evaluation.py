"""Every output is that of Epic's evaluator; rotations are SciPy's; GUI → raw is that of our rig tables."""

import dataclasses

import numpy as np
import pytest
from made_dna import JOINTS, MOVES, RAW, made_dna
from reference_files import each_file
from scipy.spatial.transform import Rotation

from cstalk_ue.dna import Behaviour, Skeleton, SkinnedMesh
from cstalk_ue.dna.data import SEQUENCES, Descriptor
from cstalk_ue.dna.skeleton import euler_matrices
from cstalk_ue.errors import DnaError
from cstalk_ue.rig import control_names, controls
from cstalk_ue.rig_maps import gui_to_raw
from cstalk_ue.take import RigCurves

TOLERANCE, JOINT_TOLERANCE, VERTEX_TOLERANCE_CM = 1e-6, 1e-5, 1e-4
"""32-bit arithmetic in another order; joints move by up to 100 degrees, vertices by 29 cm. Measured: 1.2e-7,
5.8e-6 and 4.9e-6, most of the last from the reference's own 32-bit quaternions."""
MESHES = ("head_lod0_mesh", "teeth_lod0_mesh")


def close(found: np.ndarray, expected: np.ndarray, tolerance: float = TOLERANCE) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@each_file
@pytest.mark.parametrize("lod", [0, 1])
def test_all_outputs_are_those_of_the_reference(reference, lod):
    behaviour = Behaviour(reference.dna, lod=lod, clamp=False)
    expected = reference.expected
    raw = behaviour.raw_controls(expected["gui"])
    close(raw, expected["raw"])
    outputs = behaviour.evaluate(raw)
    registered = expected[f"psd_registered_lod{lod}"]
    close(outputs.psd[:, registered], expected[f"psd_lod{lod}"][:, registered])
    close(outputs.joints, expected[f"joint_lod{lod}"], JOINT_TOLERANCE)
    close(outputs.channels, expected[f"bs_lod{lod}"])
    close(outputs.maps, expected[f"am_lod{lod}"])


@each_file
def test_raw_controls_outside_their_range_are_as_in_the_reference(reference):
    expected = reference.expected
    outputs = Behaviour(reference.dna, clamp=False).evaluate(expected["rawdirect_raw"])
    registered = expected["psd_registered_lod0"]
    close(outputs.psd[:, registered], expected["rawdirect_psd"][:, registered])
    close(outputs.joints, expected["rawdirect_joint"], JOINT_TOLERANCE)
    close(outputs.channels, expected["rawdirect_bs"])
    close(outputs.maps, expected["rawdirect_am"])


@each_file
@pytest.mark.parametrize("lod", [0, 1])
def test_rotations_are_the_quaternions_of_the_reference(reference, lod):
    """Neutral and delta, by the rotation sequence and signs of the file."""
    for values, quaternions in (
        ("neutral_joint_values", "neutral_joint_values_quat"),
        (f"joint_lod{lod}", f"joint_quat_lod{lod}"),
    ):
        angles = reference.expected[values][..., 3:6].astype(np.float64).reshape(-1, 3)
        expected = Rotation.from_quat(reference.expected[quaternions][..., 3:7].reshape(-1, 4)).as_matrix()
        found = euler_matrices(angles.T, reference.dna.descriptor).transpose(2, 0, 1)
        close(found, expected, 2e-6)


@each_file
def test_joints_and_vertices_are_those_of_plain_loops(reference):
    dna, expected = reference.dna, reference.expected
    skeleton = Skeleton(dna)
    outputs = Behaviour(dna, clamp=False).evaluate(expected["raw"])
    close(skeleton.bind_world, expected["derived_bind_world"], JOINT_TOLERANCE)
    close(skeleton.world(outputs.joints), expected["derived_pose_world"], VERTEX_TOLERANCE_CM)
    for name in MESHES:
        vertices = SkinnedMesh(dna, name, skeleton).vertices(outputs.joints, outputs.channels)
        close(vertices, expected[f"derived_{name}_vertices"], VERTEX_TOLERANCE_CM)


@each_file
def test_the_reference_moves_far_enough_to_tell(reference):
    """The comparison above is worth something: vertices go centimetres, shapes and scales are at work."""
    expected = reference.expected
    away = np.linalg.norm(
        expected["derived_head_lod0_mesh_vertices"] - expected["head_lod0_mesh/positions"], axis=-1
    )
    assert away.max() > 5 and np.abs(expected["bs_lod0"]).max() > 0.5
    assert np.abs(expected["joint_lod0"][..., 6:]).max() > 0.01


@each_file
def test_clamping_holds_controls_to_their_range(reference):
    """Out of range the reference gives 0; clamped, 1.5 is as 1 and -1.5 as the lowest value."""
    kinds = reference.expected["frame_kind"].tolist()
    gui = reference.expected["gui"]
    clamped = Behaviour(reference.dna).raw_controls(gui)
    inside = [index for index, kind in enumerate(kinds) if kind != "out_of_range"]
    close(clamped[inside], reference.expected["raw"][inside])
    outside = [index for index, kind in enumerate(kinds) if kind == "out_of_range"]
    assert not reference.expected["raw"][outside].any()
    high, low = (kinds.index(kind) for kind in ("all_max", "all_min"))
    for index in outside:
        close(clamped[index], clamped[high if gui[index, 0] > 0 else low])
    assert clamped[outside].any()


# Independent of the reference files


@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize("signs", [(1.0, 1.0, 1.0), (1.0, -1.0, 1.0), (-1.0, 1.0, -1.0)])
@pytest.mark.parametrize("degrees", [True, False])
def test_euler_angles_turn_as_in_scipy(rng, sequence, signs, degrees):
    angles = rng.uniform(-3, 3, (50, 3)) * (57 if degrees else 1)
    by_axis = dict(zip("xyz", (angles * signs).T, strict=True))
    expected = Rotation.from_euler(
        sequence, np.stack([by_axis[axis] for axis in sequence], axis=1), degrees=degrees
    )
    settings = Descriptor(rotation_sequence=sequence, rotation_signs=signs, degrees=degrees)
    close(euler_matrices(angles.T, settings).transpose(2, 0, 1), expected.as_matrix(), 1e-12)


def test_gui_to_raw_is_that_of_the_rig_tables(made, rng):
    """Two implementations of the same table, one over rows and one over names."""
    low = np.array([control.minimum for control in controls()])
    high = np.array([control.maximum for control in controls()])
    values = rng.uniform(low - 0.4, high + 0.4, (300, len(low)))
    values[:100] = np.round(values[:100] / 0.2) * 0.2  # knots of the table
    expected = gui_to_raw(RigCurves(values, control_names(), 30))
    columns = [control_names().index(name) for name in made.definition.gui]
    raw = Behaviour(made).raw_controls(values[:, columns].astype(np.float32))
    order = [expected.controls.index(name.replace(".", "_")) for name in made.definition.raw]
    close(raw, expected.values[:, order])


def test_first_matching_row_of_a_run_wins_and_other_runs_add(made):
    """At a knot both rows of a run match."""
    tables = made.behaviour.gui_to_raw
    run = dataclasses.replace(
        tables,
        inputs=np.array([0, 0, 1, 0]),
        outputs=np.array([0, 0, 0, 0]),
        starts=np.float32([0, 0.5, 0, 0]),
        ends=np.float32([0.5, 1, 1, 1]),
        slopes=np.float32([0.4, 1, 0.1, 0]),
        cuts=np.float32([0, 0, 0, 0.05]),
    )
    odd = dataclasses.replace(made, behaviour=dataclasses.replace(made.behaviour, gui_to_raw=run))
    gui = np.zeros((4, len(made.definition.gui)), dtype=np.float32)
    gui[:, 0], gui[:, 1] = [0.25, 0.5, 0.75, 1.0], [0, 1, 0, 1]
    raw = Behaviour(odd).raw_controls(gui)[:, 0]
    close(raw, np.array([0.1 + 0.05, 0.2 + 0.1 + 0.05, 0.75 + 0.05, 1.0]))


def control_at(**values: float) -> np.ndarray:
    raw = np.zeros((1, len(RAW)), dtype=np.float32)
    for name, value in values.items():
        raw[0, RAW.index(f"CTRL_expressions.{name}")] = value
    return raw


@pytest.mark.parametrize(
    ("jaw", "up", "corrective"),
    [(0.5, 0.5, 0.5), (1.0, 1.0, 1.0), (1.4, 0.25, 0.5), (0.8, -0.3, 0.0), (0.0, 1.0, 0.0)],
)
def test_a_corrective_is_the_product_of_its_held_controls_times_weights_at_most_1(made, jaw, up, corrective):
    """Weights 2 and 1."""
    outputs = Behaviour(made).evaluate(control_at(jawOpen=jaw, mouthUpperLipRaiseL=up))
    close(outputs.psd, np.array([[corrective]]))
    lip = tuple(JOINTS).index("FACIAL_C_LipLower1")
    close(outputs.joints[0, lip, 1], MOVES["psd", "FACIAL_C_LipLower1", 1] * corrective)
    close(outputs.channels, np.array([[corrective, jaw]]))


def test_an_opening_jaw_turns_about_its_joint(made):
    """20 degrees about x through the joint: the chin goes down and back, by hand."""
    skeleton = Skeleton(made)
    outputs = Behaviour(made).evaluate(control_at(jawOpen=1.0))
    world = skeleton.world(outputs.joints)[0]
    jaw, chin = (tuple(JOINTS).index(name) for name in ("FACIAL_C_Jaw", "FACIAL_C_Chin"))
    arm = np.array(JOINTS["FACIAL_C_Chin"][1]) - JOINTS["FACIAL_C_Jaw"][1]
    c, s = np.cos(np.deg2rad(20)), np.sin(np.deg2rad(20))
    expected = np.array([arm[0], c * arm[1] - s * arm[2], s * arm[1] + c * arm[2]])
    close(world[chin, :3, 3] - world[jaw, :3, 3], expected, 1e-5)


def plain_vertices(dna, name: str, joints: np.ndarray, channels: np.ndarray) -> np.ndarray:
    """As step 5 to 8 of the description say, with SciPy's rotations and loops over everything."""
    d, mesh = dna.definition, dna.meshes[name]

    def world_of(changes: np.ndarray) -> list[np.ndarray]:
        locals_ = []
        for joint in range(len(d.joints)):
            local = np.eye(4)
            neutral, delta = (
                Rotation.from_euler("xyz", angles.astype(np.float64), degrees=True).as_matrix()
                for angles in (d.rotations[joint], changes[joint, 3:6])
            )
            local[:3, :3] = neutral @ delta @ np.diag(1 + changes[joint, 6:9])
            local[:3, 3] = d.translations[joint] + changes[joint, :3]
            locals_.append(local)

        def world(joint: int) -> np.ndarray:
            parent = d.joint_parents[joint]
            return locals_[joint] if parent == joint else world(parent) @ locals_[joint]

        return [world(joint) for joint in range(len(d.joints))]

    bind = world_of(np.zeros_like(joints[0]))
    found = []
    for frame in range(len(joints)):
        places = mesh.positions.astype(np.float64)
        for shape in mesh.shapes:
            places[shape.vertices] += channels[frame, shape.channel] * shape.deltas
        carry = [w @ np.linalg.inv(b) for w, b in zip(world_of(joints[frame]), bind, strict=True)]
        out = np.zeros_like(places)
        weights = zip(mesh.skin_vertices, mesh.skin_joints, mesh.skin_weights, strict=True)
        for vertex, joint, weight in weights:
            out[vertex] += weight * (carry[joint] @ [*places[vertex], 1])[:3]
        found.append(out)
    return np.array(found)


def test_vertices_of_a_turned_rig_are_those_of_plain_loops(rng):
    """All attributes of all joints at once, joints not parents first, blend shapes under skinning."""
    dna = made_dna(turned=True, rings=6)
    joints = rng.normal(0, [0.5] * 3 + [10] * 3 + [0.1] * 3, (3, len(JOINTS), 9))
    channels = rng.uniform(-0.5, 1.5, (3, 2))
    skin = SkinnedMesh(dna, "head_lod0_mesh")
    found = skin.vertices(joints, channels)
    expected = plain_vertices(dna, "head_lod0_mesh", joints, channels)
    assert np.abs(expected - skin.rest).max() > 2
    close(found, expected, 1e-5)
    keep = rng.random(len(skin.rest)) < 0.3
    close(skin.restricted(keep).vertices(joints, channels), found[:, keep], 1e-5)


def test_frames_do_not_depend_on_each_other(made, rng):
    raw = rng.uniform(0, 1, (9, len(RAW))).astype(np.float32)
    behaviour, skin = Behaviour(made), SkinnedMesh(made, "head_lod0_mesh")
    together = behaviour.evaluate(raw)
    vertices = skin.vertices(together.joints, together.channels)
    for frame in range(len(raw)):
        alone = behaviour.evaluate(raw[frame : frame + 1])
        close(skin.vertices(alone.joints, alone.channels)[0], vertices[frame], 1e-5)


def test_a_coarser_level_uses_only_its_leading_rows(made):
    fine, coarse = (
        Behaviour(made, lod=lod).evaluate(control_at(jawOpen=1.0, eyeBlinkL=1.0)) for lod in (0, 1)
    )
    groups = made.behaviour.joint_groups
    used = {int(group.outputs[0]) for group in groups}
    different = np.flatnonzero((fine.joints != coarse.joints).ravel())
    assert len(different) and not used & set(different.tolist())
    np.testing.assert_array_equal(np.delete(coarse.joints.ravel(), sorted(used)), 0)
    assert fine.channels[0].tolist() == [0, 1] and coarse.channels[0].tolist() == [0, 1]
    close(fine.maps, [[0.75]])
    close(coarse.maps, [[0.5]])  # its one row ends at 0.5, and the control is held there


@pytest.mark.parametrize("lod", [-1, 2])
def test_a_level_that_is_not_there_is_refused(made, lod):
    with pytest.raises(DnaError, match=f"no level of detail {lod}; expected 0 to 1"):
        Behaviour(made, lod=lod)


def test_joints_driven_by_quaternions_are_refused(tmp_path, made):
    from made_dna import dna_bytes, u16, u32

    from cstalk_ue.dna import read_dna

    types = u32(len(JOINTS)) + u16(0, 0, 0) * (len(JOINTS) - 1)
    path = tmp_path / "made.dna"
    path.write_bytes(dna_bytes(made, extra={"jbmd": types + u16(0, 0, 0)}))
    Behaviour(read_dna(path))
    path.write_bytes(dna_bytes(made, extra={"jbmd": types + u16(0, 1, 0)}))
    with pytest.raises(DnaError, match="quaternions"):
        Behaviour(read_dna(path))
