"""Figures of a module over windows that it does not learn from, summed over all processes.

Knows nothing about what the figures mean.
"""

from typing import Any

import torch
from torch import Tensor, nn

from cstalk_ue.train.loader import WindowData
from cstalk_ue.train.machine import autocast
from cstalk_ue.train.settings import MachineSettings


@torch.no_grad()
def measure(
    module: nn.Module, data: WindowData, accelerator: Any, machine: MachineSettings, *, batch: int
) -> dict[str, float]:
    """Mean over all windows of everything a module says of its batches, in evaluation mode.

    Args:
        batch: windows at once over all processes, if the machine's settings name no micro-batch.
    """
    module.eval()
    processes, process = accelerator.num_processes, accelerator.process_index
    size = machine.micro_batch or max(1, batch // processes)
    pieces = [range(first, min(first + size, len(data))) for first in range(0, len(data), size)]
    totals: dict[str, Tensor] = {}
    # Every process needs the same names for the sum, so one without a piece of its own measures an earlier
    # one with weight 0.
    for index in range(process, max(len(pieces), processes), processes):
        piece = pieces[index % len(pieces)]
        weight = len(piece) if index < len(pieces) else 0
        drawn = data.draw([(0, number) for number in piece]).to(accelerator.device)
        with autocast(accelerator, machine):
            losses = module(drawn)
        for name, value in losses.items():
            totals[name] = totals.get(name, 0.0) + value.detach().double() * weight
    summed = accelerator.reduce(torch.stack(list(totals.values())), reduction="sum").tolist()
    return {name: value / len(data) for name, value in zip(totals, summed, strict=True)}
