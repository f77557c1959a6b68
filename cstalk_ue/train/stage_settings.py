"""The groups of settings that training is made of: windows, random curves, losses, loop and machine.

Each checks its own values; settings.py puts them together. Knows nothing about what they do.
"""

from dataclasses import dataclass

RANDOM_KINDS = ("white", "smooth", "shuffled", "shuffled-within")


@dataclass(frozen=True)
class WindowSettings:
    """Windows over takes (paper, III.B)."""

    frames: int = 96  # 51200 samples
    stride: int = 5  # frames from window to window: 2667 samples
    smallest_valid: float = 0.5  # windows with a smaller share of captured frames are left out

    def faults(self) -> list[str]:
        """What is wrong with the values, one clause each."""
        return failed(
            (self.frames >= 2, f"frames is {self.frames}, expected 2 or more"),
            (self.stride >= 1, f"stride is {self.stride}, expected 1 or more"),
            (0 <= self.smallest_valid <= 1, f"smallest_valid is {self.smallest_valid}, expected 0 to 1"),
        )


@dataclass(frozen=True)
class RandomSettings:
    """The class of random curves (paper, II.B); see random_takes.py."""

    kinds: tuple[str, ...] = RANDOM_KINDS  # in equal parts
    share: float = 1.0  # of the number of windows that one emotion has on average

    def faults(self) -> list[str]:
        """What is wrong with the values, one clause each."""
        return failed(
            (
                bool(self.kinds) and set(self.kinds) <= set(RANDOM_KINDS),
                f"kinds is {list(self.kinds)}, expected some of {', '.join(RANDOM_KINDS)}",
            ),
            (self.share > 0, f"share is {self.share}, expected above 0"),
        )


@dataclass(frozen=True)
class LossSettings:
    """L_G = L_R + L_C (eq. 4) with weights."""

    reconstruction: float = 1.0  # of L_R, summed over controls in normalised units
    correlation: float = 1.0  # of L_C

    def faults(self) -> list[str]:
        """What is wrong with the values, one clause each."""
        return failed(
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
        return failed(
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
        return failed(
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


def failed(*checks: tuple[bool, str]) -> list[str]:
    """The messages of the checks that do not hold."""
    return [message for holds, message in checks if not holds]
