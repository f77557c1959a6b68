"""load_audio gives one mono 16 kHz copy of any sound file, or one sentence saying why not."""

import hashlib
import os
import struct
import tracemalloc
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cstalk_ue.audio import SAMPLE_RATE, Audio, find_audio, load_audio
from cstalk_ue.errors import AudioError

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
RECORDINGS = [
    *sorted(DATA.glob("speech/*.wav")),
    *sorted(DATA.glob("paired/facegood/*.wav")),
    *sorted(DATA.glob("speech_train/*/*.flac"))[:5],
]
ABSENT = pytest.param(None, marks=pytest.mark.skip(reason="no ../shared/data: nothing real to load"))

FORMATS = {
    "pcm16.wav": ("WAV", "PCM_16"),
    "pcm24.wav": ("WAV", "PCM_24"),
    "float.wav": ("WAV", "FLOAT"),
    "extensible.wav": ("WAVEX", "PCM_16"),
    "long.rf64.wav": ("RF64", "PCM_16"),
    "speech.flac": ("FLAC", "PCM_16"),
    "vorbis.ogg": ("OGG", "VORBIS"),
    "opus.ogg": ("OGG", "OPUS"),
    "pcm16.aiff": ("AIFF", "PCM_16"),
    "float.aifc": ("AIFF", "FLOAT"),
}


def speechlike(rng: np.random.Generator, rate: int, seconds: float, channels: int = 1) -> np.ndarray:
    """Noise under a syllable-like envelope, peak below full scale, ``(frames, channels)``."""
    frames = round(rate * seconds)
    envelope = 0.5 + 0.5 * np.sin(np.arange(frames)[:, None] * (2 * np.pi * 4 / rate))
    return (0.1 * envelope * rng.standard_normal((frames, channels))).astype(np.float32).clip(-0.9, 0.9)


def write(path: Path, samples: np.ndarray, rate: int, name: str = "pcm16.wav") -> Path:
    container, subtype = FORMATS[name]
    soundfile.write(path, samples, rate, format=container, subtype=subtype)
    return path


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 44101, 48000, 96000])
@pytest.mark.parametrize("seconds", [0.05, 23.4567])
def test_blocks_equal_one_pass_of_librosa(tmp_path, rng, rate, seconds):
    path = tmp_path / "a.wav"
    soundfile.write(path, speechlike(rng, rate, seconds), rate, subtype="FLOAT")
    once = librosa.resample(
        soundfile.read(path, dtype="float32")[0], orig_sr=rate, target_sr=16000, res_type="soxr_hq"
    )
    audio = load_audio(path)
    assert audio.original_rate == rate
    assert audio.samples.shape == once.shape
    # 1e-4 is the promise; measured 5e-7, the rounding of float32.
    np.testing.assert_allclose(audio.samples, once, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", FORMATS)
def test_every_container_gives_the_mean_of_its_channels(tmp_path, rng, name):
    samples = speechlike(rng, 16000, 2.0) * np.array([[1.0, 0.5]], dtype=np.float32)
    audio = load_audio(write(tmp_path / name, samples, 16000, name))
    assert audio.original_channels == 2
    assert len(audio.samples) == len(samples)
    mono = samples.mean(axis=1)
    if name in ("vorbis.ogg", "opus.ogg"):  # lossy: the loudness is all there is to claim
        assert np.std(audio.samples) == pytest.approx(np.std(mono), rel=0.3)
    else:
        np.testing.assert_allclose(audio.samples, mono, atol=2**-15)


def test_samples_at_16_khz_come_through_bit_for_bit(tmp_path, rng):
    samples = speechlike(rng, 16000, 21.0)
    audio = load_audio(write(tmp_path / "float.wav", samples, 16000, "float.wav"))
    np.testing.assert_array_equal(audio.samples, samples[:, 0])
    assert audio.duration_seconds == 21.0
    assert audio.warnings == ()
    with pytest.raises(ValueError):
        audio.samples[0] = 1.0


@pytest.mark.parametrize("path", RECORDINGS or [ABSENT], ids=lambda path: path.name if path else "absent")
def test_real_speech_loads_without_warnings_and_is_not_touched(path):
    before = path.stat().st_mtime_ns
    audio = load_audio(path)
    assert audio.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert audio.source == path
    assert audio.duration_seconds == pytest.approx(soundfile.info(path).duration, abs=1 / SAMPLE_RATE)
    assert audio.warnings == ()
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["two words.wav", "-o.wav", "Gespräch 声.wav", "take.1.WAV", "noending"])
def test_unusual_file_names_work(tmp_path, rng, monkeypatch, name):
    write(tmp_path / name, speechlike(rng, 16000, 0.5), 16000)
    monkeypatch.chdir(tmp_path)
    assert load_audio(Path(name)).duration_seconds == 0.5


