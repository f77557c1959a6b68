"""What a correlation module tells right on takes it never saw: emotions, and real from random curves.

Knows nothing about how it was trained.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.model.correlation import CorrelationModule
from cstalk_ue.train.random_takes import RandomWindows
from cstalk_ue.train.settings import RANDOM_KINDS, TrainingSettings
from cstalk_ue.train.windows import WindowSource

CLASSES = (*EMOTIONS, "random")
_RANDOM_WINDOWS = 256
"""Of every kind."""
_AT_ONCE = 64
_OTHER_SEED = 104729
"""Added to the seed, so that no random curve of the training comes back."""


def report_correlation(
    module: CorrelationModule,
    source: WindowSource,
    settings: TrainingSettings,
    *,
    split: str,
    device: torch.device,
) -> dict[str, Any]:
    """Figures over the windows of held-out takes and over random windows made of them.

    Returns:
        Plain values: "accuracy" of the emotions over windows (with six classes to choose from) and over
        takes (by the mean of their windows' probabilities), "confusion" as rows of true and columns of told
        classes, and "random": for every kind the share that is told to be random, and the area under the
        ROC curve of the probability of "random" against real windows (0.5 is a guess, 1 tells every pair
        apart).
    """
    classes = source.classes
    real = _probabilities(module, (source.curves(number) for number in range(len(source))), device)
    told = real.argmax(axis=1)
    takes = source.places[:, 0]
    by_take = np.stack([real[takes == take].mean(axis=0) for take in np.unique(takes)])
    take_classes = np.array([np.bincount(classes[takes == take]).argmax() for take in np.unique(takes)])
    confusion = np.zeros((len(CLASSES), len(CLASSES)), dtype=int)
    np.add.at(confusion, (classes, told), 1)
    random: dict[str, dict[str, float]] = {}
    seed = settings.fit_correlation.seed + _OTHER_SEED
    for kind in RANDOM_KINDS:
        windows = RandomWindows(source, kinds=(kind,), seed=seed)
        made = _probabilities(module, (windows.curves(0, n) for n in range(_RANDOM_WINDOWS)), device)
        rejected = made.argmax(axis=1) == len(EMOTIONS)
        random[kind] = {
            "told": float(rejected.mean()),
            "area": area_under_roc(made[:, -1], real[:, -1]),
        }
        if kind in settings.random.kinds:
            np.add.at(confusion, (np.full(len(made), len(EMOTIONS)), made.argmax(axis=1)), 1)
    return {
        "split": split,
        "takes": len(source.records),
        "windows": len(source),
        "accuracy": {
            "windows": float((told == classes).mean()),
            "takes": float((by_take.argmax(axis=1) == take_classes).mean()),
            "chance": 1 / len(np.unique(classes)),
        },
        "real_taken_for_random": float((told == len(EMOTIONS)).mean()),
        "classes": list(CLASSES),
        "confusion": confusion.tolist(),
        "random_kinds_trained_on": list(settings.random.kinds),
        "random": random,
    }


def summary_text(measured: dict[str, Any]) -> str:
    """The figures in a few lines, for a terminal."""
    accuracy = measured["accuracy"]
    lines = [
        f"{measured['takes']} takes of the split {measured['split']}: emotion right in "
        f"{accuracy['windows']:.1%} of "
        f"{measured['windows']} windows and {accuracy['takes']:.1%} of takes (a guess: "
        f"{accuracy['chance']:.1%})",
        "told to be random (area under the ROC curve against real windows):",
    ]
    lines += [
        f"  {kind:<16}{each['told']:7.1%}  ({each['area']:.3f})"
        + ("" if kind in measured["random_kinds_trained_on"] else "   not trained on")
        for kind, each in measured["random"].items()
    ]
    lines += [
        f"  {'real':<16}{measured['real_taken_for_random']:7.1%}",
        "true class by row, told class by column:",
    ]
    return "\n".join([*lines, confusion_text(measured)])


def confusion_text(measured: dict[str, Any]) -> str:
    """The confusion matrix as a table in shares of each row, for a terminal."""
    names: Sequence[str] = measured["classes"]
    lines = [" " * 10 + "".join(f"{name:>11}" for name in names)]
    for name, row in zip(names, measured["confusion"], strict=True):
        total = max(1, sum(row))
        lines.append(f"{name:<10}" + "".join(f"{100 * value / total:10.1f}%" for value in row))
    return "\n".join(lines)


def area_under_roc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Share of pairs in which the positive one is larger, ties counting half."""
    order = np.sort(negative)
    below = np.searchsorted(order, positive, side="left")
    up_to = np.searchsorted(order, positive, side="right")
    return float((below + up_to).sum() / (2 * len(positive) * len(negative)))


def _probabilities(module: CorrelationModule, curves: Any, device: torch.device) -> np.ndarray:
    """``(windows, M)`` of an iterable of ``(T, C)``."""
    module = module.to(device).eval()
    rows, waiting = [], list[np.ndarray]()
    with torch.inference_mode():
        for window in curves:
            waiting.append(window)
            if len(waiting) == _AT_ONCE:
                rows.append(_tell(module, waiting, device))
                waiting = []
        if waiting:
            rows.append(_tell(module, waiting, device))
    return np.concatenate(rows)


def _tell(module: CorrelationModule, windows: list[np.ndarray], device: torch.device) -> np.ndarray:
    batch = torch.from_numpy(np.stack(windows)).transpose(1, 2).to(device)  # (B, C, T)
    return np.asarray(module(batch).logits.float().softmax(dim=1).cpu().numpy())
