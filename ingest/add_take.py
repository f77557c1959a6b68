"""One recording → one take of a data set: read, align, measure, write; or see that nothing has changed.

Whatever goes wrong becomes a failed `TakeResult`, and what was there before stays. Knows nothing about other
takes or about processes (see add_takes.py).
"""

import contextlib
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cstalk_ue.errors import CSTalkError, DataSetError
from cstalk_ue.storage import sha256_file, sha256_text
from cstalk_ue.version import __version__
from ingest.captured import CapturedTake, Remark, TakeLabels
from ingest.data_set import TAKES_FOLDER
from ingest.data_set_tables import TakeRecord
from ingest.found import FoundTake
from ingest.labels import LABEL_REMARKS, OutsideLabels, resolve_labels
from ingest.quality import measure_quality
from ingest.records import record_of_take
from ingest.source_state import (
    SourceFile,
    SourceState,
    files_sha256,
    names_inside,
    read_state,
    write_state,
)
from ingest.sync import Lag, measure_lag
from ingest.take_files import (
    align_samples,
    labels_from_json,
    labels_to_json,
    read_take_facts,
    write_take,
    write_take_facts,
)
from ingest.take_names import source_key

Reader = Callable[[FoundTake], CapturedTake]
"""A function of a module or a `functools.partial` of one, so that it can be sent to another process."""

NEW, CHANGED, RELABELLED, UNCHANGED, FAILED = "new", "changed", "relabelled", "unchanged", "failed"
STATUSES = (NEW, CHANGED, RELABELLED, UNCHANGED, FAILED)
SURE_ENOUGH = 0.5
"""Confidence from which the lag of a single take may be applied to it."""


@dataclass(frozen=True)
class TakeJob:
    """What is to be done with one recording.

    Attributes:
        found: the recording.
        name: folder of the take.
        data_set: folder of the data set.
        reader: reads it.
        request: digest of what is asked of the reader; another one means that the take is read again.
        sounds: digest of the names of sounds that it could be paired with.
        outside: what is known of it without opening it.
        split: the split that is asked for; may be empty.
        restart: read it again, whatever is there.
        shift_seconds: by how much to move the sound; None leaves what was decided before, 0 at first.
        shift_by_own_lag: move the sound by the lag of this take, if it is sure enough.
    """

    found: FoundTake
    name: str
    data_set: Path
    reader: Reader
    request: str
    sounds: str
    outside: OutsideLabels
    split: str = ""
    restart: bool = False
    shift_seconds: float | None = None
    shift_by_own_lag: bool = False

    @property
    def folder(self) -> Path:
        """Folder of the take."""
        return self.data_set / TAKES_FOLDER / self.name


@dataclass(frozen=True)
class TakeResult:
    """What became of one recording.

    Attributes:
        name: folder of the take.
        found: the recording.
        status: one of `STATUSES`.
        message: why it failed.
        remarks: what a person should know, if the take is new or has changed.
        record: its row; None if it failed.
    """

    name: str
    found: FoundTake
    status: str
    message: str = ""
    remarks: tuple[Remark, ...] = ()
    record: TakeRecord | None = None


def add_take(job: TakeJob) -> TakeResult:
    """Bring one take of the data set up to date."""
    try:
        before = _finished(job)
        if before is not None and not job.restart and _is_current(job, before):
            return _relabelled(job, before)
        return _ingested(job, before)
    except CSTalkError as error:
        message = str(error)
        if str(job.found.path) not in message:
            message = f"{_source(job.found)}: {message}"
    except MemoryError:
        message = (
            f"{_source(job.found)}: does not fit into memory. Record shorter takes, or use fewer --jobs."
        )
    except OSError as error:
        place = error.filename or _source(job.found)
        message = f"{place}: {error.strerror or error}. Check the path and its permissions."
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        what = f"unexpected {type(error).__name__} at {place}: {error}"
        message = f"{_source(job.found)}: {what}. Please report this."
    return TakeResult(job.name, job.found, FAILED, " ".join(message.split()))


def killed_take(job: TakeJob) -> TakeResult:
    """The result of a take whose process died."""
    message = (
        f"{_source(job.found)}: its process was killed, most likely for memory. Run again with fewer --jobs."
    )
    return TakeResult(job.name, job.found, FAILED, message)


def _finished(job: TakeJob) -> dict[str, Any] | None:
    """take.json of the take if it is there and whole."""
    try:
        facts = read_take_facts(job.folder)
        for name, digest in facts["sha256"].items():
            if sha256_file(job.folder / name) != digest:
                return None
        record_of_take(job.name, facts)
    except (DataSetError, OSError):
        return None
    return facts


def _is_current(job: TakeJob, facts: Mapping[str, Any]) -> bool:
    """Whether reading the recording again would give what is there."""
    state = read_state(job.data_set, job.name)
    audio = facts["audio"]
    return (
        state is not None
        and (state.path, state.member) == source_key(job.found)
        and state.request == job.request
        and state.inside == names_inside(job.found)
        and (audio is not None or state.sounds == job.sounds)
        and (audio is None or audio["shift_seconds"] == _wanted_shift(job, facts))
        and state.sha256 == facts["source_sha256"]
        and state.files_unchanged()
    )


def _wanted_shift(job: TakeJob, facts: Mapping[str, Any]) -> float:
    """By how much the sound of a finished take should be moved."""
    audio = facts["audio"]
    if job.shift_by_own_lag:
        return _own_shift(Lag.from_json(audio["captured_lag"]))
    return float(audio["shift_seconds"] if job.shift_seconds is None else job.shift_seconds)


