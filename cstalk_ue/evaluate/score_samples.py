"""Attention scores of takes and of random curves, for the pictures of the paper's Fig. 2.

One matrix per take, the mean over its windows, with rigs grouped by region from the forehead down. Knows
nothing about drawing (see score_pictures.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.errors import DataSetError
from cstalk_ue.evaluate.methods import emotion_class
from cstalk_ue.evaluate.score_judge import ScoreJudge, score_windows
from cstalk_ue.rig import find_control, region_names
from ingest.data_set import DataSet, TakeRecord

if TYPE_CHECKING:
    from cstalk_ue.model.correlation_checkpoint import CorrelationCheckpoint

NOISE, SHUFFLED = "random noise", "regions shuffled"
"""What random curves are called in pictures: white noise; and each region from another take."""
_KINDS = {NOISE: "white", SHUFFLED: "shuffled"}
_FROM_THE_TOP = (
    "brow",
    "eyelid",
    "eyelash",
    "eye",
    "cheek",
    "nose",
    "lips",
    "mouth",
    "teeth",
    "tongue",
    "jaw",
)


@dataclass(frozen=True)
class ScoreSamples:
    """Score matrices.

    Attributes:
        controls: names of the rigs, grouped by region; rows and columns of the matrices.
        labels: of each matrix: an emotion, `NOISE` or `SHUFFLED`.
        names: of the take, or a number.
        scores: ``(n, controls, controls)`` float32, query by key.
        recognised: ``(n,)`` probability that the module gives to the label (to "random" for random curves).
    """

    controls: tuple[str, ...]
    labels: tuple[str, ...]
    names: tuple[str, ...]
    scores: np.ndarray
    recognised: np.ndarray

    @property
    def regions(self) -> tuple[tuple[str, int, int], ...]:
        """Name, first and last-plus-one row of every region."""
        found: list[tuple[str, int, int]] = []
        for index, name in enumerate(self.controls):
            region = find_control(name).region
            if found and found[-1][0] == region:
                found[-1] = (region, found[-1][1], index + 1)
            else:
                found.append((region, index, index + 1))
        return tuple(found)

    def of(self, label: str) -> np.ndarray:
        """The matrices with this label, ``(k, controls, controls)``."""
        return self.scores[[each == label for each in self.labels]]


def collect_scores(
    data_set: DataSet,
    checkpoint: "CorrelationCheckpoint",
    *,
    splits: Sequence[str] = ("validation", "test"),
    per_emotion: int = 40,
    random: int = 20,
    seed: int = 0,
) -> ScoreSamples:
    """Scores of labelled takes that the module did not learn from, and of random curves.

    Args:
        per_emotion: at most so many takes of each emotion.
        random: windows of each kind of random curves.

    Raises:
        DataSetError: no labelled take of these splits is as long as a window.
    """
    order = _by_region(checkpoint.controls)
    judge = ScoreJudge(checkpoint)
    rows: list[tuple[str, str, np.ndarray, float]] = []
    counts = dict.fromkeys(EMOTIONS, 0)
    for record in data_set.records:
        if record.split not in splits or not record.emotion:
            continue
        if counts.get(record.emotion_class, 0) >= per_emotion:
            continue
        take = data_set.read(record, audio=False)
        label = emotion_class(take)
        shares, scores = judge.look(take.performance.face)
        if label is None or not len(scores):
            continue
        counts[EMOTIONS[label]] += 1
        rows.append((EMOTIONS[label], take.name, scores.mean(axis=0), float(shares[:, label].mean())))
    if not rows:
        raise DataSetError(
            f"{data_set.folder}: no labelled take of {' and '.join(splits)} is as long as the "
            f"{checkpoint.module.frames} frames that the correlation module looks at."
        )
    rows += _random_rows(data_set, checkpoint, random, seed)
    rows.sort(key=lambda row: (*EMOTIONS, *_KINDS).index(row[0]))
    return ScoreSamples(
        tuple(checkpoint.controls[index] for index in order),
        tuple(row[0] for row in rows),
        tuple(row[1] for row in rows),
        np.stack([row[2][np.ix_(order, order)] for row in rows]),
        np.array([row[3] for row in rows]),
    )


def _random_rows(
    data_set: DataSet, checkpoint: "CorrelationCheckpoint", count: int, seed: int
) -> list[tuple[str, str, np.ndarray, float]]:
    from cstalk_ue.train.random_takes import RandomWindows
    from cstalk_ue.train.settings import WindowSettings
    from cstalk_ue.train.take_cache import CurveUnits, TakeCache
    from cstalk_ue.train.windows import WindowSource

    statistics = data_set.require_statistics()
    units = CurveUnits.of(statistics)
    if units.controls != checkpoint.controls:
        return []  # random curves are made of windows of this data set; another one's do not fit
    records: list[TakeRecord] = [each for each in data_set.records if each.split == "train" and each.emotion]
    records = records[:: max(1, len(records) // 60)]
    frames = checkpoint.module.frames
    settings = WindowSettings(frames=frames, stride=frames)
    source = WindowSource(TakeCache(data_set, units, budget_bytes=2**28), records, settings)
    rows = []
    for label, kind in _KINDS.items():
        made = RandomWindows(source, kinds=(kind,), seed=seed + 7919)
        windows = np.stack([made.curves(0, number).T for number in range(count)])
        shares, scores = score_windows(checkpoint, windows)
        rows += [(label, str(number), scores[number], float(shares[number, -1])) for number in range(count)]
    return rows


def _by_region(controls: Sequence[str]) -> list[int]:
    """Places of the controls, from the forehead down, left, right and middle of one thing together."""
    regions = (*_FROM_THE_TOP, *(name for name in region_names() if name not in _FROM_THE_TOP))
    return sorted(range(len(controls)), key=lambda i: (regions.index(find_control(controls[i]).region), i))
