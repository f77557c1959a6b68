"""Our Whisper encoder equals the one in transformers, and takes clips of any length."""

import numpy as np
import pytest
import torch

from cstalk_ue.errors import EncoderError
from cstalk_ue.model.mel import whisper_log_mel
from cstalk_ue.model.speech_encoder import encoder_frames
from cstalk_ue.model.whisper_encoder import WhisperEncoder

SIZES = {"depth": 3, "network_width": 32, "heads": 4, "bands": 80, "positions": 1500}


@pytest.fixture
def reference_encoder():
    """transformers' encoder, tiny, with random weights."""
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder as Reference

    torch.manual_seed(11)
    config = WhisperConfig(d_model=32, encoder_layers=3, encoder_attention_heads=4, encoder_ffn_dim=128)
    encoder = Reference(config).eval()
    for parameter in encoder.parameters():  # the library's own start is too near zero to show an error
        torch.nn.init.normal_(parameter, std=0.2)
    return encoder


@pytest.fixture
def audio() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(7).standard_normal((2, 51200)).astype(np.float32)) * 0.1


def _ours(reference_encoder, tmp_path, **settings) -> WhisperEncoder:
    reference_encoder.save_pretrained(tmp_path)
    return WhisperEncoder.from_weights(tmp_path, **settings).eval()


def test_equals_transformers_on_thirty_seconds(reference_encoder, tmp_path):
    log_mel = torch.from_numpy(np.random.default_rng(2).standard_normal((1, 80, 3000)).astype(np.float32))
    ours = _ours(reference_encoder, tmp_path, layers=(1, 2, 3))
    assert ours.architecture() == SIZES
    with torch.inference_mode():
        expected = reference_encoder(log_mel, output_hidden_states=True)
        found = ours.encode(log_mel)
    for layer in (1, 2):
        torch.testing.assert_close(
            found[..., (layer - 1) * 32 : layer * 32], expected.hidden_states[layer], rtol=0, atol=1e-4
        )
    torch.testing.assert_close(found[..., 64:], expected.last_hidden_state, rtol=0, atol=1e-4)


def test_a_short_clip_uses_the_first_positions(audio):
    """A short clip is what thirty seconds give when the rest is never attended to."""
    torch.manual_seed(0)
    encoder = WhisperEncoder(**SIZES, layers=(1,)).eval()
    short = WhisperEncoder(**{**SIZES, "positions": 160}, layers=(1,)).eval()
    state = encoder.state_dict()
    short.load_state_dict({**state, "positions": state["positions"][:160]})
    with torch.inference_mode():
        torch.testing.assert_close(short(audio), encoder(audio))


def test_layers_above_the_highest_wanted_are_not_built():
    encoder = WhisperEncoder(**SIZES, layers=(2,))
    assert len(encoder.layers) == 2
    assert encoder.norm is None
    assert encoder.width == 32


def test_thirty_seconds_is_the_limit():
    torch.manual_seed(0)
    encoder = WhisperEncoder(**SIZES, layers=(1,)).eval()
    assert encoder.max_samples == 480000
    with torch.inference_mode():
        assert encoder(torch.zeros(1, 480000)).shape[1] == encoder_frames(480000) == 1499
        with pytest.raises(EncoderError, match=r"30\.0 s.*at most 30 s.*chunks"):
            encoder(torch.zeros(1, 480001))


def test_loudness_does_not_matter_but_for_a_constant(audio):
    """A tenth of the level lowers log10 power by 2 everywhere, the peak included: (x + 4) / 4 by 0.5."""
    torch.manual_seed(0)
    encoder = WhisperEncoder(**SIZES, layers=(1,)).eval()
    loud, quiet = encoder.clip_reference(audio), encoder.clip_reference(audio * 0.1)
    torch.testing.assert_close(loud - quiet, torch.full((2, 1), 2.0), rtol=0, atol=1e-4)
    difference = whisper_log_mel(encoder.spectrogram, audio) - whisper_log_mel(
        encoder.spectrogram, audio * 0.1
    )
    torch.testing.assert_close(difference, torch.full_like(difference, 0.5), rtol=0, atol=1e-3)


def test_frozen_convolutions_do_not_train_and_positions_never_do(audio):
    encoder = WhisperEncoder(**SIZES, layers=(2, 3))
    encoder.freeze_convolution()
    encoder(audio).square().mean().backward()
    trained = {name.split(".")[0] for name, value in encoder.named_parameters() if value.grad is not None}
    assert trained == {"layers", "norm"}


def test_layers_the_network_does_not_have_are_refused():
    with pytest.raises(EncoderError, match=r"\[2, 5\] asked of an encoder with 4"):
        WhisperEncoder(layers=(2, 5))
