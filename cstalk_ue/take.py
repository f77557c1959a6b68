"""RigCurves and Take: animation curves with their names and frame rate, and a line of dialogue with them.

Plain numpy, frozen, checked on construction. Knows nothing about any particular rig (see rig.py), about
files (see storage.py, export/) or about models.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import CurveFormatError


@dataclass(frozen=True)
class RigCurves:
    """Values of named controls at a fixed frame rate.

    Attributes:
        values: ``(frames, controls)`` float32, finite, at least one frame.
        controls: control names, one per column, all different.
        fps: frames per second, above 0. Frame k is at ``start_seconds + k / fps``.
        start_seconds: time of frame 0 on the clock of the audio.
        valid: ``(frames,)`` bool; False where the capture had no data and `values` is filled in.

    Raises:
        CurveFormatError: any of this does not hold.
    """

    values: np.ndarray
    controls: tuple[str, ...]
    fps: float
    start_seconds: float = 0.0
    valid: np.ndarray | None = field(default=None)

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float32)
        controls = tuple(self.controls)
        if values.ndim != 2 or values.shape[1] != len(controls) or len(values) == 0:
            raise CurveFormatError(
                f"curves of shape {values.shape} with {len(controls)} names; expected (frames, controls) "
                "with at least one frame and one name per column."
            )
        if len(set(controls)) != len(controls):
            doubled = sorted({name for name in controls if controls.count(name) > 1})
            raise CurveFormatError(
                f"control names are used twice: {', '.join(doubled[:5])}. Name each column once."
            )
        if not (math.isfinite(self.fps) and self.fps > 0):
            raise CurveFormatError(f"fps is {self.fps}; expected a positive number.")
        if not math.isfinite(self.start_seconds):
            raise CurveFormatError(f"start time is {self.start_seconds}; expected seconds.")
        bad = ~np.isfinite(values)
        if bad.any():
            frame, column = np.argwhere(bad)[0]
            raise CurveFormatError(
                f"{controls[column]} is {values[frame, column]} at frame {frame}; expected a finite number."
            )
        values.flags.writeable = False
        if self.valid is not None:
            valid = np.array(self.valid, dtype=bool)
            if valid.shape != (len(values),):
                raise CurveFormatError(f"validity mask of shape {valid.shape}; expected ({len(values)},).")
            valid.flags.writeable = False
            object.__setattr__(self, "valid", valid)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "controls", controls)
        object.__setattr__(self, "fps", float(self.fps))

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.values)

    @property
    def duration_seconds(self) -> float:
        """frames / fps: each frame lasts one frame period."""
        return self.frames / self.fps

    @property
    def times(self) -> np.ndarray:
        """Seconds of every frame, ``(frames,)`` float64."""
        return self.start_seconds + np.arange(self.frames) / self.fps

    def index(self, control: str) -> int:
        """Column of a control.

        Raises:
            CurveFormatError: these curves have no such control.
        """
        try:
            return self.controls.index(control)
        except ValueError:
            raise CurveFormatError(
                f"no control {control!r} among these {len(self.controls)} curves."
            ) from None

    def curve(self, control: str) -> np.ndarray:
        """One control over time, ``(frames,)`` float32."""
        return self.values[:, self.index(control)]

    def select(self, controls: Iterable[str]) -> "RigCurves":
        """The same frames with these controls in this order."""
        names = tuple(controls)
        return self.replace(values=self.values[:, [self.index(name) for name in names]], controls=names)

    def replace(self, *, values: np.ndarray, controls: Sequence[str] | None = None) -> "RigCurves":
        """Other values (and names) on the same frames and clock."""
        names = self.controls if controls is None else tuple(controls)
        return RigCurves(values, names, self.fps, self.start_seconds, self.valid)

    def resample(self, fps: float) -> "RigCurves":
        """Return the curves at another frame rate, by linear interpolation.

        The first frame keeps its time; the duration changes by less than one frame. An output frame is
        valid only if every input frame it is made from is.

        Raises:
            CurveFormatError: fps is not a positive number.
        """
        if not (math.isfinite(fps) and fps > 0):
            raise CurveFormatError(f"fps is {fps}; expected a positive number.")
        if fps == self.fps:
            return self
        frames = max(1, round(self.frames * fps / self.fps))
        # Multiplied before divided: a frame that falls on an input frame then does so exactly.
        position = np.minimum(np.arange(frames) * self.fps / fps, self.frames - 1)
        left = np.floor(position).astype(np.int64)
        right = np.minimum(left + 1, self.frames - 1)
        blend = (position - left).astype(np.float32)
        values = self.values[left] + (self.values[right] - self.values[left]) * blend[:, None]
        valid = None
        if self.valid is not None:
            valid = self.valid[left] & (self.valid[right] | (blend == 0))
        return RigCurves(values, self.controls, fps, self.start_seconds, valid)


@dataclass(frozen=True)
class Take:
    """One recorded line: audio, curves and what is known about it.

    Attributes:
        audio: mono samples at `sample_rate`, ``(samples,)`` float32 in -1..1, or None if there is none.
        sample_rate: Hz.
        curves: the facial curves on the clock of the audio.
        emotion: weights over the five classes.
        slate, take_number, performer, line, transcript, source: as the capture names them; may be empty.
    """

    curves: RigCurves
    emotion: EmotionTrack
    audio: np.ndarray | None = None
    sample_rate: int = 16000
    slate: str = ""
    take_number: int | None = None
    performer: str = ""
    line: str = ""
    transcript: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if self.audio is None:
            return
        audio = np.array(self.audio, dtype=np.float32)
        if audio.ndim != 1 or len(audio) == 0 or not np.isfinite(audio).all():
            raise CurveFormatError(
                f"take audio of shape {audio.shape}; expected finite mono samples (samples,)."
            )
        audio.flags.writeable = False
        object.__setattr__(self, "audio", audio)


@dataclass(frozen=True)
class FacePerformance:
    """What a whole face does over one line: the rig's controls and the head, on one clock.

    Attributes:
        face: GUI controls of the rig (see rig.py), usually all 185.
        head: head curves in Unreal's names and units, degrees and centimetres.

    Raises:
        CurveFormatError: face and head differ in frames, fps or start time.
    """

    face: RigCurves
    head: RigCurves

    def __post_init__(self) -> None:
        face, head = self.face, self.head
        if (face.frames, face.fps, face.start_seconds) != (head.frames, head.fps, head.start_seconds):
            raise CurveFormatError(
                f"face has {face.frames} frames at {face.fps:g} fps, head {head.frames} at {head.fps:g}; "
                "expected one clock for both."
            )

    @property
    def fps(self) -> float:
        """Frames per second of both parts."""
        return self.face.fps

    @property
    def frames(self) -> int:
        """Number of frames of both parts."""
        return self.face.frames

    def resample(self, fps: float) -> "FacePerformance":
        """Both parts at another frame rate (see `RigCurves.resample`)."""
        return FacePerformance(self.face.resample(fps), self.head.resample(fps))
