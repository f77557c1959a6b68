"""What we note on an asset: from which curve file it was made, and a hash of what we wrote.

The notes decide at the next push whether there is anything to do, and whether somebody edited the asset.
"""

import unreal

from cstalk_errors import ConflictError
from cstalk_version import VERSION

UNFINISHED = "unfinished"
"""Stands in the place of the content hash while we write: such an asset is ours, and incomplete."""

_LONGEST = 500


def read_tags(asset: "unreal.Object"):
    """Our notes on an asset as a dict; absent ones are ""."""
    read = unreal.EditorAssetLibrary.get_metadata_tag
    return {
        name: str(read(asset, "cstalk." + name) or "") for name in ("source_hash", "content_hash", "settings")
    }


def mark_unfinished(asset: "unreal.Object") -> None:
    """Note that writing has begun."""
    unreal.EditorAssetLibrary.set_metadata_tag(asset, "cstalk.content_hash", UNFINISHED)


def write_tags(asset: "unreal.Object", **tags: str) -> None:
    """Note these values and our version."""
    for name, value in dict(tags, version=VERSION).items():
        unreal.EditorAssetLibrary.set_metadata_tag(asset, "cstalk." + name, ascii(value)[1:-1][:_LONGEST])


def is_unchanged(tags, content_hash, source_hash, settings):
    """Whether an asset already is what would be written.

    Raises:
        ConflictError: it is not ours, or was edited since we wrote it.
    """
    if tags["content_hash"] == UNFINISHED:
        return False
    if not tags["content_hash"]:
        raise ConflictError(
            "An AnimSequence that this tool did not make is there. "
            "Choose another name, or use force to replace it."
        )
    if tags["content_hash"] != content_hash:
        raise ConflictError(
            "The AnimSequence was edited by hand since it was written. "
            "Choose another name, or use force to replace it."
        )
    return tags["source_hash"] == source_hash and tags["settings"] == settings
