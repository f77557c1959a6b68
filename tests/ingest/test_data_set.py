"""A data set on disk: what is written comes back, what is damaged or foreign is named."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import ConfigError, CurveFormatError, DataSetError, ExportError
from cstalk_ue.rig import control_defaults, control_names, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves
from ingest.captured import CapturedTake, CaptureOrigin, CaptureTiming, TakeLabels
from ingest.data_set import open_data_set, write_data_set_settings
from ingest.data_set_settings import DataSetSettings, SplitSettings
from ingest.data_set_tables import (
    ControlStatistics,
    Failure,
    TakeRecord,
    read_failures,
    read_records,
    read_statistics,
    write_failures,
    write_records,
    write_statistics,
)
from ingest.take_files import align_samples, read_take, remove_take, samples_of, write_take

LABELS = TakeLabels(
    emotion=EmotionTrack.parse("0=neutral 1.2=angry:0.8"),
    intensity=0.8,
    performer="Zoë",
    line="L1",
    slate="S",
    take_number=3,
    transcript="Well, «hello».",
)


def performance(frames: int = 31, valid=None) -> FacePerformance:
    values = np.tile(control_defaults(), (frames, 1)).astype(np.float32)
    values[:, 3] = np.linspace(0, 1, frames)
    face = RigCurves(values, control_names(), 30.0, valid=valid)
    return FacePerformance(face, neutral_head(frames, 30.0))


# One take


def test_a_take_comes_back_as_it_was_written(tmp_path, rng):
    valid = np.arange(31) % 5 > 0
    samples = rng.uniform(-1, 1, samples_of(31)).astype(np.float32)
    write_take(tmp_path / "t", performance(31, valid), samples, LABELS, {"remarks": ["x"]})
    take = read_take(tmp_path / "t")
    np.testing.assert_array_equal(take.performance.face.values, performance().face.values)
    np.testing.assert_array_equal(take.performance.face.valid, valid)
    np.testing.assert_allclose(take.samples, samples, atol=2**-15)
    assert (str(take.labels.emotion), take.labels.transcript) == (str(LABELS.emotion), LABELS.transcript)
    assert take.facts["remarks"] == ["x"] and take.facts["valid_frames"] == valid.sum()


def test_the_same_take_has_the_same_bytes_and_the_same_content(tmp_path, rng):
    samples = rng.uniform(-1, 1, samples_of(31)).astype(np.float32)
    one = write_take(tmp_path / "a", performance(), samples, LABELS, {})
    other = write_take(tmp_path / "b", performance(), samples, TakeLabels(), {"remarks": []})
    assert one["content_sha256"] == other["content_sha256"]
    for name in ("curves.npz", "audio.wav"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (
        write_take(tmp_path / "c", performance(), None, LABELS, {})["content_sha256"] != one["content_sha256"]
    )


def test_sound_of_an_earlier_version_goes(tmp_path):
    write_take(tmp_path / "t", performance(), np.zeros(100, np.float32), LABELS, {})
    write_take(tmp_path / "t", performance(), None, LABELS, {})
    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == ["curves.npz", "take.json"]
    assert read_take(tmp_path / "t").samples is None
    remove_take(tmp_path / "t")
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: (folder / "take.json").unlink(), "take.json: cannot be read"),
        (lambda folder: (folder / "take.json").write_text("{"), "is not JSON"),
        (lambda folder: (folder / "take.json").write_text("[]"), "format None"),
        (lambda folder: change(folder, format="cstalk-take/9"), "format 'cstalk-take/9'"),
        (lambda folder: change(folder, labels=3), "lacks 'labels'"),
        (lambda folder: change(folder, labels={"emotion": "odd"}), "labels cannot be read"),
        (lambda folder: (folder / "curves.npz").unlink(), "curves.npz: cannot be read"),
        (lambda folder: (folder / "curves.npz").write_bytes(b"PK"), "cannot be read as curves"),
    ],
)
def test_a_damaged_take_is_named(tmp_path, damage, told):
    write_take(tmp_path / "t", performance(), None, LABELS, {})
    damage(tmp_path / "t")
    with pytest.raises(DataSetError) as caught:
        read_take(tmp_path / "t")
    assert told in str(caught.value) and str(tmp_path / "t") in str(caught.value)


def change(folder: Path, **values) -> None:
    path = folder / "take.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}))


def test_a_take_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "t").write_text("a file")
    with pytest.raises(ExportError, match="cannot be "):
        write_take(tmp_path / "t", performance(), None, LABELS, {})


@given(st.floats(-3, 3), st.integers(1, 60), st.integers(1, 40000))
def test_aligned_sound_lies_where_it_was_heard(start, frames, count):
    samples = np.arange(1, count + 1, dtype=np.float32)
    aligned = align_samples(samples, start, frames)
    assert len(aligned) == samples_of(frames)
    first = round(start * SAMPLE_RATE)
    for index in {0, len(aligned) // 2, len(aligned) - 1, max(0, first), max(0, first) + count - 1}:
        if 0 <= index < len(aligned):
            expected = samples[index - first] if 0 <= index - first < count else 0
            assert aligned[index] == expected


def test_96_frames_are_51200_samples():
    assert samples_of(96) == 51200 and round(5 * SAMPLE_RATE / 30) == 2667


# The tables

texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
floats = st.floats(-1e3, 1e3).map(lambda value: float(f"{value:.9g}"))


@given(
    st.lists(
        st.builds(
            TakeRecord,
            name=texts,
            emotion=texts,
            transcript=texts,
            intensity=st.none() | floats,
            take_number=st.none() | st.integers(0, 999),
            seconds=floats,
            audio=st.booleans(),
            lag_seconds=st.none() | floats,
        ),
        max_size=5,
        unique_by=lambda record: record.name,
    )
)
def test_records_come_back(tmp_path_factory, records):
    folder = tmp_path_factory.mktemp("set")
    write_records(folder, records)
    assert read_records(folder) == tuple(sorted(records, key=lambda record: record.name))


def test_statistics_and_failures_come_back(tmp_path, rng):
    columns = rng.random((4, len(control_names()))).astype(np.float32)
    statistics = ControlStatistics(columns[0] > 0.5, *columns)
    write_statistics(tmp_path, statistics)
    again = read_statistics(tmp_path)
    for name in ("kept", "minimum", "maximum", "mean", "std"):
        np.testing.assert_array_equal(getattr(again, name), getattr(statistics, name))
    failures = (Failure("a", "x/a", "", "broken, really"), Failure("b", "x/b", "m", 'says "no"'))
    write_failures(tmp_path, reversed(failures))
    assert read_failures(tmp_path) == failures
    write_failures(tmp_path, ())
    assert read_failures(tmp_path) == () and not (tmp_path / "failed.csv").exists()


@pytest.mark.parametrize(
    ("table", "text", "told"),
    [
        ("takes.csv", "name,split\na,train\n", "row 2 has no split_asked"),
        ("takes.csv", b"\xff\xfe", "cannot be read"),
        (
            "controls.csv",
            "control,kept,minimum,maximum,mean,std\nx,1,0,0,0,0\n",
            "not about our 185 controls",
        ),
        ("failed.csv", "name\nx\n", "row 2 has no source"),
    ],
)
def test_a_damaged_table_is_named(tmp_path, table, text, told):
    (tmp_path / table).write_bytes(text if isinstance(text, bytes) else text.encode())
    read = {"takes.csv": read_records, "controls.csv": read_statistics, "failed.csv": read_failures}[table]
    with pytest.raises(DataSetError) as caught:
        read(tmp_path)
    assert told in str(caught.value) and table in str(caught.value)


# The data set


def test_settings_come_back_and_strange_ones_are_refused(tmp_path):
    settings = DataSetSettings(
        splits=SplitSettings(validation=0.2, group_by=("line",), exclude_remarks=("x",))
    )
    write_data_set_settings(tmp_path, settings)
    assert open_data_set(tmp_path).settings == settings
    path = tmp_path / "dataset.toml"
    for change, told in (
        (("0.2", "1.2"), "leave something to train on"),
        (('["line"]', '["mood"]'), "splits.group_by"),
        (("validation", "validaton"), "did you mean validation"),
    ):
        path.write_text(path.read_text("utf-8").replace(*change), encoding="utf-8")
        with pytest.raises(ConfigError, match=told):
            open_data_set(tmp_path)
        write_data_set_settings(tmp_path, settings)
    path.write_text('format = "cstalk-dataset/7"\n')
    with pytest.raises(DataSetError, match="cstalk-dataset/7"):
        open_data_set(tmp_path)


def test_what_is_no_data_set_or_has_no_splits_yet_says_what_to_do(tmp_path):
    with pytest.raises(DataSetError, match="cstalk-ue ingest"):
        open_data_set(tmp_path)
    write_data_set_settings(tmp_path, DataSetSettings())
    empty = open_data_set(tmp_path)
    with pytest.raises(DataSetError, match="no take is in the split 'test'"):
        empty.select("test")
    with pytest.raises(DataSetError, match="has no controls"):
        empty.require_statistics()


def test_the_digest_is_about_contents_labels_and_splits(tmp_path):
    write_data_set_settings(tmp_path, DataSetSettings())

    def digest(**values) -> str:
        write_records(tmp_path, [TakeRecord(name="a", **{"split": "train", "content_sha256": "x", **values})])
        return open_data_set(tmp_path).digest

    one = digest()
    assert digest(source="elsewhere") == one
    assert len({one, digest(split="test"), digest(emotion="sad"), digest(content_sha256="y")}) == 4


# What readers give


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"audio_start": "guessed"}, "'guessed'"),
        ({"audio_start": "timecode"}, "exactly where there is no sound"),
        ({"samples": np.zeros(3, np.float32)}, "exactly where there is no sound"),
        ({"samples": np.zeros((3, 2), np.float32), "audio_start": "assumed"}, "shape (3, 2)"),
        ({"samples": np.array([np.nan], np.float32), "audio_start": "assumed"}, "finite mono"),
        ({"audio_start_seconds": float("inf")}, "starts at inf"),
    ],
)
def test_readers_cannot_give_nonsense(values, told):
    given = {
        "name": "x",
        "performance": performance(),
        "timing": CaptureTiming(30.0, "frames", "", 1.0, 30),
        "labels": TakeLabels(),
        "origin": CaptureOrigin("table", Path("x")),
    }
    with pytest.raises(CurveFormatError) as caught:
        CapturedTake(**{**given, **values})
    assert told in str(caught.value)


def test_readers_have_to_give_30_fps_from_0():
    late = performance().face
    late = RigCurves(late.values, late.controls, 60.0)
    with pytest.raises(CurveFormatError, match="60 fps"):
        CapturedTake(
            "x",
            FacePerformance(late, neutral_head(31, 60.0)),
            CaptureTiming(60.0, "frames", "", 1.0, 31),
            TakeLabels(),
            CaptureOrigin("table", Path("x")),
        )


def test_bytes_of_a_table_do_not_depend_on_the_order(tmp_path):
    rows = [TakeRecord(name=name) for name in "cab"]
    write_records(tmp_path, rows)
    one = hashlib.sha256((tmp_path / "takes.csv").read_bytes()).hexdigest()
    write_records(tmp_path, sorted(rows, key=lambda row: row.name))
    assert hashlib.sha256((tmp_path / "takes.csv").read_bytes()).hexdigest() == one
