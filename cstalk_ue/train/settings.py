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
from cstalk_ue.model.presets import PAPER_CORRELATION, PAPER_MODEL, SMALL_MODEL
from cstalk_ue.train.stage_settings import (
    RANDOM_KINDS,
    LoopSettings,
    LossSettings,
    MachineSettings,
    RandomSettings,
    WindowSettings,
    failed,
)

__all__ = [
    "PRESETS",
    "RANDOM_KINDS",
    "LoopSettings",
    "LossSettings",
    "MachineSettings",
    "RandomSettings",
    "TrainingSettings",
    "WindowSettings",
    "training_settings",
]

PRESETS = ("paper", "small")


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
        faults = failed(
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
    "model": SMALL_MODEL.to_mapping(),
    "correlation": {"width": 64, "heads": 4, "layers": 2, "hidden": 128},
    "fit_correlation": {
        "steps": 400,
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
    "model": PAPER_MODEL.to_mapping(),
    "correlation": dataclasses.asdict(PAPER_CORRELATION),
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
        known: Any = parsed["value"] if list(parsed) == ["value"] else value.strip()
    except tomllib.TOMLDecodeError:
        known = value.strip()
    for part in reversed(parts[1:]):
        known = {part: known}
    return {parts[0]: known}


def _merge(into: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, Mapping):
            if not isinstance(into.get(key), dict):
                into[key] = {}
            _merge(into[key], value)
        else:
            into[key] = value
