"""A folder with model.safetensors and config.json, written and read whole: what our checkpoints share.

Strict: the digest in config.json must be that of the weights, and the tensors must be the module's, by name
and shape. No pickle. Knows nothing about what the description says (see checkpoint.py and
correlation_checkpoint.py).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cstalk_ue.errors import CheckpointError
from cstalk_ue.model.checkpoint_info import CONFIG_FILE, WEIGHTS_FILE
from cstalk_ue.storage import sha256_file, whole_file

_NAMES_SHOWN = 5


def write_weights_folder(
    folder: Path, tensors: Mapping[str, Tensor], description: Mapping[str, Any], *, dtype: torch.dtype
) -> None:
    """Write both files; older ones in the folder are replaced.

    Args:
        description: contents of config.json with its tag as "format"; "weights" is added.
        dtype: what the description calls the number format of the trained weights.

    Raises:
        ExportError: the folder cannot be written.
    """
    from safetensors.torch import save_file

    weights = {"file": WEIGHTS_FILE, "dtype": str(dtype).removeprefix("torch."), "sha256": ""}
    described = {"format": description["format"], "name": description["name"], "weights": weights}
    described |= description
    # Both files are complete before either is moved; if only one arrives, the digest gives it away.
    with whole_file(folder / WEIGHTS_FILE) as weights_path, whole_file(folder / CONFIG_FILE) as config_path:
        save_file(dict(tensors), weights_path, metadata={"format": str(description["format"])})
        weights["sha256"] = sha256_file(weights_path)
        text = json.dumps(described, indent=2, ensure_ascii=False, allow_nan=False)
        config_path.write_text(text + "\n", encoding="utf-8")


def read_weights(folder: Path, sha256: str) -> dict[str, Tensor]:
    """The tensors of a folder, whose weights must have this digest.

    Raises:
        CheckpointError: damaged, or not the weights that were described.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder / WEIGHTS_FILE
    found = sha256_file(path)
    if found != sha256:
        raise CheckpointError(
            f"{path}: damaged, or not the weights that {CONFIG_FILE} describes (digest {found[:12]}, "
            f"expected {sha256[:12]}). Copy both files of the checkpoint again."
        )
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: not a readable safetensors file ({error}).") from error


def storable_tensors(module: nn.Module, dtype: torch.dtype, folder: Path) -> dict[str, Tensor]:
    """A module's tensors on the CPU, trained ones in `dtype`; buffers, such as statistics, keep theirs.

    Raises:
        CheckpointError: a value is not finite, or not in that format.
    """
    parameters = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    tensors = {}
    for name, value in module.state_dict().items():
        stored = value.detach().to("cpu", dtype if name in parameters else value.dtype)
        if stored.is_floating_point() and not bool(torch.isfinite(stored).all()):
            raise CheckpointError(
                f"{folder}: {name} is not finite in {stored.dtype}. If training diverged, take an earlier "
                "checkpoint; if not, save with dtype float32."
            )
        tensors[name] = stored.contiguous().clone()
    return tensors


def check_tensors(tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor], folder: Path) -> None:
    """Raise a CheckpointError that lists the names and shapes in which these are not the expected tensors."""
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
        raise CheckpointError(
            f"{folder / WEIGHTS_FILE}: the tensors do not fit {CONFIG_FILE}: {'; '.join(faults)}."
        )


def _shorten(names: list[str]) -> str:
    rest = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
