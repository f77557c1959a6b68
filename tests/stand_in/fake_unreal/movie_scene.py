"""Level sequences: bindings, tracks, sections, and keys on channels. Frames are those of the display rate."""

from __future__ import annotations

from typing import Any

from stand_in.fake_unreal.asset import Asset
from stand_in.fake_unreal.asset_tools import Factory
from stand_in.fake_unreal.basics import Array, Name, Text, array_of
from stand_in.fake_unreal.binding import Property, exposed, put
from stand_in.fake_unreal.core import Class, Object, StructBase
from stand_in.fake_unreal.enums import MovieSceneKeyInterpolation, MovieSceneTimeUnit
from stand_in.fake_unreal.skeleton import Actor
from stand_in.fake_unreal.structs import FrameNumber, FrameRate, FrameTime


@exposed
class MovieSceneScriptingKey(Object):
    pass


@exposed
class MovieSceneScriptingFloatKey(MovieSceneScriptingKey):
    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._frame, self._value = 0, 0.0

    def get_time(self, time_unit: MovieSceneTimeUnit = MovieSceneTimeUnit.DISPLAY_RATE) -> FrameTime:
        return FrameTime(FrameNumber(self._frame))

    def get_value(self) -> float:
        return self._value


@exposed
class MovieSceneScriptingChannel(Object):
    channel_name = Property("Name", Name, read_only=True)


@exposed
class MovieSceneScriptingFloatChannel(MovieSceneScriptingChannel):
    """A channel; each key is an object, which is why writing them one by one is slow."""

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._keys: dict[int, float] = {}

    def add_key(
        self,
        time: FrameNumber,
        new_value: float,
        sub_frame: float = 0.0,
        time_unit: MovieSceneTimeUnit = MovieSceneTimeUnit.DISPLAY_RATE,
        interpolation: MovieSceneKeyInterpolation = MovieSceneKeyInterpolation.AUTO,
    ) -> MovieSceneScriptingFloatKey:
        self._keys[time.value] = new_value
        return self._key(time.value)

    def get_keys(self) -> Array[MovieSceneScriptingKey]:
        return array_of(MovieSceneScriptingKey, [self._key(frame) for frame in sorted(self._keys)])

    def get_num_keys(self) -> int:
        return len(self._keys)

    def set_default(self, default_value: float) -> None:
        self._default = default_value

    def _key(self, frame: int) -> MovieSceneScriptingFloatKey:
        key = MovieSceneScriptingFloatKey(self)
        key._frame, key._value = frame, self._keys[frame]
        return key


@exposed
class MovieSceneSection(Object):
    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._channels: dict[str, Any] = {}
        self._range = (0, 0)

    def get_all_channels(self) -> Array[MovieSceneScriptingChannel]:
        return array_of(MovieSceneScriptingChannel, self._channels.values())

    def get_channel(self, channel_name: Name) -> MovieSceneScriptingChannel:
        return self._channels.get(str(channel_name).lower())  # type: ignore[return-value]

    def get_channels_by_type(self, channel_type: Class) -> Array[MovieSceneScriptingChannel]:
        found = [channel for channel in self._channels.values() if isinstance(channel, channel_type)]
        return array_of(MovieSceneScriptingChannel, found)

    def set_range(self, start_frame: int, end_frame: int) -> None:
        self._range = (start_frame, end_frame)

    def get_start_frame(self) -> int:
        return self._range[0]

    def get_end_frame(self) -> int:
        return self._range[1]

    def _channel(self, name: str) -> Any:
        if name.lower() not in self._channels:
            made = MovieSceneScriptingFloatChannel(self, name)
            put(made, channel_name=name)
            self._channels[name.lower()] = made
        return self._channels[name.lower()]


@exposed
class MovieSceneParameterSection(MovieSceneSection):
    def add_scalar_parameter_key(self, parameter_name: Name, time: FrameNumber, value: float) -> None:
        self._channel(str(parameter_name))._keys[time.value] = value


