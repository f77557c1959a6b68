"""The state of a run on disk, tag `cstalk-run/1`: enough to go on as if it had never stopped.

    RUN/state/step-00001500/
        tensors.safetensors   weights, averages, best weights, the optimiser's sums, each under its prefix
        random-0.safetensors  random number generators of process 0, and so on
        state.json            step, running sums, what the run is of, digests of the others

A state is written into a folder of another name and renamed when it is whole; the last two are kept. No
pickle: the optimiser's state is flattened to named tensors. Only torch's generators are kept, because
nothing in training draws from Python's or numpy's global ones: windows and random curves depend on seed and
step alone.
"""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cstalk_ue.errors import TrainingError
from cstalk_ue.storage import sha256_file

STATE_FORMAT = "cstalk-run/1"
STATE_FOLDER = "state"
KEPT = 2
_TENSORS, _STATE = "tensors.safetensors", "state.json"
_NAME = re.compile(r"step-(\d{8})")


@dataclass(frozen=True)
class RunState:
    """What a run is made of between two steps.

    Attributes:
        step: steps done.
        tensors: groups such as "model" and "optimiser", each a mapping of named tensors.
        values: everything else, as JSON can hold it.
        random: generators of this process; empty if there were other processes then.
    """

    step: int
    tensors: Mapping[str, Mapping[str, Tensor]]
    values: Mapping[str, Any]
    random: Mapping[str, Tensor] = field(default_factory=dict)


def random_state(device: torch.device) -> dict[str, Tensor]:
    """torch's generators of this process."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def set_random_state(states: Mapping[str, Tensor], device: torch.device) -> None:
    """The reverse of `random_state`; a generator that is not in `states` stays as it is."""
    if "cpu" in states:
        torch.set_rng_state(states["cpu"])
    if "cuda" in states and device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)


def save_state(folder: Path, state: RunState, accelerator: Any) -> None:
    """Write a state below ``folder/state``; every process calls this.

    Raises:
        TrainingError: the folder cannot be written.
    """
    from safetensors.torch import save_file

    final = folder / STATE_FOLDER / f"step-{state.step:08d}"
    partial = final.with_name(f".{final.name}.part")
    try:
        if accelerator.is_main_process:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
        accelerator.wait_for_everyone()
        save_file(dict(state.random), partial / _random_file(accelerator.process_index))
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            flat = {
                f"{group}/{name}": value.detach().to("cpu").contiguous().clone()
                for group, tensors in state.tensors.items()
                for name, value in tensors.items()
            }
            save_file(flat, partial / _TENSORS, metadata={"format": STATE_FORMAT})
            digests = {file.name: sha256_file(file) for file in sorted(partial.iterdir())}
            data = {
                "format": STATE_FORMAT,
                "step": state.step,
                "sha256": digests,
                "values": dict(state.values),
            }
            text = json.dumps(data, indent=2, ensure_ascii=False)
            (partial / _STATE).write_text(text + "\n", encoding="utf-8")
            shutil.rmtree(final, ignore_errors=True)
            partial.rename(final)
            for old in _states(folder)[KEPT:]:
                shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise TrainingError(
            f"{final}: the state of the run cannot be written ({error.strerror or error}). Free some space "
            f"and go "
            "on with --resume."
        ) from error
    accelerator.wait_for_everyone()


def has_state(folder: Path) -> bool:
    """Whether a run was begun here that can go on."""
    return bool(_states(folder))


def load_state(folder: Path, process: int) -> tuple[RunState, list[str]]:
    """The newest whole state, and a remark for each newer one that is damaged.

    Raises:
        TrainingError: there is none.
    """
    remarks: list[str] = []
    for candidate in _states(folder):
        try:
            return _read(candidate, process), remarks
        except _DamagedStateError as error:
            remarks.append(f"{candidate}: is damaged ({error}); the state before it is used.")
    raise TrainingError(
        f"{folder}: holds no whole state to go on from{': ' + remarks[0] if remarks else '.'} Start it "
        f"without --resume."
    )


def last_step(folder: Path) -> int:
    """Step of the newest state; 0 without one. Not checked for damage."""
    return next((_step_of(path) for path in _states(folder)), 0)


class _DamagedStateError(Exception):
    """A state folder is not whole."""


def _read(path: Path, process: int) -> RunState:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        data = json.loads((path / _STATE).read_text(encoding="utf-8"))
        if data["format"] != STATE_FORMAT:
            raise TrainingError(f"{path}: format {data['format']!r}; this version reads {STATE_FORMAT!r}.")
        for name, digest in data["sha256"].items():
            if sha256_file(path / Path(name).name) != digest:
                raise _DamagedStateError(f"{name} is not what {_STATE} says")
        groups: dict[str, dict[str, Tensor]] = {}
        for name, value in load_file(path / _TENSORS).items():
            group, _, rest = name.partition("/")
            groups.setdefault(group, {})[rest] = value
        own = path / _random_file(process)
        random = load_file(own) if own.is_file() else {}
        return RunState(int(data["step"]), groups, dict(data["values"]), random)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise _DamagedStateError(str(error) or type(error).__name__) from error


def _states(folder: Path) -> list[Path]:
    """Newest first."""
    parent = folder / STATE_FOLDER
    if not parent.is_dir():
        return []
    return sorted((path for path in parent.iterdir() if _NAME.fullmatch(path.name)), reverse=True)


def _step_of(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    assert match is not None, "only such names are listed"
    return int(match[1])


def _random_file(process: int) -> str:
    return f"random-{process}.safetensors"
