"""Is a data set fit to train on? Everything that can be known from its tables and take.json files.

Curves are read only for pairs of takes that look like copies, and all files only in a deep check, which
compares their hashes. Thousands of takes take seconds.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cstalk_ue.errors import CSTalkError
from cstalk_ue.storage import sha256_file
from ingest.coverage import Coverage, count_coverage
from ingest.data_set import EXCLUDED, DataSet, TakeRecord
from ingest.data_set_settings import CheckRules, DataSetSettings
from ingest.data_set_tables import read_failures
from ingest.duplicates import Overlap, find_overlap_candidates, overlap_of
from ingest.mirrored import SIDES_CORRELATION, compare_sides
from ingest.retakes import rank_retakes
from ingest.rules import ERROR, LEVELS, Finding, Levels
from ingest.set_findings import set_findings
from ingest.sync import PooledLag, pool_lags
from ingest.sync_findings import sync_findings
from ingest.take_files import read_take_facts
from ingest.take_findings import take_findings
from ingest.take_summary import TakeSummary, read_summary

MOST_COMPARED_PAIRS = 200
"""Pairs of takes that are laid over each other; copies of one take make many pairs."""


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    Attributes:
        data_set: the set.
        rules: as they were used.
        takes: the takes in use, by name.
        excluded: the takes that are used for nothing.
        findings: the gravest first; those that are ignored are among them.
        coverage: of the takes in use.
        sessions: lags of what was recorded and paired in one way; takes with sound.
        retakes: takes of one line, the best first.
        deep: whether all files were read.
    """

    data_set: DataSet
    rules: CheckRules
    takes: tuple[TakeSummary, ...]
    excluded: tuple[TakeRecord, ...]
    findings: tuple[Finding, ...]
    coverage: Coverage
    sessions: dict[tuple[str, ...], PooledLag]
    retakes: tuple[tuple[TakeSummary, ...], ...]
    deep: bool

    @property
    def fit(self) -> bool:
        """Whether there is no error."""
        return not any(finding.level == ERROR for finding in self.findings)

    def of_level(self, level: str) -> tuple[Finding, ...]:
        """The findings of one level."""
        return tuple(finding for finding in self.findings if finding.level == level)


def check_data_set(
    data_set: DataSet,
    *,
    rules: CheckRules | None = None,
    deep: bool = False,
    on_take: Callable[[str], None] | None = None,
) -> CheckResult:
    """Check a data set.

    Args:
        rules: instead of those of dataset.toml.
        deep: also compare the hash of every file with the one that was written.
        on_take: called with the name of each take when it was read.

    Raises:
        DataSetError: a table is damaged.
        ConfigError: the rules name a finding that does not exist.
    """
    chosen = data_set.settings.rules if rules is None else rules
    settings = DataSetSettings(data_set.settings.controls, data_set.settings.splits, chosen)
    levels = Levels(chosen, also_known={code for r in data_set.records for code in r.remarks.split()})
    takes, findings = _read(data_set, levels, deep=deep, on_take=on_take)
    for take in takes:
        findings += take_findings(take, chosen, levels)
    overlaps = _overlaps(data_set, takes)
    coverage = count_coverage(take.record for take in takes)
    findings += set_findings(takes, settings, levels, coverage, overlaps)
    findings += _sides(data_set, takes, levels)
    sessions = _sessions(takes)
    findings += sync_findings(takes, sessions, chosen, levels)
    retakes = rank_retakes(takes, findings)
    for group in retakes:
        text = f"{len(group)} takes of one line; the best is {group[0].name}"
        findings.append(levels.finding("retakes", [take.name for take in group], text))
    return CheckResult(
        data_set=data_set,
        rules=chosen,
        takes=tuple(takes),
        excluded=tuple(record for record in data_set.records if record.split == EXCLUDED),
        findings=tuple(sorted(findings, key=lambda f: (LEVELS.index(f.level), f.code, f.takes))),
        coverage=coverage,
        sessions=sessions,
        retakes=retakes,
        deep=deep,
    )


def _read(
    data_set: DataSet, levels: Levels, *, deep: bool, on_take: Callable[[str], None] | None
) -> tuple[list[TakeSummary], list[Finding]]:
    """The takes in use, and what is wrong with the folders."""
    takes, findings = [], []
    for record in data_set.records:
        if record.split == EXCLUDED:
            findings.append(levels.finding("excluded", record.name, _reason(record)))
        else:
            try:
                takes.append(read_summary(data_set, record))
                if deep:
                    findings += _compare_hashes(data_set, record.name, levels)
            except CSTalkError as error:
                findings.append(levels.finding("broken-take", record.name, str(error)))
        if on_take is not None:
            on_take(record.name)
    listed = {record.name for record in data_set.records}
    folder = data_set.take_folder("x").parent
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and path.name not in listed:
            findings.append(levels.finding("unlisted-take", path.name, "is not in takes.csv"))
    for failure in read_failures(data_set.folder):
        findings.append(levels.finding("not-ingested", failure.name, failure.error))
    return takes, findings


def _reason(record: TakeRecord) -> str:
    reasons = [code.partition(":")[2] for code in record.remarks.split() if code.startswith("excluded:")]
    return f"used for nothing: {', '.join(reasons) or 'no reason given'}"


def _compare_hashes(data_set: DataSet, name: str, levels: Levels) -> list[Finding]:
    folder, findings = data_set.take_folder(name), []
    for file, written in sorted(read_take_facts(folder)["sha256"].items()):
        try:
            found = sha256_file(folder / file)
        except OSError as error:
            findings.append(levels.finding("changed-take", name, f"{file} cannot be read ({error.strerror})"))
            continue
        if found != written:
            findings.append(levels.finding("changed-take", name, f"{file} is not the file that was written"))
    return findings


def _overlaps(data_set: DataSet, takes: Sequence[TakeSummary]) -> list[Overlap]:
    found = []
    for first, second in find_overlap_candidates(takes)[:MOST_COMPARED_PAIRS]:
        try:
            curves = [data_set.read(takes[index].record, audio=False) for index in (first, second)]
        except CSTalkError:
            continue  # a deep check names the file
        overlap = overlap_of(*((take.name, take.performance.face) for take in curves))
        if overlap is not None:
            found.append(overlap)
    return found


def _sides(data_set: DataSet, takes: Sequence[TakeSummary], levels: Levels) -> list[Finding]:
    """Solves of one performance by two programs must agree about left and right."""
    groups = defaultdict(list)
    for take in takes:
        if take.record.slate and take.record.take_number is not None:
            groups[take.record.slate, take.record.take_number, take.record.performer].append(take)
    findings = []
    for group in groups.values():
        formats = {take.record.source_format: take for take in group}
        if len(formats) != 2 or len(group) != 2:
            continue
        try:
            one, other = (data_set.read(take.record, audio=False).performance.face for take in group)
        except CSTalkError:
            continue
        correlation = compare_sides(one, other)
        if correlation is not None and correlation <= -SIDES_CORRELATION:
            text = f"two solves of one take contradict each other about the sides (r {correlation:.2f})"
            findings.append(levels.finding("mirrored", [take.name for take in group], text))
    return findings


def _sessions(takes: Sequence[TakeSummary]) -> dict[tuple[str, ...], PooledLag]:
    groups = defaultdict(list)
    for take in takes:
        if take.session:
            groups[take.session].append(take.lag)
    return {session: pool_lags(lags) for session, lags in sorted(groups.items())}
