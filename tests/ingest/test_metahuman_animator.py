"""Animator solves as takes: the real one, every published form, clamping, sides, sound and names."""

import json

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.errors import CSTalkError, CurveFormatError
from cstalk_ue.rig import control_names
from cstalk_ue.rig_maps import gui_to_raw, raw_to_gui
from ingest.captured import DATA_SET_FPS
from ingest.found import FoundTake
from ingest.metahuman_animator import find_animator, read_animator, read_animator_json

JAW, SMILE = "CTRL_expressions_jawOpen", "CTRL_expressions_mouthCornerPullL"
JAW_CONTROL = "CTRL_C_jaw.ty"


def found(path) -> FoundTake:
    return FoundTake(path, "", path.stem)


@pytest.fixture
def write(tmp_path):
    def write(data, name="solve_3.json"):
        path = tmp_path / name
        path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
        return path

    return write


def dump(curves, *, seconds=1.0, frames=60, **metadata):
    about = {"sequenceLengthSeconds": seconds, "numFrames": frames, **metadata}
    return {"metadata": about, "curves": curves}


@pytest.fixture(scope="module")
def real(shared_data):
    return read_animator(find_animator([shared_data / "metahuman_animator"])[0])


# The real solve


def test_the_real_solve_keeps_its_length_and_moves_114_controls(real):
    assert real.timing.captured_frames == 1472
    assert real.timing.measured_fps == pytest.approx(59.94, abs=1e-3)
    assert abs(real.timing.seconds - 24.5579) < 0.001
    # The last row is at 1471 / 59.94 = 24.541 s: 737 frames of 1/30 s from 0.
    assert real.performance.frames == 737
    assert int((np.ptp(real.performance.face.values, axis=0) > 1e-4).sum()) == 114


def test_the_real_solve_is_that_of_its_own_frames(real):
    """At its own rate raw → GUI → raw errs by less than 0.09; 30 fps lies on straight lines between."""
    solve = read_animator_json(real.origin.path)
    gui = raw_to_gui(solve.raw)
    assert np.abs(gui_to_raw(gui).values - solve.raw.values.clip(0, 1)).max() < 0.09
    times, own = np.arange(real.performance.frames) / DATA_SET_FPS, np.arange(gui.frames) / gui.fps
    wanted = np.stack([np.interp(times, own, column) for column in gui.values.T], axis=1)
    np.testing.assert_allclose(real.performance.face.values, wanted, atol=1e-6)


def test_values_outside_are_counted_and_the_worst_is_named(real):
    assert len(real.clamped) == 92, "as measured on this solve: 92 curves go below 0"
    remark = next(remark for remark in real.remarks if remark.code == "values-clamped")
    assert "mouthLipsTogetherUR by 0.98" in remark.text
    assert real.performance.face.values.min() >= -1 and real.performance.face.values.max() <= 1


def test_head_and_names_come_with_it(real):
    head = real.performance.head
    assert head.curve("HeadYaw").min() == pytest.approx(-12.9, abs=0.1)
    assert head.curve("HeadYaw").max() == pytest.approx(19.8, abs=0.1)
    assert real.origin.details["asset"] == "/Game/ARKitRemap/arkittest/AS_mp_arkittest"
    assert (real.audio_start, real.samples) == ("none", None)


def test_swapping_sides_twice_gives_the_solve_back(real):
    once = read_animator(found(real.origin.path), swap_sides=True)
    left, right = "CTRL_L_mouth_cornerPull.ty", "CTRL_R_mouth_cornerPull.ty"
    np.testing.assert_array_equal(once.performance.face.curve(left), real.performance.face.curve(right))
    assert once.origin.details["sides"] == "swapped"


# Forms


def forms(curve: np.ndarray, fps: float):
    """The same jaw in every published form: (file name, contents)."""
    times = (np.arange(len(curve)) / fps).tolist()
    values = [float(value) for value in curve]
    rows = "".join(f"{k},{t!r},{v!r}\n" for k, (t, v) in enumerate(zip(times, values, strict=True)))
    yield (
        "dump.json",
        json.dumps(dump({JAW: {"t": times, "v": values}}, seconds=len(curve) / fps, frames=len(curve))),
    )
    yield (
        "lower.json",
        json.dumps(
            dump({JAW.lower(): {"t": times, "v": values}}, seconds=len(curve) / fps, frames=len(curve))
        ),
    )
    yield "timed.csv", f"Frame,Time_sec,{JAW}\n{rows}"
    if fps == 60:
        yield "keys.json", json.dumps({"raw_keys": {JAW: {"times": times, "values": values}}, "dense": {}})
        plain = "".join(f"{k},{v!r}\n" for k, v in enumerate(values))
        yield "frames.csv", f"Frame,{JAW}\n{plain}"


