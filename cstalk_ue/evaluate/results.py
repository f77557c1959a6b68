"""What an evaluation found: values per method, seed and take; figures; JSON and a DataFrame.

Tag of the JSON `cstalk-evaluation/1`. Knows nothing about how the values came to be (see harness.py).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cstalk_ue.evaluate.figure import NOTHING, Figure, Measure, TakeValue, pool
from cstalk_ue.storage import write_json

if TYPE_CHECKING:
    import pandas as pd

EVALUATION_FORMAT = "cstalk-evaluation/1"


@dataclass(frozen=True)
class MethodResult:
    """One method, trained from one seed, on all takes.

    Attributes:
        method: its name.
        facts: what it is, as `Method.facts`.
        takes: values by measure, by take.
        missing: takes that it could not predict, for want of sound or phones.
        seed: that it was trained from; None if nothing was drawn or it is unknown.
    """

    method: str
    facts: Mapping[str, Any]
    takes: Mapping[str, Mapping[str, TakeValue]]
    missing: tuple[str, ...] = ()
    seed: int | None = None

    def figure(self, measure: Measure) -> Figure:
        """One measure over all takes."""
        return pool(measure, [values.get(measure.key, NOTHING) for values in self.takes.values()])


@dataclass(frozen=True)
class SeedSpread:
    """One measure of a method over seeds: mean and sample standard deviation, NaN for a lone seed."""

    measure: Measure
    mean: float
    deviation: float
    seeds: int

    @classmethod
    def of(cls, figures: Sequence[Figure]) -> "SeedSpread":
        """Over the figures of one method, one per seed; those without a value are left out."""
        values = [figure.value for figure in figures if math.isfinite(figure.value)]
        mean = float(np.mean(values)) if values else math.nan
        deviation = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
        return cls(figures[0].measure, mean, deviation, len(values))


@dataclass(frozen=True)
class Evaluation:
    """Several methods on one split of one data set.

    Attributes:
        data_set: its folder's name, and its digest.
        split: which takes.
        measures: in the order of reports.
        results: in the order of the methods, seeds of one method next to each other.
        remarks: what a reader should know, one sentence each.
    """

    data_set: str
    digest: str
    split: str
    measures: tuple[Measure, ...]
    results: tuple[MethodResult, ...]
    remarks: tuple[str, ...] = ()

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods, each once."""
        return tuple(dict.fromkeys(result.method for result in self.results))

    def of_method(self, method: str) -> tuple[MethodResult, ...]:
        """The results of one method, one per seed."""
        return tuple(result for result in self.results if result.method == method)

    def spread(self, method: str, measure: Measure) -> SeedSpread:
        """Mean and spread over the seeds of a method."""
        return SeedSpread.of([result.figure(measure) for result in self.of_method(method)])

    def table(self) -> "pd.DataFrame":
        """One row per method, seed and measure: value, interval, takes, unit and definition."""
        import pandas as pd

        rows = []
        for result in self.results:
            for measure in self.measures:
                figure = result.figure(measure)
                rows.append(
                    {
                        "method": result.method,
                        "seed": result.seed,
                        "measure": measure.key,
                        "value": figure.value,
                        "low": figure.low,
                        "high": figure.high,
                        "takes": figure.takes,
                        "unit": measure.unit,
                        "space": measure.space,
                        "pooling": measure.pooling,
                        "definition": measure.definition,
                    }
                )
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Figures and the values of every take."""
        return {
            "format": EVALUATION_FORMAT,
            "data_set": self.data_set,
            "data_set_digest": self.digest,
            "split": self.split,
            "remarks": list(self.remarks),
            "results": [self._result_json(result) for result in self.results],
        }

    def _result_json(self, result: MethodResult) -> dict[str, Any]:
        figures = {measure.key: result.figure(measure).to_json() for measure in self.measures}
        return {
            "method": result.method,
            "seed": result.seed,
            "facts": dict(result.facts),
            "missing_takes": list(result.missing),
            "figures": figures,
            "takes": takes_json(result.takes),
        }

    def save(self, path: Path) -> None:
        """Write the JSON.

        Raises:
            ExportError: the folder cannot be written.
        """
        write_json(path, self.to_json())


def takes_json(takes: Mapping[str, Mapping[str, TakeValue]]) -> dict[str, Any]:
    """Values of takes as JSON; what could not be measured is left out."""
    return {
        name: {key: [each.value, each.weight] for key, each in values.items() if each.weight > 0}
        for name, values in takes.items()
    }


def takes_from_json(data: Mapping[str, Any]) -> dict[str, dict[str, TakeValue]]:
    """The reverse of `takes_json`."""
    return {
        name: {key: TakeValue(float(value), float(weight)) for key, (value, weight) in values.items()}
        for name, values in data.items()
    }
