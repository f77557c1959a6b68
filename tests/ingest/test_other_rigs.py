"""Rigmaps: the shipped ones fit their sources and our rig; a studio's own is read or refused by line."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.errors import CurveFormatError, RigError
from cstalk_ue.rig import control_defaults, control_limits, control_names, rig_table
from cstalk_ue.take import RigCurves
from ingest.other_rigs import SHIPPED, apply_rigmap, load_rigmap

JAW = "CTRL_C_jaw.ty"


@pytest.fixture
def write(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "mine.csv"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def one(name: str, value: float, frames: int = 2) -> RigCurves:
    return RigCurves(np.full((frames, 1), value), (name,), 30)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_rigmap_says_something_about_every_source(name):
    rigmap = load_rigmap(name)
    table = rig_table(SHIPPED[name][0])
    assert len(rigmap.columns) == len(rigmap.sources) == {"facegood": 116, "emoface": 174}[name]
    assert all(row["control"] or row["note"] for row in table), "a source left out says why"
    silent = [row["source"] for row in table if row["control"] and row["source"] in rigmap.ignored]
    assert silent == []


def test_facegood_columns_are_those_of_its_own_list(shared_data):
    from ingest.table import read_names

    names = read_names(shared_data / "paired" / "facegood" / "shirley_1015_bs_name.npy")
    assert load_rigmap("facegood").columns == names


def test_left_shapes_move_left_controls():
    """Of shapes with a side, each moves that side's controls only, or one in the middle by its sign."""
    rigmap = load_rigmap("facegood")
    for index, source in enumerate(rigmap.sources):
        ending = source.rsplit("_", 1)[-1]
        if ending not in ("l", "r", "dl", "dr", "ul", "ur"):
            continue
        side = ending[-1].upper()
        moved = [control_names()[row] for row in np.flatnonzero(rigmap.weights[:, index])]
        assert all(name.startswith((f"CTRL_{side}_", "CTRL_C_")) for name in moved), (source, moved)


@pytest.mark.parametrize("name", SHIPPED)
def test_left_and_right_are_mapped_alike(name):
    rigmap = load_rigmap(name)
    pairs = {"facegood": ("_l", "_r"), "emoface": ("CTRL_L_", "CTRL_R_")}[name]
    compared = 0
    for source in rigmap.sources:
        other = source.replace(*pairs)
        if name == "facegood" and not source.endswith("_l"):
            continue
        if other == source or other not in rigmap.sources:
            continue
        left = {control_names()[row] for row in np.flatnonzero(weights_of(rigmap, source))}
        right = {control_names()[row] for row in np.flatnonzero(weights_of(rigmap, other))}
        assert {control.replace("CTRL_L_", "CTRL_R_") for control in left} == right, source
        compared += 1
    assert compared >= 18


def weights_of(rigmap, source):
    return rigmap.weights[:, rigmap.sources.index(source)]


def test_a_single_shape_moves_what_its_name_says():
    face, cut = apply_rigmap(one("mouth_stretch_c", 0.5), load_rigmap("facegood"))
    assert face.controls == control_names()
    moved = np.flatnonzero(np.abs(face.values[0] - control_defaults()) > 0)
    assert [control_names()[column] for column in moved] == [JAW]
    assert face.curve(JAW)[0] == np.float32(0.5)
    assert cut == {}


def test_old_names_of_both_eyes_turn_each_eye():
    face, _ = apply_rigmap(one("CTRL_C_eye-translateX", 0.25), load_rigmap("emoface"))
    assert face.curve("CTRL_L_eye.tx")[0] == face.curve("CTRL_R_eye.tx")[0] == np.float32(0.25)
    assert face.curve("CTRL_C_eye.tx")[0] == 0, "it reaches no raw curve, so it must not carry the gaze"


