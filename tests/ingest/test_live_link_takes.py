"""Live Link Face recordings become takes on our rig with their own times, and say what is wrong with them."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from live_link_takes import (
    APP_FPS,
    HEADER,
    TAKE_JSON,
    click,
    codes_of,
    csv_text,
    plain_csv,
    shape_values,
    write_movie,
    write_take_folder,
)

from cstalk_ue.arkit_maps import arkit_names, arkit_to_gui, gui_to_arkit, live_link_face_to_head
from cstalk_ue.errors import AudioError, CSTalkError, CurveFormatError
from cstalk_ue.export.live_link_face import write_live_link_face
from cstalk_ue.rig import control_limits, control_names, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves
from ingest.captured import CapturedTake
from ingest.live_link_face import find_live_link_face, read_live_link_face
from ingest.swap_sides import swap_sides

CAPTURES = sorted(
    (Path(__file__).resolve().parents[2].parent / "shared" / "data" / "live_link_face").glob("*/*.csv")
)
needs_captures = pytest.mark.skipif(
    not CAPTURES, reason="no ../shared/data/live_link_face: nothing real here"
)


def read(path: Path, **options) -> CapturedTake:
    (found,) = find_live_link_face([path])
    return read_live_link_face(found, **options)


def read_text(tmp_path: Path, text: str, **options) -> CapturedTake:
    path = tmp_path / "MySlate_1_iPhone.csv"
    path.write_text(text, encoding="utf-8", newline="\n")
    return read(path, **options)


def plain_rows(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Seconds and columns of a capture, by plain csv and the rule of the fact sheet."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    parts = [[float(part) for part in row[0].split(":")] for row in rows]
    seconds = np.array([3600 * h + 60 * m + s + f / 60 for h, m, s, f in parts])
    return seconds - seconds[0], {
        name: np.array([float(row[k]) for row in rows]) for k, name in enumerate(header) if k > 1
    }


@needs_captures
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
class TestRealCaptures:
    def test_frames_and_duration_are_those_of_the_timecodes(self, capture):
        take = read(capture)
        seconds, _ = plain_rows(capture)
        assert take.performance.face.frames == int(seconds[-1] * 30 + 0.001) + 1
        period = float(np.median(np.diff(seconds)))
        assert take.timing.seconds == pytest.approx(seconds[-1] + period, abs=0.001)
        assert take.timing.captured_frames == len(seconds)
        assert take.timing.clock == "timecode"
        assert take.timing.measured_fps == pytest.approx(1 / period, rel=2e-3)
        assert take.timing.dropped_frames == int((np.rint(np.diff(seconds) / period) - 1).sum())
        assert take.timing.gap_frames == take.timing.lost_frames == 0

    def test_curves_are_those_of_a_plain_interpolation_by_time(self, capture):
        """An independent reference: numpy's interp on every column, then Unreal's mapping."""
        take = read(capture)
        seconds, columns = plain_rows(capture)
        times = np.arange(take.performance.face.frames) / 30
        shapes = [np.interp(times, seconds, columns[name].clip(0, 1)) for name in arkit_names()]
        expected = arkit_to_gui(RigCurves(np.column_stack(shapes), arkit_names(), 30))
        # Frames within 33 microseconds of a row take the row's values; MouthClose / JawOpen magnifies that.
        np.testing.assert_allclose(take.performance.face.values, expected.values, atol=5e-3)
        assert np.abs(take.performance.face.values - expected.values).mean() < 1e-6
        angles = [np.interp(times, seconds, columns[name]) for name in ("HeadYaw", "HeadPitch", "HeadRoll")]
        head = live_link_face_to_head(np.column_stack(angles), fps=30)
        np.testing.assert_allclose(take.performance.head.values, head.values, atol=1e-3)

    def test_swapping_twice_is_the_take(self, capture):
        take, swapped = read(capture), read(capture, swap_sides=True)
        assert swapped.origin.details["sides"] == "swapped"
        assert (swapped.performance.face.values != take.performance.face.values).any()
        np.testing.assert_array_equal(
            swap_sides(swapped.performance).face.values, take.performance.face.values
        )


@needs_captures
def test_values_out_of_range_are_cut_and_counted():
    capture = next(path for path in CAPTURES if path.stem == "alex_rom_3")
    _, columns = plain_rows(capture)
    expected = {
        name: int(((columns[name] < 0) | (columns[name] > 1)).sum())
        for name in arkit_names()
        if ((columns[name] < 0) | (columns[name] > 1)).any()
    }
    take = read(capture)
    assert expected
    assert dict(take.clamped) == expected
    lowest, highest = control_limits()
    assert (take.performance.face.values >= lowest).all()
    assert (take.performance.face.values <= highest).all()


def performance(rng: np.random.Generator, frames: int, fps: float = 30.0) -> FacePerformance:
    lowest, highest = control_limits()
    knots = rng.uniform(lowest, highest, (frames // 10 + 2, len(control_names())))
    times = np.linspace(0, len(knots) - 1, frames)
    face = np.stack([np.interp(times, np.arange(len(knots)), column) for column in knots.T], axis=1)
    head = neutral_head(frames, fps).values.copy()
    head[:, :3] = rng.uniform(-20, 20, 3) * np.sin(np.linspace(0, 6, frames))[:, None]
    rest = neutral_head(1, fps)
    return FacePerformance(RigCurves(face, control_names(), fps), RigCurves(head, rest.controls, fps))


@pytest.mark.parametrize("start", ["00:00:00:00.000", "23:59:59:30.000", "11:54:29:19.804"])
def test_curves_that_were_exported_come_back_within_the_mappings_own_error(tmp_path, rng, start):
    played = performance(rng, 120)
    write_live_link_face(tmp_path / "line_llf.csv", played, provenance={}, start_timecode=start)
    take = read(tmp_path / "line_llf.csv")
    expected = arkit_to_gui(gui_to_arkit(played.face))
    assert take.performance.face.frames == 120
    assert take.timing.clock == "timecode"
    # Ten decimals in the file; MouthClose over JawOpen, at least a thousandth, magnifies them.
    np.testing.assert_allclose(take.performance.face.values, expected.values, atol=1e-6)
    np.testing.assert_allclose(take.performance.head.values, played.head.values, atol=1e-5)
    assert take.remarks[-1].code == "no-audio"


def test_at_60_fps_every_second_frame_comes_back(tmp_path, rng):
    played = performance(rng, 121, fps=60)
    write_live_link_face(tmp_path / "line_llf.csv", played, provenance={})
    take = read(tmp_path / "line_llf.csv")
    expected = arkit_to_gui(gui_to_arkit(played.face)).values[::2]
    np.testing.assert_allclose(take.performance.face.values, expected, atol=1e-6)


def test_frames_follow_the_timecode_and_not_the_number_of_the_row(tmp_path):
    """A rate of 59.9 taken for 60 would put the blink of the last second 96 ms early after a minute."""
    times = 32009.13 + np.arange(3600) / APP_FPS
    values = np.zeros((3600, 61))
    blink = HEADER.index("EyeBlinkLeft") - 2
    values[:, blink] = np.exp(-(((times - times[0] - 58.0) / 0.1) ** 2))
    take = read_text(tmp_path, csv_text(times, values))
    curve = take.performance.face.curve("CTRL_L_eye_blink.ty")
    assert curve.argmax() == 58 * 30
    assert curve[58 * 30] == pytest.approx(1, abs=0.01)


def test_midnight_passes(tmp_path):
    plain = read_text(tmp_path, plain_csv(120, start=1000))
    wrapped = read_text(tmp_path, plain_csv(120, start=86399))
    np.testing.assert_allclose(wrapped.performance.face.values, plain.performance.face.values, atol=5e-3)
    assert wrapped.timing.seconds == pytest.approx(plain.timing.seconds, abs=1e-4)
    assert "clock-wrap" in codes_of(wrapped.remarks)


def test_lost_faces_and_dropped_rows_make_gaps(tmp_path):
    times = 100 + np.arange(300) / 60
    lines = csv_text(times, shape_values(300)).splitlines()
    for row in range(50, 53):
        lines[row + 1] = lines[row + 1].split(",")[0] + ",0"
    for row in range(100, 130):
        lines[row + 1] = lines[row + 1].split(",")[0] + ",0"
    del lines[201:231]
    take = read_text(tmp_path, "\n".join(lines) + "\n")
    assert (take.timing.lost_frames, take.timing.dropped_frames) == (33, 30)
    assert take.performance.face.frames == 150
    invalid = np.flatnonzero(~take.performance.face.valid)
    assert invalid.tolist() == [*range(50, 65), *range(100, 115)]
    assert take.timing.gap_frames == 30
    assert take.timing.filled_frames == 2  # frames 25 and 26
    assert {"face-lost", "dropped-frames", "gap-frames"} <= set(codes_of(take.remarks))
    assert read_text(tmp_path, "\n".join(lines) + "\n", longest_gap_seconds=1).performance.face.valid is None


def test_unusable_timecodes_give_even_rows_at_the_rate_the_take_was_set_to(tmp_path):
    folder = write_take_folder(
        tmp_path / "t", text=csv_text([], shape_values(90), codes=[f"{k}.0" for k in range(90)])
    )
    (folder / "video_metadata.json").write_text('{"FrameRate": 30}', encoding="utf-8")
    take = read(folder)
    assert take.timing.clock == "uniform"
    assert take.performance.face.frames == 90
    assert "30 fps" in next(remark.text for remark in take.remarks if remark.code == "uniform-clock")


def test_labels_and_details_come_from_take_json(tmp_path):
    take = read(write_take_folder(tmp_path / "20241204_MySlate_166"))
    assert (take.labels.slate, take.labels.take_number, take.labels.performer) == ("MySlate", 166, "")
    details = dict(take.origin.details)
    assert details["device"] == "iPhone14,8"
    assert details["app_version"] == "1.3.2"
    assert details["calibrated"] == "no"
    assert {path.name for path in take.origin.files} == {"MySlate_166_iPhone.csv", "take.json"}
    assert take.name == "20241204_MySlate_166"


@pytest.mark.parametrize(
    ("name", "slate", "number", "performer"),
    [
        ("MySlate_3_Jason_Millers_iPhone", "MySlate", 3, ""),
        ("MySlate_7_Evans_Iphone", "MySlate", 7, ""),
        ("anna-joy-2-l07_12_Anna", "anna-joy-2-l07", 12, "Anna"),
        ("Scene_2_angry_3_iPhone", "Scene_2_angry", 3, ""),
        ("alex_rom_3", "alex_rom", 3, ""),
        ("testset", "testset", None, ""),
    ],
)
def test_without_take_json_the_name_is_read(tmp_path, name, slate, number, performer):
    (tmp_path / f"{name}.csv").write_text(plain_csv(), encoding="utf-8")
    take = read(tmp_path / f"{name}.csv")
    assert (take.labels.slate, take.labels.take_number, take.labels.performer) == (slate, number, performer)
    assert ("ambiguous-name" in codes_of(take.remarks)) == (name == "Scene_2_angry_3_iPhone")


def test_a_subject_that_is_a_person_is_the_performer(tmp_path):
    take = read(write_take_folder(tmp_path / "t", take_json={**TAKE_JSON, "subject": "Anna"}))
    assert take.labels.performer == "Anna"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"slate": "My Slate"}, "name"),
        ({"subject": "Zoë"}, "name"),
        ({"slate": "Other"}, "name-conflict"),
        ({"frames": 400}, "frame-count"),
        ({"videoTargetFrameRate": 30}, "frame-rate"),
        ({"startTimecode": "10:00:00:00.000"}, "start-timecode"),
    ],
)
def test_what_does_not_agree_is_remarked_on(tmp_path, change, code):
    assert code not in codes_of(read(write_take_folder(tmp_path / "good")).remarks)
    take = read(write_take_folder(tmp_path / "t", take_json={**TAKE_JSON, **change}))
    assert code in codes_of(take.remarks)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"\xff\xfe\x00", b'{"slate": 3, "take": "x", "frames": true}']
)
def test_a_damaged_take_json_costs_its_facts_only(tmp_path, content):
    folder = write_take_folder(tmp_path / "20241204_MySlate_166")
    (folder / "take.json").write_bytes(content)
    take = read(folder)
    assert take.labels.take_number == 166
    assert take.performance.face.frames == 30


def test_mouth_sides_can_be_the_observers(tmp_path):
    values = np.zeros((60, 61))
    values[:, HEADER.index("MouthLeft") - 2] = 0.5
    values[:, HEADER.index("JawLeft") - 2] = 0.5
    text = csv_text(np.arange(60) / 60, values)
    named = read_text(tmp_path, text).performance.face
    observed = read_text(tmp_path, text, mouth_sides="observer").performance.face
    np.testing.assert_allclose(named.curve("CTRL_C_mouth.tx"), 0.5)
    np.testing.assert_allclose(observed.curve("CTRL_C_mouth.tx"), -0.5)
    np.testing.assert_array_equal(named.curve("CTRL_C_jaw.tx"), observed.curve("CTRL_C_jaw.tx"))
    with pytest.raises(CurveFormatError, match="mouth_sides is 'mine'"):
        read_text(tmp_path, text, mouth_sides="mine")


def test_head_angles_that_cannot_be_radians_leave_the_head_at_rest(tmp_path):
    values = shape_values(60)
    values[:, -9:] *= 200
    take = read_text(tmp_path, csv_text(np.arange(60) / 60, values))
    np.testing.assert_array_equal(take.performance.head.values, neutral_head(30, 30).values)
    assert "head-angles" in codes_of(take.remarks)


def test_a_phone_on_its_side_is_remarked_on(tmp_path):
    folder = write_take_folder(tmp_path / "t")
    (folder / "video_metadata.json").write_text('{"Orientation": 3, "FrameRate": 60}', encoding="utf-8")
    assert "head-signs" in codes_of(read(folder).remarks)


class TestSound:
    def test_the_movies_own_track_lies_where_the_movie_says(self, tmp_path):
        folder = write_take_folder(tmp_path / "t")
        write_movie(folder / "MySlate_166_iPhone.mov", click(1.0, at=0.5), audio_start=0.2)
        take = read(folder)
        assert (take.audio_start, take.audio_source) == ("same-file", folder / "MySlate_166_iPhone.mov")
        assert take.audio_start_seconds == pytest.approx(0.2, abs=1e-3)
        at = take.audio_start_seconds + np.abs(take.samples).argmax() / 16000
        assert at == pytest.approx(0.7, abs=1e-3)
        assert take.audio_source in take.origin.files

    def test_the_frame_log_says_it_better(self, tmp_path):
        folder = write_take_folder(tmp_path / "t")
        write_movie(folder / "MySlate_166_iPhone.mov", click(1.0, at=0.5))
        (folder / "frame_log.csv").write_text(
            "V,0,6000,60,x,0\nA,0,4801536,48000,x,0\nV,1,6001,60,x,1\n", encoding="utf-8"
        )
        take = read(folder)
        assert take.audio_start == "frame-log"
        assert take.audio_start_seconds == pytest.approx(0.032)
        assert "dropped-pictures" in codes_of(take.remarks)
        assert "audio-start" not in codes_of(take.remarks)
        assert folder / "frame_log.csv" in take.origin.files

    def test_a_frame_log_far_from_the_movie_is_remarked_on(self, tmp_path):
        folder = write_take_folder(tmp_path / "t")
        write_movie(folder / "MySlate_166_iPhone.mov", click(1.0, at=0.5))
        (folder / "frame_log.csv").write_text("V,0,60,60,x,0\nA,0,90,60,x,0\n", encoding="utf-8")
        assert "audio-start" in codes_of(read(folder).remarks)

    def test_in_a_zip_it_is_the_same(self, tmp_path):
        import zipfile

        folder = write_take_folder(tmp_path / "20241204_MySlate_166")
        write_movie(folder / "MySlate_166_iPhone.mov", click(1.0, at=0.5), audio_start=0.1)
        with zipfile.ZipFile(tmp_path / "shared.zip", "w") as archive:
            for path in folder.iterdir():
                archive.write(path, f"LiveLinkFace_x/{folder.name}/{path.name}")
        on_disk, zipped = read(folder), read(tmp_path / "shared.zip")
        np.testing.assert_array_equal(zipped.samples, on_disk.samples)
        np.testing.assert_array_equal(zipped.performance.face.values, on_disk.performance.face.values)
        assert zipped.labels == on_disk.labels
        assert zipped.audio_start_seconds == on_disk.audio_start_seconds
        assert zipped.origin.files == (tmp_path / "shared.zip",)
        assert zipped.name == on_disk.name

    @pytest.mark.parametrize(
        ("samples", "code"), [(None, "no-audio"), (np.zeros(9000, np.float32), "silent-audio")]
    )
    def test_a_movie_without_usable_sound_leaves_the_take_good(self, tmp_path, samples, code):
        folder = write_take_folder(tmp_path / "t")
        write_movie(folder / "MySlate_166_iPhone.mov", samples)
        take = read(folder)
        assert code in codes_of(take.remarks)
        assert take.performance.face.frames == 30

    def test_a_broken_movie_gives_way_to_a_wav_beside_it(self, tmp_path):
        folder = write_take_folder(tmp_path / "t")
        (folder / "MySlate_166_iPhone.mov").write_bytes(b"not a movie")
        assert read(folder).samples is None
        soundfile.write(folder / "myslate_166_iphone.wav", click(1, at=0.5, rate=16000), 16000)
        take = read(folder)
        assert "broken-audio" in codes_of(take.remarks)
        assert (take.audio_start, len(take.samples)) == ("assumed", 16000)

    def test_a_folder_of_recordings_comes_before_the_movie(self, tmp_path):
        folder = write_take_folder(tmp_path / "20241204_MySlate_166")
        write_movie(folder / "MySlate_166_iPhone.mov", click(1.0, at=0.5))
        booth = tmp_path / "booth"
        booth.mkdir()
        soundfile.write(booth / "20241204_MySlate_166.wav", click(1, at=0.25, rate=16000), 16000)
        take = read(folder, audio_folder=booth)
        assert take.audio_source == booth / "20241204_MySlate_166.wav"
        assert take.audio_source in take.origin.files
        (booth / "20241204_MySlate_166.wav").rename(booth / "else.wav")
        take = read(folder, audio_folder=booth)
        assert take.audio_start == "same-file"
        assert "no-external-audio" in codes_of(take.remarks)

    def test_several_movies_or_sounds_are_named(self, tmp_path):
        folder = write_take_folder(tmp_path / "t")
        for name in ("a.mov", "b.mov"):
            (folder / name).write_bytes(b"x")
        with pytest.raises(AudioError, match=r"2 movies lie here, a\.mov, b\.mov"):
            read(folder)
        write_movie(folder / "MySlate_166_iPhone.mov", click(0.5, at=0.2))
        assert read(folder).audio_source == folder / "MySlate_166_iPhone.mov"

    def test_a_broken_recording_in_the_folder_is_remarked_on(self, tmp_path):
        folder = write_take_folder(tmp_path / "t")
        booth = tmp_path / "booth"
        booth.mkdir()
        (booth / "MySlate_166.wav").write_bytes(b"RIFF")
        take = read(folder, audio_folder=booth)
        assert "broken-audio" in codes_of(take.remarks)


def test_inputs_are_not_touched(tmp_path):
    folder = write_take_folder(tmp_path / "t", variants=("_cal", "_raw"))
    write_movie(folder / "MySlate_166_iPhone.mov", click(0.5, at=0.2))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    read(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_reading_the_same_take_twice_gives_the_same(tmp_path):
    folder = write_take_folder(tmp_path / "t")
    one, other = read(folder), read(folder)
    np.testing.assert_array_equal(one.performance.face.values, other.performance.face.values)
    assert (one.remarks, one.timing, one.labels) == (other.remarks, other.timing, other.labels)
    json.dumps(dict(one.origin.details))
    assert re.fullmatch(r"[a-z0-9-]+", one.remarks[0].code)
    assert not issubclass(CSTalkError, ValueError)
