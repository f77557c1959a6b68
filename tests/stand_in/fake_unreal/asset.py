"""What every asset has: a package, metadata tags, a dirty flag, and a record that is saved and loaded."""

from __future__ import annotations

from typing import Any

from stand_in.fake_unreal.core import Object
from stand_in.fake_unreal.world import current

ASSET_CLASSES: dict[str, type] = {}
"""Classes of which a project can hold assets, by name."""


class Asset(Object):
    """An object in a package of its own.

    Subclasses say what of theirs is saved: `_record` and `_restore` are each other's inverse.
    """

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._tags: dict[str, str] = {}
        self._dirty = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        ASSET_CLASSES[cls.__name__] = cls

    def modify(self, always_mark_dirty: bool = True) -> bool:
        self._dirty = True
        return True

    def get_outermost(self) -> Any:
        return self

    def _record(self) -> dict[str, Any]:
        return {}

    def _restore(self, record: dict[str, Any]) -> None:
        pass


def package_of(path: str) -> str:
    """``/Game/Lines/A`` of ``/Game/Lines/A``, ``/Game/Lines/A.A`` or ``AnimSequence'/Game/Lines/A.A'``."""
    path = path.strip()
    if path.endswith("'") and "'" in path[:-1]:
        path = path.split("'")[1]
    folder, slash, name = path.rpartition("/")
    return folder + slash + name.split(".")[0]


def place(asset: Asset, package: str) -> Asset:
    """Put an asset into a package of the loaded project."""
    asset._package = package
    asset._name = package.rpartition("/")[2]
    current().assets[package.lower()] = asset
    return asset


def loaded(path: str) -> Any:
    """The asset at a path, from memory or from disk; None without one. Follows redirectors."""
    world = current()
    package = package_of(path)
    asset = world.assets.get(package.lower())
    if asset is None and world.store is not None:
        record = world.store.read(package)
        if record is not None:
            asset = restored(record)
    target = getattr(asset, "_redirects_to", "")
    return loaded(target) if target else asset


def restored(record: dict[str, Any]) -> Asset:
    """An asset made from its saved record."""
    asset = ASSET_CLASSES[record["class"]]()
    asset._tags = dict(record.get("tags", {}))
    asset._restore(record)
    asset._dirty = False
    return place(asset, record["path"])


def exists(path: str) -> bool:
    """Whether there is an asset, in memory or on disk, whether or not the registry knows."""
    world = current()
    package = package_of(path).lower()
    return package in world.assets or (world.store is not None and world.store.read(package) is not None)


def write_asset(asset: Asset) -> bool:
    """Save one asset, if its file may be written. Returns whether it was."""
    world = current()
    locked = str(world.behaviours.get("read-only") or "")
    if locked and (asset._package + "/").lower().startswith(locked.lower().rstrip("/") + "/"):
        world.log("Error", f"LogSavePackage: Error: {asset._package} cannot be saved: the file is read-only.")
        return False
    if world.store is not None:
        world.store.write(
            asset._package, dict(asset._record(), **{"class": type(asset).__name__, "tags": asset._tags})
        )
    asset._dirty = False
    world.event("save", asset._package)
    return True


class ObjectRedirector(Asset):
    """What is left where an asset was renamed."""

    _redirects_to = ""

    def _record(self) -> dict[str, Any]:
        return {"target": self._redirects_to}

    def _restore(self, record: dict[str, Any]) -> None:
        self._redirects_to = record["target"]


class Blueprint(Asset):
    """Any asset of another kind."""
