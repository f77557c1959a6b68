"""MetaHuman Animator: performances, processing and export.

After Epic's documentation, since no stub lists these classes. Traps: writing an attribute skips the setter,
so only `set_editor_property` counts; the export opens a dialog unless told not to, and drops keys unless
told not to; one performance is processed at a time.
"""

from __future__ import annotations

from typing import Any

from stand_in.fake_unreal.animation_library import BlueprintFunctionLibrary
from stand_in.fake_unreal.asset import Asset, exists, loaded, place, write_asset
from stand_in.fake_unreal.asset_tools import Factory
from stand_in.fake_unreal.binding import Property, exposed
from stand_in.fake_unreal.core import Object, enumeration
from stand_in.fake_unreal.enums import RichCurveInterpMode
from stand_in.fake_unreal.movie_scene import LevelSequence
from stand_in.fake_unreal.sequence import AnimSequence, Curve
from stand_in.fake_unreal.skeleton import SkeletalMesh, Skeleton
from stand_in.fake_unreal.store import packed, unpacked
from stand_in.fake_unreal.world import current

FPS = 30
"""Rate of performances of audio."""

DataInputType = enumeration("DataInputType", "DEPTH_FOOTAGE", "AUDIO", "MONO_FOOTAGE")
AudioDrivenAnimationMood = enumeration(
    "AudioDrivenAnimationMood",
    "AUTO_DETECT",
    "NEUTRAL",
    "HAPPINESS",
    "SADNESS",
    "DISGUST",
    "ANGER",
    "SURPRISE",
    "FEAR",
)
AudioDrivenAnimationOutputControls = enumeration(
    "AudioDrivenAnimationOutputControls", "FULL_FACE", "MOUTH_ONLY"
)
PerformanceHeadMovementMode = enumeration(
    "PerformanceHeadMovementMode", "TRANSFORM_TRACK", "CONTROL_RIG", "DISABLED"
)
PerformanceExportRange = enumeration("PerformanceExportRange", "PROCESSING_RANGE", "WHOLE_SEQUENCE")
StartPipelineErrorType = enumeration("StartPipelineErrorType", "NONE", "NO_FRAMES", "DISABLED")

ANIMATOR = (
    "DataInputType",
    "AudioDrivenAnimationMood",
    "AudioDrivenAnimationOutputControls",
    "AudioDrivenAnimationSolveOverrides",
    "PerformanceHeadMovementMode",
    "PerformanceExportRange",
    "StartPipelineErrorType",
    "MetaHumanPerformance",
    "MetaHumanPerformanceFactoryNew",
    "MetaHumanPerformanceExportUtils",
    "MetaHumanPerformanceExportAnimationSettings",
    "MetaHumanPerformanceExportLevelSequenceSettings",
)
"""What is absent where the plugin is off."""


@exposed
class AudioDrivenAnimationSolveOverrides(Object):
    mood = Property("AudioDrivenAnimationMood", AudioDrivenAnimationMood.AUTO_DETECT)
    mood_intensity = Property("float", 1.0)


@exposed
class MetaHumanPerformance(Asset):
    """A take that Animator solves. Its inputs count only if set through `set_editor_property`."""

    _package_of_class = "/Script/MetaHumanPerformance"
    input_type = Property("DataInputType", DataInputType.DEPTH_FOOTAGE)
    audio = Property("SoundWave")
    visualization_mesh = Property("SkeletalMesh")
    audio_driven_animation_solve_overrides = Property("AudioDrivenAnimationSolveOverrides")
    audio_driven_animation_output_controls = Property(
        "AudioDrivenAnimationOutputControls", AudioDrivenAnimationOutputControls.FULL_FACE
    )
    head_movement_mode = Property("PerformanceHeadMovementMode", PerformanceHeadMovementMode.CONTROL_RIG)
    start_frame_to_process = Property("int", 0)
    end_frame_to_process = Property("int", 0)

    def __init__(self, outer: Any = None, name: Any = "None") -> None:
        super().__init__(outer, name)
        self._effective: dict[str, Any] = {}
        self._blocking = self._processed = False
        self._frames = 0
        self._curves: dict[str, Any] = {}

    def _property_changed(self, name: str) -> None:
        self._effective[name] = getattr(self, name)
        self.modify()
        if name == "audio" and self._effective.get("input_type") is not DataInputType.AUDIO:
            current().fault(f"{self._name}: audio is set before input_type is AUDIO")

    def can_process(self) -> bool:
        audio = self._effective.get("audio")
        for name in ("audio", "input_type"):
            if getattr(self, name) is not self._effective.get(name, type(self).__dict__[name].default):
                current().fault(f"{self._name}: {name} is written as an attribute, which skips its setter")
        return self._effective.get("input_type") is DataInputType.AUDIO and audio is not None

    def set_blocking_processing(self, blocking_processing: bool) -> None:
        self._blocking = blocking_processing

    def start_pipeline(self, is_scripted_processing: bool = True) -> StartPipelineErrorType:
        if not self.can_process():
            return StartPipelineErrorType.NO_FRAMES
        if not self._blocking:
            current().fault(
                f"{self._name}: start_pipeline without set_blocking_processing(True) returns at once"
            )
            return StartPipelineErrorType.NONE
        self._frames = max(1, round(self._effective["audio"].duration * FPS))
        self._curves = {"CTRL_expressions_jawOpen": [0.5 * (i % 2) for i in range(self._frames)]}
        self._processed = True
        return StartPipelineErrorType.NONE

    def is_processing(self) -> bool:
        return False

    def get_number_of_processed_frames(self) -> int:
        return self._frames if self._processed else 0

    def _record(self) -> dict[str, Any]:
        audio = self._effective.get("audio")
        return {
            "audio": audio._package if audio is not None else "",
            "frames": self._frames,
            "curves": {name: packed(values) for name, values in self._curves.items()},
            "processed": self._processed,
        }

    def _restore(self, record: dict[str, Any]) -> None:
        self._frames, self._processed = record["frames"], record["processed"]
        self._curves = {name: list(unpacked(values)) for name, values in record["curves"].items()}
        if record["audio"]:
            for name, value in (("input_type", DataInputType.AUDIO), ("audio", loaded(record["audio"]))):
                self._effective[name] = value
                setattr(self, name, value)


