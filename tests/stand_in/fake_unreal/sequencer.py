"""Control rigs in the Sequencer: tracks, values and keys of controls, baking to and fro."""

from __future__ import annotations

from typing import Any

from stand_in.fake_unreal.animation_library import BlueprintFunctionLibrary
from stand_in.fake_unreal.baking import export, get_values, load, set_values
from stand_in.fake_unreal.basics import Array, Name, array_of
from stand_in.fake_unreal.binding import Property, exposed, put, versions
from stand_in.fake_unreal.control_rig import ControlRig, instance
from stand_in.fake_unreal.core import Class, Object, StructBase
from stand_in.fake_unreal.enums import MovieSceneKeyInterpolation, MovieSceneTimeUnit, RichCurveInterpMode
from stand_in.fake_unreal.movie_scene import (
    LevelSequence,
    MovieSceneBindingProxy,
    MovieSceneParameterSection,
    MovieSceneSection,
    MovieSceneTrack,
)
from stand_in.fake_unreal.sequence import AnimSequence
from stand_in.fake_unreal.skeleton import SkeletalMeshComponent, World
from stand_in.fake_unreal.structs import FrameNumber, Vector2D


@exposed
class MovieSceneControlRigParameterSection(MovieSceneParameterSection):
    pass


@exposed
class MovieSceneControlRigParameterTrack(MovieSceneTrack):
    _section_class = MovieSceneControlRigParameterSection


@exposed
class AnimSeqExportOption(Object):
    export_transforms = Property("bool", True)
    export_morph_targets = Property("bool", True)
    export_attribute_curves = Property("bool", True)
    export_material_curves = Property("bool", True)
    record_in_world_space = Property("bool", False)
    curve_interpolation = Property("RichCurveInterpMode", RichCurveInterpMode.RCIM_LINEAR)
    warm_up_frames = Property("FrameNumber", FrameNumber)
    delay_before_start = Property("FrameNumber", FrameNumber)
    transact_recording = Property("bool", True)


@exposed
class ControlRigSequencerBindingProxy(StructBase):
    proxy = Property("MovieSceneBindingProxy", read_only=True)
    control_rig = Property("ControlRig", read_only=True)
    track = Property("MovieSceneControlRigParameterTrack", read_only=True)
    _private_init = _checks_itself = True

    def __init__(self, proxy: Any = None, control_rig: Any = None, track: Any = None) -> None:
        put(self, proxy=proxy, control_rig=control_rig, track=track)


