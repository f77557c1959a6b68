"""A manifest names lines and emotions; one wrong line is named by its number and stops no other."""

from pathlib import Path

import pytest

from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import ManifestError
from cstalk_ue.manifest import LARGEST_SEED, check_output_name, lines_of_paths, read_manifest

NEUTRAL = EmotionTrack.parse("neutral")


def manifest(folder: Path, text: str | bytes, name: str = "lines.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return read_manifest(path, default=NEUTRAL)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_the_usual_dialects_read_alike(tmp_path, delimiter, newline, start):
    rows = (["file", "emotion", "seed"], ["a.wav", "angry:0.7", "3"], ["b c.wav", "", ""])
    text = start + newline.join(delimiter.join(row) for row in rows) + newline
    first, second = manifest(tmp_path, text).lines
    assert (first.audio, first.name, str(first.emotion), first.seed) == (
        tmp_path / "a.wav",
        "a",
        "angry:0.7",
        3,
    )
    assert (second.audio, second.name, str(second.emotion), second.seed) == (
        tmp_path / "b c.wav",
        "b c",
        "neutral",
        None,
    )
    assert not first.problem and not second.problem


@pytest.mark.parametrize("header", ["file", "FILE ", '"file"'])
def test_one_column_is_enough(tmp_path, header):
    """Guessing the delimiter from "file" alone finds letters; a name with a comma must be quoted."""
    lines = manifest(tmp_path, f'{header}\nlily.wav\n"one, two.wav"\nfile.wav\na,b.wav\n').lines
    assert [line.audio.name for line in lines[:3]] == ["lily.wav", "one, two.wav", "file.wav"]
    assert not any(line.problem for line in lines[:3])
    assert "line 5" in lines[3].problem and "quotes" in lines[3].problem


def test_what_excel_writes(tmp_path):
    text = (
        '\ufeffsep=;\r\nFile;Emotion;Intensity;;\r\n"a;1.wav";"happy:0.4+sad";0.5;;\r\n;;;;\r\nb.wav;;;;\r\n'
    )
    a, b = manifest(tmp_path, text).lines
    assert a.audio.name == "a;1.wav" and str(a.emotion) == "sad:0.3+happy:0.2"
    assert b.audio.name == "b.wav" and not b.problem


def test_quoted_commas_and_unicode(tmp_path):
    line = manifest(
        tmp_path, 'file,name,emotion\n"Größe, 台詞.wav",szene/größe_台詞,"0.0=sad 1.5=happy:0.5"\n'
    ).lines[0]
    assert line.audio.name == "Größe, 台詞.wav" and line.name == "szene/größe_台詞" and not line.problem
    assert str(line.emotion) == "0=sad 1.5=happy:0.5"


def test_line_numbers_count_blank_and_broken_lines(tmp_path):
    """The number in a message is the line an editor shows."""
    text = 'file,emotion\n\n"a\nb.wav",sad\n\nc.wav,joyful\n'
    lines = manifest(tmp_path, text).lines
    assert not lines[0].problem
    assert f"{tmp_path / 'lines.csv'}: line 6: emotion 'joyful'" in lines[1].problem


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("a.wav,furious,,,,", "'furious' is not one of"),
        ("a.wav,angry:2,,,,", "weight '2'"),
        ("a.wav,1.0=sad 0.5=happy,,,,", "Sort the keys"),
        ("a.wav,angry,2,,,", "intensity 2.0 is outside 0..1"),
        ("a.wav,angry,nan,,,", "outside 0..1"),
        ("a.wav,angry,inf,,,", "outside 0..1"),
        ("a.wav,angry,loud,,,", "intensity 'loud' is not a number"),
        ("a.wav,,,,,nan", "seed 'nan'"),
        ("a.wav,,,,,inf", "seed 'inf'"),
        ("a.wav,,,,,-1", "seed '-1'"),
        ("a.wav,,,,,1.5", "seed '1.5'"),
        ("a.wav,,,,,1e99", "seed '1e99'"),
        (f"a.wav,,,,,{'9' * 5000}", "whole number"),
        (f"a.wav,,,,,{LARGEST_SEED + 1}", "whole number"),
        (",angry,,,,", "'file' is empty"),
        ("a.wav,,,../x,,", "output name '../x'"),
        ("a.wav,,,,,,,extra", "8 cells for 6 columns"),
    ],
)
def test_a_wrong_line_fails_alone(tmp_path, row, told):
    lines = manifest(
        tmp_path, f"file,emotion,intensity,name,phones,seed\nok.wav,sad,,,,\n{row}\nlast.wav,,,,,7\n"
    ).lines
    assert [bool(line.problem) for line in lines] == [False, True, False]
    assert lines[1].problem.startswith(f"{tmp_path / 'lines.csv'}: line 3: ") and told in lines[1].problem
    assert "\n" not in lines[1].problem


