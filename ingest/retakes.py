"""Which of several takes of a line is the best, by what a check found on each.

Knows nothing about how findings come about (see take_findings.py).
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from ingest.duplicates import find_retakes
from ingest.rules import ERROR, WARNING, Finding
from ingest.take_summary import TakeSummary

_SAME_NOISE_DB = 6.0


def rank_retakes(
    takes: Sequence[TakeSummary], findings: Iterable[Finding]
) -> tuple[tuple[TakeSummary, ...], ...]:
    """Takes of one line by one performer in one emotion, the best first.

    Fewer errors come first, then fewer warnings, then fewer lost frames, then the sound with less noise, then
    the later take: on a set one goes on until it is right.
    """
    faults = Counter((finding.level, name) for finding in findings for name in finding.takes)

    def rank(take: TakeSummary) -> tuple[float, ...]:
        return (
            faults[ERROR, take.name],
            faults[WARNING, take.name],
            take.record.frames - take.record.valid_frames,
            -round((take.sound.get("snr_db") or 0) / _SAME_NOISE_DB),
            -(take.record.take_number or 0),
        )

    return tuple(tuple(sorted(group, key=rank)) for group in find_retakes(takes))
