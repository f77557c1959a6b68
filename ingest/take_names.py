"""Folder names of takes: storable on every system, all different, and the same in every run.

A name is the capture's own. Where several recordings are called alike each gets six letters made from where
it lies, so that it does not matter in which order they come. A take that is in the data set keeps its name.
"""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from cstalk_ue.storage import plain_text, sha256_text
from ingest.found import FoundTake
from ingest.take_place import place_of

LONGEST_NAME = 80

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*]|[\ud800-\udfff]')
_RESERVED = {"con", "prn", "aux", "nul", *(f"{device}{n}" for device in ("com", "lpt") for n in range(1, 10))}


def source_key(found: FoundTake) -> tuple[str, str]:
    """What makes two recordings the same: the real path, and the member of it."""
    return os.path.normcase(os.path.realpath(found.path)), found.member


def folder_name(name: str) -> str:
    """A name that every file system can store, as like the given one as possible."""
    plain = _FORBIDDEN.sub("-", unicodedata.normalize("NFC", name))
    plain = plain.strip(" .") or "take"
    if len(plain) > LONGEST_NAME:
        plain = f"{plain[: LONGEST_NAME - 7].rstrip(' .')}-{_letters(plain)}"
    return f"take-{plain}" if plain.split(".")[0].strip().casefold() in _RESERVED else plain


def name_key(name: str) -> str:
    """Equal for names that are one file on some system: case and spelling of accents do not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def choose_names(
    found: Sequence[FoundTake], roots: Sequence[Path], existing: Mapping[tuple[str, str], str]
) -> list[str]:
    """The folder name of every recording.

    Args:
        roots: what the user named; recordings are told apart by where they lie below it.
        existing: names of the takes that are in the data set, by `source_key`.
    """
    taken = {name_key(name) for name in existing.values()}
    wished = [folder_name(take.name) for take in found]
    alike = Counter(name_key(name) for name in wished)
    names = []
    for take, wish in zip(found, wished, strict=True):
        name = existing.get(source_key(take))
        if name is None:
            name = wish
            if alike[name_key(wish)] > 1 or name_key(wish) in taken:
                place = place_of(take, roots)
                name = _with_letters(wish, _letters("/".join((*place.folders, *place.names, take.member))))
            if name_key(name) in taken:
                name = _with_letters(wish, _letters("\n".join(source_key(take))))
            taken.add(name_key(name))
        names.append(name)
    return names


def _with_letters(name: str, letters: str) -> str:
    return f"{name[: LONGEST_NAME - 7].rstrip(' .')}-{letters}"


def _letters(text: str) -> str:
    return sha256_text(plain_text(text))[:6]
