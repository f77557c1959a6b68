"""Long lines equal short ones: chunks fade into each other unseen, emotions fall on their times."""

import types
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_checkpoint import CONTROLS, babble, save_tiny

from cstalk_ue.chunks import Chunking
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import CheckpointError, EmotionError
from cstalk_ue.export import write_curves_npz
from cstalk_ue.model import load_checkpoint
from cstalk_ue.performer import Liveliness
from cstalk_ue.predict import chunk_predictions, generate_curves, generate_spoken
from cstalk_ue.rig import control_defaults, control_limits, control_names

STILL = Liveliness(blinks=False, gaze=False, head=False)
SHORT = Chunking(2.0, 1.0)
ANGRY = EmotionTrack.parse("angry")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return load_checkpoint(save_tiny(tmp_path_factory.mktemp("tiny")))


@pytest.mark.parametrize("seconds", [2.01, 3.0, 7.37])
def test_chunks_equal_one_pass(checkpoint, seconds):
    """An encoder that looks 25 ms far and a generator that looks 6 frames far notice no cut at all."""
    samples = babble(seconds)
    track = EmotionTrack.parse("0.0=neutral 1.5=angry 3.0=happy:0.5")
    cut = generate_spoken(samples, checkpoint, track, chunking=SHORT)
    whole = generate_spoken(samples, checkpoint, track)
    assert cut.frames == whole.frames == -(-len(samples) * 30 // 16000)
    assert whole.values.std(axis=0).min() > 1e-4
    # float32 sums in another order; a wrong seam would be a hundred times larger
    assert np.abs(cut.values - whole.values).max() < 1e-5


def test_chunks_come_one_at_a_time(checkpoint, monkeypatch):
    calls = []
    encode = checkpoint.model.speech_encoder.forward
    monkeypatch.setattr(
        checkpoint.model.speech_encoder,
        "forward",
        lambda audio, **rest: calls.append(audio.shape[1]) or encode(audio, **rest),
    )
    parts = chunk_predictions(babble(10), checkpoint, ANGRY, chunking=SHORT)
    assert isinstance(parts, types.GeneratorType) and calls == []
    next(parts)
    assert len(calls) == 1
    list(parts)
    assert len(calls) == 9 and max(calls) == 32000


def test_a_chunk_is_cut_down_to_what_the_encoder_takes(checkpoint, monkeypatch):
    lengths = []
    encoder = checkpoint.model.speech_encoder
    encode = encoder.forward
    monkeypatch.setattr(encoder, "max_samples", 40000, raising=False)
    monkeypatch.setattr(
        encoder, "forward", lambda audio, **rest: lengths.append(audio.shape[1]) or encode(audio, **rest)
    )
    values = generate_spoken(babble(8), checkpoint, ANGRY, chunking=Chunking(20, 10)).values
    assert len(lengths) > 3 and max(lengths) <= 40000
    assert np.isfinite(values).all()


def test_every_control_is_there_and_inside_its_range(checkpoint):
    performance = generate_curves(50 * babble(4), checkpoint, EmotionTrack.parse("surprised"))
    low, high = control_limits()
    assert performance.face.controls == control_names() and len(control_names()) == 185
    assert (performance.face.values >= low).all() and (performance.face.values <= high).all()


def test_controls_that_nothing_drives_stay_at_their_defaults(checkpoint):
    face = generate_curves(babble(2), checkpoint, ANGRY, life=STILL).face
    for column, name in enumerate(control_names()):
        if name not in CONTROLS:
            assert (face.values[:, column] == np.float32(control_defaults()[column])).all(), name


@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 30000 / 1001, 60.0, 120.0])
def test_the_frame_rate_is_a_choice(checkpoint, fps):
    slow, other = (generate_curves(babble(3), checkpoint, ANGRY, fps=f) for f in (30.0, fps))
    assert other.fps == fps and abs(other.frames / fps - 3) <= 1 / fps
    jaw = "CTRL_C_jaw.ty"
    at = np.interp(other.face.times, slow.face.times, slow.face.curve(jaw))
    assert np.abs(at - other.face.curve(jaw)).max() < 1e-5


def test_one_seed_is_one_file_byte_for_byte(checkpoint, tmp_path):
    def written(name, seed):
        performance = generate_curves(babble(3), checkpoint, ANGRY, life=Liveliness(seed=seed))
        write_curves_npz(tmp_path / name, performance, provenance={})
        return (tmp_path / name).read_bytes()

    assert written("a.npz", 1) == written("b.npz", 1) != written("c.npz", 2)


