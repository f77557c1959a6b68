"""The landmark face: sizes as on a MetaHuman, lips that touch and never cross, a tongue that stays inside."""

import csv
import filecmp
import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cstalk_ue.arkit_maps import arkit_to_gui
from cstalk_ue.face import face_motion, load_face
from cstalk_ue.face_measures import (
    LIPS_CLOSED_MM,
    MEASURES,
    brow_height,
    corner_lift,
    jaw_opening,
    lid_aperture,
    lip_gap,
    lip_to_teeth,
    mouth_width,
    tongue_out,
)
from cstalk_ue.rig import complete, control_defaults, control_limits, control_names, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves
from rigmaps.build_face import build_face

FACE = load_face()
RIGMAPS = Path(__file__).resolve().parents[1] / "rigmaps"
UNMOVED = {
    "CTRL_C_eye_parallelLook.ty",
    "CTRL_lookAtSwitch.ty",
    "CTRL_convergenceSwitch.ty",
    "CTRL_faceGUIfollowHead.ty",
    "CTRL_eyesAimFollowHead.ty",
    "CTRL_C_eyesAim",
    "CTRL_L_eyeAim",
    "CTRL_R_eyeAim",
    "CTRL_L_mouth_lipsPressD.ty",
    "CTRL_R_mouth_lipsPressD.ty",
}
"""Switches, aims and a control that only follows another: nothing on the face depends on them."""
NEED_AN_OPEN_MOUTH = ("sticky", "lipSticky", "lipsTogether")


def values_of(**controls: float) -> np.ndarray:
    """One frame; ``mouth_purseU=1`` sets both sides of CTRL_*_mouth_purseU.ty."""
    values = control_defaults().astype(np.float64)
    for name, value in controls.items():
        base, axis = (name[:-3], name[-2:]) if name.endswith(("_tx", "_ty")) else (name, "ty")
        found = [i for i, c in enumerate(control_names()) if c in {f"CTRL_{s}_{base}.{axis}" for s in "LRC"}]
        assert found, name
        values[found] = value
    return values


def points_of(**controls: float) -> np.ndarray:
    return FACE.evaluate(values_of(**controls)[None])


def swapped(names: list[str]) -> list[int]:
    """Place of the other side's point or control."""
    other = []
    for name in names:
        if name.startswith("CTRL_"):
            twin = name.replace("CTRL_L_", "CTRL_#_").replace("CTRL_R_", "CTRL_L_").replace("#", "R")
        else:
            group, place = name.rsplit(".", 1)
            twin = f"{group}.{ ({'L': 'R', 'R': 'L'}.get(place[0], place[0])) }{place[1:]}"
        other.append(names.index(twin))
    return other


random_values = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).uniform(*control_limits(), size=(8, 185))
)


# The tables


def test_the_tables_are_what_the_script_builds(tmp_path):
    build_face(tmp_path)
    built = sorted(path.name for path in tmp_path.iterdir())
    assert len(built) == 7
    assert [name for name in built if not filecmp.cmp(tmp_path / name, RIGMAPS / name, shallow=False)] == []


def test_at_rest_every_point_is_in_its_place():
    np.testing.assert_allclose(FACE.evaluate(control_defaults()[None])[0], FACE.rest, atol=1e-9)
    assert lip_gap(FACE.rest[None])[0] == 0


@pytest.mark.parametrize("control", control_names())
def test_every_control_moves_something_and_only_the_named_ones_do_not(control):
    index = control_names().index(control)
    base = values_of(jaw=0.5) if any(word in control for word in NEED_AN_OPEN_MOUTH) else values_of()
    moved = 0.0
    for value in (control_limits()[0][index], control_limits()[1][index]):
        values = base.copy()
        values[index] = value
        pair = FACE.evaluate(np.stack([base, values]))
        moved = max(moved, np.abs(pair[1] - pair[0]).max())
    assert (moved > 0.3) == (control not in UNMOVED)


def test_left_and_right_are_mirror_images(rng):
    values = rng.uniform(*control_limits(), size=(20, 185))
    centre = np.array([c.endswith(".tx") and c.startswith("CTRL_C_") for c in control_names()])
    mirrored = values[:, swapped(list(control_names()))] * np.where(centre, -1, 1)
    for side in "LR":  # gaze and nothing else has a direction of its own on each side
        mirrored[:, control_names().index(f"CTRL_{side}_eye.tx")] *= -1
    shifts = [i for i, c in enumerate(control_names()) if "lipShift" in c]
    mirrored[:, shifts] *= -1
    places = swapped(list(FACE.names))
    there = FACE.evaluate(mirrored)[:, places] * np.array([-1, 1, 1])
    np.testing.assert_allclose(there, FACE.evaluate(values), atol=1e-6)


# Sizes


def test_the_jaw_turns_22_degrees_about_its_hinge():
    tooth = FACE.index("teeth_lower_1.C0")
    rules = FACE.rules
    hinge = np.array([0, rules["hinge_y"], rules["hinge_z"]])
    glide = np.array([0, rules["jaw_open_y"], rules["jaw_open_z"]])
    before = FACE.rest[tooth] - hinge
    after = points_of(jaw=1)[0, tooth] - hinge - glide
    cosine = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(22.2, abs=0.01)
    assert 25 < jaw_opening(points_of(jaw=1))[0] < 45


