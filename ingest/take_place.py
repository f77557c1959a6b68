"""Where a recording lies and what it is called: the folders and names that may say what it is.

Knows nothing about what they say (see labels.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ingest.found import FoundTake
from ingest.label_patterns import LabelPattern


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
    names = tuple(dict.fromkeys((found.name, inside[-1])))
    return TakePlace((*folders, found.path.stem, *kept), names, packed=not kept)