def _relabelled(job: TakeJob, facts: dict[str, Any]) -> TakeResult:
    """Labels can change without the recording."""
    captured = labels_from_json(facts["captured_labels"], job.folder)
    labels, told = resolve_labels(captured, job.outside)
    others = [remark for remark in facts["remarks"] if remark["code"] not in LABEL_REMARKS]
    now = {
        **facts,
        "labels": labels_to_json(_plain_labels(labels)),
        "split": job.split,
        "origin": {**facts["origin"], "path": _text(job.found.path.as_posix())},
        "remarks": others + _plain_remarks(told),
    }
    if now == facts:
        return TakeResult(job.name, job.found, UNCHANGED, record=record_of_take(job.name, facts))
    write_take_facts(job.folder, now)
    return TakeResult(job.name, job.found, RELABELLED, remarks=told, record=record_of_take(job.name, now))


def _ingested(job: TakeJob, before: Mapping[str, Any] | None) -> TakeResult:
    seen_ns = time.time_ns()
    captured = job.reader(job.found)
    labels, remarks = resolve_labels(captured.labels, job.outside)
    remarks = (*captured.remarks, *remarks)
    samples, audio, lag = _placed_sound(job, captured, before)
    files = captured.origin.files or (job.found.path,)
    digest = files_sha256(files, job.found.member)
    facts = {
        **_captured_facts(captured, job.found),
        "captured_labels": labels_to_json(captured.labels),
        "split": job.split,
        "remarks": _plain_remarks(remarks),
        "audio": audio,
        "sync": None if lag is None else lag.to_json(),
        "quality": measure_quality(captured.performance, samples),
        "source_sha256": digest,
        "cstalk_ue": __version__,
    }
    status = NEW if before is None else CHANGED
    _remove_leftovers(job.folder)
    written = write_take(job.folder, captured.performance, samples, _plain_labels(labels), facts)
    path, member = source_key(job.found)
    state = SourceState(
        path=path,
        member=member,
        request=job.request,
        inside=names_inside(job.found),
        sounds=job.sounds,
        seen_ns=seen_ns,
        files=tuple(SourceFile.of(file) for file in files),
        sha256=digest,
    )
    if all(file.mtime_ns <= seen_ns for file in state.files):  # else it was changed while it was read
        write_state(job.data_set, job.name, state)
    return TakeResult(job.name, job.found, status, "", remarks, record_of_take(job.name, written))


def _placed_sound(
    job: TakeJob, captured: CapturedTake, before: Mapping[str, Any] | None
) -> tuple[np.ndarray | None, dict[str, Any] | None, Lag | None]:
    """The sound on the clock of the curves, how it came there, and the lag that is left."""
    if captured.samples is None:
        return None, None, None
    face = captured.performance.face
    start = captured.audio_start_seconds
    samples = align_samples(captured.samples, start, face.frames)
    captured_lag = lag = measure_lag(face, samples)
    if job.shift_by_own_lag:
        shift = _own_shift(Lag.from_json(captured_lag.to_json()))
    elif job.shift_seconds is not None:
        shift = job.shift_seconds
    else:
        shift = float(((before or {}).get("audio") or {}).get("shift_seconds", 0.0))
    if shift:
        samples = align_samples(captured.samples, start + shift, face.frames)
        lag = measure_lag(face, samples)
    audio = {
        "source": None if captured.audio_source is None else _text(captured.audio_source.name),
        "start": captured.audio_start,
        "start_seconds": round(start, 6),
        "shift_seconds": shift,
        "captured_lag": captured_lag.to_json(),
    }
    return samples, audio, lag


def _own_shift(lag: Lag) -> float:
    """Curves that are later than the sound have a lag below 0: the sound is then moved to later, too."""
    sure = lag.seconds is not None and lag.confidence >= SURE_ENOUGH
    return round(-lag.seconds, 4) if sure and lag.seconds is not None else 0.0


def _captured_facts(captured: CapturedTake, found: FoundTake) -> dict[str, Any]:
    origin = captured.origin
    return {
        "name": _text(captured.name),
        "timing": asdict(captured.timing),
        "origin": {
            "format": origin.format,
            "path": _text(found.path.as_posix()),
            "member": _text(found.member),
            "files": [_text(path.name) for path in origin.files],
            "details": {_text(key): _text(value) for key, value in origin.details.items()},
        },
        "clamped": {_text(name): count for name, count in captured.clamped.items()},
    }


def _plain_labels(labels: TakeLabels) -> TakeLabels:
    """Labels may come from file names that are no valid Unicode."""
    return replace(
        labels,
        performer=_text(labels.performer),
        line=_text(labels.line),
        slate=_text(labels.slate),
        transcript=_text(labels.transcript),
    )


def _plain_remarks(remarks: Iterable[Remark]) -> list[dict[str, str]]:
    return [{"code": remark.code, "text": _text(remark.text)} for remark in remarks]


def _remove_leftovers(folder: Path) -> None:
    """Temporary files of a run that was killed."""
    if folder.is_dir():
        for left in folder.glob(".*.part"):
            with contextlib.suppress(OSError):
                left.unlink()


def _source(found: FoundTake) -> str:
    return f"{found.path}/{found.member}" if found.member else str(found.path)


def _text(text: str) -> str:
    """A text that a UTF-8 file can hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def request_digest(reader: Reader, *, audio_folder: Path | None) -> str:
    """Digest of what is asked of a reader: its function and settings, and this version of ours.

    The folder with sounds counts by where it really is.
    """
    function = getattr(reader, "func", reader)
    keywords = {**getattr(reader, "keywords", {}), "audio_folder": audio_folder and audio_folder.resolve()}
    spelled = sorted(f"{name}={value}" for name, value in keywords.items())
    name = getattr(function, "__qualname__", type(function).__qualname__)
    place = [f"{function.__module__}.{name}", *map(str, getattr(reader, "args", ()))]
    return sha256_text("\n".join([__version__, *place, *spelled]))
