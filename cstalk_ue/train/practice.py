"""A made-up data set of the paper's size, to try the tools and the training on before there are recordings.

An ordinary data set (see ingest/data_set.py) of the takes of practice_takes.py, with `phones.csv` in every
take for the performer, and `practice.json`, which says what was put in. It is no substitute for recordings:
a model that learns it has learned our rules, and a comparison on it says which network finds what was
hidden, not which one animates people best.
"""

import csv
import functools
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.errors import CSTalkError, DataSetError
from cstalk_ue.performer import TimedPhone
from cstalk_ue.processes import Work, work_in_processes
from cstalk_ue.storage import whole_file, write_json
from cstalk_ue.train.corpus import read_corpus
from cstalk_ue.train.practice_takes import PlannedTake, PracticeSettings, perform_take, plan_takes
from cstalk_ue.version import __version__
from ingest.captured import DATA_SET_FPS, CaptureTiming
from ingest.data_set import TAKES_FOLDER, DataSet, open_data_set, write_data_set_settings
from ingest.data_set_settings import DataSetSettings
from ingest.quality import measure_quality
from ingest.rebuild_tables import rebuild_tables
from ingest.sync import measure_lag
from ingest.take_files import align_samples, labels_to_json, write_take

PRACTICE_FORMAT = "cstalk-practice/1"
PRACTICE_FILE, PHONES_FILE = "practice.json", "phones.csv"

_KILLED = "was killed, most likely for memory. Run again with fewer --jobs."
_CLIPS_OF_ONE_VOICE = 60
"""Clips of each synthetic voice that are spoken where there is no corpus."""


def make_practice_set(
    folder: Path,
    *,
    speech: Path | None = None,
    settings: PracticeSettings,
    jobs: int = 1,
    on_take: Callable[[], None] = lambda: None,
    report: Callable[[str], None] = lambda text: None,
) -> DataSet:
    """Make a data set of made-up takes, ready to train on.

    Args:
        folder: where; must not hold takes yet.
        speech: corpus folder with timed phones (see corpus.py); None speaks with espeak-ng and flite.
        settings: what is made.
        jobs: processes.
        on_take: called after each take.
        report: called with one line of text now and then.

    Raises:
        DataSetError: the folder holds takes.
        ConfigError: too little speech for so many takes.
        CSTalkError: no corpus is given and the free voices are not installed; or a process was killed.
    """
    if (folder / TAKES_FOLDER).exists():
        raise DataSetError(f"{folder}: holds takes already. Choose another folder, or delete this one.")
    with tempfile.TemporaryDirectory(prefix="cstalk-") as temporary:
        if speech is None:
            report("speaking lines with espeak-ng and flite")
            write_synthetic_corpus(Path(temporary), seed=settings.seed)
        files = read_corpus(speech or Path(temporary))
        plans = plan_takes(files, settings)
        work = Work(functools.partial(_write_one, folder / TAKES_FOLDER), _killed)
        done = work_in_processes(work, plans, jobs=jobs) if jobs > 1 else enumerate(map(work.do, plans))
        for _, problem in done:
            if problem:
                raise CSTalkError(problem)
            on_take()
    write_json(folder / PRACTICE_FILE, describe(plans, settings))
    write_data_set_settings(folder, DataSetSettings())
    rebuild_tables(folder)
    return open_data_set(folder)


def describe(plans: Sequence[PlannedTake], settings: PracticeSettings) -> dict[str, Any]:
    """What was put in, as plain values for practice.json."""
    return {
        "format": PRACTICE_FORMAT,
        "note": "Made up: speech performed by rules, with hidden correlations between regions of the face.",
        "settings": asdict(settings),
        "takes": len(plans),
        "licences": sorted({piece.file.licence for plan in plans for piece in plan.line.pieces} - {""}),
    }


def write_synthetic_corpus(folder: Path, *, seed: int) -> None:
    """Speak sentences with the free voices into a corpus folder (see corpus.py).

    Raises:
        CSTalkError: an engine is not installed.
    """
    from cstalk_ue.train.voices import speak_sentences

    spoken: dict[str, int] = {}
    with (folder / "index.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("file", "speaker", "licence", "seconds", "text", "phones"))
        for number, line in enumerate(speak_sentences(seed)):
            spoken[line.voice] = spoken.get(line.voice, 0) + 1
            if spoken[line.voice] > _CLIPS_OF_ONE_VOICE:
                continue
            name = f"{number:05d}.wav"
            soundfile.write(folder / name, np.clip(line.samples, -1, 1), SAMPLE_RATE, subtype="PCM_16")
            phones = [[p.phone, p.start_seconds, p.end_seconds] for p in line.phones]
            seconds = len(line.samples) / SAMPLE_RATE
            table.writerow((name, line.voice, "", f"{seconds:.3f}", line.text, json.dumps(phones)))


def write_phones(path: Path, phones: Sequence[TimedPhone]) -> None:
    """Timed phones as a table that `performer.read_phones` reads."""
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("start", "end", "phone"))
        for phone in phones:
            stress = "" if phone.stress is None else str(phone.stress)
            table.writerow((f"{phone.start_seconds:.4f}", f"{phone.end_seconds:.4f}", phone.phone + stress))


def write_practice_take(takes: Path, plan: PlannedTake) -> None:
    """Make one take and write its folder."""
    take = perform_take(plan)
    folder = takes / plan.name
    samples = align_samples(take.samples, 0.0, take.performance.frames)
    write_phones(folder / PHONES_FILE, take.phones)
    lag = measure_lag(take.performance.face, samples).to_json()
    frames = take.performance.frames
    facts = {
        "name": plan.name,
        "timing": asdict(CaptureTiming(DATA_SET_FPS, "frames", "", frames / DATA_SET_FPS, frames)),
        "origin": {"format": "practice", "path": plan.name, "member": "", "files": [], "details": {}},
        "clamped": {},
        "captured_labels": labels_to_json(take.labels),
        "split": "",
        "remarks": [],
        "audio": {
            "source": None,
            "start": "same-file",
            "start_seconds": 0.0,
            "shift_seconds": 0.0,
            "captured_lag": lag,
        },
        "sync": lag,
        "quality": measure_quality(take.performance, samples),
        "source_sha256": "",
        "cstalk_ue": __version__,
    }
    write_take(folder, take.performance, samples, take.labels, facts)


def _write_one(takes: Path, plan: PlannedTake) -> str:
    """What went wrong, or nothing."""
    try:
        write_practice_take(takes, plan)
    except CSTalkError as error:
        return f"{plan.name}: {error}"
    return ""


def _killed(plan: PlannedTake) -> str:
    return f"{plan.name}: its process {_KILLED}"