@pytest.mark.parametrize(
    ("text", "seed"), [("0", 0), ("7.0", 7), (str(LARGEST_SEED), LARGEST_SEED), ("7.", 7)]
)
def test_seeds_are_whole_numbers_and_exact(tmp_path, text, seed):
    assert manifest(tmp_path, f"file,seed\na.wav,{text}\n").lines[0].seed == seed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("\n\n , \n", "is empty"),
        ("path,emotion\na.wav,sad\n", "expected a column named 'file'"),
        ("a.wav\nb.wav\n", "expected a column named 'file'"),
        ("file,emotoin\na.wav,sad\n", "column 'emotoin' looks like 'emotion'"),
        ("files\na.wav\n", "column 'files' looks like 'file'"),
        ("file,intensty\na.wav,1\n", "looks like 'intensity'"),
        ("file,emotion,Emotion\na.wav,sad,happy\n", "'emotion' more than once"),
        ('file,emotion\n"a.wav,sad\nb.wav,happy\n', "line 2 cannot be read as CSV"),
        ("file\nGrö\xdfe.wav\n".encode("latin-1"), "is not UTF-8 text (byte 0xf6 on line 2)"),
        ("file\na.wav\n".encode("utf-16"), "is not UTF-8 text"),
        (b"file\na\0.wav\n", "zero bytes"),
        (b"PK\x03\x04\xff\xfe\x00", "is not UTF-8 text"),
    ],
)
def test_a_wrong_manifest_is_refused_in_one_sentence(tmp_path, text, told):
    with pytest.raises(ManifestError) as caught:
        manifest(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "lines.csv")) and told in message and "\n" not in message


def test_a_missing_manifest_is_named(tmp_path):
    with pytest.raises(ManifestError, match="no such file"):
        read_manifest(tmp_path / "none.csv", default=NEUTRAL)
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(tmp_path, default=NEUTRAL)


def test_a_header_alone_is_no_line(tmp_path):
    assert manifest(tmp_path, "file,emotion\n").lines == ()


def test_columns_of_others_are_told_not_used(tmp_path):
    remarks = manifest(tmp_path, "file,actor,take\na.wav,Jo,3\n").remarks
    assert len(remarks) == 1 and "actor, take" in remarks[0]


def test_files_and_phones_are_beside_the_manifest(tmp_path):
    line = manifest(tmp_path, "file,phones\nsub/a.wav,p/a.TextGrid\n/abs/b.wav,\n").lines
    assert (line[0].audio, line[0].phones) == (tmp_path / "sub/a.wav", tmp_path / "p/a.TextGrid")
    assert (line[1].audio, line[1].phones) == (Path("/abs/b.wav"), None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Line", "line"),
        ("a", "a"),
        ("caf\u00e9", "cafe\u0301"),
        ("s/a", "s//a"),
        ("a", "./a"),
        ("STRASSE", "straße"),
    ],
)
def test_names_that_are_one_file_somewhere_collide(tmp_path, first, second):
    lines = manifest(tmp_path, f"file,name\n1.wav,{first}\n2.wav,{second}\n3.wav,other\n").lines
    assert [bool(line.problem) for line in lines] == [False, True, False]
    assert str(tmp_path / "1.wav") in lines[1].problem and str(tmp_path / "2.wav") in lines[1].problem


def test_a_wrong_line_takes_no_name(tmp_path):
    lines = manifest(tmp_path, "file,name,emotion\n1.wav,a,joyful\n2.wav,a,happy\n").lines
    assert [bool(line.problem) for line in lines] == [True, False]


