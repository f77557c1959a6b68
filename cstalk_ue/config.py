"""Settings: frozen dataclasses, read from TOML or a mapping, strictly.

A file holds only what differs from the defaults. Unknown keys, wrong types and values out of range are all
reported in one message. Knows nothing about what the settings do (see model/builder.py).
"""

import dataclasses
import difflib
import json
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.errors import ConfigError

Settings = TypeVar("Settings")

ENCODER_KINDS = ("whisper", "wav2vec2", "mfcc", "logmel")
FROZEN_PARTS = ("none", "convolution", "all")
GENERATOR_KINDS = ("tcn", "faceformer", "emotalk", "emoface", "mean")
ACCUMULATIONS = ("sum", "mean")
SCORE_KINDS = ("raw", "softmax")
CORRELATION_OUTPUTS = ("scores", "logits")
_INPUT_NORMS = ("auto", "layer", "batch")


@dataclass(frozen=True)
class EncoderConfig:
    """The speech encoder. The defaults are the bundled model's."""

    kind: str = "whisper"  # whisper, wav2vec2 (also HuBERT, WavLM), mfcc or logmel
    weights: str = ""  # local folder, file or hub id; "" for the usual ones of this kind
    layers: tuple[int, ...] = (2, 4)  # whisper: outputs put side by side, counted from 1
    coefficients: int = 13  # mfcc: 13 or 40
    deltas: bool = True  # mfcc: add first and second differences
    frozen: str = "all"  # what is not trained: none, convolution (III.B) or all

    def faults(self) -> list[str]:
        """What is wrong with the values, one clause each."""
        return _failed(
            (self.kind in ENCODER_KINDS, f"kind is {self.kind!r}, expected {' or '.join(ENCODER_KINDS)}"),
            (
                bool(self.layers) and all(layer >= 1 for layer in self.layers),
                f"layers is {list(self.layers)}, expected one or more numbers from 1",
            ),
            (1 <= self.coefficients <= 80, f"coefficients is {self.coefficients}, expected 1 to 80"),
            (self.frozen in FROZEN_PARTS, f"frozen is {self.frozen!r}, expected {' or '.join(FROZEN_PARTS)}"),
        )


@dataclass(frozen=True)
class GeneratorConfig:
    """The decoder: the paper's TCN, or a method it is compared with. The defaults are the bundled model's."""

    kind: str = "tcn"  # tcn (the paper's), faceformer, emotalk, emoface or mean
    width: int = 256  # channels
    emotion_width: int = 32  # values of the emotion embedding
    dilations: tuple[int, ...] = (1, 2, 4, 8, 1, 2)  # tcn: one layer each; sets the receptive field
    kernel: int = 3  # tcn: taps per convolution, odd
    heads: int = 4  # faceformer, emotalk, emoface: attention heads, a divisor of the width
    layers: int = 1  # the same: transformer layers of each part
    dropout: float = 0.1  # share of values dropped in training
    input_norm: str = "auto"  # layer, batch, or auto: batch for spectra, layer for pretrained encoders

    def faults(self) -> list[str]:
        """What is wrong with the values, one clause each."""
        return _failed(
            (
                self.kind in GENERATOR_KINDS,
                f"kind is {self.kind!r}, expected {' or '.join(GENERATOR_KINDS)}",
            ),
            (self.width >= 1, f"width is {self.width}, expected 1 or more"),
            (
                self.kind in ("tcn", "mean") or (self.heads >= 1 and self.width % (2 * self.heads) == 0),
                f"heads is {self.heads} and width {self.width}, expected a width that is a multiple of twice "
                "the heads",
            ),
            (self.layers >= 1, f"layers is {self.layers}, expected 1 or more"),
            (self.emotion_width >= 1, f"emotion_width is {self.emotion_width}, expected 1 or more"),
            (
                bool(self.dilations) and all(dilation >= 1 for dilation in self.dilations),
                f"dilations is {list(self.dilations)}, expected one or more numbers from 1",
            ),
            (self.kernel >= 1 and self.kernel % 2 == 1, f"kernel is {self.kernel}, expected an odd number"),
            (0 <= self.dropout < 1, f"dropout is {self.dropout}, expected 0 or more and below 1"),
            (
                self.input_norm in _INPUT_NORMS,
                f"input_norm is {self.input_norm!r}, expected {' or '.join(_INPUT_NORMS)}",
            ),
        )


