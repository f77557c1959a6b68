"""Timecodes of a capture → seconds of the day, one way or another.

The app writes ``HH:MM:SS:FF.sss``, and ``FF.sss`` is the fraction of the second times 60 at any frame rate.
Other writers count frames of another rate, put milliseconds behind the dot, drop frame numbers or write plain
seconds. Which reading is right is for live_link_clock.py to tell, by the pace it gives.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

DAY_SECONDS = 24 * 3600
SIXTIETHS = 60
"""``FF.sss`` counts these, whatever the frame rate."""

_ENOUGH_ROWS = 5
"""In fewer rows the app's own timecodes can look like milliseconds by chance."""

_FORM = re.compile(r"([0-9]{1,9}):([0-5]?[0-9]):([0-5]?[0-9])([:;])([0-9]{1,3})(?:\.([0-9]{1,9}))?")
_APP_FORM = "00:00:00:00.000"
_FRAME_BASES = (24, 25, 30, 48, 50)


@dataclass(frozen=True)
class Reading:
    """One way to read the timecodes of a recording.

    Attributes:
        kind: ``timecode`` if the seconds are of a day, ``seconds`` if they are plain.
        seconds: ``(rows,)``; NaN where a timecode is not in this form.
        form: a sentence on the form, if it is not the app's.
    """

    kind: str
    seconds: np.ndarray
    form: str = ""


def sixtieths_of(codes: Sequence[str]) -> np.ndarray:
    """Timecodes as the app means them, ``(rows,)`` seconds; NaN for any other form."""
    return _Fields([code.strip() for code in codes]).sixtieths()


def timecode_seconds(code: str) -> float | None:
    """One timecode in the app's form as seconds of the day, or None if it is not in that form."""
    seconds = float(sixtieths_of([code])[0])
    return seconds % DAY_SECONDS if np.isfinite(seconds) else None


class _Fields:
    """Parts of ``HH:MM:SS:FF.sss`` as arrays; rows in another form are NaN."""

    def __init__(self, codes: Sequence[str]) -> None:
        self.readable = np.ones(len(codes), dtype=bool)
        self.drop_frame = np.zeros(len(codes), dtype=bool)
        if self._all_in_app_form(codes):
            return
        rows = []
        for row, code in enumerate(codes):
            match = _FORM.fullmatch(code)
            if match is None:
                self.readable[row] = False
                rows.append((0.0, 0.0, False, -1.0))
                continue
            hours, minutes, seconds, separator, frames, decimals = match.groups()
            whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
            milliseconds = float(decimals) if decimals is not None and len(decimals) == 3 else -1.0
            rows.append((whole, float(f"{frames}.{decimals or 0}"), separator == ";", milliseconds))
        self.whole, self.frames, drops, self.milliseconds = np.array(rows, dtype=np.float64).T
        self.drop_frame = drops.astype(bool)

    def _all_in_app_form(self, codes: Sequence[str]) -> bool:
        """Read all at once, if every timecode is as the app writes it; twenty times as fast."""
        if set(map(len, codes)) != {len(_APP_FORM)}:
            return False
        characters = np.array(codes).view(np.uint32).reshape(len(codes), len(_APP_FORM))
        places = [place for place, character in enumerate(_APP_FORM) if character == "0"]
        marks = [place for place in range(len(_APP_FORM)) if place not in places]
        digits = characters[:, places].astype(np.int64) - ord("0")
        marked = (characters[:, marks] == [ord(_APP_FORM[place]) for place in marks]).all()
        if not marked or (digits < 0).any() or (digits > 9).any() or (digits[:, (2, 4)] > 5).any():
            return False
        hours, minutes, seconds, frames = (digits[:, k : k + 2] @ (10, 1) for k in (0, 2, 4, 6))
        self.milliseconds = (digits[:, 8:] @ (100, 10, 1)).astype(np.float64)
        self.whole = (hours * 3600 + minutes * 60 + seconds).astype(np.float64)
        self.frames = (frames * 1000 + digits[:, 8:] @ (100, 10, 1)) / 1000
        return True

    def sixtieths(self) -> np.ndarray:
        """As the app means it; NaN where the frames reach 60."""
        readable = self.readable & (self.frames < SIXTIETHS) & ~self.drop_frame
        return np.where(readable, self.whole + self.frames / SIXTIETHS, np.nan)

    def thousandths(self) -> np.ndarray | None:
        """Milliseconds behind the dot, if in every row they agree with the frames before it."""
        counted = np.floor(self.milliseconds * SIXTIETHS / 1000 + 1e-9)
        agree = (self.milliseconds >= 0) & (np.abs(np.floor(self.frames) - counted) <= 1)
        if len(agree) < _ENOUGH_ROWS or not agree.all() or not self.milliseconds.any():
            return None
        return self.whole + self.milliseconds / 1000

    def frame_base(self) -> int | None:
        """Frames in a second, if the counter stops short of 60 at one of the usual rates."""
        base = int(np.floor(self.frames[self.readable].max(initial=0))) + 1
        return base if base in _FRAME_BASES and len(np.unique(self.whole)) > 2 else None

    def without_dropped_numbers(self) -> np.ndarray:
        """Drop-frame timecode of 29.97 or 59.94 fps as real seconds."""
        base = 60 if self.frames.max(initial=0) >= 30 else 30
        minutes = np.floor(self.whole / 60)
        skipped = base // 15 * (minutes - np.floor(minutes / 10))
        number = self.whole * base + self.frames - skipped
        seconds = number * 1001 / (base * 1000)
        return np.where(self.readable & self.drop_frame & (self.frames < base), seconds, np.nan)


def timecode_readings(codes: Sequence[str]) -> Iterator[Reading]:
    """Ways to read timecodes, the likeliest first."""
    fields = _Fields(codes)
    if fields.drop_frame.any():
        form = f"drop-frame timecode ({codes[0]}), read as 29.97 or 59.94 fps."
        yield Reading("timecode", fields.without_dropped_numbers(), form)
        return
    if fields.readable.any():
        milliseconds = fields.thousandths()
        if milliseconds is not None:
            form = f"milliseconds behind the dot of the timecode ({codes[-1]})."
            yield Reading("timecode", milliseconds, form)
        yield Reading("timecode", fields.sixtieths())
        base = fields.frame_base()
        if base is not None:
            form = f"the timecode counts {base} frames in a second, not sixtieths."
            yield Reading("timecode", fields.whole + fields.frames / base, form)
        return
    numbers = _plain_numbers(codes)
    if numbers is not None:
        yield Reading("seconds", numbers, f"plain seconds for a timecode ({codes[-1]}).")


def _plain_numbers(codes: Sequence[str]) -> np.ndarray | None:
    try:
        numbers = np.array([float(code) for code in codes])
    except ValueError:
        return None
    # Whole numbers count rows or milliseconds, who knows.
    whole = bool((np.abs(numbers) > 1e15).any()) or bool((numbers == np.round(numbers)).all())
    return None if whole or not np.isfinite(numbers).all() else numbers
