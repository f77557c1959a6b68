"""Tables of other rigs: names, clocks, sound beside, and what is refused."""

import warnings

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.errors import AudioError, CSTalkError, CurveFormatError
from cstalk_ue.rig import control_names
from ingest.captured import DATA_SET_FPS
from ingest.found import FoundTake
from ingest.table import find_tables, read_names, read_table

JAW = "CTRL_C_jaw.ty"


def found(path) -> FoundTake:
    return FoundTake(path, "", path.stem)


@pytest.fixture
def rigmap(tmp_path) -> str:
    path = tmp_path / "maps" / "mine.csv"
    path.parent.mkdir()
    path.write_text(f"source,control,scale\njaw,{JAW},1\nbrow,CTRL_L_brow_down.ty,1\nspare,,\n")
    return str(path)


@pytest.fixture
def table(tmp_path):
    def table(text: str, name: str = "line.csv"):
        folder = tmp_path / "takes"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text(text, encoding="utf-8")
        return found(path)

    return table


def sound(path, seconds=1.0, rate=16000):
    soundfile.write(path, np.zeros(int(seconds * rate)), rate)


# Real files


def test_every_facegood_recording_becomes_a_take_with_its_sound(shared_data):
    folder = shared_data / "paired" / "facegood"
    takes = [read_table(each, rigmap="facegood") for each in find_tables([folder])]
    assert [take.name for take in takes] == [
        f"bs_value_1114_{name}" for name in ("2_01", "2_02", "2_03", "3_15")
    ]
    for take in takes:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # written by Python 2
            recorded = np.load(take.origin.path, allow_pickle=False)
        face = take.performance.face
        assert take.audio_source.stem == take.name.removeprefix("bs_value_")
        assert (face.frames, face.fps, take.timing.measured_fps) == (len(recorded), 30, 30)
        assert abs(len(take.samples) / 16000 - face.duration_seconds) < 0.03
        names = read_names(folder / "shirley_1015_bs_name.npy")
        np.testing.assert_allclose(face.curve(JAW), recorded[:, names.index("mouth_stretch_c")], atol=1e-6)
        moving = int((np.ptp(face.values, axis=0) > 1e-3).sum())
        assert moving >= 16, "lips, jaw and corners move"
        assert "columns-by-position" in {remark.code for remark in take.remarks}
        assert dict(take.clamped) == {}


def test_names_from_the_list_give_the_same_take_as_the_numbered_rigmap(shared_data):
    folder = shared_data / "paired" / "facegood"
    each = find_tables([folder / "bs_value_1114_3_15.npy"])[0]
    by_number = read_table(each, rigmap="facegood")
    by_name = read_table(each, rigmap="facegood", names=folder / "shirley_1015_bs_name.npy")
    np.testing.assert_array_equal(by_name.performance.face.values, by_number.performance.face.values)
    assert "columns-by-position" not in {remark.code for remark in by_name.remarks}


# Names


def test_columns_go_by_name_in_any_order_and_case(table, rigmap):
    one = read_table(table("jaw,brow\n0.1,0.2\n0.3,0.4\n"), rigmap=rigmap, fps=30)
    other = read_table(table("Frame,BROW,Jaw\n7,0.2,0.1\n8,0.4,0.3\n"), rigmap=rigmap, fps=30)
    np.testing.assert_array_equal(one.performance.face.values, other.performance.face.values)
    assert one.performance.face.curve(JAW).tolist() == [np.float32(0.1), np.float32(0.3)]


def test_columns_without_names_are_refused(table, rigmap, tmp_path):
    bare = table("0.1,0.2\n0.3,0.4\n")
    with pytest.raises(CurveFormatError, match=r"2 columns have no names.*does not number.*--names"):
        read_table(bare, rigmap=rigmap, fps=30)
    with pytest.raises(CurveFormatError, match="facegood numbers 116"):
        read_table(bare, rigmap="facegood")
    names = tmp_path / "names.txt"
    names.write_text("jaw\nbrow\n")
    assert read_table(bare, rigmap=rigmap, names=names, fps=30).performance.frames == 2
    names.write_text("jaw\n")
    with pytest.raises(CurveFormatError, match="2 columns for 1 names"):
        read_table(bare, rigmap=rigmap, names=names, fps=30)


def test_text_of_174_columns_without_header_is_emofaces(table):
    values = np.zeros((4, 174))
    values[:, 4] = 0.5  # CTRL_C_jaw-translateY
    text = "\n".join(",".join(f"{value:.6f}" for value in row) for row in values)
    take = read_table(table(text, "angry_01.txt"), rigmap="emoface")
    assert take.performance.face.curve(JAW)[0] == np.float32(0.5)
    assert take.timing.measured_fps == 60, "the rigmap's rate"
    assert take.performance.frames == 2, "frames at 0 and 33 ms; the recording ends at 50 ms"


def test_curves_that_move_and_are_left_out_are_named(table, rigmap):
    take = read_table(table("jaw,spare\n0,0\n0,0.5\n"), rigmap=rigmap, fps=30)
    assert [(r.code, "spare" in r.text) for r in take.remarks] == [("curves-left-out", True)]
    still = read_table(table("jaw,spare\n0,0.5\n1,0.5\n"), rigmap=rigmap, fps=30)
    assert still.remarks == ()


# Clocks


