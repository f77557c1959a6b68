"""The wav2vec 2.0 family through transformers, on tiny random models saved as safetensors."""

import json

import numpy as np
import pytest
import torch

from cstalk_ue.errors import EncoderError
from cstalk_ue.model.wav2vec2_encoder import Wav2Vec2Encoder

SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": [8] * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}


@pytest.fixture
def audio() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(9).standard_normal((2, 51200)).astype(np.float32)) * 0.1


def _save(folder, model_type="wav2vec2", *, preprocessor=None, **changes):
    from transformers import AutoConfig, AutoModel

    torch.manual_seed(6)
    model = AutoModel.from_config(AutoConfig.for_model(model_type, **{**SMALL, **changes}))
    model.save_pretrained(folder)
    if preprocessor is not None:
        (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor), encoding="utf-8")
    return model.eval()


@pytest.mark.parametrize("model_type", ["wav2vec2", "hubert", "wavlm"])
def test_features_are_the_models_own_on_normalised_audio(model_type, tmp_path, audio):
    model = _save(tmp_path, model_type)
    encoder = Wav2Vec2Encoder.from_weights(tmp_path).eval()
    normal = (audio - audio.mean(1, keepdim=True)) / (audio.var(1, keepdim=True, correction=0) + 1e-7).sqrt()
    with torch.inference_mode():
        found = encoder(audio)
        expected = model(normal).last_hidden_state
    assert found.shape == (2, 159, 16)
    assert encoder.width == 16
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_normalisation_takes_out_level_and_offset(tmp_path, audio):
    _save(tmp_path, preprocessor={"do_normalize": True})
    encoder = Wav2Vec2Encoder.from_weights(tmp_path).eval()
    with torch.inference_mode():
        torch.testing.assert_close(encoder(audio * 0.3 + 0.02), encoder(audio), rtol=0, atol=1e-4)


def test_do_normalize_false_is_respected(tmp_path, audio):
    model = _save(tmp_path, preprocessor={"do_normalize": False})
    encoder = Wav2Vec2Encoder.from_weights(tmp_path).eval()
    assert encoder.clip_reference(audio).shape == (2, 0)
    with torch.inference_mode():
        torch.testing.assert_close(encoder(audio), model(audio).last_hidden_state, rtol=0, atol=1e-5)


def test_a_mask_is_given_to_models_with_layer_norm_only(tmp_path, audio, monkeypatch):
    for norm in ("group", "layer"):
        _save(tmp_path / norm, feat_extract_norm=norm)
        encoder = Wav2Vec2Encoder.from_weights(tmp_path / norm).eval()
        seen = {}
        forward = encoder.network.forward
        monkeypatch.setattr(
            encoder.network,
            "forward",
            lambda values, attention_mask, seen=seen, forward=forward: (
                seen.update(mask=attention_mask),
                forward(values, attention_mask=attention_mask),
            )[1],
        )
        encoder(audio[:, :8000])
        assert (seen["mask"] is not None) == (norm == "layer")


def test_attention_is_torchs_fused_one(tmp_path):
    _save(tmp_path)
    assert Wav2Vec2Encoder.from_weights(tmp_path).config._attn_implementation == "sdpa"


def test_frozen_convolutions_do_not_train_while_the_transformer_does(tmp_path, audio):
    _save(tmp_path)
    encoder = Wav2Vec2Encoder.from_weights(tmp_path).train()
    encoder.freeze_convolution()
    encoder(audio[:, :8000]).square().mean().backward()
    gradients = {name for name, value in encoder.network.named_parameters() if value.grad is not None}
    assert not any(name.startswith("feature_extractor") for name in gradients)
    assert any(name.startswith("encoder.layers.1") for name in gradients)
    assert any(name.startswith("feature_projection") for name in gradients)


def test_training_masks_no_speech(tmp_path):
    """Every parameter is used on every step: no masked_spec_embed, no layer drop."""
    _save(tmp_path, mask_time_prob=0.5, layerdrop=0.5)
    encoder = Wav2Vec2Encoder.from_weights(tmp_path)
    assert "masked_spec_embed" not in encoder.network.state_dict()
    assert encoder.config.layerdrop == 0


def test_the_architecture_alone_rebuilds_the_network(tmp_path, audio):
    _save(
        tmp_path, feat_extract_norm="layer", do_stable_layer_norm=True, preprocessor={"do_normalize": False}
    )
    encoder = Wav2Vec2Encoder.from_weights(tmp_path).eval()
    architecture = json.loads(json.dumps(encoder.architecture()))
    assert str(tmp_path) not in json.dumps(architecture)
    rebuilt = Wav2Vec2Encoder.from_architecture(architecture).eval()
    rebuilt.load_state_dict(encoder.state_dict())
    with torch.inference_mode():
        torch.testing.assert_close(rebuilt(audio), encoder(audio))


def test_a_missing_folder_and_an_unreachable_hub_say_how_to_get_the_weights(tmp_path, unreachable_hub):
    with pytest.raises(
        EncoderError, match=r"nowhere: no such file or folder.*hf download facebook/wav2vec2-base-960h"
    ):
        Wav2Vec2Encoder.from_weights(tmp_path / "nowhere")
    with pytest.raises(
        EncoderError, match=r"facebook/wav2vec2-base-960h: not in the local cache.*--local-dir"
    ):
        Wav2Vec2Encoder.from_weights()


def test_a_folder_with_pickles_only_is_refused(tmp_path):
    _save(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(EncoderError, match=r"only pickled weights here \(pytorch_model\.bin\)"):
        Wav2Vec2Encoder.from_weights(tmp_path)


def test_incomplete_weights_are_refused_instead_of_filled_with_noise(tmp_path):
    from safetensors.torch import load_file, save_file

    _save(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    lost = next(name for name in tensors if name.startswith("encoder.layers.1."))
    del tensors[lost]
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match="1 tensors are missing"):
        Wav2Vec2Encoder.from_weights(tmp_path)


def test_damaged_weights_are_refused(tmp_path):
    _save(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(EncoderError, match=r"cannot be loaded|missing"):
        Wav2Vec2Encoder.from_weights(tmp_path)


def test_another_family_or_frame_rate_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(EncoderError, match="'bert'; expected one of wav2vec2, hubert, wavlm"):
        Wav2Vec2Encoder.from_weights(tmp_path)
    with pytest.raises(EncoderError, match="one feature per 160 samples"):
        Wav2Vec2Encoder.from_architecture({**SMALL, "conv_stride": [5, 2, 2, 2, 2, 2, 1]})
