"""The optimisation loop of both stages: steps, validation, states, log, and what stops them.

A step's gradient is the mean over a whole batch, whatever micro-batches and processes it is cut into; each
piece weighs as its windows do. The result is the weights (averaged ones, if there is an average) of the
best validation, or of the last step. Knows nothing about what is trained: the module turns a batch into
named losses, of which "loss" is minimised.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cstalk_ue.errors import TrainingError
from cstalk_ue.train.loader import WindowData, load_batches
from cstalk_ue.train.machine import autocast, peak_memory_bytes, worker_count
from cstalk_ue.train.measure import measure
from cstalk_ue.train.optimiser import (
    AveragedWeights,
    build_optimiser,
    learning_rate,
    optimiser_tensors,
    set_optimiser_tensors,
    set_trained_tensors,
    trained_tensors,
)
from cstalk_ue.train.progress import LoopResult, Progress, duration_text
from cstalk_ue.train.run_log import RunLog
from cstalk_ue.train.run_state import (
    RunState,
    last_step,
    load_state,
    random_state,
    save_state,
    set_random_state,
)
from cstalk_ue.train.sampler import WindowSampler
from cstalk_ue.train.settings import LoopSettings, MachineSettings


def run_loop(
    module: nn.Module,
    training: WindowData,
    validation: WindowData | None,
    *,
    settings: LoopSettings,
    machine: MachineSettings,
    accelerator: Any,
    folder: Path,
    resume: bool = False,
    max_steps: int | None = None,
    report: Callable[[str], None] = lambda text: None,
) -> LoopResult:
    """Train the module in place.

    Args:
        module: batch -> dict of scalar losses with "loss"; other scalars are only logged.
        validation: None to keep the weights of the last step.
        folder: of the run; states and log are written there.
        resume: go on from the newest state.
        max_steps: stop after this step of the run, without changing the schedule.
        report: called with one line of text now and then.

    Raises:
        TrainingError: a loss is no longer a number; the batch does not divide over the processes; or the
            state cannot be read or written.
    """
    return _Loop(module, training, validation, settings, machine, accelerator, folder, report).run(
        resume, max_steps
    )


class _Loop:
    def __init__(
        self,
        module: nn.Module,
        training: WindowData,
        validation: WindowData | None,
        settings: LoopSettings,
        machine: MachineSettings,
        accelerator: Any,
        folder: Path,
        report: Callable[[str], None],
    ) -> None:
        processes = accelerator.num_processes
        if settings.batch % processes:
            raise TrainingError(
                f"a batch of {settings.batch} windows does not divide over {processes} processes. Give a "
                "multiple, or another number of processes."
            )
        self.module, self.training, self.validation = module.to(accelerator.device), training, validation
        self.settings, self.machine, self.accelerator = settings, machine, accelerator
        self.folder, self.report = folder, report
        self.sampler = WindowSampler(
            len(training),
            settings.batch,
            settings.seed,
            processes,
            accelerator.process_index,
            machine.micro_batch,
        )
        self.optimiser = build_optimiser(self.module, settings)
        self.average = AveragedWeights(self.module, settings.ema_decay)
        self.best: dict[str, Tensor] = {}
        self.progress, self.first = Progress(), 0
        # DistributedDataParallel sums gradients; a lone process gets the module back as it is.
        self.prepared = accelerator.prepare_model(self.module) if processes > 1 else self.module

    def run(self, resume: bool, max_steps: int | None) -> LoopResult:
        """All steps that are left."""
        torch.manual_seed(self.settings.seed + 7919 * self.accelerator.process_index)
        if resume:
            self._restore()
        self.first = self.progress.step
        last = min(self.settings.steps, max_steps or self.settings.steps)
        log = (
            RunLog(self.folder, self._columns(), after=self.first)
            if self.accelerator.is_main_process
            else None
        )
        if log is not None and not log.has_events:
            self.report(
                "TensorBoard is not installed, so the figures are in log.csv alone (extra: tensorboard)"
            )
        try:
            return self._run(log, last)
        finally:
            if log is not None:
                log.close()

    def _run(self, log: RunLog | None, last: int) -> LoopResult:
        progress, first = self.progress, self.first
        batches = load_batches(
            self.training,
            self.sampler,
            first,
            workers=worker_count(self.accelerator, self.machine),
            pinned=self.accelerator.device.type == "cuda",
        )
        started = saved = time.monotonic()
        earlier, measuring = progress.seconds, 0.0
        self.prepared.train()
        while progress.step < last and not self._is_patience_over():
            step = progress.step + 1
            norm = self._step(step, batches)
            progress.step = step
            now = time.monotonic()
            progress.seconds = earlier + now - started
            due = step % self.settings.validate_every == 0 or step == self.settings.steps
            figures = self._validate(step, self.validation) if due and self.validation is not None else {}
            measuring += time.monotonic() - now
            rate = (step - first) * self.settings.batch / max(1e-9, time.monotonic() - started - measuring)
            if figures or step % self.machine.report_steps == 0 or step == last:
                self._tell(log, norm, figures, rate, last)
            ended = step == last or self._is_patience_over()
            if self._save_due(step, time.monotonic() - saved, ended):
                self._save()
                saved = time.monotonic()
        trained = max(1e-9, time.monotonic() - started - measuring)
        return self._finish((progress.step - first) * self.settings.batch / trained)

    def _is_patience_over(self) -> bool:
        return 0 < self.settings.patience <= self.progress.without_gain

    def _step(self, step: int, batches: Iterator[Any]) -> float:
        """One optimiser step; gives the norm of the gradient."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(step, self.settings)
        self.optimiser.zero_grad(set_to_none=True)
        pieces = self.sampler.micro_batches_per_step
        totals: dict[str, Tensor] = {}
        for piece in range(pieces):
            batch, windows = next(batches)
            share = windows / self.sampler.share
            with self._unsynchronised(piece < pieces - 1):
                with autocast(self.accelerator, self.machine):
                    losses = self.prepared(batch.to(self.accelerator.device))
                (losses["loss"] * share).backward()
            for name, value in losses.items():
                totals[name] = totals.get(name, 0.0) + value.detach().float() * share
        norm = nn.utils.clip_grad_norm_(
            [p for p in self.module.parameters() if p.grad is not None], self.settings.clip_norm or math.inf
        )
        summed = self.accelerator.reduce(
            torch.stack([*totals.values(), norm.float()]), reduction="mean"
        ).tolist()
        for name, value in zip([*totals, "gradient"], summed, strict=True):
            if not math.isfinite(value):
                self._fail(step, name, value)
        self.optimiser.step()
        self.average.update(step)
        self.progress.add_losses(dict(zip(totals, summed[:-1], strict=True)))
        return float(summed[-1])

    def _fail(self, step: int, name: str, value: float) -> None:
        state = last_step(self.folder)
        kept = f"The last good state is step {state} in {self.folder}" if state else "No state was saved yet"
        raise TrainingError(
            f"step {step}: {name} is {value}, so training stopped. {kept}. Lower the learning rate "
            f"({self.settings.learning_rate:g}) or look for takes with wild values (`cstalk-ue dataset "
            f"check`)."
        )

    def _unsynchronised(self, unfinished: bool) -> Any:
        if unfinished and self.accelerator.num_processes > 1:
            return self.accelerator.no_sync(self.prepared)
        return contextlib.nullcontext()

    def _validate(self, step: int, validation: WindowData) -> dict[str, float]:
        """Figures of the averaged weights on the validation windows; the best weights are kept."""
        own = {name: value.clone() for name, value in trained_tensors(self.module).items()}
        current = self.average.current()
        set_trained_tensors(self.module, current)
        figures = measure(self.module, validation, self.accelerator, self.machine, batch=self.settings.batch)
        set_trained_tensors(self.module, own)
        self.prepared.train()
        if self.progress.judge(figures, keep=self.settings.keep) and self.settings.keep == "best":
            self.best = {name: value.to("cpu", copy=True) for name, value in current.items()}
        return figures

    def _columns(self) -> list[str]:
        """Of the log; the names of the losses are learned from one window."""
        self.module.eval()
        with torch.no_grad(), autocast(self.accelerator, self.machine):
            names = list(self.module(self.training.draw([(0, 0)]).to(self.accelerator.device)))
        held_out = [f"held_out_{name}" for name in names] if self.validation is not None else []
        return ["epoch", "learning_rate", *names, "gradient_norm", *held_out, "windows_per_second", "seconds"]

    def _tell(
        self, log: RunLog | None, norm: float, figures: Mapping[str, float], rate: float, last: int
    ) -> None:
        """A line for people, and a row of the log."""
        progress, step = self.progress, self.progress.step
        left = (last - step) * self.settings.batch / max(rate, 1e-9)
        line = (
            f"step {step}/{last}  {progress.text(figures)}  {rate:.0f} windows/s  {duration_text(left)} left"
        )
        self.report(line)
        if not figures and step % self.machine.report_steps and step != self.settings.steps:
            return  # only the limit of this call: a run without one has no row here
        losses = progress.take_losses()
        if log is not None:
            row = {
                "epoch": step * self.settings.batch / len(self.training),
                "learning_rate": learning_rate(step, self.settings),
                **losses,
                "gradient_norm": norm,
                **{f"held_out_{name}": value for name, value in figures.items()},
                "windows_per_second": rate,
                "seconds": progress.seconds,
            }
            log.add(step, row)

    def _save_due(self, step: int, elapsed: float, ended: bool) -> bool:
        machine = self.machine
        due = machine.save_seconds > 0 and elapsed >= machine.save_seconds
        if self.accelerator.num_processes > 1:  # one clock decides for all
            due = bool(
                self.accelerator.reduce(torch.tensor([float(due)], device=self.accelerator.device)).item()
            )
        return ended or due or (machine.save_steps > 0 and step % machine.save_steps == 0)

    def _save(self) -> None:
        tensors = {
            "model": trained_tensors(self.module),
            "average": self.average.tensors,
            "best": self.best,
            "optimiser": optimiser_tensors(self.optimiser, self.module),
        }
        values = {
            "progress": self.progress.to_values(),
            "sampler": self.sampler.state(self.progress.step),
            "processes": self.accelerator.num_processes,
        }
        random = random_state(self.accelerator.device)
        save_state(self.folder, RunState(self.progress.step, tensors, values, random), self.accelerator)

    def _restore(self) -> None:
        state, remarks = load_state(self.folder, self.accelerator.process_index)
        for remark in remarks:
            self.report(remark)
        try:
            set_trained_tensors(self.module, state.tensors["model"])
            set_optimiser_tensors(self.optimiser, self.module, state.tensors.get("optimiser", {}))
            for name, value in self.average.tensors.items():
                value.copy_(state.tensors["average"][name])
            self.best = dict(state.tensors.get("best", {}))
            self.progress = Progress.from_values(state.values["progress"])
            processes = state.values["processes"]
        except (KeyError, TypeError, RuntimeError) as error:
            raise TrainingError(
                f"{self.folder}: its state does not fit this model ({error}). Start another run folder."
            ) from error
        now = self.accelerator.num_processes
        if processes == now:
            set_random_state(state.random, self.accelerator.device)
        else:
            self.report(
                f"was saved with {processes} processes, now there are {now}: the windows stay the same, what "
                "dropout drops does not"
            )
        self.report(f"going on from step {state.step}")

    def _finish(self, rate: float) -> LoopResult:
        progress = self.progress
        finished = "finished" if progress.step >= self.settings.steps else "limit"
        result, best_step = self.average.current(), progress.step
        if self.settings.keep == "best" and self.best:
            result, best_step = self.best, progress.best_step
        set_trained_tensors(self.module, result)
        self.module.eval()
        return LoopResult(
            step=progress.step,
            stopped="early" if self._is_patience_over() else finished,
            best_step=best_step,
            held_out=progress.held_out,
            losses=progress.losses,
            seconds=progress.seconds,
            windows_per_second=rate,
            peak_memory_bytes=peak_memory_bytes(self.accelerator.device),
        )
