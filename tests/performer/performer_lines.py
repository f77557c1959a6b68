"""Lines to perform: made-up phone sequences with noise for a voice, and real timed speech.

Not a test file. Real speech lies outside the repository, at ../shared/data; without it `read_real_lines`
skips and says so.
"""

import csv
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cstalk_ue.audio import SAMPLE_RATE, load_audio
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.performer import Identity, Liveliness, TimedPhone, check_phones, perform
from cstalk_ue.performer.phones import phone_table
from cstalk_ue.take import FacePerformance, RigCurves

STILL = Liveliness(blinks=False, gaze=False, head=False)
"""What speech and emotion alone determine."""

VOWELS = tuple(name for name, row in phone_table().items() if row["vowel"] == "1")
SPEECH = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "speech_train"


@dataclass(frozen=True)
class Line:
    """A line to perform; `samples` is mono 16 kHz."""

    phones: tuple[TimedPhone, ...]
    samples: np.ndarray

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE

    def act(
        self,
        emotion: str = "neutral",
        *,
        fps: float = 30.0,
        life: Liveliness = STILL,
        identity: Identity | None = None,
    ) -> FacePerformance:
        track = EmotionTrack.parse(emotion)
        return perform(self.phones, self.samples, track, fps=fps, life=life, identity=identity)


def say(text: str, *, seconds: float = 0.12, pause: float = 0.4) -> Line:
    """Phones such as ``AA:0.2 P AA`` between two pauses, spoken with noise of even loudness."""
    clock = pause
    phones = [TimedPhone("SIL", 0.0, pause)]
    for word in text.split():
        name, _, length = word.partition(":")
        end = clock + float(length or seconds)
        phones.append(TimedPhone(name, clock, end))
        clock = end
    phones.append(TimedPhone("SIL", clock, clock + pause))
    samples = np.zeros(round((clock + pause) * SAMPLE_RATE), dtype=np.float32)
    spoken = slice(round(pause * SAMPLE_RATE), round(clock * SAMPLE_RATE))
    samples[spoken] = np.random.default_rng(7).normal(0, 0.1, len(samples[spoken]))
    return Line(tuple(phones), samples)


def during(curves: RigCurves, phone: TimedPhone) -> slice:
    """The frames between the start and the end of a phone."""
    first = int(np.ceil(phone.start_seconds * curves.fps - 1e-6))
    return slice(first, int(np.floor(phone.end_seconds * curves.fps + 1e-6)) + 1)


def both(curves: RigCurves, part: str) -> np.ndarray:
    """Mean of ``CTRL_L_<part>.ty`` and ``CTRL_R_<part>.ty``, ``(frames,)``."""
    return curves.select([f"CTRL_{side}_{part}.ty" for side in "LR"]).values.mean(axis=1)


def read_real_lines(count: int) -> list[Line]:
    """The first line under 9 seconds of each of `count` speakers."""
    if not (SPEECH / "index.csv").is_file():
        pytest.skip(f"real timed speech is not on this machine ({SPEECH})")
    with (SPEECH / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if float(row["seconds"]) < 9]
    first = {row["speaker"]: row for row in reversed(rows)}
    lines = []
    for speaker in itertools.islice(sorted(first), count):
        timed = json.loads(first[speaker]["phones"])
        phones = check_phones([(start, end, name) for name, start, end in timed], source=speaker)
        lines.append(Line(phones, load_audio(SPEECH / first[speaker]["file"]).samples))
    return lines


def join(lines: Sequence[Line], seconds: float) -> Line:
    """The lines one after the other, again and again until it lasts that long."""
    rows: list[TimedPhone] = []
    pieces: list[np.ndarray] = []
    clock = 0.0
    for line in itertools.cycle(lines):
        if clock >= seconds:
            break
        for phone in line.phones:
            end = min(phone.end_seconds, line.seconds)
            if phone.start_seconds < end:
                rows.append(TimedPhone(phone.phone, clock + phone.start_seconds, clock + end))
        pieces.append(line.samples)
        clock += line.seconds
    return Line(tuple(rows), np.concatenate(pieces))
