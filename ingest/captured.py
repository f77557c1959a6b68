"""CapturedTake: what every reader of a capture format gives, on our rig and at the data set's frame rate.

A reader turns one recording into this and decides nothing: emotions, splits and whether the take is any good
come later (see labels.py, splits.py, quality.py). Knows nothing about files of the data set (take_files.py).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import CurveFormatError
from cstalk_ue.rig import HEAD_CURVES, control_names
from cstalk_ue.take import FacePerformance

DATA_SET_FPS = 30.0
"""Frames per second of every take of a data set (paper, III.B)."""

AUDIO_STARTS = ("frame-log", "timecode", "same-file", "assumed", "none")
"""How the place of the sound on the clock of the curves is known, best first."""


@dataclass(frozen=True)
class Remark:
    """Something a person should know about a take.

    Attributes:
        code: short fixed name, such as ``dropped-frames``; rules are written against it.
        text: one sentence with the values, without the take's name.
    """

    code: str
    text: str


@dataclass(frozen=True)
class CaptureTiming:
    """The clock of a capture.

    Attributes:
        measured_fps: frames per second of the recording, from its own clock.
        clock: ``timecode``, ``seconds``, ``uniform`` (unusable timecodes, rows evenly spaced) or ``frames``.
        start_timecode: of the first row, as the file spells it; may be empty.
        seconds: from the first row to the last plus one frame period.
        captured_frames: rows of the recording.
        dropped_frames: rows that the clock says are missing.
        lost_frames: rows without a face.
        filled_frames: frames at 30 fps that were interpolated over a short gap; they count as valid.
        gap_frames: frames at 30 fps in long gaps; not valid.
    """

    measured_fps: float
    clock: str
    start_timecode: str
    seconds: float
    captured_frames: int
    dropped_frames: int = 0
    lost_frames: int = 0
    filled_frames: int = 0
    gap_frames: int = 0


@dataclass(frozen=True)
class TakeLabels:
    """What is known about a line; empty or None where it is not.

    Attributes:
        emotion: weights over the five classes.
        intensity: 0..1 as labelled; the emotion is already scaled by it.
        performer, line, slate, transcript: as the capture or the team names them.
        take_number: counter of retakes of one slate.
    """

    emotion: EmotionTrack | None = None
    intensity: float | None = None
    performer: str = ""
    line: str = ""
    slate: str = ""
    take_number: int | None = None
    transcript: str = ""


@dataclass(frozen=True)
class CaptureOrigin:
    """Where a take comes from.

    Attributes:
        format: ``live-link-face``, ``metahuman-animator`` or ``table``.
        path: the folder, file or zip the user named or that was found below what was named.
        member: which take inside `path`, where it holds several; may be empty.
        files: every file that was read; for a zip the zip itself.
        details: device, app version, calibrated and the like, as the capture says; texts.
    """

    format: str
    path: Path
    member: str = ""
    files: tuple[Path, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "details", MappingProxyType(dict(self.details)))


@dataclass(frozen=True)
class CapturedTake:
    """One recording, ready to be labelled and stored.

    Attributes:
        name: short name for people and for the take's folder, as the capture calls it.
        performance: all 185 GUI controls, within their ranges, and the head curves, at `DATA_SET_FPS`; frame
            0 is the first row of the recording and lies at 0 s. `performance.face.valid` is the gap mask, or
            None if every frame was captured.
        timing: what the recording's own clock said.
        labels: only what the capture itself says.
        origin: the files it came from.
        samples: the sound, mono 16 kHz on its own clock, ``(samples,)`` float32, or None.
        audio_source: the file of the sound.
        audio_start_seconds: where sample 0 lies on the clock of the curves; above 0 if sound begins later.
        audio_start: how that is known, one of `AUDIO_STARTS`.
        clamped: in how many captured rows each channel was outside its range and was cut, by the capture's
            own name of the channel.
        remarks: what the reader noticed.

    Raises:
        CurveFormatError: any of this does not hold.
    """

    name: str
    performance: FacePerformance
    timing: CaptureTiming
    labels: TakeLabels
    origin: CaptureOrigin
    samples: np.ndarray | None = None
    audio_source: Path | None = None
    audio_start_seconds: float = 0.0
    audio_start: str = "none"
    clamped: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()

    def __post_init__(self) -> None:
        face, head = self.performance.face, self.performance.head
        if face.controls != control_names() or head.controls != HEAD_CURVES:
            raise CurveFormatError(
                f"{self.name}: {len(face.controls)} controls and {len(head.controls)} head curves; expected "
                f"all {len(control_names())} and {len(HEAD_CURVES)} in order."
            )
        if face.fps != DATA_SET_FPS or face.start_seconds != 0:
            raise CurveFormatError(
                f"{self.name}: {face.fps:g} fps from {face.start_seconds:g} s; expected "
                f"{DATA_SET_FPS:g} from 0."
            )
        if self.audio_start not in AUDIO_STARTS or (self.samples is None) != (self.audio_start == "none"):
            raise CurveFormatError(
                f"{self.name}: start of the sound is known by {self.audio_start!r}; expected one of "
                f"{', '.join(AUDIO_STARTS)}, and 'none' exactly where there is no sound."
            )
        if not math.isfinite(self.audio_start_seconds):
            raise CurveFormatError(f"{self.name}: the sound starts at {self.audio_start_seconds} s.")
        if self.samples is not None:
            samples = np.array(self.samples, dtype=np.float32)
            if samples.ndim != 1 or len(samples) == 0 or not np.isfinite(samples).all():
                raise CurveFormatError(
                    f"{self.name}: sound of shape {samples.shape}; expected finite mono samples (samples,)."
                )
            samples.flags.writeable = False
            object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "clamped", MappingProxyType(dict(self.clamped)))
        object.__setattr__(self, "remarks", tuple(self.remarks))
