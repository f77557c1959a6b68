"""What is wrong with a set of takes: what single takes cannot show.

Knows nothing about files (see check.py).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from cstalk_ue.emotion import EMOTIONS
from ingest.coverage import Coverage, line_of
from ingest.data_set import SPLITS
from ingest.data_set_settings import DataSetSettings
from ingest.duplicates import Overlap, find_copies, label_key
from ingest.mirrored import find_turned_takes
from ingest.rules import Finding, Levels
from ingest.splits import group_takes
from ingest.take_findings import dead_controls
from ingest.take_summary import TakeSummary

_OTHERS_FOR_DEAD, _USUAL_SHARE, _USUAL_RANGE = 8, 0.95, 0.1
_BLINKS_WITHIN_SECONDS = 60.0
_STILL_HEAD_DEGREES = 0.01
_NAMES_SHOWN = 5


def set_findings(
    takes: Sequence[TakeSummary],
    settings: DataSetSettings,
    levels: Levels,
    coverage: Coverage,
    overlaps: Sequence[Overlap],
) -> Iterator[Finding]:
    """Findings about the takes in use; for sync see sync_findings.py."""
    yield from _coverage(takes, settings, levels, coverage)
    yield from _copies(takes, levels, overlaps)
    yield from _splits(takes, settings, levels, overlaps)
    yield from _performers(takes, levels)


def _coverage(
    takes: Sequence[TakeSummary], settings: DataSetSettings, levels: Levels, coverage: Coverage
) -> Iterator[Finding]:
    if not takes:
        yield levels.finding("no-takes", (), "no take is in use")
        return
    target = settings.rules.target_per_emotion
    for emotion in EMOTIONS:
        count = coverage.emotions[emotion].takes
        if count == 0:
            yield levels.finding("missing-emotion", (), f"there is no take of {emotion}")
        elif count < target:
            yield levels.finding("few-takes", (), f"{count} takes of {emotion}, the target is {target}")


def _copies(takes: Sequence[TakeSummary], levels: Levels, overlaps: Sequence[Overlap]) -> Iterator[Finding]:
    for group in find_copies(take.record for take in takes):
        names = tuple(record.name for record in group)
        labels = {label_key(record) for record in group}
        if len(labels) > 1:
            spelled = ", ".join(f"{record.name} ({_labelled(label_key(record))})" for record in group)
            yield levels.finding("copy-other-label", names, f"the same recording is {spelled}")
        else:
            yield levels.finding("copy", names, f"the same recording is there {len(group)} times")
    for overlap in overlaps:
        yield levels.finding(
            "partial-copy",
            (overlap.first, overlap.second),
            f"{overlap.frames} frames from {overlap.first_frame} on are in {overlap.second} "
            f"from {overlap.second_frame} on",
        )
    sounds = defaultdict(list)
    for take in takes:
        if take.sound_sha256 and take.sound.get("active_dbfs") is not None:
            sounds[take.sound_sha256].append(take)
    for same in sounds.values():
        if len({take.record.content_sha256 for take in same}) > 1:
            yield levels.finding("same-sound", [take.name for take in same], "the same sound, other curves")


def _labelled(key: tuple[str, ...]) -> str:
    return ", ".join(part for part in key if part) or "no labels"


def _splits(
    takes: Sequence[TakeSummary], settings: DataSetSettings, levels: Levels, overlaps: Sequence[Overlap]
) -> Iterator[Finding]:
    loose = [take.name for take in takes if take.record.split not in SPLITS]
    if loose:
        yield levels.finding("not-split", loose, f"{len(loose)} takes are in no split")
    placed = [take.record for take in takes if take.record.split in SPLITS]
    for group in group_takes(placed, settings.splits).values():
        splits = {record.split for record in group}
        if len(splits) > 1:
            first = group[0]
            what = ", ".join(part for part in (first.performer, line_of(first)) if part) or first.name
            yield levels.finding(
                "split-leak",
                [record.name for record in group],
                f"{what} is in {' and '.join(sorted(splits))}",
            )
    split_of = {record.name: record.split for record in placed}
    for overlap in overlaps:
        sides = {split_of.get(overlap.first), split_of.get(overlap.second)} - {None}
        if len(sides) > 1:
            yield levels.finding(
                "split-leak",
                (overlap.first, overlap.second),
                f"{overlap.frames} frames are in {' and '.join(sorted(map(str, sides)))}",
            )


def _performers(takes: Sequence[TakeSummary], levels: Levels) -> Iterator[Finding]:
    groups = defaultdict(list)
    for take in takes:
        if take.statistics:
            # Another solver means another face: its own lopsidedness, its own dead controls.
            groups[take.record.performer, take.record.source_format].append(take)
    for (performer, _), group in groups.items():
        yield from _dead(group, levels)
        for turned in find_turned_takes([take.statistics["mean"] for take in group]):
            yield levels.finding(
                "mirrored",
                group[turned.index].name,
                f"lopsided the other way round than the {turned.others} others of this performer "
                f"(cosine {turned.cosine:.2f}, theirs {turned.faithful:.2f})",
            )
        seconds = sum(take.record.seconds for take in group)
        blinks = sum(take.face.get("blinks", 0) for take in group)
        if blinks == 0 and seconds >= _BLINKS_WITHIN_SECONDS:
            who = performer or "the performer"
            yield levels.finding(
                "no-blinks", [take.name for take in group], f"{who} does not blink in {seconds:.0f} s"
            )
    formats = defaultdict(list)
    for take in takes:
        if take.quality:
            formats[take.record.source_format].append(take)
    for source_format, group in formats.items():
        if all(max(take.quality["head_range_degrees"]) < _STILL_HEAD_DEGREES for take in group):
            yield levels.finding(
                "no-head",
                [take.name for take in group],
                f"the head does not move in any of {len(group)} takes ({source_format or 'unknown format'})",
            )


def _dead(group: Sequence[TakeSummary], levels: Levels) -> Iterator[Finding]:
    if len(group) <= _OTHERS_FOR_DEAD:
        return
    spans = np.stack([take.statistics["maximum"] - take.statistics["minimum"] for take in group])
    usual = np.where((spans > _USUAL_RANGE).mean(axis=0) >= _USUAL_SHARE, np.median(spans, axis=0), 0)
    for take in group:
        if take.face["constant"] < len(usual) and (dead := dead_controls(take, usual)):
            shown = ", ".join(dead[:_NAMES_SHOWN]) + (" and others" if len(dead) > _NAMES_SHOWN else "")
            yield levels.finding("dead-controls", take.name, f"{len(dead)} are dead here: {shown}")