@pytest.mark.parametrize(
    "name",
    ["..", "../a", "a/../../b", "/etc/a", "C:/a", "C:a", "a\\b", "\\\\server\\a", "con", "NUL.txt", "x/Com1",
     "aux .a", "a.", "a /b", " a", "a?", "a*", 'a"b', "a|b", "a\nb", "a\x7f", "", "/", "a/", "."],
)  # fmt: skip
def test_names_that_leave_the_folder_or_cannot_be_stored_are_refused(name):
    with pytest.raises(ManifestError, match="output name"):
        check_output_name(name)


@pytest.mark.parametrize("name", ["a", "s01/a-b_c.2", "größe", "台詞", ".hidden", "console", "a b", "a..b"])
def test_plain_names_are_kept(name):
    assert check_output_name(name) == name


def test_folders_keep_their_sub_folders_and_files_come_once(tmp_path):
    for name in ("d/x/a.wav", "d/b.flac", "d/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    lines = lines_of_paths([tmp_path / "d", tmp_path / "d/b.flac", tmp_path / "d"], NEUTRAL).lines
    assert [(line.name, line.problem) for line in lines] == [("b", ""), ("x/a", "")]


def test_two_inputs_with_one_stem_do_not_overwrite_each_other(tmp_path):
    first, second = lines_of_paths([tmp_path / "a.wav", tmp_path / "a.flac"], NEUTRAL).lines
    assert not first.problem and "a.wav" in second.problem and "a.flac" in second.problem


def test_a_folder_without_sound_is_told(tmp_path):
    (tmp_path / "empty").mkdir()
    found = lines_of_paths([tmp_path / "empty", tmp_path / "a.wav"], NEUTRAL)
    assert len(found.lines) == 1 and str(tmp_path / "empty") in found.remarks[0]


# What a review adds

REVIEWED = (
    "file,emotion,decision,note,curves\n"
    "a.wav,sad,approved,,out/a.curves.npz\n"
    'b.wav,happy,Rejected,"brow, too high",\n'
    "c.wav,,,'=1+1,\n"
    "d.wav,,rejected,,\n"
)


def test_the_columns_of_a_review_are_known(tmp_path):
    read = manifest(tmp_path, REVIEWED)
    assert read.remarks == () and not any(line.problem for line in read.lines)
    assert [line.decision for line in read.lines] == ["approved", "rejected", "", "rejected"]
    assert [line.note for line in read.lines] == ["", "brow, too high", "'=1+1", ""]
    assert [line.curves for line in read.lines] == [tmp_path / "out/a.curves.npz", None, None, None]


@pytest.mark.parametrize(
    ("decision", "names"),
    [("approved", ["a"]), ("rejected", ["b", "d"]), ("", ["c"]), (None, ["a", "b", "c", "d"])],
)
def test_lines_of_one_decision(tmp_path, decision, names):
    (tmp_path / "lines.csv").write_text(REVIEWED)
    read = read_manifest(tmp_path / "lines.csv", default=NEUTRAL, decision=decision)
    assert [line.name for line in read.lines] == names


def test_a_line_that_is_not_asked_for_takes_no_name(tmp_path):
    (tmp_path / "lines.csv").write_text("file,name,decision\n1.wav,a,approved\n2.wav,a,rejected\n")
    (line,) = read_manifest(tmp_path / "lines.csv", default=NEUTRAL, decision="rejected").lines
    assert not line.problem


def test_decisions_are_asked_of_a_table_without_them(tmp_path):
    (tmp_path / "lines.csv").write_text("file\na.wav\n")
    with pytest.raises(ManifestError, match="no column 'decision'"):
        read_manifest(tmp_path / "lines.csv", default=NEUTRAL, decision="approved")


def test_an_unknown_decision_is_none_and_told(tmp_path):
    read = manifest(tmp_path, "file,decision\na.wav,maybe\n")
    assert read.lines[0].decision == "" and not read.lines[0].problem
    assert "line 2" in read.remarks[0] and "'maybe'" in read.remarks[0]


def test_notes_of_others_are_no_misspelling(tmp_path):
    """A column 'notes' was fine before reviews had a column 'note'."""
    assert "not used: notes" in manifest(tmp_path, "file,notes\na.wav,x\n").remarks[0]
