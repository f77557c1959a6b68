"""Takes that are there twice: copies, parts of each other, and retakes of a line.

Copies have the same content hash. Parts of each other (one trimmed, or the same curves with another sound)
share the extreme values of many of their controls, which finds candidates without reading curves;
`overlap_of` then lays the curves over each other and says where. Curves that were filtered, rescaled or
resampled in between are not found.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cstalk_ue.take import RigCurves
from ingest.coverage import line_of
from ingest.data_set_tables import TakeRecord
from ingest.take_summary import TakeSummary

SHARED_EXTREMES, FEWEST_EXTREMES = 0.4, 8
"""Candidates have this share, and this many, of the extremes of controls that move in common."""
SAME_VALUE, SHORTEST_OVERLAP_FRAMES = 2e-3, 30
_MOVING = 0.02
_MOST_ALIKE = 50  # takes with one value in common


@dataclass(frozen=True)
class Overlap:
    """The same curves in two takes.

    Attributes:
        first, second: names of the takes.
        first_frame, second_frame: where the common part begins in each.
        frames: how long it is.
    """

    first: str
    second: str
    first_frame: int
    second_frame: int
    frames: int


def find_copies(records: Iterable[TakeRecord]) -> list[tuple[TakeRecord, ...]]:
    """Groups of two and more takes with the same content, sorted."""
    groups = defaultdict(list)
    for record in records:
        if record.content_sha256:
            groups[record.content_sha256].append(record)
    return sorted(
        (tuple(group) for group in groups.values() if len(group) > 1), key=lambda group: group[0].name
    )


def label_key(record: TakeRecord) -> tuple[str, ...]:
    """Labels that copies of one recording must share."""
    return record.emotion, record.performer, line_of(record)


def find_retakes(summaries: Iterable[TakeSummary]) -> list[tuple[TakeSummary, ...]]:
    """Groups of takes of one line by one performer in one emotion and intensity; lines must be named."""
    groups = defaultdict(list)
    for summary in summaries:
        record = summary.record
        if line_of(record) and record.emotion:
            groups[(*label_key(record), record.intensity)].append(summary)
    return sorted(
        (tuple(group) for group in groups.values() if len(group) > 1), key=lambda group: group[0].name
    )


def find_overlap_candidates(summaries: Sequence[TakeSummary]) -> list[tuple[int, int]]:
    """Pairs of takes, by index, whose curves may have a part in common; copies by content are left out."""
    known = [index for index, summary in enumerate(summaries) if summary.statistics]
    if len(known) < 2:
        return []
    lowest, highest = (
        np.stack([summaries[index].statistics[name] for index in known]) for name in ("minimum", "maximum")
    )
    moving = highest - lowest > _MOVING
    # Rest and the end of a range are no coincidence: many takes stop there.
    telling = [moving & (np.abs(e) > _MOVING) & (np.abs(e) < 1 - _MOVING) for e in (lowest, highest)]
    codes = np.concatenate(
        [
            _equal_pairs(extremes[:, column], usable[:, column])
            for extremes, usable in zip((lowest, highest), telling, strict=True)
            for column in range(lowest.shape[1])
        ]
    )
    pairs, counts = np.unique(codes, return_counts=True)
    usable = np.concatenate(telling, axis=1)
    found = []
    for code, count in zip(
        pairs[counts >= FEWEST_EXTREMES].tolist(), counts[counts >= FEWEST_EXTREMES], strict=True
    ):
        first, second = divmod(code, len(known))
        if count < SHARED_EXTREMES * (usable[first] & usable[second]).sum():
            continue
        one, other = known[first], known[second]
        content = summaries[one].record.content_sha256
        if not content or content != summaries[other].record.content_sha256:
            found.append((one, other))
    return found


def _equal_pairs(values: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Pairs of rows with the same value, as first * rows + second; of very many, near ones."""
    rows = np.flatnonzero(usable)
    order = rows[np.argsort(values[rows], kind="stable")]
    ordered = values[order]
    codes = []
    for apart in range(1, _MOST_ALIKE):
        same = np.flatnonzero(ordered[apart:] == ordered[:-apart])
        if len(same) == 0:
            break
        codes.append(order[same] * len(values) + order[same + apart])
    return np.concatenate(codes) if codes else np.zeros(0, dtype=np.int64)


def overlap_of(first: tuple[str, RigCurves], second: tuple[str, RigCurves]) -> Overlap | None:
    """The longest part of `second` that is the same in `first`, by name and curves; None under a second."""
    (name, one), (other_name, other) = first, second
    a, b = one.values, other.values
    columns = np.flatnonzero((np.ptp(a, axis=0) > _MOVING) & (np.ptp(b, axis=0) > _MOVING))
    if len(columns) == 0:
        return None
    a, b = a[:, columns], b[:, columns]
    best = None
    for shift in _likely_shifts(a, b):
        start, end = max(0, shift), min(len(a), len(b) + shift)
        same = np.abs(a[start:end] - b[start - shift : end - shift]).max(axis=1) <= SAME_VALUE
        edges = np.flatnonzero(np.diff(np.concatenate(([0], same.astype(np.int8), [0]))))
        for begin, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if stop - begin >= SHORTEST_OVERLAP_FRAMES and (best is None or stop - begin > best.frames):
                best = Overlap(name, other_name, start + begin, start + begin - shift, stop - begin)
    return best


def _likely_shifts(a: np.ndarray, b: np.ndarray) -> list[int]:
    """Shifts of `b` against `a`, both (frames, controls), at which a telling frame or an end coincides."""
    shifts = set()
    for row in sorted({0, len(b) // 2, len(b) - 1, int(np.abs(b - b.mean(axis=0)).sum(axis=1).argmax())}):
        near = np.abs(a - b[row]).max(axis=1) <= SAME_VALUE
        shifts.update((np.flatnonzero(near) - row).tolist())
    for row in sorted({0, len(a) // 2, len(a) - 1}):
        near = np.abs(b - a[row]).max(axis=1) <= SAME_VALUE
        shifts.update((row - np.flatnonzero(near)).tolist())
    return sorted(shifts)[:200]
