"""What a take is, from everything that says so: manifest, call, capture, slate, patterns, names.

The order of precedence runs from what a person wrote about this very take to what a name merely suggests: a
line of the manifest; an option of the call, which is about all takes at once; what the capture recorded by
itself; a slate in our form, which was typed on the set; patterns the user gave; an emotion as a folder's
name; one as a word in the take's name. Whoever comes first is believed and **every disagreement is a
remark**, because a wrong label trains a wrong face. Knows nothing about the formats of captures.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import EmotionError, UsageError
from ingest.captured import Remark, TakeLabels
from ingest.emotion_words import EmotionLabel, read_emotion, read_intensity, word_of_folder, words_in_name
from ingest.found import FoundTake
from ingest.label_patterns import LabelPattern

LABEL_REMARKS = frozenset({"label-conflict", "other-emotion", "several-emotions", "pattern-unmatched"})
"""Codes of the remarks made here; they change with the labels."""

_SAME_INTENSITY = 5e-3


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


@dataclass(frozen=True)
class LabelOptions:
    """What the call says of all takes.

    Attributes:
        call: claims of the options ``--emotion``, ``--intensity`` and ``--performer``, one each.
        folder_pattern: for the folders a take lies in.
        name_pattern: for its name, and the folders above if it has slashes.
        roots: what the user named; folders above these are not looked at.
    """

    call: tuple[Claims, ...] = ()
    folder_pattern: LabelPattern | None = None
    name_pattern: LabelPattern | None = None
    roots: tuple[Path, ...] = ()


@dataclass(frozen=True)
class OutsideLabels:
    """What is known of a take without opening it, in order of precedence around what the capture says.

    Attributes:
        before: claims that count more than the capture's own.
        names: names the take goes by; a slate in our form may be one of them.
        patterns: claims of the user's patterns.
        folders: claims of folder names.
        remarks: what was noticed on the way.
    """

    before: tuple[Claims, ...] = ()
    names: tuple[str, ...] = ()
    patterns: tuple[Claims, ...] = ()
    folders: tuple[Claims, ...] = ()
    remarks: tuple[Remark, ...] = ()


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


def outside_labels(
    found: FoundTake, options: LabelOptions, manifest_claims: Claims | None = None
) -> OutsideLabels:
    """Everything that is known of a recording from outside."""
    place = place_of(found, options.roots)
    patterns, remarks = [], []
    for option, what, pattern, match in (
        ("--folder-pattern", "folders", options.folder_pattern, place.match_folders),
        ("--name-pattern", "name", options.name_pattern, place.match_name),
    ):
        fields = None if pattern is None else match(pattern)
        if fields is not None:
            patterns.append(_pattern_claims(fields, option))
        elif pattern is not None:
            path = "/".join((*place.folders, *place.names[: what == "name"]))
            text = f"its {what} {path!r} does not fit the pattern {pattern.text!r}"
            remarks.append(Remark("pattern-unmatched", text))
    words = [(folder, word_of_folder(folder)) for folder in reversed(place.folders)]
    return OutsideLabels(
        before=(*((manifest_claims,) if manifest_claims else ()), *options.call),
        names=place.names,
        patterns=tuple(patterns),
        folders=tuple(Claims(f"the folder {folder!r}", emotion=word) for folder, word in words if word),
        remarks=tuple(remarks),
    )


def resolve_labels(captured: TakeLabels, outside: OutsideLabels) -> tuple[TakeLabels, tuple[Remark, ...]]:
    """The labels of a take and what has to be said about them.

    Args:
        captured: what the capture itself says.
        outside: what is known from outside.
    """
    remarks = list(outside.remarks)
    slates = [captured.slate] if captured.slate else list(outside.names)
    from_slate = next((claims for claims in map(slate_claims, slates) if claims), None)
    claims = [*outside.before, _captured_claims(captured)]
    claims += [from_slate] if from_slate else []
    claims += [*outside.patterns, *outside.folders]
    if from_slate is None and not any(each.emotion for each in outside.patterns):
        from_name, remark = _name_claims(outside.names)
        claims += from_name
        remarks += remark
    remarks += _conflicts(claims)
    emotion, remark = _emotion(claims)
    labels = TakeLabels(
        emotion=emotion,
        intensity=_first(claims, "intensity"),
        performer=_first(claims, "performer") or "",
        line=_first(claims, "line") or "",
        slate=_first(claims, "slate") or "",
        take_number=_first(claims, "take_number"),
        transcript=_first(claims, "transcript") or "",
    )
    return labels, (*remarks, *remark)


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


@dataclass(frozen=True)
class TakePlace:
    """Where a recording lies, as far as that may say something about it.

    Attributes:
        folders: names of the folders it lies in, from the top.
        names: what it is called itself, the capture's own name first.
        packed: whether the last folder is really the zip that holds it.
    """

    folders: tuple[str, ...]
    names: tuple[str, ...]
    packed: bool = False

    def match_folders(self, pattern: LabelPattern) -> dict[str, str] | None:
        """The fields of a pattern for folders; a zip may count as one or not."""
        without = pattern.match(self.folders[:-1]) if self.packed else None
        return pattern.match(self.folders) if without is None else without

    def match_name(self, pattern: LabelPattern) -> dict[str, str] | None:
        """The fields of a pattern for the name and the folders above it."""
        for name in self.names:
            for folders in (self.folders, self.folders[:-1])[: 1 + self.packed]:
                fields = pattern.match((*folders, name))
                if fields is not None:
                    return fields
        return None


def place_of(found: FoundTake, roots: Sequence[Path]) -> TakePlace:
    """Where a recording lies.

    Folders count from the one the user named on down; of a recording that was named itself, the one above it
    as well, since that is what ``angry/*.csv`` means.
    """
    within = [root for root in roots if found.path != root and found.path.is_relative_to(root)]
    if within:
        root = max(within, key=lambda path: len(path.parts))
        above = [root.name or root.resolve().name, *found.path.relative_to(root).parent.parts]
    else:
        above = [found.path.parent.name or found.path.absolute().parent.name]
    folders = [name for name in above if name not in ("", ".", "..")]
    if found.path.is_dir() or not found.member:
        own = found.path.name if found.path.is_dir() else found.path.stem
        called = (found.name, own, PurePosixPath(found.member).stem)
        return TakePlace(tuple(folders), tuple(dict.fromkeys(name for name in called if name)))
    inside = [part for part in found.member.split("/") if part]
    inside[-1] = PurePosixPath(inside[-1]).stem
    # The app packs a take in a folder of its own name.
    kept = inside[: inside.index(found.name)] if found.name in inside else inside[:-1]
    called = tuple(dict.fromkeys((found.name, inside[-1])))
    return TakePlace((*folders, found.path.stem, *kept), called, packed=not kept)


def read_take_number(text: str) -> int:
    """A counter of retakes.

    Raises:
        UsageError: not a whole number.
    """
    whole, point, zeros = text.strip().partition(".")  # spreadsheets like to write 7.0
    if whole.isascii() and whole.isdigit() and len(whole) <= 9 and (not point or not zeros.strip("0")):
        return int(whole)
    raise UsageError(f"take number {text!r:.40} is not a whole number.")


def emotion_class(emotion: EmotionTrack) -> str:
    """The class a take counts as: of the emotions other than neutral the strongest on average over its keys.

    A faint anger is anger: only a take without any other emotion is neutral.
    """
    mean = emotion.weights.mean(axis=0).astype(np.float64)
    mean[EMOTIONS.index("neutral")] = 0
    return EMOTIONS[int(mean.argmax())] if mean.max() > 0 else "neutral"


_TEXTS = ("performer", "line", "slate", "transcript")


def _captured_claims(labels: TakeLabels) -> Claims:
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


def _pattern_claims(fields: dict[str, str], source: str) -> Claims:
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


def _name_claims(names: Sequence[str]) -> tuple[list[Claims], list[Remark]]:
    for name in names:
        words = words_in_name(name)
        if len(words) == 1:
            return [Claims(f"the name {name!r}", emotion=words[0])], []
        if words:
            text = f"its name {name!r} holds {' and '.join(word.word for word in words)}; neither was used"
            return [], [Remark("several-emotions", text)]
    return [], []


def _first(claims: Sequence[Claims], name: str) -> Any:
    values = (getattr(each, name) for each in claims)
    return next((value for value in values if value not in (None, "")), None)


def _emotion(claims: Sequence[Claims]) -> tuple[EmotionTrack | None, list[Remark]]:
    said = next((each for each in claims if each.emotion is not None), None)
    if said is None or said.emotion is None:
        return None, []
    if not said.emotion.expression:
        text = f"is {said.emotion.word!r} by {said.source}, which is none of {', '.join(EMOTIONS)}"
        return None, [Remark("other-emotion", text)]
    track = EmotionTrack.parse(said.emotion.expression)
    intensity = _first(claims, "intensity")
    if intensity is None or (said.scaled and said.intensity == intensity):
        return track, []
    return track.scaled(float(intensity)), []


def _conflicts(claims: Sequence[Claims]) -> list[Remark]:
    """One remark for every label on which two sources disagree."""
    remarks = []
    for name in ("emotion", "intensity", "take_number", *_TEXTS):
        said = [(getattr(each, name), each.source) for each in claims]
        said = [(value, source) for value, source in said if value not in (None, "")]
        if len(said) > 1 and any(not _agree(name, said[0][0], value) for value, _ in said[1:]):
            spelled = ", ".join(f"{_spell(value)!r} by {source}" for value, source in said)
            remarks.append(
                Remark("label-conflict", f"{name.replace('_', ' ')} is {spelled}; the first counts")
            )
    return remarks


def _agree(name: str, one: object, other: object) -> bool:
    if isinstance(one, EmotionLabel) and isinstance(other, EmotionLabel):
        return _class_of(one) == _class_of(other)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= _SAME_INTENSITY
    if name in _TEXTS:
        return _plain(str(one)) == _plain(str(other))
    return one == other


def _class_of(label: EmotionLabel) -> str:
    return emotion_class(EmotionTrack.parse(label.expression)) if label.expression else label.word.casefold()


def _spell(value: object) -> str:
    return value.word if isinstance(value, EmotionLabel) else str(value)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().casefold()
