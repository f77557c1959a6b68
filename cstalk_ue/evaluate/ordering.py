"""Does the order that the paper found hold here? Differences on the same takes, with an interval.

For each pair of rows that the paper orders: the error of the one minus that of the other, take by take,
averaged over seeds first, then over takes weighted by frames; the interval resamples takes. How many seeds
agree is counted apart, because takes cannot tell how much a result owes to the seed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cstalk_ue.evaluate.results import Evaluation, MethodResult
from cstalk_ue.evaluate.statistics import bootstrap_ratio
from cstalk_ue.evaluate.table_plan import Claim


@dataclass(frozen=True)
class Verdict:
    """What became of a claim.

    Attributes:
        claim: that one row has less error than another.
        difference: error of the row said to be worse minus the other's, in the unit of the measure.
        low, high: its 95 % bootstrap interval over takes.
        agreeing, seeds: in how many seeds it is above 0, and of how many.
    """

    claim: Claim
    difference: float
    low: float
    high: float
    agreeing: int
    seeds: int

    @property
    def word(self) -> str:
        """``holds``, ``reversed``, or ``undecided`` where the interval holds 0 or the seeds disagree."""
        if self.low > 0 and self.agreeing == self.seeds:
            return "holds"
        if self.high < 0 and self.agreeing == 0:
            return "reversed"
        return "undecided"


def judge_claims(evaluation: Evaluation, claims: Sequence[Claim]) -> tuple[Verdict, ...]:
    """The verdicts on those claims whose two rows are both there."""
    present = set(evaluation.methods)
    return tuple(
        _judge(evaluation, claim) for claim in claims if claim.better in present and claim.worse in present
    )


def _judge(evaluation: Evaluation, claim: Claim) -> Verdict:
    better, worse = evaluation.of_method(claim.better), evaluation.of_method(claim.worse)
    pairs = list(zip(better, worse, strict=False))
    takes = [
        name
        for name in better[0].takes
        if all(_counts(result, name, claim.measure) for pair in pairs for result in pair)
    ]
    weights = np.array([better[0].takes[name][claim.measure].weight for name in takes])
    per_seed = np.array(
        [
            [worse.takes[n][claim.measure].value - better.takes[n][claim.measure].value for n in takes]
            for better, worse in pairs
        ]
    ).reshape(len(pairs), len(takes))
    if not takes:
        return Verdict(claim, math.nan, math.nan, math.nan, 0, len(pairs))
    by_seed = per_seed @ weights / weights.sum()
    low, high = bootstrap_ratio(per_seed.mean(axis=0) * weights, weights)
    return Verdict(claim, float(by_seed.mean()), low, high, int((by_seed > 0).sum()), len(pairs))


def _counts(result: MethodResult, take: str, measure: str) -> bool:
    return take in result.takes and measure in result.takes[take] and result.takes[take][measure].weight > 0
