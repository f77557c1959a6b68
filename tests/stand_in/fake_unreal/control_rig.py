"""Control rigs: the blueprint, its hierarchy of controls, and an instance in a sequence.

Only the controls of a face board: floats and 2D vectors with limits.
"""

from __future__ import annotations

from typing import Any

from stand_in.fake_unreal.asset import Asset
from stand_in.fake_unreal.basics import Array, Name, array_of
from stand_in.fake_unreal.binding import Property, exposed
from stand_in.fake_unreal.core import Class, Object, StructBase
from stand_in.fake_unreal.enums import RigControlType, RigElementType
from stand_in.fake_unreal.structs import Vector2D
from stand_in.fake_unreal.world import current

VECTOR = RigControlType.VECTOR2D


@exposed
class RigElementKey(StructBase):
    type = Property("RigElementType", RigElementType.NONE)
    name = Property("Name", Name)

    def __init__(
        self,
        type: RigElementType = RigElementType.NONE,
        name: Name = "None",  # type: ignore[assignment]
    ) -> None:
        self.type, self.name = type, name


@exposed
class RigControlValue(StructBase):
    """A value whose type only the hierarchy's functions can read."""

    def __init__(self) -> None:
        self._numbers: list[float] = [0.0]


@exposed
class RigControlSettings(StructBase):
    control_type = Property("RigControlType", RigControlType.BOOL)
    display_name = Property("Name", Name)
    minimum_value = Property("RigControlValue", RigControlValue)
    maximum_value = Property("RigControlValue", RigControlValue)

    _private_init = _checks_itself = True


def _value(numbers: Any) -> RigControlValue:
    made = RigControlValue()
    made._numbers = list(numbers) if isinstance(numbers, (list, tuple)) else [float(numbers)]
    return made


@exposed
class RigHierarchyController(Object):
    def get_control_settings(self, key: RigElementKey) -> RigControlSettings:
        settings = RigControlSettings()
        control = self._outer._control(str(key.name))
        if control is not None:
            settings.control_type = getattr(RigControlType, control["type"])
            settings.minimum_value, settings.maximum_value = _value(control["min"]), _value(control["max"])
        return settings


@exposed
class RigHierarchy(Object):
    def get_controls(self, traverse: bool = True) -> Array[RigElementKey]:
        return array_of(RigElementKey, [_key(control["name"]) for control in self._outer._controls])

    def get_all_keys(self, traverse: bool = True) -> Array[RigElementKey]:
        return array_of(RigElementKey, [RigElementKey(RigElementType.BONE, "root"), *self.get_controls()])

    def get_controller(self, create_if_needed: bool = True) -> RigHierarchyController:
        return RigHierarchyController(self)

    @classmethod
    def get_float_from_control_value(cls, value: RigControlValue) -> float:
        return value._numbers[0]

    @classmethod
    def get_vector2d_from_control_value(cls, value: RigControlValue) -> Vector2D:
        return Vector2D(*value._numbers[:2]) if len(value._numbers) > 1 else Vector2D()

    def _control(self, name: str) -> Any:
        found = [control for control in self._outer._controls if control["name"].lower() == name.lower()]
        return found[0] if found else None


def _key(name: str) -> RigElementKey:
    return RigElementKey(RigElementType.CONTROL, name)


@exposed
class ControlRig(Object):
    """A rig at work. Values are set through ControlRigSequencerLibrary."""

    _package_of_class = "/Script/ControlRig"

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._blueprint: Any = None

    def get_hierarchy(self) -> RigHierarchy:
        return RigHierarchy(self._blueprint)

    def supports_backwards_solve(self) -> bool:
        return "no-backwards-solve" not in current().behaviours


@exposed
class ControlRigBlueprint(Asset):
    """The asset: controls, and which curve each number of them comes from when solved backwards."""

    _package_of_class = "/Script/ControlRigDeveloper"
    hierarchy = Property("RigHierarchy", get=lambda self: RigHierarchy(self))

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._controls: list[dict[str, Any]] = []
        self._made: Any = None

    def get_control_rig_class(self) -> Class:
        if self._made is None:
            self._made = type(
                self._name + "_C", (ControlRig,), {"__module__": __name__, "_blueprint_asset": self}
            )
        return Class(self._made)

    def create_control_rig(self) -> ControlRig:
        return instance(self.get_control_rig_class()._python_type)

    def _record(self) -> dict[str, Any]:
        return {"controls": self._controls}

    def _restore(self, record: dict[str, Any]) -> None:
        self._controls = list(record["controls"])


def instance(rig_class: type) -> ControlRig:
    """A rig of this class, made by a blueprint."""
    made = rig_class()
    made._blueprint = rig_class._blueprint_asset  # type: ignore[attr-defined]
    return made
