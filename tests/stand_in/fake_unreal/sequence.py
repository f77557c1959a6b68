"""AnimSequence, its data model, and the curves in it. The way to change them is its controller.

Times and values are float32. A sequence that no factory prepared has no data and takes none.
"""

from __future__ import annotations

import array
import bisect
from fractions import Fraction
from typing import Any

from stand_in.fake_unreal.asset import Asset, loaded
from stand_in.fake_unreal.basics import Array, Name, array_of
from stand_in.fake_unreal.binding import Property, exposed
from stand_in.fake_unreal.controller import AnimationDataController
from stand_in.fake_unreal.core import Object
from stand_in.fake_unreal.skeleton import Skeleton
from stand_in.fake_unreal.store import packed, unpacked
from stand_in.fake_unreal.structs import FrameRate
from stand_in.fake_unreal.world import current


class Curve:
    """One float curve: its name as given, its flags, and its keys in order of time."""

    def __init__(self, name: str, flags: int = 4, times: Any = (), values: Any = ()) -> None:
        self.name, self.flags = name, flags
        self.times, self.values = array.array("f", times), array.array("f", values)

    def value_at(self, time: float) -> float:
        """Linear between keys, held outside them, 0 without any."""
        if not self.times:
            return 0.0
        after = bisect.bisect_right(self.times, time)
        if after == 0:
            return self.values[0]
        if after == len(self.times):
            return self.values[-1]
        start, end = self.times[after - 1], self.times[after]
        share = (time - start) / (end - start)
        return self.values[after - 1] * (1 - share) + self.values[after] * share


class Data:
    """What a sequence holds."""

    def __init__(self) -> None:
        self.populated = False
        self.rate = Fraction(30)
        self.frames = 1
        self.curves: dict[str, Curve] = {}
        self.transform_curves: dict[str, Any] = {}
        self.bones: dict[str, int] = {}
        self.attributes = 0
        self.brackets: list[str] = []

    @property
    def length(self) -> float:
        return float(self.frames / self.rate)


@exposed
class AnimationDataModel(Object):
    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._data = outer._data if outer is not None else Data()

    def get_frame_rate(self) -> FrameRate:
        return FrameRate(self._data.rate.numerator, self._data.rate.denominator)

    def get_number_of_frames(self) -> int:
        return self._data.frames

    def get_number_of_keys(self) -> int:
        return self._data.frames + 1

    def get_number_of_float_curves(self) -> int:
        return len(self._data.curves)

    def get_number_of_transform_curves(self) -> int:
        return len(self._data.transform_curves)

    def get_num_bone_tracks(self) -> int:
        return len(self._data.bones)

    def get_bone_track_names(self) -> Array[Name]:
        return array_of(Name, map(Name, self._data.bones))

    def get_play_length(self) -> float:
        return self._data.length

    def get_animation_sequence(self) -> AnimSequence:
        return self._outer


@exposed
class AnimationAsset(Asset):
    def get_play_length(self) -> float:
        return self._data.length

    def get_skeleton(self) -> Skeleton:
        return self._skeleton


@exposed
class AnimSequenceBase(AnimationAsset):
    sequence_length = Property("float", get=lambda self: self._data.length)
    data_model_interface = Property("AnimationDataModel", get=lambda self: AnimationDataModel(self))
    controller = Property("AnimationDataController", get=lambda self: AnimationDataController(self))


@exposed
class AnimSequence(AnimSequenceBase):
    """An animation sequence: here, float curves."""

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._data = Data()
        self._skeleton: Any = None

    def _populate(self, skeleton: Any) -> None:
        """What the factory does: a model of one frame, and from now on one that has data."""
        self._skeleton = skeleton
        self._data.populated = True
        self._data.rate = Fraction(str(current().behaviours.get("default-fps") or 30))

    def _record(self) -> dict[str, Any]:
        data = self._data
        curves = [
            {"name": c.name, "flags": c.flags, "times": packed(c.times), "values": packed(c.values)}
            for c in data.curves.values()
        ]
        return {
            "rate": [data.rate.numerator, data.rate.denominator],
            "frames": data.frames,
            "skeleton": self._skeleton._package if self._skeleton is not None else "",
            "bones": data.bones,
            "curves": curves,
        }

    def _restore(self, record: dict[str, Any]) -> None:
        data = self._data
        data.populated = True
        data.rate, data.frames = Fraction(*record["rate"]), record["frames"]
        data.bones = dict(record.get("bones", {}))
        for curve in record["curves"]:
            times, values = unpacked(curve["times"]), unpacked(curve["values"])
            data.curves[curve["name"].lower()] = Curve(curve["name"], curve["flags"], times, values)
        self._skeleton = loaded(record["skeleton"]) if record.get("skeleton") else None
