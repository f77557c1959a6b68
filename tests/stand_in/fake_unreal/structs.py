"""Structs that scripts build and read."""

from __future__ import annotations

import array
from typing import Any

from stand_in.fake_unreal.basics import Name
from stand_in.fake_unreal.binding import Property, exposed
from stand_in.fake_unreal.core import StructBase
from stand_in.fake_unreal.enums import (
    RawCurveTrackTypes,
    RichCurveInterpMode,
    RichCurveTangentMode,
    RichCurveTangentWeightMode,
)
from stand_in.fake_unreal.nativize import TYPES, wrong


def float32(value: float) -> float:
    """The nearest number that the engine can store."""
    return array.array("f", [value])[0]


@exposed
class FrameNumber(StructBase):
    value = Property("int", 0)

    def __init__(self, value: int = 0) -> None:
        self.value = value


@exposed
class FrameRate(StructBase):
    numerator = Property("int", 0)
    denominator = Property("int", 1)

    def __init__(self, numerator: int = 0, denominator: int = 1) -> None:
        self.numerator, self.denominator = numerator, denominator


@exposed
class FrameTime(StructBase):
    frame_number = Property("FrameNumber", FrameNumber)
    sub_frame = Property("float", 0.0)

    def __init__(self, frame_number: FrameNumber = None, sub_frame: float = 0.0) -> None:  # type: ignore[assignment]
        self.frame_number, self.sub_frame = frame_number or FrameNumber(), sub_frame


@exposed
class Vector2D(StructBase):
    x = Property("float", 0.0)
    y = Property("float", 0.0)

    def __init__(self, x: float = 0.0, y: float = 0.0) -> None:
        self.x, self.y = x, y


@exposed
class Vector(StructBase):
    x = Property("float", 0.0)
    y = Property("float", 0.0)
    z = Property("float", 0.0)

    def __init__(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> None:
        self.x, self.y, self.z = x, y, z


@exposed
class Quat(StructBase):
    x = Property("float", 0.0)
    y = Property("float", 0.0)
    z = Property("float", 0.0)
    w = Property("float", 0.0)

    def __init__(self, x: float = 0.0, y: float = 0.0, z: float = 0.0, w: float = 0.0) -> None:
        self.x, self.y, self.z, self.w = x, y, z, w


@exposed
class Rotator(StructBase):
    roll = Property("float", 0.0)
    pitch = Property("float", 0.0)
    yaw = Property("float", 0.0)

    def __init__(self, roll: float = 0.0, pitch: float = 0.0, yaw: float = 0.0) -> None:
        self.roll, self.pitch, self.yaw = roll, pitch, yaw


@exposed
class TopLevelAssetPath(StructBase):
    package_name = Property("Name", Name)
    asset_name = Property("Name", Name)

    def __init__(self, package_name: str = "", asset_name: str = "") -> None:
        self.package_name, self.asset_name = package_name, asset_name


@exposed
class AnimationCurveIdentifier(StructBase):
    """Names a curve. Its `set_curve_identifier` comes from the ...Extensions class and works in place."""

    def __init__(self) -> None:
        self._curve = Name()
        self._type = RawCurveTrackTypes.RCT_FLOAT

    def set_curve_identifier(self, name: Name, curve_type: RawCurveTrackTypes) -> None:
        self._curve, self._type = name, curve_type

    def get_name(self) -> Name:
        return self._curve

    def get_type(self) -> RawCurveTrackTypes:
        return self._type

    def is_valid(self) -> bool:
        return not self._curve.is_none()


class _Key(StructBase):
    """A key of a curve. Made by the thousand, so it checks its arguments itself, which is faster."""

    _api_name = "RichCurveKey"
    _checks_itself = True

    time = Property("float", 0.0)
    value = Property("float", 0.0)


def _number(value: Any, name: str) -> float:
    if type(value) is float:
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"RichCurveKey: Failed to convert parameter '{name}': {wrong(value, 'Float')}")
    return float(value)


class RichCurveKey54(_Key):
    """The key of 5.4: two positions."""

    _api_name = "RichCurveKey"

    def __init__(self, time: float = 0.0, value: float = 0.0) -> None:
        own = self.__dict__
        own["_property_time"], own["_property_value"] = _number(time, "time"), _number(value, "value")


class RichCurveKey55(_Key):
    """The key since 5.5: three modes come first."""

    _api_name = "RichCurveKey"
    interp_mode = Property("RichCurveInterpMode", RichCurveInterpMode.RCIM_LINEAR)
    tangent_mode = Property("RichCurveTangentMode", RichCurveTangentMode.RCTM_AUTO)
    tangent_weight_mode = Property(
        "RichCurveTangentWeightMode", RichCurveTangentWeightMode.RCTWM_WEIGHTED_NONE
    )

    def __init__(
        self,
        interp_mode: RichCurveInterpMode = RichCurveInterpMode.RCIM_LINEAR,
        tangent_mode: RichCurveTangentMode = RichCurveTangentMode.RCTM_AUTO,
        tangent_weight_mode: RichCurveTangentWeightMode = RichCurveTangentWeightMode.RCTWM_WEIGHTED_NONE,
        time: float = 0.0,
        value: float = 0.0,
    ) -> None:
        own = self.__dict__
        own["_property_time"], own["_property_value"] = _number(time, "time"), _number(value, "value")
        if interp_mode is not RichCurveInterpMode.RCIM_LINEAR:
            self.interp_mode = interp_mode
        if tangent_mode is not RichCurveTangentMode.RCTM_AUTO:
            self.tangent_mode = tangent_mode
        if tangent_weight_mode is not RichCurveTangentWeightMode.RCTWM_WEIGHTED_NONE:
            self.tangent_weight_mode = tangent_weight_mode


for _kind in (RichCurveKey54, RichCurveKey55):
    _kind.__name__ = _kind.__qualname__ = "RichCurveKey"
TYPES["RichCurveKey"] = _Key


def key_class(version: tuple[int, ...]) -> type:
    """The class of keys in this version."""
    return RichCurveKey54 if version < (5, 5) else RichCurveKey55
