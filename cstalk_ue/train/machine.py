"""Device and processes of a run, through `accelerate`: one CPU, one GPU, or several under its launcher.

accelerate gives the process group, the device, DistributedDataParallel and the sums over processes; which
windows a process takes is ours (sampler.py), and so is bf16, because accelerate fixes the number format for a
whole process while one process may train several models. accelerate is imported when a run starts.
"""

import contextlib
import sys
from datetime import timedelta
from typing import Any

import torch

from cstalk_ue.errors import TrainingError
from cstalk_ue.train.settings import MachineSettings

_WAIT = timedelta(hours=6)
"""The others wait that long for the process that makes the feature cache."""


def start_machine(settings: MachineSettings) -> Any:
    """The `accelerate.Accelerator` of a run.

    Raises:
        TrainingError: a GPU is asked for and there is none, or bf16 where the device has none.
    """
    from accelerate import Accelerator, InitProcessGroupKwargs
    from accelerate.state import AcceleratorState, PartialState

    cuda = torch.cuda.is_available()
    if settings.device == "cuda" and not cuda:
        raise TrainingError(
            "machine.device is cuda, but this PyTorch sees no GPU. Install a PyTorch with CUDA, or give "
            "machine.device=cpu."
        )
    # accelerate remembers its first device for ever; another run in this process may want another one.
    if PartialState._shared_state and PartialState().num_processes == 1:
        AcceleratorState._reset_state(reset_partial_state=True)
    accelerator = Accelerator(
        cpu=settings.device == "cpu" or not cuda,
        kwargs_handlers=[InitProcessGroupKwargs(timeout=_WAIT)],
    )
    if (
        settings.precision == "bf16"
        and accelerator.device.type == "cuda"
        and not torch.cuda.is_bf16_supported()
    ):
        raise TrainingError("machine.precision is bf16, which this GPU cannot do. Give float32.")
    return accelerator


def autocast(accelerator: Any, settings: MachineSettings) -> contextlib.AbstractContextManager[Any]:
    """bf16 inside the block if the settings say so."""
    if settings.precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast(accelerator.device.type, dtype=torch.bfloat16)


def worker_count(accelerator: Any, settings: MachineSettings) -> int:
    """Processes that prepare windows, for each training process."""
    if settings.workers >= 0:
        return settings.workers
    if accelerator.device.type == "cpu":
        return 0  # they would take the cores that compute
    cores = len(_cores()) // max(1, accelerator.num_processes)
    return min(4, max(0, cores - 1))


def peak_memory_bytes(device: torch.device) -> int:
    """Most memory this process has used: on the GPU if it trains there, else resident; 0 if unknown."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    try:
        import resource
    except ImportError:  # Windows
        return 0
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(kilobytes) if sys.platform == "darwin" else int(kilobytes) * 1024


def describe_machine(accelerator: Any, settings: MachineSettings) -> str:
    """Device, processes and number format in a few words."""
    device = accelerator.device
    name = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"CPU, {torch.get_num_threads()} threads"
    )
    return f"{accelerator.num_processes} x {name}, {settings.precision}"


def _cores() -> range:
    import os

    return range(os.cpu_count() or 1)