def test_seeds_differ_in_blinks_gaze_and_head_alone(checkpoint):
    first, second = (generate_curves(babble(6), checkpoint, ANGRY, life=Liveliness(seed=s)) for s in (1, 2))
    changed = (first.face.values != second.face.values).any(axis=0)
    names = {name for name, moved in zip(control_names(), changed, strict=True) if moved}
    assert names and all("_eye" in name or "brow_down" in name for name in names)
    assert (first.head.values != second.head.values).any()
    still = [
        generate_curves(babble(6), checkpoint, ANGRY, life=Liveliness(False, False, False, s)) for s in (1, 2)
    ]
    assert (still[0].face.values == still[1].face.values).all()
    assert (still[0].head.values == still[1].head.values).all()


def test_emotion_falls_on_its_time_in_every_chunk(checkpoint):
    """A switch at 5 s changes nothing before it but what the generator looks ahead, and all after it."""
    samples = babble(9)
    switch = EmotionTrack.parse("0.0=sad 5.0=sad 5.01=happy")
    keyed, sad, happy = (
        generate_spoken(samples, checkpoint, track, chunking=SHORT).values
        for track in (switch, EmotionTrack.parse("sad"), EmotionTrack.parse("happy"))
    )
    reach = checkpoint.model.generator.receptive_field_frames // 2 + 1
    moment = 5 * 30
    assert np.abs(sad - happy).max() > 0.01
    assert np.abs(keyed[: moment - reach] - sad[: moment - reach]).max() < 1e-5
    assert np.abs(keyed[moment + reach :] - happy[moment + reach :]).max() < 1e-5
    assert np.abs(keyed[moment + 1] - happy[moment + 1]).max() < np.abs(sad - happy).max()


@pytest.mark.parametrize("emotion", ["angry", "happy:0.4+surprised:0.3", "0.0=sad 1.0=angry:0.5"])
def test_intensity_zero_is_exactly_neutral(checkpoint, emotion):
    silent = EmotionTrack.parse(emotion).scaled(0)
    a, b = (
        generate_curves(babble(2), checkpoint, track) for track in (silent, EmotionTrack.parse("neutral"))
    )
    assert (a.face.values == b.face.values).all() and (a.head.values == b.head.values).all()
    assert str(silent) == "neutral"


@pytest.mark.parametrize("samples", [1, 2, 399, 400, 533, 534, 1600])
def test_the_shortest_sounds_give_frames(checkpoint, samples):
    performance = generate_curves(babble(1)[:samples], checkpoint, ANGRY)
    assert performance.frames == -(-samples * 30 // 16000) and np.isfinite(performance.face.values).all()


def test_silence_and_loudness(checkpoint):
    """Silence gives a face, and a quiet copy of a line the same face."""
    assert np.isfinite(generate_curves(np.zeros(16000, np.float32), checkpoint, ANGRY).face.values).all()
    loud, quiet = (generate_spoken(babble(2) * np.float32(g), checkpoint, ANGRY).values for g in (1, 0.25))
    assert np.abs(loud - quiet).max() < 1e-3


def test_a_model_of_fewer_emotions_takes_those_and_refuses_others(tmp_path):
    few = load_checkpoint(save_tiny(tmp_path / "few", emotions=("happy", "neutral")))
    happy, neutral = (
        generate_spoken(babble(1), few, EmotionTrack.parse(e)).values for e in ("happy", "neutral")
    )
    assert np.abs(happy - neutral).max() > 0.001
    style = torch.tensor([[1.0, 0.0]])  # happy comes first in this model
    with torch.inference_mode():
        direct = few.model.denormalise(few.model(torch.from_numpy(babble(1))[None], style, 30))[0].numpy()
    assert (
        np.corrcoef(direct.ravel(), happy.ravel())[0, 1] > np.corrcoef(direct.ravel(), neutral.ravel())[0, 1]
    )
    with pytest.raises(EmotionError, match=r"tiny-.* was not trained on angry"):
        generate_curves(babble(1), few, ANGRY)


def test_a_model_at_another_rate_is_refused(tmp_path):
    fast = load_checkpoint(save_tiny(tmp_path / "fast", fps=60.0))
    with pytest.raises(CheckpointError, match="60 fps; expected 30"):
        generate_curves(babble(1), fast, ANGRY)


def test_the_input_is_not_modified(checkpoint):
    samples = babble(2)
    before = samples.copy()
    samples.flags.writeable = False
    generate_curves(samples, checkpoint, ANGRY)
    assert (samples == before).all()


def test_real_speech_has_hidden_seams(checkpoint):
    """The same holds for a real recording."""
    data = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "speech"
    if not data.is_dir():
        pytest.skip("no ../shared/data/speech: nothing real to cut")
    from cstalk_ue.audio import load_audio

    samples = load_audio(sorted(data.glob("*.wav"))[0]).samples
    cut = generate_spoken(samples, checkpoint, ANGRY, chunking=SHORT).values
    assert np.abs(cut - generate_spoken(samples, checkpoint, ANGRY).values).max() < 1e-4
