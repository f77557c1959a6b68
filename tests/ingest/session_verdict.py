"""Ingest a made-up session through the command line; say what of it was missed, lost or wrongly accused."""

import contextlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from made_up_session import WrittenTake
from session_faults import FAULTS

from cstalk_ue.cli import run
from ingest.data_set import DataSet, TakeRecord, open_data_set
from ingest.data_set_tables import read_failures

OF_A_GROUP = {"retakes", "no-lag", "cut-speech", "few-takes", "no-blinks", "same-sound"}
"""Findings that good takes have too: about lines and performers as a whole, or ignored unless asked for."""

OF_A_MADE_UP_FACE = {"surprised": {"open-mouth"}, "neutral": {"posed-start"}}
"""The performer's jaw hangs in surprise, and what regions share moves from the first frame on."""


@dataclass(frozen=True)
class IngestedSession:
    """What became of a session.

    Attributes:
        exit_code, check_exit_code: of the two commands.
        data_set: as it lies there.
        failures: the sentence in failed.csv by name of the capture.
        said: codes of remarks and findings by take.
        shown: everything that was printed.
    """

    exit_code: int
    check_exit_code: int
    data_set: DataSet
    failures: Mapping[str, str]
    said: Mapping[str, set[str]]
    shown: str

    @property
    def records(self) -> dict[str, TakeRecord]:
        """Rows of takes.csv by name."""
        return {record.name: record for record in self.data_set.records}


def ingest_session(day: Path, target: Path, *, jobs: int) -> IngestedSession:
    """Ingest a folder of recordings and check the result, as a team does it."""
    call = ["ingest", "live-link-face", str(day), "-o", str(target), "--jobs", str(jobs)]
    code, shown = quietly(call)
    check, text = quietly(["dataset", "check", str(target), "--json"])
    said: dict[str, set[str]] = {}
    for finding in json.loads(text)["findings"]:
        for name in finding["takes"]:
            said.setdefault(name, set()).add(finding["code"])
    data_set = open_data_set(target)
    for record in data_set.records:
        said.setdefault(record.name, set()).update(record.remarks.split())
    failures = {failure.name: failure.error for failure in read_failures(target)}
    return IngestedSession(code, check, data_set, failures, said, shown)


def quietly(call: Sequence[str]) -> tuple[int, str]:
    """Exit code and standard output of a command; standard error is kept back."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = run(list(call))
    return code, out.getvalue()


def complaints(written: Sequence[WrittenTake], session: IngestedSession) -> list[str]:
    """What is wrong with the outcome; nothing if all faults are named and nothing good is lost or accused."""
    found = []
    for take in written:
        found += [f"{take.fault or 'good take'} {take.name}: {what}" for what in _about(take, session)]
    expected = {take.name for take in written if _failure(take)}
    wrongly = sorted(session.failures.keys() - expected)
    found += [f"{name}: failed though nothing is wrong" for name in wrongly]
    known = {take.name for take in written} | {take.copy for take in written if take.copy}
    found += [f"{name}: nobody made this take" for name in sorted(session.records.keys() - known)]
    return found


def _about(take: WrittenTake, session: IngestedSession) -> Iterator[str]:
    fault = next((fault for fault in FAULTS if fault.name == take.fault), None)
    record, said = session.records.get(take.name), session.said.get(take.name, set())
    if fault is not None and fault.failed:
        if record is not None:
            yield "is in the data set"
        if fault.failed not in session.failures.get(take.name, ""):
            yield f"failed.csv says {session.failures.get(take.name)!r}, expected {fault.failed!r}"
        return
    if record is None:
        yield f"is lost; failed.csv says {session.failures.get(take.name)!r}"
        return
    if fault is None or not fault.codes:
        # Passing midnight and an unusual order of columns are told, and are no faults.
        accused = said - OF_A_GROUP - {"clock-wrap"}
        accused -= OF_A_MADE_UP_FACE.get(take.emotion, set())
        accused -= {"outlying-lag"} if take.misaligned else set()
        if accused:
            yield f"is accused of {', '.join(sorted(accused))}"
        if record.emotion_class != take.emotion or record.performer != take.performer:
            yield f"is {record.emotion_class} by {record.performer}"
    elif not said.intersection(fault.codes):
        yield f"is said to be {', '.join(sorted(said)) or 'fine'}, expected {' or '.join(fault.codes)}"
    if (fault is None or fault.keeps_frames) and record.frames != take.frames:
        yield f"has {record.frames} frames, expected {take.frames}"


def _failure(take: WrittenTake) -> bool:
    return any(fault.name == take.fault and fault.failed for fault in FAULTS)
