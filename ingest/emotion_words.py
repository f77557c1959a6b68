"""What people call emotions in folder and file names → one of the five classes, or known to be none of them.

A word that is none of the five ("fear") is told apart from one that is no emotion at all ("take"), so that a
take is not called neutral because nobody understood its label. Knows nothing about files (see labels.py).
"""

import difflib
import re
from dataclasses import dataclass

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import EmotionError

_WORDS = {
    "neutral": ("neutral", "neutrality"),
    "angry": ("angry", "anger", "furious", "fury", "rage"),
    "sad": ("sad", "sadness", "sorrow", "sorrowful", "grief"),
    "surprised": ("surprised", "surprise", "amazed", "amazement", "astonished", "astonishment"),
    "happy": ("happy", "happiness", "joy", "joyful"),
}
_SHORT_WORDS = {"neutral": ("neu",), "angry": ("ang",), "surprised": ("sur",), "happy": ("hap",)}
"""Too short to be looked for in any name; taken where a label is expected."""

OTHER_EMOTIONS = frozenset({
    "fear", "fearful", "afraid", "scared", "terror", "terrified", "anxious", "anxiety", "fea", "disgust",
    "disgusted", "dis", "contempt", "contemptuous", "calm", "bored", "boredom", "excited", "excitement",
    "sarcastic", "sarcasm", "confused", "confusion", "pain", "love", "pride", "proud", "shame", "ashamed",
    "guilt", "guilty", "jealous", "jealousy", "envy", "disappointed", "disappointment", "tired", "sleepy",
    "amused", "amusement", "frustrated", "frustration", "desire", "interest", "interested", "relief",
    "relieved", "embarrassed", "worried",
})  # fmt: skip
"""Emotions that people record and that are none of the five."""

_CLASSES = {word: emotion for emotion, words in _WORDS.items() for word in words}
_EXPECTED = _CLASSES | {word: emotion for emotion, words in _SHORT_WORDS.items() for word in words}
_TOKEN = re.compile(r"[^\W\d_]+")
_LEVELS = {"low": 0.4, "mid": 0.7, "medium": 0.7, "high": 1.0, "full": 1.0}


@dataclass(frozen=True)
class EmotionLabel:
    """What a label says.

    Attributes:
        expression: in the grammar of `EmotionTrack.parse`; empty for an emotion that is none of the five.
        word: as it was written.
    """

    expression: str
    word: str


def read_emotion(text: str) -> EmotionLabel:
    """Read a text that is meant to be an emotion: a word in any case, or the grammar of `EmotionTrack.parse`.

    Raises:
        EmotionError: it is neither.
    """
    word = text.strip().casefold()
    if word in _EXPECTED:
        return EmotionLabel(_EXPECTED[word], text.strip())
    if word in OTHER_EMOTIONS:
        return EmotionLabel("", text.strip())
    if re.fullmatch(r"[^\W\d_]+", word):
        close = difflib.get_close_matches(word, _EXPECTED, n=1, cutoff=0.7)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise EmotionError(f"emotion {text.strip()!r} is not one of {', '.join(EMOTIONS)}.{hint}")
    return EmotionLabel(str(EmotionTrack.parse(text)), text.strip())


def words_in_name(name: str) -> list[EmotionLabel]:
    """The emotions that stand in a name as words of their own; digits and punctuation end a word."""
    return _distinct(_TOKEN.findall(name))


def word_of_folder(name: str) -> EmotionLabel | None:
    """The emotion a folder is named after: one word with at most numbers and punctuation around it."""
    words = _TOKEN.findall(name)
    found = _distinct(words)
    return found[0] if len(words) == len(found) == 1 else None


def read_intensity(text: str) -> float:
    """Read an intensity: 0..1 as ``0.7`` or ``1``, percent as ``70``, ``070`` or ``70%``, or low, mid, high.

    Raises:
        EmotionError: none of these. A single digit above 1 could mean many things and is refused.
    """
    word = text.strip().casefold()
    if word in _LEVELS:
        return _LEVELS[word]
    percent = re.fullmatch(r"(\d{1,3})%|(\d{2,3})", word, re.ASCII)
    if percent:
        value = int(percent[1] or percent[2]) / 100
    elif re.fullmatch(r"[01](\.\d+)?|\.\d+", word, re.ASCII):
        value = float(word)
    else:
        value = 2.0
    if value > 1:
        raise EmotionError(
            f"intensity {text.strip()!r} is not 0 to 1, a percentage such as 70, or low, mid or high."
        )
    return value


def _distinct(words: list[str]) -> list[EmotionLabel]:
    found: dict[str, EmotionLabel] = {}
    for word in words:
        known = word.casefold()
        if known in _CLASSES:
            found.setdefault(_CLASSES[known], EmotionLabel(_CLASSES[known], word))
        elif known in OTHER_EMOTIONS and len(known) > 3:
            found.setdefault(known, EmotionLabel("", word))
    return list(found.values())
