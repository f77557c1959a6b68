"""Made-up takes: speech with timed phones, performed by several made-up people with what the performer lacks.

Real faces have motion that their regions share, in another way for each emotion (see practice_coupling.py),
postures that come and go, blinks, gaze, a moving head, and a capture adds noise. A "performer" is a face
with its habits and a share of the speakers; where a corpus has few clips of each speaker the voice of a
performer varies. Emotion changes the speed, pitch and level of a line a little, not the acting. Knows
nothing about files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import ConfigError
from cstalk_ue.performer import (
    Identity,
    Liveliness,
    TimedPhone,
    enliven,
    frames_of,
    measure_prosody,
    perform_face,
)
from cstalk_ue.performer.perform import pause_curve, stress_curve
from cstalk_ue.rig import control_limits
from cstalk_ue.take import FacePerformance, RigCurves
from cstalk_ue.train.corpus import SpokenFile
from cstalk_ue.train.practice_coupling import CouplingSettings, Habit, couple, measure_drivers, swell
from cstalk_ue.train.practice_lines import PracticeLine, make_lines, say
from ingest.captured import DATA_SET_FPS, TakeLabels

_INTENSITIES = (0.6, 0.8, 1.0)
_EMOTIONS_PER_LINE = 2
_VOICE = {
    "neutral": (1.0, 0.0),
    "angry": (1.03, 4.0),
    "sad": (0.95, -5.0),
    "surprised": (1.05, 2.0),
    "happy": (1.04, 2.0),
}
"""Speed and level in dB of a line in an emotion."""
_RATE_SPREAD, _LEVEL_SPREAD_DB = 0.015, 1.5
_NOISE = 0.00012
"""Of every moving control: second differences of about 0.0003, as in uncalibrated phone takes."""


@dataclass(frozen=True)
class PracticeSettings:
    """What is made.

    Raises:
        ConfigError: on construction, when a number is below 1.
    """

    takes: int = 500  # divided evenly over the emotions and performers
    performers: int = 5  # made-up people
    seed: int = 0  # of everything that is drawn
    coupling: CouplingSettings = field(default_factory=CouplingSettings)

    def __post_init__(self) -> None:
        if self.takes < 1 or self.performers < 1:
            raise ConfigError(
                f"practice: {self.takes} takes by {self.performers} performers; expected 1 or more of each."
            )


@dataclass(frozen=True)
class PlannedTake:
    """One take that is to be made; small, so that it can be sent to another process."""

    number: int
    performer: int
    line_name: str
    line: PracticeLine
    emotion: str
    intensity: float
    settings: PracticeSettings

    @property
    def slate(self) -> str:
        """In the form that survives Live Link Face: performer-emotion-intensity-line."""
        return f"p{self.performer + 1}-{self.emotion}-{round(100 * self.intensity)}-{self.line_name}"

    @property
    def name(self) -> str:
        """Slate and take number."""
        return f"{self.slate}_1"


@dataclass(frozen=True)
class PracticeTake:
    """One made-up take, with all 185 controls.

    Attributes:
        performance: face and head.
        samples: mono 16 kHz, sample 0 on frame 0.
        phones: what is said when.
        labels: emotion and the rest.
    """

    performance: FacePerformance
    samples: np.ndarray
    phones: tuple[TimedPhone, ...]
    labels: TakeLabels


def plan_takes(files: Sequence[SpokenFile], settings: PracticeSettings) -> list[PlannedTake]:
    """Which line is said by whom in which emotion: every line in two emotions, all pairs of them as often.

    Raises:
        ConfigError: there is too little speech for so many takes.
    """
    random = np.random.default_rng([settings.seed, 31])
    wanted = -(-settings.takes // _EMOTIONS_PER_LINE)
    cast = _cast(files, settings.performers)
    # Every performer may run short of lines; those who have more say more.
    scripts = [make_lines(spoken, -(-wanted // settings.performers), random=random) for spoken in cast]
    lines = [(who, line) for who, script in enumerate(scripts) for line in script][:wanted]
    if len(lines) < wanted:
        raise ConfigError(
            f"speech for {len(lines)} lines of 4 to 9 s; {settings.takes} takes need {wanted}. "
            "Ask for fewer takes or performers, or give more speech."
        )
    planned = []
    for number in range(settings.takes):
        index, turn = divmod(number, _EMOTIONS_PER_LINE)
        who, line = lines[index]
        step = turn * (1 + (index // len(EMOTIONS)) % 2)
        emotion = EMOTIONS[(index + step) % len(EMOTIONS)]
        intensity = 1.0 if emotion == "neutral" else float(random.choice(_INTENSITIES))
        planned.append(PlannedTake(number, who, f"l{index + 1:03d}", line, emotion, intensity, settings))
    return planned


def perform_take(plan: PlannedTake, *, fps: float = DATA_SET_FPS) -> PracticeTake:
    """Make one take; the same plan always gives the same."""
    settings = plan.settings
    random = np.random.default_rng([settings.seed, 37, plan.number])
    rate, level_db = _VOICE[plan.emotion]
    samples, phones = say(
        plan.line,
        rate=rate * (1 + _RATE_SPREAD * random.uniform(-1, 1)),
        level_db=level_db + _LEVEL_SPREAD_DB * random.uniform(-1, 1),
        random=random,
    )
    emotion = EmotionTrack.constant(plan.emotion, plan.intensity)
    performance = perform_practice(
        phones, samples, emotion, performer=plan.performer, settings=settings, random=random, fps=fps
    )
    labels = TakeLabels(
        emotion=emotion,
        intensity=plan.intensity,
        performer=f"p{plan.performer + 1}",
        line=plan.line_name,
        slate=plan.slate,
        take_number=1,
        transcript=plan.line.transcript,
    )
    return PracticeTake(performance, samples, phones, labels)


def perform_practice(
    phones: Sequence[TimedPhone],
    samples: np.ndarray,
    emotion: EmotionTrack,
    *,
    performer: int,
    settings: PracticeSettings,
    random: np.random.Generator,
    fps: float = DATA_SET_FPS,
) -> FacePerformance:
    """A line as one of the made-up people says it, with everything hidden put in."""
    frames = frames_of(len(samples), fps)
    prosody = measure_prosody(samples, frames, fps)
    weights = emotion.at(np.arange(frames) / fps).astype(np.float64)
    identity = Identity.from_seed(1000 * settings.seed + performer)
    swelling = swell(weights, fps, settings.coupling, random)
    face = perform_face(phones, prosody, swelling, fps=fps, identity=identity)
    drivers = measure_drivers(
        prosody.accent * stress_curve(phones, frames, fps),
        pause_curve(phones, frames, fps),
        prosody.loudness,
        fps,
    )
    lips = [name for name in face.controls if "lipsTogether" in name or "lipBiteD" in name]
    face = couple(
        face,
        weights,
        drivers,
        closure=np.clip(face.select(lips).values.max(axis=1), 0, 1),
        habit=Habit.from_seed(1000 * settings.seed + performer, settings.coupling.habit),
        settings=settings.coupling,
        random=random,
    )
    life = Liveliness(seed=int(random.integers(2**31)))
    performance = enliven(face, prosody, swelling, life)
    return FacePerformance(_with_noise(performance.face, random), performance.head)


def _cast(files: Sequence[SpokenFile], performers: int) -> list[list[SpokenFile]]:
    """Speakers to performers, the largest first to whoever has least, so that all have much to say."""
    seconds: dict[str, float] = {}
    for file in files:
        seconds[file.speaker] = seconds.get(file.speaker, 0.0) + file.seconds
    parts = [0.0] * performers
    who: dict[str, int] = {}
    for speaker in sorted(seconds, key=lambda name: (-seconds[name], name)):
        who[speaker] = parts.index(min(parts))
        parts[who[speaker]] += seconds[speaker]
    return [[file for file in files if who[file.speaker] == performer] for performer in range(performers)]


def _with_noise(face: RigCurves, random: np.random.Generator) -> RigCurves:
    moving = np.ptp(face.values, axis=0) > 0
    noise = _NOISE * random.standard_normal(face.values.shape) * moving
    return face.replace(values=np.clip(face.values + noise, *control_limits()))
