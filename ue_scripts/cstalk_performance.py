"""MetaHuman Animator performance -> AnimSequence with a key on every frame, without its dialog.

Written after Epic's documentation: the published listings lack these classes, so nothing here is confirmed in
an editor. The sequence that is made stays unsaved in the project, since deleting can block the editor.
"""

import unreal

from cstalk_errors import ItemError

_PARTS = (
    "MetaHumanPerformance",
    "MetaHumanPerformanceExportUtils",
    "MetaHumanPerformanceExportAnimationSettings",
)


def as_performance(asset: object):
    """The asset if it is a performance, else None; None also where Animator is not enabled."""
    return asset if available() and isinstance(asset, unreal.MetaHumanPerformance) else None


def available() -> bool:
    """Whether MetaHuman Animator's plugin is there."""
    return all(hasattr(unreal, name) for name in _PARTS)


def exported_sequence(
    performance: "unreal.MetaHumanPerformance", skeleton: "unreal.Skeleton", folder: str
) -> "unreal.AnimSequence":
    """A new sequence of the performance, under a name that nothing has.

    Raises:
        ItemError: Animator exports nothing.
    """
    settings = unreal.MetaHumanPerformanceExportAnimationSettings()
    for name, value in (
        ("show_export_dialog", False),  # a window otherwise, and the editor stands still
        ("package_path", folder),
        ("asset_name", free_name(folder, performance.get_name() + "_Dense")),
        ("target_skeleton_or_skeletal_mesh", skeleton),
        ("enable_head_movement", True),
        ("remove_redundant_keys", False),
        ("auto_save_anim_sequence", False),
    ):
        settings.set_editor_property(name, value)
    sequence = unreal.MetaHumanPerformanceExportUtils.export_animation_sequence(performance, settings)
    if not isinstance(sequence, unreal.AnimSequence):
        raise ItemError(
            "%s exports nothing. Process it first, then export again." % performance.get_path_name()
        )
    return sequence


def sound_of(performance: "unreal.MetaHumanPerformance"):
    """The SoundWave of an audio performance, or None."""
    try:
        sound = performance.get_editor_property("audio")
    except Exception:  # the binding has its own exceptions for a property that a version lacks
        return None
    return sound if isinstance(sound, unreal.SoundWave) else None


def free_name(folder: str, wanted: str) -> str:
    """`wanted`, with a number if an asset has that name: exporting over it would ask."""
    name, number = wanted, 1
    while unreal.EditorAssetLibrary.does_asset_exist("%s/%s" % (folder, name)):
        number += 1
        name = "%s_%d" % (wanted, number)
    return name