@exposed
class MetaHumanPerformanceFactoryNew(Factory):
    _makes = MetaHumanPerformance


@exposed
class MetaHumanPerformanceExportAnimationSettings(Object):
    show_export_dialog = Property("bool", True)
    package_path = Property("str", "")
    asset_name = Property("str", "")
    target_skeleton_or_skeletal_mesh = Property("Object")
    enable_head_movement = Property("bool", True)
    export_range = Property("PerformanceExportRange", PerformanceExportRange.PROCESSING_RANGE)
    curve_interpolation = Property("RichCurveInterpMode", RichCurveInterpMode.RCIM_LINEAR)
    remove_redundant_keys = Property("bool", True)
    auto_save_anim_sequence = Property("bool", True)


@exposed
class MetaHumanPerformanceExportLevelSequenceSettings(Object):
    show_export_dialog = Property("bool", True)
    package_path = Property("str", "")
    asset_name = Property("str", "")
    export_range = Property("PerformanceExportRange", PerformanceExportRange.PROCESSING_RANGE)


@exposed
class MetaHumanPerformanceExportUtils(BlueprintFunctionLibrary):
    @classmethod
    def export_animation_sequence(
        cls, performance: MetaHumanPerformance, export_settings: MetaHumanPerformanceExportAnimationSettings
    ) -> AnimSequence:
        target = export_settings.target_skeleton_or_skeletal_mesh
        if not _may_export(performance, export_settings):
            return None  # type: ignore[return-value]
        if target is None:
            current().fault("export without target_skeleton_or_skeletal_mesh takes whatever was used last")
        sequence = AnimSequence()
        sequence._populate(target.skeleton if isinstance(target, SkeletalMesh) else target)
        sequence._data.frames = max(1, performance._frames - 1)
        times = [frame / FPS for frame in range(performance._frames)]
        for name, values in performance._curves.items():
            keys = list(zip(times, values))
            if export_settings.remove_redundant_keys:
                keys = _reduced(keys)
            sequence._data.curves[name.lower()] = Curve(
                name, 4, *([list(part) for part in zip(*keys)] or [(), ()])
            )
        if export_settings.enable_head_movement and isinstance(sequence._skeleton, Skeleton):
            for name in sequence._skeleton._curves:
                if name.lower().startswith("head"):
                    value = 1.0 if name == "HeadControlSwitch" else 0.0
                    sequence._data.curves[name.lower()] = Curve(name, 4, times, [value] * len(times))
        sequence._dirty = True
        place(sequence, f"{export_settings.package_path.rstrip('/')}/{export_settings.asset_name}")
        current().event("create", sequence._package)
        if export_settings.auto_save_anim_sequence:
            write_asset(sequence)
        return sequence

    @classmethod
    def export_level_sequence(
        cls,
        performance: MetaHumanPerformance,
        export_settings: MetaHumanPerformanceExportLevelSequenceSettings,
    ) -> LevelSequence:
        if not _may_export(performance, export_settings):
            return None  # type: ignore[return-value]
        made = LevelSequence()
        made._end = performance._frames
        place(made, f"{export_settings.package_path.rstrip('/')}/{export_settings.asset_name}")
        return made


def _may_export(performance: Any, settings: Any) -> bool:
    world = current()
    if settings.show_export_dialog:
        world.fault("show_export_dialog is on, so a window opens")
        world.modal("Export MetaHuman Animation")
        return False
    if performance is None or not performance._processed:
        world.log("Error", "LogMetaHumanPerformance: Error: the performance holds no processed frames")
        return False
    package = f"{settings.package_path.rstrip('/')}/{settings.asset_name}"
    if exists(package):
        world.fault(f"export over {package}")
        world.modal(f"{package} already exists. Overwrite?")
        return False
    return True


def _reduced(keys: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Keys without those that a straight line makes superfluous; none for a curve that is 0."""
    if all(abs(value) < 1e-4 for _, value in keys):
        return []
    kept = keys[:1]
    for before, key, after in zip(keys, keys[1:], keys[2:]):
        if abs(before[1] + after[1] - 2 * key[1]) > 1e-4:
            kept.append(key)
    return kept + keys[-1:]
