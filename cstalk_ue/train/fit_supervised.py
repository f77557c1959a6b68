"""Stage 2: the generator learns from recordings, supervised by the frozen correlation module (II.A, II.C).

Every kind of generator and of encoder is trained by this one function: a wholly frozen encoder is heard
through cached features, any other through windows of sound. The losses are in supervised_face.py.
"""

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import CheckpointError, DataSetError
from cstalk_ue.model.checkpoint import save_checkpoint
from cstalk_ue.model.correlation_checkpoint import CorrelationCheckpoint, load_correlation
from cstalk_ue.model.losses import reconstruction_loss
from cstalk_ue.model.talking_face import TalkingFace
from cstalk_ue.storage import write_json
from cstalk_ue.train.feature_cache import FeatureCache, clip_references
from cstalk_ue.train.loop import run_loop
from cstalk_ue.train.machine import describe_machine, start_machine
from cstalk_ue.train.progress import LoopResult
from cstalk_ue.train.run_folder import REPORT_FILE, RunResult, open_on_main
from cstalk_ue.train.sampler import Draw
from cstalk_ue.train.settings import TrainingSettings
from cstalk_ue.train.start_model import hears_features, start_model
from cstalk_ue.train.supervised_face import SupervisedFace
from cstalk_ue.train.take_cache import CurveUnits, TakeCache
from cstalk_ue.train.windows import WindowBatch, WindowSource, usable
from ingest.data_set import DataSet, TakeRecord


class SpokenWindows:
    """The windows of a source, for the loop."""

    def __init__(self, source: WindowSource) -> None:
        self.source = source

    def __len__(self) -> int:
        return len(self.source)

    def draw(self, draws: Sequence[Draw]) -> WindowBatch:
        """The windows of these draws; the epoch does not matter."""
        return self.source.batch([number for _, number in draws])


def train_generator(
    data_set: DataSet,
    run_folder: Path,
    settings: TrainingSettings,
    *,
    correlation: Path | None = None,
    resume: bool = False,
    max_steps: int | None = None,
    report: Callable[[str], None] = lambda text: None,
    counter: Callable[[int, str], Callable[[], None]] | None = None,
) -> RunResult:
    """Train a generator and save it as a checkpoint in `run_folder`.

    Args:
        correlation: run of `train_correlation`; None trains without correlation supervision.
        resume: go on from the newest state in the folder, if there is one.
        max_steps: stop there, leaving a state to go on from; the checkpoint is written all the same.
        report: called with one line of text now and then.
        counter: for progress bars: total and unit -> a function to call after each.

    Raises:
        DataSetError: nothing to train on.
        CheckpointError: the correlation module is damaged, or made for other controls or windows.
        EncoderError: the encoder's weights are not to be had.
        TrainingError: the run cannot begin, be resumed, or diverged.
        ConfigError: settings that contradict each other.
    """
    accelerator = start_machine(settings.machine)
    if not accelerator.is_main_process:
        report = _silent
    units = CurveUnits.of(data_set.require_statistics())
    records = {split: spoken_takes(data_set, split) for split in ("train", "validation")}
    if not records["train"]:
        raise DataSetError(
            f"{data_set.folder}: no take of the training split has both an emotion and sound. "
            "Look at `cstalk-ue dataset check`."
        )
    supervisor = None if correlation is None else _load_supervisor(correlation, units, settings)
    emotions = _emotions(records["train"])
    model, config = start_model(settings, units, emotions=[EMOTIONS[c] for c in emotions], report=report)
    about = {
        "stage": "generator",
        "settings": settings.deciding("generator"),
        "data_set": data_set.digest,
        "correlation": "" if supervisor is None else supervisor.info.sha256,
    }
    goes_on = open_on_main(accelerator, run_folder, about, settings, resume=resume)
    _tell_start(report, records, units, model, emotions, supervisor)
    sources = spoken_sources(data_set, records, units, settings, model, accelerator, report, counter)
    face = SupervisedFace(
        model,
        None if supervisor is None else supervisor.module,
        reconstruction_weight=settings.losses.reconstruction,
        correlation_weight=settings.losses.correlation,
        emotions=emotions,
        units=None if supervisor is None else (supervisor.mean, supervisor.std),
    ).to(accelerator.device)
    result = run_loop(
        face,
        SpokenWindows(sources["train"]),
        SpokenWindows(sources["validation"]) if "validation" in sources else None,
        settings=settings.fit_generator,
        machine=settings.machine,
        accelerator=accelerator,
        folder=run_folder,
        resume=goes_on,
        max_steps=max_steps,
        report=report,
    )
    figures = _figures(result, sources)
    written = {
        "stage": "generator",
        "preset": settings.preset,
        "data_set": data_set.digest,
        "correlation": about["correlation"],
        **figures,
        "takes": {split: len(chosen) for split, chosen in records.items()},
        "windows": {split: len(source) for split, source in sources.items()},
        "machine": describe_machine(accelerator, settings.machine),
        "platform": platform.machine(),
        "settings": settings.to_mapping(),
    }
    written = json.loads(json.dumps(written))
    if accelerator.is_main_process:
        save_checkpoint(
            run_folder,
            model,
            config=config,
            controls=units.controls,
            training={
                key: written[key]
                for key in ("preset", "step", "best_step", "held_out", "correlation", "seconds")
            },
            data_set=data_set.digest,
        )
        write_json(run_folder / REPORT_FILE, written)
    accelerator.wait_for_everyone()
    return RunResult(run_folder, written)


