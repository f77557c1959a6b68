"""One recording → one take of a data set: read, align, measure, write; or see that nothing has changed.

Whatever goes wrong becomes a failed `TakeResult`, and what was there before stays. Knows nothing about other
takes or about processes (see add_takes.py).
"""

import contextlib
import time
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from cstalk_ue.errors import CSTalkError, DataSetError
from cstalk_ue.storage import plain_text, sha256_file
from cstalk_ue.version import __version__
from ingest.captured import CapturedTake, Remark, TakeLabels
from ingest.found import FoundTake
from ingest.labels import LABEL_REMARKS, resolve_labels
from ingest.quality import measure_quality
from ingest.records import record_of_take
from ingest.sound_placement import own_shift, place_sound
from ingest.source_state import (
    SourceFile,
    SourceState,
    files_sha256,
    names_inside,
    read_state,
    write_state,
)
from ingest.sync import Lag
from ingest.take_files import (
    labels_from_json,
    labels_to_json,
    read_take_facts,
    write_take,
    write_take_facts,
)
from ingest.take_job import CHANGED, FAILED, NEW, RELABELLED, UNCHANGED, TakeJob, TakeResult
from ingest.take_names import source_key


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
        and (state.sounds == job.sounds or (audio is not None and _has_best_sound(job, state)))
        and (audio is None or audio["shift_seconds"] == _wanted_shift(job, facts))
        and state.sha256 == facts["source_sha256"]
        and state.files_unchanged()
    )


def _has_best_sound(job: TakeJob, state: SourceState) -> bool:
    """Whether a sound that was added since cannot be a better one than the take has."""
    if job.audio_folder is None:
        return True
    folder = job.audio_folder.resolve()
    return any(Path(file.path).is_relative_to(folder) for file in state.files)


def _wanted_shift(job: TakeJob, facts: Mapping[str, Any]) -> float:
    """By how much the sound of a finished take should be moved."""
    audio = facts["audio"]
    if job.shift_by_own_lag:
        return own_shift(Lag.from_json(audio["captured_lag"]))
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
        "origin": {**facts["origin"], "path": plain_text(job.found.path.as_posix())},
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
    samples, audio, lag = place_sound(job, captured, before)
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


def _captured_facts(captured: CapturedTake, found: FoundTake) -> dict[str, Any]:
    origin = captured.origin
    return {
        "name": plain_text(captured.name),
        "timing": asdict(captured.timing),
        "origin": {
            "format": origin.format,
            "path": plain_text(found.path.as_posix()),
            "member": plain_text(found.member),
            "files": [plain_text(path.name) for path in origin.files],
            "details": {plain_text(key): plain_text(value) for key, value in origin.details.items()},
        },
        "clamped": {plain_text(name): count for name, count in captured.clamped.items()},
    }


def _plain_labels(labels: TakeLabels) -> TakeLabels:
    """Labels may come from file names that are no valid Unicode."""
    return replace(
        labels,
        performer=plain_text(labels.performer),
        line=plain_text(labels.line),
        slate=plain_text(labels.slate),
        transcript=plain_text(labels.transcript),
    )


def _plain_remarks(remarks: Iterable[Remark]) -> list[dict[str, str]]:
    return [{"code": remark.code, "text": plain_text(remark.text)} for remark in remarks]


def _remove_leftovers(folder: Path) -> None:
    """Temporary files of a run that was killed."""
    if folder.is_dir():
        for left in folder.glob(".*.part"):
            with contextlib.suppress(OSError):
                left.unlink()


def _source(found: FoundTake) -> str:
    return f"{found.path}/{found.member}" if found.member else str(found.path)
