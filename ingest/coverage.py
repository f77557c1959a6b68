"""What the takes of a set cover: how many and how long, by emotion, intensity, performer and line.

Counts only; what is enough is in rules.py. Takes without an emotion are not here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cstalk_ue.emotion import EMOTIONS
from ingest.data_set_tables import TakeRecord

UNNAMED = "(not named)"
INTENSITY_STEPS = (("low", 0.0, 0.4), ("medium", 0.4, 0.75), ("high", 0.75, 1.0001))
"""Names of ranges of intensity; a take without one is `UNNAMED`."""


@dataclass(frozen=True)
class Amount:
    """Takes and their seconds."""

    takes: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.takes + other.takes, self.seconds + other.seconds)


@dataclass(frozen=True)
class Coverage:
    """Amounts by (row, emotion); emotions as `EMOTIONS`.

    Attributes:
        emotions: by emotion.
        intensities, performers, lines: by what the row is called and emotion; combinations that do not occur
            are absent.
    """

    emotions: Mapping[str, Amount]
    intensities: Mapping[tuple[str, str], Amount]
    performers: Mapping[tuple[str, str], Amount]
    lines: Mapping[tuple[str, str], Amount]


def count_coverage(records: Iterable[TakeRecord]) -> Coverage:
    """Count the takes that have an emotion; leave those out that are used for nothing before calling."""
    emotions = dict.fromkeys(EMOTIONS, Amount())
    tables: tuple[dict[tuple[str, str], Amount], ...] = ({}, {}, {})
    for record in records:
        emotion = record.emotion_class
        if emotion not in emotions:
            continue
        one = Amount(1, record.seconds)
        emotions[emotion] += one
        rows = (intensity_step(record.intensity), record.performer or UNNAMED, line_of(record) or UNNAMED)
        for table, row in zip(tables, rows, strict=True):
            table[row, emotion] = table.get((row, emotion), Amount()) + one
    return Coverage(emotions, *tables)


def rows_of(table: Mapping[tuple[str, str], Amount]) -> dict[str, dict[str, Amount]]:
    """A table as rows by name: intensities from low to high, other names sorted."""
    steps = [name for name, _, _ in INTENSITY_STEPS]
    rows: dict[str, dict[str, Amount]] = {}
    for (row, emotion), amount in sorted(
        table.items(), key=lambda item: (steps.index(item[0][0]) if item[0][0] in steps else -1, item[0])
    ):
        rows.setdefault(row, {})[emotion] = amount
    return rows


def intensity_step(intensity: float | None) -> str:
    """Name of the range that an intensity lies in."""
    if intensity is None:
        return UNNAMED
    return next((name for name, low, high in INTENSITY_STEPS if low <= intensity < high), UNNAMED)


def line_of(record: TakeRecord) -> str:
    """What tells one line from another: its name, else its words, else the slate."""
    return record.line or record.transcript or record.slate
