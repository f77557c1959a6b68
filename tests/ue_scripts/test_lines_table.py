"""The emotion of each sound, from the same manifest that `cstalk-ue predict` reads."""

import pytest
from cstalk_errors import JobError
from cstalk_lines_table import EMOTIONS, read_emotions, write_table

from cstalk_ue.emotion import EMOTIONS as ALL
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.manifest import read_manifest

NEUTRAL = EmotionTrack.parse("neutral")


def test_the_menu_offers_every_emotion_but_neutral():
    assert ALL[1:] == EMOTIONS


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_rows_are_found_by_file_and_by_name(tmp_path, delimiter):
    rows = [["File", "Name", "Emotion", "Intensity"], ["a\\b/Line_01.wav", "scene/L1", "angry:0.7", "0.5"]]
    rows.append(["x.wav", "", "", ""])
    path = tmp_path / "m.csv"
    path.write_text("\ufeff" + "\n".join(delimiter.join(row) for row in rows), encoding="utf-8")
    assert read_emotions(str(path)) == {
        "line_01": ("angry:0.7", "0.5"),
        "l1": ("angry:0.7", "0.5"),
        "x": ("neutral", "1"),
    }


@pytest.mark.parametrize("text", ["", "emotion\nangry\n", 'file\n"a'])
def test_no_such_table_is_one_clear_error(tmp_path, text):
    path = tmp_path / "m.csv"
    path.write_text(text, encoding="utf-8")
    try:
        assert read_emotions(str(path)) == {"a": ("neutral", "1")}
    except JobError as error:
        assert "column 'file'" in str(error)


def test_what_is_written_the_package_reads(tmp_path):
    """Emotions are passed on as they stand, however odd; the package judges them."""
    path = tmp_path / "lines.csv"
    write_table(
        str(path),
        [("sounds/line_0001.wav", "line_0001", "0=neutral 1=angry:0.8", "0.5"), ("b.wav", "b", 'x"\n,', "1")],
    )
    first, second = read_manifest(path, default=NEUTRAL).lines
    assert (first.name, first.problem) == ("line_0001", "")
    assert first.audio == tmp_path / "sounds" / "line_0001.wav"
    assert second.problem
