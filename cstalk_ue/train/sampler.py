"""Which windows go into which step: a shuffled stream, the same for any number of workers and processes.

Every epoch is a permutation made from (seed, epoch); the epochs follow one another without a break, and
step n takes the n-th batch from that stream. So a step's windows depend on nothing but seed, batch size and
step: a resumed run, another number of data workers, another micro-batch and another number of processes all
see the same windows in the same step. Knows nothing about windows but how many there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

Draw = tuple[int, int]
"""(epoch, number of the window)"""


@dataclass(frozen=True)
class WindowSampler:
    """The stream of windows.

    Attributes:
        windows: how many there are.
        batch: windows per step, over all processes.
        seed: another seed, another order.
        processes, process: how many share a batch, and which of them this is. `batch` must be divisible.
        micro_batch: most windows to hand over at once, per process; 0 is all of a process's share.
    """

    windows: int
    batch: int
    seed: int
    processes: int = 1
    process: int = 0
    micro_batch: int = 0

    def __post_init__(self) -> None:
        if self.windows < 1 or self.batch < 1 or self.batch % self.processes:
            raise ValueError(
                f"{self.windows} windows in batches of {self.batch} over {self.processes} processes; "
                f"expected "
                "at least one window and a batch that divides evenly."
            )

    @property
    def share(self) -> int:
        """Windows per step and process."""
        return self.batch // self.processes

    def step(self, step: int) -> list[Draw]:
        """This process's windows of a step, counted from 0."""
        first = step * self.batch + self.process * self.share
        places = np.arange(first, first + self.share)
        draws: list[Draw] = []
        for epoch in range(places[0] // self.windows, places[-1] // self.windows + 1):
            inside = places[places // self.windows == epoch] % self.windows
            draws += [(epoch, number) for number in self._order(epoch)[inside].tolist()]
        return draws

    def micro_batches(self, first_step: int) -> Iterator[list[Draw]]:
        """What to hand over from a step on, without end; a step is `micro_batches_per_step` of them."""
        size = self.micro_batch or self.share
        step = first_step
        while True:
            draws = self.step(step)
            yield from (draws[begin : begin + size] for begin in range(0, len(draws), size))
            step += 1

    @property
    def micro_batches_per_step(self) -> int:
        """How many pieces a process's share of a step comes in."""
        return -(-self.share // (self.micro_batch or self.share))

    def state(self, step: int) -> dict[str, int]:
        """Where the stream is before a step: epoch and position in it."""
        epoch, position = divmod(step * self.batch, self.windows)
        return {"epoch": epoch, "position": position}

    def _order(self, epoch: int) -> np.ndarray:
        known: dict[int, np.ndarray] = self.__dict__.setdefault("_orders", {})
        if epoch not in known:
            for old in [each for each in known if each < epoch - 1]:
                del known[old]
            known[epoch] = np.random.default_rng([self.seed, epoch, 29]).permutation(self.windows)
        return known[epoch]
