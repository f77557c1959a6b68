"""Which takes to train on, to validate with and to test with: nothing in one is known from another.

Takes that belong together stay together: those of one line by one performer (`SplitSettings.group_by`), and
copies, by content and by source, whatever their labels. What a group becomes depends on a digest of its name,
not on chance or on the order of ingest: within each emotion the groups are sorted by that digest, the first
share is for the test, the next for validation. So every emotion has its share even in a small set. A new
group moves others only across an edge between two shares, and a share changes by one group at a time.

A take without a usable label is excluded, with the reason among its remarks. A split that a manifest demands
is followed. Knows nothing about files.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cstalk_ue.storage import sha256_text
from ingest.data_set_settings import SplitSettings
from ingest.data_set_tables import EXCLUDED, SPLITS, TakeRecord

TRAIN, VALIDATION, TEST = SPLITS
EXCLUDED_REMARK, CONFLICT_REMARK = "excluded", "split-conflict"
_DEFAULT_SLATES = ("myslate", "defaultslate")
"""What the app calls a slate that nobody named; says nothing about the line."""
_MIXED = "mixed"
"""Stratum of groups whose set of emotions no other group has; no class is called so."""


@dataclass(frozen=True)
class Division:
    """The outcome.

    Attributes:
        records: all takes in their order, with `split` and the reasons filled in.
        groups: how many groups each split has; excluded takes are in none.
        ungrouped: takes whose line is not known, each a group of its own: retakes of them may be apart.
        asked_apart: takes that a manifest put away from their group.
    """

    records: tuple[TakeRecord, ...]
    groups: Mapping[str, int]
    ungrouped: int
    asked_apart: int


def assign_splits(records: Iterable[TakeRecord], settings: SplitSettings) -> Division:
    """Put every take into a split."""
    cleared = [_cleared(record) for record in records]
    reasons = [_reason_to_exclude(record, settings) for record in cleared]
    used = [record for record, reason in zip(cleared, reasons, strict=True) if not reason]
    groups = group_takes(used, settings)
    placed = _place(groups, settings)
    splits: dict[str, str] = {}
    counts: Counter[str] = Counter()
    apart: set[str] = set()
    for key, members in groups.items():
        asked = sorted({record.split_asked for record in members if record.split_asked})
        # Where a manifest pulls a group apart, the rest goes where it teaches the model nothing.
        split = min(asked, key=(TEST, VALIDATION, TRAIN).index) if asked else placed[key]
        counts[split] += 1
        for record in members:
            splits[record.name] = record.split_asked or split
            if len(asked) > 1:
                apart.add(record.name)
    done = []
    for record, reason in zip(cleared, reasons, strict=True):
        if reason:
            done.append(_with_remark(replace(record, split=EXCLUDED), f"{EXCLUDED_REMARK}:{reason}"))
        else:
            placed_record = replace(record, split=splits[record.name])
            done.append(_with_remark(placed_record, CONFLICT_REMARK if record.name in apart else ""))
    ungrouped = sum(not _line_of(record) for record in used) if "line" in settings.group_by else 0
    return Division(tuple(done), {split: counts[split] for split in SPLITS}, ungrouped, len(apart))


def group_takes(records: Sequence[TakeRecord], settings: SplitSettings) -> dict[str, list[TakeRecord]]:
    """Takes that must stay together, by a name of the group that does not depend on their order."""
    leader = list(range(len(records)))

    def find(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    first: dict[str, int] = {}
    for index, record in enumerate(records):
        for tie in _ties(record, settings):
            leader[find(index)] = find(first.setdefault(tie, index))
    members: dict[int, list[TakeRecord]] = defaultdict(list)
    for index, record in enumerate(records):
        members[find(index)].append(record)
    return {min(_own_key(record, settings) for record in group): group for group in members.values()}


def _ties(record: TakeRecord, settings: SplitSettings) -> list[str]:
    """Two takes with one of these in common belong together."""
    ties = [_own_key(record, settings)]
    ties += [f"content {record.content_sha256}"] if record.content_sha256 else []
    ties += [f"source {record.source_sha256}"] if record.source_sha256 else []
    return ties


def _own_key(record: TakeRecord, settings: SplitSettings) -> str:
    """The labels of a take that make its group; without a line it is alone."""
    values = []
    for name in settings.group_by:
        value = _line_of(record) if name == "line" else _plain(str(getattr(record, name)))
        if name == "line" and not value:
            return f"take {record.content_sha256 or record.name}"
        values.append(value)
    return "labels " + "\t".join(values)


def _line_of(record: TakeRecord) -> str:
    """What tells one line from another: its name, else its words, else a slate that somebody named."""
    slate = _plain(record.slate)
    return _plain(record.line) or _plain(record.transcript) or ("" if slate in _DEFAULT_SLATES else slate)


def _place(groups: Mapping[str, Sequence[TakeRecord]], settings: SplitSettings) -> dict[str, str]:
    emotions = {
        key: frozenset(record.emotion_class for record in members)
        for key, members in groups.items()
        if not any(record.split_asked for record in members)
    }
    alike = Counter(emotions.values())
    strata: dict[str, list[str]] = defaultdict(list)
    for key, classes in emotions.items():
        # Groups that no other is like share a stratum; alone none of them could ever leave the training.
        strata["+".join(sorted(classes)) if alike[classes] > 1 else _MIXED].append(key)
    sizes = {name: len(keys) for name, keys in strata.items()}
    tests = _quotas(sizes, sizes, settings.test, settings.seed)
    room = {name: size - tests[name] for name, size in sizes.items()}
    validations = _quotas(sizes, room, settings.validation, settings.seed)
    placed = {}
    left = Counter(emotion for classes in emotions.values() for emotion in classes)
    for name in sorted(strata, key=lambda name: (name == _MIXED, name)):
        quotas = {TEST: tests[name], VALIDATION: validations[name]}
        for key in sorted(strata[name], key=lambda key: _digest(key, settings.seed)):
            spared = name != _MIXED or all(left[emotion] > 1 for emotion in emotions[key])
            side = next((side for side, quota in quotas.items() if quota and spared), TRAIN)
            placed[key] = side
            if side != TRAIN:
                quotas[side] -= 1
                left.subtract(emotions[key])
    return placed


def _quotas(sizes: Mapping[str, int], room: Mapping[str, int], share: float, seed: int) -> dict[str, int]:
    """How many groups of every stratum: the share of all of them, spread by largest remainder.

    A stratum keeps one group to train on; a share above 0 gets at least one group if there is one to spare.
    """
    spare = {name: max(0, left - 1) for name, left in room.items()}
    total = round(share * sum(sizes.values()))
    total = min(sum(spare.values()), max(total, 1 if share > 0 else 0))
    quotas = {name: min(spare[name], int(share * size)) for name, size in sizes.items()}
    by_remainder = sorted(
        sizes, key=lambda name: (-(share * sizes[name] - int(share * sizes[name])), _digest(name, seed))
    )
    while sum(quotas.values()) < total:
        for name in by_remainder:
            if sum(quotas.values()) < total and quotas[name] < spare[name]:
                quotas[name] += 1
    return quotas


def _reason_to_exclude(record: TakeRecord, settings: SplitSettings) -> str:
    """Why a take is used for nothing; empty if it is used."""
    if record.split_asked == EXCLUDED:
        return "asked"
    if not record.emotion:
        return "other-emotion" if "other-emotion" in record.remarks.split() else "no-emotion"
    if not record.valid_frames:
        return "no-valid-frame"
    unwanted = [code for code in record.remarks.split() if code in settings.exclude_remarks]
    return unwanted[0] if unwanted else ""


def _cleared(record: TakeRecord) -> TakeRecord:
    kept = [
        code
        for code in record.remarks.split()
        if not code.startswith(f"{EXCLUDED_REMARK}:") and code != CONFLICT_REMARK
    ]
    return replace(record, split="", remarks=" ".join(kept))


def _with_remark(record: TakeRecord, code: str) -> TakeRecord:
    return replace(record, remarks=f"{record.remarks} {code}".strip()) if code else record


def _digest(key: str, seed: int) -> str:
    return sha256_text(f"{seed} {key}")


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().casefold()