def test_a_full_corner_pull_moves_the_corner_17_mm_out_up_and_back():
    corner = FACE.index("lip_corner.L0")
    x, y, z = points_of(mouth_cornerPull=1)[0, corner] - FACE.rest[corner]
    assert np.linalg.norm([x, y, z]) == pytest.approx(17.3, abs=0.7)
    assert x > 5 and y > 8 and z < -6


@pytest.mark.parametrize(
    ("pose", "group", "column"),
    [
        *((pose, "lip_corner.L0", "FACIAL_L_LipCorner_mm") for pose in (
            "MouthSmileLeft", "MouthFrownLeft", "MouthDimpleLeft", "MouthStretchLeft", "MouthPucker",
            "MouthFunnel", "MouthLeft", "JawLeft", "JawForward")),
        *((pose, "brow", "forehead_joint_max_mm") for pose in (
            "BrowDownLeft", "BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight")),
        *((pose, "lid_", "eye_joint_max_mm") for pose in (
            "EyeBlinkLeft", "EyeBlinkRight", "EyeLookDownLeft", "EyeLookUpLeft", "EyeWideLeft")),
        *((pose, "lip_", "lip_joint_local_max_mm") for pose in (
            "MouthLowerDownLeft", "MouthRollUpper", "MouthRollLower", "MouthFunnel", "MouthPucker")),
    ],
)  # fmt: skip
def test_arkit_poses_move_it_about_as_far_as_a_metahumans_joints(shared_data, pose, group, column):
    with (shared_data.parent / "facts/rig/arkit_joint_displacement_mm.csv").open(encoding="utf-8") as file:
        known = {row["arkit_pose"]: float(row[column]) for row in csv.DictReader(file)}
    curves = complete(arkit_to_gui(RigCurves(np.ones((1, 1)), (pose,), 30)))
    way = np.linalg.norm(FACE.evaluate(curves.values)[0] - FACE.rest, axis=1)
    chosen = [way[i] for i, name in enumerate(FACE.names) if name.startswith(group)]
    assert 0.6 * known[pose] <= max(chosen) <= 1.45 * known[pose]


# The key shapes, in millimetres


def test_key_shapes_measure_as_they_look():
    rest = points_of()
    aa = points_of(jaw=0.55, mouth_lowerLipDepress=0.3)
    ee = points_of(jaw=0.15, mouth_stretch=0.5, mouth_lowerLipDepress=0.35, mouth_upperLipRaise=0.25)
    rounded = {"mouth_purseU": 0.8, "mouth_purseD": 0.8, "mouth_funnelU": 0.35, "mouth_funnelD": 0.35}
    oo = points_of(jaw=0.18, **rounded)
    smile = points_of(mouth_cornerPull=1)
    assert lip_gap(aa)[0] > 15 > lip_gap(ee)[0] > 5
    assert mouth_width(oo)[0] < 0.75 * mouth_width(rest)[0] < 0.8 * mouth_width(ee)[0]
    assert corner_lift(smile)[0] > 8 and lip_gap(smile)[0] < LIPS_CLOSED_MM
    assert brow_height(points_of(brow_raiseIn=1, brow_raiseOut=1))[0] > 7
    assert brow_height(points_of(brow_down=1))[0] < -3
    assert lid_aperture(points_of(eye_blink=1))[0] < 0.3 < 9 < lid_aperture(rest)[0]
    assert lid_aperture(points_of(eye_blink=-1))[0] > lid_aperture(rest)[0] + 2


def test_f_and_v_bring_the_lower_lip_to_the_upper_teeth():
    fv = points_of(jaw=0.1, mouth_lipBiteD=1, mouth_upperLipRaise=0.35)
    assert lip_to_teeth(fv)[0] < 2.5 < 6 < lip_to_teeth(points_of())[0]
    assert lip_gap(fv)[0] > 4  # the teeth are seen


def test_th_brings_the_tongue_out_between_the_teeth_and_closed_teeth_keep_it_in():
    assert tongue_out(points_of(jaw=0.22, tongue_inOut=-0.55))[0] > 3
    assert tongue_out(points_of(tongue_inOut=-1))[0] < 0


@pytest.mark.parametrize("jaw", [0.05, 0.3, 0.6, 1.0])
def test_lips_together_close_the_mouth_over_any_jaw(jaw):
    closed = points_of(jaw=jaw, mouth_lipsTogetherU=1, mouth_lipsTogetherD=1)
    assert lip_gap(closed)[0] < 0.05
    half = points_of(jaw=jaw, mouth_lipsTogetherU=0.5, mouth_lipsTogetherD=0.5)
    assert lip_gap(half)[0] == pytest.approx(lip_gap(points_of(jaw=jaw))[0] / 2, rel=0.02)


