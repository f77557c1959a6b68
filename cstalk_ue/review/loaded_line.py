"""A review line with everything that pictures of it need, read from disk: curves, sound, emotion, phones.

Only the curves are needed. Sound or phones that cannot be read become a note. Knows nothing about drawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE, load_audio
from cstalk_ue.emotion import EMOTIONS, NEUTRAL, EmotionTrack
from cstalk_ue.errors import AudioError, CurveFormatError, PhoneError
from cstalk_ue.face import HEAD_MOTION
from cstalk_ue.performer import TimedPhone, read_phones
from cstalk_ue.performer.phones import SILENCE
from cstalk_ue.review.lines import ReviewLine
from cstalk_ue.rig import complete
from cstalk_ue.take import FacePerformance

_LEAST_WEIGHT = 0.01


@dataclass(frozen=True)
class LoadedLine:
    """One line.

    Attributes:
        name: as the review shows it.
        fps: of the curves; frame k is at ``start_seconds + k / fps`` of the sound.
        values: ``(frames, 185)`` controls in the rig's order.
        head: ``(frames, 6)`` as `face.HEAD_MOTION`.
        start_seconds: time of the first frame on the clock of the sound.
        samples: ``(samples,)`` mono 16 kHz, or None.
        emotion: over time, or None if unknown.
        phones: in order; empty if unknown.
        notes: what is missing and why, one sentence each.
    """

    name: str
    fps: float
    values: np.ndarray
    head: np.ndarray
    start_seconds: float = 0.0
    samples: np.ndarray | None = None
    emotion: EmotionTrack | None = None
    phones: tuple[TimedPhone, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Until sound and curves have both ended, from the beginning of the sound."""
        sound = 0.0 if self.samples is None else len(self.samples) / SAMPLE_RATE
        return max(sound, self.start_seconds + len(self.values) / self.fps)

    def frames_at(self, seconds: np.ndarray) -> np.ndarray:
        """The frames nearest to these times, ``(n,)``; the first and last stay on before and after."""
        nearest = np.rint((np.asarray(seconds) - self.start_seconds) * self.fps)
        return np.asarray(np.clip(nearest, 0, len(self.values) - 1).astype(np.int64))

    def phone_at(self, seconds: float) -> str:
        """The phone that is spoken then, "" for silence or if it is unknown."""
        for phone in self.phones:
            if phone.start_seconds <= seconds < phone.end_seconds:
                return "" if phone.phone == SILENCE else phone.phone
        return ""

    def emotion_at(self, seconds: float) -> str:
        """Emotion then, such as ``happy 0.40, surprised 0.30``; "" if it is unknown."""
        return "" if self.emotion is None else emotion_text(self.emotion.at(np.array([seconds]))[0])


def common_name(names: Sequence[str]) -> str:
    """What lines that are shown together are called: without their folders if the rest is the same."""
    short = {PurePosixPath(name).name for name in names}
    return short.pop() if len(names) > 1 and len(short) == 1 else names[0]


def emotion_text(weights: Sequence[float] | np.ndarray) -> str:
    """Weights of the emotions in words, neutral only if there is no other."""
    shown = [
        (weight, name) for i, (weight, name) in enumerate(zip(weights, EMOTIONS, strict=True)) if i != NEUTRAL
    ]
    shown = sorted((pair for pair in shown if pair[0] >= _LEAST_WEIGHT), reverse=True)
    return ", ".join(f"{name} {weight:.2f}" for weight, name in shown) or EMOTIONS[NEUTRAL]


def load_line(line: ReviewLine) -> LoadedLine:
    """Read a line.

    Raises:
        CSTalkError: its curves cannot be read.
    """
    if line.problem:
        raise CurveFormatError(line.problem)
    notes = []
    samples = None
    phones: Sequence[TimedPhone] = ()
    if line.audio is None:
        notes.append("no sound was found.")
    else:
        try:
            samples = load_audio(line.audio).samples
        except AudioError as error:
            notes.append(f"without sound: {error}")
        if line.sound_changed:
            notes.append("its sound is not the one it was made from.")
    if line.phones is not None:
        try:
            phones = read_phones(line.phones)
        except PhoneError as error:
            notes.append(f"without phones: {error}")
    return loaded(
        line.name, line.load(), samples=samples, emotion=line.track, phones=phones, notes=tuple(notes)
    )


def loaded(
    name: str,
    performance: FacePerformance,
    *,
    samples: np.ndarray | None = None,
    emotion: EmotionTrack | None = None,
    phones: Sequence[TimedPhone] = (),
    notes: tuple[str, ...] = (),
) -> LoadedLine:
    """A line of what is in memory already.

    Raises:
        RigError: a curve is not a control of the rig.
    """
    return LoadedLine(
        name,
        performance.fps,
        complete(performance.face).values,
        performance.head.select(HEAD_MOTION).values,
        performance.face.start_seconds,
        samples,
        emotion,
        tuple(phones),
        notes,
    )
