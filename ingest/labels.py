"""What a take is, from everything that says so: manifest, call, capture, slate, patterns, names.

The order of precedence runs from what a person wrote about this very take to what a name merely suggests: a
line of the manifest; an option of the call, which is about all takes at once; what the capture recorded by
itself; a slate in our form, which was typed on the set; patterns the user gave; an emotion as a folder's
name; one as a word in the take's name. Whoever comes first is believed and **every disagreement is a
remark**, because a wrong label trains a wrong face. Knows nothing about the formats of captures.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from ingest.captured import Remark, TakeLabels
from ingest.emotion_words import EmotionLabel, word_of_folder
from ingest.found import FoundTake
from ingest.label_claims import (
    TEXT_LABELS,
    Claims,
    captured_claims,
    name_claims,
    pattern_claims,
    slate_claims,
)
from ingest.label_patterns import LabelPattern
from ingest.take_place import place_of

LABEL_REMARKS = frozenset({"label-conflict", "other-emotion", "several-emotions", "pattern-unmatched"})
"""Codes of the remarks made here; they change with the labels."""

_SAME_INTENSITY = 5e-3


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
            patterns.append(pattern_claims(fields, option))
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
    claims = [*outside.before, captured_claims(captured)]
    claims += [from_slate] if from_slate else []
    claims += [*outside.patterns, *outside.folders]
    if from_slate is None and not any(each.emotion for each in outside.patterns):
        from_name, remark = name_claims(outside.names)
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


def emotion_class(emotion: EmotionTrack) -> str:
    """The class a take counts as: of the emotions other than neutral the strongest on average over its keys.

    A faint anger is anger: only a take without any other emotion is neutral.
    """
    mean = emotion.weights.mean(axis=0).astype(np.float64)
    mean[EMOTIONS.index("neutral")] = 0
    return EMOTIONS[int(mean.argmax())] if mean.max() > 0 else "neutral"


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
    for name in ("emotion", "intensity", "take_number", *TEXT_LABELS):
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
    if name in TEXT_LABELS:
        return _plain(str(one)) == _plain(str(other))
    return one == other


def _class_of(label: EmotionLabel) -> str:
    return emotion_class(EmotionTrack.parse(label.expression)) if label.expression else label.word.casefold()


def _spell(value: object) -> str:
    return value.word if isinstance(value, EmotionLabel) else str(value)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().casefold()
