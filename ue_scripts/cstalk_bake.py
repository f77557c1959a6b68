"""Task ``bake_control_rig``: an AnimSequence -> keys of the face board in a Level Sequence.

The editor turns curves into controls itself, with the rig's backwards solve, as MetaHuman Animator's export
does; which call does it changed in 5.6. NOT confirmed in an editor: that the face component may be bound
directly, that the section to key is the one just made, and how long a long line takes. The Level Sequence
must exist: making one, and choosing the camera and the body, are for a person to decide. One undo step.
"""

import unreal

from cstalk_asset_path import package_of
from cstalk_controls import find_rig
from cstalk_errors import ItemError
from cstalk_job_file import text_of
from cstalk_sequence import existing_sequence
from cstalk_skeleton import FACE_COMPONENT

SETTINGS = {
    "rig": "",  # path of the face board's Control Rig; "" searches
    "start_frame": 0,  # where the line begins, in the Level Sequence's frames
}


class Task(object):
    """One job of lines to bake."""

    def __init__(self, settings, dry_run):
        self.settings, self.dry_run = settings, dry_run

    def items_of(self, items):
        return items

    def report(self):
        return None

    def do(self, item):
        """Bake `asset` into the Level Sequence `sequence`, for the `actor` of this label ("": selected)."""
        path = package_of(text_of(item, "asset"))
        line = existing_sequence(path)
        if line is None:
            raise ItemError("%s is not there. Push the line first." % ascii(path))
        level_sequence = _level_sequence(package_of(text_of(item, "sequence")))
        face = _face_component(text_of(item, "actor"))
        rig = find_rig(self.settings["rig"])
        if self.dry_run:
            told = "Would key %s in %s." % (rig.get_name(), level_sequence.get_path_name())
            return {"asset": path, "status": "done", "message": told}
        baked = False
        with unreal.ScopedEditorTransaction("CSTalk: bake to the face board"):
            section = _section(level_sequence, face, rig)
            start = unreal.FrameNumber(self.settings["start_frame"])
            baked = _load_into(section, line, face, start)
        if not baked:
            raise ItemError(
                "The editor baked nothing into %s. Look into its log." % level_sequence.get_path_name()
            )
        told = "Keyed %s in %s; it is not saved yet." % (rig.get_name(), level_sequence.get_path_name())
        return {"asset": path, "status": "done", "message": told}


def _level_sequence(path):
    exists = unreal.EditorAssetLibrary.does_asset_exist(path) if path else False
    asset = unreal.EditorAssetLibrary.load_asset(path) if exists else None
    if not isinstance(asset, unreal.LevelSequence):
        raise ItemError(
            "%s is no Level Sequence. Make one, and give its path." % (ascii(path) if path else "''")
        )
    return asset


def _face_component(label):
    """The face of the MetaHuman with this label in the level, or of the selected one."""
    actors = unreal.get_editor_subsystem(unreal.EditorActorSubsystem)
    if actors is None:
        raise ItemError("This editor has no level to look for a MetaHuman in. Open one.")
    among = actors.get_all_level_actors() if label else actors.get_selected_level_actors()
    faces = [
        component
        for actor in among
        if not label or actor.get_actor_label() == label
        for component in actor.get_components_by_class(unreal.SkeletalMeshComponent)
        if isinstance(component, unreal.SkeletalMeshComponent) and component.get_name() == FACE_COMPONENT
    ]
    if len(faces) != 1:
        where = "with the label %s" % ascii(label) if label else "selected"
        raise ItemError("%d MetaHuman faces %s; expected one." % (len(faces), where))
    return faces[0]


def _section(
    level_sequence: "unreal.LevelSequence",
    face: "unreal.SkeletalMeshComponent",
    rig: "unreal.ControlRigBlueprint",
) -> "unreal.MovieSceneSection":
    """The face board's section, made where it is missing. Keys appear only in a sequence that is open."""
    editor = unreal.get_editor_subsystem(unreal.UnrealEditorSubsystem)
    if editor is None or not unreal.LevelSequenceEditorBlueprintLibrary.open_level_sequence(level_sequence):
        raise ItemError("%s cannot be opened in the Sequencer." % level_sequence.get_path_name())
    world = editor.get_editor_world()
    track = unreal.ControlRigSequencerLibrary.find_or_create_control_rig_track(
        world, level_sequence, rig.get_control_rig_class(), _binding(level_sequence, face, world)
    )
    if track is None:
        raise ItemError("%s takes no track for %s." % (level_sequence.get_path_name(), rig.get_name()))
    sections = unreal.MovieSceneTrackExtensions.get_sections(track)
    section = unreal.MovieSceneTrackExtensions.get_section_to_key(track) or (
        sections[0] if sections else None
    )
    if section is None:
        raise ItemError("The track of %s has no section." % rig.get_name())
    return section


def _binding(
    level_sequence: "unreal.LevelSequence", face: "unreal.SkeletalMeshComponent", world: "unreal.World"
) -> "unreal.MovieSceneBindingProxy":
    """The face in the sequence, added where it is missing."""
    sequences = unreal.MovieSceneSequenceExtensions
    bindings = sequences.get_bindings(level_sequence) if hasattr(sequences, "locate_bound_objects") else ()
    for binding in bindings:
        if face in list(sequences.locate_bound_objects(level_sequence, binding, world)):
            return binding
    return sequences.add_possessable(level_sequence, face)


def _load_into(section, line, face, start):
    """Whether the editor took the line into the section, by the call that this version has."""
    library = unreal.ControlRigSequencerLibrary
    with_range = getattr(library, "load_anim_sequence_into_control_rig_section_with_range", None)
    if with_range is not None:  # 5.6 and later
        whole = unreal.FrameNumber(0)
        return with_range(section, line, face, start, False, whole, whole)
    return library.load_anim_sequence_into_control_rig_section(
        section, line, face, start, reset_controls=True
    )
