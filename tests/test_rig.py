"""The 185 controls: counts, ranges, lookups, and filling, clamping and resting curves."""

from pathlib import Path

import numpy as np
import pytest

from cstalk_ue import rig
from cstalk_ue.errors import CurveFormatError, RigError
from cstalk_ue.take import RigCurves
from rigmaps import build_tables

RIGMAPS = Path(build_tables.__file__).parent
FACTS = RIGMAPS.parents[1] / "shared" / "facts" / "rig"


def curves_of(**values: float) -> RigCurves:
    """One frame with the named controls; `__` stands for the dot."""
    names = tuple(name.replace("__", ".") for name in values)
    return RigCurves(np.array([list(values.values())]), names, 30)


def test_there_are_185_controls_of_which_11_are_flagged_and_116_are_driven_by_animator():
    controls = rig.controls()
    assert len(controls) == len(set(rig.control_names())) == 185
    assert sum(control.flagged for control in controls) == 11
    assert not any(control.flagged for control in controls[:174])
    assert sum(control.animator_driven for control in controls) == 116
    assert not any(control.flagged and control.animator_driven for control in controls)


def test_a_control_is_named_by_its_parts():
    for control in rig.controls():
        suffix = "" if control.axis == "transform" else f".{control.axis}"
        assert control.name == control.control + suffix


def test_defaults_lie_in_their_ranges_and_only_wrinkle_upper_rests_at_one():
    lowest, highest = rig.control_limits()
    defaults = rig.control_defaults()
    assert lowest.dtype == highest.dtype == defaults.dtype == np.float32
    assert ((lowest <= defaults) & (defaults <= highest)).all()
    assert set(zip(lowest.tolist(), highest.tolist(), strict=True)) == {(0, 1), (-1, 1)}
    # The DNA has 70 two-sided and 104 one-sided controls.
    assert (lowest[:174] == -1).sum() == 70
    assert [n for n, d in zip(rig.control_names(), defaults, strict=True) if d] == [
        "CTRL_L_nose_wrinkleUpper.ty",
        "CTRL_R_nose_wrinkleUpper.ty",
    ]


