"""What of a speech encoder is trained (III.B), and that whatever is trained gets a gradient."""

import pytest
import torch
from small_encoders import SMALL_WAV2VEC2

from cstalk_ue.config import FROZEN_PARTS, EncoderConfig, ModelConfig
from cstalk_ue.errors import ConfigError, EncoderError
from cstalk_ue.model.builder import build_encoder

WHISPER = {"depth": 2, "network_width": 16, "heads": 2, "bands": 80, "positions": 200}
ARCHITECTURES = {
    "whisper": WHISPER,
    "wav2vec2": SMALL_WAV2VEC2,
    "hubert": {**SMALL_WAV2VEC2, "model_type": "hubert"},
    "wavlm": {**SMALL_WAV2VEC2, "model_type": "wavlm"},
}
CONVOLUTIONS = {"whisper": ("conv1.", "conv2.")}


def _encoder(name: str, frozen: str):
    torch.manual_seed(0)
    kind = "whisper" if name == "whisper" else "wav2vec2"
    config = EncoderConfig(kind, layers=(1, 2), frozen=frozen)
    return build_encoder(config, architecture=ARCHITECTURES[name])


@pytest.mark.parametrize("frozen", FROZEN_PARTS)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_trained_weight_gets_a_gradient_and_no_frozen_one_is_trained(name, frozen):
    """One without a gradient would stop distributed training."""
    encoder = _encoder(name, frozen).train()
    audio = torch.randn(2, 6400) * 0.1
    features = encoder(audio)
    trained = {key for key, value in encoder.named_parameters() if value.requires_grad}
    if frozen == "all":
        assert not trained
        assert not features.requires_grad
        return
    features.square().sum().backward()
    reached = {key for key, value in encoder.named_parameters() if value.grad is not None}
    assert reached == trained
    convolutions = CONVOLUTIONS.get(name, ("network.feature_extractor.",))
    on_sound = {key for key, _ in encoder.named_parameters() if key.startswith(convolutions)}
    assert on_sound
    assert on_sound <= trained if frozen == "none" else not on_sound & trained
    assert any("layers" in key for key in trained), "the transformer is trained"
    if name != "whisper":
        assert any("feature_projection" in key for key in trained), "so is the projection"


def test_only_what_is_frozen_as_a_whole_is_the_same_in_training():
    """So that its features can be computed once and kept: dropout is off."""
    audio = torch.randn(1, 16000) * 0.1
    for frozen, same in (("all", True), ("convolution", False)):
        encoder = _encoder("wav2vec2", frozen).train()
        assert torch.equal(encoder(audio), encoder(audio)) == same
        assert encoder.training != same


def test_freezing_can_be_changed():
    encoder = _encoder("wav2vec2", "all").train()
    encoder.freeze("none")
    encoder.train()
    assert encoder.training
    assert encoder.network.feature_extractor.conv_layers[0].conv.weight.requires_grad
    encoder.freeze("convolution")
    assert not encoder.network.feature_extractor.conv_layers[0].conv.weight.requires_grad


def test_parts_that_there_are_not_are_refused():
    with pytest.raises(EncoderError, match=r"'head'.*none, convolution, all"):
        _encoder("wav2vec2", "all").freeze("head")
    assert EncoderConfig(frozen="head").faults()
    with pytest.raises(ConfigError, match="frozen is 'head'"):
        ModelConfig(encoder=EncoderConfig(frozen="head"))
