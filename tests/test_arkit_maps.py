"""ARKit ↔ GUI against Epic's poses, SciPy, the collected facts and real takes; the head against Live Link."""

import csv
from pathlib import Path

import numpy as np
import pytest
from faces import moving, one_frame, random_gui
from scipy.optimize import lsq_linear

from cstalk_ue import arkit_maps, rig, rig_maps
from cstalk_ue.errors import CurveFormatError, RigError
from cstalk_ue.take import RigCurves

REPOSITORY = Path(__file__).resolve().parents[1]
FACTS = REPOSITORY.parent / "shared" / "facts" / "rig"
LIVE_LINK_FACE = REPOSITORY.parent / "shared" / "data" / "live_link_face"
LIVE_LINK_TAKES = (
    "alexdjulin/alex_rom_3.csv",
    "jmtechart/MySlate_3_Jason_Millers_iPhone.csv",
    "neurosync_player/angry_MySlate_164_iPhone_cal.csv",
    "neurosync_player/neutral_Neutral.csv",
    "neurosync_player/sad_MySlate_167_iPhone_cal.csv",
)


def shape_at_one(name: str) -> dict[str, float]:
    return moving(arkit_maps.arkit_to_gui(one_frame({name: 1.0})))


def test_arkit_shapes_are_the_52_of_live_link_face():
    assert len(arkit_maps.arkit_names()) == 52
    assert len(rig.rig_table("live_link_face.csv")) == 61
    mapped = {row["arkit_name"] for row in rig.rig_table("arkit_to_raw.csv")}
    assert set(arkit_maps.arkit_names()) - mapped == {"MouthClose"}


def test_single_shapes_move_what_epics_poses_move():
    assert shape_at_one("JawOpen") == {"CTRL_C_jaw.ty": 1}
    assert shape_at_one("EyeLookInLeft") == {"CTRL_L_eye.tx": -1}
    assert shape_at_one("EyeLookInRight") == {"CTRL_R_eye.tx": 1}
    assert shape_at_one("EyeWideRight") == {"CTRL_R_eye_blink.ty": -1}
    corners = ("L_mouth_{}U", "R_mouth_{}U", "L_mouth_{}D", "R_mouth_{}D")
    pucker = {"purse": 1, "funnel": 0.752, "towards": 0.412}
    assert shape_at_one("MouthPucker") == {
        f"CTRL_{corner.format(part)}.ty": weight for part, weight in pucker.items() for corner in corners
    }
    assert shape_at_one("TongueOut") == {
        "CTRL_C_tongue_inOut.ty": -0.769,
        "CTRL_C_tongue_move.ty": -0.826,
        "CTRL_C_tongue_move.tx": -0.07,
        "CTRL_C_tongue_wideNarrow.ty": 0.628,
    }


@pytest.mark.parametrize("name", ["BrowDownRight", "CheekPuff", "NoseSneerRight", "TongueOut"])
def test_the_stray_left_brow_key_is_not_carried_over(name):
    assert "CTRL_L_brow_lateral.ty" not in shape_at_one(name)
    assert shape_at_one("BrowInnerUp")["CTRL_L_brow_lateral.ty"] == 1


