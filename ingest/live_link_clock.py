"""When the rows of a recording were captured, from their timecodes.

A reading of the timecodes (see timecode.py) is believed only if it gives an even pace. Rows in the wrong
order are put in order, a few damaged or repeated timecodes lose their row; where no reading has a pace, the
rows are spaced evenly and said to be. Knows nothing about the file the timecodes come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cstalk_ue.errors import CurveFormatError
from ingest.captured import Remark
from ingest.timecode import DAY_SECONDS, Reading, sixtieths_of, timecode_readings, timecode_seconds

SLOWEST_FPS, FASTEST_FPS = 8.0, 130.0
LONGEST_JUMP_SECONDS = 60.0
"""A longer silence of the clock is not a gap but another recording, or a damaged timecode."""

USUAL_FPS = 60.0
_USUAL_RATES = (24.0, 25.0, 30.0, 50.0, 60.0)
_DAMAGED_SHARE = 0.02
"""Up to this share of the rows, and always one, may have a timecode that is left out."""
_NEAR = 0.75
"""Periods: rows that had to be sorted are at least this far apart."""

_MISSING_SHARE = 0.02
"""With more rows missing than this, a reading that leaves no holes is preferred."""


@dataclass(frozen=True)
class Clock:
    """When the rows were captured.

    Attributes:
        rows: ``(kept,)`` numbers of the rows that have a time, in the order of time.
        seconds: ``(kept,)`` their times, rising, the first 0.
        period: seconds from row to row.
        kind: ``timecode``, ``seconds`` or ``uniform``.
        day_seconds: time of day of the first row, 0..86400; None unless the kind is ``timecode``.
        dropped: rows that the clock says are missing.
        remarks: what was odd about it.
    """

    rows: np.ndarray
    seconds: np.ndarray
    period: float
    kind: str
    day_seconds: float | None
    dropped: int
    remarks: tuple[Remark, ...] = ()

    @property
    def fps(self) -> float:
        """Rows per second."""
        return 1 / self.period


def read_clock(
    codes: Sequence[str],
    *,
    assumed_fps: float | None = None,
    repeated: np.ndarray | None = None,
    where: str = "timecodes",
) -> Clock:
    """The clock of a recording, from the timecode of every row.

    Rows in the wrong order are put in order; a few damaged or repeated timecodes lose their row. Midnight and
    the phone's own day (it counts from its last start) are passed without a jump.

    Args:
        codes: as the file spells them, in the order of the file.
        assumed_fps: rate of evenly spaced rows if the timecodes are of no use; 60 if not given.
        repeated: ``(rows,)`` bool, rows that are copies of an earlier one in every cell.
        where: the file, for messages.

    Raises:
        CurveFormatError: no rows, or the clock stands still for longer than a recording does.

    """
    if not len(codes):
        raise CurveFormatError(f"{where}: has no rows; expected at least one. Export the take again.")
    copies = np.zeros(len(codes), dtype=bool) if repeated is None else np.asarray(repeated)
    if len(codes) == 1:
        return _single(codes[0], assumed_fps)
    found: Clock | None = None
    jump = None
    for reading in timecode_readings([code.strip() for code in codes]):
        pace = _pace(reading.seconds, copies)
        if isinstance(pace, _Jump):
            jump = jump or pace
        elif pace is not None:
            clock = pace.clock(reading)
            if clock.dropped <= _MISSING_SHARE * len(codes):
                return clock
            found = found or clock
    if found is not None:
        return found
    if jump is not None:
        raise CurveFormatError(
            f"{where}: the timecode goes from {codes[jump.before]} to {codes[jump.after]}, "
            f"{jump.seconds:.0f} s, from one row to the next; expected at most {LONGEST_JUMP_SECONDS:.0f} s. "
            "Split the file there."
        )
    return _evenly_spaced(codes, assumed_fps)


def _single(code: str, assumed_fps: float | None) -> Clock:
    day_seconds = timecode_seconds(code)
    kind = "uniform" if day_seconds is None else "timecode"
    rate = assumed_fps or USUAL_FPS
    remarks = () if day_seconds is not None else (_uniform_remark([code], rate),)
    return Clock(np.zeros(1, dtype=int), np.zeros(1), 1 / rate, kind, day_seconds, 0, remarks)


@dataclass(frozen=True)
class _Jump:
    """Two rows, one after the other in time, that are too far apart."""

    before: int
    after: int
    seconds: float


@dataclass(frozen=True)
class _Pace:
    """Rows in the order of time at an even pace."""

    rows: np.ndarray
    seconds: np.ndarray
    period: float
    damaged: int
    copies: int
    repeated: int
    displaced: int

    def clock(self, reading: Reading) -> Clock:
        steps = np.rint(np.diff(self.seconds) / self.period).astype(np.int64)
        span = float(self.seconds[-1] - self.seconds[0])
        first = float(reading.seconds[self.rows[0]])
        notes = [Remark("timecode-form", reading.form)] if reading.form else []
        if self.copies:
            notes.append(Remark("repeated-rows", f"{self.copies} rows are copies of another; left out."))
        if self.damaged:
            notes.append(
                Remark("damaged-timecodes", f"{self.damaged} rows have an impossible timecode; left out.")
            )
        if self.repeated:
            notes.append(Remark("repeated-timecodes", f"{self.repeated} rows repeat a timecode; left out."))
        if self.displaced:
            notes.append(
                Remark("unordered-rows", f"{self.displaced} rows were out of order; sorted by timecode.")
            )
        dropped = int((steps - 1).sum())
        if dropped:
            longest = float(np.diff(self.seconds).max())
            notes.append(
                Remark("dropped-frames", f"{dropped} rows are missing; the longest gap is {longest:.3f} s.")
            )
        if reading.kind == "timecode" and first % DAY_SECONDS + span >= DAY_SECONDS:
            notes.append(Remark("clock-wrap", "the timecode passes 24 hours; the seconds go on."))
        return Clock(
            rows=self.rows,
            seconds=self.seconds - self.seconds[0],
            period=span / int(steps.sum()),
            kind=reading.kind,
            day_seconds=first % DAY_SECONDS if reading.kind == "timecode" else None,
            dropped=dropped,
            remarks=tuple(notes),
        )


def _pace(read: np.ndarray, copies: np.ndarray) -> _Pace | _Jump | None:
    """The rows in the order of time, or None if there is no even pace in them."""
    usable = np.isfinite(read) & ~copies
    rows = np.flatnonzero(usable)
    damaged = int((~np.isfinite(read)).sum())
    allowance = max(1, int(_DAMAGED_SHARE * len(read)))
    if len(rows) < 2 or damaged > allowance:
        return None
    seconds = _without_midnight(read[rows])
    period = float(np.median(np.diff(np.sort(seconds))))
    if not 1 / FASTEST_FPS <= period <= 1 / SLOWEST_FPS:
        return None
    repeated = displaced = 0
    if not _is_even(np.diff(seconds), period):
        # Rows in the wrong order look like damaged ones where they stand; the better explanation leaves fewer
        # rows missing or on top of each other.
        kept = ~_spikes(seconds, period)
        if _oddities(seconds[kept], period) < _oddities(seconds, period):
            damaged += int((~kept).sum())
            rows, seconds = rows[kept], seconds[kept]
        order = np.argsort(seconds, kind="stable")
        displaced = int((order != np.arange(len(order))).sum())
        rows, seconds = rows[order], seconds[order]
        apart = np.diff(seconds, prepend=seconds[:1] - period) >= 0.5 * period
        repeated = int((~apart).sum())
        # Sorted rows must fall into place: where a clock was set back, they overlap or leave a hole.
        if displaced and not _falls_into_place(np.diff(seconds), period):
            return None
        rows, seconds = rows[apart], seconds[apart]
    if damaged + repeated > allowance or len(rows) < 2:
        return None
    widest = int(np.argmax(np.diff(seconds)))
    if seconds[widest + 1] - seconds[widest] > LONGEST_JUMP_SECONDS:
        return _Jump(int(rows[widest]), int(rows[widest + 1]), float(seconds[widest + 1] - seconds[widest]))
    return _Pace(rows, seconds, period, damaged, int(copies.sum()), repeated, displaced)


def _without_midnight(seconds: np.ndarray) -> np.ndarray:
    """Times of day → rising seconds: a step of about a day back is midnight."""
    days = np.rint(np.diff(seconds, prepend=seconds[:1]) / DAY_SECONDS)
    return seconds - DAY_SECONDS * np.cumsum(days)


def _is_even(steps: np.ndarray, period: float) -> bool:
    return bool(((steps >= 0.5 * period) & (steps <= LONGEST_JUMP_SECONDS)).all())


def _oddities(seconds: np.ndarray, period: float) -> int:
    """Rows that would be missing or too near another if these were put in the order of time."""
    steps = np.diff(np.sort(seconds)) / period
    return int(np.maximum(np.rint(steps) - 1, 0).sum() + (steps < _NEAR).sum())


def _falls_into_place(steps: np.ndarray, period: float) -> bool:
    return bool((steps >= _NEAR * period).all()) and float(steps.max()) <= 1.0


def _spikes(seconds: np.ndarray, period: float) -> np.ndarray:
    """Rows whose time fits neither neighbour while the neighbours fit each other, ``(rows,)`` bool."""
    spikes = np.zeros(len(seconds), dtype=bool)
    if len(seconds) < 4:
        return spikes
    off = seconds - period * np.arange(len(seconds))
    spikes[1:-1] = (np.abs(off[1:-1] - off[:-2]) > 0.5 * period) & (np.abs(off[2:] - off[:-2]) < 0.5 * period)
    steps = np.diff(seconds)
    odd = (steps < 0.5 * period) | (steps > LONGEST_JUMP_SECONDS)
    regular = (steps >= 0.5 * period) & (steps <= 1.5 * period)
    spikes[0], spikes[-1] = odd[0] and regular[1], odd[-1] and regular[-2]
    # After a spike the next row looks like one too.
    spikes[1:] &= ~spikes[:-1]
    return spikes


def _evenly_spaced(codes: Sequence[str], assumed_fps: float | None) -> Clock:
    rate = assumed_fps or _likely_fps(sixtieths_of(codes))
    count = len(codes)
    return Clock(
        rows=np.arange(count),
        seconds=np.arange(count) / rate,
        period=1 / rate,
        kind="uniform",
        day_seconds=None,
        dropped=0,
        remarks=(_uniform_remark(codes, rate),),
    )


def _likely_fps(seconds: np.ndarray) -> float:
    """The usual rate that a coarse clock comes nearest to on the whole; 60 if it says nothing."""
    if not np.isfinite(seconds).all():
        return USUAL_FPS
    seconds = _without_midnight(seconds)
    span = float(seconds[-1] - seconds[0])
    if span < 2 or (np.diff(seconds) < 0).any():
        return USUAL_FPS
    mean = (len(seconds) - 1) / span
    return min(_USUAL_RATES, key=lambda rate: abs(np.log(rate / mean)))


def _uniform_remark(codes: Sequence[str], rate: float) -> Remark:
    return Remark(
        "uniform-clock",
        f"the timecodes ({codes[0]!r} to {codes[-1]!r}) have no even pace; "
        f"the rows are taken as evenly spaced at {rate:g} fps.",
    )
