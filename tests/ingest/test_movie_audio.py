"""The sound of a movie comes out whole, in its place, and the same as from a WAV."""

import numpy as np
import pytest
import soundfile
from live_link_takes import click, codes_of, write_movie

from cstalk_ue.audio import load_audio
from ingest.movie_audio import read_movie_audio


def loudest_at(audio) -> float:
    """Seconds of the loudest sample against the first picture."""
    return (audio.start_seconds or 0) + float(np.abs(audio.samples).argmax()) / 16000


@pytest.mark.parametrize("rate", [44100, 48000, 16000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_movie_gives_the_samples_that_a_wav_gives(tmp_path, rng, rate, channels):
    samples = (0.3 * rng.standard_normal(rate)).clip(-1, 1).astype(np.float32)
    whole = (samples * 32767).round().astype(np.int16)
    soundfile.write(tmp_path / "a.wav", np.column_stack([whole] * channels), rate, subtype="PCM_16")
    heard = read_movie_audio(write_movie(tmp_path / "a.mov", samples, rate=rate, channels=channels), "a.mov")
    np.testing.assert_allclose(heard.samples, load_audio(tmp_path / "a.wav").samples, atol=1e-5)
    assert heard.start_seconds == 0
    assert heard.remarks == ()


@pytest.mark.parametrize(
    ("codec", "tolerance"), [("pcm_s16le", 1e-3), ("pcm_s16be", 1e-3), ("alac", 1e-3), ("aac", 3e-3)]
)
@pytest.mark.parametrize("late", [0.0, 0.25])
def test_a_click_is_heard_where_it_is_against_the_picture(tmp_path, codec, tolerance, late):
    path = write_movie(tmp_path / "a.mov", click(1.0, at=0.5), codec=codec, audio_start=late)
    assert loudest_at(read_movie_audio(path, "a.mov")) == pytest.approx(0.5 + late, abs=tolerance)


def test_without_a_picture_the_start_is_not_known(tmp_path):
    heard = read_movie_audio(write_movie(tmp_path / "a.mov", click(0.5, at=0.2), pictures=0), "a.mov")
    assert heard.start_seconds is None
    assert loudest_at(heard) == pytest.approx(0.2, abs=1e-3)


def test_no_sound_track_is_remarked_on(tmp_path):
    heard = read_movie_audio(write_movie(tmp_path / "a.mov", None), "a.mov")
    assert heard.samples is None
    assert codes_of(heard.remarks) == ["no-audio"]


def test_silence_is_remarked_on_and_kept(tmp_path):
    heard = read_movie_audio(write_movie(tmp_path / "a.mov", np.zeros(44100, np.float32)), "a.mov")
    assert codes_of(heard.remarks) == ["silent-audio"]
    assert len(heard.samples) == 16000


@pytest.mark.parametrize("kept", [0, 10, 2000])
def test_a_broken_movie_is_remarked_on(tmp_path, kept):
    path = write_movie(tmp_path / "a.mov", click(1.0, at=0.5))
    path.write_bytes(path.read_bytes()[:kept])
    heard = read_movie_audio(path, "a.mov")
    assert heard.samples is None
    assert codes_of(heard.remarks) == ["broken-audio"]
    assert "a.mov" in heard.remarks[0].text


def test_any_damage_gives_sound_or_a_remark(tmp_path, rng):
    whole = write_movie(tmp_path / "a.mov", click(0.5, at=0.2), pictures=10, codec="aac").read_bytes()
    for trial in range(60):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 1 + trial % 20):
            data[place] = rng.integers(256)
        path = tmp_path / "damaged.mov"
        path.write_bytes(bytes(data[: len(data) if trial % 3 else int(rng.integers(len(data)))]))
        heard = read_movie_audio(path, "damaged.mov")
        assert heard.remarks or heard.samples is not None
        assert heard.samples is None or np.isfinite(heard.samples).all()


def test_a_missing_file_is_remarked_on(tmp_path):
    assert codes_of(read_movie_audio(tmp_path / "gone.mov", "gone.mov").remarks) == ["broken-audio"]
