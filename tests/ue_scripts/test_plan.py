"""What a curve file becomes, decided without the engine."""

import array

import numpy as np
import pytest
from cstalk_errors import ItemError
from cstalk_plan import CURVE, NOT_EMPTY, SWITCH, Plan
from ue_files import SETTINGS, write_file

from cstalk_ue.rig import HEAD_CURVES, rig_table
from cstalk_ue.rig_maps import raw_curve_names


def plan_of(path, **settings) -> Plan:
    return Plan(str(path), {**SETTINGS, **settings})


def test_all_260_curves_are_planned_the_switches_as_metadata(tmp_path, rng):
    plan = plan_of(write_file(tmp_path / "a.curves.npz", rng))
    assert [name for name, *_ in plan.curves] == [*raw_curve_names(), *HEAD_CURVES]
    flags = {name: flag for name, flag, *_ in plan.curves}
    assert [name for name, flag in flags.items() if flag == SWITCH] == ["MHFDSVersion", "DisableFaceOverride"]
    assert {flags[name] for name in flags} == {CURVE, SWITCH}
    switch = next(curve for curve in plan.curves if curve[0] == "MHFDSVersion")
    assert (list(switch[2]), list(switch[3])) == ([0.0], [1.0])


def test_zero_curves_have_no_keys_or_two(tmp_path):
    path = write_file(tmp_path / "a.curves.npz", None, frames=40)
    empty = [name for name, flag, times, _ in plan_of(path).curves if not times]
    assert "CTRL_expressions_jawOpen" in empty
    two = plan_of(path, empty_zero_curves=False)
    assert [name for name, _, times, _ in two.curves if not times] == []
    jaw = next(curve for curve in two.curves if curve[0] == "CTRL_expressions_jawOpen")
    assert len(jaw[2]) == 2
    assert jaw[2][1] == np.float32(39 / 30)


def test_curves_that_rest_at_1_are_never_empty(tmp_path):
    resting = {row["curve_name"] for row in rig_table("raw_controls.csv") if float(row["neutral"])}
    assert set(NOT_EMPTY) == resting
    path = write_file(tmp_path / "a.curves.npz", None, raw=dict.fromkeys(resting, 0))
    keyed = [name for name, _, times, _ in plan_of(path).curves if times]
    assert resting <= set(keyed)


def test_values_outside_the_range_are_counted_and_held_only_if_asked(tmp_path):
    path = write_file(
        tmp_path / "a.curves.npz", None, frames=3, raw={"CTRL_expressions_jawOpen": [-0.5, 0.5, 1.5]}
    )
    plan = plan_of(path)
    assert (plan.outside, plan.clamped) == (2, 0)
    assert list(plan.dense["CTRL_expressions_jawOpen"]) == [-0.5, 0.5, 1.5]
    held = plan_of(path, clamp=True)
    assert (held.outside, held.clamped) == (2, 2)
    assert list(held.dense["CTRL_expressions_jawOpen"]) == [0, 0.5, 1]


def test_head_curves_can_be_left_out(tmp_path, rng):
    plan = plan_of(write_file(tmp_path / "a.curves.npz", rng), head=False)
    names = [name for name, *_ in plan.curves]
    assert names == [*raw_curve_names(), "MHFDSVersion", "DisableFaceOverride"]


def test_expected_names_are_missed_in_any_case(tmp_path, rng):
    path = write_file(tmp_path / "a.curves.npz", rng)
    assert plan_of(path, expected=["ctrl_expressions_JAWOPEN", "CTRL_expressions_new"]).missing == [
        "CTRL_expressions_new"
    ]


@pytest.mark.parametrize("fps", [24, 60, 29.97])
def test_other_rates_are_refused_with_the_remedy(tmp_path, rng, fps):
    path = write_file(tmp_path / "a.curves.npz", rng, fps=fps)
    with pytest.raises(ItemError, match=r"expected 30\. Resample it before"):
        plan_of(path)


@pytest.mark.parametrize("name", ["a" * 2000, "é", "a b", "CTRL.jaw", "", "a\n"])
def test_names_that_the_engine_may_not_take_are_refused(tmp_path, rng, name):
    path = write_file(tmp_path / "a.curves.npz", rng, rename={"CTRL_expressions_jawOpen": name})
    with pytest.raises(ItemError, match="is not usable"):
        plan_of(path)


def test_one_frame_is_one_key(tmp_path, rng):
    plan = plan_of(write_file(tmp_path / "a.curves.npz", rng, frames=1))
    assert plan.frames == 1
    assert {len(times) for _, _, times, _ in plan.curves} <= {0, 1}
    assert isinstance(plan.times, array.array)
