"""Creating assets: AssetTools and the factories, with the dialogs that creating can open."""

from __future__ import annotations

from typing import Any

from stand_in.fake_unreal.asset import Asset, exists, loaded, place
from stand_in.fake_unreal.basics import Name
from stand_in.fake_unreal.binding import Property, exposed
from stand_in.fake_unreal.core import Class, Object
from stand_in.fake_unreal.sequence import AnimSequence
from stand_in.fake_unreal.world import current

FORBIDDEN = set("\"' ,\n\r\t/\\.:;|&!~@#(){}[]=+^%$*?<>")
"""Characters that no asset name may have."""


@exposed
class Factory(Object):
    _makes: type = Asset

    def _prepare(self, asset: Any) -> bool:
        """Give a new asset what it needs. Returns False if the factory makes nothing after all."""
        return True


@exposed
class AnimSequenceFactory(Factory):
    _makes = AnimSequence
    target_skeleton = Property("Skeleton")
    preview_skeletal_mesh = Property("SkeletalMesh")

    def _prepare(self, asset: Any) -> bool:
        if self.target_skeleton is None:
            current().fault("AnimSequenceFactory: target_skeleton is not set, so a window asks for it")
            current().modal("Pick Skeleton")
            return False
        asset._populate(self.target_skeleton)
        return True


@exposed
class AssetTools(Object):
    def create_asset(
        self,
        asset_name: str,
        package_path: str,
        asset_class: Class,
        factory: Factory,
        calling_context: Name = "None",  # type: ignore[assignment]
    ) -> Object:
        world = current()
        package = f"{package_path.rstrip('/')}/{asset_name}"
        if not _may_create(asset_name, package):
            return None  # type: ignore[return-value]
        wanted = asset_class or (factory._makes if factory is not None else None)
        if factory is None or wanted is None or not issubclass(factory._makes, wanted):
            world.log("Error", f"LogAssetTools: Error: no factory for {getattr(wanted, '__name__', wanted)}")
            return None  # type: ignore[return-value]
        asset = factory._makes()
        if not factory._prepare(asset):
            return None  # type: ignore[return-value]
        asset._dirty = True
        world.event("create", package)
        return place(asset, package)

    def create_unique_asset_name(self, base_package_name: str, suffix: str) -> Tuple[str, str]:  # noqa: F821
        base, number = base_package_name + suffix, 0
        package = base
        while exists(package):
            number += 1
            package = f"{base}{number}"
        return package, package.rpartition("/")[2]

    def duplicate_asset(self, asset_name: str, package_path: str, original_object: Object) -> Object:
        package = f"{package_path.rstrip('/')}/{asset_name}"
        if not isinstance(original_object, Asset) or not _may_create(asset_name, package):
            return None  # type: ignore[return-value]
        copied = type(original_object)()
        copied._restore(original_object._record())
        copied._dirty = True
        return place(copied, package)


@exposed
class AssetToolsHelpers(Object):
    @classmethod
    def get_asset_tools(cls) -> AssetTools:
        return AssetTools()


def _may_create(name: str, package: str) -> bool:
    """Whether an asset can be made there; if not, the editor asks or complains in a dialog."""
    world = current()
    if not world.editor_is_usable:
        return False
    refused = world.behaviours.get("refuse-create")
    if isinstance(refused, str) and package.lower().endswith(refused.lower()):
        world.log("Error", f"LogAssetTools: Error: {package} could not be created")
        return False
    if (
        not name
        or set(name) & FORBIDDEN
        or not name.isprintable()
        or not package.startswith("/")
        or "//" in package
    ):
        world.fault(f"create_asset with the name {package!r}")
        world.modal(f"{package!r} is not a valid asset name", honours_unattended=True)
        return False
    if exists(package):
        world.fault(f"create_asset over {package}")
        # In 5.5 and 5.6 the first question is a raw dialog that ignores the unattended flag.
        world.modal(
            f"An object of class {type(loaded(package)).__name__} named {name} already exists. Overwrite?",
            honours_unattended=not (5, 5) <= world.version <= (5, 6),
        )
        return False
    return True