@exposed
class ControlRigSequencerLibrary(BlueprintFunctionLibrary):
    @classmethod
    def find_or_create_control_rig_track(
        cls,
        world: World,
        level_sequence: LevelSequence,
        control_rig_class: Class,
        binding: MovieSceneBindingProxy,
        is_layered_control_rig: bool = False,
    ) -> MovieSceneTrack:
        if level_sequence is None or binding is None or not issubclass(control_rig_class, ControlRig):
            return None  # type: ignore[return-value]
        for track in binding.get_tracks():
            if getattr(track, "_rig", None) is not None and type(track._rig) is control_rig_class:
                return track
        track = binding.add_track(MovieSceneControlRigParameterTrack)
        track._rig = instance(control_rig_class)
        track._to_key = track.add_section()
        return track

    @classmethod
    def get_control_rigs(cls, level_sequence: LevelSequence) -> Array[ControlRigSequencerBindingProxy]:
        found = [
            ControlRigSequencerBindingProxy(
                MovieSceneBindingProxy(binding, level_sequence), track._rig, track
            )
            for binding in level_sequence._bindings
            for track in binding["tracks"]
            if isinstance(track, MovieSceneControlRigParameterTrack)
        ]
        return array_of(ControlRigSequencerBindingProxy, found)

    @classmethod
    def load_anim_sequence_into_control_rig_section(
        cls,
        movie_scene_section: MovieSceneSection,
        anim_sequence: AnimSequence,
        skel_mesh_comp: SkeletalMeshComponent,
        start_frame: FrameNumber,
        time_unit: MovieSceneTimeUnit = MovieSceneTimeUnit.DISPLAY_RATE,
        key_reduce: bool = False,
        tolerance: float = 0.001,
        interpolation: MovieSceneKeyInterpolation = MovieSceneKeyInterpolation.SMART_AUTO,
        reset_controls: bool = True,
    ) -> bool:
        return load(movie_scene_section, anim_sequence, skel_mesh_comp, start_frame.value)

    @versions(since=(5, 6))
    @classmethod
    def load_anim_sequence_into_control_rig_section_with_range(
        cls,
        movie_scene_section: MovieSceneSection,
        anim_sequence: AnimSequence,
        skel_mesh_comp: SkeletalMeshComponent,
        start_frame: FrameNumber,
        use_custom_anim_range: bool,
        anim_start_range: FrameNumber,
        anim_end_range: FrameNumber,
        time_unit: MovieSceneTimeUnit = MovieSceneTimeUnit.DISPLAY_RATE,
        key_reduce: bool = False,
        tolerance: float = 0.001,
        interpolation: MovieSceneKeyInterpolation = MovieSceneKeyInterpolation.SMART_AUTO,
        reset_controls: bool = True,
        onto_selected_controls: bool = False,
    ) -> bool:
        return load(movie_scene_section, anim_sequence, skel_mesh_comp, start_frame.value)

    @classmethod
    def bake_to_control_rig(
        cls,
        world: World,
        level_sequence: LevelSequence,
        control_rig_class: Class,
        export_options: AnimSeqExportOption,
        reduce_keys: bool,
        tolerance: float,
        binding: MovieSceneBindingProxy,
        reset_controls: bool = True,
    ) -> bool:
        return (
            cls.find_or_create_control_rig_track(world, level_sequence, control_rig_class, binding)
            is not None
        )

    @versions(since=(5, 6))
    @classmethod
    def export_anim_sequence_from_sequencer(
        cls,
        anim_sequence: AnimSequence,
        export_option: AnimSeqExportOption,
        binding: MovieSceneBindingProxy,
        create_link: bool,
    ) -> bool:
        return export(anim_sequence, binding)

    @classmethod
    def set_local_control_rig_float(
        cls,
        level_sequence: LevelSequence,
        control_rig: ControlRig,
        control_name: Name,
        frame: FrameNumber,
        value: float,
        time_unit: MovieSceneTimeUnit = MovieSceneTimeUnit.DISPLAY_RATE,
        set_key: bool = True,
    ) -> None:
        set_values(level_sequence, control_rig, control_name, "FLOAT", [frame], [(value,)])

    @classmethod
    def set_local_control_rig_floats(
        cls,
        level_sequence: LevelSequence,
        control_rig: ControlRig,
        control_name: Name,
        frames: Array[FrameNumber],
        values: Array[float],
        time_unit: MovieSceneTimeUnit = MovieSceneTimeUnit.DISPLAY_RATE,
    ) -> None:
        set_values(level_sequence, control_rig, control_name, "FLOAT", frames, [(value,) for value in values])

    @classmethod
    def set_local_control_rig_vector2d(
        cls,
        level_sequence: LevelSequence,
        control_rig: ControlRig,
        control_name: Name,
        frame: FrameNumber,
        value: Vector2D,
        time_unit: MovieSceneTimeUnit = MovieSceneTimeUnit.DISPLAY_RATE,
        set_key: bool = True,
    ) -> None:
        set_values(level_sequence, control_rig, control_name, "VECTOR2D", [frame], [(value.x, value.y)])

    @classmethod
    def set_local_control_rig_vector2_ds(
        cls,
        level_sequence: LevelSequence,
        control_rig: ControlRig,
        control_name: Name,
        frames: Array[FrameNumber],
        values: Array[Vector2D],
        time_unit: MovieSceneTimeUnit = MovieSceneTimeUnit.DISPLAY_RATE,
    ) -> None:
        set_values(
            level_sequence, control_rig, control_name, "VECTOR2D", frames, [(v.x, v.y) for v in values]
        )

    @classmethod
    def get_local_control_rig_float(
        cls,
        level_sequence: LevelSequence,
        control_rig: ControlRig,
        control_name: Name,
        frame: FrameNumber,
        time_unit: MovieSceneTimeUnit = MovieSceneTimeUnit.DISPLAY_RATE,
    ) -> float:
        return get_values(level_sequence, control_rig, control_name, "FLOAT", [frame])[0][0]

    @classmethod
    def get_local_control_rig_floats(
        cls,
        level_sequence: LevelSequence,
        control_rig: ControlRig,
        control_name: Name,
        frames: Array[FrameNumber],
        time_unit: MovieSceneTimeUnit = MovieSceneTimeUnit.DISPLAY_RATE,
    ) -> Array[float]:
        found = get_values(level_sequence, control_rig, control_name, "FLOAT", frames)
        return array_of(float, [value for (value,) in found])

    @classmethod
    def get_local_control_rig_vector2d(
        cls,
        level_sequence: LevelSequence,
        control_rig: ControlRig,
        control_name: Name,
        frame: FrameNumber,
        time_unit: MovieSceneTimeUnit = MovieSceneTimeUnit.DISPLAY_RATE,
    ) -> Vector2D:
        return Vector2D(*get_values(level_sequence, control_rig, control_name, "VECTOR2D", [frame])[0])

    @classmethod
    def get_local_control_rig_vector2_ds(
        cls,
        level_sequence: LevelSequence,
        control_rig: ControlRig,
        control_name: Name,
        frames: Array[FrameNumber],
        time_unit: MovieSceneTimeUnit = MovieSceneTimeUnit.DISPLAY_RATE,
    ) -> Array[Vector2D]:
        found = get_values(level_sequence, control_rig, control_name, "VECTOR2D", frames)
        return array_of(Vector2D, [Vector2D(*value) for value in found])


@exposed
class SequencerTools(BlueprintFunctionLibrary):
    @classmethod
    def export_anim_sequence(
        cls,
        world: World,
        sequence: LevelSequence,
        anim_sequence: AnimSequence,
        export_option: AnimSeqExportOption,
        binding: MovieSceneBindingProxy,
        create_link: bool,
    ) -> bool:
        return export(anim_sequence, binding)

    @classmethod
    def link_anim_sequence(
        cls,
        sequence: LevelSequence,
        anim_sequence: AnimSequence,
        export_options: AnimSeqExportOption,
        binding: MovieSceneBindingProxy,
    ) -> bool:
        return sequence is not None and anim_sequence is not None