def test_memory_stays_near_the_mono_copy(tmp_path, rng):
    second = speechlike(rng, 48000, 1.0, channels=2)
    path = write(tmp_path / "pcm16.wav", np.tile(second, (240, 1)), 48000)
    load_audio(path)  # imports librosa, which would count
    tracemalloc.start()
    audio = load_audio(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A stereo block of 10 s at 48 kHz is 3.8 MB and a few copies of it live at once; decoded at one go
    # the file is 92 MB.
    assert peak < 1.15 * audio.samples.nbytes + 8 * 3.9e6


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9, 0.99, "one byte"])
def test_a_file_cut_anywhere_is_refused(tmp_path, rng, name, share):
    content = write(tmp_path / name, speechlike(rng, 24000, 3.0, channels=2), 24000, name).read_bytes()
    cut = len(content) - 1 if share == "one byte" else int(len(content) * share)
    (tmp_path / name).write_bytes(content[:cut])
    with pytest.raises(AudioError, match=r"cut off or damaged|no sound file") as caught:
        load_audio(tmp_path / name)
    assert name in str(caught.value)


@pytest.mark.parametrize("name", ["speech.flac", "vorbis.ogg", "opus.ogg"])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.8])
def test_a_hole_in_compressed_sound_is_refused(tmp_path, rng, name, share):
    """libsndfile skips a damaged OGG page, and all that follows comes half a second early."""
    path = write(tmp_path / name, speechlike(rng, 48000, 3.0), 48000, name)
    content = bytearray(path.read_bytes())
    hole = int(share * len(content))
    content[hole : hole + 200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"cut off or damaged|is malformed"):
        load_audio(path)


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("rate", [16000, 48000])
def test_a_streamed_wav_header_is_read_to_the_end(tmp_path, rng, size, rate):
    """Programs writing to a pipe, and recorders that crashed, leave such sizes."""
    path = write(tmp_path / "a.wav", speechlike(rng, rate, 12.0), rate)
    whole = load_audio(path)
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = content[4:8] = struct.pack("<I", size)
    path.write_bytes(content)
    np.testing.assert_array_equal(load_audio(path).samples, whole.samples)


def test_a_wav_without_its_padding_byte_or_trailing_tags_is_whole(tmp_path, rng):
    path = tmp_path / "a.wav"
    soundfile.write(path, speechlike(rng, 16000, 1.0)[:15999], 16000, subtype="PCM_U8")
    content = path.read_bytes()
    assert len(load_audio(path).samples) == 15999
    path.write_bytes(content[: content.index(b"data") + 8 + 15999])
    assert len(load_audio(path).samples) == 15999
    path.write_bytes(content + b"LIST" + struct.pack("<I", 400) + b"INFO")
    assert len(load_audio(path).samples) == 15999


def test_a_wav_with_no_samples_but_tags_is_empty(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros((0, 1), np.float32), 16000)
    with pytest.raises(AudioError, match="has no samples"):
        load_audio(path)
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", 4) + b"INFO")
    with pytest.raises(AudioError, match="has no samples"):
        load_audio(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rate", [16000, 44100])
def test_nan_and_infinite_samples_are_refused_with_their_time(tmp_path, rng, bad, rate):
    samples = speechlike(rng, rate, 15.0, channels=2)
    samples[rate * 12, 1] = bad
    soundfile.write(tmp_path / "a.wav", samples, rate, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"NaN or infinite sample at 12\.000 s"):
        load_audio(tmp_path / "a.wav")


def test_paths_that_are_no_sound_file_are_refused(tmp_path, rng):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("not a sound\n" * 50, encoding="utf-8")
    (tmp_path / "bytes.raw").write_bytes(bytes(1000))
    (tmp_path / "bytes.vox").write_bytes(bytes(1000))
    for name, reason in {
        "gone.wav": "no such file",
        ".": "is a folder",
        "empty.wav": "0 bytes",
        "text.wav": "no sound file",
        "bytes.raw": "no sound file",
        "bytes.vox": "expected WAV, FLAC, OGG or AIFF",
        "x" * 300 + ".wav": "cannot be read",
        "a\0b.wav": "cannot be read",
    }.items():
        with pytest.raises(AudioError, match=reason):
            load_audio(tmp_path / name)


@pytest.mark.parametrize("container", ["MP3", "AU", "CAF", "W64"])
def test_containers_whose_length_cannot_be_checked_are_refused_by_name(tmp_path, rng, container):
    if container not in soundfile.available_formats():
        pytest.skip(f"this libsndfile does not write {container}")
    path = tmp_path / f"a.{container.lower()}"
    soundfile.write(path, speechlike(rng, 16000, 1.0), 16000, format=container)
    with pytest.raises(AudioError, match=rf"is {container}; expected WAV, FLAC, OGG or AIFF"):
        load_audio(path)


def test_an_unreadable_file_is_refused(tmp_path, rng):
    path = write(tmp_path / "a.wav", speechlike(rng, 16000, 0.5), 16000)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(AudioError, match="permissions"):
        load_audio(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=0, max_size=400), head=st.sampled_from(["", "wav", "aiff", "flac", "ogg"]))
