"""Finding, loading and saving assets: the registry and EditorAssetLibrary.

Until the registry has read the project, existing assets look missing. What deletes or renames may open a
dialog.
"""

from __future__ import annotations

from typing import Any

from stand_in.fake_unreal.animation_library import BlueprintFunctionLibrary
from stand_in.fake_unreal.asset import (
    ASSET_CLASSES,
    Asset,
    ObjectRedirector,
    exists,
    loaded,
    package_of,
    write_asset,
)
from stand_in.fake_unreal.basics import Array, Name, array_of
from stand_in.fake_unreal.binding import Property, exposed
from stand_in.fake_unreal.core import Class, Object, StructBase
from stand_in.fake_unreal.structs import TopLevelAssetPath
from stand_in.fake_unreal.world import current


@exposed
class AssetData(StructBase):
    package_name = Property("Name", Name, read_only=True)
    package_path = Property("Name", Name, read_only=True)
    asset_name = Property("Name", Name, read_only=True)
    asset_class_path = Property("TopLevelAssetPath", TopLevelAssetPath, read_only=True)

    def __init__(
        self,
        package_name: Name = "None",  # type: ignore[assignment]
        package_path: Name = "None",  # type: ignore[assignment]
        asset_name: Name = "None",  # type: ignore[assignment]
        asset_class_path: TopLevelAssetPath = None,  # type: ignore[assignment]
    ) -> None:
        for name, value in (
            ("package_name", package_name),
            ("package_path", package_path),
            ("asset_name", asset_name),
            ("asset_class_path", asset_class_path or TopLevelAssetPath()),
        ):
            getattr(AssetData, name).store(self, value)

    def is_valid(self) -> bool:
        return not self.package_name.is_none()

    def is_redirector(self) -> bool:
        return self.asset_class_path.asset_name == "ObjectRedirector"

    def is_asset_loaded(self) -> bool:
        return str(self.package_name).lower() in current().assets

    def get_asset(self) -> Object:
        return loaded(str(self.package_name)) if self.is_valid() else None

    def get_class(self) -> Class:
        asset = self.get_asset()
        return asset.get_class() if asset is not None else None  # type: ignore[return-value]

    def get_full_name(self) -> str:
        return f"{self.asset_class_path.asset_name} {self.package_name}.{self.asset_name}"

    def get_tag_value(self, tag_name: Name) -> Optional[str]:  # noqa: F821
        asset = self.get_asset()
        return asset._tags.get(str(tag_name).lower()) if asset is not None else None


def data_of(asset: Asset) -> AssetData:
    """The registry's entry for an asset."""
    folder, _, name = asset._package.rpartition("/")
    package = type(asset).__dict__.get("_package_of_class", "/Script/Engine")
    return AssetData(asset._package, folder, name, TopLevelAssetPath(package, type(asset).__name__))


def known_assets() -> list[Any]:
    """Every asset that the registry knows; none while it loads."""
    world = current()
    if world.registry_is_loading:
        return []
    paths = {path.lower(): path for path in (world.store.paths() if world.store is not None else ())}
    paths.update((path, asset._package) for path, asset in world.assets.items())
    found = [world.assets.get(path) or _unresolved(paths[path]) for path in sorted(paths)]
    return [asset for asset in found if asset is not None]


def _unresolved(path: str) -> Any:
    """An asset itself, not where it redirects."""
    asset = loaded(path)
    return current().assets.get(path.lower(), asset)


@exposed
class AssetRegistry(Object):
    def is_loading_assets(self) -> bool:
        return current().registry_is_loading

    def wait_for_completion(self) -> None:
        current().ticks = max(current().ticks, int(current().behaviours.get("registry-ticks") or 0))

    def get_assets_by_class(
        self, class_path_name: TopLevelAssetPath, search_sub_classes: bool = False
    ) -> Optional[Array[AssetData]]:  # noqa: F821
        classes = {name.lower(): kind for name, kind in ASSET_CLASSES.items()}
        wanted = classes.get(str(class_path_name.asset_name).lower())
        if wanted is None:
            return array_of(AssetData, ())
        found = [
            asset
            for asset in known_assets()
            if type(asset) is wanted or (search_sub_classes and isinstance(asset, wanted))
        ]
        return array_of(AssetData, map(data_of, found))

    def get_assets_by_path(
        self, package_path: Name, recursive: bool = False, include_only_on_disk_assets: bool = False
    ) -> Optional[Array[AssetData]]:  # noqa: F821
        folder = str(package_path).lower().rstrip("/")
        found = []
        for asset in known_assets():
            own = asset._package.lower().rpartition("/")[0]
            if own == folder or (recursive and own.startswith(folder + "/")):
                found.append(asset)
        return array_of(AssetData, map(data_of, found))

    def get_assets_by_package_name(
        self,
        package_name: Name,
        include_only_on_disk_assets: bool = False,
        skip_ar_filtered_assets: bool = True,
    ) -> Optional[Array[AssetData]]:  # noqa: F821
        found = [asset for asset in known_assets() if asset._package.lower() == str(package_name).lower()]
        return array_of(AssetData, map(data_of, found))


@exposed
class AssetRegistryHelpers(Object):
    @classmethod
    def get_asset_registry(cls) -> AssetRegistry:
        return AssetRegistry()