def test_shared_arrays_cannot_be_written():
    for array in (*rig.control_limits(), rig.control_defaults()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5


def test_regions_partition_the_controls():
    sizes = {region: len(rig.controls_of(region=region)) for region in rig.region_names()}
    assert sum(sizes.values()) == 185
    assert (sizes["lips"], sizes["mouth"], sizes["jaw"], sizes["brow"], sizes["switch"]) == (72, 22, 12, 8, 4)
    driven = [control for control in rig.controls_of(region="lips") if control.animator_driven]
    assert len(driven) == 54


def test_controls_can_be_picked_by_region_and_side():
    left_brow = rig.controls_of(region="brow", side="L")
    assert len(left_brow) == 4
    assert all(control.name.startswith("CTRL_L_brow_") for control in left_brow)
    assert rig.controls_of() == rig.controls()
    assert len(rig.controls_of(side="L")) == len(rig.controls_of(side="R"))


def test_unknown_region_or_side_is_refused_with_the_known_ones():
    with pytest.raises(RigError, match=r"'lip'.*lips"):
        rig.controls_of(region="lip")
    with pytest.raises(RigError, match="'left'"):
        rig.controls_of(side="left")


def test_a_control_is_found_by_name_and_a_typo_gets_a_hint():
    jaw = rig.find_control("CTRL_C_jaw.ty")
    assert (jaw.region, jaw.side, jaw.minimum, jaw.maximum) == ("jaw", "C", 0, 1)
    with pytest.raises(RigError, match=r"Did you mean 'CTRL_C_jaw\.ty'"):
        rig.find_control("ctrl_c_jaw.ty")
    with pytest.raises(RigError, match=r"Did you mean 'CTRL_L_brow_down\.ty'"):
        rig.find_control("CTRL_L_browDown.ty")


def test_a_missing_table_is_a_rig_error():
    with pytest.raises(RigError, match=r"'nothing\.csv'"):
        rig.rig_table("nothing.csv")


def test_neutral_curves_rest_everywhere():
    neutral = rig.neutral_curves(4, 30)
    assert neutral.values.shape == (4, 185)
    assert (neutral.values == rig.control_defaults()).all()
    assert rig.clamp_report(neutral) == {}
    with pytest.raises(CurveFormatError):
        rig.neutral_curves(0, 30)


def test_neutral_head_holds_its_three_switches_on():
    head = rig.neutral_head(2, 30)
    assert head.controls == rig.HEAD_CURVES == tuple(row["name"] for row in rig.rig_table("head_curves.csv"))
    on = {name for name in head.controls if (head.curve(name) == 1).all()}
    assert on == {"HeadControlSwitch", "MHFDSVersion", "DisableFaceOverride"}
    assert not head.values[:, [head.index(name) for name in head.controls if name not in on]].any()


def test_complete_fills_in_defaults_and_keeps_clock_order_and_mask():
    part = RigCurves(
        [[0.5, 0.2], [0.6, 0.3]], ("CTRL_C_jaw.ty", "CTRL_L_brow_down.ty"), 24, 1.5, [True, False]
    )
    whole = rig.complete(part)
    assert whole.controls == rig.control_names()
    assert (whole.fps, whole.start_seconds, whole.valid.tolist()) == (24, 1.5, [True, False])
    assert (whole.select(part.controls).values == part.values).all()
    rest = [name for name in whole.controls if name not in part.controls]
    assert (whole.select(rest).values == rig.neutral_curves(2, 24).select(rest).values).all()
    assert rig.complete(whole) is whole


def test_complete_puts_shuffled_columns_back_in_order():
    rng = np.random.default_rng(0)
    values = rng.random((3, 185), dtype=np.float32)
    order = rng.permutation(185)
    shuffled = RigCurves(values[:, order], [rig.control_names()[k] for k in order], 30)
    assert (rig.complete(shuffled).values == values).all()


@pytest.mark.parametrize("use", [rig.complete, rig.clamp, rig.clamp_report])
def test_curves_that_are_not_controls_are_refused(use):
    with pytest.raises(RigError, match="CTRL_expressions_jawOpen"):
        use(curves_of(CTRL_expressions_jawOpen=1))


def test_clamp_holds_values_to_the_range_and_the_report_counts_them():
    curves = RigCurves([[-0.5, -0.5], [1.5, 0.5], [2, -3]], ("CTRL_C_jaw.ty", "CTRL_C_jaw.tx"), 30)
    clamped = rig.clamp(curves)
    assert clamped.values.tolist() == [[0, -0.5], [1, 0.5], [1, -1]]
    assert rig.clamp_report(curves) == {"CTRL_C_jaw.ty": 3, "CTRL_C_jaw.tx": 1}
    assert rig.clamp_report(clamped) == {}
    assert (rig.clamp(clamped).values == clamped.values).all()


@pytest.mark.skipif(not FACTS.exists(), reason="the collected facts are not beside this checkout")
def test_the_tables_rebuild_byte_for_byte(tmp_path):
    build_tables.build_tables(FACTS, tmp_path)
    built = {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")}
    others = ("face_", "rig_")  # the landmark face and rigmaps of other rigs, see their own tests
    kept = {path.name: path for path in RIGMAPS.glob("*.csv") if not path.name.startswith(others)}
    assert built == {name: path.read_bytes() for name, path in kept.items()}
    assert len(built) == 6


def test_the_table_script_refuses_facts_with_rows_missing(tmp_path):
    row = dict.fromkeys(("name", "control", "axis", "region", "side", "note", "mha_driven"), "x")
    row |= {"status": "documented", "min": "0", "max": "1", "default": "0"}
    text = ",".join(row) + "\n" + ",".join(row.values()) + "\n"
    (tmp_path / "controls_185.csv").write_text(text)
    with pytest.raises(ValueError, match="1 rows"):
        build_tables.build_tables(tmp_path, tmp_path)