def test_random_bytes_give_audio_error(tmp_path, content, head):
    magic = {
        "": b"",
        "wav": b"RIFF\x40\0\0\0WAVE",
        "aiff": b"FORM\0\0\0\x40AIFF",
        "flac": b"fLaC",
        "ogg": b"OggS\0\2",
    }
    path = tmp_path / "random.wav"
    path.write_bytes(magic[head] + content)
    with pytest.raises(AudioError):
        load_audio(path)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(FORMATS)), data=st.data())
def test_mangled_bytes_give_audio_or_audio_error(tmp_path, name, data):
    path = write(tmp_path / name, speechlike(np.random.default_rng(1), 16000, 0.3), 16000, name)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        # Headers are where it matters, so half of the hits go there.
        last = data.draw(st.sampled_from([min(80, len(content)), len(content)])) - 1
        content[data.draw(st.integers(0, last))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        audio = load_audio(path)
    except AudioError:
        return
    assert np.isfinite(audio.samples).all()


@pytest.mark.parametrize(
    ("gain", "rate", "seconds", "warning"),
    [
        (0.0, 16000, 1.0, "silent: all zero."),
        (0.0005, 16000, 1.0, "silent: its peak is -66 dBFS."),
        (0.005, 16000, 1.0, "very quiet: its peak is -46 dBFS."),
        (2.0, 16000, 1.0, "clipped: 66.7 % of it is at full scale or above (peak 2)."),
        (0.5, 8000, 1.0, "recorded at 8000 Hz, under 16000; consonants are missing from it."),
        (0.5, 16000, 0.1, "very short: 0.100 s."),
    ],
)
def test_doubtful_recordings_load_with_a_warning(tmp_path, gain, rate, seconds, warning):
    tone = gain * np.sin(np.arange(round(rate * seconds)) * (2 * np.pi * 255 / rate))
    soundfile.write(tmp_path / "a.wav", tone.astype(np.float32), rate, subtype="FLOAT")
    assert load_audio(tmp_path / "a.wav").warnings == (warning,)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT"])
def test_clipping_is_seen_at_every_bit_depth(tmp_path, subtype):
    wave = np.sin(np.arange(16000) * 0.1)
    soundfile.write(tmp_path / "a.wav", (1.05 * wave).clip(-1, 1), 16000, subtype=subtype)
    assert load_audio(tmp_path / "a.wav").warnings[0].startswith("clipped")
    soundfile.write(tmp_path / "b.wav", 0.95 * wave, 16000, subtype=subtype)
    assert load_audio(tmp_path / "b.wav").warnings == ()


def test_channels_that_cancel_are_called_silent(tmp_path, rng):
    mono = speechlike(rng, 16000, 1.0)
    soundfile.write(tmp_path / "a.wav", np.hstack((mono, -mono)), 16000, subtype="FLOAT")
    assert load_audio(tmp_path / "a.wav").warnings == ("silent after mixing 2 channels: all zero.",)


def test_audio_checks_itself():
    for samples in (np.zeros((2, 3)), np.zeros(0), np.array([0.0, np.nan])):
        with pytest.raises(AudioError):
            Audio(samples)
    assert Audio(np.zeros(8000)).duration_seconds == 0.5


def test_find_audio_expands_folders_and_skips_hidden_files(tmp_path):
    names = ("b.wav", "a.FLAC", "deep/c.aif", "deep/._c.aif", ".hidden/d.wav", "notes.txt", "Ton 声.ogg")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.wav").mkdir()
    inside = [tmp_path / name for name in ("Ton 声.ogg", "a.FLAC", "b.wav", "deep/c.aif")]
    assert find_audio([tmp_path]) == sorted(inside)
    notes = tmp_path / "notes.txt"
    assert find_audio([notes, tmp_path, tmp_path / "b.wav"]) == [notes, *sorted(inside)]
    with pytest.raises(AudioError, match="no such file or folder"):
        find_audio([tmp_path / "gone"])


def test_a_hidden_folder_given_by_name_is_searched(tmp_path):
    (tmp_path / ".takes").mkdir()
    (tmp_path / ".takes" / "a.wav").touch()
    assert find_audio([tmp_path / ".takes"]) == [tmp_path / ".takes" / "a.wav"]