def test_sticky_lips_hold_only_where_they_stick():
    face = points_of(jaw=0.2, mouth_stickyU=1, mouth_stickyD=1)[0]
    gap = face[FACE.upper, 1] - face[FACE.lower, 1]
    assert gap[5] < 0.1 and gap[2] > 2 and gap[8] > 2


# The rules, whatever the values


@settings(max_examples=25, deadline=None)
@given(random_values)
def test_lips_and_lids_never_cross_and_lids_stay_off_the_eyes(values):
    p = FACE.evaluate(values)
    # The lower lip may be pushed further down under the upper teeth, never up through the upper lip.
    assert (p[:, FACE.upper, 1] - p[:, FACE.lower, 1]).min() > -1e-6
    for side in FACE.eyes.values():
        assert (p[:, side.upper, 1] - p[:, side.lower, 1]).min() > -1e-6
        away = np.linalg.norm(p[:, side.lids[:10]] - side.centre, axis=-1)
        assert away.min() > FACE.rules["eye_radius"] - 1.0


@settings(max_examples=25, deadline=None)
@given(random_values)
def test_the_tongue_stays_under_the_palate_and_passes_only_open_teeth(values):
    p = FACE.evaluate(values)
    rules = FACE.rules
    upper, lower = (p[:, FACE.index(f"teeth_{jaw}_0.C0"), 1] for jaw in ("upper", "lower"))
    shut = upper - lower < rules["tongue_gap_low"]
    for section in FACE.tongue:
        y, z = p[:, section, 1], p[:, section, 2]
        palate = rules["palate_y"] - rules["palate_curve"] * np.maximum(0, z - rules["palate_z"]) ** 2
        assert (y <= palate + 1e-9).all()
        assert (z[shut] <= rules["teeth_back_z"] + 1e-9).all()


@settings(max_examples=10, deadline=None)
@given(random_values, st.integers(0, 2**32 - 1))
def test_the_head_turns_as_one_piece(values, seed):
    head = np.random.default_rng(seed).uniform(-20, 20, size=(8, 6))
    still, turned = FACE.evaluate(values), FACE.evaluate(values, head)
    on_head = [
        FACE.index(name) for name in ("nose_bridge.C4", "pupil.L0", "teeth_upper_0.C0", "lip_corner.R0")
    ]
    for a, b in itertools.combinations(on_head, 2):
        before = np.linalg.norm(still[:, a] - still[:, b], axis=1)
        np.testing.assert_allclose(np.linalg.norm(turned[:, a] - turned[:, b], axis=1), before, atol=1e-9)
    base = [i for i, share in enumerate(FACE.neck) if share == 1]
    np.testing.assert_array_equal(turned[:, base], still[:, base])


def test_values_beyond_the_range_of_a_control_are_clipped():
    np.testing.assert_array_equal(points_of(jaw=3, mouth_cornerPull=-2), points_of(jaw=1))


def test_a_small_change_of_the_values_is_a_small_motion(rng):
    """No rule jumps: a picture must not pop where lips or lids touch."""
    low, high = control_limits()
    a, b = rng.uniform(low, high, size=(2, 30, 185))
    steps = np.linspace(0, 1, 200)
    for start, end in zip(a, b, strict=True):
        path = FACE.evaluate(start + (end - start) * steps[:, None])
        assert np.abs(np.diff(path, axis=0)).max() < 1.5


# Takes


def test_a_take_is_evaluated_frame_by_frame_alike(rng):
    values = rng.uniform(*control_limits(), size=(300, 185))
    motion = face_motion(RigCurves(values, control_names(), 30, 0.5))
    assert motion.points.shape == (300, len(FACE.names), 3) and motion.points.dtype == np.float32
    assert (motion.fps, motion.start_seconds) == (30, 0.5)
    for frame in (0, 127, 128, 299):
        np.testing.assert_allclose(
            motion.points[frame], FACE.evaluate(values[frame : frame + 1].astype(np.float32))[0], atol=1e-4
        )
    np.testing.assert_array_equal(
        motion.point("lip_corner.L0"), motion.points[:, FACE.index("lip_corner.L0")]
    )


def test_controls_that_a_take_lacks_are_at_rest_and_the_head_is_optional():
    jaw = RigCurves(np.full((2, 1), 0.4), ("CTRL_C_jaw.ty",), 30)
    np.testing.assert_allclose(face_motion(jaw).points[1], points_of(jaw=0.4)[0], atol=1e-4)
    head = neutral_head(2, fps=30)
    turned = head.values.copy()
    turned[:, 2] = 30
    performance = FacePerformance(jaw, head.replace(values=turned))
    np.testing.assert_array_equal(face_motion(performance).points, face_motion(jaw).points)
    nose = face_motion(performance, head=True).point("nose_bridge.C4")
    assert (nose[:, 0] > 30).all()  # to its left, which is the viewer's right


def test_measures_are_finite_and_one_number_a_frame(rng):
    points = FACE.evaluate(rng.uniform(*control_limits(), size=(5, 185)))
    for measure in MEASURES.values():
        assert measure(points).shape == (5,) and np.isfinite(measure(points)).all()
