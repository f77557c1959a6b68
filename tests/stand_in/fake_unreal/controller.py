"""AnimationDataController: the only way to change a sequence, inside a bracket.

Edits outside a bracket, undo records by the thousand, keys out of order: the editor accepts them and suffers
later; here they are faults or counted.
"""

from __future__ import annotations

import array
import math
from fractions import Fraction
from typing import Any

from stand_in.fake_unreal.basics import Array, Name, Text
from stand_in.fake_unreal.binding import exposed
from stand_in.fake_unreal.core import Object
from stand_in.fake_unreal.enums import RawCurveTrackTypes
from stand_in.fake_unreal.structs import AnimationCurveIdentifier, FrameNumber, FrameRate
from stand_in.fake_unreal.world import current

FLOAT = RawCurveTrackTypes.RCT_FLOAT


@exposed
class AnimationDataController(Object):
    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._data = outer._data

    def get_model_interface(self) -> AnimationDataModel:  # noqa: F821
        return self._outer.data_model_interface

    def open_bracket(self, title: Text, should_transact: bool = True) -> None:
        current().undo(should_transact, str(title))
        self._data.brackets.append(str(title))

    def close_bracket(self, should_transact: bool = True) -> None:
        if not self._data.brackets:
            current().fault(f"{self._outer._name}: close_bracket without open_bracket")
            current().log(
                "Error", "LogAnimationDataController: Error: Attempt to close bracket that was not opened."
            )
            return
        self._data.brackets.pop()
        if not self._data.brackets:
            current().notifications += 1

    def set_frame_rate(self, frame_rate: FrameRate, should_transact: bool = True) -> None:
        if not self._edits("set_frame_rate", should_transact):
            return
        if frame_rate.numerator <= 0 or frame_rate.denominator <= 0:
            self._refuses("set_frame_rate", f"{frame_rate.numerator}/{frame_rate.denominator} is not a rate")
            return
        new = Fraction(frame_rate.numerator, frame_rate.denominator)
        ratio = new / self._data.rate
        if ratio.denominator != 1 and ratio.numerator != 1:
            self._refuses(
                "set_frame_rate", f"{new} fps is neither a multiple nor a factor of {self._data.rate} fps"
            )
            return
        self._data.frames = max(1, round(self._data.frames * ratio))
        self._data.rate = new

    def set_number_of_frames(self, new_length_in_frames: FrameNumber, should_transact: bool = True) -> None:
        if not self._edits("set_number_of_frames", should_transact):
            return
        if new_length_in_frames.value < 1:
            self._refuses("set_number_of_frames", f"invalid length of {new_length_in_frames.value} frames")
            return
        self._data.frames = new_length_in_frames.value
        for curve in self._data.curves.values():
            kept = sum(time <= self._data.length + 1e-4 for time in curve.times)
            del curve.times[kept:], curve.values[kept:]

    def add_curve(
        self, curve_id: AnimationCurveIdentifier, curve_flags: int = 4, should_transact: bool = True
    ) -> bool:
        from stand_in.fake_unreal.sequence import Curve

        name = str(curve_id.get_name())
        if not self._edits("add_curve", should_transact):
            return False
        if not curve_id.is_valid() or name.lower() in self._curves(curve_id) or self._is_refused(name):
            return self._refuses("add_curve", f"curve {name} cannot be added")
        self._curves(curve_id)[name.lower()] = Curve(name, curve_flags)
        return True

    def remove_curve(self, curve_id: AnimationCurveIdentifier, should_transact: bool = True) -> bool:
        if not self._edits("remove_curve", should_transact):
            return False
        if self._curves(curve_id).pop(str(curve_id.get_name()).lower(), None) is None:
            return self._refuses("remove_curve", f"no curve {curve_id.get_name()}")
        return True

    def set_curve_keys(
        self,
        curve_id: AnimationCurveIdentifier,
        curve_keys: Array[RichCurveKey],  # noqa: F821
        should_transact: bool = True,
    ) -> bool:
        curve = self._curve_to_edit("set_curve_keys", curve_id, should_transact)
        if curve is None:
            return False
        times = array.array("f", [key.__dict__["_property_time"] for key in curve_keys])
        values = array.array("f", [key.__dict__["_property_value"] for key in curve_keys])
        self._look_at(curve.name, times, values)
        offset = float(current().behaviours.get("corrupt-values") or 0)
        if offset:
            values = array.array("f", [value + offset for value in values])
        curve.times, curve.values = times, values
        return True

    def set_curve_key(
        self,
        curve_id: AnimationCurveIdentifier,
        key: RichCurveKey,  # noqa: F821
        should_transact: bool = True,
    ) -> bool:
        curve = self._curve_to_edit("set_curve_key", curve_id, should_transact)
        if curve is None:
            return False
        keys = dict(zip(curve.times, curve.values))
        keys[array.array("f", [key.time])[0]] = key.value
        curve.times = array.array("f", sorted(keys))
        curve.values = array.array("f", [keys[time] for time in curve.times])
        return True

    def scale_curve(
        self, curve_id: AnimationCurveIdentifier, origin: float, factor: float, should_transact: bool = True
    ) -> bool:
        curve = self._curve_to_edit("scale_curve", curve_id, should_transact)
        if curve is None:
            return False
        curve.values = array.array("f", [value * factor for value in curve.values])
        return True

    def remove_all_curves_of_type(
        self, supported_curve_type: RawCurveTrackTypes, should_transact: bool = True
    ) -> None:
        if self._edits("remove_all_curves_of_type", should_transact):
            if supported_curve_type is FLOAT:
                self._data.curves.clear()
            else:
                self._data.transform_curves.clear()

    def remove_all_bone_tracks(self, should_transact: bool = True) -> None:
        if self._edits("remove_all_bone_tracks", should_transact):
            self._data.bones.clear()

    def remove_all_attributes(self, should_transact: bool = True) -> int:
        removed = self._data.attributes
        if self._edits("remove_all_attributes", should_transact):
            self._data.attributes = 0
        return removed

    def add_bone_curve(self, bone_name: Name, should_transact: bool = True) -> bool:
        if not self._edits("add_bone_curve", should_transact):
            return False
        if str(bone_name) in self._data.bones:
            return self._refuses("add_bone_curve", f"bone track {bone_name} exists")
        self._data.bones[str(bone_name)] = 0
        return True

    def set_bone_track_keys(
        self,
        bone_name: Name,
        positional_keys: Array[Vector],  # noqa: F821
        rotational_keys: Array[Quat],  # noqa: F821
        scaling_keys: Array[Vector],  # noqa: F821
        should_transact: bool = True,
    ) -> bool:
        if not self._edits("set_bone_track_keys", should_transact):
            return False
        if str(bone_name) not in self._data.bones or len(positional_keys) != len(rotational_keys):
            return self._refuses("set_bone_track_keys", f"bone track {bone_name}")
        self._data.bones[str(bone_name)] = len(positional_keys)
        return True

    def _edits(self, function: str, transact: bool) -> bool:
        """What every edit begins with. Returns whether the sequence can take it."""
        world = current()
        if not self._data.populated:
            world.fault(f"{self._outer._name}: {function} on a sequence that no factory made")
            return self._refuses(function, "the model is not populated")
        if not self._data.brackets:
            world.fault(f"{self._outer._name}: {function} outside a bracket")
            world.notifications += 1
        world.undo(transact, function)
        self._outer.modify()
        skeleton = getattr(self._outer, "_skeleton", None)
        if skeleton is not None and "dirty-skeleton" in world.behaviours:
            skeleton.modify()
        return True

    def _curve_to_edit(self, function: str, curve_id: AnimationCurveIdentifier, transact: bool) -> Any:
        if not self._edits(function, transact):
            return None
        curve = self._curves(curve_id).get(str(curve_id.get_name()).lower())
        if curve is None:
            self._refuses(function, f"no curve {curve_id.get_name()}")
        return curve

    def _curves(self, curve_id: AnimationCurveIdentifier) -> Any:
        return self._data.curves if curve_id.get_type() is FLOAT else self._data.transform_curves

    def _refuses(self, function: str, why: str) -> bool:
        current().log("Warning", f"LogAnimationDataController: Warning: {function}: {why}")
        return False

    def _is_refused(self, name: str) -> bool:
        refused = current().behaviours.get("refuse-curve")
        return isinstance(refused, str) and refused.lower() == name.lower()

    def _look_at(self, name: str, times: array.array, values: array.array) -> None:
        """Record keys that the engine would take but not play rightly."""
        what = f"{self._outer._name}: curve {name}"
        if any(map(math.isnan, values)) or not all(map(math.isfinite, times)):
            current().fault(f"{what}: a key is not a number")
        if any(after <= before for before, after in zip(times, times[1:])):
            current().fault(f"{what}: keys are not in order of time")
        if times and (times[0] < 0 or times[-1] > self._data.length + 1e-4):
            current().fault(
                f"{what}: keys outside the sequence, {times[0]:g} to {times[-1]:g} s of {self._data.length:g}"
            )
