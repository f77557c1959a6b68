"""NAME_llf.csv is what the Live Link Face app writes: its columns, its clock, its signs."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.arkit_maps import arkit_names, arkit_to_gui, head_to_live_link_face, live_link_face_to_head
from cstalk_ue.errors import ExportError
from cstalk_ue.export.live_link_face import (
    EYE_ANGLES,
    EYE_LOOK_PER_RADIAN,
    eye_angles,
    format_timecode,
    write_live_link_face,
)
from cstalk_ue.rig import neutral_curves, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves

CAPTURES = sorted(
    (Path(__file__).resolve().parents[2].parent / "shared" / "data" / "live_link_face").glob("*/*.csv")
)
needs_captures = pytest.mark.skipif(
    not CAPTURES, reason="no ../shared/data/live_link_face: nothing real to compare"
)


def read_capture(path: Path) -> tuple[list[str], list[str], np.ndarray]:
    """Header, timecodes and the values ``(rows, 61)`` of a file, by plain csv."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    rows = [row for row in rows if len(row) == 63]
    return header, [row[0] for row in rows], np.array([[float(cell) for cell in row[2:]] for row in rows])


def to_seconds(timecode: str) -> float:
    hours, minutes, seconds, frames = timecode.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(frames) / 60


def written(tmp_path: Path, performance: FacePerformance, **options) -> Path:
    path = tmp_path / "line_llf.csv"
    write_live_link_face(path, performance, provenance={}, **options)
    return path


@needs_captures
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_the_header_is_that_of_real_captures(tmp_path, capture):
    header = read_capture(written(tmp_path, FacePerformance(neutral_curves(2, 60), neutral_head(2, 60))))[0]
    real = read_capture(capture)[0]
    assert len(header) == 63
    assert header[1] == "BlendshapeCount"
    assert real[1] in ("BlendshapeCount", "BlendShapeCount")  # the newer and the older app
    assert header[:1] + header[2:] == real[:1] + real[2:]


def test_right_comes_before_left_for_jaw_and_mouth(tmp_path):
    header = read_capture(written(tmp_path, FacePerformance(neutral_curves(1, 60), neutral_head(1, 60))))[0]
    assert header.index("JawRight") == header.index("JawLeft") - 1
    assert header.index("MouthRight") == header.index("MouthLeft") - 1
    assert header[-9:] == ["HeadYaw", "HeadPitch", "HeadRoll", *EYE_ANGLES]


def test_rows_have_the_layout_of_the_app(tmp_path):
    path = written(tmp_path, FacePerformance(neutral_curves(3, 30), neutral_head(3, 30)))
    lines = path.read_bytes().decode("utf-8").split("\n")
    assert lines[-1] == ""
    assert len(lines) == 5
    cells = lines[2].split(",")
    assert cells[:2] == ["00:00:00:02.000", "61"]
    assert len(cells) == 63
    assert all(len(cell.split(".")[1]) == 10 for cell in cells[2:])
    assert "-0.0000000000" not in cells


def test_the_timecode_counts_sixtieths_whatever_the_rate():
    # startTimestamp of a real take and the timecode the app wrote beside it
    assert format_timecode(474869.330070726) == "11:54:29:19.804"
    assert format_timecode(0) == "00:00:00:00.000"
    assert format_timecode(1 / 30) == "00:00:00:02.000"
    assert format_timecode(1.5) == "00:00:01:30.000"


@pytest.mark.parametrize(
    ("seconds", "timecode"),
    [
        (0.9999999, "00:00:01:00.000"),
        (59.9999999, "00:01:00:00.000"),
        (3599.9999999, "01:00:00:00.000"),
        (86399.9999999, "00:00:00:00.000"),
        (59999 / 60000, "00:00:00:59.999"),
        (86400 + 7.25, "00:00:07:15.000"),
        (-0.5, "23:59:59:30.000"),
    ],
)
def test_rounding_carries_into_seconds_and_midnight(seconds, timecode):
    assert format_timecode(seconds) == timecode


@given(st.floats(-1e5, 1e6))
def test_every_timecode_is_valid_and_near_its_time(seconds):
    code = format_timecode(seconds)
    hours, minutes, second, frames = code.split(":")
    assert len(code) == 15
    assert int(hours) < 24
    assert int(minutes) < 60
    assert int(second) < 60
    assert float(frames) < 60
    off = (to_seconds(code) - seconds) % 86400
    assert min(off, 86400 - off) <= 0.5 / 60000 + 1e-9


