"""Recordings are found once each wherever they lie, and nothing else is taken for one."""

import json
import pickle
import zipfile
from pathlib import Path

import pytest
from live_link_takes import TAKE_JSON, plain_csv, write_take_folder

from cstalk_ue.errors import CurveFormatError
from ingest.found import FoundTake
from ingest.live_link_face import find_live_link_face, read_live_link_face

CALIBRATED = ("_cal", "_raw", "_neutral")


def zip_of(path: Path, entries: dict[str, bytes | str], **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def app_zip(path: Path) -> Path:
    """As the app shares it: one folder deep, with macOS's shadows."""
    inside = "LiveLinkFace_20241204_MySlate_166_iPhone/20241204_MySlate_166"
    return zip_of(
        path,
        {
            f"{inside}/MySlate_166_iPhone_cal.csv": plain_csv(),
            f"{inside}/MySlate_166_iPhone_raw.csv": plain_csv(),
            f"{inside}/take.json": json.dumps(TAKE_JSON),
            f"__MACOSX/{inside}/._MySlate_166_iPhone_cal.csv": b"\0\5\x16\7",
            f"{inside}/._take.json": b"\0\5\x16\7",
        },
    )


def names_of(found: list[FoundTake]) -> list[str]:
    return [take.name for take in found]


def test_take_folders_at_any_depth_zips_and_loose_files_are_found(tmp_path):
    write_take_folder(tmp_path / "day 1" / "anna" / "20241204_A_1", prefix="A_1_iPhone")
    write_take_folder(tmp_path / "day 1" / "20241204_B_2", prefix="B_2_iPhone", variants=CALIBRATED)
    app_zip(tmp_path / "shared.zip")
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "C_3_iPhone.csv").write_text(plain_csv(), encoding="utf-8")
    found = find_live_link_face([tmp_path])
    assert sorted(names_of(found)) == ["20241204_A_1", "20241204_B_2", "20241204_MySlate_166", "C_3_iPhone"]
    assert find_live_link_face([tmp_path, tmp_path / "day 1", tmp_path / "shared.zip"]) == found
    for take in found:
        assert read_live_link_face(pickle.loads(pickle.dumps(take))).performance.face.frames == 30


@pytest.mark.parametrize(
    ("asked", "variants", "got"),
    [
        ("cal", CALIBRATED, "_cal"),
        ("raw", CALIBRATED, "_raw"),
        ("plain", CALIBRATED, "_cal"),
        ("cal", ("_raw", "_neutral"), "_raw"),
        ("raw", ("",), ""),
    ],
)
def test_a_calibrated_recording_is_one_take(tmp_path, asked, variants, got):
    folder = write_take_folder(tmp_path / "20241204_MySlate_166", variants=variants)
    found = find_live_link_face([tmp_path], variant=asked)
    assert found == [FoundTake(folder, f"MySlate_166_iPhone{got}.csv", folder.name)]
    details = read_live_link_face(found[0]).origin.details
    assert details["variant"] == got.removeprefix("_") or "plain"
    assert details.get("neutral") == ("MySlate_166_iPhone_neutral.csv" if "_neutral" in variants else None)


def test_loose_files_of_a_calibrated_recording_are_one_take_too(tmp_path):
    for suffix in CALIBRATED:
        (tmp_path / f"A_1_iPhone{suffix}.csv").write_text(plain_csv(), encoding="utf-8")
    assert find_live_link_face([tmp_path]) == [FoundTake(tmp_path / "A_1_iPhone_cal.csv", "", "A_1_iPhone")]


def test_a_lone_take_of_a_neutral_face_is_a_take(tmp_path):
    (tmp_path / "anna_neutral.csv").write_text(plain_csv(), encoding="utf-8")
    assert names_of(find_live_link_face([tmp_path])) == ["anna_neutral"]


def test_a_file_that_is_named_is_the_one_that_is_read(tmp_path):
    folder = write_take_folder(tmp_path / "20241204_MySlate_166", variants=CALIBRATED)
    (take,) = find_live_link_face([folder / "MySlate_166_iPhone_raw.csv"])
    assert read_live_link_face(take).origin.details["variant"] == "raw"
    assert read_live_link_face(take).labels.slate == "MySlate"
    assert find_live_link_face([folder / "take.json"]) == find_live_link_face([folder])


def test_other_files_below_a_folder_are_passed_over(tmp_path):
    write_take_folder(tmp_path / "20241204_MySlate_166")
    (tmp_path / "lines.csv").write_text("line,text\n1,hello\n", encoding="utf-8")
    (tmp_path / "20241204_MySlate_166" / "notes.csv").write_text("who,what\n", encoding="utf-8")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x_iPhone.csv").write_text(plain_csv(), encoding="utf-8")
    (tmp_path / "._A_1_iPhone.csv").write_bytes(b"\0\5\x16\7")
    zip_of(tmp_path / "photos.zip", {"a.jpg": b"x"})
    ours = tmp_path / "takes" / "one"
    ours.mkdir(parents=True)
    (ours / "take.json").write_text('{"format": "cstalk-take/1", "slate": "x"}', encoding="utf-8")
    (ours / "curves.npz").write_bytes(b"x")
    other = tmp_path / "other tool"
    other.mkdir()
    (other / "take.json").write_text('{"bpm": 120}', encoding="utf-8")
    assert names_of(find_live_link_face([tmp_path])) == ["20241204_MySlate_166"]


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        (("depth_data.bin", "depth_metadata.mhaical", "frame_log.csv", "A_1_iPhone.mov"), "mode with depth"),
        (("frame_log.csv", "A_1_iPhone.mov"), "only the movie.*MetaHuman Animator"),
        (("video_metadata.json",), "no curves and no movie"),
    ],
)
def test_a_take_without_curves_is_found_and_explained_when_read(tmp_path, files, complaint):
    folder = write_take_folder(tmp_path / "20260101_A_1", variants=())
    for name in files:
        (folder / name).write_bytes(b"V,0,0,60,00:00:00:00,0\n")
    (take,) = find_live_link_face([tmp_path])
    with pytest.raises(CurveFormatError, match=complaint) as caught:
        read_live_link_face(take)
    assert str(folder) in str(caught.value)
    archive = zip_of(
        tmp_path / "z" / "x.zip", {f"t/{path.name}": path.read_bytes() for path in folder.iterdir()}
    )
    (take,) = find_live_link_face([archive])
    with pytest.raises(CurveFormatError, match=complaint):
        read_live_link_face(take)


