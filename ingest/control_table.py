"""What the takes of a set do with each control: how far it moves, its noise, how often it is at its end.

From the measures in take.json; the tolerance by which controls are dropped is in statistics.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cstalk_ue.rig import control_defaults, controls
from ingest.data_set_tables import ControlStatistics
from ingest.take_summary import TakeSummary

_MOVES = 1e-3


@dataclass(frozen=True)
class ControlRow:
    """One control over all takes in use.

    Attributes:
        name, region: as in the rig.
        minimum, maximum: over all takes.
        std: root of the mean square of the takes' standard deviations.
        moving: in how many takes it moves.
        noise: median over the takes in which it moves.
        clipped: share of the frames at an end of the range that is not rest.
        kept: whether it is learnt; None before anything was measured over the set.
    """

    name: str
    region: str
    minimum: float
    maximum: float
    std: float
    moving: int
    noise: float
    clipped: float
    kept: bool | None


def control_table(
    takes: Sequence[TakeSummary], statistics: ControlStatistics | None
) -> tuple[ControlRow, ...]:
    """One row per control, all 185 in order; empty if no take was measured."""
    measured = [take for take in takes if take.statistics]
    if not measured:
        return ()
    columns = {
        name: np.stack([take.statistics[name] for take in measured])
        for name in ("minimum", "maximum", "std", "noise", "clipped")
    }
    moves = columns["maximum"] - columns["minimum"] > _MOVES
    frames = np.array([take.record.frames for take in measured], dtype=np.float64)
    clipped = (columns["clipped"] * frames[:, None]).sum(axis=0) / frames.sum()
    std = np.sqrt((columns["std"].astype(np.float64) ** 2).mean(axis=0))
    return tuple(
        ControlRow(
            name=control.name,
            region=control.region,
            minimum=float(columns["minimum"][:, index].min()),
            maximum=float(columns["maximum"][:, index].max()),
            std=float(std[index]),
            moving=int(moves[:, index].sum()),
            noise=float(np.median(columns["noise"][moves[:, index], index]))
            if moves[:, index].any()
            else 0.0,
            clipped=float(clipped[index]),
            kept=None if statistics is None else bool(statistics.kept[index]),
        )
        for index, control in enumerate(controls())
    )


def activity(takes: Sequence[TakeSummary]) -> np.ndarray:
    """How far each control moves, as a share of its range: ``(takes, 185)``, 0 if not measured."""
    reach = np.array([control.maximum - control.minimum for control in controls()])
    share = np.zeros((len(takes), len(control_defaults())))
    for row, take in enumerate(takes):
        if take.statistics:
            share[row] = (take.statistics["maximum"] - take.statistics["minimum"]) / np.maximum(reach, 1e-6)
    return np.clip(share, 0, 1)
