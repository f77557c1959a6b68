"""A folder of curve files becomes lines with their sounds; what is wrong with a file stays with that file."""

import json
import os

import numpy as np
import pytest
from review_lines import waving, write_quick_line, write_real_line
from tiny_checkpoint import write_wav

from cstalk_ue.errors import UsageError
from cstalk_ue.export import write_curves_npz, write_live_link_face, write_table_csv
from cstalk_ue.review.lines import find_lines
from cstalk_ue.storage import sha256_file


def test_a_line_knows_its_files(tmp_path):
    curves = write_real_line(tmp_path, "gate_neutral", "angry:0.5")
    (line,) = find_lines([tmp_path])
    assert (line.name, line.curves, line.emotion, line.model) == (
        "gate_neutral", curves, "angry:0.5", "performer",
    )  # fmt: skip
    assert line.audio == tmp_path / "gate_neutral.wav" and line.sound_sha256 == sha256_file(line.audio)
    assert line.phones == tmp_path / "gate_neutral.phones.csv"
    assert (line.fps, line.seed, line.problem) == (30.0, 3, "")
    assert line.seconds == pytest.approx(line.frames / 30) and line.load().frames == line.frames
    assert line.track is not None and not line.sound_changed and not line.curves_changed


def test_folders_are_searched_and_foreign_tables_left_out(tmp_path):
    write_quick_line(tmp_path / "s1", "a")
    write_quick_line(tmp_path, "b")
    write_table_csv(tmp_path / "b.csv", waving(), provenance={})  # the same line in another format
    write_table_csv(tmp_path / "c.csv", waving(), provenance={})
    write_live_link_face(tmp_path / "b_llf.csv", waving(), provenance={})
    write_quick_line(tmp_path / ".hidden", "x")
    (tmp_path / "lines.csv").write_text("file,emotion\nb.wav,sad\n")
    (tmp_path / "b.provenance.json").write_text("{}")
    assert [line.name for line in find_lines([tmp_path])] == ["b", "c", "s1/a"]


def test_a_table_is_told_by_its_record(tmp_path):
    write_table_csv(tmp_path / "a.csv", waving(), provenance={})
    wav = write_wav(tmp_path / "sounds" / "other.wav")
    record = {
        "format": "cstalk-prediction/1",
        "source": {"name": "other.wav", "sha256": sha256_file(wav)},
        "model": {"id": "m-1"},
        "emotion": "sad",
        "settings": {"seed": 5},
        "outputs": {"a.csv": sha256_file(tmp_path / "a.csv")},
    }
    (tmp_path / "a.provenance.json").write_text(json.dumps(record))
    (line,) = find_lines([tmp_path / "a.csv"], audio=tmp_path / "sounds")
    assert (line.model, line.emotion, line.seed, line.audio) == ("m-1", "sad", 5, wav)
    assert not line.curves_changed
    record["outputs"] = {"a.csv": "0" * 64}
    (tmp_path / "a.provenance.json").write_text(json.dumps(record))
    assert find_lines([tmp_path / "a.csv"])[0].curves_changed


def test_an_animator_solve_is_a_line(shared_data):
    (line,) = find_lines([shared_data / "metahuman_animator"])
    assert line.model == "MetaHuman Animator" and line.frames == 1472 and line.audio is None
    assert line.load().face.curve("CTRL_C_jaw.ty").max() > 0.5


def test_the_same_name_in_two_folders_stays_apart(tmp_path):
    for folder in ("angry", "sad"):
        write_quick_line(tmp_path / folder, "a", emotion=folder)
    write_quick_line(tmp_path / "angry", "only")
    lines = find_lines([tmp_path / "angry", tmp_path / "sad"])
    assert [line.name for line in lines] == ["angry/a", "only", "sad/a"]
    assert lines[0].sound_sha256 == lines[2].sound_sha256, "one sound, two emotions: variants"


def test_names_differ_even_where_folders_are_called_alike(tmp_path):
    paths = [write_quick_line(tmp_path / part / "x", "a") for part in ("1", "2", "3")]
    names = [line.name for line in find_lines([path.parent for path in paths])]
    assert names == ["x/a", "x/a-2", "x/a-3"]


def test_a_file_named_twice_is_one_line(tmp_path):
    path = write_quick_line(tmp_path, "a")
    assert len(find_lines([path, tmp_path, path])) == 1


# Sounds


