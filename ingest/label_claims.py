"""What one source says of a take: an option of the call, a slate, the capture, a pattern, a name.

Knows nothing about which source is believed (see labels.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.errors import EmotionError, UsageError
from ingest.captured import Remark, TakeLabels
from ingest.emotion_words import EmotionLabel, read_emotion, read_intensity, words_in_name

TEXT_LABELS = ("performer", "line", "slate", "transcript")


@dataclass(frozen=True)
class Claims:
    """What one source says of a take; what it does not say is None or empty.

    Attributes:
        source: how to name it in a remark, such as ``the folder 'angry'``.
        scaled: `emotion` already includes `intensity`.
        others as in `TakeLabels`.
    """

    source: str
    emotion: EmotionLabel | None = None
    intensity: float | None = None
    performer: str = ""
    line: str = ""
    slate: str = ""
    take_number: int | None = None
    transcript: str = ""
    scaled: bool = False


def call_claims(emotion: str | None, intensity: float | None, performer: str | None) -> tuple[Claims, ...]:
    """The claims of the options of a call.

    Raises:
        EmotionError: the emotion cannot be read, or is none of the five.
    """
    claims = []
    if emotion:
        label = read_emotion(emotion)
        if not label.expression:
            raise EmotionError(f"--emotion {emotion!r} is not one of {', '.join(EMOTIONS)}.")
        claims.append(Claims("--emotion", emotion=label))
    if intensity is not None:
        claims.append(Claims("--intensity", intensity=intensity))
    if performer:
        claims.append(Claims("--performer", performer=performer))
    return tuple(claims)


def slate_claims(text: str) -> Claims | None:
    """What a slate ``<performer>-<emotion>-<intensity>-<line>`` says, also in ``<date>_<slate>_<take>``."""
    for token in text.split("_"):
        performer, _, rest = token.partition("-")
        emotion_text, _, rest = rest.partition("-")
        intensity_text, _, line = rest.partition("-")
        if not (performer and line):
            continue
        try:
            emotion, intensity = read_emotion(emotion_text), read_intensity(intensity_text)
        except EmotionError:
            continue
        return Claims(f"the slate {token!r}", emotion, intensity, performer, line)
    return None


def captured_claims(labels: TakeLabels) -> Claims:
    emotion = None if labels.emotion is None else EmotionLabel(str(labels.emotion), str(labels.emotion))
    return Claims(
        "the capture",
        emotion,
        labels.intensity,
        performer=labels.performer,
        line=labels.line,
        slate=labels.slate,
        take_number=labels.take_number,
        transcript=labels.transcript,
        scaled=labels.intensity is not None,
    )


def pattern_claims(fields: Mapping[str, str], source: str) -> Claims:
    claims = Claims(
        source,
        performer=fields.get("performer", "").strip(),
        line=fields.get("line", "").strip(),
        slate=fields.get("slate", "").strip(),
        transcript=fields.get("transcript", "").strip(),
    )
    if "emotion" in fields:
        claims = replace(claims, emotion=read_emotion(fields["emotion"]))
    if "intensity" in fields:
        claims = replace(claims, intensity=read_intensity(fields["intensity"]))
    if "take" in fields:
        claims = replace(claims, take_number=int(fields["take"]))
    return claims


def name_claims(names: Sequence[str]) -> tuple[list[Claims], list[Remark]]:
    for name in names:
        words = words_in_name(name)
        if len(words) == 1:
            return [Claims(f"the name {name!r}", emotion=words[0])], []
        if words:
            text = f"its name {name!r} holds {' and '.join(word.word for word in words)}; neither was used"
            return [], [Remark("several-emotions", text)]
    return [], []


def read_take_number(text: str) -> int:
    """A counter of retakes.

    Raises:
        UsageError: not a whole number.
    """
    whole, point, zeros = text.strip().partition(".")  # spreadsheets like to write 7.0
    if whole.isascii() and whole.isdigit() and len(whole) <= 9 and (not point or not zeros.strip("0")):
        return int(whole)
    raise UsageError(f"take number {text!r:.40} is not a whole number.")
