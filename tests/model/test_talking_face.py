"""The whole network: from a waveform to curves, in chunks or at once."""

import subprocess
import sys

import pytest
import torch

from cstalk_ue.config import EncoderConfig, GeneratorConfig, ModelConfig
from cstalk_ue.model import EmotionEmbedding, Generator, TalkingFace, build_talking_face
from cstalk_ue.model.spectral import LogMelEncoder


@pytest.fixture
def face() -> TalkingFace:
    torch.manual_seed(2)
    config = ModelConfig(
        encoder=EncoderConfig(kind="logmel"),
        generator=GeneratorConfig(width=16, emotion_width=4, dilations=(1, 2)),
    )
    return build_talking_face(config, 7).eval()


def test_a_window_of_the_paper_gives_96_frames(face):
    curves = face(torch.randn(2, 51200) * 0.1, torch.eye(5)[:2], 96)
    assert curves.shape == (2, 96, 7)


def test_cached_features_give_the_same_curves(face):
    audio, emotion = torch.randn(2, 51200) * 0.1, torch.rand(2, 96, 5)
    features = face.encode(audio, 96)
    assert features.shape == (2, 96, 80)
    torch.testing.assert_close(face.generate(features, emotion), face(audio, emotion, 96))


def test_a_chunk_gives_the_frames_of_the_whole(face):
    audio, emotion = torch.randn(1, 64000) * 0.1, torch.eye(5)[:1]
    whole = face(audio, emotion, 120)
    # From 1.0 s on: sample 16000 is encoder frame 50 and curve frame 30.
    chunk = face(audio[:, 16000:], emotion, 90, reference=face.speech_encoder.clip_reference(audio))
    margin = face.generator.receptive_field_frames
    torch.testing.assert_close(chunk[:, margin:], whole[:, 30 + margin :], rtol=0, atol=1e-5)
    shifted = face(audio, emotion, 90, start_seconds=1.0)
    torch.testing.assert_close(shifted[:, margin:], whole[:, 30 + margin :], rtol=0, atol=1e-5)


def test_normalisation_round_trip(face):
    mean, std = torch.randn(7), torch.rand(7) + 0.1
    face.set_normalisation(mean, std)
    curves = torch.randn(2, 96, 7)
    torch.testing.assert_close(face.denormalise(face.normalise(curves)), curves)
    torch.testing.assert_close(face.denormalise(torch.zeros(1, 1, 7))[0, 0], mean)


@pytest.mark.parametrize(("mean", "std"), [(torch.zeros(6), torch.ones(6)), (torch.zeros(7), torch.zeros(7))])
def test_normalisation_that_does_not_fit_is_refused(face, mean, std):
    with pytest.raises(ValueError, match="7 means"):
        face.set_normalisation(mean, std)


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="generator takes 81 features"):
        TalkingFace(LogMelEncoder(), EmotionEmbedding(5, width=32), Generator(81, 7))


def test_spectra_get_the_batch_norm_and_transformers_the_layer_norm(face):
    assert type(face.generator.input_norm).__name__ == "FeatureNorm"


def test_importing_the_package_does_not_import_torch():
    code = (
        "import sys, cstalk_ue.model, cstalk_ue.model.checkpoint_info as info; info.list_checkpoints();"
        "heavy = {'torch', 'transformers', 'librosa'} & set(sys.modules); assert not heavy, heavy;"
        "assert set(cstalk_ue.model.__all__) == set(cstalk_ue.model._HOME);"
        "[getattr(cstalk_ue.model, name) for name in cstalk_ue.model.__all__];"
        "heavy = {'transformers', 'librosa'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