@dataclass(frozen=True)
class ModelConfig:
    """A model: what hears, what moves, at which frame rate.

    Raises:
        ConfigError: on construction, when a value is out of range; all of them in one message.
    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)  # speech to features
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)  # features to curves
    fps: float = 30.0  # frames per second of the curves
    emotions: tuple[str, ...] = EMOTIONS  # classes, in the order of the emotion weights

    def __post_init__(self) -> None:
        faults = [f"encoder.{fault}" for fault in self.encoder.faults()]
        faults += [f"generator.{fault}" for fault in self.generator.faults()]
        faults += _failed(*_common_checks(self.fps, self.emotions))
        if faults:
            raise ConfigError("; ".join(faults) + ".")

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], *, source: str = "model settings") -> "ModelConfig":
        """Read nested settings; what is absent keeps its default.

        Raises:
            ConfigError: unknown keys, wrong types or bad values, all in one message that names `source`.
        """
        return read_settings(cls, mapping, source=source)

    def to_mapping(self) -> dict[str, Any]:
        """All settings as plain nested values; `from_mapping` reads them back."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class CorrelationConfig:
    """The correlation module (II.B); model/correlation.py argues the defaults.

    Raises:
        ConfigError: on construction, when a value is out of range; all of them in one message.
    """

    frames: int = 96  # of a window (III.B)
    width: int = 128  # of a rig's token
    heads: int = 4  # attention heads, a divisor of the width; their scores are averaged
    layers: int = 4  # transformer encoder layers
    hidden: int = 256  # between the two fully connected layers
    dropout: float = 0.1  # share of values dropped in training
    accumulate: str = "sum"  # scores over layers: sum (II.B) or mean (Fig. 1)
    scores: str = "raw"  # raw (QK^T) or softmax
    scaled: bool = True  # raw scores divided by the square root of a head's width
    output: str = "scores"  # what tells the emotion: scores, or logits (the encoder's output, III.D)
    norm_first: bool = False  # norms before attention and feed-forward, not after
    rig_embedding: bool = False  # a trained vector per rig beside its curve
    score_norm: bool = True  # scores of a window to zero mean and unit variance before the first layer
    fps: float = 30.0  # frames per second of the curves
    emotions: tuple[str, ...] = EMOTIONS  # classes; "random" comes after them

    def __post_init__(self) -> None:
        faults = self.faults()
        if faults:
            raise ConfigError("; ".join(faults) + ".")

    def faults(self) -> list[str]:
        """What is wrong with the values, one clause each."""
        sizes = ("frames", "width", "heads", "layers", "hidden")
        choices = (
            ("accumulate", ACCUMULATIONS),
            ("scores", SCORE_KINDS),
            ("output", CORRELATION_OUTPUTS),
        )
        return _failed(
            *(
                (getattr(self, name) >= 1, f"{name} is {getattr(self, name)}, expected 1 or more")
                for name in sizes
            ),
            (
                self.heads < 1 or self.width % self.heads == 0,
                f"heads is {self.heads}, expected a divisor of the width, {self.width}",
            ),
            (0 <= self.dropout < 1, f"dropout is {self.dropout}, expected 0 or more and below 1"),
            *(
                (
                    getattr(self, name) in allowed,
                    f"{name} is {getattr(self, name)!r}, expected {' or '.join(allowed)}",
                )
                for name, allowed in choices
            ),
            *_common_checks(self.fps, self.emotions),
        )

    @classmethod
    def from_mapping(
        cls, mapping: Mapping[str, Any], *, source: str = "correlation settings"
    ) -> "CorrelationConfig":
        """Read settings; what is absent keeps its default.

        Raises:
            ConfigError: unknown keys, wrong types or bad values, all in one message that names `source`.
        """
        return read_settings(cls, mapping, source=source)

    def to_mapping(self) -> dict[str, Any]:
        """All settings as plain values; `from_mapping` reads them back."""
        return dataclasses.asdict(self)


