"""GUI ↔ raw against a plain scalar evaluator and the face at rest."""

import csv
from pathlib import Path

import numpy as np
import pytest
from faces import moving, one_frame, random_gui
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cstalk_ue import rig, rig_maps
from cstalk_ue.errors import RigError
from cstalk_ue.take import RigCurves

REPOSITORY = Path(__file__).resolve().parents[1]
IN_DNA = tuple(control.name for control in rig.controls() if not control.flagged)
PHASED = ("CTRL_L_mouth_lipSticky.ty", "CTRL_R_mouth_lipSticky.ty", "CTRL_C_neck_swallow.ty")

# GUI → raw


def scalar_gui_to_raw(gui: dict[str, float]) -> dict[str, np.float32]:
    """The table read row by row for one frame, without any of our code."""
    with (REPOSITORY / "rigmaps" / "gui_to_raw.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    raw: dict[str, np.float32] = {row["raw_name"]: np.float32(0) for row in rows}
    previous, taken = None, False
    for row in rows:
        pair = (row["gui_name"], row["raw_name"])
        if pair != previous:
            previous, taken = pair, False
        x = np.float32(gui[row["gui_name"]])
        if not taken and np.float32(row["from"]) <= x <= np.float32(row["to"]):
            raw[row["raw_name"]] += np.float32(row["slope"]) * x + np.float32(row["cut"])
            taken = True
    return {name: min(max(value, np.float32(0)), np.float32(1)) for name, value in raw.items()}


def test_259_rows_reach_all_251_raw_curves_from_174_controls():
    rows = rig.rig_table("gui_to_raw.csv")
    assert len(rows) == 259
    assert {row["raw_name"] for row in rows} == set(rig_maps.raw_curve_names())
    assert len(rig_maps.raw_curve_names()) == 251
    assert {row["gui_name"] for row in rows} == set(IN_DNA)
    assert len(IN_DNA) == 174
    assert rig_maps.controls_reaching(rig_maps.raw_curve_names()) == IN_DNA


def test_gui_to_raw_equals_the_scalar_evaluator_on_random_faces(rng):
    gui = rig.clamp(random_gui(rng, 25))
    raw = rig_maps.gui_to_raw(gui)
    for frame in range(gui.frames):
        expected = scalar_gui_to_raw(dict(zip(gui.controls, gui.values[frame], strict=True)))
        np.testing.assert_array_equal(raw.values[frame], [expected[name] for name in raw.controls])


def test_gui_to_raw_equals_the_scalar_evaluator_on_and_beside_every_knot():
    knots = np.float32([-1, 0, 0.2, 0.33, 0.4, 0.6, 0.66, 0.8, 1])
    positions = np.unique(
        np.concatenate([np.nextafter(knots, np.float32(-2)), knots, np.nextafter(knots, np.float32(2))])
    )
    gui = rig.clamp(RigCurves(np.repeat(positions[:, None], 185, axis=1), rig.control_names(), 30))
    raw = rig_maps.gui_to_raw(gui)
    for frame in range(gui.frames):
        expected = scalar_gui_to_raw(dict(zip(gui.controls, gui.values[frame], strict=True)))
        np.testing.assert_array_equal(raw.values[frame], [expected[name] for name in raw.controls])


def test_the_first_matching_row_of_a_run_wins_and_swapped_ends_are_put_right(monkeypatch):
    """On a made-up table: on Epic's, clamping to 1 hides a row counted twice."""
    columns = ("gui_name", "raw_name", "from", "to", "slope", "cut")
    jaw, jaw_open, blink = "CTRL_C_jaw.ty", "CTRL_expressions_jawOpen", "CTRL_L_eye_blink.ty"
    rows = [
        (jaw, jaw_open, "0.5", "0", "0.4", "0"),
        (jaw, jaw_open, "0.5", "1", "0", "0.3"),
        (blink, jaw_open, "0", "1", "0.1", "0"),
    ]
    table = tuple(dict(zip(columns, row, strict=True)) for row in rows)
    monkeypatch.setattr(rig_maps, "rig_table", {"gui_to_raw.csv": table}.__getitem__)
    made_up = rig_maps._runs.__wrapped__()
    monkeypatch.setattr(rig_maps, "_runs", lambda: made_up)
    gui = RigCurves([[0.25, 0], [0.5, 0], [0.75, 0], [0.5, 1]], (jaw, blink), 30)
    expected = [0.1, 0.2, 0.3, 0.3]  # other runs into the same raw curve add up
    monkeypatch.setattr(rig_maps, "raw_curve_names", lambda: (jaw_open,))
    np.testing.assert_allclose(rig_maps.gui_to_raw(gui).curve(jaw_open), expected, atol=1e-6)


def test_two_sided_and_phased_controls_split_as_documented():
    def raw_of(name: str, value: float) -> dict[str, float]:
        raw = rig_maps.gui_to_raw(one_frame({name: value}))
        at_rest = rig_maps.gui_to_raw(rig.neutral_curves(1, 30)).values[0]
        return {
            curve.removeprefix("CTRL_expressions_"): round(float(v), 5)
            for curve, v, rest in zip(raw.controls, raw.values[0], at_rest, strict=True)
            if v != rest
        }

    assert raw_of("CTRL_L_eye_blink.ty", 0.7) == {"eyeBlinkL": 0.7}
    assert raw_of("CTRL_L_eye_blink.ty", -0.7) == {"eyeWidenL": 0.7}
    assert raw_of("CTRL_C_jaw.tx", -0.25) == {"jawLeft": 0.25}
    assert raw_of("CTRL_C_tongue_inOut.ty", -1) == {"tongueOut": 1}
    assert raw_of("CTRL_C_neck_swallow.ty", 0.3) == {"neckSwallowPh1": 0.5, "neckSwallowPh2": 0.5}
    assert raw_of("CTRL_L_mouth_lipSticky.ty", 1) == {"mouthLipsStickyLPh3": 1}


def test_controls_outside_their_range_count_as_at_its_end(rng):
    gui = random_gui(rng, 10)
    np.testing.assert_array_equal(rig_maps.gui_to_raw(gui).values, rig_maps.gui_to_raw(rig.clamp(gui)).values)


def test_the_face_at_rest_has_only_wrinkle_upper_on():
    raw = rig_maps.gui_to_raw(one_frame({"CTRL_C_jaw.ty": 0}))
    on = [name for name, value in zip(raw.controls, raw.values[0], strict=True) if value]
    assert on == ["CTRL_expressions_noseWrinkleUpperL", "CTRL_expressions_noseWrinkleUpperR"]


def test_gui_to_raw_refuses_what_is_not_a_control():
    with pytest.raises(RigError, match="HeadYaw"):
        rig_maps.gui_to_raw(one_frame({"HeadYaw": 1}))


# Raw → GUI

_unit_faces = arrays(np.float32, (2, 174), elements=st.floats(0, 1, width=32))


@settings(deadline=None, max_examples=60)
@given(_unit_faces)
def test_gui_to_raw_to_gui_gives_back_every_control_in_the_dna(unit):
    """Within 1e-5, lipSticky and swallow included: their slopes of 3 to 5 divide float32 rounding."""
    lowest, highest = (limit[: len(IN_DNA)] for limit in rig.control_limits())
    values = lowest + (highest - lowest) * unit
    # A swallow at exactly 1 ends where it began; see the next test.
    swallow = IN_DNA.index("CTRL_C_neck_swallow.ty")
    values[:, swallow] = np.minimum(values[:, swallow], 0.9999)
    gui = RigCurves(values, IN_DNA, 30)
    back = rig_maps.raw_to_gui(rig_maps.gui_to_raw(gui))
    np.testing.assert_allclose(back.select(IN_DNA).values, gui.values, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", PHASED)
def test_phased_controls_come_back_along_their_whole_range(name):
    positions = np.linspace(0, 0.9999, 5001)
    back = rig_maps.raw_to_gui(rig_maps.gui_to_raw(RigCurves(positions[:, None], (name,), 30)))
    np.testing.assert_allclose(back.curve(name), positions, atol=1e-5, rtol=0)


def test_a_swallow_at_one_has_the_raw_curves_of_one_at_zero():
    ends = RigCurves([[0], [1]], ("CTRL_C_neck_swallow.ty",), 30)
    raw = rig_maps.gui_to_raw(ends)
    assert (raw.values[0] == raw.values[1]).all()
    assert rig_maps.raw_to_gui(raw).curve("CTRL_C_neck_swallow.ty").tolist() == [0, 0]


def test_phases_that_no_position_gives_take_the_nearest_one(rng):
    """Against a fine search over all positions, on noisy phase values."""
    name = "CTRL_C_neck_swallow.ty"
    phases = tuple(f"CTRL_expressions_neckSwallowPh{k}" for k in range(1, 5))
    grid = RigCurves(np.linspace(0, 1, 20001)[:, None], (name,), 30)
    reachable = rig_maps.gui_to_raw(grid).select(phases).values
    noisy = np.clip(reachable[rng.integers(0, 20001, 50)] + rng.normal(0, 0.1, (50, 4)), 0, 1)
    found = rig_maps.gui_to_raw(rig_maps.raw_to_gui(RigCurves(noisy, phases, 30))).select(phases).values
    nearest = ((noisy[:, None] - reachable[None]) ** 2).sum(axis=2).min(axis=1)
    assert (((found - noisy) ** 2).sum(axis=1) <= nearest + 1e-6).all()


def test_raw_names_are_taken_in_any_case_and_dotted():
    spellings = ("ctrl_expressions_jawopen", "CTRL_expressions.jawOpen", "CTRL_expressions_jawOpen")
    for spelling in spellings:
        assert rig_maps.raw_to_gui(one_frame({spelling: 0.4})).curve("CTRL_C_jaw.ty")[0] == np.float32(0.4)
        assert rig_maps.find_raw_curve(spelling) == "CTRL_expressions_jawOpen"
    with pytest.raises(RigError, match="twice"):
        rig_maps.raw_to_gui(one_frame({spellings[0]: 0.4, spellings[1]: 0.4}))


def test_raw_to_gui_clamps_first_and_absent_raws_are_zero():
    gui = rig_maps.raw_to_gui(
        one_frame({"CTRL_expressions_eyeBlinkL": -0.5, "CTRL_expressions_eyeWidenL": 0.3})
    )
    wrinkle = {"CTRL_L_nose_wrinkleUpper.ty": 0, "CTRL_R_nose_wrinkleUpper.ty": 0}
    assert moving(gui) == {"CTRL_L_eye_blink.ty": -0.3, **wrinkle}
    assert gui.controls == rig.control_names()


@pytest.mark.parametrize("name", ["HeadYaw", "CTRL_expressions_jawOpn", "neck_01.qx", "JawOpen"])
def test_raw_to_gui_refuses_what_is_not_a_raw_curve(name):
    with pytest.raises(RigError, match=name):
        rig_maps.raw_to_gui(one_frame({name: 0}))


def test_conversions_keep_clock_and_mask():
    gui = RigCurves(np.zeros((2, 1)), ("CTRL_C_jaw.ty",), 24, 2.5, [True, False])
    raw = rig_maps.gui_to_raw(gui)
    for curves in (raw, rig_maps.raw_to_gui(raw)):
        assert (curves.fps, curves.start_seconds, curves.valid.tolist()) == (24, 2.5, [True, False])
