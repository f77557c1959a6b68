"""A judge of emotion of our own: logistic regression on how every control is used, trained on recordings.

A window of 96 frames becomes the mean and the standard deviation of each kept control. It is trained on the
windows of the training takes with L2 regularisation by full-batch L-BFGS, so the same data give the same
judge. It never trains a generator, unlike the correlation module. Knows nothing about sound.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.evaluate.curve_windows import curve_windows, normalisation_of
from cstalk_ue.evaluate.figure import NOTHING, Measure, TakeValue
from cstalk_ue.evaluate.measures import accuracy_measure
from cstalk_ue.evaluate.methods import emotion_class
from cstalk_ue.take import RigCurves
from ingest.data_set import DataSet
from ingest.take_files import StoredTake

_PENALTY = 1e-2
_ITERATIONS = 200
_LEAST_TAKES = 2
"""Of an emotion, to be told apart from the others."""


@dataclass(frozen=True)
class EmotionJudge:
    """Judges the emotion of curves.

    Attributes:
        controls, mean, std: what is looked at, and its units.
        centre, scale: of the features, ``(2C,)``.
        weights, bias: ``(2C, 5)`` and ``(5,)``; classes that it never saw have a bias of minus infinity.
        takes: how many it was trained on.
    """

    controls: tuple[str, ...]
    mean: np.ndarray
    std: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    takes: int

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Its accuracy."""
        judge = (
            f"a logistic regression on mean and deviation of every control, trained on {self.takes} recorded "
            "training takes and on no method"
        )
        return (accuracy_measure("emotion_accuracy", "emotion seen", judge),)

    def judge(self, take: StoredTake, prediction: RigCurves) -> Mapping[str, TakeValue]:
        """As `Judge.judge`."""
        label, seen = emotion_class(take), self.probabilities(prediction)
        if label is None or seen is None or not np.isfinite(self.bias[label]):
            return {"emotion_accuracy": NOTHING}
        return {"emotion_accuracy": TakeValue(float(seen.argmax() == label))}

    def probabilities(self, curves: RigCurves) -> np.ndarray | None:
        """``(5,)`` over `EMOTIONS`, averaged over windows; None if no window counts."""
        windows = curve_windows(curves, self.controls, self.mean, self.std)
        if not len(windows):
            return None
        logits = (_features(windows) - self.centre) / self.scale @ self.weights + self.bias
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray((shares / shares.sum(axis=1, keepdims=True)).mean(axis=0))


def train_emotion_judge(data_set: DataSet) -> EmotionJudge | None:
    """A judge trained on the training takes; None if fewer than two emotions are labelled often enough."""
    controls, mean, std = normalisation_of(data_set.require_statistics())
    rows, labels = [], []
    counts = np.zeros(len(EMOTIONS), dtype=np.int64)
    for record in data_set.records:
        if record.split != "train" or not record.emotion:
            continue
        take = data_set.read(record, audio=False)
        label = emotion_class(take)
        windows = curve_windows(take.performance.face, controls, mean, std)
        if label is None or not len(windows):
            continue
        counts[label] += 1
        rows.append(_features(windows))
        labels.append(np.full(len(windows), label))
    known = counts >= _LEAST_TAKES
    if known.sum() < 2:
        return None
    features, classes = np.concatenate(rows), np.concatenate(labels)
    centre, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 0.05)
    weights, bias = _fit((features - centre) / scale, classes)
    bias[~known] = -np.inf
    return EmotionJudge(controls, mean, std, centre, scale, weights, bias, int(counts.sum()))


def _features(windows: np.ndarray) -> np.ndarray:
    """Windows ``(windows, C, frames)`` → ``(windows, 2C)`` float64."""
    wide = windows.astype(np.float64)
    return np.concatenate([wide.mean(axis=2), wide.std(axis=2)], axis=1)


def _fit(features: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias that minimise cross-entropy, every class counting alike, plus an L2 penalty."""
    x, y = torch.from_numpy(features), torch.from_numpy(classes)
    counts = torch.bincount(y, minlength=len(EMOTIONS)).clamp(min=1)
    weights = torch.zeros(x.shape[1], len(EMOTIONS), dtype=x.dtype, requires_grad=True)
    bias = torch.zeros(len(EMOTIONS), dtype=x.dtype, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=_ITERATIONS, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        each = torch.nn.functional.cross_entropy(x @ weights + bias, y, reduction="none")
        loss = (each / counts[y]).sum() / (counts > 1).sum() + _PENALTY * weights.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return weights.detach().numpy(), bias.detach().numpy()