def _common_checks(fps: float, emotions: tuple[str, ...]) -> tuple[tuple[bool, str], ...]:
    return (
        (0 < fps <= 1000, f"fps is {fps}, expected above 0 and at most 1000"),
        (
            bool(emotions) and len(set(emotions)) == len(emotions) and set(emotions) <= set(EMOTIONS),
            f"emotions is {list(emotions)}, expected some of {', '.join(EMOTIONS)}, each once",
        ),
    )


def load_config(path: Path) -> ModelConfig:
    """Read a model's settings from a TOML file.

    Raises:
        ConfigError: the file is missing or not TOML, or its settings are wrong.
    """
    return ModelConfig.from_mapping(read_toml(path), source=str(path))


def read_toml(path: Path) -> dict[str, Any]:
    """The contents of a TOML file.

    Raises:
        ConfigError: the file cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a TOML file ({error}).") from error


def toml_text(mapping: Mapping[str, Any]) -> str:
    """Settings as TOML: plain values, lists of them, and one level or more of tables. No dates, no None."""
    return "\n".join(_toml_lines(mapping, ())).strip() + "\n"


def _toml_lines(mapping: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    plain = {key: value for key, value in mapping.items() if not isinstance(value, Mapping)}
    if path and plain:
        yield f"\n[{'.'.join(path)}]"
    for key, value in plain.items():
        # JSON's texts, numbers, lists and true/false are TOML's as well, given a decimal point.
        yield f"{key} = {json.dumps(value, ensure_ascii=False, allow_nan=False)}"
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            yield from _toml_lines(value, (*path, key))


def read_settings(cls: type[Settings], mapping: Mapping[str, Any], *, source: str) -> Settings:
    """Make a dataclass of settings from a mapping; nested dataclasses are nested tables.

    Values keep their types: an int serves as a float, a list as a tuple, nothing else is converted.

    Raises:
        ConfigError: every unknown key, wrong type and bad value, in one message.
    """
    faults: list[str] = []
    settings = _read(cls, mapping, "", faults)
    if faults:
        raise ConfigError(f"{source}: " + "; ".join(fault.rstrip(".") for fault in faults) + ".")
    assert settings is not None, "settings without faults are complete"
    return settings


def _read(cls: type[Settings], mapping: Mapping[str, Any], prefix: str, faults: list[str]) -> Settings | None:
    hints = typing.get_type_hints(cls)
    names = [each.name for each in dataclasses.fields(cls)]  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for key, value in mapping.items():
        if key not in names:
            close = difflib.get_close_matches(str(key), names, n=1)
            hint = f" (did you mean {close[0]}?)" if close else f" (known: {', '.join(names)})"
            faults.append(f"unknown key {prefix}{key}{hint}")
        elif dataclasses.is_dataclass(hints[key]):
            if isinstance(value, Mapping):
                values[key] = _read(typing.cast(type, hints[key]), value, f"{prefix}{key}.", faults)
            else:
                faults.append(f"{prefix}{key} is {value!r}, expected a table")
        else:
            converted = _convert(value, hints[key])
            if converted is None:
                faults.append(f"{prefix}{key} is {value!r}, expected {_describe(hints[key])}")
            else:
                values[key] = converted
    try:
        return cls(**{key: value for key, value in values.items() if value is not None})
    except ConfigError as error:
        faults.append(f"{prefix}{error}")
        return None


def _convert(value: Any, hint: Any) -> Any:
    """The value as the type of its field, or None if it is not of that type."""
    if isinstance(hint, types.GenericAlias):  # tuple[int, ...]
        if not isinstance(value, list | tuple):
            return None
        items = [_convert(item, typing.get_args(hint)[0]) for item in value]
        return None if any(item is None for item in items) else tuple(items)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    # bool is an int to Python, but a switch is no number.
    return value if type(value) is hint else None


def _describe(hint: Any) -> str:
    if isinstance(hint, types.GenericAlias):
        return "a list of " + {int: "whole numbers", float: "numbers", str: "texts"}[typing.get_args(hint)[0]]
    return {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}[hint]


def _failed(*checks: tuple[bool, str]) -> list[str]:
    """The messages of the checks that do not hold."""
    return [message for holds, message in checks if not holds]