def test_a_column_of_seconds_is_the_clock(table, rigmap):
    rows = "".join(f"{10 + 0.1 * k},{0.1 * k}\n" for k in range(6))
    take = read_table(table("seconds,jaw\n" + rows), rigmap=rigmap)
    assert take.timing.clock == "seconds" and take.timing.measured_fps == pytest.approx(10)
    np.testing.assert_allclose(take.performance.face.curve(JAW), np.arange(16) / 30, atol=1e-6)


def test_without_a_clock_a_rate_is_needed(table, rigmap):
    with pytest.raises(CurveFormatError, match="Give --fps"):
        read_table(table("jaw\n0\n"), rigmap=rigmap)
    for fps in (0, -30, float("nan"), 1e9):
        with pytest.raises(CurveFormatError, match="fps is"):
            read_table(table("jaw\n0\n"), rigmap=rigmap, fps=fps)
    with pytest.raises(CurveFormatError, match=r"row 3 is at 0.5 s, after 1 s"):
        read_table(table("time,jaw\n0,0\n1,0\n0.5,0\n"), rigmap=rigmap)


@given(rows=st.integers(1, 400), fps=st.floats(5, 240))
def test_no_frame_lies_after_the_last_row(tmp_path_factory, rows, fps):
    path = tmp_path_factory.mktemp("t") / "a.csv"
    path.write_text("mouth_stretch_c\n" + "\n".join(str(k / rows) for k in range(rows)))
    take = read_table(found(path), rigmap="facegood", fps=fps)
    last, frames = (rows - 1) / fps, take.performance.frames
    assert (frames - 1) / DATA_SET_FPS <= last + 1e-5 < frames / DATA_SET_FPS + 2e-5
    wanted = np.interp(np.arange(frames) / DATA_SET_FPS, np.arange(rows) / fps, np.arange(rows) / rows)
    np.testing.assert_allclose(take.performance.face.curve(JAW), wanted, atol=1e-4)


# Sound


def test_the_sound_is_found_by_name_beside_or_in_a_folder(table, rigmap, tmp_path):
    each = table("jaw\n0\n", "bs_value_7.csv")
    assert read_table(each, rigmap=rigmap, fps=30).audio_start == "none"
    sounds = tmp_path / "sounds" / "day1"
    sounds.mkdir(parents=True)
    sound(sounds / "7.wav")
    assert read_table(each, rigmap=rigmap, fps=30).audio_source is None
    take = read_table(each, rigmap=rigmap, fps=30, audio_folder=tmp_path / "sounds")
    assert (take.audio_source.name, take.audio_start, len(take.samples)) == ("7.wav", "assumed", 16000)
    sound(each.path.with_suffix(".WAV"))
    assert read_table(each, rigmap=rigmap, fps=30).audio_source == each.path.with_suffix(".WAV")


def test_two_sounds_that_fit_are_not_guessed_between(table, rigmap, tmp_path):
    each = table("jaw\n0\n")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        sound(tmp_path / folder / "line.wav")
    with pytest.raises(AudioError, match="2 sound files fit it equally well"):
        read_table(each, rigmap=rigmap, fps=30, audio_folder=tmp_path)


# Refusals


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("jaw,brow\n", "a header and no rows"),
        ("jaw,brow\n1\n", "row 2 has 1 values; expected 2"),
        ("jaw\n1\nx\n", "row 3 has 'x'"),
        ("jaw\n1\nnan\n", "row 3, column 1 is nan"),
        ("jaw\n1e39\n", "expected a finite number"),
        ("jaw,jaw\n1,2\n", "two columns are called 'jaw'"),
        ("jaw,\n1,2\n", "column 2 has no name"),
        ("jaw,chin\n1,2\n", "'chin', which rigmap mine does not know"),
    ],
)
def test_a_bad_table_is_refused_with_its_place(table, rigmap, text, message):
    with pytest.raises(CurveFormatError, match=message) as caught:
        read_table(table(text), rigmap=rigmap, fps=30)
    assert "line.csv" in str(caught.value)


def test_arrays_that_are_no_curves_are_refused(tmp_path, rigmap):
    path = tmp_path / "a.npy"
    for array in (np.zeros(3), np.zeros((0, 4)), np.array([["a"]]), np.zeros((2, 2), dtype=complex)):
        np.save(path, array)
        with pytest.raises(CurveFormatError, match="expected numbers"):
            read_table(found(path), rigmap=rigmap, fps=30)
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(CurveFormatError, match="cannot be read as a numpy array"):
        read_table(found(path), rigmap=rigmap, fps=30)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_take_or_a_named_error(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("t")
    for name in ("a.csv", "a.npy"):
        path = folder / name
        path.write_bytes(data)
        try:
            take = read_table(found(path), rigmap="facegood")
        except CSTalkError as error:
            assert name in str(error)
        else:
            assert take.performance.face.controls == control_names()


def test_what_is_no_table_is_passed_over_in_a_folder_and_refused_by_name(tmp_path, shared_data):
    (tmp_path / "notes.txt").write_text("call the actor\n")
    np.save(tmp_path / "names.npy", np.array(["a", "b"]))
    with pytest.raises(CurveFormatError, match="holds no table of curves"):
        find_tables([tmp_path])
    with pytest.raises(CurveFormatError, match="is no file ending in"):
        find_tables([tmp_path / "gone.csv"])
    np.save(tmp_path / "curves.npy", np.zeros((3, 2)))
    assert [each.name for each in find_tables([tmp_path, tmp_path / "curves.npy"])] == ["curves"]
