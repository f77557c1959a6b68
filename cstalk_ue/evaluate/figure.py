"""A figure that says what it is: value, interval, definition, unit, space and pooling, always together.

Papers print numbers of one name with different definitions (LVE alone has three), so none leaves this package
bare. A measure gives a value and a weight for each take; a figure is their weighted mean over takes, with a
bootstrap interval over takes. Knows nothing about what is measured (see measures.py).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cstalk_ue.evaluate.statistics import bootstrap_ratio


@dataclass(frozen=True)
class Measure:
    """What is measured and how.

    Attributes:
        key: short name in files, such as ``lve_mm``.
        label: for tables, such as ``LVE``.
        definition: one sentence.
        unit: of the value; ``share`` for 0..1.
        space: where it is measured: ``landmark face``, ``DNA head``, ``controls``, ``scores``, ``labels``.
        pooling: what the mean over takes is weighted by.
        better: ``lower``, ``higher``, or ``zero`` for signed differences and values to compare with the
            recording's.
    """

    key: str
    label: str
    definition: str
    unit: str
    space: str
    pooling: str
    better: str = "lower"


@dataclass(frozen=True)
class TakeValue:
    """One measure on one take: its value and its weight in the mean; NaN and 0 if there is none."""

    value: float
    weight: float = 1.0


NOTHING = TakeValue(math.nan, 0.0)
"""A take on which there is nothing to measure: no sound, no phones, no valid frame."""


@dataclass(frozen=True)
class Figure:
    """A measure over takes.

    Attributes:
        measure: what it is.
        value: weighted mean over takes; NaN if none counts.
        low, high: 95 % bootstrap interval over takes.
        takes: how many takes count.
        weight: sum of their weights, in the unit that the pooling names.
    """

    measure: Measure
    value: float
    low: float
    high: float
    takes: int
    weight: float

    def __str__(self) -> str:
        if self.takes == 0:
            return f"{self.measure.label}: none"
        m = self.measure
        return (
            f"{m.label} {self.value:.4g} {m.unit} (95 % {self.low:.4g} .. {self.high:.4g}; {m.space}; "
            f"{m.pooling}; {self.takes} takes)"
        )

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values; what could not be measured is null."""
        m = self.measure
        return {
            "value": _or_none(self.value),
            "interval_95": [_or_none(self.low), _or_none(self.high)],
            "takes": self.takes,
            "weight": self.weight,
            "label": m.label,
            "definition": m.definition,
            "unit": m.unit,
            "space": m.space,
            "pooling": m.pooling,
            "better": m.better,
        }


def pool(measure: Measure, values: Sequence[TakeValue], *, draws: int = 2000, seed: int = 0) -> Figure:
    """The figure of one measure from its value on every take."""
    counted = [each for each in values if each.weight > 0 and math.isfinite(each.value)]
    if not counted:
        return Figure(measure, math.nan, math.nan, math.nan, 0, 0.0)
    value = np.array([each.value for each in counted])
    weight = np.array([each.weight for each in counted])
    low, high = bootstrap_ratio(value * weight, weight, draws=draws, seed=seed)
    total = float(weight.sum())
    return Figure(measure, float(value @ weight) / total, low, high, len(counted), total)


def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
