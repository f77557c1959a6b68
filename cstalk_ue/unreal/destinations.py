"""Where in a project each line goes: names of files and manifests -> asset paths such as /Game/CSTalk/A_01.

A pattern says where: ``/Game/CSTalk/{folder}/{name}``. Whatever a name holds, what comes out is made of
letters, digits, ``_`` and ``-``, and lies below the fixed beginning of the pattern. The editor scripts check
the same again (ue_scripts/cstalk_asset_path.py), and their menu names assets by the same rule.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cstalk_ue.errors import UsageError

DEFAULT_PATTERN = "/Game/CSTalk/{folder}/{name}"
LONGEST = 220
"""The file of an asset may lie deep in a project on Windows, where whole paths end at 260."""

_LONGEST_PART = 64
_OTHER = re.compile(r"[^A-Za-z0-9_-]", re.ASCII)
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*", re.ASCII)
_NOT_A_NAME = re.compile(r"none|con|prn|aux|nul|(com|lpt)[0-9]", re.ASCII | re.IGNORECASE)
"""The engine's word for no name, and what is no file name on Windows."""
_ROOT = "Game"


@dataclass(frozen=True)
class PushLine:
    """A curve file on its way to an asset.

    Attributes:
        file: the curve file.
        name: what to call it, with ``/`` between folders.
        asset: where it goes, "" as long as that is not known.
        problem: why it cannot go there, "" if it can.
    """

    file: Path
    name: str
    asset: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Destination:
    """A pattern of asset paths.

    Attributes:
        parts: between the slashes; ``{folder}`` is a part of its own, ``{name}`` stands in the last one.
    """

    parts: tuple[str, ...]

    @property
    def root(self) -> str:
        """The folder that nothing leaves: the beginning of the pattern that is the same for all lines."""
        fixed: list[str] = []
        for part in self.parts[:-1]:
            if "{" in part:
                break
            fixed.append(part)
        return "/" + "/".join(fixed)

    def asset(self, name: str) -> str:
        """The asset path of a line; its name is taken apart at the slashes."""
        *folders, last = [part for part in name.split("/") if part] or ["line"]
        parts: list[str] = []
        for part in self.parts:
            if part == "{folder}":
                parts += [plain_part(folder) for folder in folders]
            else:
                parts.append(plain_part(part.replace("{name}", last)) if "{name}" in part else part)
        return "/" + "/".join(parts)


def parse_destination(pattern: str) -> Destination:
    """The meaning of ``--destination``; one without ``{name}`` is a folder, and lines keep theirs below it.

    Raises:
        UsageError: it is not below /Game, or is no plain path of folders and a name.
    """
    parts = pattern.rstrip("/").split("/")
    if "{name}" not in pattern and "{folder}" not in pattern:
        parts += ["{folder}", "{name}"]
    fixed = [part for part in parts[1:-1] if part != "{folder}"]
    last = parts[-1].replace("{name}", "n", 1)
    good = (
        len(parts) > 2
        and parts[0] == ""
        and parts[1].casefold() == _ROOT.casefold()
        and parts.count("{folder}") <= 1
        and "{name}" in parts[-1]
        and all(_is_plain(part) for part in (*fixed, last))
    )
    if not good:
        raise UsageError(
            f"--destination: {pattern[:200]!r} is no path below /{_ROOT} for assets. Use folders of letters, "
            f"digits, '_' and '-', then {{folder}} and {{name}}, such as {DEFAULT_PATTERN}."
        )
    return Destination(("Game", *parts[2:]))


def plain_part(part: str) -> str:
    """One folder or asset name that the engine and every file system take.

    A plain name stays as it is. Other characters become ``_`` and long names are cut; then some letters of a
    hash are added, so that different names stay different.
    """
    if _is_plain(part):
        return part
    mark = hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{_OTHER.sub('_', part).lstrip('-')[: _LONGEST_PART - 7]}_{mark}"


def _is_plain(part: str) -> bool:
    return bool(_PART.fullmatch(part)) and len(part) <= _LONGEST_PART and not _NOT_A_NAME.fullmatch(part)


def with_assets(lines: Sequence[PushLine], destination: Destination) -> list[PushLine]:
    """The lines with their assets; one without a possible asset, or with that of another, has a problem."""
    placed = [_placed(line, destination) for line in lines]
    users: dict[str, list[PushLine]] = {}
    for line in placed:
        users.setdefault(line.asset.casefold(), []).append(line)  # the engine does not tell cases apart
    return [_alone(line, users[line.asset.casefold()]) for line in placed]


def _placed(line: PushLine, destination: Destination) -> PushLine:
    asset = destination.asset(line.name)
    if len(asset) > LONGEST and not line.problem:
        problem = (
            f"{line.file}: its asset path would have {len(asset)} characters; at most "
            f"{LONGEST} are safe. Use fewer folders or a shorter destination."
        )
        return replace(line, asset=asset, problem=problem)
    return replace(line, asset=asset)


def _alone(line: PushLine, users: Sequence[PushLine]) -> PushLine:
    others = [other for other in users if other is not line]
    if line.problem or not others:
        return line
    problem = (
        f"{line.file}: would become the asset {line.asset}, as {others[0].file} ({others[0].name}) would. "
        "Give one of them another name, or use {folder} in the destination."
    )
    return replace(line, problem=problem)
