"""Measurements of curves: how far a prediction follows a reference, and whether lips close when they must."""

from cstalk_ue.evaluate.articulators import (
    ARTICULATOR_GROUPS,
    CLOSED_APERTURE,
    ClosureCount,
    count_closures,
    group_correlations,
    group_curve,
    lip_aperture,
)
from cstalk_ue.evaluate.expression import EXPRESSION_GROUPS, expression_means, expression_table
from cstalk_ue.evaluate.figure import Figure, Measure, TakeValue, pool
from cstalk_ue.evaluate.landmarks import count_closures_mm
from cstalk_ue.evaluate.statistics import best_lag, bootstrap_interval, correlation

__all__ = [
    "ARTICULATOR_GROUPS",
    "CLOSED_APERTURE",
    "EXPRESSION_GROUPS",
    "ClosureCount",
    "Figure",
    "Measure",
    "TakeValue",
    "best_lag",
    "bootstrap_interval",
    "correlation",
    "count_closures",
    "count_closures_mm",
    "expression_means",
    "expression_table",
    "group_correlations",
    "group_curve",
    "lip_aperture",
    "pool",
]
