"""MetaHuman Animator JSON: sampling, rest values, refusals, and one real solve through the rig."""

import json
from pathlib import Path

import numpy as np
import pytest

from cstalk_ue import rig, rig_maps
from cstalk_ue.errors import CurveFormatError
from ingest import read_animator_json

JAW = "CTRL_expressions_jawOpen"


@pytest.fixture
def write(tmp_path):
    def write(curves, *, seconds=1.0, frames=10, **changes) -> Path:
        data = {
            "metadata": {"sequenceLengthSeconds": seconds, "numFrames": frames},
            "curves": curves,
        } | changes
        path = tmp_path / "solve.json"
        path.write_text(json.dumps(data))
        return path

    return write


@pytest.fixture(scope="module")
def solve_path(shared_data):
    return shared_data / "metahuman_animator" / "arkittest_mha_curves.json"


@pytest.fixture(scope="module")
def solve(solve_path):
    return read_animator_json(solve_path)


def test_sparse_keys_are_sampled_linearly_at_the_files_own_rate(write):
    taken = read_animator_json(write({JAW: {"t": [0, 0.4, 0.6], "v": [0, 0.8, 0]}}))
    assert (taken.raw.frames, taken.raw.fps, taken.raw.controls) == (10, 10, rig_maps.raw_curve_names())
    expected = [0, 0.2, 0.4, 0.6, 0.8, 0.4, 0, 0, 0, 0]
    np.testing.assert_allclose(taken.raw.curve(JAW), expected, atol=1e-6)
    assert taken.keyed == (JAW,)


def test_another_rate_keeps_the_duration(write):
    taken = read_animator_json(write({JAW: {"t": [0, 1], "v": [0, 1]}}), fps=30)
    assert (taken.raw.frames, taken.raw.fps, taken.raw.duration_seconds) == (30, 30, 1)
    np.testing.assert_allclose(taken.raw.curve(JAW), np.arange(30) / 30, atol=1e-6)
    assert (taken.head.frames, taken.head.fps) == (30, 30)


def test_a_curve_holds_its_ends_outside_its_keys(write):
    taken = read_animator_json(write({JAW: {"t": [0.3, 0.5], "v": [0.2, 0.6]}}))
    assert taken.raw.curve(JAW)[0] == np.float32(0.2)
    assert taken.raw.curve(JAW)[-1] == np.float32(0.6)


def test_curves_without_keys_and_absent_ones_are_at_rest(write):
    empty = {"t": [], "v": []}
    taken = read_animator_json(write({"HeadControlSwitch": empty, JAW: empty}))
    np.testing.assert_array_equal(taken.raw.values, rig_maps.gui_to_raw(rig.neutral_curves(10, 10)).values)
    np.testing.assert_array_equal(taken.head.values, rig.neutral_head(10, 10).values)
    assert taken.keyed == ()


def test_values_are_not_clamped(write):
    taken = read_animator_json(write({JAW: {"t": [0], "v": [-0.98]}, "HeadYaw": {"t": [0], "v": [-12.9]}}))
    assert taken.raw.curve(JAW)[0] == np.float32(-0.98)
    assert taken.head.curve("HeadYaw")[0] == np.float32(-12.9)


def test_names_match_in_any_case_and_foreign_curves_are_listed(write):
    key = {"t": [0], "v": [0.5]}
    taken = read_animator_json(write({"ctrl_expressions_jawopen": key, "headyaw": key, "MyCurve": key}))
    assert taken.raw.curve(JAW)[0] == taken.head.curve("HeadYaw")[0] == 0.5
    assert taken.ignored == ("MyCurve",)


def test_metadata_comes_along_and_cannot_be_changed(write):
    taken = read_animator_json(write({JAW: {"t": [0], "v": [0]}}))
    assert taken.metadata["numFrames"] == 10
    with pytest.raises(TypeError):
        taken.metadata["numFrames"] = 11


@pytest.mark.parametrize(
    ("curve", "complaint"),
    [
        ({"t": [0, 1], "v": [0]}, "2 times for 1 values"),
        ({"t": [0, 0.5, 0.2], "v": [0, 0, 0]}, "key 2 at 0.2 s follows one at 0.5 s"),
        ({"t": [0, 0], "v": [0, 1]}, "rising times"),
        ({"t": [0], "v": [float("nan")]}, "nan"),
        ({"t": [float("inf")], "v": [0]}, "inf"),
        ({"t": [0], "v": [1e39]}, "1e\\+39"),
        ({"t": [0], "v": ["0.5"]}, "'0.5'"),
        ({"t": [0], "v": [None]}, "None"),
        ({"t": [0], "v": [True]}, "True"),
        ({"t": [0]}, "no list 'v'"),
        ({"t": 0, "v": [0]}, "no list 't'"),
        ([0, 1], "no list 't'"),
    ],
)
def test_damaged_keys_are_refused_with_file_and_curve(write, curve, complaint):
    with pytest.raises(CurveFormatError, match=f"solve.json: curve {JAW}.*{complaint}"):
        read_animator_json(write({JAW: curve}))