def test_the_sound_with_the_right_bytes_wins(tmp_path):
    curves = write_quick_line(tmp_path / "curves", "a", seed=1)
    (curves.parent / "a.wav").rename(curves.parent / "b.wav")
    write_wav(tmp_path / "sounds" / "1" / "a.wav", seed=2)
    write_wav(tmp_path / "sounds" / "2" / "a.wav", seed=1)
    (line,) = find_lines([curves], audio=tmp_path / "sounds")
    assert line.audio == tmp_path / "sounds" / "2" / "a.wav" and not line.sound_changed


def test_another_sound_of_that_name_is_shown_and_told(tmp_path):
    curves = write_quick_line(tmp_path, "a", seed=1)
    write_wav(tmp_path / "a.wav", seed=2)
    (line,) = find_lines([curves])
    assert line.audio == tmp_path / "a.wav" and line.sound_changed


def test_a_line_without_its_sound_keeps_the_group(tmp_path):
    curves = write_quick_line(tmp_path, "a", seed=1)
    sha256 = sha256_file(tmp_path / "a.wav")
    (tmp_path / "a.wav").unlink()
    (line,) = find_lines([curves])
    assert (line.audio, line.sound_sha256, line.source) == (None, sha256, "a.wav")


@pytest.mark.parametrize(
    "source",
    ["../secret.wav", "sub/../../secret.wav", "..\\secret.wav", "{}", "..", "/", "", "x\0y.wav", 7, None],
)
def test_a_curve_file_cannot_name_a_sound_elsewhere(tmp_path, source):
    """Only the file name counts: a page that is mailed holds no sound the reviewer did not mean."""
    secret = write_wav(tmp_path / "secret.wav")
    source = source.format(secret) if isinstance(source, str) else source
    (tmp_path / "curves").mkdir()
    path = tmp_path / "curves" / "a.curves.npz"
    write_curves_npz(path, waving(), provenance={"source": source})
    assert find_lines([path])[0].audio is None


def test_a_missing_audio_folder_is_told(tmp_path):
    with pytest.raises(Exception, match="no such file or folder"):
        find_lines([write_quick_line(tmp_path, "a")], audio=tmp_path / "none")


# Bad input


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bad.curves.npz", b"no zip"),
        ("bad.csv", b"file,emotion\n"),
        ("bad.json", b'{"metadata": {"sequenceLengthSeconds": 1}}'),
        ("bad.txt", b"what"),
        ("bad.wav", b"RIFF"),
        ("bad_llf.csv", b"Timecode,BlendshapeCount\n"),
    ],
)
def test_a_bad_file_is_a_line_with_a_problem(tmp_path, name, data):
    good = write_quick_line(tmp_path, "good")
    (tmp_path / name).write_bytes(data)
    bad, fine = find_lines([tmp_path / name, good])
    assert str(tmp_path / name) in bad.problem and "\n" not in bad.problem
    assert bad.frames == 0 and not fine.problem


def test_a_frame_rate_out_of_this_world_is_a_problem(tmp_path):
    path = tmp_path / "slow.curves.npz"
    write_curves_npz(path, waving(fps=1e-300), provenance={})
    assert "frames per second" in find_lines([path])[0].problem


def test_provenance_of_any_shape_is_harmless(tmp_path):
    told = {"emotion": "<b>furious</b>", "model": ["x"], "seed": True, "source_sha256": 3}
    write_curves_npz(tmp_path / "a.curves.npz", waving(), provenance=told)
    (tmp_path / "a.provenance.json").write_text(
        '{"format": "cstalk-prediction/1", "outputs": [1], "model": 3}'
    )
    (line,) = find_lines([tmp_path])
    assert (line.emotion, line.model, line.seed, line.sound_sha256, line.problem) == ("", "", None, "", "")


def test_nothing_to_review_is_told(tmp_path):
    with pytest.raises(UsageError, match="no such file or folder"):
        find_lines([tmp_path / "none"])
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UsageError, match="holds no curves to review"):
        find_lines([tmp_path])


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot store such names")
def test_names_of_any_bytes_are_kept(tmp_path):
    write_quick_line(tmp_path, "a").rename(tmp_path / os.fsdecode(b"\xff<b>.curves.npz"))
    (line,) = find_lines([tmp_path])
    assert line.name == "\udcff<b>" and not line.problem


def test_reading_changes_no_file(tmp_path):
    write_real_line(tmp_path, "gate_neutral", "sad")
    before = {path: (path.stat().st_mtime_ns, sha256_file(path)) for path in tmp_path.iterdir()}
    for line in find_lines([tmp_path]):
        assert np.isfinite(line.load().face.values).all()
    assert before == {path: (path.stat().st_mtime_ns, sha256_file(path)) for path in tmp_path.iterdir()}
