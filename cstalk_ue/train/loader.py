"""The batches of a run, in the sampler's order, made ahead by worker processes if there are any.

Knows nothing about what a batch holds but how many windows.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import torch

from cstalk_ue.train.sampler import Draw, WindowSampler


class WindowData(Protocol):
    """Windows to learn from or to measure on."""

    def __len__(self) -> int: ...

    def draw(self, draws: Sequence[Draw]) -> Any:
        """A batch, with `mask` (B, T) and a method `to(device)`."""


def load_batches(
    data: WindowData, sampler: WindowSampler, first_step: int, *, workers: int, pinned: bool
) -> Iterator[tuple[Any, int]]:
    """The micro-batches of a process from a step on, each with its number of windows, without end."""
    loader = torch.utils.data.DataLoader(
        _Drawn(data),
        batch_sampler=_Ordered(sampler, first_step),
        num_workers=workers,
        collate_fn=_as_drawn,
        pin_memory=pinned,
        generator=torch.Generator(),  # or making an iterator would draw from the global one
    )
    return ((batch, len(batch.mask)) for batch in loader)


class _Drawn(torch.utils.data.Dataset[Any]):
    """`WindowData` as torch's DataLoader wants it: a whole list of draws at once."""

    def __init__(self, data: WindowData) -> None:
        self.data = data

    def __getitems__(self, draws: list[Draw]) -> Any:
        return self.data.draw(draws)


class _Ordered:
    """The micro-batches from a step on, as a batch sampler."""

    def __init__(self, sampler: WindowSampler, first_step: int) -> None:
        self.sampler, self.first_step = sampler, first_step

    def __iter__(self) -> Iterator[list[Draw]]:
        return self.sampler.micro_batches(self.first_step)


def _as_drawn(batch: Any) -> Any:
    return batch
