"""config.json of a checkpoint: what a model is, without its weights and without torch.

Read strictly; the tag is `cstalk-checkpoint/1`. Knows nothing about tensors (see checkpoint.py).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from cstalk_ue.config import ModelConfig
from cstalk_ue.errors import CheckpointError, ConfigError

CHECKPOINT_FORMAT = "cstalk-checkpoint/1"
CORRELATION_FORMAT = "cstalk-correlation/1"
FORMATS = {CHECKPOINT_FORMAT: "a model that predicts curves", CORRELATION_FORMAT: "a correlation module"}
"""What a folder with weights can be, in words."""
WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"


@dataclass(frozen=True)
class CheckpointInfo:
    """What config.json says; read without torch.

    Attributes:
        path: the folder.
        name: short name of the model.
        sha256: hex digest of model.safetensors.
        dtype: number format of the stored weights, such as "float16".
        config: the settings it was built from.
        encoder_architecture: what `build_talking_face` needs to build the encoder without its own weights.
        controls: names of the curves, in the order of the network's output.
        data_set: digest of the data set it was trained on; "" if unknown.
        training: summary of the training run, free form.
        licences: notices to be passed on with the weights.
    """

    path: Path
    name: str
    sha256: str
    dtype: str
    config: ModelConfig
    encoder_architecture: Mapping[str, Any]
    controls: tuple[str, ...]
    data_set: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    licences: tuple[str, ...] = ()

    @property
    def emotions(self) -> tuple[str, ...]:
        """Emotion classes, in the order of the emotion weights."""
        return self.config.emotions

    @property
    def model_id(self) -> str:
        """Name and the first 12 digits of the weights' digest; written into every prediction."""
        return f"{self.name}-{self.sha256[:12]}"


def read_checkpoint_info(path: Path | str) -> CheckpointInfo:
    """Read and check config.json of a checkpoint folder; the weights are not opened.

    Raises:
        CheckpointError: missing, of an unknown format, or malformed.
    """
    folder = Path(path)
    return _parse_info(folder, read_description(folder, CHECKPOINT_FORMAT), folder / CONFIG_FILE)


def read_description(folder: Path, expected: str) -> Mapping[str, Any]:
    """The contents of config.json of a folder that also holds weights; what they mean is the caller's.

    Raises:
        CheckpointError: a file is missing or unreadable, or the tag is not the expected one.
    """
    config_path = folder / CONFIG_FILE
    if not folder.is_dir():
        raise CheckpointError(
            f"{folder}: no such checkpoint folder. Give a folder with {WEIGHTS_FILE} and {CONFIG_FILE}."
        )
    for file in (config_path, folder / WEIGHTS_FILE):
        if not file.is_file():
            others = sorted(
                other.name for other in folder.iterdir() if other.suffix in {".bin", ".pt", ".pth", ".ckpt"}
            )
            hint = f" {others[0]} is a pickle; pickles can run code and are never loaded." if others else ""
            raise CheckpointError(f"{folder}: {file.name} is missing, so this is not a checkpoint.{hint}")
    try:
        data = json.loads(config_path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{config_path}: not readable as JSON ({error}).") from error
    tag = data.get("format") if isinstance(data, dict) else None
    if tag in FORMATS and tag != expected:
        raise CheckpointError(f"{config_path}: {FORMATS[tag]} ({tag}); expected {FORMATS[expected]}.")
    if tag != expected:
        raise CheckpointError(f"{config_path}: format {tag!r}; this version reads {expected!r}.")
    return data


def bundled_checkpoint() -> Path:
    """The folder of the model that comes with the package."""
    return Path(str(resources.files("cstalk_ue").joinpath("assets", "bundled")))


def list_checkpoints(folders: Iterable[Path] = ()) -> list[CheckpointInfo]:
    """Checkpoints to choose from: the bundled one, then those at or below the given folders, by path.

    Folders that are no checkpoints, or unreadable ones, are left out; `read_checkpoint_info` says why.
    """
    candidates = [bundled_checkpoint()]
    for folder in folders:
        candidates += sorted(file.parent for file in folder.rglob(CONFIG_FILE))
    found = []
    for candidate in candidates:
        try:
            found.append(read_checkpoint_info(candidate))
        except CheckpointError:
            continue
    return found


def _parse_info(folder: Path, data: Mapping[str, Any], source: Path) -> CheckpointInfo:
    weights = typed_at(data, "weights", dict, source)
    controls = controls_of(data, source)
    try:
        config = ModelConfig.from_mapping(typed_at(data, "config", dict, source), source=str(source))
    except ConfigError as error:
        raise CheckpointError(str(error)) from error
    return CheckpointInfo(
        path=folder,
        name=typed_at(data, "name", str, source),
        sha256=typed_at(weights, "sha256", str, source),
        dtype=typed_at(weights, "dtype", str, source),
        config=config,
        encoder_architecture=typed_at(data, "encoder_architecture", dict, source),
        controls=controls,
        data_set=typed_at(data, "data_set", str, source),
        training=typed_at(data, "training", dict, source),
        licences=texts_at(data, "licences", source),
    )


def controls_of(data: Mapping[str, Any], source: Path) -> tuple[str, ...]:
    """The ordered control names of a description, or a CheckpointError if they are none or not different."""
    controls = texts_at(data, "controls", source)
    if not controls or len(set(controls)) != len(controls):
        raise CheckpointError(f"{source}: controls must be one or more different names.")
    return controls


def texts_at(data: Mapping[str, Any], key: str, source: Path) -> tuple[str, ...]:
    """A list of texts of a description, or a CheckpointError that says what is there instead."""
    values = typed_at(data, key, list, source)
    if not all(isinstance(value, str) for value in values):
        raise CheckpointError(f"{source}: {key} must be a list of texts.")
    return tuple(values)


def typed_at(data: Mapping[str, Any], key: str, kind: type, source: Path) -> Any:
    """A value of a description, or a CheckpointError that says what is there instead."""
    value = data.get(key)
    if not isinstance(value, kind):
        raise CheckpointError(f"{source}: {key} is {value!r}, expected a {kind.__name__}.")
    return value