@needs_captures
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_real_timecodes_are_reproduced_from_their_seconds(capture):
    timecodes = read_capture(capture)[1]
    assert [format_timecode(to_seconds(code)) for code in timecodes] == timecodes


def test_frames_lie_on_the_clock_of_the_performance(tmp_path):
    face = RigCurves(np.zeros((4, 1)), ("CTRL_C_jaw.ty",), 59.9044, start_seconds=2.0)
    head = neutral_head(4, 59.9044)
    head = RigCurves(head.values, head.controls, head.fps, start_seconds=2.0)
    path = written(tmp_path, FacePerformance(face, head), start_timecode="23:59:57:30.000")
    codes = read_capture(path)[1]
    assert codes[0] == "23:59:59:30.000"
    steps = np.diff([to_seconds(code) for code in codes])
    np.testing.assert_allclose(steps, 1 / 59.9044, atol=1 / 60000)  # one unit of the last place


@pytest.mark.parametrize(
    "start", ["", "1:2:3:4", "24:00:00:00.000", "00:60:00:00", "00:00:00:60.000", "00:00:00;00"]
)
def test_a_malformed_start_is_refused(tmp_path, start):
    with pytest.raises(ExportError, match="start timecode"):
        written(tmp_path, FacePerformance(neutral_curves(1, 30), neutral_head(1, 30)), start_timecode=start)
    assert list(tmp_path.iterdir()) == []


@needs_captures
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_eye_angles_have_the_signs_and_size_of_real_ones(capture):
    """Where an eye really moved, our angle from the EyeLook shapes follows the phone's own angle."""
    header, _, values = read_capture(capture)
    shapes = RigCurves(values[:, :52], tuple(header[2:54]), 60)
    ours, real = eye_angles(shapes), values[:, -6:]
    compared = 0
    for column, name in enumerate(EYE_ANGLES):
        if name.endswith("Roll") or ours[:, column].std() < 0.03:
            continue
        slope = np.polyfit(real[:, column], ours[:, column], 1)[0]
        assert np.corrcoef(ours[:, column], real[:, column])[0, 1] > 0.9, name
        # _cal files take the neutral pose off the shapes but not off the angles, which bends the slope.
        assert 0.75 < slope < 1.25, name
        compared += 1
    assert compared >= 1


def test_the_left_eye_looking_out_has_a_negative_yaw():
    names = ("EyeLookInLeft", "EyeLookOutLeft", "EyeLookDownLeft", "EyeLookUpLeft")
    right = tuple(name.replace("Left", "Right") for name in names)
    # frame 0: both eyes to the performer's left; frame 1: both down
    values = [[0, 1, 0, 0, 1, 0, 0, 0], [0, 0, 1, 0, 0, 0, 1, 0]]
    angles = eye_angles(RigCurves(np.array(values), (*names, *right), 30))
    full = np.float32(1 / EYE_LOOK_PER_RADIAN)
    np.testing.assert_allclose(angles, [[-full, 0, 0, -full, 0, 0], [0, full, 0, 0, full, 0]])


def test_values_are_those_of_the_rig_maps(tmp_path):
    rng = np.random.default_rng(2)
    shapes = RigCurves(np.zeros((30, 52)), arkit_names(), 60)
    values = shapes.values.copy()
    for name in ("JawOpen", "EyeBlinkLeft", "MouthSmileRight", "EyeLookOutLeft", "BrowDownRight"):
        values[:, shapes.index(name)] = rng.uniform(0, 1, 30)
    shapes = shapes.replace(values=values)
    angles = rng.uniform(-0.3, 0.3, (30, 3)).astype(np.float32)
    performance = FacePerformance(arkit_to_gui(shapes), live_link_face_to_head(angles, fps=60))
    out = read_capture(written(tmp_path, performance))[2]
    # the five shapes share no raw curve with each other, so going to GUI controls and back keeps them
    np.testing.assert_allclose(out[:, :52], shapes.values, atol=2e-3)
    np.testing.assert_allclose(out[:, 52:55], angles, atol=1e-6)
    np.testing.assert_allclose(out[:, 52:55], head_to_live_link_face(performance.head), atol=1e-9)
    np.testing.assert_allclose(out[:, 55], -out[:, header_index("EyeLookOutLeft")] / 1.66, atol=1e-6)


def header_index(name: str) -> int:
    return arkit_names().index(name)