@pytest.mark.parametrize("fps", [60.0, 59.94, 30.0])
def test_every_form_of_one_solve_gives_one_take(write, rng, fps):
    curve = rng.random(100).astype(np.float32)
    takes = {name: read_animator(found(write(text, name))) for name, text in forms(curve, fps)}
    own = np.arange(100) / fps
    frames = int(np.floor(99 / fps * 30 + 1e-6)) + 1
    wanted = np.interp(np.arange(frames) / 30, own, curve)
    for name, take in takes.items():
        assert take.performance.frames == frames, name
        np.testing.assert_allclose(take.performance.face.curve(JAW_CONTROL), wanted, atol=1e-5, err_msg=name)
        assert take.timing.measured_fps == pytest.approx(fps)
        assert take.timing.captured_frames == 100, name


def test_a_dump_of_the_editor_scripts_is_read(write):
    """Writes with the editor's side and reads with ours: they share the format, not code."""
    import importlib.util
    from pathlib import Path

    script = Path(__file__).parents[2] / "ue_scripts" / "cstalk_dump.py"
    spec = importlib.util.spec_from_file_location("cstalk_dump", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    curves = {JAW: [0.0, 0.5, 1.0, 0.5], SMILE: [0.25] * 4, "HeadYaw": []}
    path = write(module.dump_of(curves, 4, 30.0, {"audio": "x.wav", "asset": "/Game/A"}))
    take = read_animator(found(path))
    assert take.performance.face.curve(JAW_CONTROL).tolist() == [0, 0.5, 1, 0.5]
    assert take.performance.face.curve("CTRL_L_mouth_cornerPull.ty").tolist() == [0.25] * 4
    assert take.origin.details["format"] == "cstalk-animator-dump/1"


# Sound and names


def test_the_sound_a_dump_names_is_taken_from_beside_it_only(write, tmp_path):
    for folder, seconds in (("secret", 3), ("takes", 1)):
        (tmp_path / folder).mkdir()
        soundfile.write(tmp_path / folder / "voice.wav", np.zeros(16000 * seconds), 16000)
    path = tmp_path / "takes" / "solve.json"
    curves = {JAW: {"t": [0], "v": [0.5]}}
    for named in (
        "voice.wav",
        "../secret/voice.wav",
        "..\\secret\\voice.wav",
        str(tmp_path / "secret" / "voice.wav"),
    ):
        path.write_text(json.dumps(dump(curves, audio=named)))
        take = read_animator(found(path))
        assert take.audio_source == tmp_path / "takes" / "voice.wav"
        assert len(take.samples) == 16000


def test_slate_and_take_come_from_the_name(write):
    take = read_animator(found(write(dump({JAW: {"t": [0], "v": [0.5]}}), "anna-angry-1-l04_12.json")))
    assert (take.labels.slate, take.labels.take_number) == ("anna-angry-1-l04", 12)
    take = read_animator(found(write(dump({JAW: {"t": [0], "v": [0.5]}}), "AS_MP_Amazement1.json")))
    assert (take.labels.slate, take.labels.take_number) == ("AS_MP_Amazement1", None)


# Finding and refusing


def test_other_json_and_csv_below_a_folder_are_passed_over(write, tmp_path):
    write({"slate": "a", "take": 1}, "take.json")
    write("a,b\n1,2\n", "other.csv")
    with pytest.raises(CurveFormatError, match="holds no MetaHuman Animator solve"):
        find_animator([tmp_path])
    write(f"Frame,{JAW}\n0,0.5\n", "b.csv")
    write(dump({JAW: {"t": [0], "v": [0.5]}}), "a.json")
    assert [each.name for each in find_animator([tmp_path])] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "is not JSON"),
        ("a.json", '{"raw_keys": {}}', "none of its 0 curves"),
        ("a.json", json.dumps({"raw_keys": {JAW: {"times": [0], "values": []}}}), "1 times for 0 values"),
        ("a.csv", "Frame,Time_sec,x\n0,0,1\n", "none of its 3 columns"),
        ("a.csv", f"Frame,Time_sec,{JAW}\n0,0,1\n1,0,1\n", "time of row 3 does not rise"),
        ("a.csv", f"Frame,{JAW}\n0,x\n", "row 2 has 'x'"),
        ("a.csv", "", "is empty"),
    ],
)
def test_a_bad_solve_is_refused_with_its_place(write, name, text, message):
    with pytest.raises(CurveFormatError, match=message) as caught:
        read_animator(found(write(text, name)))
    assert name in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["metadata", "curves", "raw_keys", "t", "v", "times", "values", JAW]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_a_take_or_a_named_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("j") / "a.json"
    path.write_text(json.dumps(data))
    try:
        take = read_animator(found(path))
    except CSTalkError as error:
        assert "a.json" in str(error)
    else:
        assert take.performance.face.controls == control_names()
