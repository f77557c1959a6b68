"""A recorder's files find their takes by name, else by time of day."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from live_link_takes import click, codes_of

from cstalk_ue.errors import AudioError
from ingest.external_audio import broadcast_time, find_external_audio

RATE = 48000


def write_wav(path: Path, samples: np.ndarray, *, rate: int = RATE, day_seconds: float | None = None) -> Path:
    """A WAV; with a time of day a broadcast WAV whose ``bext`` chunk says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype="PCM_16", format="WAV")
    if day_seconds is not None:
        data = path.read_bytes()
        body = bytes(338) + struct.pack("<Q", round(day_seconds * rate)) + bytes(602 - 346)
        chunk = b"bext" + struct.pack("<I", len(body)) + body
        size = struct.unpack("<I", data[4:8])[0] + len(chunk)
        path.write_bytes(data[:4] + struct.pack("<I", size) + data[8:12] + chunk + data[12:])
    return path


def find(
    folder: Path, *names: str, day_seconds: float | None = 1000.0, seconds: float = 2.0, deep: bool = True
):
    return find_external_audio(folder, names, day_seconds, seconds, deep=deep, shown="take")


def test_the_time_of_day_is_read_from_a_broadcast_wav(tmp_path):
    path = write_wav(tmp_path / "a.wav", click(0.1, at=0.05, rate=RATE), day_seconds=36000.5)
    assert broadcast_time(path) == 36000.5
    assert broadcast_time(write_wav(tmp_path / "b.wav", click(0.1, at=0.05, rate=RATE))) is None
    (tmp_path / "c.wav").write_bytes(path.read_bytes()[:200])
    assert broadcast_time(tmp_path / "c.wav") is None


def test_a_name_in_any_case_below_the_folder_is_found(tmp_path):
    path = write_wav(tmp_path / "day 1" / "MYSLATE_1.WAV", click(2, at=1, rate=RATE))
    write_wav(tmp_path / "other.wav", click(2, at=1, rate=RATE))
    sound = find(tmp_path, "MySlate_1_iPhone", "MySlate_1")
    assert (sound.source, sound.start, sound.start_seconds) == (path, "assumed", 0)
    assert np.abs(sound.samples).argmax() / 16000 == pytest.approx(1.0, abs=1e-3)
    assert find(tmp_path, "MySlate_2") is None
    assert find(tmp_path, "MySlate_1", deep=False) is None


def test_a_name_and_a_time_of_day_give_the_place(tmp_path):
    write_wav(tmp_path / "a.wav", click(5, at=2.5, rate=RATE), day_seconds=998.5)
    sound = find(tmp_path, "a")
    assert (sound.start, sound.start_seconds) == ("timecode", -1.5)
    assert sound.start_seconds + np.abs(sound.samples).argmax() / 16000 == pytest.approx(1.0, abs=1e-3)


def test_a_time_of_day_that_is_not_the_takes_is_not_used(tmp_path):
    write_wav(tmp_path / "a.wav", click(5, at=2.5, rate=RATE), day_seconds=40000)
    sound = find(tmp_path, "a")
    assert (sound.start, sound.start_seconds) == ("assumed", 0)
    assert codes_of(sound.remarks) == ["audio-timecode"]


@pytest.mark.parametrize(("begins", "day"), [(998.0, 1000.0), (86399.0, 0.5)])
def test_a_time_of_day_alone_is_enough(tmp_path, begins, day):
    path = write_wav(tmp_path / "ZOOM0001.wav", click(5, at=2, rate=RATE), day_seconds=begins)
    write_wav(tmp_path / "ZOOM0002.wav", click(5, at=2, rate=RATE), day_seconds=(begins + 60) % 86400)
    sound = find(tmp_path, "MySlate_1", day_seconds=day)
    assert (sound.source, sound.start) == (path, "timecode")
    assert find(tmp_path, "MySlate_1", day_seconds=None) is None


def test_of_a_recorder_that_ran_all_day_only_the_take_is_read(tmp_path):
    samples = np.zeros(700 * 8000, np.float32)
    samples[8000 * 500] = 0.9
    write_wav(tmp_path / "day.wav", samples, rate=8000, day_seconds=600)
    sound = find(tmp_path, "x", day_seconds=1099.0)
    assert len(sound.samples) == 4 * 16000
    assert sound.start_seconds == pytest.approx(-1.0)
    assert sound.start_seconds + np.abs(sound.samples).argmax() / 16000 == pytest.approx(1.0, abs=1e-3)


def test_several_that_fit_are_named(tmp_path):
    write_wav(tmp_path / "a" / "take.wav", click(1, at=0.5, rate=RATE))
    write_wav(tmp_path / "b" / "take.wav", click(1, at=0.5, rate=RATE))
    with pytest.raises(AudioError, match=r"2 sound files are called like it.*take\.wav.*take\.wav"):
        find(tmp_path, "take")
    write_wav(tmp_path / "m1.wav", click(5, at=0.5, rate=RATE), day_seconds=999)
    write_wav(tmp_path / "m2.wav", click(5, at=0.5, rate=RATE), day_seconds=999)
    with pytest.raises(AudioError, match=r"2 sound files were running.*m1\.wav.*m2\.wav"):
        find(tmp_path, "nothing")


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(AudioError, match="no such file or folder"):
        find(tmp_path / "gone", "a")
