"""The presets' networks: the published shapes, and the sizes that their docstrings state."""

import pytest
import torch

from cstalk_ue.model import presets
from cstalk_ue.model.builder import build_correlation, build_generator, build_talking_face
from cstalk_ue.model.checkpoint_info import bundled_checkpoint, read_checkpoint_info
from cstalk_ue.model.speech_encoder import encoder_frames

RIGS = 116


def _count(module: torch.nn.Module, *, trained: bool = False) -> int:
    return sum(value.numel() for value in module.parameters() if value.requires_grad or not trained)


@pytest.mark.slow
def test_the_papers_model_turns_51200_samples_into_159_and_96_frames():
    torch.manual_seed(0)
    face = build_talking_face(presets.PAPER_MODEL, RIGS, encoder_architecture={}).eval()
    encoder = face.speech_encoder
    convolutions = encoder.network.feature_extractor.conv_layers
    assert (len(convolutions), len(encoder.network.encoder.layers)) == (7, 12)
    audio = torch.randn(1, 51200) * 0.1
    with torch.inference_mode():
        speech = encoder(audio)
        features = face.encode(audio, 96)
        curves = face.generate(features, torch.eye(5)[:1])
    assert speech.shape == (1, 159, 768)
    assert features.shape == (1, 96, 768)
    assert curves.shape == (1, 96, RIGS)
    # As published, less the 768 values that stand for masked frames: masking is off.
    assert _count(encoder) == 94_371_712 - 768
    assert _count(encoder) - _count(encoder, trained=True) == _count(convolutions) == 4_200_448


def test_the_papers_generator_and_correlation_module_are_as_stated():
    generator = build_generator(presets.PAPER_MODEL, 768, RIGS)
    assert generator.receptive_field_frames == 73
    assert "sees 73 frames, 36 (1.2 s)" in " ".join((presets.__doc__ or "").split())
    assert f"{_count(generator):,} values" in (presets.__doc__ or "")
    module = build_correlation(presets.PAPER_CORRELATION, RIGS)
    windows = torch.randn(2, RIGS, presets.PAPER_CORRELATION.frames)
    assert module(windows).logits.shape == (2, 6)
    assert encoder_frames(51200) == 159


def test_the_small_model_takes_the_bundled_models_encoder():
    bundled = read_checkpoint_info(bundled_checkpoint())
    assert presets.SMALL_MODEL.encoder.layers == bundled.config.encoder.layers
    architecture = bundled.encoder_architecture
    face = build_talking_face(presets.SMALL_MODEL, RIGS, encoder_architecture=architecture)
    assert _count(face.speech_encoder, trained=True) == 0
    assert _count(face.generator) < 600_000
    assert face.generator.receptive_field_frames < 96
    assert _count(build_correlation(presets.SMALL_CORRELATION, RIGS)) < 1_000_000


def test_a_checkpoint_made_before_generators_had_a_kind_still_loads():
    """The bundled model's config names neither a kind nor what is frozen."""
    config = read_checkpoint_info(bundled_checkpoint()).config
    assert (config.generator.kind, config.encoder.frozen) == ("tcn", "all")
