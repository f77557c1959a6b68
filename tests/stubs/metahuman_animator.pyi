# ruff: noqa: F821
# What our scripts use of MetaHuman Animator's editor classes. The published stubs lack these plugins, so this
# list is written by hand from Epic's public documentation; not confirmed in an editor.

class MetaHumanPerformance(Object):
    audio: SoundWave

class MetaHumanPerformanceExportAnimationSettings(Object):
    show_export_dialog: bool
    package_path: str
    asset_name: str
    target_skeleton_or_skeletal_mesh: Object
    enable_head_movement: bool
    remove_redundant_keys: bool
    auto_save_anim_sequence: bool

class MetaHumanPerformanceExportUtils(BlueprintFunctionLibrary):
    @classmethod
    def export_animation_sequence(
        cls, performance: MetaHumanPerformance, export_settings: MetaHumanPerformanceExportAnimationSettings
    ) -> Optional[AnimSequence]: ...
