"""Settings of both stages of training, and the presets `paper` and `small`.

A TOML file or `--set` names only what differs from the preset; unknown keys, wrong types and bad values are
reported together. Knows nothing about torch.
"""

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cstalk_ue.config import CorrelationConfig, ModelConfig, read_settings, read_toml
from cstalk_ue.errors import ConfigError

PRESETS = ("paper", "small")
RANDOM_KINDS = ("white", "smooth", "shuffled", "shuffled-within")


@dataclass(frozen=True)
class WindowSettings:
    """Windows over takes (paper, III.B)."""

    frames: int = 96  # 51200 samples
    stride: int = 5  # frames from window to window: 2667 samples
    smallest_valid: float = 0.5  # windows with a smaller share of captured frames are left out

    def faults(self) -> list[str]:
        """What is wrong with the values, one clause each."""
        return _failed(
            (self.frames >= 2, f"frames is {self.frames}, expected 2 or more"),
            (self.stride >= 1, f"stride is {self.stride}, expected 1 or more"),
            (0 <= self.smallest_valid <= 1, f"smallest_valid is {self.smallest_valid}, expected 0 to 1"),
        )


@dataclass(frozen=True)
class RandomSettings:
    """The class of random curves (paper, II.B); see random_takes.py."""

    kinds: tuple[str, ...] = ("white", "smooth", "shuffled")  # in equal parts
    share: float = 1.0  # of the number of windows that one emotion has on average

    def faults(self) -> list[str]:
        """What is wrong with the values, one clause each."""
        return _failed(
            (
                bool(self.kinds) and set(self.kinds) <= set(RANDOM_KINDS),
                f"kinds is {list(self.kinds)}, expected some of {', '.join(RANDOM_KINDS)}",
            ),
            (self.share > 0, f"share is {self.share}, expected above 0"),
        )


@dataclass(frozen=True)
class LossSettings:
    """L_G = L_R + L_C (eq. 4) with weights."""

    reconstruction: float = 1.0  # of L_R, in normalised units
    correlation: float = 1.0  # of L_C; 0 trains without correlation supervision

    def faults(self) -> list[str]:
        """What is wrong with the values, one clause each."""
        return _failed(
            (self.reconstruction >= 0, f"reconstruction is {self.reconstruction}, expected 0 or more"),
            (self.correlation >= 0, f"correlation is {self.correlation}, expected 0 or more"),
        )


@dataclass(frozen=True)
class LoopSettings:
    """How one stage is optimised."""

    steps: int = 1000  # optimiser steps
    batch: int = 64  # windows per step, over all processes
    learning_rate: float = 1e-3  # after warm-up
    schedule: str = "cosine"  # to a hundredth of the rate, or constant
    warmup_steps: int = 50  # from 0 to the rate, linear
    weight_decay: float = 0.01  # on matrices and kernels, not on biases and gains
    clip_norm: float = 1.0  # of the gradient; 0 does not clip
    ema_decay: float = 0.0  # of the averaged weights, which are the result; 0 keeps the plain ones
    validate_every: int = 100  # steps
    patience: int = 0  # validations without a better loss before stopping; 0 never stops early
    keep: str = "best"  # the weights of the best validation, or of the last step
    seed: int = 0  # of everything that is drawn

    def faults(self) -> list[str]:
        """What is wrong with the values, one clause each."""
        return _failed(
            *(
                (getattr(self, name) >= 1, f"{name} is {getattr(self, name)}, expected 1 or more")
                for name in ("steps", "batch", "validate_every")
            ),
            *(
                (getattr(self, name) >= 0, f"{name} is {getattr(self, name)}, expected 0 or more")
                for name in ("warmup_steps", "weight_decay", "clip_norm", "patience", "seed")
            ),
            (self.learning_rate > 0, f"learning_rate is {self.learning_rate}, expected above 0"),
            (0 <= self.ema_decay < 1, f"ema_decay is {self.ema_decay}, expected 0 or more and below 1"),
            (
                self.schedule in ("cosine", "constant"),
                f"schedule is {self.schedule!r}, expected cosine or constant",
            ),
            (self.keep in ("best", "last"), f"keep is {self.keep!r}, expected best or last"),
        )


