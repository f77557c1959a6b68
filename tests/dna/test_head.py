"""Curves move a DNA's head by name, in millimetres, block by block; the head keeps still unless asked."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from made_dna import GUI, JOINTS, dna_bytes, made_dna
from reference_files import each_file

from cstalk_ue.dna import Behaviour, DnaHead, SkinnedMesh, eye_and_forehead_vertices, lip_vertices
from cstalk_ue.dna.head import FRAMES_AT_ONCE
from cstalk_ue.errors import DnaError, RigError
from cstalk_ue.rig import control_names, controls, neutral_curves, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves

BLOCK_MB = 12
"""More than a block of the made rig takes at any time."""


def moving(frames: int = 90, **values) -> RigCurves:
    """A jaw that opens and closes, and more by name of control, dots as double underscores."""
    curves = {"CTRL_C_jaw__ty": np.sin(np.arange(frames) / 5) ** 2, **values}
    names = tuple(name.replace("__", ".") for name in curves)
    return RigCurves(np.stack([np.broadcast_to(v, frames) for v in curves.values()], axis=1), names, 30)


def test_the_face_at_rest_is_the_mesh_of_the_file_in_millimetres(made):
    head = DnaHead(made)
    found = head.motion(neutral_curves(3, 30))
    assert found.dtype == np.float32 and found.shape == (3, head.vertices, 3)
    np.testing.assert_array_equal(found, np.broadcast_to(head.rest, found.shape))
    np.testing.assert_allclose(head.rest, made.meshes["head_lod0_mesh"].positions * 10, rtol=1e-6)


def test_a_file_in_metres_and_radians_gives_the_same_millimetres(made):
    """Positions by 1/100, angles by pi/180: another file, the same head."""
    metres = dataclasses.replace(
        made,
        descriptor=dataclasses.replace(made.descriptor, mm_per_unit=1000.0, degrees=False),
        definition=dataclasses.replace(
            made.definition, translations=made.definition.translations / np.float32(100)
        ),
        behaviour=dataclasses.replace(
            made.behaviour,
            joint_groups=tuple(
                dataclasses.replace(group, values=scaled_rows(group)) for group in made.behaviour.joint_groups
            ),
        ),
        meshes={
            name: dataclasses.replace(
                mesh,
                positions=mesh.positions / np.float32(100),
                shapes=tuple(dataclasses.replace(s, deltas=s.deltas / np.float32(100)) for s in mesh.shapes),
            )
            for name, mesh in made.meshes.items()
        },
    )
    curves = moving()
    np.testing.assert_allclose(DnaHead(metres).motion(curves), DnaHead(made).motion(curves), atol=1e-3)


def scaled_rows(group) -> np.ndarray:
    rotation = (group.outputs % 9 >= 3) & (group.outputs % 9 < 6)
    return np.where(rotation, np.pi / 180, 0.01)[:, None].astype(np.float32) * group.values


@each_file
def test_curves_by_name_give_the_vertices_of_the_reference(reference):
    """GUI controls of the reference, shuffled and as RigCurves, within the ranges of the rig."""
    expected = reference.expected
    kinds = expected["frame_kind"]
    frames = kinds != "out_of_range"
    names = expected["gui_names"].tolist()
    order = np.random.default_rng(1).permutation(len(names))
    curves = RigCurves(expected["gui"][frames][:, order], tuple(names[i] for i in order), 30)
    found = DnaHead(reference.dna).motion(curves)
    np.testing.assert_allclose(
        found / 10, expected["derived_head_lod0_mesh_vertices"][frames], rtol=0, atol=1e-4
    )


def test_blocks_are_the_whole_in_pieces(made):
    head, curves = DnaHead(made), moving(100)
    blocks = list(head.blocks(curves))
    assert [len(block) for block in blocks] == [FRAMES_AT_ONCE] * 3 + [100 - 3 * FRAMES_AT_ONCE]
    np.testing.assert_array_equal(np.concatenate(blocks), head.motion(curves))
    one_by_one = np.concatenate(list(head.blocks(curves, frames_at_once=1)))
    np.testing.assert_allclose(one_by_one, head.motion(curves), rtol=0, atol=2e-4)


def test_memory_does_not_grow_with_frames(made):
    head = DnaHead(made)
    peaks = []
    for frames in (2 * FRAMES_AT_ONCE, 40 * FRAMES_AT_ONCE):
        curves = moving(frames)
        tracemalloc.start()
        for _block in head.blocks(curves):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1] - 2 * 4 * 185 * frames)
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 1e6 < BLOCK_MB * 1e6


def test_only_lips_is_the_same_lips(made):
    head, curves = DnaHead(made), moving(40, CTRL_L_mouth_upperLipRaise__ty=0.6)
    lips = lip_vertices(made)
    found = head.restricted(lips)
    assert found.vertices == lips.sum() < head.vertices
    np.testing.assert_allclose(found.motion(curves), head.motion(curves)[:, lips], rtol=0, atol=2e-4)
    np.testing.assert_array_equal(found.rest, head.rest[lips])


def test_a_jaw_moves_lower_lips_and_no_forehead(made):
    head = DnaHead(made_dna(shapes=False))
    away = np.linalg.norm(head.motion(moving()) - head.rest, axis=-1).max(axis=0)
    lips, upper = lip_vertices(made), eye_and_forehead_vertices(made)
    assert away[lips].max() > 10 and away[upper].max() < 0.1
    lids = moving(CTRL_L_eye_blink__ty=1.0, CTRL_R_eye_blink__ty=1.0)
    blinking = np.linalg.norm(head.motion(lids)[0] - head.rest, axis=-1)
    assert blinking[upper].max() > 3 and blinking[lips].max() < 0.5


def test_controls_beyond_their_range_are_held(made):
    head = DnaHead(made)
    np.testing.assert_array_equal(
        head.motion(moving(CTRL_C_jaw__ty=7.0)), head.motion(moving(CTRL_C_jaw__ty=1.0))
    )
    reference = DnaHead(made, clamp=False)
    np.testing.assert_array_equal(reference.motion(moving(CTRL_C_jaw__ty=7.0))[0], head.rest)


def test_controls_of_the_face_board_alone_are_left_out(made):
    flagged = {control.name.replace(".", "__"): control.maximum for control in controls() if control.flagged}
    assert len(flagged) == 11
    head = DnaHead(made)
    np.testing.assert_array_equal(head.motion(moving(**flagged)), head.motion(moving()))


def test_a_control_that_moves_and_is_not_in_the_dna_is_named(made):
    """As with an older rig, which has no tongue bend."""
    lost = "CTRL_C_tongue_bendTwist.ty"
    assert lost in GUI
    older = dataclasses.replace(
        made,
        definition=dataclasses.replace(
            made.definition, gui=tuple("old" if name == lost else name for name in GUI)
        ),
    )
    head = DnaHead(older)
    with pytest.raises(DnaError, match=r"made: has no GUI control CTRL_C_tongue_bendTwist\.ty, which"):
        head.motion(moving(CTRL_C_tongue_bendTwist__ty=0.5))
    at_rest = head.motion(moving(CTRL_C_tongue_bendTwist__ty=0.0))
    np.testing.assert_array_equal(at_rest, DnaHead(made).motion(moving()))


def test_errors_come_when_blocks_are_asked_for_not_later(made):
    with pytest.raises(RigError, match=r"no control 'CTRL_C_jow\.ty'"):
        DnaHead(made).blocks(moving(CTRL_C_jow__ty=1.0))


def test_a_head_is_opened_from_its_file(made_file, made):
    head = DnaHead.open(made_file)
    assert list(head.dna.meshes) == ["head_lod0_mesh"] and head.notes == ()
    np.testing.assert_array_equal(head.motion(moving()), DnaHead(made).motion(moving()))
    coarse = DnaHead.open(made_file, lod=1)
    assert coarse.mesh.name == "head_lod1_mesh" and coarse.vertices < head.vertices
    with pytest.raises(DnaError, match="no level of detail 2"):
        DnaHead.open(made_file, lod=2)


def test_a_file_without_a_head_says_which_meshes_it_has(tmp_path, made):
    names = ("teeth_lod0_mesh", "eyeLeft_lod0_mesh")
    other = dataclasses.replace(made, definition=dataclasses.replace(made.definition, meshes=names))
    path = tmp_path / "other.dna"
    path.write_bytes(dna_bytes(other))
    with pytest.raises(
        DnaError, match=r"none of the meshes of level of detail 0 is a head \(teeth_lod0_mesh\)"
    ):
        DnaHead.open(path)


# Motion of the head


def performance(frames: int = 5, **head: float) -> FacePerformance:
    curves = neutral_head(frames, 30)
    values = curves.values.copy()
    for name, value in head.items():
        values[:, curves.index(name)] = value
    face = neutral_curves(frames, 30)
    return FacePerformance(face, curves.replace(values=values))


NOD = {
    "HeadYaw": 20.0,
    "HeadPitch": -10.0,
    "HeadRoll": 30.0,
    "HeadTranslationX": 1.0,
    "HeadTranslationY": 2.0,
}


def test_the_head_keeps_still_unless_asked(made):
    head = DnaHead(made)
    np.testing.assert_array_equal(head.motion(performance(**NOD)), head.motion(performance()))
    assert np.abs(head.motion(performance(**NOD), head=True) - head.rest).max() > 20
    np.testing.assert_array_equal(
        head.motion(neutral_curves(2, 30), head=True), head.motion(neutral_curves(2, 30))
    )


def test_a_turn_of_the_head_is_rigid_above_the_neck(made):
    """Distances among vertices that only the head and its children carry do not change."""
    head = DnaHead(made)
    found = head.motion(performance(**NOD), head=True)[0].astype(np.float64)
    spine = tuple(JOINTS).index("spine_04")
    mesh = made.meshes["head_lod0_mesh"]
    on_spine = np.bincount(mesh.skin_vertices, np.where(mesh.skin_joints == spine, mesh.skin_weights, 0))
    rigid = on_spine == 0
    assert rigid.sum() > 100

    def distances(points: np.ndarray) -> np.ndarray:
        return np.linalg.norm(points[rigid][:, None] - points[rigid][None, ::7], axis=-1)

    np.testing.assert_allclose(distances(found), distances(head.rest.astype(np.float64)), atol=2e-3)


@pytest.mark.parametrize(
    ("curve", "axis", "sign"),
    [
        ("HeadRoll", 0, 1.0),  # the nose goes to the character's left
        ("HeadYaw", 1, 1.0),  # up
        ("HeadTranslationX", 2, 1.0),
        ("HeadTranslationY", 0, -1.0),
        ("HeadTranslationZ", 1, 1.0),
    ],
)
def test_the_head_turns_as_the_landmark_head_does(curve, axis, sign):
    """Also where the axes of the file are others: z up, y to the back, x to the right."""
    from cstalk_ue.face import face_motion, load_face

    told = performance(**{curve: 10.0})
    face = load_face()
    nose = face.indices("nose").tolist()
    points = face_motion(told, head=True).points[0]
    landmark = (points[nose] - face.rest[nose]).mean(axis=0)
    assert np.sign(landmark[axis]) == sign
    for dna in (made_dna(), other_axes()):
        head = DnaHead(dna)
        axes = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
        if dna.descriptor.axes[2] == "up":
            axes = np.array([[-1, 0, 0], [0, 0, 1], [0, -1, 0]])
        moved = (head.motion(told, head=True)[0] - head.rest) @ axes.T
        tip = int((head.rest @ axes.T)[:, 2].argmax())
        assert np.sign(np.round(moved[tip, axis], 3)) == sign


def other_axes():
    """The rig in another frame: (x, y, z) becomes (-x, -z, y)."""
    made = made_dna(shapes=False)

    def changed(a: np.ndarray) -> np.ndarray:
        return np.stack([-a[:, 0], -a[:, 2], a[:, 1]], axis=1)

    d = made.definition
    return dataclasses.replace(
        made,
        descriptor=dataclasses.replace(made.descriptor, axes=("right", "back", "up")),
        definition=dataclasses.replace(d, translations=changed(d.translations)),
        meshes={n: dataclasses.replace(m, positions=changed(m.positions)) for n, m in made.meshes.items()},
    )


def test_left_is_where_the_left_joints_are(made):
    """A descriptor that says right for the axis that points to the character's left is overruled."""
    other = made_dna(axes=("right", "up", "front"))
    curves = performance(**NOD)
    np.testing.assert_allclose(
        DnaHead(other).motion(curves, head=True), DnaHead(made).motion(curves, head=True), atol=1e-3
    )


def test_axes_that_are_none_and_a_missing_head_joint_are_told(made):
    flat = made_dna(axes=("right", "up", "left"))
    assert len(DnaHead(flat).motion(performance(**NOD))) == 5
    with pytest.raises(DnaError, match="its axes point right, up, left"):
        DnaHead(flat).motion(performance(**NOD), head=True)
    names = tuple("skull" if name == "head" else name for name in made.definition.joints)
    headless = dataclasses.replace(made, definition=dataclasses.replace(made.definition, joints=names))
    with pytest.raises(DnaError, match="has no joint 'head' to turn"):
        DnaHead(headless).motion(performance(**NOD), head=True)


def test_all_controls_of_the_rig_reach_a_metahuman(made):
    """Of 185 names 174 are in the table of the rig; the others are flagged."""
    assert set(control_names()) - set(GUI) == {control.name for control in controls() if control.flagged}
    assert len(Behaviour(made).raw_controls(np.zeros((1, len(GUI))))[0]) == 251
    assert SkinnedMesh(made, "head_lod0_mesh").rest.shape[1] == 3
