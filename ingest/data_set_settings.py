"""Settings of a data set: the contents of dataset.toml, which a team may edit.

Knows nothing about what the settings do (see statistics.py, splits.py, rules.py).
"""

from dataclasses import dataclass, field

from cstalk_ue.errors import ConfigError

DATA_SET_FORMAT = "cstalk-dataset/1"


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


@dataclass(frozen=True)
class CheckRules:
    """When `dataset check` calls the set fit to train on."""

    target_per_emotion: int = 100  # takes wanted of every emotion (paper, III.A)
    shortest_seconds: float = 4.0  # a shorter take is remarked on (paper, III.A)
    longest_seconds: float = 9.0  # a longer one too


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
        if faults:
            raise ConfigError("; ".join(faults) + ".")
