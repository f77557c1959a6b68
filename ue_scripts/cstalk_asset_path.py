"""Names of assets: what may be written where, decided before the engine sees a name.

A wrong name in the editor is a dialog that blocks it, so only plain names under the allowed roots pass.
Knows nothing about `unreal`.
"""

import hashlib
import re

from cstalk_errors import ItemError

LONGEST = 220
"""The file of an asset may lie deep in a project on Windows, where whole paths end at 260."""

_LONGEST_PART = 64
_OTHER = re.compile(r"[^A-Za-z0-9_-]", re.ASCII)
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*", re.ASCII)


def split_asset_path(path, roots=("/Game",)):
    """Folder and name of an asset path such as ``/Game/Lines/Line_01``.

    Raises:
        ItemError: the path has other characters, is too long, or is under none of the roots.
    """
    if not isinstance(path, str) or not path.startswith("/"):
        raise ItemError(
            "Asset path %s does not start with /; expected such as /Game/Lines/Line_01." % _shown(path)
        )
    if len(path) > LONGEST:
        raise ItemError(
            "Asset path %s has %d characters; expected at most %d. Give it a shorter name."
            % (_shown(path), len(path), LONGEST)
        )
    parts = path[1:].split("/")
    if len(parts) < 2 or not all(_PART.fullmatch(part) for part in parts):
        raise ItemError(
            "Asset path %s is not usable; expected folders and a name of A-Z, a-z, 0-9, _ and -, "
            "such as /Game/Lines/Line_01." % _shown(path)
        )
    # The engine does not tell cases apart.
    if not any((path + "/").lower().startswith(root.rstrip("/").lower() + "/") for root in roots):
        raise ItemError(
            "Asset path %s lies outside %s. Choose a folder there." % (_shown(path), " and ".join(roots))
        )
    return "/" + "/".join(parts[:-1]), parts[-1]


def plain_asset_path(folder, inside):
    """A usable path below `folder` for something called `inside`, such as ``/Game/Sounds/Line 1``.

    The mount point of `inside` (``/Game``) is dropped; other characters become ``_``, with a few letters of a
    hash behind them so that different names stay different; long names are cut the same way.
    """
    parts = [part for part in inside.split("/") if part]
    if inside.lower().startswith("/game/"):
        parts = parts[1:]
    return "/".join([folder.rstrip("/")] + [_plain_part(part) for part in parts])


def _plain_part(part):
    plain = _OTHER.sub("_", part)
    if plain == part and _PART.fullmatch(part) and len(part) <= _LONGEST_PART:
        return part
    mark = hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return "%s_%s" % (plain.lstrip("-")[: _LONGEST_PART - 7], mark)


def package_of(object_path):
    """``/Game/A`` of ``/Game/A.A``, and of the form that the content browser copies, ``Class'/Game/A.A'``."""
    path = object_path.strip()
    if path.endswith("'") and "'" in path[:-1]:
        path = path[:-1].split("'", 1)[1]
    folder, slash, name = path.rpartition("/")
    return folder + slash + name.split(".", 1)[0]


def same_path(one, other):
    """Whether two paths name one package."""
    return package_of(one).lower() == package_of(other).lower()


def _shown(path):
    """A path for a message: short, in plain ASCII."""
    return ascii(path) if len(ascii(path)) <= 80 else ascii(path)[:77] + "..."
