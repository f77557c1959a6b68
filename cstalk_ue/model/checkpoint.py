"""Checkpoints, tag `cstalk-checkpoint/1`: a folder with model.safetensors and config.json.

The weights file holds every tensor of a TalkingFace, the speech encoder's and the normalisation included, so
that prediction needs nothing else. config.json holds the settings, the ordered control names, the emotions,
where the training data came from, the licences, and the SHA-256 of the weights (see checkpoint_info.py).
Loading is strict. No pickle is ever read: other files in the folder are ignored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cstalk_ue.config import ModelConfig
from cstalk_ue.errors import CheckpointError, EncoderError
from cstalk_ue.model.checkpoint_info import (
    CHECKPOINT_FORMAT,
    CONFIG_FILE,
    CheckpointInfo,
    read_checkpoint_info,
)

if TYPE_CHECKING:
    import torch

    from cstalk_ue.model.talking_face import TalkingFace


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

    from cstalk_ue.model.weights_folder import storable_tensors, write_weights_folder

    dtype = torch.float16 if dtype is None else dtype
    if len(controls) != model.generator.controls or len(set(controls)) != len(controls):
        raise CheckpointError(
            f"{folder}: {len(set(controls))} different control names for a model with "
            f"{model.generator.controls} outputs; expected one name per output."
        )
    tensors = storable_tensors(model, dtype, folder)
    description: dict[str, Any] = {
        "format": CHECKPOINT_FORMAT,
        "name": name or folder.resolve().name,
        "config": _shareable(config),
        "encoder_architecture": model.speech_encoder.architecture(),
        "controls": list(controls),
        "data_set": data_set,
        "training": dict(training),
        "licences": list(licences),
    }
    write_weights_folder(folder, tensors, description, dtype=dtype)
    return read_checkpoint_info(folder)


def load_checkpoint(path: Path | str) -> Checkpoint:
    """Read a checkpoint folder and build its model: float32, evaluation mode, on the CPU.

    Raises:
        CheckpointError: missing, of an unknown format, damaged, or not fitting its own config.
    """
    from cstalk_ue.model.builder import build_talking_face
    from cstalk_ue.model.weights_folder import check_tensors, read_weights

    info = read_checkpoint_info(path)
    tensors = read_weights(info.path, info.sha256)
    try:
        model = build_talking_face(
            info.config, len(info.controls), encoder_architecture=info.encoder_architecture
        )
    except (EncoderError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{info.path / CONFIG_FILE}: its model cannot be built ({error}).") from error
    check_tensors(tensors, model.state_dict(), info.path)
    model.load_state_dict(tensors)  # copies into the model's float32 tensors
    return Checkpoint(model.eval(), info)


def _shareable(config: ModelConfig) -> dict[str, Any]:
    """The settings, with a local path to the initial weights cut down to its last part."""
    mapping = config.to_mapping()
    weights = mapping["encoder"]["weights"]
    if weights and Path(weights).expanduser().exists():
        mapping["encoder"]["weights"] = Path(weights).name
    return mapping
