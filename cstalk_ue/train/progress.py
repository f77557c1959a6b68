"""How far a run is: what changes from step to step beside tensors, what is told of it, and how it ended.

Plain numbers that JSON can hold, so that a resumed run has the same ones to the bit. Knows nothing about
networks.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class LoopResult:
    """How a run ended; the module holds the weights that are its result.

    Attributes:
        step: the last step done.
        stopped: "finished", "early" or "limit" (of steps in this call).
        best_step: step of the weights that are the result.
        held_out: their figures on the validation windows.
        losses: the training losses of the last row of the log.
        seconds: in the loop, over all calls.
        windows_per_second: trained, in this call, validation left out.
        peak_memory_bytes: of this process.
    """

    step: int
    stopped: str
    best_step: int
    held_out: Mapping[str, float]
    losses: Mapping[str, float]
    seconds: float
    windows_per_second: float
    peak_memory_bytes: int


@dataclass
class Progress:
    """Where a run is.

    Attributes:
        step: steps done.
        sums, summed: of losses since the last row of the log, and how many steps they are of.
        losses: their means in the last row.
        best_loss, best_step: of the best validation so far.
        held_out: figures of the weights that would be the result.
        without_gain: validations since the best one.
        seconds: in the loop.
    """

    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    summed: int = 0
    losses: dict[str, float] = field(default_factory=dict)
    best_loss: float = math.inf
    best_step: int = 0
    held_out: dict[str, float] = field(default_factory=dict)
    without_gain: int = 0
    seconds: float = 0.0

    def add_losses(self, losses: Mapping[str, float]) -> None:
        """Take in the losses of a step."""
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in losses.items()}
        self.summed += 1

    def mean_losses(self) -> dict[str, float]:
        """Means since the last row."""
        return {name: value / self.summed for name, value in self.sums.items()}

    def take_losses(self) -> dict[str, float]:
        """Means since the last row; the next row starts here."""
        self.losses, self.sums, self.summed = self.mean_losses(), {}, 0
        return self.losses

    def judge(self, figures: dict[str, float], *, keep: str) -> bool:
        """Take in a validation; tells whether its loss is the best so far."""
        better = figures["loss"] < self.best_loss
        if better:
            self.best_loss, self.best_step, self.without_gain = figures["loss"], self.step, 0
        else:
            self.without_gain += 1
        if better or keep == "last":
            self.held_out = dict(figures)
        return better

    def text(self, figures: Mapping[str, float]) -> str:
        """Losses since the last row, and held-out figures if there are any."""
        shown = "  ".join(f"{name} {value:.4f}" for name, value in self.mean_losses().items())
        if not figures:
            return shown
        return f"{shown}  held out: " + "  ".join(f"{name} {value:.4f}" for name, value in figures.items())

    def to_values(self) -> dict[str, Any]:
        """As JSON can hold it; `from_values` reads it back."""
        return {**vars(self), "best_loss": None if math.isinf(self.best_loss) else self.best_loss}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "Progress":
        """The reverse of `to_values`."""
        best_loss = math.inf if values["best_loss"] is None else values["best_loss"]
        return cls(**{**values, "best_loss": best_loss})


def duration_text(seconds: float) -> str:
    """Seconds, minutes or hours, whichever is read easily."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
