"""Curves that no face makes: the correlation module's sixth class (II.B, III.C).

The paper adds "random data in the same quantity as other emotional data" so that the module learns what valid
curves are, and calls it noise once (III.C); it says no more. Four kinds:

    white            every value anywhere in its control's range, alone in time and between controls
    smooth           noise that moves as slowly as a face and as much as each control does, but each alone
    shuffled         each region of the face from another window of another take: real within, not between
    shuffled-within  the same, from takes of one emotion

White noise alone is told from curves by its roughness, so a module trained on it need not look at
correlations at all; what each kind is worth is measured in docs/log.md. Knows nothing about batches or
losses.

Shape key: T frames, C kept controls.
"""

from collections.abc import Sequence

import numpy as np

from cstalk_ue.rig import control_limits, find_control
from cstalk_ue.train.windows import WindowSource

_SMOOTH_FRAMES = (1.5, 8.0)
"""Standard deviation of the smoothing: half-periods of about 4 to 20 frames, as speech has."""
_HELD_SHARE = 0.5
"""Share of the variance of smooth noise that stays the same over a window, as an expression does."""


class RandomWindows:
    """Random curves in the units and size of a source's windows.

    Args:
        source: windows that regions are taken from, and whose controls and units apply.
        kinds: of the four above; window k is of kind k modulo their number.
        seed: another seed, other curves. Window k of epoch e depends on (seed, e, k) alone.
    """

    def __init__(self, source: WindowSource, *, kinds: Sequence[str], seed: int) -> None:
        self.source, self.kinds, self.seed = source, tuple(kinds), seed
        units = source.cache.units
        low, high = control_limits()
        self.low = (low[units.columns] - units.mean) / units.std
        self.high = (high[units.columns] - units.mean) / units.std
        names = [find_control(name).region for name in units.controls]
        self.regions = [np.flatnonzero([name == each for name in names]) for each in sorted(set(names))]

    def curves(self, epoch: int, number: int) -> np.ndarray:
        """One window, ``(T, C)`` float32, normalised."""
        random = np.random.default_rng([self.seed, epoch, number, 31])
        kind = self.kinds[number % len(self.kinds)]
        shape = (self.source.frames, len(self.low))
        if kind == "white":
            return random.uniform(self.low, self.high, size=shape).astype(np.float32)
        if kind == "smooth":
            return self._smooth(random, shape)
        return self._shuffled(random, within=kind == "shuffled-within")

    def _smooth(self, random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        """Gaussian noise of unit variance, part of it held, cut at the ranges."""
        width = random.uniform(*_SMOOTH_FRAMES)
        reach = int(np.ceil(3 * width))
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
        kernel /= np.sqrt(np.square(kernel).sum())  # the sum keeps variance 1
        noise = random.standard_normal((shape[0] + 2 * reach, shape[1]))
        padded = np.fft.irfft(
            np.fft.rfft(noise, n=shape[0] + 4 * reach, axis=0)
            * np.fft.rfft(kernel, n=shape[0] + 4 * reach)[:, None],
            n=shape[0] + 4 * reach,
            axis=0,
        )
        moving = padded[2 * reach : 2 * reach + shape[0]]
        held = random.standard_normal((1, shape[1]))
        values = np.sqrt(1 - _HELD_SHARE) * moving + np.sqrt(_HELD_SHARE) * held
        return np.clip(values, self.low, self.high).astype(np.float32)

    def _shuffled(self, random: np.random.Generator, *, within: bool) -> np.ndarray:
        """Regions of real windows, each from another take than the one before."""
        choice = np.arange(len(self.source))
        if within:
            classes = self.source.classes
            choice = np.flatnonzero(classes == classes[random.integers(len(choice))])
        curves = np.empty((self.source.frames, len(self.low)), dtype=np.float32)
        earlier = -1
        for region in self.regions:
            number = int(random.choice(choice))
            for _ in range(10):  # a data set of one take has no other
                if self.source.take_of(number) != earlier:
                    break
                number = int(random.choice(choice))
            earlier = self.source.take_of(number)
            curves[:, region] = self.source.curves(number)[:, region]
        return curves
