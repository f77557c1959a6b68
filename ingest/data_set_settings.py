"""Settings of a data set: the contents of dataset.toml, which a team may edit.

Knows nothing about what the settings do (see statistics.py, splits.py, rules.py).
"""

import math
from dataclasses import dataclass, field

from cstalk_ue.errors import ConfigError

DATA_SET_FORMAT = "cstalk-dataset/1"
GROUP_LABELS = ("performer", "line", "slate", "emotion_class")
"""Labels by which takes can be kept together."""


@dataclass(frozen=True)
class ControlSettings:
    """Which controls are worth learning."""

    constant_tolerance: float = 1e-4  # a control that moves by no more over all takes is dropped


@dataclass(frozen=True)
class SplitSettings:
    """How takes are divided; all takes of one line by one performer stay together."""

    validation: float = 0.1  # share of the groups
    test: float = 0.1  # share of the groups
    seed: int = 0  # another seed gives another division
    group_by: tuple[str, ...] = ("performer", "line")  # labels that must not be on two sides
    exclude_remarks: tuple[str, ...] = ()  # takes with one of these remarks are used for nothing


@dataclass(frozen=True)
class CheckRules:
    """When `dataset check` remarks on a take, and when it calls the set fit to train on.

    A finding that is an error makes the set unfit. Every finding has a level of its own (see rules.py), which
    the three lists change.
    """

    errors: tuple[str, ...] = ()  # codes of findings that shall make the set unfit
    warnings: tuple[str, ...] = ()  # codes of findings that shall be told and no more
    ignored: tuple[str, ...] = ()  # codes of findings that shall not be told
    target_per_emotion: int = 100  # takes wanted of every emotion (paper, III.A)
    shortest_seconds: float = 4.0  # a shorter take is remarked on (paper, III.A)
    longest_seconds: float = 9.0  # a longer one too
    least_valid_share: float = 0.95  # of the frames of a take that must have been captured
    least_mouth_range: float = 0.05  # opening the mouth must reach in a take, 1 = fully open jaw
    most_noise: float = 0.008  # jitter that half of the moving controls may have
    most_pinned_share: float = 0.4  # of the frames in which a control may stand at the end of its range
    most_clamped_share: float = 0.1  # of the captured rows in which a channel may be outside its range
    most_posed: float = 0.25  # distance from rest at which a neutral take may begin
    least_active_dbfs: float = -45.0  # level of the speech
    least_snr_db: float = 15.0  # speech above the noise floor
    least_bandwidth_hz: float = 3800.0  # sound of a telephone ends at 3400 Hz
    most_clipped_share: float = 2e-4  # of the samples that may be cut off at the peak
    most_open_mouth_seconds: float = 0.5  # that the mouth may stand open far from any sound
    most_lag_seconds: float = 0.05  # that a session may be off, one frame and a half
    most_outlier_seconds: float = 0.1  # that a take may be off from its session
    least_lag_confidence: float = 0.2  # from which a take's own lag counts against its session's

    def faults(self) -> list[str]:
        """What is wrong with the values, one clause each."""
        found = []
        listed = [*self.errors, *self.warnings, *self.ignored]
        twice = sorted({code for code in listed if listed.count(code) > 1})
        if twice:
            found.append(f"the lists errors, warnings and ignored name {', '.join(twice)} more than once")
        if self.target_per_emotion < 0:
            found.append(f"target_per_emotion is {self.target_per_emotion}, expected 0 or more")
        if not 0 <= self.shortest_seconds <= self.longest_seconds:
            found.append(
                f"shortest_seconds and longest_seconds are {self.shortest_seconds} and "
                f"{self.longest_seconds}, expected a rising pair"
            )
        for name, value in vars(self).items():
            if isinstance(value, float) and not math.isfinite(value):
                found.append(f"{name} is {value}, expected a finite number")
            elif name.endswith(("_share", "_confidence")) and not 0 <= value <= 1:
                found.append(f"{name} is {value}, expected 0 to 1")
            elif name.startswith("most_") and value < 0:
                found.append(f"{name} is {value}, expected 0 or more")
        return found


@dataclass(frozen=True)
class DataSetSettings:
    """dataset.toml.

    Raises:
        ConfigError: on construction, when a value is out of range; all of them in one message.
    """

    controls: ControlSettings = field(default_factory=ControlSettings)
    splits: SplitSettings = field(default_factory=SplitSettings)
    rules: CheckRules = field(default_factory=CheckRules)

    def __post_init__(self) -> None:
        faults = []
        if not self.controls.constant_tolerance >= 0:
            faults.append(
                f"controls.constant_tolerance is {self.controls.constant_tolerance}, expected 0 or more"
            )
        splits = self.splits
        if not (splits.validation >= 0 and splits.test >= 0 and splits.validation + splits.test < 1):
            faults.append(
                f"splits.validation and splits.test are {splits.validation} and {splits.test}, "
                "expected shares that leave something to train on"
            )
        unknown = [name for name in splits.group_by if name not in GROUP_LABELS]
        if unknown or not splits.group_by:
            faults.append(
                f"splits.group_by is {list(splits.group_by)}, "
                f"expected one or more of {', '.join(GROUP_LABELS)}"
            )
        faults += [f"rules.{fault}" for fault in self.rules.faults()]
        if faults:
            raise ConfigError("; ".join(faults) + ".")