def test_names_are_found_in_any_case_and_an_unknown_one_is_refused_with_a_hint():
    rigmap = load_rigmap("facegood")
    face, _ = apply_rigmap(one("MOUTH_Stretch_C", 0.5), rigmap)
    assert face.curve(JAW)[0] == np.float32(0.5)
    with pytest.raises(CurveFormatError, match=r"mouth_strech_c.*Did you mean 'mouth_stretch_c'"):
        apply_rigmap(one("mouth_strech_c", 0.5), rigmap)
    twice = RigCurves(np.zeros((1, 2)), ("mouth_stretch_c", "Mouth_stretch_c"), 30)
    with pytest.raises(CurveFormatError, match="two spellings"):
        apply_rigmap(twice, rigmap)


@given(st.lists(st.floats(-3, 3, width=32), min_size=116, max_size=116))
def test_whatever_comes_in_stays_in_range_and_is_counted(values):
    rigmap = load_rigmap("facegood")
    face, cut = apply_rigmap(RigCurves(np.array([values]), rigmap.columns, 30), rigmap)
    low, high = control_limits()
    assert ((face.values >= low) & (face.values <= high)).all()
    wanted = rigmap.weights @ np.array(values, dtype=np.float32)
    outside = (wanted < low - 1e-6) | (wanted > high + 1e-6)
    driven = (rigmap.weights != 0).any(axis=1)
    assert {control_names()[index] for index in np.flatnonzero(outside & driven)} <= set(cut)


def test_a_studios_own_rigmap_adds_up_and_rests_elsewhere(write):
    rigmap = load_rigmap(write(f"source,control,scale\njawDown,{JAW},0.5\nmouthOpen,{JAW},0.25\nspare,,\n"))
    curves = RigCurves(np.array([[1.0, 1.0, 9.0]]), ("jawDown", "mouthOpen", "spare"), 24)
    face, _ = apply_rigmap(curves, rigmap)
    assert face.curve(JAW)[0] == np.float32(0.75)
    assert face.curve("CTRL_L_nose_wrinkleUpper.ty")[0] == 1, "at rest"
    assert rigmap.ignored == ("spare",) and rigmap.columns == () and rigmap.fps is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source,control\na,b\n", "lacks the columns scale"),
        (f"source,control,scale\n,{JAW},1\n", "row 2 names no source"),
        ("source,control,scale\na,CTRL_C_jaw.tz,1\n", r"moves 'CTRL_C_jaw.tz'.*Did you mean"),
        (f"source,control,scale\na,{JAW},x\n", "scale 'x'"),
        (f"source,control,scale\na,{JAW},0\n", "other than 0"),
        (f"source,control,scale\na,{JAW},nan\n", "expected a number"),
        ("source,control,scale\na,,2\n", "for no control"),
        ("source,control,scale\na,,\n", "moves none of our controls"),
        (f"source,control,scale\na,{JAW},1\nA,{JAW},1\n", "two ways"),
        (f"column,source,control,scale\n1,a,{JAW},1\n3,b,{JAW},1\n", "column 2 is missing"),
        (f"column,source,control,scale\n1,a,{JAW},1\n1,b,{JAW},1\n", "it is 'a' already"),
        (f"column,source,control,scale\nx,a,{JAW},1\n", "column 'x'"),
    ],
)
def test_a_malformed_rigmap_is_refused_by_line(write, text, message):
    with pytest.raises(RigError, match=message):
        load_rigmap(write(text))


def test_an_unknown_rigmap_is_refused_with_the_names_there_are(tmp_path):
    with pytest.raises(RigError, match=r"facegod.*facegood, emoface.*Did you mean 'facegood'"):
        load_rigmap("facegod")
    with pytest.raises(RigError, match=r"gone.csv: cannot be read as a rigmap"):
        load_rigmap(str(tmp_path / "gone.csv"))


def test_the_columns_of_a_rigmap_are_plain_csv_that_pandas_reads_too():
    """The tables are data for other programs as well."""
    pandas = pytest.importorskip("pandas")
    from importlib import resources

    for table, _ in SHIPPED.values():
        path = resources.files("rigmaps").joinpath(table)
        with path.open(encoding="utf-8") as file:
            frame = pandas.read_csv(file, keep_default_na=False)
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert frame["source"].tolist() == [row["source"] for row in rows]
