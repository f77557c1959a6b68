"""Editor subsystems, and what is selected."""

from __future__ import annotations

from stand_in.fake_unreal.animation_library import BlueprintFunctionLibrary
from stand_in.fake_unreal.assets import AssetData, EditorAssetLibrary, data_of
from stand_in.fake_unreal.basics import Array, Name
from stand_in.fake_unreal.binding import exposed
from stand_in.fake_unreal.core import Class, Object
from stand_in.fake_unreal.skeleton import Actor, SkeletalMesh, SkeletalMeshActor, World
from stand_in.fake_unreal.structs import Rotator, Vector
from stand_in.fake_unreal.world import current


@exposed
class EditorSubsystem(Object):
    pass


@exposed
class EditorAssetSubsystem(EditorSubsystem):
    def does_asset_exist(self, asset_path: str) -> bool:
        return EditorAssetLibrary.does_asset_exist(asset_path)

    def load_asset(self, asset_path: str) -> Object:
        return EditorAssetLibrary.load_asset(asset_path)

    def save_loaded_asset(self, asset_to_save: Object, only_if_is_dirty: bool = True) -> bool:
        return EditorAssetLibrary.save_loaded_asset(asset_to_save, only_if_is_dirty)

    def set_metadata_tag(self, object: Object, tag: Name, value: str) -> None:
        EditorAssetLibrary.set_metadata_tag(object, tag, value)

    def get_metadata_tag(self, object: Object, tag: Name) -> str:
        return EditorAssetLibrary.get_metadata_tag(object, tag)


@exposed
class UnrealEditorSubsystem(EditorSubsystem):
    def get_editor_world(self) -> World:
        return World(name="Untitled")


@exposed
class EditorActorSubsystem(EditorSubsystem):
    def get_selected_level_actors(self) -> Array[Actor]:
        return Array(Actor, current().selected_actors)

    def get_all_level_actors(self) -> Array[Actor]:
        return Array(Actor, current().actors)

    def set_selected_level_actors(self, actors_to_select: Array[Actor]) -> None:
        current().selected_actors[:] = actors_to_select

    def destroy_actor(self, actor_to_destroy: Actor) -> bool:
        known = actor_to_destroy in current().actors
        if known:
            current().actors.remove(actor_to_destroy)
        return known

    def spawn_actor_from_object(
        self,
        object_to_use: Object,
        location: Vector,
        rotation: Rotator = None,  # type: ignore[assignment]
        transient: bool = False,
    ) -> Actor:
        actor = SkeletalMeshActor() if isinstance(object_to_use, SkeletalMesh) else Actor()
        for component in actor._components:
            component.skeletal_mesh_asset = object_to_use
        current().actors.append(actor)
        return actor

    def spawn_actor_from_class(
        self,
        actor_class: Class,
        location: Vector,
        rotation: Rotator = None,  # type: ignore[assignment]
        transient: bool = False,
    ) -> Actor:
        actor = actor_class()
        current().actors.append(actor)
        return actor


@exposed
class EditorUtilityLibrary(BlueprintFunctionLibrary):
    @classmethod
    def get_selected_assets(cls) -> Array[Object]:
        return Array(Object, current().selected_assets)

    @classmethod
    def get_selected_assets_of_class(cls, asset_class: Class) -> Array[Object]:
        return Array(Object, [asset for asset in current().selected_assets if isinstance(asset, asset_class)])

    @classmethod
    def get_selected_asset_data(cls) -> Array[AssetData]:
        return Array(AssetData, map(data_of, current().selected_assets))