@exposed
class EditorAssetLibrary(BlueprintFunctionLibrary):
    @classmethod
    def does_asset_exist(cls, asset_path: str) -> bool:
        usable = current().editor_is_usable and not current().registry_is_loading
        return usable and _is_path(asset_path) and exists(asset_path)

    @classmethod
    def does_directory_exist(cls, directory_path: str) -> bool:
        folder = directory_path.lower().rstrip("/") + "/"
        return any(asset._package.lower().startswith(folder) for asset in known_assets())

    @classmethod
    def make_directory(cls, directory_path: str) -> bool:
        return current().editor_is_usable and _is_path(directory_path)

    @classmethod
    def list_assets(
        cls, directory_path: str, recursive: bool = True, include_folder: bool = False
    ) -> Array[str]:
        listed = AssetRegistry().get_assets_by_path(directory_path, recursive)
        return array_of(str, [f"{data.package_name}.{data.asset_name}" for data in listed])

    @classmethod
    def find_asset_data(cls, asset_path: str) -> AssetData:
        package = package_of(asset_path).lower()
        found = [asset for asset in known_assets() if asset._package.lower() == package]
        return data_of(found[0]) if found else AssetData()

    @classmethod
    def load_asset(cls, asset_path: str) -> Object:
        world = current()
        if not world.editor_is_usable or not _is_path(asset_path):
            return None  # type: ignore[return-value]
        found = None if world.registry_is_loading else loaded(asset_path)
        if found is None or (
            "unloadable" in world.behaviours and asset_path.endswith(world.behaviours["unloadable"])
        ):
            world.log("Error", f"LogEditorAssetSubsystem: Error: LoadAsset failed: no asset {asset_path}")
            return None  # type: ignore[return-value]
        return found

    @classmethod
    def save_loaded_asset(cls, asset_to_save: Object, only_if_is_dirty: bool = True) -> bool:
        if (
            not current().editor_is_usable
            or not isinstance(asset_to_save, Asset)
            or not asset_to_save._package
        ):
            current().log("Error", "LogEditorAssetSubsystem: Error: SaveLoadedAsset failed: not an asset")
            return False
        if getattr(getattr(asset_to_save, "_data", None), "brackets", None):
            current().fault(f"{asset_to_save._name}: saved with an open bracket")
        if only_if_is_dirty and not asset_to_save._dirty:
            return True
        return write_asset(asset_to_save)

    @classmethod
    def save_asset(cls, asset_to_save: str, only_if_is_dirty: bool = True) -> bool:
        return cls.save_loaded_asset(cls.load_asset(asset_to_save), only_if_is_dirty)

    @classmethod
    def save_directory(
        cls, directory_path: str, only_if_is_dirty: bool = True, recursive: bool = True
    ) -> bool:
        current().fault(f"save_directory {directory_path}: saves assets that are not ours")
        folder = directory_path.lower().rstrip("/") + "/"
        inside = [asset for path, asset in current().assets.items() if path.startswith(folder)]
        saved = [cls.save_loaded_asset(asset, only_if_is_dirty) for asset in inside]
        return all(saved)

    @classmethod
    def checkout_loaded_asset(cls, asset_to_checkout: Object) -> bool:
        if "no-source-control" in current().behaviours:
            current().log("Error", "LogSourceControl: Error: no source control provider")
            return False
        current().event("checkout", asset_to_checkout._package)
        return True

    @classmethod
    def delete_asset(cls, asset_path_to_delete: str) -> bool:
        return _delete(asset_path_to_delete)

    @classmethod
    def delete_loaded_asset(cls, asset_to_delete: Object) -> bool:
        return _delete(asset_to_delete._package)

    @classmethod
    def delete_directory(cls, directory_path: str) -> bool:
        return _delete(directory_path)

    @classmethod
    def set_metadata_tag(cls, object: Object, tag: Name, value: str) -> None:
        if not isinstance(object, Asset):
            current().log("Error", "LogEditorAssetSubsystem: Error: SetMetadataTag failed: not an asset")
            return
        object._tags[str(tag).lower()] = value
        object.modify()

    @classmethod
    def get_metadata_tag(cls, object: Object, tag: Name) -> str:
        return object._tags.get(str(tag).lower(), "") if isinstance(object, Asset) else ""

    @classmethod
    def get_metadata_tag_values(cls, object: Object) -> Map[Name, str]:  # noqa: F821
        return {Name(tag): value for tag, value in object._tags.items()}

    @classmethod
    def remove_metadata_tag(cls, object: Object, tag: Name) -> None:
        object._tags.pop(str(tag).lower(), None)
        object.modify()


def _is_path(path: str) -> bool:
    """Whether a path is one of content; otherwise the editor complains and goes on."""
    package = package_of(path)
    if (
        package.startswith("/")
        and len(package) > 1
        and "//" not in package
        and not set(package) & set(' "\\:*?<>|')
    ):
        return True
    current().log("Error", f"LogEditorAssetSubsystem: Error: cannot convert {path!r} to an object path")
    return False


def _delete(path: str) -> bool:
    world = current()
    world.fault(f"delete of {path}: may open a dialog, fail silently, or leave a phantom")
    if "delete-fails-silently" not in world.behaviours:
        world.modal(f"Delete {path}?")
    return False


def redirector(path: str, target: str) -> dict[str, Any]:
    """The record of a redirector, to put into a project before it is opened."""
    return {"class": ObjectRedirector.__name__, "path": path, "target": target}
