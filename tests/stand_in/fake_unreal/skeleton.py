"""Skeletons, meshes, and the actors and components that show them."""

from __future__ import annotations

from typing import Any

from stand_in.fake_unreal.asset import Asset, loaded
from stand_in.fake_unreal.basics import Array, array_of
from stand_in.fake_unreal.binding import Property, exposed, put
from stand_in.fake_unreal.core import Class, Object


@exposed
class Skeleton(Asset):
    """A skeleton, with the names of curves that it has metadata for."""

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._curves: list[str] = []

    def _record(self) -> dict[str, Any]:
        return {"curves": self._curves}

    def _restore(self, record: dict[str, Any]) -> None:
        self._curves = list(record.get("curves", ()))


@exposed
class SkeletalMesh(Asset):
    skeleton = Property("Skeleton", read_only=True)

    def _record(self) -> dict[str, Any]:
        return {"skeleton": self.skeleton._package if self.skeleton is not None else ""}

    def _restore(self, record: dict[str, Any]) -> None:
        if record.get("skeleton"):
            put(self, skeleton=loaded(record["skeleton"]))


@exposed
class World(Object):
    pass


@exposed
class ActorComponent(Object):
    def get_owner(self) -> Actor:
        return self._outer


@exposed
class SkeletalMeshComponent(ActorComponent):
    skeletal_mesh_asset = Property("SkeletalMesh")

    def get_skeletal_mesh_asset(self) -> SkeletalMesh:
        return self.skeletal_mesh_asset

    def set_skeletal_mesh_asset(self, new_mesh: SkeletalMesh) -> None:
        self.skeletal_mesh_asset = new_mesh


@exposed
class Actor(Object):
    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._components: list[Any] = []
        self._label = self._name

    def get_components_by_class(self, component_class: Class = None) -> Array[ActorComponent]:  # type: ignore[assignment]
        wanted = component_class or ActorComponent
        return array_of(ActorComponent, [part for part in self._components if isinstance(part, wanted)])

    def get_actor_label(self, create_if_none: bool = True) -> str:
        return self._label

    def set_actor_label(self, new_actor_label: str, mark_dirty: bool = True) -> None:
        self._label = new_actor_label


@exposed
class SkeletalMeshActor(Actor):
    """An actor with one mesh."""

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._components = [SkeletalMeshComponent(self, "SkeletalMeshComponent0")]


def metahuman_actor(name: str, face: Any, body: Any = None) -> Actor:
    """An actor as a MetaHuman blueprint makes it: components Body and Face."""
    actor = Actor(name=name)
    for part, mesh in (("Body", body), ("Face", face)):
        component = SkeletalMeshComponent(actor, part)
        component.skeletal_mesh_asset = mesh
        actor._components.append(component)
    return actor
