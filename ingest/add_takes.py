"""Many recordings → a data set: in several processes, going on where it stopped, reading what has changed.

The takes are written first, each whole; the tables are made from them, from time to time and at the end. So a
run that is killed leaves whole takes, and the same call again gives the same bytes as one that was not. One
take in memory per process, and a row per take. Two runs at once into one data set are not supported.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cstalk_ue.errors import DataSetError, ExportError
from cstalk_ue.processes import Work, work_in_processes
from ingest.add_take import add_take, killed_take
from ingest.data_set import SETTINGS_FILE, TAKES_FOLDER, read_data_set_settings, write_data_set_settings
from ingest.data_set_settings import DataSetSettings
from ingest.data_set_tables import (
    CONTROLS_FILE,
    ControlStatistics,
    Failure,
    TakeRecord,
    read_failures,
    write_failures,
    write_records,
)
from ingest.found import FoundTake
from ingest.ingest_plan import LAG_MODES, IngestOptions, IngestPlan
from ingest.rebuild_tables import Watch, rebuild_statistics, unwatched
from ingest.records import read_take_records
from ingest.session_lags import session_shifts
from ingest.source_state import read_state, state_path
from ingest.splits import Division, assign_splits
from ingest.take_files import AUDIO_FILE, CURVES_FILE, TAKE_FILE, remove_take
from ingest.take_job import CHANGED, FAILED, NEW, RELABELLED, Reader, TakeJob, TakeResult
from ingest.take_names import source_key

__all__ = ["LAG_MODES", "IngestOptions", "IngestReport", "add_takes"]

_TABLES_EVERY_SECONDS = 20.0


@dataclass(frozen=True)
class IngestReport:
    """What an ingest did.

    Attributes:
        folder: the data set.
        results: of every recording, in the order of the names.
        records: of every take of the data set, with splits.
        division: groups of each split.
        statistics: of the controls; None if there is nothing to measure.
        problems: lines of the manifest and takes on disk that cannot be used, one sentence each.
        notes: what else a person should know.
    """

    folder: Path
    results: tuple[TakeResult, ...]
    records: tuple[TakeRecord, ...]
    division: Division
    statistics: ControlStatistics | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    def count(self, status: str) -> int:
        """How many recordings ended so."""
        return sum(result.status == status for result in self.results)


def add_takes(
    folder: Path,
    found: Sequence[FoundTake],
    reader: Reader,
    options: IngestOptions | None = None,
    *,
    watch: Watch = unwatched,
) -> IngestReport:
    """Bring a data set up to date with some recordings; takes from elsewhere stay as they are.

    Args:
        folder: the data set; made if missing.
        found: the recordings; one that is named twice counts once.
        reader: what reads them.
        options: see `IngestOptions`.
        watch: for progress; its function is given one sentence for a failed take, else "".

    Raises:
        ExportError: the folder cannot be written.
        DataSetError: it is something else, or of another format.
        ConfigError: its dataset.toml is wrong.
    """
    options = options or IngestOptions()
    settings = _open_or_make(folder)
    own = folder.resolve()  # which may lie among the captures
    found = [take for take in found if not take.path.resolve().is_relative_to(own)]
    found = list({source_key(take): take for take in found}.values())
    plan = IngestPlan.make(folder, found, reader, options)
    _remove_unfinished(folder, keep={job.name for job in plan.jobs})
    table = _Table(folder, settings, plan.records)
    results: dict[str, TakeResult] = {}
    try:
        with watch(len(plan.jobs), "takes") as tell:
            for result in _worked(plan.jobs, options.jobs):
                results[result.name] = result
                table.add(result)
                tell(result.message)
        moved = _jobs_to_move(plan.jobs, results, options.lags)
        if moved:
            with watch(len(moved), "takes moved") as tell:
                for result in _worked(moved, options.jobs):
                    status = results[result.name].status
                    if result.status != FAILED and status == NEW:
                        result = replace(result, status=status)
                    results[result.name] = result
                    table.add(result)
                    tell(result.message)
    except BaseException:
        table.reload()  # the take that was in work may be whole or gone
        table.write()
        raise
    division = table.write()
    ordered = tuple(results[name] for name in sorted(results))
    _write_failures(folder, ordered)
    statistics = rebuild_statistics(folder, division, settings, jobs=options.jobs, watch=watch)
    notes = (*plan.notes, *_gone(folder, division.records, results))
    return IngestReport(folder, ordered, division.records, division, statistics, plan.problems, notes)


class _Table:
    """takes.csv while takes come in."""

    def __init__(self, folder: Path, settings: DataSetSettings, records: dict[str, TakeRecord]) -> None:
        self._folder, self._settings, self._records = folder, settings, records
        self._written = time.monotonic()

    def add(self, result: TakeResult) -> None:
        """Take in a result; writes now and then."""
        if result.record is not None:
            self._records[result.name] = result.record
        elif not (self._folder / TAKES_FOLDER / result.name / TAKE_FILE).exists():
            self._records.pop(result.name, None)
        if result.status in (NEW, CHANGED, RELABELLED):
            # Statistics of other takes would be believed if this run were killed.
            (self._folder / CONTROLS_FILE).unlink(missing_ok=True)
        if time.monotonic() - self._written > _TABLES_EVERY_SECONDS:
            self.write()

    def reload(self) -> None:
        """Believe what is on disk."""
        self._records = read_take_records(self._folder / TAKES_FOLDER)[0]

    def write(self) -> Division:
        """Write the table with the splits as they are now."""
        ordered = [self._records[name] for name in sorted(self._records)]
        division = assign_splits(ordered, self._settings.splits)
        write_records(self._folder, division.records)
        self._written = time.monotonic()
        return division


def _worked(jobs: Sequence[TakeJob], processes: int) -> Iterator[TakeResult]:
    if processes <= 1 or len(jobs) <= 1:
        yield from map(add_take, jobs)
    else:
        for _, result in work_in_processes(Work(add_take, killed_take), jobs, jobs=processes):
            yield result


def _jobs_to_move(jobs: Sequence[TakeJob], results: dict[str, TakeResult], lags: str) -> list[TakeJob]:
    """The takes whose sound does not lie yet where their session wants it."""
    if lags != "pooled":
        return []
    good = [job for job in jobs if results[job.name].record is not None]
    shifts = session_shifts([job.folder for job in good])
    moved = []
    for job in good:
        record, shift = results[job.name].record, shifts.get(job.folder)
        if record is not None and shift is not None and record.audio_shift_seconds != shift:
            moved.append(replace(job, shift_seconds=shift, restart=False))
    return moved


def _open_or_make(folder: Path) -> DataSetSettings:
    if folder.exists() and not folder.is_dir():
        raise ExportError(
            f"{folder}: is a file; expected a folder for the data set. Name another one with -o."
        )
    if not (folder / SETTINGS_FILE).is_file():
        if folder.is_dir() and any(path.name[:1] != "." for path in folder.iterdir()):
            known = {TAKES_FOLDER, "takes.csv", CONTROLS_FILE}
            strange = [
                path.name for path in folder.iterdir() if path.name[:1] != "." and path.name not in known
            ]
            if strange:
                raise DataSetError(
                    f"{folder}: is no data set and not empty ({', '.join(sorted(strange)[:3])}). "
                    "Name a new folder with -o."
                )
        write_data_set_settings(folder, DataSetSettings())
    return read_data_set_settings(folder / SETTINGS_FILE)


def _write_failures(folder: Path, results: Sequence[TakeResult]) -> None:
    """Failures of this run, and those of others that it did not try again."""
    tried = {(result.found.path.as_posix(), result.found.member) for result in results}
    old = [row for row in read_failures(folder) if (row.source, row.member) not in tried]
    new = [
        Failure(result.found.name, result.found.path.as_posix(), result.found.member, result.message)
        for result in results
        if result.status == FAILED
    ]
    write_failures(folder, [*old, *new])


def _gone(folder: Path, records: Sequence[TakeRecord], results: dict[str, TakeResult]) -> list[str]:
    """One sentence about takes whose recording is no longer there."""
    gone = []
    for record in records:
        state = None if record.name in results else read_state(folder, record.name)
        if state is not None and not Path(state.path).exists():
            gone.append(record.name)
    if not gone:
        return []
    named = f"{', '.join(gone[:5])}{' ...' if gone[5:] else ''}"
    return [
        f"{len(gone)} takes stay though their recording is gone: {named}. Delete their folders if unwanted."
    ]


def _remove_unfinished(folder: Path, keep: set[str]) -> None:
    """Folders that a killed run left half written and that this run does not write either."""
    takes = folder / TAKES_FOLDER
    for path in sorted(takes.iterdir()) if takes.is_dir() else ():
        if not path.is_dir() or path.name in keep or (path / TAKE_FILE).exists():
            continue
        ours = all(
            each.name in (CURVES_FILE, AUDIO_FILE) or each.suffix == ".part" for each in path.iterdir()
        )
        if ours:
            remove_take(path)
            state_path(folder, path.name).unlink(missing_ok=True)
