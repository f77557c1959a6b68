"""Find the face skeleton: the setting, then the selected MetaHuman's face, then by name.

A sequence without a skeleton would open a picker window, so none is made before one skeleton is certain.
"""

import unreal

from cstalk_asset_path import package_of
from cstalk_errors import JobError

FACE_SKELETON = "Face_Archetype_Skeleton"
"""The one name that Epic's own check insists on; the folder differs between versions."""
FACE_COMPONENT = "Face"

_REMEDY = "Put the path of the right one in the setting 'skeleton'."


def find_skeleton(setting: str) -> "unreal.Skeleton":
    """The skeleton to animate.

    Raises:
        JobError: there is none, or several and nothing decides between them; code ``no_skeleton``.
    """
    if setting:
        return _of_setting(setting)
    found = _of_selected_actors() or _of_selected_meshes() or _of_registry()
    if len(found) == 1:
        return found[sorted(found)[0]]
    if not found:
        raise JobError(
            "No skeleton %s in this project. Add a MetaHuman to it, or select one in the level. %s"
            % (FACE_SKELETON, _REMEDY),
            "no_skeleton",
        )
    raise JobError(
        "%d face skeletons are possible: %s. %s" % (len(found), ", ".join(sorted(found)), _REMEDY),
        "no_skeleton",
    )


def path_of(asset: "unreal.Object") -> str:
    """Package path of an asset, ``/Game/A`` rather than ``/Game/A.A``."""
    return package_of(str(asset.get_path_name()))


def _of_setting(path):
    package = package_of(path)
    exists = unreal.EditorAssetLibrary.does_asset_exist(package)
    asset = unreal.EditorAssetLibrary.load_asset(package) if exists else None
    if isinstance(asset, unreal.SkeletalMesh):
        asset = asset.skeleton
    if not isinstance(asset, unreal.Skeleton):
        what = "is a %s" % type(asset).__name__ if asset else "is not there"
        raise JobError(
            "Setting 'skeleton': %.200s %s; expected a Skeleton. Correct the path." % (ascii(package), what),
            "no_skeleton",
        )
    return asset


def _of_selected_actors():
    """Skeletons of the face components of the actors selected in the level, by path."""
    found = {}
    subsystem_class = getattr(unreal, "EditorActorSubsystem", None)
    subsystem = unreal.get_editor_subsystem(subsystem_class) if subsystem_class else None
    for actor in subsystem.get_selected_level_actors() if subsystem else ():
        for component in actor.get_components_by_class(unreal.SkeletalMeshComponent):
            if isinstance(component, unreal.SkeletalMeshComponent) and component.get_name() == FACE_COMPONENT:
                _take(found, component.get_skeletal_mesh_asset())
    return found


def _of_selected_meshes():
    """Skeletons of the face meshes selected in the content browser, by path."""
    found = {}
    for asset in unreal.EditorUtilityLibrary.get_selected_assets():
        if isinstance(asset, unreal.SkeletalMesh):
            skeleton = asset.skeleton
            if skeleton and skeleton.get_name().lower() == FACE_SKELETON.lower():
                _take(found, asset)
    return found


def _take(found, mesh):
    skeleton = mesh.skeleton if mesh else None
    if skeleton:
        found[path_of(skeleton)] = skeleton


def _of_registry():
    """All skeletons of the project with the face's name, by path."""
    registry = unreal.AssetRegistryHelpers.get_asset_registry()
    listed = registry.get_assets_by_class(unreal.TopLevelAssetPath("/Script/Engine", "Skeleton")) or ()
    found = {}
    for data in listed:
        if str(data.asset_name).lower() == FACE_SKELETON.lower():
            asset = data.get_asset()
            if isinstance(asset, unreal.Skeleton):
                found[str(data.package_name)] = asset
    return found