@pytest.mark.skipif(not FACTS.exists(), reason="the collected facts are not beside this checkout")
def test_every_shape_moves_the_gui_controls_the_facts_list():
    with (FACTS / "arkit_to_raw.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["gui_value_at_arkit_1"] not in ("", "0.0")]
    for name in {row["arkit"] for row in rows}:
        expected = {
            row["gui_name"]: float(row["gui_value_at_arkit_1"]) for row in rows if row["arkit"] == name
        }
        expected = {gui: value for gui, value in expected.items() if value != 0.031}
        assert shape_at_one(name) == pytest.approx(expected, abs=1e-6), name


def test_no_shape_at_all_is_the_face_at_rest():
    assert moving(arkit_maps.arkit_to_gui(one_frame({"JawOpen": 0.0}))) == {}


@pytest.mark.parametrize(
    ("mouth_close", "jaw_open", "together"),
    [
        (0.2, 0.4, 0.5),
        (0.4, 0.4, 1),
        (0.6, 0.4, 1),
        (0, 0.4, 0),
        (0.5, 0, 0),
        (0.5, 0.001, 0),
        (0.002, 0.004, 0.5),
    ],
)
def test_mouth_close_brings_the_lips_together_in_proportion_to_the_jaw(mouth_close, jaw_open, together):
    gui = arkit_maps.arkit_to_gui(one_frame({"MouthClose": mouth_close, "JawOpen": jaw_open}))
    for corner in (
        "L_mouth_lipsTogetherU",
        "R_mouth_lipsTogetherU",
        "L_mouth_lipsTogetherD",
        "R_mouth_lipsTogetherD",
    ):
        assert gui.curve(f"CTRL_{corner}.ty")[0] == pytest.approx(together, abs=1e-6)
    back = arkit_maps.gui_to_arkit(gui)
    assert back.curve("MouthClose")[0] == pytest.approx(together * jaw_open, abs=1e-6)


def test_arkit_names_are_taken_in_any_case_and_others_refused():
    assert arkit_maps.arkit_to_gui(one_frame({"jawopen": 0.3})).curve("CTRL_C_jaw.ty")[0] == np.float32(0.3)
    for name in ("HeadYaw", "LeftEyeYaw", "JawOpn"):
        with pytest.raises(RigError, match=name):
            arkit_maps.arkit_to_gui(one_frame({name: 0.3}))
    with pytest.raises(RigError, match="twice"):
        arkit_maps.arkit_to_gui(one_frame({"JawOpen": 0.3, "jawOpen": 0.3}))


def test_conversions_keep_clock_and_mask():
    gui = RigCurves(np.zeros((2, 1)), ("CTRL_C_jaw.ty",), 24, 2.5, [True, False])
    shapes = arkit_maps.gui_to_arkit(gui)
    for curves in (shapes, arkit_maps.arkit_to_gui(shapes)):
        assert (curves.fps, curves.start_seconds, curves.valid.tolist()) == (24, 2.5, [True, False])


def pose_matrix() -> np.ndarray:
    """``(251, 52)``, read from the table without our code."""
    with (REPOSITORY / "rigmaps" / "arkit_to_raw.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    matrix = np.zeros((251, 52))
    for row in rows:
        k = rig_maps.raw_curve_names().index(row["raw_name"])
        matrix[k, arkit_maps.arkit_names().index(row["arkit_name"])] = float(row["weight"])
    return matrix


def test_gui_to_arkit_equals_scipys_bounded_least_squares(rng):
    """Away from any reachable face, so that bounds bind; 1e-5 is 100 sweeps' worth of our stopping rule."""
    gui = random_gui(rng, 30)
    ours = arkit_maps.gui_to_arkit(gui)
    raw = rig_maps.gui_to_raw(gui).values
    posed = [k for k, name in enumerate(arkit_maps.arkit_names()) if name != "MouthClose"]
    matrix = pose_matrix()[:, posed]
    for frame in range(gui.frames):
        exact = lsq_linear(matrix, raw[frame], bounds=(0, 1), method="bvls", tol=1e-12).x
        np.testing.assert_allclose(ours.values[frame, posed], exact, atol=1e-5, rtol=0)


def read_shapes(take: str) -> RigCurves:
    path = LIVE_LINK_FACE / take
    if not path.exists():
        pytest.skip(f"{path.name} is not in ../shared/data/live_link_face")
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["RightEyeRoll"]]
    names = arkit_maps.arkit_names()
    return RigCurves([[float(row[name]) for name in names] for row in rows], names, 60)


@pytest.mark.parametrize("take", LIVE_LINK_TAKES)
def test_real_arkit_takes_come_back_from_gui_controls(take):
    """Exact wherever the face can hold the shapes; else mean 0.0012, largest 0.32 (measured, alex_rom_3).

    The face cannot hold a raw curve above 1 (BrowInnerUp + BrowOuterUp), both halves of one control at once
    (EyeBlink with EyeWide), or a MouthClose above JawOpen.
    """
    shapes = read_shapes(take)
    values = np.clip(shapes.values, 0, 1)
    back = arkit_maps.gui_to_arkit(arkit_maps.arkit_to_gui(shapes)).values
    raw = np.clip(values @ pose_matrix().T, 0, None).astype(np.float32)
    kept = rig_maps.gui_to_raw(rig_maps.raw_to_gui(RigCurves(raw, rig_maps.raw_curve_names(), 60))).values
    undriven = [rig_maps.raw_curve_names().index(f"CTRL_expressions_noseWrinkleUpper{side}") for side in "LR"]
    kept = kept.copy()
    kept[:, undriven] = 0
    jaw_open, mouth_close = (shapes.curve(name) for name in ("JawOpen", "MouthClose"))
    held = (abs(kept - raw) < 1e-6).all(axis=1) & (mouth_close <= jaw_open)
    held &= (jaw_open > arkit_maps.CLOSED_JAW) | (mouth_close == 0)
    assert held.sum() > 50
    assert abs(back - values)[held].max() < 1e-5
    assert abs(back - values).mean() < 0.002
    assert abs(back - values).max() < 0.35


@pytest.mark.parametrize("take", LIVE_LINK_TAKES)
def test_lips_stay_together_only_where_the_phone_saw_them_close(take):
    shapes = read_shapes(take)
    gui = arkit_maps.arkit_to_gui(shapes)
    together = gui.curve("CTRL_L_mouth_lipsTogetherU.ty")
    assert (together[shapes.curve("MouthClose") <= 0] == 0).all()
    assert rig.clamp_report(gui) == {}


# Head


def test_head_angles_follow_the_live_link_blueprint():
    """Roll = HeadYaw * 50, Pitch = HeadRoll * 50, Yaw = -HeadPitch * 50 (UE 5.8)."""
    head = arkit_maps.live_link_face_to_head(np.array([[0.1, 0.2, 0.3]]), fps=30)
    assert head.curve("HeadRoll")[0] == pytest.approx(5)
    assert head.curve("HeadPitch")[0] == pytest.approx(15)
    assert head.curve("HeadYaw")[0] == pytest.approx(-10)
    assert head.curve("HeadControlSwitch")[0] == 1
    assert head.controls == rig.HEAD_CURVES


def test_head_angles_come_back(rng):
    angles = rng.uniform(-0.6, 0.6, (20, 3)).astype(np.float32)
    head = arkit_maps.live_link_face_to_head(angles, fps=30, start_seconds=0.5)
    assert (head.fps, head.start_seconds) == (30, 0.5)
    np.testing.assert_allclose(arkit_maps.head_to_live_link_face(head), angles, atol=1e-6)


def test_head_conversions_refuse_missing_rotations_and_wrong_shapes():
    with pytest.raises(CurveFormatError, match="Head"):
        arkit_maps.head_to_live_link_face(one_frame({"HeadYaw": 1}))
    with pytest.raises(RigError, match="shape"):
        arkit_maps.live_link_face_to_head(np.zeros((4, 2)), fps=30)
