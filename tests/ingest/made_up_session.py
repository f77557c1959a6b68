"""A made-up shooting day: takes of made-up performers as Live Link Face folders, some of them broken.

Speech with timed phones comes from the samples of this project, or from a corpus folder for larger sessions.
What is made is repeatable: the same plan gives the same curves and sound.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from live_link_recording import APP_FPS, record, write_recording
from session_faults import FAULTS, Fault, copy_of

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.performer import read_phones
from cstalk_ue.performer.phones import SILENCE
from cstalk_ue.processes import Work, work_in_processes
from cstalk_ue.train.corpus import SpokenFile, read_corpus
from cstalk_ue.train.practice_lines import Piece, PracticeLine
from cstalk_ue.train.practice_takes import (
    PlannedTake,
    PracticeSettings,
    PracticeTake,
    perform_take,
    plan_takes,
)
from ingest.captured import DATA_SET_FPS

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
_FIRST_UPTIME, _BETWEEN_TAKES = 301_000.37, 41.0


@dataclass(frozen=True)
class SessionTake:
    """One take of the day.

    Attributes:
        plan: who says what, and how.
        fault: what is wrong with it, or None.
    """

    plan: PlannedTake
    fault: Fault | None = None


@dataclass(frozen=True)
class WrittenTake:
    """What was written.

    Attributes:
        folder: the take folder.
        name: as the phone called it.
        frames: at 30 fps, if nothing is wrong with the take.
        emotion, performer, line: as planned.
        fault: name of what is wrong with it, or empty.
        copy: name of a copy that lies beside it, or empty.
        misaligned: the corpus has its phones early or late, so that its lips really are off.
    """

    folder: Path
    name: str
    frames: int
    emotion: str
    performer: str
    line: str
    fault: str = ""
    copy: str = ""
    misaligned: bool = False


def sample_session(takes: int) -> list[SessionTake]:
    """Up to 50 takes of the five sample lines by two performers; the faults spread over them."""
    files = [
        SpokenFile(path, path.stem, read_phones(path.with_suffix("").with_suffix(".phones.csv")))
        for path in sorted(SAMPLES.glob("*.wav"))
    ]
    plans = []
    for number in range(takes):
        line, turn = number % len(files), number // len(files)
        pieces = (Piece(files[line], 0.0, files[line].seconds),)
        emotion = EMOTIONS[(line + turn) % len(EMOTIONS)]
        intensity = 1.0 if emotion == "neutral" else 0.8
        plans.append(
            PlannedTake(
                number,
                turn // len(EMOTIONS),
                f"l{line + 1:03d}",
                PracticeLine(pieces),
                emotion,
                intensity,
                PracticeSettings(takes=takes, performers=2),
            )
        )
    return with_faults(plans)


def corpus_session(speech: Path, takes: int) -> list[SessionTake]:
    """Takes as of the practice data set (see practice.py), the faults spread over them."""
    return with_faults(plan_takes(read_corpus(speech), PracticeSettings(takes=takes)))


def with_faults(plans: Sequence[PlannedTake]) -> list[SessionTake]:
    """Give every fault to one take, at even distances."""
    faulty = {len(plans) * index // len(FAULTS): fault for index, fault in enumerate(FAULTS)}
    return [SessionTake(plan, faulty.get(index)) for index, plan in enumerate(plans)]


def write_session(folder: Path, session: Sequence[SessionTake], *, jobs: int = 1) -> list[WrittenTake]:
    """Write all takes below `folder`."""
    write = functools.partial(write_session_take, folder)
    if jobs == 1:
        return [write(take) for take in session]
    written = dict(work_in_processes(Work(write, _killed), session, jobs=jobs))
    return [written[index] for index in sorted(written)]


def write_session_take(folder: Path, take: SessionTake) -> WrittenTake:
    """Perform, record, break and write one take."""
    plan = take.plan
    made = perform_take(plan, fps=APP_FPS)
    recording = record(
        made.performance,
        made.samples,
        slate=plan.slate,
        take=1,
        random=np.random.default_rng([3, plan.number]),
        uptime_seconds=_FIRST_UPTIME + _BETWEEN_TAKES * plan.number,
        calibrated=plan.number % 2 == 1,
    )
    frames = int(np.floor(recording.seconds[-1] * DATA_SET_FPS + 1e-3)) + 1
    if take.fault is not None:
        recording = take.fault.change(recording)
    path = write_recording(folder, recording)
    if take.fault is not None:
        path = take.fault.spoil(path, recording)
    is_copied = take.fault is not None and take.fault.name == "copy"
    return WrittenTake(
        path,
        recording.folder_name,
        frames,
        plan.emotion,
        f"p{plan.performer + 1}",
        plan.line_name,
        take.fault.name if take.fault else "",
        copy_of(recording).folder_name if is_copied else "",
        _is_misaligned(made),
    )


def _is_misaligned(take: PracticeTake) -> bool:
    """Whether the sound begins at another time than the first phone says."""
    level = np.abs(take.samples[: len(take.samples) // 160 * 160].reshape(-1, 160)).max(axis=1)
    heard = 0.01 * int(np.argmax(level > 0.05 * level.max()))
    said = next(phone.start_seconds for phone in take.phones if phone.phone != SILENCE)
    return abs(heard - said) > 0.12


def _killed(take: SessionTake) -> WrittenTake:
    raise MemoryError(f"the process that wrote {take.plan.name} was killed")
