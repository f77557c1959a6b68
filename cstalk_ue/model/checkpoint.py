"""Checkpoints, tag `cstalk-checkpoint/1`: a folder with model.safetensors and config.json.

The weights file holds every tensor of a TalkingFace, the speech encoder's and the normalisation included, so
that prediction needs nothing else. config.json holds the settings, the ordered control names, the emotions,
where the training data came from, the licences, and the SHA-256 of the weights (see checkpoint_info.py).
Loading is strict. No pickle is ever read: other files in the folder are ignored.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cstalk_ue.config import ModelConfig
from cstalk_ue.errors import CheckpointError, EncoderError
from cstalk_ue.model.checkpoint_info import (
    CHECKPOINT_FORMAT,
    CONFIG_FILE,
    WEIGHTS_FILE,
    CheckpointInfo,
    read_checkpoint_info,
)
from cstalk_ue.storage import sha256_file, whole_file

if TYPE_CHECKING:
    import torch

    from cstalk_ue.model.talking_face import TalkingFace

_NAMES_SHOWN = 5


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model: float32, in evaluation mode, on the CPU."""

    model: "TalkingFace"
    info: CheckpointInfo

    @property
    def config(self) -> ModelConfig:
        """The settings it was built from."""
        return self.info.config

    @property
    def controls(self) -> tuple[str, ...]:
        """Names of the curves, in the order of the network's output."""
        return self.info.controls

    @property
    def emotions(self) -> tuple[str, ...]:
        """Emotion classes, in the order of the emotion weights."""
        return self.info.emotions

    @property
    def model_id(self) -> str:
        """Name and the first 12 digits of the weights' digest."""
        return self.info.model_id

    @property
    def sha256(self) -> str:
        """Hex digest of the weights file."""
        return self.info.sha256


def save_checkpoint(
    folder: Path,
    model: "TalkingFace",
    *,
    config: ModelConfig,
    controls: Sequence[str],
    training: Mapping[str, Any],
    data_set: str = "",
    licences: Sequence[str] = (),
    name: str = "",
    dtype: "torch.dtype | None" = None,
) -> CheckpointInfo:
    """Write a checkpoint folder; an older checkpoint in it is replaced.

    Args:
        controls: names of the network's outputs, in order.
        training: summary of the run; anything JSON can hold.
        data_set: digest of the data set.
        name: name of the model; the folder's name if empty.
        dtype: number format of the trained weights, float16 if not given. Buffers keep theirs.

    Raises:
        CheckpointError: the controls do not fit the model, or a weight does not fit `dtype`.
        ExportError: the folder cannot be written.
    """
    import torch
    from safetensors.torch import save_file

    dtype = torch.float16 if dtype is None else dtype
    if len(controls) != model.generator.controls or len(set(controls)) != len(controls):
        raise CheckpointError(
            f"{folder}: {len(set(controls))} different control names for a model with "
            f"{model.generator.controls} outputs; expected one name per output."
        )
    tensors = _storable_tensors(model, dtype, folder)
    description: dict[str, Any] = {
        "format": CHECKPOINT_FORMAT,
        "name": name or folder.resolve().name,
        "weights": {"file": WEIGHTS_FILE, "dtype": str(dtype).removeprefix("torch."), "sha256": ""},
        "config": _shareable(config),
        "encoder_architecture": model.speech_encoder.architecture(),
        "controls": list(controls),
        "data_set": data_set,
        "training": dict(training),
        "licences": list(licences),
    }
    # Both files are complete before either is moved; if only one arrives, the digest gives it away.
    with whole_file(folder / WEIGHTS_FILE) as weights_path, whole_file(folder / CONFIG_FILE) as config_path:
        save_file(tensors, weights_path, metadata={"format": CHECKPOINT_FORMAT})
        description["weights"]["sha256"] = sha256_file(weights_path)
        text = json.dumps(description, indent=2, ensure_ascii=False, allow_nan=False)
        config_path.write_text(text + "\n", encoding="utf-8")
    return read_checkpoint_info(folder)


def load_checkpoint(path: Path | str) -> Checkpoint:
    """Read a checkpoint folder and build its model: float32, evaluation mode, on the CPU.

    Raises:
        CheckpointError: missing, of an unknown format, damaged, or not fitting its own config.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from cstalk_ue.model.builder import build_talking_face

    info = read_checkpoint_info(path)
    weights_path = info.path / WEIGHTS_FILE
    found = sha256_file(weights_path)
    if found != info.sha256:
        raise CheckpointError(
            f"{weights_path}: damaged, or not the weights that {CONFIG_FILE} describes (digest {found[:12]}, "
            f"expected {info.sha256[:12]}). Copy both files of the checkpoint again."
        )
    try:
        tensors = load_file(weights_path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{weights_path}: not a readable safetensors file ({error}).") from error
    try:
        model = build_talking_face(
            info.config, len(info.controls), encoder_architecture=info.encoder_architecture
        )
    except (EncoderError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{info.path / CONFIG_FILE}: its model cannot be built ({error}).") from error
    _check_tensors(tensors, model, weights_path)
    model.load_state_dict(tensors)  # copies into the model's float32 tensors
    return Checkpoint(model.eval(), info)


def _storable_tensors(model: "TalkingFace", dtype: "torch.dtype", folder: Path) -> "dict[str, torch.Tensor]":
    """The model's tensors on the CPU, trained ones in `dtype`; buffers, such as statistics, keep theirs."""
    import torch

    parameters = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    tensors = {}
    for name, value in model.state_dict().items():
        stored = value.detach().to("cpu", dtype if name in parameters else value.dtype)
        if stored.is_floating_point() and not bool(torch.isfinite(stored).all()):
            raise CheckpointError(
                f"{folder}: {name} is not finite in {stored.dtype}. If training diverged, take an earlier "
                "checkpoint; if not, save with dtype float32."
            )
        tensors[name] = stored.contiguous().clone()
    return tensors


def _shareable(config: ModelConfig) -> dict[str, Any]:
    """The settings, with a local path to the initial weights cut down to its last part."""
    mapping = config.to_mapping()
    weights = mapping["encoder"]["weights"]
    if weights and Path(weights).expanduser().exists():
        mapping["encoder"]["weights"] = Path(weights).name
    return mapping


def _check_tensors(tensors: "Mapping[str, torch.Tensor]", model: "TalkingFace", path: Path) -> None:
    expected = model.state_dict()
    faults = []
    for label, names in (
        ("missing", expected.keys() - tensors.keys()),
        ("not in the model", tensors.keys() - expected.keys()),
    ):
        if names:
            faults.append(f"{len(names)} {label}: {_shorten(sorted(names))}")
    shapes = [
        f"{name} {tuple(tensors[name].shape)}, expected {tuple(expected[name].shape)}"
        for name in expected.keys() & tensors.keys()
        if tensors[name].shape != expected[name].shape
    ]
    if shapes:
        faults.append(f"{len(shapes)} of another shape: {_shorten(sorted(shapes))}")
    if faults:
        raise CheckpointError(f"{path}: the tensors do not fit {CONFIG_FILE}: {'; '.join(faults)}.")


def _shorten(names: list[str]) -> str:
    rest = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
