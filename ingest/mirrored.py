"""Is left right? Three kinds of evidence that a take has its sides exchanged; silent where they have none.

1. Live Link Face gives the gaze twice, as shapes that have a side and as angles that have a sign. A file
   whose names were exchanged contradicts itself (`check_gaze`). On the five real files at hand the score is
   0.82 to 1.00, with exchanged names -0.80 to -1.00.
2. Every face is lopsided in a way of its own. A take that is lopsided the other way round than the same
   performer's others is suspect (`find_turned_takes`). Which of two camps is right is not known: the smaller
   one is named.
3. Two solves of one performance, such as Live Link Face's and MetaHuman Animator's, must move the same side
   at the same time (`compare_sides`).

What cannot be seen: all takes of a performer exchanged alike, with the angles turned too; faces that are
exactly symmetric, as made by rules or by a symmetric solver; a performer with fewer than five takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cstalk_ue.rig import control_names
from cstalk_ue.take import RigCurves
from ingest.swap_sides import SIDEWAYS, partner_of

MIRRORED_SCORE = -0.5
"""`check_gaze`: at this or below the sides contradict the angles."""
LEAST_GAZE = 0.003
"""Shapes and angles (radians) whose standard deviation is below this say nothing."""
TURNED_COSINE, FAITHFUL_COSINE = -0.6, 0.6
"""`find_turned_takes`: how contrary a take must be, and how constant the others."""
LEAST_LOPSIDED, FEWEST_OTHERS = 0.03, 4
SIDES_CORRELATION = 0.3
"""`compare_sides`: below this, either way, nothing is said."""


@dataclass(frozen=True)
class GazeEvidence:
    """Do the shapes of the eyes and their angles agree?

    Attributes:
        left, right: correlation of EyeLookIn - EyeLookOut with the angle toward the nose; None if still.
    """

    left: float | None
    right: float | None

    @property
    def score(self) -> float | None:
        """Mean of what there is: 1 agrees, -1 contradicts, None is no evidence."""
        known = [value for value in (self.left, self.right) if value is not None]
        return sum(known) / len(known) if known else None

    @property
    def mirrored(self) -> bool:
        """Whether the sides are exchanged."""
        return self.score is not None and self.score <= MIRRORED_SCORE


def check_gaze(columns: Mapping[str, np.ndarray]) -> GazeEvidence:
    """Compare the shapes of the eyes with their angles, both as Live Link Face writes them.

    The left eye's yaw is positive toward the nose, the right eye's negative.

    Args:
        columns: values ``(rows,)`` by column name in any case; rows without a face left out.
    """
    folded = {name.casefold(): np.asarray(values, dtype=np.float64) for name, values in columns.items()}
    found: list[float | None] = []
    for side, toward_nose in (("left", 1.0), ("right", -1.0)):
        names = (f"eyelookin{side}", f"eyelookout{side}", f"{side}eyeyaw")
        if not all(name in folded for name in names):
            found.append(None)
            continue
        look_in, look_out, yaw = (folded[name] for name in names)
        found.append(_correlation(look_in - look_out, toward_nose * yaw, LEAST_GAZE))
    return GazeEvidence(*found)


@dataclass(frozen=True)
class TurnedTake:
    """A take that is lopsided the other way round.

    Attributes:
        index: which of the takes.
        cosine: between its lopsidedness and the mean of the performer's other takes.
        others: how many those are, and `faithful` how alike they are (median cosine to their mean).
    """

    index: int
    cosine: float
    others: int
    faithful: float


def find_turned_takes(means: Sequence[np.ndarray]) -> list[TurnedTake]:
    """The takes of one performer that contradict the others.

    Args:
        means: of every take the mean of all controls, ``(185,)``.
    """
    if len(means) <= FEWEST_OTHERS:
        return []
    left, right, middle = _sides()
    array = np.asarray(means, dtype=np.float64)
    lopsided = np.concatenate([array[:, left] - array[:, right], array[:, middle]], axis=1)
    size = np.linalg.norm(lopsided, axis=1)
    telling = size >= LEAST_LOPSIDED
    if telling.sum() <= FEWEST_OTHERS:
        return []
    # Every telling take counts the same, however lopsided; a minority cannot turn the mean round.
    unit = np.where(telling[:, None], lopsided / np.maximum(size, 1e-12)[:, None], 0)
    total = unit.sum(axis=0)
    cosines = np.array([_cosine(one, total - one) for one in unit])
    found = []
    for index in np.flatnonzero(telling & (cosines <= TURNED_COSINE)):
        others = telling & (np.arange(len(unit)) != index) & (cosines > TURNED_COSINE)
        mean = unit[others].sum(axis=0)
        if others.sum() < FEWEST_OTHERS:
            continue
        faithful = float(np.median([_cosine(one, mean - one) for one in unit[others]]))
        if faithful >= FAITHFUL_COSINE:
            found.append(TurnedTake(int(index), _cosine(unit[index], mean), int(others.sum()), faithful))
    return [turned for turned in found if turned.cosine <= TURNED_COSINE]


def compare_sides(one: RigCurves, other: RigCurves) -> float | None:
    """Correlation of left minus right, over all pairs of controls; below 0 the sides are exchanged.

    Both are one performance on one clock; the longer is cut. None if one of them is symmetric throughout.
    At least `SIDES_CORRELATION` either way is evidence.
    """
    frames = min(one.frames, other.frames)
    left, right, middle = _sides(gaze=True)
    series = []
    for curves in (one, other):
        values = curves.select(control_names()).values[:frames].astype(np.float64)
        across = np.concatenate([values[:, left] - values[:, right], values[:, middle]], axis=1)
        series.append(across - across.mean(axis=0))
    a, b = series
    scale = float(np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0)).sum())
    moves = min(float(np.abs(a).max(initial=0)), float(np.abs(b).max(initial=0))) > LEAST_GAZE
    return float((a * b).sum()) / scale if moves and scale > 0 else None


def _sides(*, gaze: bool = False) -> tuple[list[int], list[int], list[int]]:
    """Columns of left controls, of their partners, and of what moves the middle sideways."""
    names = control_names()
    left = [i for i, name in enumerate(names) if name.startswith("CTRL_L_") and name not in SIDEWAYS]
    right = [names.index(partner_of(names[i])) for i in left]
    middle = [i for i, name in enumerate(names) if name in SIDEWAYS and (gaze or "_eye" not in name)]
    return left, right, middle


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    scale = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / scale if scale > 0 else 0.0


def _correlation(a: np.ndarray, b: np.ndarray, least: float) -> float | None:
    if len(a) < 2 or min(float(a.std()), float(b.std())) < least:
        return None
    return float(np.corrcoef(a, b)[0, 1])
