"""frame_log.csv of Live Link Face: when each video frame and each block of sound was captured.

Lines are ``type,index,numerator,denominator,timecode[,dropped]`` with type V, D or A and seconds = numerator
/ denominator on one clock. It is the only exact word on where the sound begins against the picture. No public
sample is known, so a header line, other token counts and damaged lines are passed over and counted.
"""

import math
from dataclasses import dataclass

from ingest.timecode import DAY_SECONDS, sixtieths_of

_KINDS = ("V", "D", "A")
_NEAR_SECONDS = 5.0
"""A video line further from the first row of the curves than this belongs to another recording."""


@dataclass(frozen=True)
class FrameLog:
    """What the log says.

    Attributes:
        video_seconds, video_timecodes: of the video frames that were kept, in order; a timecode may be None.
        first_audio_seconds: of the first block of sound, or None.
        dropped: video frames marked as dropped.
        skipped: lines that were not understood, the header apart.
    """

    video_seconds: tuple[float, ...]
    video_timecodes: tuple[float | None, ...]
    first_audio_seconds: float | None
    dropped: int
    skipped: int

    def audio_start(self, row_day_seconds: float | None) -> float | None:
        """Where the sound begins on the clock of the curves, whose first row has this time of day.

        The video frame of that timecode is looked for; without timecodes the first one stands for it.
        """
        if self.first_audio_seconds is None or not self.video_seconds:
            return None
        first = self.first_audio_seconds - self.video_seconds[0]
        if row_day_seconds is None or not self._timecodes_are_sixtieths():
            return first
        offsets = [
            (abs(_around_midnight(code - row_day_seconds)), code, seconds)
            for seconds, code in zip(self.video_seconds, self.video_timecodes, strict=True)
            if code is not None
        ]
        away, code, seconds = min(offsets)
        if away > _NEAR_SECONDS:
            return first
        return self.first_audio_seconds - seconds + _around_midnight(code - row_day_seconds)

    def _timecodes_are_sixtieths(self) -> bool:
        """Whether the timecodes advance as the seconds do; in another frame base they would not."""
        known = [
            (seconds, code)
            for seconds, code in zip(self.video_seconds, self.video_timecodes, strict=True)
            if code is not None
        ]
        if not known:
            return False
        return all(
            abs(_around_midnight(code - known[0][1]) - (seconds - known[0][0])) < 0.05
            for seconds, code in known
        )


def read_frame_log(data: bytes) -> FrameLog:
    """Read the bytes of a log; what is damaged in it is left out and counted."""
    lines = data.decode("utf-8-sig", "replace").splitlines()
    video: list[tuple[float, str]] = []
    audio: list[float] = []
    dropped = skipped = 0
    for number, line in enumerate(lines):
        tokens = [token.strip() for token in line.split(",")]
        seconds = _seconds(tokens)
        if seconds is None:
            skipped += bool(line.strip()) and not (number == 0 and tokens[0] not in _KINDS)
            continue
        is_dropped = len(tokens) == 6 and tokens[5].casefold() not in ("0", "0.0", "false", "")
        if tokens[0] == "A":
            audio.append(seconds)
        elif tokens[0] == "V" and is_dropped:
            dropped += 1
        elif tokens[0] == "V":
            video.append((seconds, tokens[4]))
    codes = sixtieths_of([code for _, code in video]).tolist() if video else []
    return FrameLog(
        video_seconds=tuple(seconds for seconds, _ in video),
        video_timecodes=tuple(None if math.isnan(code) else code % DAY_SECONDS for code in codes),
        first_audio_seconds=audio[0] if audio else None,
        dropped=dropped,
        skipped=skipped,
    )


def _seconds(tokens: list[str]) -> float | None:
    """Numerator / denominator of a line, or None if it is no line of the log."""
    if len(tokens) not in (5, 6) or tokens[0] not in _KINDS:
        return None
    try:
        numerator, denominator = int(tokens[2]), int(tokens[3])
        return numerator / denominator if denominator > 0 else None
    except (ValueError, OverflowError):
        return None


def _around_midnight(seconds: float) -> float:
    """A difference of two times of day, -12 h to 12 h."""
    return (seconds + DAY_SECONDS / 2) % DAY_SECONDS - DAY_SECONDS / 2
