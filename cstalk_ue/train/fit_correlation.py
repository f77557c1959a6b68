"""Stage 1: the correlation module learns to tell emotions, and real curves from random ones (II.B).

Windows of recorded curves with their emotion, and as many random windows as one emotion has; the loss is
L_C (eq. 3). No sound is needed, so silent takes count too. What the module has learned is measured on takes
it has never seen (see correlation_report.py).

Shape key: B batch, T frames, C kept controls, M classes.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.errors import DataSetError
from cstalk_ue.model.builder import build_correlation
from cstalk_ue.model.correlation import CorrelationModule
from cstalk_ue.model.correlation_checkpoint import save_correlation
from cstalk_ue.model.losses import correlation_loss, correlation_target
from cstalk_ue.storage import write_json
from cstalk_ue.train.correlation_report import report_correlation
from cstalk_ue.train.loop import run_loop
from cstalk_ue.train.machine import describe_machine, start_machine
from cstalk_ue.train.random_takes import RandomWindows
from cstalk_ue.train.run_folder import REPORT_FILE, RunResult, open_on_main
from cstalk_ue.train.sampler import Draw
from cstalk_ue.train.settings import TrainingSettings
from cstalk_ue.train.take_cache import CurveUnits, TakeCache
from cstalk_ue.train.windows import WindowSource, usable
from ingest.data_set import DataSet

RANDOM = len(EMOTIONS)
"""Class of random curves, after the emotions."""


class CurveBatch(NamedTuple):
    """Curves (B, C, T), normalised, and their classes (B, M) as probabilities; `mask` (B, T)."""

    curves: Tensor
    target: Tensor
    mask: Tensor

    def to(self, device: torch.device) -> "CurveBatch":
        """The same on another device."""
        return CurveBatch(*(each.to(device, non_blocking=True) for each in self))


class CurveWindows:
    """The windows of a source, then random ones, for the loop.

    Args:
        random: gives the random windows.
        random_count: how many.
    """

    def __init__(self, source: WindowSource, random: RandomWindows, random_count: int) -> None:
        self.source, self.random, self.random_count = source, random, random_count

    def __len__(self) -> int:
        return len(self.source) + self.random_count

    def draw(self, draws: Sequence[Draw]) -> CurveBatch:
        """The windows of these draws in order; random ones are new in every epoch."""
        real = [number for _, number in draws if number < len(self.source)]
        curves = np.empty(
            (len(draws), self.source.frames, len(self.source.cache.units.controls)), dtype=np.float32
        )
        target = np.zeros((len(draws), len(EMOTIONS) + 1), dtype=np.float32)
        mask = np.ones((len(draws), self.source.frames), dtype=bool)
        places = np.array([number < len(self.source) for _, number in draws])
        if real:
            windows = self.source.batch(real)
            curves[places] = windows.target.numpy()
            mask[places] = windows.mask.numpy()
            target[places] = correlation_target(windows.emotion, mask=windows.mask).numpy()
        for row in np.flatnonzero(~places).tolist():
            epoch, number = draws[row]
            curves[row] = self.random.curves(epoch, number - len(self.source))
            target[row, RANDOM] = 1
        return CurveBatch(
            torch.from_numpy(curves).transpose(1, 2), torch.from_numpy(target), torch.from_numpy(mask)
        )


class EmotionTeller(nn.Module):
    """The correlation module and its loss: batch -> "loss" (L_C) and the share told right."""

    def __init__(self, module: CorrelationModule) -> None:
        super().__init__()
        self.module = module

    def forward(self, batch: CurveBatch) -> dict[str, Tensor]:
        """(B, C, T) -> scalars."""
        logits = self.module(batch.curves).logits.float()  # (B, M)
        right = logits.argmax(dim=1) == batch.target.argmax(dim=1)
        return {"loss": correlation_loss(logits, batch.target), "recognised": right.float().mean()}


def train_correlation(
    data_set: DataSet,
    run_folder: Path,
    settings: TrainingSettings,
    *,
    resume: bool = False,
    max_steps: int | None = None,
    report: Callable[[str], None] = lambda text: None,
) -> RunResult:
    """Train a correlation module, measure it on held-out takes, and save it in `run_folder`.

    Args:
        resume: go on from the newest state in the folder, if there is one.
        max_steps: stop there, leaving a state to go on from; the module is saved all the same.
        report: called with one line of text now and then.

    Raises:
        DataSetError: nothing to train on.
        TrainingError: the run cannot begin, be resumed, or diverged.
    """
    accelerator = start_machine(settings.machine)
    if not accelerator.is_main_process:
        report = _silent
    units = CurveUnits.of(data_set.require_statistics())
    fit = settings.fit_correlation
    sources = curve_sources(data_set, units, settings)
    windows = {split: curve_windows(source, settings) for split, source in sources.items()}
    about = {
        "stage": "correlation",
        "settings": settings.deciding("correlation"),
        "data_set": data_set.digest,
    }
    goes_on = open_on_main(accelerator, run_folder, about, settings, resume=resume)
    torch.manual_seed(fit.seed)
    module = build_correlation(settings.correlation, len(units.controls))
    trained = sum(parameter.numel() for parameter in module.parameters())
    report(
        f"{len(sources['train'].records)} takes to learn from; {len(units.controls)} controls; {trained:,} "
        f"trained "
        f"weights; {windows['train'].random_count} of {len(windows['train'])} windows are random "
        f"({', '.join(settings.random.kinds)})"
    )
    result = run_loop(
        EmotionTeller(module),
        windows["train"],
        windows.get("validation"),
        settings=fit,
        machine=settings.machine,
        accelerator=accelerator,
        folder=run_folder,
        resume=goes_on,
        max_steps=max_steps,
        report=report,
    )
    written: dict[str, Any] = {
        "stage": "correlation",
        "preset": settings.preset,
        "data_set": data_set.digest,
        **asdict(result),
        "windows": {split: len(each) for split, each in windows.items()},
        "machine": describe_machine(accelerator, settings.machine),
        "settings": settings.to_mapping(),
    }
    if accelerator.is_main_process:
        held_out = "test" if "test" in sources else "validation"
        if held_out in sources:
            measured = report_correlation(
                module, sources[held_out], settings, split=held_out, device=accelerator.device
            )
            written["held_out_takes"] = measured
        written = json.loads(json.dumps(written))
        save_correlation(
            run_folder,
            module,
            config=settings.correlation,
            controls=units.controls,
            mean=units.mean,
            std=units.std,
            training={key: written[key] for key in ("preset", "step", "best_step", "held_out", "seconds")},
            data_set=data_set.digest,
        )
        write_json(run_folder / REPORT_FILE, written)
    accelerator.wait_for_everyone()
    return RunResult(run_folder, written)


def curve_sources(
    data_set: DataSet, units: CurveUnits, settings: TrainingSettings
) -> dict[str, WindowSource]:
    """The windows of every split that has labelled takes.

    Raises:
        DataSetError: there is nothing to train on.
    """
    cache = TakeCache(data_set, units, budget_bytes=settings.machine.cache_megabytes * 2**20)
    sources = {}
    for split in ("train", "validation", "test"):
        records = usable([record for record in data_set.records if record.split == split], audio=False)
        if records:
            stride = settings.windows.stride if split == "train" else settings.windows.frames // 4
            sources[split] = WindowSource(cache, records, settings.windows, stride=max(1, stride))
    if "train" not in sources:
        raise DataSetError(
            f"{data_set.folder}: no take of the training split has an emotion. Label the takes, then run "
            "`cstalk-ue dataset split`."
        )
    return sources


def curve_windows(source: WindowSource, settings: TrainingSettings) -> CurveWindows:
    """Real windows and as many random ones as one emotion has on average (II.B)."""
    classes = source.classes
    kinds, seed = settings.random.kinds, settings.fit_correlation.seed
    random = RandomWindows(source, kinds=kinds, seed=seed)
    per_emotion = len(source) / len(np.unique(classes))
    return CurveWindows(source, random, max(1, round(settings.random.share * per_emotion)))


def _silent(text: str) -> None:
    return None