def spoken_sources(
    data_set: DataSet,
    records: Mapping[str, Sequence[TakeRecord]],
    units: CurveUnits,
    settings: TrainingSettings,
    model: TalkingFace,
    accelerator: Any,
    report: Callable[[str], None],
    counter: Callable[[int, str], Callable[[], None]] | None,
) -> dict[str, WindowSource]:
    """The windows of each split that has takes; features are computed first where the encoder is frozen."""
    everything = [record for chosen in records.values() for record in chosen]
    budget = settings.machine.cache_megabytes * 2**20
    references: dict[str, np.ndarray] = {}
    if hears_features(settings):
        folder = Path(settings.machine.feature_cache or data_set.folder / "features")
        features = FeatureCache(folder, model.speech_encoder, settings.model.encoder)
        if accelerator.is_main_process:
            advance = counter(len(everything), "takes") if counter is not None else lambda: None
            made = features.prepare(
                data_set, everything, model.speech_encoder, device=accelerator.device, advance=advance
            )
            report(
                f"speech features of {len(everything)} takes, {made} of them computed now, in "
                f"{features.folder}"
            )
        accelerator.wait_for_everyone()
        cache = TakeCache(data_set, units, features=features.features, budget_bytes=budget)
    else:
        cache = TakeCache(data_set, units, audio=True, budget_bytes=budget)
        references = {
            split: clip_references(data_set, chosen, model.speech_encoder)
            for split, chosen in records.items()
            if chosen
        }
    # Validation windows do not overlap but at the end of a take: more would cost time and tell nothing new.
    return {
        split: WindowSource(
            cache,
            chosen,
            settings.windows,
            stride=None if split == "train" else settings.windows.frames,
            references=references.get(split),
        )
        for split, chosen in records.items()
        if chosen
    }


def spoken_takes(data_set: DataSet, split: str) -> tuple[TakeRecord, ...]:
    """The takes of a split that have an emotion and sound."""
    return usable([record for record in data_set.records if record.split == split], audio=True)


def _load_supervisor(folder: Path, units: CurveUnits, settings: TrainingSettings) -> CorrelationCheckpoint:
    loaded = load_correlation(folder, controls=units.controls)
    config = loaded.config
    if (config.frames, config.emotions) != (settings.windows.frames, EMOTIONS):
        raise CheckpointError(
            f"{folder}: looks at windows of {config.frames} frames in the emotions "
            f"{', '.join(config.emotions)}; "
            f"expected {settings.windows.frames} and {', '.join(EMOTIONS)}. Train it with the same settings."
        )
    return loaded


def _emotions(records: Sequence[TakeRecord]) -> list[int]:
    """Columns of the classes that occur in the takes."""
    weights = np.concatenate(
        [EmotionTrack.parse(text).weights for text in {record.emotion for record in records}]
    )
    return np.flatnonzero(weights.max(axis=0) > 0).tolist()


def _tell_start(
    report: Callable[[str], None],
    records: Mapping[str, Sequence[TakeRecord]],
    units: CurveUnits,
    model: TalkingFace,
    emotions: Sequence[int],
    supervisor: CorrelationCheckpoint | None,
) -> None:
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    by = (
        "without correlation supervision"
        if supervisor is None
        else f"supervised by {supervisor.info.model_id}"
    )
    report(
        f"{len(records['train'])} takes to learn from, {len(records['validation'])} held out; "
        f"{len(units.controls)} controls; {trained:,} trained weights; {by}"
    )
    missing = [name for column, name in enumerate(EMOTIONS) if column not in emotions]
    if missing:
        report(
            f"no take is {' or '.join(missing)}: the model will not know "
            f"{'it' if len(missing) == 1 else 'them'}"
        )


def _figures(result: LoopResult, sources: Mapping[str, WindowSource]) -> dict[str, Any]:
    """What the loop says, and L_R of a face that holds every control at its mean, to compare with."""
    figures: dict[str, Any] = asdict(result)
    if "validation" in sources:
        source = sources["validation"]
        total = 0.0
        for number in range(len(source)):
            batch = source.batch([number])
            total += float(reconstruction_loss(torch.zeros_like(batch.target), batch.target, mask=batch.mask))
        figures["mean_face"] = {"reconstruction": total / len(source)}
    return figures


def _silent(text: str) -> None:
    return None
