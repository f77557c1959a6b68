"""What the page reads back is what the curve file says, to a sixteen-thousandth."""

import base64
import io
import json
import zlib

import numpy as np
import pytest
import soundfile
from review_lines import SAMPLES, one_control, waving
from tiny_checkpoint import babble

from cstalk_ue.audio import load_audio
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.performer import TimedPhone
from cstalk_ue.review.payload import HEAD, STEPS, encode_sound, line_payload
from cstalk_ue.rig import complete, control_defaults, control_names
from cstalk_ue.take import FacePerformance


def unpacked(text: str, curves: int, frames: int) -> np.ndarray:
    """``(frames, curves)``, by another way than decode.js and payload.py."""
    data = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype="<i2").reshape(curves, frames)
    return np.cumsum(data.astype(np.int64), axis=1).astype(np.int16).T  # sums wrap around


def read_back(payload) -> tuple[np.ndarray, np.ndarray]:
    values = np.tile(control_defaults(), (payload["frames"], 1)).astype(np.float64)
    columns = [control_names().index(name) for name in payload["controls"]]
    values[:, columns] = unpacked(payload["curves"], len(columns), payload["frames"]) / STEPS
    head = unpacked(payload["head"], len(HEAD), payload["frames"]) * np.array(payload["head_scale"])
    return values, head


def test_curves_come_back(rng):
    face = waving(100)
    jumps = face.face.values + rng.normal(0, 0.5, (100, 185)).clip(-1, 1)  # differences beyond an int16
    performance = FacePerformance(face.face.replace(values=jumps), face.head)
    payload = json.loads(json.dumps(line_payload(performance), allow_nan=False))
    values, head = read_back(payload)
    assert np.abs(values - jumps.clip(-2, 2 - 1 / STEPS)).max() <= 0.5 / STEPS + 1e-7
    assert np.abs(head - face.head.values[:, :6]).max() < 4 / 30000
    assert (payload["fps"], payload["frames"], payload["start"]) == (30.0, 100, 0.0)


def test_controls_at_rest_are_left_out():
    performance = one_control("CTRL_C_jaw.ty", np.linspace(0, 1, 20))
    payload = line_payload(performance)
    assert payload["controls"] == ["CTRL_C_jaw.ty"]
    values, head = read_back(payload)
    assert np.abs(values - performance.face.values).max() <= 0.5 / STEPS and not head.any()


def test_some_controls_are_enough():
    few = waving().face.select(control_names()[3:5])
    payload = line_payload(FacePerformance(few, waving().head))
    assert np.abs(read_back(payload)[0] - complete(few).values).max() <= 0.5 / STEPS


def test_phones_and_emotion():
    phones = [TimedPhone("P", 0.1234567, 0.2)]
    payload = line_payload(waving(), phones=phones, emotion=EmotionTrack.parse("0=sad 1.5=happy:0.5"))
    assert payload["phones"] == [[0.1235, 0.2, "P"]] and payload["emotion"] == "0=sad 1.5=happy:0.5"
    assert payload["emotion_weights"] == {
        "times": [0.0, 1.5],
        "weights": [[0, 0, 1, 0, 0], [0.5, 0, 0, 0, 0.5]],
    }
    bare = line_payload(waving())
    assert (bare["phones"], bare["emotion"], bare["emotion_weights"]) == (None, "", None)


def test_a_second_of_speech_is_a_few_kilobytes():
    assert len(line_payload(waving(30))["curves"]) < 15_000


@pytest.mark.parametrize(("audio_format", "tag"), [("flac", b"fLaC"), ("opus", b"OggS")])
def test_sound_keeps_its_length_and_shape(audio_format, tag):
    samples = 1.5 * load_audio(SAMPLES / "gate_neutral.wav").samples
    samples *= 1.02 / np.abs(samples).max()  # some beyond full scale
    data = encode_sound(samples, audio_format)
    assert data.startswith(tag)
    back, rate = soundfile.read(io.BytesIO(data))
    assert (rate, len(back)) == (16000, len(samples))
    error = np.abs(back - samples.clip(-1, 1))
    assert error.max() < 1e-4 if audio_format == "flac" else np.corrcoef(back, samples)[0, 1] > 0.9


def test_flac_of_the_same_sound_has_the_same_bytes():
    assert encode_sound(babble(1), "flac") == encode_sound(babble(1), "flac")
