"""Correlation modules on disk, tag `cstalk-correlation/1`: a folder with model.safetensors and config.json.

A module is worth nothing without the controls it was trained on and the mean and deviation that scaled them,
so they lie in the same files. Weights are float32: L_C and the figures are to be the same after loading, to
the bit. Loading is strict, and no pickle is ever read (see weights_folder.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cstalk_ue.config import CorrelationConfig
from cstalk_ue.errors import CheckpointError, ConfigError
from cstalk_ue.model.checkpoint_info import (
    CONFIG_FILE,
    CORRELATION_FORMAT,
    controls_of,
    read_description,
    typed_at,
)

if TYPE_CHECKING:
    from torch import Tensor

    from cstalk_ue.model.correlation import CorrelationModule

_STATISTICS = ("mean", "std")


@dataclass(frozen=True)
class CorrelationInfo:
    """What config.json says; read without torch.

    Attributes:
        path: the folder.
        name: short name of the module.
        sha256: hex digest of model.safetensors.
        config: the settings it was built from.
        controls: names of the rigs, in the order of its tokens.
        data_set: digest of the data set it was trained on; "" if unknown.
        training: summary of the training run, free form.
    """

    path: Path
    name: str
    sha256: str
    config: CorrelationConfig
    controls: tuple[str, ...]
    data_set: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model_id(self) -> str:
        """Name and the first 12 digits of the weights' digest."""
        return f"{self.name}-{self.sha256[:12]}"


@dataclass(frozen=True)
class CorrelationCheckpoint:
    """A loaded module: float32, evaluation mode, frozen, on the CPU; mean and std (R,) scaled its curves."""

    module: "CorrelationModule"
    info: CorrelationInfo
    mean: "Tensor"
    std: "Tensor"

    @property
    def config(self) -> CorrelationConfig:
        """The settings it was built from."""
        return self.info.config

    @property
    def controls(self) -> tuple[str, ...]:
        """Names of the rigs, in the order of its tokens."""
        return self.info.controls


def save_correlation(
    folder: Path,
    module: "CorrelationModule",
    *,
    config: CorrelationConfig,
    controls: Sequence[str],
    mean: "np.ndarray | Tensor",
    std: "np.ndarray | Tensor",
    training: Mapping[str, Any],
    data_set: str = "",
    name: str = "",
) -> CorrelationInfo:
    """Write a folder; an older module in it is replaced.

    Args:
        controls: names of the module's rigs, in order.
        mean, std: (R,) that normalised the curves it was trained on.
        training: summary of the run; anything JSON can hold.
        data_set: digest of the data set.
        name: name of the module; the folder's name if empty.

    Raises:
        CheckpointError: controls or statistics do not fit the module, or a weight is not finite.
        ExportError: the folder cannot be written.
    """
    import torch

    from cstalk_ue.model.weights_folder import storable_tensors, write_weights_folder

    rigs = module.controls
    statistics = [torch.as_tensor(value).detach().to("cpu", torch.float32).clone() for value in (mean, std)]
    if len(set(controls)) != rigs or len(controls) != rigs or any(s.shape != (rigs,) for s in statistics):
        raise CheckpointError(
            f"{folder}: {len(set(controls))} different control names, means {tuple(statistics[0].shape)} and "
            f"deviations {tuple(statistics[1].shape)} for a module of {rigs} rigs; expected one each per rig."
        )
    tensors = storable_tensors(module, torch.float32, folder) | dict(
        zip(_STATISTICS, statistics, strict=True)
    )
    description = {
        "format": CORRELATION_FORMAT,
        "name": name or folder.resolve().name,
        "config": config.to_mapping(),
        "controls": list(controls),
        "data_set": data_set,
        "training": dict(training),
    }
    write_weights_folder(folder, tensors, description, dtype=torch.float32)
    return read_correlation_info(folder)


def read_correlation_info(path: Path | str) -> CorrelationInfo:
    """Read and check config.json of a correlation module; the weights are not opened.

    Raises:
        CheckpointError: missing, of another format, or malformed.
    """
    folder = Path(path)
    data, source = read_description(folder, CORRELATION_FORMAT), folder / CONFIG_FILE
    controls = controls_of(data, source)
    try:
        config = CorrelationConfig.from_mapping(typed_at(data, "config", dict, source), source=str(source))
    except ConfigError as error:
        raise CheckpointError(str(error)) from error
    return CorrelationInfo(
        path=folder,
        name=typed_at(data, "name", str, source),
        sha256=typed_at(typed_at(data, "weights", dict, source), "sha256", str, source),
        config=config,
        controls=controls,
        data_set=typed_at(data, "data_set", str, source),
        training=typed_at(data, "training", dict, source),
    )


def load_correlation(path: Path | str, *, controls: Sequence[str] | None = None) -> CorrelationCheckpoint:
    """Read a folder and build its module: float32, evaluation mode, nothing to train, on the CPU.

    Args:
        controls: names it must have, in this order, such as those of the generator it is to supervise.

    Raises:
        CheckpointError: missing, of another format, damaged, not fitting its own config, or other controls.
    """
    from cstalk_ue.model.builder import build_correlation
    from cstalk_ue.model.weights_folder import check_tensors, read_weights

    info = read_correlation_info(path)
    if controls is not None:
        _check_controls(info, tuple(controls))
    tensors = read_weights(info.path, info.sha256)
    module = build_correlation(info.config, len(info.controls))
    expected = module.state_dict()
    expected |= {name: module.input.weight.new_zeros(len(info.controls)) for name in _STATISTICS}
    check_tensors(tensors, expected, info.path)
    mean, std = (tensors.pop(name) for name in _STATISTICS)
    module.load_state_dict(tensors)
    return CorrelationCheckpoint(module.eval().requires_grad_(False), info, mean, std)


def _check_controls(info: CorrelationInfo, wanted: tuple[str, ...]) -> None:
    if info.controls == wanted:
        return
    only_here = [name for name in info.controls if name not in set(wanted)]
    only_there = [name for name in wanted if name not in set(info.controls)]
    parts = [
        f"{len(names)} {label} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
        for names, label in ((only_here, "that are not asked for"), (only_there, "are asked for but missing"))
        if names
    ]
    raise CheckpointError(
        f"{info.path}: its {len(info.controls)} controls are not the {len(wanted)} asked for: "
        f"{' and '.join(parts) or 'the same names in another order'}. Train it on the same data set."
    )
