"""Saving one row leaves every other byte of a manifest alone."""

import csv
import io
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import ExportError, ManifestError
from cstalk_ue.manifest import read_manifest
from cstalk_ue.review.manifest_rows import NEW_COLUMNS, RowKey, find_row, guarded, relative, save_row

NEUTRAL = EmotionTrack.parse("neutral")
SAD = {"emotion": "sad:0.5", "intensity": "0.5"}


def written(path, text, encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def test_a_new_manifest_has_all_columns(tmp_path):
    path = tmp_path / "new" / "m.csv"
    key = RowKey(tmp_path / "Grüße.wav", "Grüße")
    assert find_row(path, key) is None
    assert save_row(path, key, SAD, if_new={"curves": "c/Grüße.curves.npz"}) is False
    assert path.read_text(encoding="utf-8") == (
        ",".join(NEW_COLUMNS) + "\n../Grüße.wav,sad:0.5,0.5,,,,,,c/Grüße.curves.npz\n"
    )
    assert save_row(path, key, {"emotion": "happy", "intensity": "1"}) is True
    assert find_row(path, key)["emotion"] == "happy"
    assert find_row(path, key)["curves"] == "c/Grüße.curves.npz"
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("hint", [False, True])
def test_form_and_unknown_columns_are_kept(tmp_path, newline, delimiter, encoding, hint):
    rows = [
        ["File", "Scene", "emotion", "intensity", "slot, \"quoted\""],
        ["a.wav", "1", "angry", "", "\"two\nlines\""],
        [],
        ["b.wav", "  2 ", "happy", "0.5", "ß"],
        ["c.wav", "3"],
    ]  # fmt: skip
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows(rows)
    text = (f"sep={delimiter}{newline}" if hint else "") + buffer.getvalue()
    path = written(tmp_path / "m.csv", text, encoding)
    before = path.read_bytes()
    assert save_row(path, RowKey(tmp_path / "b.wav", "b"), SAD, if_new={"curves": "x"}) is True
    old = delimiter.join(f'"{cell}"' for cell in rows[3]).encode()
    new = delimiter.join(["b.wav", "2", "sad:0.5", "0.5", "ß"]).encode()
    assert path.read_bytes() == before.replace(old, new) != before


def test_columns_are_added_when_there_is_something_to_put_in_them(tmp_path):
    path = written(tmp_path / "m.csv", "file,who\na.wav,Ada\nb.wav,Bo")
    save_row(path, RowKey(tmp_path / "b.wav", "b"), {**SAD, "note": ""})
    assert path.read_text() == "file,who,emotion,intensity\na.wav,Ada\nb.wav,Bo,sad:0.5,0.5\n"
    save_row(path, RowKey(tmp_path / "c.wav", "c"), SAD, if_new={"curves": "no column for it"})
    assert path.read_text().endswith("b.wav,Bo,sad:0.5,0.5\nc.wav,,sad:0.5,0.5\n")
    assert [line.problem for line in read_manifest(path, default=NEUTRAL).lines] == ["", "", ""]


def test_the_row_is_found_by_sound_and_name(tmp_path):
    path = written(
        tmp_path / "m.csv",
        "file,name,emotion\n./s/../s/a.wav,,n1\ns/a.wav,x/a_happy,n2\ns/a.wav,a_sad,n3\nt/a.wav,t,n4\n",
    )

    def found(audio, name):
        row = find_row(path, RowKey(tmp_path / audio, name))
        return None if row is None else row["emotion"]

    assert found("s/a.wav", "a") == "n1" and found("s/a.wav", "deep/a") == "n1"
    assert found("s/a.wav", "x/a_happy") == "n2" and found("s/a.wav", "curves/x/a_happy") == "n2"
    assert found("s/a.wav", "a_happy") is None and found("s/a.wav", "a_sad") == "n3"
    assert found("t/a.wav", "a") is None and found("t/a.wav", "t") == "n4"


def test_a_row_that_would_slip_into_new_columns_is_refused(tmp_path):
    text = "file,who\na.wav,Ada,angry\nb.wav,Bo\n"
    path = written(tmp_path / "m.csv", text)
    with pytest.raises(ManifestError, match=r"'a\.wav' has 3 cells for 2 columns"):
        save_row(path, RowKey(tmp_path / "b.wav", "b"), SAD)
    assert path.read_text() == text


@pytest.mark.parametrize("data", [b"path\na.wav\n", b"file\n\xff\xfe\n", b'file\n"a\n', b"file,emotoin\n"])
def test_what_predict_cannot_read_is_not_written_over(tmp_path, data):
    path = tmp_path / "m.csv"
    path.write_bytes(data)
    with pytest.raises(ManifestError):
        save_row(path, RowKey(tmp_path / "b.wav", "b"), SAD)
    assert path.read_bytes() == data


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n \n"])
def test_an_empty_file_becomes_a_manifest(tmp_path, data):
    path = tmp_path / "m.csv"
    path.write_bytes(data)
    save_row(path, RowKey(tmp_path / "b.wav", "b"), SAD)
    assert [str(line.emotion) for line in read_manifest(path, default=NEUTRAL).lines] == ["sad:0.25"]


def test_a_folder_in_its_place_is_told(tmp_path):
    (tmp_path / "m.csv").mkdir()
    with pytest.raises((ManifestError, ExportError), match=r"m\.csv"):
        save_row(tmp_path / "m.csv", RowKey(tmp_path / "b.wav", "b"), SAD)


def test_a_link_stays_a_link(tmp_path):
    real = written(tmp_path / "real" / "m.csv", "file\n../b.wav\n")
    link = tmp_path / "m.csv"
    link.symlink_to(real)
    save_row(link, RowKey(tmp_path / "b.wav", "b"), SAD)
    assert link.is_symlink() and "sad:0.5" in real.read_text()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file names of broken bytes")
def test_a_name_that_is_no_text_is_refused(tmp_path):
    audio = tmp_path / os.fsdecode(b"\xff.wav")
    with pytest.raises(ManifestError, match="not valid text"):
        save_row(tmp_path / "m.csv", RowKey(audio, audio.stem), SAD)
    assert not (tmp_path / "m.csv").exists()


@pytest.mark.parametrize("name", ["=1+1", "-a", "+a", "@a", "a"])
def test_spreadsheets_see_no_formula(tmp_path, name):
    text = relative(tmp_path / f"{name}.wav", tmp_path)
    assert text[0] not in "=+-@" and (tmp_path / text).resolve() == (tmp_path / f"{name}.wav").resolve()
    save_row(tmp_path / "m.csv", RowKey(tmp_path / f"{name}.wav", name), SAD)
    assert save_row(tmp_path / "m.csv", RowKey(tmp_path / f"{name}.wav", name), SAD) is True
    assert guarded(f"{name}") in (name, f"'{name}") and guarded(name)[0] not in "=+-@"


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=8)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_keeps_its_other_rows(tmp_path, data):
    width = data.draw(st.integers(0, 3))
    names = [f"column {number}" for number in range(width)]
    rows = data.draw(st.lists(st.lists(cells, min_size=width, max_size=width), max_size=5))
    delimiter = data.draw(st.sampled_from(",;\t"))
    quoting = data.draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
    newline = data.draw(st.sampled_from(["\n", "\r\n"]))
    buffer = io.StringIO()
    table = csv.writer(buffer, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    table.writerow(["file", "emotion", "intensity", *names])
    table.writerows([f"{number}.wav", "angry", "", *row] for number, row in enumerate(rows))
    path = tmp_path / "m.csv"
    path.write_bytes(buffer.getvalue().encode())
    before = path.read_bytes()
    index = data.draw(st.integers(0, 5))
    had_row = save_row(path, RowKey(tmp_path / f"{index}.wav", str(index)), SAD)
    assert had_row == (index < len(rows))
    after = path.read_bytes()
    row_before, rest = (
        before.split(newline.encode())[: index + 1],
        before.split(newline.encode())[index + 2 :],
    )
    lines = after.split(newline.encode())
    if had_row:
        assert lines[: index + 1] == row_before and lines[index + 2 :] == rest
    else:
        assert after.startswith(before)
    tuned = [line for line in read_manifest(path, default=NEUTRAL).lines if str(line.emotion) == "sad:0.25"]
    assert [line.audio.name for line in tuned] == [f"{index}.wav"]