@pytest.mark.parametrize("length", [0, -1, None, "24", True, float("nan"), 10**400, 1e-300, 1e30, 1e300])
def test_an_impossible_length_is_refused(write, length):
    with pytest.raises(CurveFormatError, match=r"solve\.json"):
        read_animator_json(write({JAW: {"t": [0], "v": [0]}}, seconds=length))
    with pytest.raises(CurveFormatError, match=r"solve\.json"):
        read_animator_json(write({JAW: {"t": [0], "v": [0]}}, seconds=length), fps=30)


def test_a_take_of_days_is_refused_before_memory_runs_out(write):
    with pytest.raises(CurveFormatError, match="over 1000000 frames"):
        read_animator_json(write({JAW: {"t": [0], "v": [0]}}, seconds=1e5, frames=3_000_000))


@pytest.mark.parametrize("fps", [0, -30, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(write, fps):
    with pytest.raises(CurveFormatError, match="fps"):
        read_animator_json(write({JAW: {"t": [0], "v": [0]}}), fps=fps)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"Timecode,BlendShapeCount\n", b"\xff\xfe\x00", b"[" * 200_000, b"{}"],
)
def test_files_of_another_kind_are_refused(tmp_path, content):
    path = tmp_path / "solve.json"
    path.write_bytes(content)
    with pytest.raises(CurveFormatError, match=r"solve\.json"):
        read_animator_json(path)


def test_a_missing_file_and_missing_parts_are_refused(write, tmp_path):
    with pytest.raises(CurveFormatError, match="cannot be read"):
        read_animator_json(tmp_path / "absent.json")
    with pytest.raises(CurveFormatError, match="'metadata'"):
        read_animator_json(write({}, metadata=None))
    with pytest.raises(CurveFormatError, match="'curves'"):
        read_animator_json(write([]))
    with pytest.raises(CurveFormatError, match="none of its 1 curves"):
        read_animator_json(write({"root": {"t": [0], "v": [0]}}))


def test_one_curve_in_two_spellings_is_refused(write):
    key = {"t": [0], "v": [0]}
    with pytest.raises(CurveFormatError, match="twice"):
        read_animator_json(write({JAW: key, JAW.lower(): key}))


def test_the_real_solve_has_its_own_rate_and_all_its_curves(solve):
    assert solve.raw.values.shape == (1472, 251)
    assert solve.raw.fps == pytest.approx(59.94, abs=1e-3)
    assert solve.raw.duration_seconds == pytest.approx(24.5579, abs=1e-4)
    assert solve.ignored == ()
    assert len(solve.keyed) == 155
    assert solve.raw.values.min() < -0.9  # a solve dips below 0, and reading keeps that


def test_116_controls_are_keyed_on_the_real_solve_and_114_vary(solve):
    """A GUI control is keyed if at least one raw curve its rows reach has a key; it varies if its value does.

    Asking for all of its raw curves gives 113 instead.
    """
    keyed = rig_maps.controls_reaching(solve.keyed)
    assert len(keyed) == 116
    assert set(keyed) == {control.name for control in rig.controls() if control.animator_driven}
    gui = rig_maps.raw_to_gui(solve.raw)
    varying = {name for name in gui.controls if np.ptp(gui.curve(name)) > 0}
    assert len(varying) == 114
    assert set(keyed) - varying == {"CTRL_L_nose_wrinkleUpper.ty", "CTRL_R_nose_wrinkleUpper.ty"}
    table_keyed = {
        row["curve_name"] for row in rig.rig_table("raw_controls.csv") if row["animator_keyed"] == "1"
    }
    assert table_keyed == set(solve.keyed)


def test_the_real_solve_survives_gui_controls(solve):
    """Largest error 0.085 (measured), where both halves of a two-sided control are slightly on; mean 7e-5."""
    raw = np.clip(solve.raw.values, 0, 1)
    back = rig_maps.gui_to_raw(rig_maps.raw_to_gui(solve.raw)).values
    assert abs(back - raw).max() <= 0.09
    assert abs(back - raw).mean() < 1e-4


def test_the_real_solve_at_30_fps_agrees_with_its_own_rate(solve, solve_path):
    at_30 = read_animator_json(solve_path, fps=30)
    assert at_30.raw.frames == 737
    jaw = np.interp(at_30.raw.times, solve.raw.times, solve.raw.curve(JAW))
    # Both interpolate the same keys; key times are rounded to 10 microseconds.
    np.testing.assert_allclose(at_30.raw.curve(JAW), jaw, atol=1e-3)
