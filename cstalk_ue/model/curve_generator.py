"""CurveGenerator: what the paper's generator and the methods it is compared with have in common.

All take speech features at curve frames and an emotion per frame, and give normalised curves, so that
prediction, checkpoints, training and evaluation treat them alike. Knows none of them (see generator.py and
baselines/).

Shape key: B batch, T curve frames, D feature width, E embedding width, C controls.
"""

import abc
from typing import NamedTuple

from torch import Tensor, nn

INPUT_NORMS = ("layer", "batch")


class TrainingOutput(NamedTuple):
    """Curves (B, T, C) to be scored by the usual losses, and losses of the method's own, each weighted."""

    curves: Tensor
    extra: dict[str, Tensor]


class CurveGenerator(nn.Module, abc.ABC):
    """Speech features and an emotion to curves.

    A generator that sees the recorded curves in training, or has losses of its own, also has a method
    `training_forward(features, embedding, target, *, mask=None) -> TrainingOutput`, with target (B, T, C) and
    mask (B, T), True where the target counts.

    Attributes:
        features: width of the speech features, D.
        controls: curves to give, C.
        emotion_width: values of the emotion embedding, E.
    """

    features: int
    controls: int
    emotion_width: int

    @property
    @abc.abstractmethod
    def receptive_field_frames(self) -> int | None:
        """Curve frames whose features reach one output frame, itself included; None for the whole clip."""

    @abc.abstractmethod
    def forward(self, features: Tensor, embedding: Tensor) -> Tensor:
        """Curves in normalised units.

        Args:
            features: (B, T, D) at curve frames.
            embedding: (B, T, E), or (B, 1, E) for one emotion throughout.

        Returns:
            (B, T, C)
        """


class FeatureNorm(nn.BatchNorm1d):
    """Zero mean and unit variance per feature over the training set (running statistics), (B, T, D)."""

    def __init__(self, features: int) -> None:
        super().__init__(features, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)"""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


def build_input_norm(kind: str, features: int) -> nn.Module:
    """What scales features before anything else, (B, T, D) -> (B, T, D).

    Args:
        kind: "layer" scales each frame by itself, right for the output of a transformer; "batch" scales each
            feature by its training-set statistics, right for spectra, whose level is information.
    """
    if kind not in INPUT_NORMS:
        raise ValueError(f"{kind!r} is not one of the norms {', '.join(INPUT_NORMS)}.")
    return nn.LayerNorm(features) if kind == "layer" else FeatureNorm(features)
