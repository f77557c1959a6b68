"""Who trains and who tests is fixed by name; an index that is wrong is told."""

import hashlib
import json

import pytest
from tiny_checkpoint import write_wav

from cstalk_ue.errors import AudioError, ConfigError, PhoneError
from cstalk_ue.train.corpus import SPLITS, read_corpus, split_of

PHONES = json.dumps([["SIL", 0, 0.1], ["AA", 0.1, 0.3], ["P", 0.3, 0.5]]).replace('"', '""')
SPEAKERS = [f"speaker-{number}" for number in range(2000)]


def write_index(folder, rows, header="file,speaker,licence,phones"):
    (folder / "index.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def test_a_speaker_is_on_one_side_for_good():
    """The digests below pin the rule: a change of it would let test speakers into training."""
    sides = {speaker: split_of(speaker) for speaker in SPEAKERS}
    assert sides == {speaker: split_of(speaker) for speaker in reversed(SPEAKERS)}
    assert set(sides.values()) == set(SPLITS)
    share = {side: list(sides.values()).count(side) / len(sides) for side in SPLITS}
    assert abs(share["test"] - 0.12) < 0.025 and abs(share["validation"] - 0.06) < 0.02
    for speaker in SPEAKERS[:50]:
        fraction = int(hashlib.sha256(speaker.encode()).hexdigest()[:8], 16) / 2**32
        assert sides[speaker] == ("test" if fraction < 0.12 else "validation" if fraction < 0.18 else "train")


def test_a_speaker_too_large_to_hold_out_trains():
    held_out = next(speaker for speaker in SPEAKERS if split_of(speaker) == "test")
    assert split_of(held_out, keep=(held_out,)) == "train"
    assert split_of("kathleen") == "train"


def test_a_corpus_is_read_in_its_order(tmp_path):
    write_wav(tmp_path / "b.wav")
    write_index(tmp_path, [f'b.wav,Jo,CC0,"{PHONES}"', f'a.wav,Ann,,"{PHONES}"'])
    first, second = read_corpus(tmp_path)
    assert (first.path, first.speaker, first.licence) == (tmp_path / "b.wav", "Jo", "CC0")
    assert [phone.phone for phone in first.phones] == ["SIL", "AA", "P"] and first.phones[
        1
    ].end_seconds == 0.3
    assert first.read().shape == (8000,)
    with pytest.raises(AudioError, match=r"a\.wav: no such file"):
        second.read()


def test_a_folder_without_an_index_is_no_corpus(tmp_path):
    with pytest.raises(ConfigError, match=r"has no index\.csv"):
        read_corpus(tmp_path)


@pytest.mark.parametrize("header", ["file,speaker", "path,speaker,phones", ""])
def test_missing_columns_are_named(tmp_path, header):
    write_index(tmp_path, ["a.wav,Jo,x"], header=header)
    with pytest.raises(ConfigError, match=r"index\.csv: lacks the columns"):
        read_corpus(tmp_path)


@pytest.mark.parametrize(
    "phones", ["", "[", "{}x", "3", '[["AA",0]]', '[["AA",0,"x"]]', '[["AA",0.5,0.2]]', '[["QQQ",0,1]]', "[]"]
)
def test_phones_that_cannot_be_read_name_the_line(tmp_path, phones):
    quoted = phones.replace('"', '""')
    write_index(tmp_path, [f'ok.wav,Jo,,"{PHONES}"', f'bad.wav,Jo,,"{quoted}"'])
    with pytest.raises(PhoneError, match=r"bad\.wav"):
        read_corpus(tmp_path)
