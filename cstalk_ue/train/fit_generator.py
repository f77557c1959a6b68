"""Train the generator on lessons: cached speech features in, the performer's curves out.

One stage of the paper's training (II.A, eq. 1) with the encoder frozen, in normalised curves so that small
movements count as much as large ones. Knows nothing about where the lessons come from (see bundled.py).
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from cstalk_ue.errors import CSTalkError
from cstalk_ue.model.losses import reconstruction_loss
from cstalk_ue.model.talking_face import TalkingFace
from cstalk_ue.train.teacher import Lesson


@dataclass(frozen=True)
class FitSettings:
    """How the generator is trained."""

    steps: int = 1500  # optimiser steps
    batch: int = 16  # windows per step
    window_frames: int = 192  # longer than the paper's 96, so that few frames miss their context
    margin_frames: int = 24  # at either end of a window: seen, not scored, unless the line ends there
    learning_rate: float = 1.5e-3  # peak, after warm-up, then cosine to a hundredth
    warmup_steps: int = 200
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    ema_decay: float = 0.998  # of the averaged weights, which are the result
    report_every: int = 100
    seed: int = 0


@dataclass(frozen=True)
class FitReport:
    """What came out: losses per report (step, train, validation), and the seconds it took."""

    history: tuple[tuple[int, float, float], ...]
    seconds: float


def fit_generator(
    model: TalkingFace,
    train: Sequence[Lesson],
    validation: Sequence[Lesson],
    *,
    columns: np.ndarray,
    mean: np.ndarray,
    std: np.ndarray,
    settings: FitSettings,
    report: Callable[[str], None] = lambda text: None,
) -> FitReport:
    """Train emotion embedding and generator in place; at the end they hold the averaged weights.

    Args:
        model: gives ``len(columns)`` controls; its speech encoder is not touched.
        train, validation: lessons; the validation ones are only measured.
        columns: columns of the lessons' targets that are kept.
        mean, std: ``(len(columns),)``; the model gives (value - mean) / std.
        settings: see `FitSettings`.
        report: called with one line of text now and then.

    Raises:
        CSTalkError: the loss is no longer a number.
    """
    started = time.monotonic()
    torch.manual_seed(settings.seed)
    sampler = _WindowSampler(train, columns, mean, std, settings)
    decoder = nn.ModuleDict({"emotion": model.emotion, "generator": model.generator})
    optimiser = torch.optim.AdamW(
        _decay_groups(decoder, settings.weight_decay), lr=settings.learning_rate, betas=(0.9, 0.98)
    )
    average = {name: value.detach().clone() for name, value in decoder.state_dict().items()}
    history: list[tuple[int, float, float]] = []
    running, since_report = 0.0, 0
    decoder.train()
    for step in range(1, settings.steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * _schedule(step, settings)
        features, emotion, target, mask = sampler.draw()
        loss = reconstruction_loss(model.generate(features, emotion), target, mask=mask)
        if not torch.isfinite(loss):
            raise CSTalkError(f"training: the loss is {loss.item()} at step {step}. Lower the learning rate.")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), settings.clip_norm)
        optimiser.step()
        decay = min(settings.ema_decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in decoder.state_dict().items():
                average[name].lerp_(value, 1 - decay) if value.is_floating_point() else average[name].copy_(
                    value
                )
        running, since_report = running + loss.item(), since_report + 1
        if step % settings.report_every == 0 or step == settings.steps:
            held_out = _loss_with(model, decoder, average, validation, columns, mean, std)
            history.append((step, running / since_report, held_out))
            running, since_report = 0.0, 0
            spent = time.monotonic() - started
            left = spent / step * (settings.steps - step)
            report(
                f"step {step}/{settings.steps}  L_R train {history[-1][1]:.4f}  "
                f"held out {held_out:.4f}  {left / 60:.0f} min left"
            )
    decoder.load_state_dict(average)
    decoder.eval()
    return FitReport(tuple(history), time.monotonic() - started)


class _WindowSampler:
    """Random windows of random performances, normalised, as tensors."""

    def __init__(
        self,
        lessons: Sequence[Lesson],
        columns: np.ndarray,
        mean: np.ndarray,
        std: np.ndarray,
        settings: FitSettings,
    ) -> None:
        self.lessons, self.columns, self.mean, self.std, self.settings = lessons, columns, mean, std, settings
        self.random = np.random.default_rng([settings.seed, 13])
        frames = np.array([len(lesson.features) for lesson in lessons], dtype=np.float64)
        self.share = frames / frames.sum()

    def draw(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """features (B, T, D), emotion (B, T, 5), target (B, T, C), mask (B, T)."""
        size, margin = self.settings.window_frames, self.settings.margin_frames
        batch = []
        for index in self.random.choice(len(self.lessons), size=self.settings.batch, p=self.share):
            lesson = self.lessons[index]
            frames = len(lesson.features)
            first = int(self.random.integers(-margin, max(1, frames - size + margin + 1)))
            first = min(max(first, 0), max(0, frames - size))
            last = min(first + size, frames)
            mask = np.zeros(size, dtype=bool)
            mask[0 if first == 0 else margin : last - first if last == frames else size - margin] = True
            performance = int(self.random.integers(len(lesson.targets)))
            target = (
                lesson.targets[performance, first:last][:, self.columns].astype(np.float32) - self.mean
            ) / self.std
            arrays = (
                lesson.features[first:last].astype(np.float32),
                lesson.emotions[performance, first:last].astype(np.float32),
                target,
            )
            padded = [np.pad(a, ((0, size - len(a)), (0, 0)), mode="edge") for a in arrays]
            batch.append((*padded, mask))
        tensors = [torch.from_numpy(np.stack(arrays)) for arrays in zip(*batch, strict=True)]
        return tensors[0], tensors[1], tensors[2], tensors[3]


def _schedule(step: int, settings: FitSettings) -> float:
    if step < settings.warmup_steps:
        return step / settings.warmup_steps
    progress = (step - settings.warmup_steps) / max(1, settings.steps - settings.warmup_steps)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))


def _decay_groups(decoder: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Weight decay on matrices and kernels, none on biases and gains."""
    large = [p for p in decoder.parameters() if p.ndim > 1]
    small = [p for p in decoder.parameters() if p.ndim <= 1]
    return [{"params": large, "weight_decay": weight_decay}, {"params": small, "weight_decay": 0.0}]


def _loss_with(
    model: TalkingFace,
    decoder: nn.Module,
    weights: dict[str, Tensor],
    lessons: Sequence[Lesson],
    columns: np.ndarray,
    mean: np.ndarray,
    std: np.ndarray,
) -> float:
    """L_R over whole lessons with the given weights."""
    if not lessons:
        return float("nan")
    own = {name: value.detach().clone() for name, value in decoder.state_dict().items()}
    decoder.load_state_dict(weights)
    decoder.eval()
    losses = []
    with torch.inference_mode():
        for number, lesson in enumerate(lessons):
            performance = number % len(lesson.targets)
            features = torch.from_numpy(lesson.features.astype(np.float32))[None]
            emotion = torch.from_numpy(lesson.emotions[performance].astype(np.float32))[None]
            target = torch.from_numpy(
                (lesson.targets[performance][:, columns].astype(np.float32) - mean) / std
            )[None]
            losses.append(float(reconstruction_loss(model.generate(features, emotion), target)))
    decoder.load_state_dict(own)
    decoder.train()
    return float(np.mean(losses))
