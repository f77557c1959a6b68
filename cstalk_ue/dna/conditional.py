"""Conditional tables of a DNA file: one value in, a piecewise-linear share of another out.

GUI controls become raw ones in this way, and controls become animated maps. Arithmetic is 32-bit, as in the
file, so that knots are hit exactly. Shapes: F frames.
"""

import numpy as np

from cstalk_ue.dna.data import ConditionalTable


class PiecewiseTable:
    """A table, ready to be evaluated for many frames at once.

    Attributes:
        low, high: ``(inputs,)`` the ends of all windows of an input; without rows both are 0.
    """

    def __init__(
        self, table: ConditionalTable, *, inputs: int, outputs: int, rows: int | None = None
    ) -> None:
        """Prepare the first `rows` rows of a table; None takes all."""
        used = slice(0, rows)
        self._in, self._out = table.inputs[used], table.outputs[used]
        self._start, self._end = table.starts[used, None], table.ends[used, None]
        self._slope, self._cut = table.slopes[used, None], table.cuts[used, None]
        self._outputs = outputs
        self.low, self.high = np.zeros((2, inputs), dtype=np.float32)
        if len(self._in):
            self.low[self._in], self.high[self._in] = np.inf, -np.inf
            np.minimum.at(self.low, self._in, self._start[:, 0])
            np.maximum.at(self.high, self._in, self._end[:, 0])
        new = np.ones(len(self._in), dtype=bool)
        new[1:] = (np.diff(self._in) != 0) | (np.diff(self._out) != 0)
        self._run = np.cumsum(new) - 1
        place = np.arange(len(self._in)) - np.flatnonzero(new)[self._run] if len(self._in) else self._run
        self._later = [np.flatnonzero(place == k) for k in range(1, int(place.max(initial=0)) + 1)]
        self._first = np.flatnonzero(new)

    def evaluate(self, values: np.ndarray, *, clamp: bool) -> np.ndarray:
        """``(inputs, F)`` → ``(outputs, F)`` float32, held to 0..1.

        Args:
            values: of the inputs.
            clamp: hold each to its windows first. Without, one outside of all its windows gives 0, as in
                Epic's evaluator.
        """
        x = values.astype(np.float32, copy=False)
        if clamp:
            x = np.clip(x, self.low[:, None], self.high[:, None])
        x = x[self._in]
        hit = (x >= self._start) & (x <= self._end)
        if self._later:
            taken = hit[self._first]  # by run: in each the first match wins
            for rows in self._later:
                runs = self._run[rows]
                hit[rows] &= ~taken[runs]
                taken[runs] |= hit[rows]
        share = np.where(hit, self._slope * x + self._cut, np.float32(0))
        out = np.zeros((self._outputs, values.shape[1]), dtype=np.float32)
        np.add.at(out, self._out, share)
        return np.clip(out, 0, 1, out=out)
