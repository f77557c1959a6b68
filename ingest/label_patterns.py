"""Patterns that read labels out of names, such as ``{performer}/{emotion}/{line}_{take}``.

A pattern is text with fields in braces; ``*`` stands for anything within one name; ``/`` is between folders.
It is matched from the end of a path, so that what lies above does not matter. Everything else has to be there
as written, in any case. ``{emotion}`` is only an emotion, ``{intensity}`` only an intensity, ``{take}`` only
digits, and these take as much as they can, the others as little; that tells ``anna_maria_angry_3`` apart.

Matched step by step, not by a regular expression made of the user's text: a pattern cannot mean more than it
says, and the time it takes is bounded by the length of the name.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cstalk_ue.errors import EmotionError, UsageError
from ingest.emotion_words import read_emotion, read_intensity

FIELDS = ("performer", "emotion", "intensity", "line", "take", "slate", "transcript")
ANYTHING = "*"
_LONGEST_NAME = 255
_PART = re.compile(r"\{([^{}/]*)\}|(\*)|([^{}*]+)|(.)", re.DOTALL)


@dataclass(frozen=True)
class _Field:
    """A field, or anything if its name is `ANYTHING`."""

    name: str


@dataclass(frozen=True)
class LabelPattern:
    """A checked pattern.

    Attributes:
        text: as the user wrote it.
        segments: for each name of the path its fields and fixed texts, in order.
    """

    text: str
    segments: tuple[tuple[str | _Field, ...], ...]

    @classmethod
    def parse(cls, text: str) -> "LabelPattern":
        """Check a pattern.

        Raises:
            UsageError: no field or an unknown one, one twice, two with nothing between, or a stray brace.
        """
        seen: list[str] = []
        if not text.strip("/"):
            raise _wrong(text, f"has no field; expected one or more of {_fields()}")
        segments = tuple(_parse_segment(segment, text, seen) for segment in text.strip("/").split("/"))
        if not seen:
            raise _wrong(text, f"has no field; expected one or more of {_fields()}")
        return cls(text, segments)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields it reads, in order."""
        parts = (part for segment in self.segments for part in segment)
        return tuple(part.name for part in parts if isinstance(part, _Field) and part.name != ANYTHING)

    def match(self, names: Sequence[str]) -> dict[str, str] | None:
        """The fields read from a path, given as its names from the top; None if it does not fit."""
        if len(names) < len(self.segments):
            return None
        found: dict[str, str] = {}
        for segment, name in zip(self.segments, names[-len(self.segments) :], strict=True):
            values = _match_segment(segment, name) if len(name) <= _LONGEST_NAME else None
            if values is None:
                return None
            found.update(values)
        return found


def _parse_segment(segment: str, text: str, seen: list[str]) -> tuple[str | _Field, ...]:
    parts: list[str | _Field] = []
    if not segment:
        raise _wrong(text, "has an empty name between two slashes")
    for field, anything, fixed, stray in (match.groups(default="") for match in _PART.finditer(segment)):
        if fixed:
            parts.append(_fold(fixed))
            continue
        name = anything or field
        if stray or (name not in FIELDS and name != ANYTHING):
            raise _wrong(text, f"has {stray or f'{{{field}}}'!r}; expected fields from {_fields()}")
        if name in seen:
            raise _wrong(text, f"has {{{name}}} twice; expected each field once")
        if parts and isinstance(parts[-1], _Field) and not {name, parts[-1].name} & _FITS.keys():
            raise _wrong(
                text, f"has nothing between {{{parts[-1].name}}} and {{{name}}}; expected a separator"
            )
        if name != ANYTHING:
            seen.append(name)
        parts.append(_Field(name))
    return tuple(parts)


def _fields() -> str:
    return ", ".join(f"{{{name}}}" for name in FIELDS)


def _wrong(text: str, what: str) -> UsageError:
    return UsageError(
        f"pattern {text!r} {what}. Write it like '{{performer}}/{{emotion}}/{{line}}_{{take}}'."
    )


def _match_segment(parts: Sequence[str | _Field], name: str) -> dict[str, str] | None:
    folded = _fold(name)
    hopeless: set[tuple[int, int]] = set()

    def rest(part: int, start: int) -> dict[str, str] | None:
        """The fields from here on; each (part, start) is tried once."""
        if part == len(parts):
            return {} if start == len(name) else None
        if (part, start) in hopeless:
            return None
        expected = parts[part]
        found: dict[str, str] | None = None
        if isinstance(expected, str):
            found = rest(part + 1, start + len(expected)) if folded.startswith(expected, start) else None
        else:
            fits = _FITS.get(expected.name)
            ends = range(start + (expected.name != ANYTHING), len(name) + 1)
            for end in ends if fits is None else reversed(ends):
                text = name[start:end].strip()
                if expected.name != ANYTHING and not (text and (fits is None or fits(text))):
                    continue
                after = rest(part + 1, end)
                if after is not None:
                    found = after if expected.name == ANYTHING else {expected.name: text, **after}
                    break
        if found is None:
            hopeless.add((part, start))
        return found

    return rest(0, 0)


def _fold(text: str) -> str:
    """In lower case, letter by letter, so that positions stay."""
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)


def _reads(read: Callable[[str], object]) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            read(text)
        except EmotionError:
            return False
        return True

    return fits


_FITS: dict[str, Callable[[str], bool]] = {
    "emotion": _reads(read_emotion),
    "intensity": _reads(read_intensity),
    "take": lambda text: text.isascii() and text.isdigit(),
}