@dataclass(frozen=True)
class MachineSettings:
    """What fits the machine and hardly changes the result; may differ when a run is resumed."""

    device: str = "auto"  # auto, cpu or cuda
    precision: str = "float32"  # or bf16, of the forward pass; weights and sums stay float32
    micro_batch: int = (
        0  # windows at once per process, where memory is short; 0 is the whole share of a batch
    )
    workers: int = -1  # processes that prepare windows; -1: none on a CPU, up to 4 beside a GPU
    cache_megabytes: int = 2048  # of takes in memory, per process
    feature_cache: str = ""  # folder for the features of a frozen encoder; "" is DATASET/features
    save_steps: int = 500  # steps between saved states; 0 goes by time alone
    save_seconds: float = 300.0  # seconds between saved states; 0 goes by steps alone
    report_steps: int = 50  # steps between lines of the log

    def faults(self) -> list[str]:
        """What is wrong with the values, one clause each."""
        return _failed(
            (
                self.device in ("auto", "cpu", "cuda"),
                f"device is {self.device!r}, expected auto, cpu or cuda",
            ),
            (
                self.precision in ("float32", "bf16"),
                f"precision is {self.precision!r}, expected float32 or bf16",
            ),
            (self.micro_batch >= 0, f"micro_batch is {self.micro_batch}, expected 0 or more"),
            (self.workers >= -1, f"workers is {self.workers}, expected -1 or more"),
            (self.cache_megabytes >= 0, f"cache_megabytes is {self.cache_megabytes}, expected 0 or more"),
            (self.save_steps >= 0, f"save_steps is {self.save_steps}, expected 0 or more"),
            (self.save_seconds >= 0, f"save_seconds is {self.save_seconds}, expected 0 or more"),
            (self.report_steps >= 1, f"report_steps is {self.report_steps}, expected 1 or more"),
        )


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides a run of either stage.

    Raises:
        ConfigError: on construction, when a value is out of range; all of them in one message.
    """

    preset: str = "small"  # which one the rest started from
    windows: WindowSettings = field(default_factory=WindowSettings)
    model: ModelConfig = field(default_factory=ModelConfig)  # speech encoder and generator
    random_encoder: bool = False  # start an encoder whose weights are not at hand from random ones
    losses: LossSettings = field(default_factory=LossSettings)
    correlation: CorrelationConfig = field(default_factory=CorrelationConfig)  # the correlation module
    random: RandomSettings = field(default_factory=RandomSettings)
    fit_correlation: LoopSettings = field(default_factory=LoopSettings)
    fit_generator: LoopSettings = field(default_factory=LoopSettings)
    machine: MachineSettings = field(default_factory=MachineSettings)

    def __post_init__(self) -> None:
        faults = _failed(
            (self.preset in PRESETS, f"preset is {self.preset!r}, expected {' or '.join(PRESETS)}"),
            (
                self.correlation.frames == self.windows.frames,
                f"correlation.frames is {self.correlation.frames} and windows.frames {self.windows.frames}, "
                "expected the same",
            ),
        )
        for name in ("windows", "losses", "random", "fit_correlation", "fit_generator", "machine"):
            faults += [f"{name}.{fault}" for fault in getattr(self, name).faults()]
        if faults:
            raise ConfigError("; ".join(faults) + ".")

    def to_mapping(self) -> dict[str, Any]:
        """All settings as plain nested values."""
        return dataclasses.asdict(self)

    def deciding(self, stage: str = "") -> dict[str, Any]:
        """The settings that decide a result: all but the machine's, and of one stage's only its own.

        Args:
            stage: "correlation", "generator", or empty for both.
        """
        others = {
            "correlation": ("model", "random_encoder", "losses", "fit_generator"),
            "generator": ("correlation", "random", "fit_correlation"),
            "": (),
        }[stage]
        return {key: value for key, value in self.to_mapping().items() if key not in ("machine", *others)}


# Chosen on made-up takes on one CPU core; docs/log.md says what else was tried.
_SMALL: dict[str, Any] = {
    "preset": "small",
    "model": {
        "encoder": {"kind": "whisper", "weights": "bundled", "frozen": "all"},
        "generator": {"width": 96},
    },
    "correlation": {"width": 64, "heads": 4, "layers": 2, "hidden": 128},
    "fit_correlation": {
        "steps": 300,
        "batch": 32,
        "learning_rate": 1e-3,
        "ema_decay": 0.98,
        "validate_every": 50,
    },
    "fit_generator": {
        "steps": 400,
        "batch": 16,
        "learning_rate": 3e-3,
        "ema_decay": 0.99,
        "validate_every": 50,
    },
}
_PAPER: dict[str, Any] = {
    "preset": "paper",
    "model": {"encoder": {"kind": "wav2vec2", "frozen": "convolution"}},
    "fit_correlation": {
        "batch": 64,
        "learning_rate": 1e-5,
        "schedule": "constant",
        "warmup_steps": 0,
        "steps": 20000,
        "validate_every": 500,
        "patience": 10,
    },
    "fit_generator": {
        "batch": 64,
        "learning_rate": 1e-6,
        "schedule": "constant",
        "warmup_steps": 0,
        "steps": 50000,
        "validate_every": 1000,
        "patience": 10,
    },
}


def training_settings(
    preset: str = "small", *, config: Path | None = None, changes: Sequence[str] = (), **nested: Any
) -> TrainingSettings:
    """Settings from a preset, then a TOML file, then `key=value` texts, then nested mappings by keyword.

    Args:
        preset: "paper" or "small".
        config: TOML file with what differs.
        changes: such as ``fit_generator.steps=200`` or ``model.encoder.kind=mfcc``.
        nested: such as ``fit_generator={"steps": 200}``.

    Raises:
        ConfigError: unknown preset, unreadable file, unknown keys, wrong types or bad values.
    """
    if preset not in PRESETS:
        raise ConfigError(f"preset {preset!r} is unknown; expected {' or '.join(PRESETS)}.")
    mapping: dict[str, Any] = {}
    _merge(mapping, _PAPER if preset == "paper" else _SMALL)
    sources = [f"preset {preset}"]
    if config is not None:
        _merge(mapping, read_toml(config))
        sources.append(str(config))
    for change in changes:
        _merge(mapping, _parse_change(change))
        sources.append(change)
    _merge(mapping, nested)
    return read_settings(TrainingSettings, mapping, source=", ".join(sources))


def _parse_change(text: str) -> dict[str, Any]:
    """``a.b=value`` as nested mappings; the value in TOML, or else a plain text."""
    key, separator, value = text.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not separator or not all(parts):
        raise ConfigError(f"--set {text!r}: expected KEY=VALUE, such as fit_generator.steps=200.")
    try:
        parsed = tomllib.loads(f"value = {value.strip()}")
        known = parsed["value"] if list(parsed) == ["value"] else value.strip()
    except tomllib.TOMLDecodeError:
        known = value.strip()
    for part in reversed(parts):
        known = {part: known}
    return dict(known)


def _merge(into: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, Mapping):
            if not isinstance(into.get(key), dict):
                into[key] = {}
            _merge(into[key], value)
        else:
            into[key] = value


def _failed(*checks: tuple[bool, str]) -> list[str]:
    """The messages of the checks that do not hold."""
    return [message for holds, message in checks if not holds]