@exposed
class MovieSceneTrack(Object):
    _section_class: type = MovieSceneSection

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._sections: list[Any] = []
        self._to_key: Any = None

    def get_sections(self) -> Array[MovieSceneSection]:
        return array_of(MovieSceneSection, self._sections)

    def add_section(self) -> MovieSceneSection:
        self._sections.append(self._section_class(self))
        return self._sections[-1]

    def get_section_to_key(self) -> MovieSceneSection:
        return self._to_key

    def set_section_to_key(self, section: MovieSceneSection) -> None:
        self._to_key = section


@exposed
class MovieSceneBindingProxy(StructBase):
    """One thing that a sequence animates."""

    sequence = Property("MovieSceneSequence", read_only=True)
    _private_init = _checks_itself = True

    def __init__(self, binding: Any = None, sequence: Any = None) -> None:
        self._binding = binding
        put(self, sequence=sequence)

    def get_name(self) -> str:
        return self._binding["name"]

    def get_display_name(self) -> Text:
        return Text(self._binding["name"])

    def is_valid(self) -> bool:
        return self._binding is not None

    def get_tracks(self) -> Array[MovieSceneTrack]:
        return array_of(MovieSceneTrack, self._binding["tracks"])

    def find_tracks_by_type(self, track_type: Class) -> Array[MovieSceneTrack]:
        found = [track for track in self._binding["tracks"] if isinstance(track, track_type)]
        return array_of(MovieSceneTrack, found)

    def add_track(self, track_type: Class) -> MovieSceneTrack:
        self._binding["tracks"].append(track_type(self.sequence))
        return self._binding["tracks"][-1]

    def get_child_possessables(self) -> Array[MovieSceneBindingProxy]:
        children = [b for b in self.sequence._bindings if b["parent"] is self._binding]
        return array_of(MovieSceneBindingProxy, [MovieSceneBindingProxy(b, self.sequence) for b in children])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MovieSceneBindingProxy) and other._binding is self._binding

    __hash__ = None  # type: ignore[assignment]


@exposed
class MovieSceneSequence(Asset):
    _package_of_class = "/Script/LevelSequence"

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._rate, self._end = (30, 1), 150
        self._bindings: list[dict[str, Any]] = []

    def get_bindings(self) -> Array[MovieSceneBindingProxy]:
        return array_of(MovieSceneBindingProxy, [MovieSceneBindingProxy(b, self) for b in self._bindings])

    def set_display_rate(self, display_rate: FrameRate) -> None:
        self._rate = (display_rate.numerator, display_rate.denominator)

    def get_display_rate(self) -> FrameRate:
        return FrameRate(*self._rate)

    def set_playback_end(self, end_frame: int) -> None:
        self._end = end_frame

    def get_playback_end(self) -> int:
        return self._end

    def get_playback_start(self) -> int:
        return 0

    def find_binding_by_name(self, name: str) -> MovieSceneBindingProxy:
        found = [b for b in self._bindings if b["name"] == name]
        return MovieSceneBindingProxy(found[0] if found else None, self)

    def add_possessable(self, object_to_possess: Object) -> MovieSceneBindingProxy:
        parent = None
        if not isinstance(object_to_possess, Actor) and object_to_possess.get_outer() is not None:
            parent = self._binding_of(object_to_possess.get_outer(), None)
        return MovieSceneBindingProxy(self._binding_of(object_to_possess, parent), self)

    def _binding_of(self, bound: Any, parent: Any) -> dict[str, Any]:
        for binding in self._bindings:
            if binding["object"] is bound:
                return binding
        self._bindings.append({"name": bound.get_name(), "object": bound, "parent": parent, "tracks": []})
        self.modify()
        return self._bindings[-1]

    def _record(self) -> dict[str, Any]:
        return {"rate": list(self._rate), "end": self._end, "bindings": [b["name"] for b in self._bindings]}

    def _restore(self, record: dict[str, Any]) -> None:
        self._rate, self._end = tuple(record["rate"]), record["end"]


@exposed
class LevelSequence(MovieSceneSequence):
    _package_of_class = "/Script/LevelSequence"


@exposed
class LevelSequenceFactoryNew(Factory):
    _makes = LevelSequence
