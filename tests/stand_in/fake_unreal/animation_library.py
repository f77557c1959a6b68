"""AnimationLibrary (AnimationBlueprintLibrary in C++): reading curves, and the slow way of writing them."""

from __future__ import annotations

import array
from typing import Any

from stand_in.fake_unreal.asset import Asset
from stand_in.fake_unreal.basics import Array, Name, array_of
from stand_in.fake_unreal.binding import exposed
from stand_in.fake_unreal.core import Object
from stand_in.fake_unreal.enums import RawCurveTrackTypes
from stand_in.fake_unreal.sequence import AnimSequence, AnimSequenceBase, Curve
from stand_in.fake_unreal.structs import AnimationCurveIdentifier
from stand_in.fake_unreal.world import current

FLOAT = RawCurveTrackTypes.RCT_FLOAT


@exposed
class BlueprintFunctionLibrary(Object):
    pass


@exposed
class AnimCurveCompressionSettings(Asset):
    pass


@exposed
class AnimationLibrary(BlueprintFunctionLibrary):
    @classmethod
    def get_animation_curve_names(
        cls, animation_sequence_base: AnimSequenceBase, curve_type: RawCurveTrackTypes
    ) -> Array[Name]:
        data = _data(animation_sequence_base)
        curves = data.curves.values() if curve_type is FLOAT else data.transform_curves.values()
        # The engine may have met a name in lower case first, and then spells it so for everybody.
        lower = "lower-names" in current().behaviours
        return array_of(Name, [Name(curve.name.lower() if lower else curve.name) for curve in curves])

    @classmethod
    def does_curve_exist(
        cls, animation_sequence_base: AnimSequenceBase, curve_name: Name, curve_type: RawCurveTrackTypes
    ) -> bool:
        return curve_type is FLOAT and str(curve_name).lower() in _data(animation_sequence_base).curves

    @classmethod
    def get_float_keys(
        cls, animation_sequence_base: AnimSequenceBase, curve_name: Name
    ) -> Tuple[Array[float], Array[float]]:  # noqa: F821
        curve = _data(animation_sequence_base).curves.get(str(curve_name).lower())
        if curve is None:
            current().log("Warning", f"LogAnimationBlueprintLibrary: Warning: no curve {curve_name}")
            return array_of(float, ()), array_of(float, ())
        return array_of(float, curve.times), array_of(float, curve.values)

    @classmethod
    def get_float_value_at_time(
        cls, animation_sequence_base: AnimSequenceBase, curve_name: Name, time: float
    ) -> float:
        curve = _data(animation_sequence_base).curves.get(str(curve_name).lower())
        return curve.value_at(time) if curve is not None else 0.0

    @classmethod
    def add_curve(
        cls,
        animation_sequence_base: AnimSequenceBase,
        curve_name: Name,
        curve_type: RawCurveTrackTypes = RawCurveTrackTypes.RCT_FLOAT,
        meta_data_curve: bool = False,
    ) -> None:
        data = _edit(animation_sequence_base, "AnimationLibrary.add_curve")
        data.curves.setdefault(str(curve_name).lower(), Curve(str(curve_name), 20 if meta_data_curve else 4))

    @classmethod
    def add_float_curve_key(
        cls, animation_sequence_base: AnimSequenceBase, curve_name: Name, time: float, value: float
    ) -> None:
        _add_keys(animation_sequence_base, str(curve_name), [time], [value])

    @classmethod
    def add_float_curve_keys(
        cls,
        animation_sequence_base: AnimSequenceBase,
        curve_name: Name,
        times: Array[float],
        values: Array[float],
    ) -> None:
        if len(times) != len(values):
            current().log(
                "Warning", "LogAnimationBlueprintLibrary: Warning: times and values differ in number"
            )
            return
        _add_keys(animation_sequence_base, str(curve_name), list(times), list(values))

    @classmethod
    def remove_curve(
        cls,
        animation_sequence_base: AnimSequenceBase,
        curve_name: Name,
        remove_name_from_skeleton: bool = False,
    ) -> None:
        _edit(animation_sequence_base, "AnimationLibrary.remove_curve").curves.pop(
            str(curve_name).lower(), None
        )

    @classmethod
    def remove_all_curve_data(cls, animation_sequence_base: AnimSequenceBase) -> None:
        _edit(animation_sequence_base, "AnimationLibrary.remove_all_curve_data").curves.clear()

    @classmethod
    def get_num_frames(cls, animation_sequence_base: AnimSequenceBase) -> int:
        return _data(animation_sequence_base).frames

    @classmethod
    def get_num_keys(cls, animation_sequence_base: AnimSequenceBase) -> int:
        return _data(animation_sequence_base).frames + 1

    @classmethod
    def get_sequence_length(cls, animation_sequence_base: AnimSequenceBase) -> float:
        return _data(animation_sequence_base).length

    @classmethod
    def set_curve_compression_settings(
        cls, animation_sequence: AnimSequence, compression_settings: AnimCurveCompressionSettings
    ) -> None:
        animation_sequence.modify()

    @classmethod
    def finalize_bone_animation(cls, animation_sequence: AnimSequence) -> None:
        current().log("Warning", "DeprecationWarning: FinalizeBoneAnimation is deprecated")


@exposed
class AnimationCurveIdentifierExtensions(BlueprintFunctionLibrary):
    @classmethod
    def set_curve_identifier(
        cls, out_identifier: AnimationCurveIdentifier, name: Name, curve_type: RawCurveTrackTypes
    ) -> AnimationCurveIdentifier:
        made = out_identifier.copy()
        made.set_curve_identifier(name, curve_type)
        return made


def _data(sequence: Any) -> Any:
    if sequence is None:
        raise TypeError("AnimationLibrary: the sequence is None")
    return sequence._data


def _edit(sequence: Any, what: str) -> Any:
    """One edit as this library makes it: on its own, with an undo record and a refresh."""
    data = _data(sequence)
    if not data.populated:
        current().fault(f"{sequence._name}: {what} on a sequence that no factory made")
    current().undo(True, what)
    if not data.brackets:
        current().notifications += 1
    sequence.modify()
    return data


def _add_keys(sequence: Any, name: str, times: list[float], values: list[float]) -> None:
    for time, value in zip(times, values):
        data = _edit(sequence, "AnimationLibrary.add_float_curve_keys")
        curve = data.curves.setdefault(name.lower(), Curve(name))
        keys = dict(zip(curve.times, curve.values))
        keys[array.array("f", [time])[0]] = value
        curve.times = array.array("f", sorted(keys))
        curve.values = array.array("f", [keys[key] for key in curve.times])
