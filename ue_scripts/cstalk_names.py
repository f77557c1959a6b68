"""Plain file names for assets, whatever they are called. Knows nothing about `unreal`."""

import re

_PLAIN = re.compile(r"[^A-Za-z0-9_-]+", re.ASCII)


def file_name(asset_name, taken):
    """A plain file name without suffix for an asset, different from those `taken`; adds itself to them."""
    plain = _PLAIN.sub("_", asset_name).strip("_")[:100] or "take"
    name, number = plain, 1
    while name.lower() in taken:
        number += 1
        name = "%s_%d" % (plain, number)
    taken.add(name.lower())
    return name
