"""The function libraries of level sequences: each function is also a method of what it works on."""

from __future__ import annotations

from stand_in.fake_unreal.animation_library import BlueprintFunctionLibrary
from stand_in.fake_unreal.basics import Array, Name, array_of
from stand_in.fake_unreal.binding import exposed, versions
from stand_in.fake_unreal.core import Class, Object
from stand_in.fake_unreal.movie_scene import (
    LevelSequence,
    MovieSceneBindingProxy,
    MovieSceneScriptingChannel,
    MovieSceneSection,
    MovieSceneSequence,
    MovieSceneTrack,
)
from stand_in.fake_unreal.skeleton import Actor
from stand_in.fake_unreal.structs import FrameRate
from stand_in.fake_unreal.subsystems import EditorSubsystem
from stand_in.fake_unreal.world import current


@exposed
class LevelSequenceEditorBlueprintLibrary(BlueprintFunctionLibrary):
    @classmethod
    def open_level_sequence(cls, level_sequence: LevelSequence) -> bool:
        current().open_sequence = level_sequence
        return level_sequence is not None

    @classmethod
    def close_level_sequence(cls) -> None:
        current().open_sequence = None

    @classmethod
    def get_current_level_sequence(cls) -> LevelSequence:
        return current().open_sequence

    @classmethod
    def get_focused_level_sequence(cls) -> LevelSequence:
        return current().open_sequence

    @classmethod
    def refresh_current_level_sequence(cls) -> None:
        pass


@exposed
class LevelSequenceEditorSubsystem(EditorSubsystem):
    def add_actors(self, actors: Array[Actor]) -> Array[MovieSceneBindingProxy]:
        sequence = current().open_sequence
        if sequence is None:
            current().log("Error", "LogLevelSequenceEditor: Error: no level sequence is open")
            return array_of(MovieSceneBindingProxy, ())
        return array_of(MovieSceneBindingProxy, [sequence.add_possessable(actor) for actor in actors])

    @versions(since=(5, 6))
    def add_spawnable_from_class(
        self, sequence: MovieSceneSequence, class_to_spawn: Class
    ) -> MovieSceneBindingProxy:
        return sequence.add_possessable(class_to_spawn())


@exposed
class MovieSceneSequenceExtensions(BlueprintFunctionLibrary):
    @classmethod
    def add_possessable(
        cls, sequence: MovieSceneSequence, object_to_possess: Object
    ) -> MovieSceneBindingProxy:
        return sequence.add_possessable(object_to_possess)

    @classmethod
    def get_bindings(cls, sequence: MovieSceneSequence) -> Array[MovieSceneBindingProxy]:
        return sequence.get_bindings()

    @classmethod
    def find_binding_by_name(cls, sequence: MovieSceneSequence, name: str) -> MovieSceneBindingProxy:
        return sequence.find_binding_by_name(name)

    @classmethod
    def set_display_rate(cls, sequence: MovieSceneSequence, display_rate: FrameRate) -> None:
        sequence.set_display_rate(display_rate)

    @classmethod
    def get_display_rate(cls, sequence: MovieSceneSequence) -> FrameRate:
        return sequence.get_display_rate()

    @classmethod
    def set_playback_end(cls, sequence: MovieSceneSequence, end_frame: int) -> None:
        sequence.set_playback_end(end_frame)

    @classmethod
    def get_playback_end(cls, sequence: MovieSceneSequence) -> int:
        return sequence.get_playback_end()

    @classmethod
    def add_spawnable_from_class(
        cls, sequence: MovieSceneSequence, class_to_spawn: Class
    ) -> MovieSceneBindingProxy:
        return sequence.add_possessable(class_to_spawn())


@exposed
class MovieSceneBindingExtensions(BlueprintFunctionLibrary):
    @classmethod
    def get_tracks(cls, binding: MovieSceneBindingProxy) -> Array[MovieSceneTrack]:
        return binding.get_tracks()

    @classmethod
    def find_tracks_by_type(
        cls, binding: MovieSceneBindingProxy, track_type: Class
    ) -> Array[MovieSceneTrack]:
        return binding.find_tracks_by_type(track_type)

    @classmethod
    def add_track(cls, binding: MovieSceneBindingProxy, track_type: Class) -> MovieSceneTrack:
        return binding.add_track(track_type)

    @classmethod
    def get_name(cls, binding: MovieSceneBindingProxy) -> str:
        return binding.get_name()

    @classmethod
    def get_child_possessables(cls, binding: MovieSceneBindingProxy) -> Array[MovieSceneBindingProxy]:
        return binding.get_child_possessables()


@exposed
class MovieSceneTrackExtensions(BlueprintFunctionLibrary):
    @classmethod
    def get_sections(cls, track: MovieSceneTrack) -> Array[MovieSceneSection]:
        return track.get_sections()

    @classmethod
    def add_section(cls, track: MovieSceneTrack) -> MovieSceneSection:
        return track.add_section()

    @classmethod
    def get_section_to_key(cls, track: MovieSceneTrack) -> MovieSceneSection:
        return track.get_section_to_key()


@exposed
class MovieSceneSectionExtensions(BlueprintFunctionLibrary):
    @classmethod
    def get_all_channels(cls, section: MovieSceneSection) -> Array[MovieSceneScriptingChannel]:
        return section.get_all_channels()

    @classmethod
    def get_channel(cls, section: MovieSceneSection, channel_name: Name) -> MovieSceneScriptingChannel:
        return section.get_channel(channel_name)

    @classmethod
    def get_channels_by_type(
        cls, section: MovieSceneSection, channel_type: Class
    ) -> Array[MovieSceneScriptingChannel]:
        return section.get_channels_by_type(channel_type)

    @classmethod
    def set_range(cls, section: MovieSceneSection, start_frame: int, end_frame: int) -> None:
        section.set_range(start_frame, end_frame)
