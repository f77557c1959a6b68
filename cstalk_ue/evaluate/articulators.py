"""Curves by articulator, and lip closure, in control space.

Definitions are stated with every figure because papers differ (LVE alone has three). Correlation: Pearson
over the frames of one line, between the mean curves of a group of controls. Lip closure: a p, b or m counts
as closed if the lip aperture falls under `CLOSED_APERTURE` in some frame between the phone's start and end,
one frame period allowed at either side.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from cstalk_ue.errors import CurveFormatError
from cstalk_ue.evaluate.statistics import correlation
from cstalk_ue.performer.phones import TimedPhone
from cstalk_ue.take import RigCurves
from ingest.mouth import mouth_opening

ARTICULATOR_GROUPS: Mapping[str, tuple[str, ...]] = {
    "jaw": ("CTRL_C_jaw.ty",),
    "lip closure": tuple(f"CTRL_{s}_mouth_lipsTogether{lip}.ty" for s in "LR" for lip in "UD"),
    "lip rounding": tuple(f"CTRL_{s}_mouth_purse{lip}.ty" for s in "LR" for lip in "UD"),
    "lip funnel": tuple(f"CTRL_{s}_mouth_funnel{lip}.ty" for s in "LR" for lip in "UD"),
    "lip spreading": tuple(f"CTRL_{s}_mouth_stretch.ty" for s in "LR"),
    "lip on teeth": tuple(f"CTRL_{s}_mouth_lipBiteD.ty" for s in "LR"),
    "upper lip": tuple(f"CTRL_{s}_mouth_upperLipRaise.ty" for s in "LR"),
    "lower lip": tuple(f"CTRL_{s}_mouth_lowerLipDepress.ty" for s in "LR"),
    "tongue tip": ("CTRL_C_tongue_tipMove.ty",),
    "tongue body": ("CTRL_C_tongue_inOut.ty", "CTRL_C_tongue_roll.ty"),
}
"""Controls whose mean is the curve of an articulator."""

BILABIALS = frozenset({"P", "B", "M"})
CLOSED_APERTURE = 0.03
"""Share of the mouth opening of a fully open jaw (about 36 mm: 22 degrees at 95 mm) that still counts as
closed: about 1 mm."""


def group_curve(curves: RigCurves, group: str) -> np.ndarray:
    """Mean of an articulator's controls, ``(frames,)``."""
    return curves.select(ARTICULATOR_GROUPS[group]).values.mean(axis=1)


def group_correlations(prediction: RigCurves, reference: RigCurves) -> dict[str, float]:
    """Correlation per articulator group over the common frames; NaN where one side does not move.

    Raises:
        CurveFormatError: the two differ in frame rate.
    """
    if prediction.fps != reference.fps:
        raise CurveFormatError(
            f"prediction has {prediction.fps:g} fps, reference {reference.fps:g}; expected one rate. "
            "Resample one of them."
        )
    frames = min(prediction.frames, reference.frames)
    return {
        group: correlation(group_curve(prediction, group)[:frames], group_curve(reference, group)[:frames])
        for group in ARTICULATOR_GROUPS
    }


def lip_aperture(curves: RigCurves) -> np.ndarray:
    """Opening between the lips, ``(frames,)``, 1 = fully open jaw, 0 = closed.

    The jaw parts the lips and the lip raisers and depressors a quarter as far; lipsTogether brings them back
    together by its share of whatever opening there is, which is how the MetaHuman rig uses it
    (`rigmaps/SOURCES.md`, MouthClose rule).
    """
    return mouth_opening(curves)


@dataclass(frozen=True)
class ClosureCount:
    """How many bilabials there were and in how many the lips closed."""

    closed: int
    total: int

    @property
    def share(self) -> float:
        """closed / total, NaN if there were none."""
        return self.closed / self.total if self.total else float("nan")


def count_closures(curves: RigCurves, phones: Iterable[TimedPhone]) -> ClosureCount:
    """Bilabials in which the lips close (definition in the module docstring), in control space."""
    return closures_in(lip_aperture(curves), phones, fps=curves.fps, closed=CLOSED_APERTURE)


def closures_in(
    opening: np.ndarray, phones: Iterable[TimedPhone], *, fps: float, closed: float
) -> ClosureCount:
    """Bilabials during which ``opening`` (frames,) comes down to `closed`, in whatever unit both have."""
    done = total = 0
    for phone in phones:
        if phone.phone not in BILABIALS:
            continue
        first = max(0, int(np.ceil(phone.start_seconds * fps - 1)))
        last = int(np.floor(phone.end_seconds * fps + 1))
        window = opening[first : last + 1]
        if len(window):
            total += 1
            done += bool(window.min() <= closed)
    return ClosureCount(done, total)