def test_an_empty_or_damaged_curve_file_is_found_and_named_when_read(tmp_path):
    (tmp_path / "A_1_iPhone.csv").write_bytes(b"")
    (tmp_path / "B_1_iPhone_cal.csv").write_bytes(b"\x00\x01\x02")
    found = find_live_link_face([tmp_path])
    assert names_of(found) == ["A_1_iPhone", "B_1_iPhone"]
    for take, complaint in zip(found, ("is empty", "zero bytes"), strict=True):
        with pytest.raises(CurveFormatError, match=complaint):
            read_live_link_face(take)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("frame.csv", b"V,0,0,60,00:00:00:00,0\n", "frame log"),
        ("anim.csv", b"Frame,CTRL_expressions_jawOpen\n", "curves of a MetaHuman"),
        ("other.csv", b"a,b\n1,2\n", "no column Timecode"),
    ],
)
def test_a_csv_that_is_named_and_is_none_is_refused_when_read(tmp_path, name, content, complaint):
    (tmp_path / name).write_bytes(content)
    (take,) = find_live_link_face([tmp_path / name])
    with pytest.raises(CurveFormatError, match=complaint):
        read_live_link_face(take)


def test_what_holds_no_recording_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.mov").write_bytes(b"x")
    for path, complaint in (
        (tmp_path / "gone", "no such file or folder"),
        (tmp_path / "empty", "holds no recording"),
        (tmp_path / "a.mov", "is not a recording"),
        (zip_of(tmp_path / "p.zip", {"a.jpg": b"x"}), "holds no recording"),
    ):
        with pytest.raises(CurveFormatError, match=complaint):
            find_live_link_face([path])
    with pytest.raises(CurveFormatError, match="variant is 'best'"):
        find_live_link_face([tmp_path], variant="best")


def test_two_recordings_in_one_take_folder_are_two_and_the_odd_name_is_remarked_on(tmp_path):
    folder = write_take_folder(tmp_path / "20241204_MySlate_166")
    (folder / "Other_7_iPhone.csv").write_text(plain_csv(seed=2), encoding="utf-8")
    found = find_live_link_face([tmp_path])
    assert names_of(found) == ["MySlate_166_iPhone", "Other_7_iPhone"]
    remarks = [read_live_link_face(take).remarks for take in found]
    assert ["name-conflict" in {remark.code for remark in of_take} for of_take in remarks] == [False, True]


@pytest.mark.parametrize(
    "name", ["../MySlate_1_iPhone.csv", "/etc/x.csv", "a/../../x.csv", "C:\\x.csv", "..\\x.csv"]
)
def test_a_zip_whose_names_lead_out_of_it_is_refused(tmp_path, name):
    archive = zip_of(tmp_path / "a.zip", {name: plain_csv(), "t/MySlate_1_iPhone.csv": plain_csv()})
    (take,) = find_live_link_face([tmp_path])
    with pytest.raises(CurveFormatError, match="leads out of the zip"):
        read_live_link_face(take)
    assert list(tmp_path.iterdir()) == [archive]


def test_a_file_that_would_grow_without_measure_is_refused(tmp_path):
    zip_of(tmp_path / "a.zip", {"t/MySlate_1_iPhone.csv": plain_csv() + "\n" * (80 << 20)})
    (take,) = find_live_link_face([tmp_path])
    with pytest.raises(CurveFormatError, match="would grow"):
        read_live_link_face(take)


def test_a_damaged_zip_is_found_and_named_when_read(tmp_path):
    whole = app_zip(tmp_path / "a.zip").read_bytes()
    for number, data in enumerate((b"PK", whole[: len(whole) // 2], whole[:300] + b"xxxx" + whole[304:])):
        (tmp_path / "a.zip").write_bytes(data)
        found = find_live_link_face([tmp_path])
        assert found, number
        with pytest.raises(CurveFormatError, match=r"a\.zip"):
            for take in found:
                read_live_link_face(take)


def test_any_damage_to_a_zip_gives_the_take_or_a_named_error(tmp_path, rng):
    whole = app_zip(tmp_path / "a.zip").read_bytes()
    for _ in range(150):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 3):
            data[place] = rng.integers(256)
        (tmp_path / "a.zip").write_bytes(bytes(data))
        try:
            for take in find_live_link_face([tmp_path / "a.zip"]):
                assert read_live_link_face(take).performance.face.frames == 30
        except CurveFormatError as error:
            assert "a.zip" in str(error)
