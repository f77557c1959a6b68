"""AdamW with its settings, its rate over the steps, its state as named tensors, and averaged weights.

Knows nothing about what is trained.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from cstalk_ue.train.settings import LoopSettings

_SMALLEST_RATE = 0.01
"""Where the cosine ends, as a share of the rate."""
_BETAS = (0.9, 0.98)


def build_optimiser(module: nn.Module, settings: LoopSettings) -> torch.optim.AdamW:
    """AdamW over the trained parameters; weight decay on matrices and kernels, none on biases and gains."""
    trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=settings.learning_rate, betas=_BETAS
    )


def learning_rate(step: int, settings: LoopSettings) -> float:
    """The rate of a step, counted from 1: linear warm-up, then cosine or constant."""
    if step <= settings.warmup_steps:
        return settings.learning_rate * step / settings.warmup_steps
    if settings.schedule == "constant":
        return settings.learning_rate
    progress = (step - settings.warmup_steps) / max(1, settings.steps - settings.warmup_steps)
    wave = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return settings.learning_rate * (_SMALLEST_RATE + (1 - _SMALLEST_RATE) * wave)


def optimiser_tensors(optimiser: torch.optim.Optimizer, module: nn.Module) -> dict[str, Tensor]:
    """The optimiser's sums as ``exp_avg/generator.output.weight`` and the like."""
    names: dict[Any, str] = {parameter: name for name, parameter in module.named_parameters()}
    return {
        f"{key}/{names[parameter]}": value
        for parameter, sums in optimiser.state.items()
        for key, value in sums.items()
        if isinstance(value, Tensor)
    }


def set_optimiser_tensors(
    optimiser: torch.optim.Optimizer, module: nn.Module, tensors: Mapping[str, Tensor]
) -> None:
    """The reverse of `optimiser_tensors`."""
    parameters = dict(module.named_parameters())
    for name, value in tensors.items():
        key, _, parameter = name.partition("/")
        owner = parameters[parameter]
        # The step counter stays on the CPU, as AdamW makes it.
        optimiser.state[owner][key] = value.clone() if value.ndim == 0 else value.to(owner.device).clone()


def trained_tensors(module: nn.Module) -> dict[str, Tensor]:
    """What training changes: trained parameters and stored buffers. The module's own tensors, not copies."""
    fixed = {name for name, parameter in module.named_parameters() if not parameter.requires_grad}
    return {name: value.detach() for name, value in module.state_dict().items() if name not in fixed}


class AveragedWeights:
    """Exponential moving average of what training changes; with decay 0 it is the module's own weights.

    Early steps count more: the decay rises from 2/11 to its setting, as the average would otherwise remember
    the random start.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module, self.decay = module, decay
        self.tensors = (
            {name: value.clone() for name, value in trained_tensors(module).items()} if decay else {}
        )

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after a step, counted from 1."""
        if not self.decay:
            return
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in trained_tensors(self.module).items():
            if value.is_floating_point():
                self.tensors[name].lerp_(value, 1 - decay)
            else:
                self.tensors[name].copy_(value)

    def current(self) -> dict[str, Tensor]:
        """The weights that would be the result now; copies."""
        source = self.tensors if self.decay else trained_tensors(self.module)
        return {name: value.clone() for name, value in source.items()}


@torch.no_grad()
def set_trained_tensors(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Copy values into what training changes."""
    for name, value in trained_tensors(module).items():
        value.copy_(tensors[name])
