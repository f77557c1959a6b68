"""One review line, ready to be shown: payload, flags and sound. What fails becomes a flag, never an error."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cstalk_ue.audio import load_audio
from cstalk_ue.errors import AudioError, CSTalkError, DnaError, PhoneError
from cstalk_ue.performer import TimedPhone, read_phones
from cstalk_ue.review.flags import FLAGS, Flag, flag_curves, flag_phones, flag_sound
from cstalk_ue.review.lines import ReviewLine
from cstalk_ue.review.page_head import PageHead
from cstalk_ue.review.payload import line_payload
from cstalk_ue.rig import complete
from cstalk_ue.take import FacePerformance


@dataclass(frozen=True)
class PreparedLine:
    """What the page needs of a line.

    Attributes:
        line: with its problem, if reading it again failed.
        flags: the gravest first.
        payload: of its curves, None if they cannot be read.
        samples: of its sound, ``(samples,)`` mono 16 kHz, or None.
        head_error_mm: how far a vertex of the head of a DNA is off at most on the page.
    """

    line: ReviewLine
    flags: tuple[Flag, ...]
    payload: dict[str, Any] | None = None
    samples: np.ndarray | None = None
    head_error_mm: float = 0.0


def prepare_line(line: ReviewLine, *, head: PageHead | None = None) -> PreparedLine:
    """Read everything that belongs to a line and look it over.

    Args:
        line: to be shown.
        head: of a DNA, if that is shown; the payload then has its motion.
    """
    if line.problem:
        return PreparedLine(line, (Flag("unreadable", line.problem),))
    try:
        performance = line.load()
        face = complete(performance.face)
    except CSTalkError as error:  # it changed since it was found
        return PreparedLine(replace(line, problem=str(error)), (Flag("unreadable", str(error)),))
    flags = flag_curves(face)
    samples: np.ndarray | None = None
    phones: tuple[TimedPhone, ...] = ()
    if line.audio is None:
        flags.append(Flag("no sound", f"{line.source} is missing" if line.source else ""))
    else:
        samples, remarks = _sound(line)
        flags += [Flag("recording", remark) for remark in remarks]
        flags += [] if samples is None else flag_sound(face, samples)
    if line.sound_changed:
        flags.append(Flag("other sound"))
    if line.curves_changed:
        flags.append(Flag("edited"))
    if line.phones is not None:
        try:
            phones = read_phones(line.phones)
            flags += flag_phones(face, phones)
        except (PhoneError, OSError) as error:
            flags.append(Flag("phones", str(error)))
    order = list(FLAGS)
    flags.sort(key=lambda flag: order.index(flag.word))
    payload = line_payload(FacePerformance(face, performance.head), phones=phones, emotion=line.track)
    error_mm = 0.0
    if head is not None:
        try:
            payload["shapes"], error_mm = head.moves(face.values)
        except DnaError as error:  # it moves a control that the DNA lacks
            return PreparedLine(replace(line, problem=str(error)), (Flag("unreadable", str(error)),))
    return PreparedLine(line, tuple(flags), payload, samples, error_mm)


def read_line_phones(line: ReviewLine) -> tuple[TimedPhone, ...]:
    """The timed phones of a line; none if there are none or they cannot be read."""
    try:
        return read_phones(line.phones) if line.phones is not None else ()
    except (PhoneError, OSError):
        return ()


def _sound(line: ReviewLine) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Samples and remarks about the recording."""
    assert line.audio is not None, "asked only of lines with a sound"
    try:
        audio = load_audio(line.audio)
    except AudioError as error:
        return None, (str(error),)
    return audio.samples, audio.warnings
