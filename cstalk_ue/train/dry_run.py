"""What a run would be, without running it: shapes, sizes, receptive field, steps and memory.

Shapes and memory are not calculated but seen: one real window goes through the network, and what autograd
keeps for the way back is counted.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.errors import EncoderError
from cstalk_ue.model.builder import build_correlation
from cstalk_ue.model.speech_encoder import encoder_frames
from cstalk_ue.model.talking_face import TalkingFace
from cstalk_ue.train.fit_correlation import EmotionTeller, curve_sources, curve_windows
from cstalk_ue.train.fit_supervised import spoken_takes
from cstalk_ue.train.sampler import WindowSampler
from cstalk_ue.train.settings import LoopSettings, TrainingSettings
from cstalk_ue.train.start_model import hears_features, start_model
from cstalk_ue.train.supervised_face import SupervisedFace
from cstalk_ue.train.take_cache import CurveUnits
from cstalk_ue.train.windows import WindowBatch, window_starts
from ingest.captured import DATA_SET_FPS
from ingest.data_set import DataSet
from ingest.take_files import samples_of


def describe_generator_run(
    data_set: DataSet, settings: TrainingSettings, *, supervised: bool
) -> Iterator[str]:
    """Lines about a run of stage 2; arguments and errors as `train_generator`."""
    units = CurveUnits.of(data_set.require_statistics())
    controls, size = len(units.controls), settings.windows.frames
    records = spoken_takes(data_set, "train")
    try:
        model, _ = start_model(settings, units, emotions=EMOTIONS)
    except EncoderError as error:
        yield f"the encoder's weights are not at hand, sizes are those of random ones: {error}"
        encoder = replace(settings.model.encoder, frozen="convolution")
        loose = replace(settings, random_encoder=True, model=replace(settings.model, encoder=encoder))
        model, _ = start_model(loose, units, emotions=EMOTIONS)
    samples = samples_of(size)
    audio = torch.zeros(1, samples)
    with torch.no_grad():
        model.eval()
        spoken = model.speech_encoder(audio)
        curves = model.generate(model.encode(audio, size), _neutral(1))
    yield (
        f"shapes: {samples} samples -> {spoken.shape[1]} x {spoken.shape[2]} features -> "
        f"{curves.shape[1]} frames x {curves.shape[2]} kept controls"
    )
    assert spoken.shape[1] == encoder_frames(samples) and curves.shape[2] == controls, (
        "the model fits the rig"
    )
    for name, part in (("speech encoder", model.speech_encoder), ("emotion and generator", _decoder(model))):
        yield f"{name}: {_count(part)}"
    reach = getattr(model.generator, "receptive_field_frames", None)
    if isinstance(reach, int):
        yield f"receptive field of the generator: {reach} frames, {reach / DATA_SET_FPS:.2f} s"
    module = build_correlation(settings.correlation, controls) if supervised else None
    if module is not None:
        yield f"correlation module, frozen: {_count(module.requires_grad_(False))}"
    face = SupervisedFace(model, module)
    yield from _steps(
        settings.fit_generator, len(records), sum(_windows(r.frames, settings) for r in records)
    )
    heard = (
        {"features": torch.zeros(1, size, model.speech_encoder.width)}
        if hears_features(settings)
        else {"audio": audio}
    )
    yield _memory(face, _window(size, controls, heard), settings.fit_generator, settings)


def describe_correlation_run(data_set: DataSet, settings: TrainingSettings) -> Iterator[str]:
    """Lines about a run of stage 1; arguments and errors as `train_correlation`."""
    units = CurveUnits.of(data_set.require_statistics())
    source = curve_sources(data_set, units, settings)["train"]
    windows = curve_windows(source, settings)
    module = build_correlation(settings.correlation, len(units.controls))
    batch = windows.draw([(0, 0)])
    with torch.no_grad():
        told = module.eval()(batch.curves)
    yield (
        f"shapes: {batch.curves.shape[1]} kept controls x {batch.curves.shape[2]} frames -> scores "
        f"{tuple(told.scores.shape[1:])} -> {told.logits.shape[1]} classes"
    )
    yield f"correlation module: {_count(module)}"
    yield f"{windows.random_count} of {len(windows)} windows are random ({', '.join(settings.random.kinds)})"
    yield from _steps(settings.fit_correlation, len(source.records), len(windows))
    yield _memory(EmotionTeller(module), batch, settings.fit_correlation, settings)


def _window(size: int, controls: int, heard: dict[str, Tensor]) -> WindowBatch:
    target, mask = torch.zeros(1, size, controls), torch.ones(1, size, dtype=torch.bool)
    return WindowBatch(target, _neutral(size)[None], mask, **heard)


def _neutral(frames: int) -> Tensor:
    weights = torch.zeros(frames, len(EMOTIONS))
    weights[:, 0] = 1
    return weights


def _windows(frames: int, settings: TrainingSettings) -> int:
    return len(window_starts(frames, settings.windows.frames, settings.windows.stride))


def _decoder(model: TalkingFace) -> nn.Module:
    return nn.ModuleList([model.emotion, model.generator])


def _count(module: nn.Module) -> str:
    total = sum(p.numel() for p in module.parameters())
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    return f"{total:,} weights, {trained:,} of them trained"


def _steps(fit: LoopSettings, takes: int, windows: int) -> Iterator[str]:
    yield (
        f"{takes} takes give {windows} windows; {fit.steps} steps of {fit.batch} are "
        f"{fit.steps * fit.batch / windows:.1f} "
        f"epochs; learning rate {fit.learning_rate:g}, {fit.schedule}, {fit.warmup_steps} steps of warm-up"
    )


def _memory(module: nn.Module, batch: Any, fit: LoopSettings, settings: TrainingSettings) -> str:
    """Weights, gradients and the optimiser's sums; and what one window keeps, times the micro-batch."""
    at_once = WindowSampler(1, fit.batch, 0, micro_batch=settings.machine.micro_batch)
    size = min(at_once.share, settings.machine.micro_batch or at_once.share)
    weights = sum(p.numel() * p.element_size() for p in module.parameters())
    trained = sum(p.numel() * p.element_size() for p in module.parameters() if p.requires_grad)
    fixed = weights + trained * (3 + bool(fit.ema_decay))
    own = {p.untyped_storage().data_ptr() for p in module.parameters()}
    kept: dict[int, int] = {}
    alive: list[Tensor] = []  # or a freed tensor's address would come again

    def remember(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)
        return tensor

    module.train()
    with torch.autograd.graph.saved_tensors_hooks(remember, lambda tensor: tensor):
        module(batch)
    moving = sum(kept.values()) * size
    return (
        f"memory, roughly: {_size(fixed)} for weights and optimiser and {_size(moving)} for {size} windows "
        f"at once "
        f"({_size(moving // size)} each); machine.micro_batch cuts the second"
    )


def _size(count: int) -> str:
    return f"{count / 2**20:.0f} MB" if count < 2**30 else f"{count / 2**30:.1f} GB"
