"""Task ``self_test``: make a sequence of three frames, read it back, and say which calls this editor has.

Touches one asset only, ``CSTalk_SelfTest`` in the folder given, and writes it again the next time.
"""

import sys

import unreal

import cstalk_tags
from cstalk_asset_path import split_asset_path
from cstalk_errors import ItemError
from cstalk_plan import CURVE, FPS, SWITCH
from cstalk_readback import content_hash, largest_error
from cstalk_sequence import (
    check_length,
    create_sequence,
    existing_sequence,
    read_curves,
    save,
    write_curves,
)
from cstalk_skeleton import find_skeleton, path_of
from cstalk_thin import frame_times

SETTINGS = {
    "skeleton": "",  # path of the face skeleton; "" searches
    "folder": "/Game/CSTalk/SelfTest",  # where the sequence goes
    "roots": ["/Game"],
}

NAME = "CSTalk_SelfTest"
VALUES = {
    "CTRL_expressions_jawOpen": (0.0, 1.0, 0.25),
    "CTRL_expressions_browDownL": (0.5, -0.25, 0.5),
    "HeadYaw": (-12.5, 0.0, 12.5),
    "HeadControlSwitch": (1.0, 1.0, 1.0),
}
APIS = (
    "AnimSequenceFactory",
    "AnimationLibrary.get_float_keys",
    "AnimationDataController.set_curve_keys",
    "AnimationDataController.remove_all_attributes",
    "AnimationDataController.initialize_model",
    "EditorAssetLibrary.set_metadata_tag",
    "EditorAssetSubsystem.set_metadata_tag",
    "SoundExporterWAV",
    "ToolMenus.find_menu",
    "register_slate_post_tick_callback",
    "ControlRigBlueprint",
    "ControlRigSequencerLibrary.load_anim_sequence_into_control_rig_section",
    "ControlRigSequencerLibrary.load_anim_sequence_into_control_rig_section_with_range",
    "ControlRigSequencerLibrary.export_anim_sequence_from_sequencer",
    "RigHierarchyController.get_control_settings",
    "MetaHumanPerformance",
    "MetaHumanPerformanceExportUtils.export_animation_sequence",
    "MetaHumanCaptureSource",
)
"""What differs between engine versions and plugins, or is not confirmed."""


class Task(object):
    """One self-test."""

    def __init__(self, settings, dry_run):
        self.settings, self.dry_run = settings, dry_run
        self.facts = {
            "engine_version": str(unreal.SystemLibrary.get_engine_version()),
            "python": sys.version.split()[0],
            "apis": {name: has_api(name) for name in APIS},
        }

    def items_of(self, items):
        return [{"name": NAME}]

    def report(self):
        return self.facts

    def do(self, item):
        """Write, read back, save. Returns the fields of the result."""
        folder, name = split_asset_path("%s/%s" % (self.settings["folder"], NAME), self.settings["roots"])
        asset = "%s/%s" % (folder, name)
        sequence = existing_sequence(asset)
        if sequence is not None and not cstalk_tags.read_tags(sequence)["content_hash"]:
            raise ItemError("%s is there and not ours. Choose another folder for the self-test." % asset)
        skeleton = find_skeleton(self.settings["skeleton"])
        self.facts["skeleton"] = path_of(skeleton)
        if self.dry_run:
            return {"asset": asset, "status": "done", "message": "Would make it on %s." % path_of(skeleton)}
        if sequence is None:
            sequence = create_sequence(folder, name, skeleton)
        cstalk_tags.mark_unfinished(sequence)
        times = frame_times(3, FPS)
        curves: list = [(curve, CURVE, times, values) for curve, values in VALUES.items()]
        curves.append(("MHFDSVersion", SWITCH, times[:1], (1.0,)))
        write_curves(sequence, 3, curves)
        check_length(sequence, 3)
        back = read_curves(sequence)
        worst = 0.0
        for curve, values in VALUES.items():
            if curve.lower() not in back:
                raise ItemError("Curve %s did not arrive; the editor has %s." % (curve, sorted(back)))
            worst = max(worst, largest_error(times, values, *back[curve.lower()][1:]))
        if worst > 1e-4:
            raise ItemError("The curves read back %g off; expected at most 0.0001." % worst)
        self.facts["curve_names"] = [name for name, _, _ in back.values()]
        cstalk_tags.write_tags(sequence, content_hash=content_hash(back.values()))
        save(sequence)
        told = "Three frames and %d curves written, read back and saved in UE %s." % (
            len(back),
            self.facts["engine_version"].split("-")[0],
        )
        return {
            "asset": asset,
            "status": "done",
            "message": told,
            "max_error": worst,
            "curves_written": len(back),
        }


def has_api(name: str) -> bool:
    """Whether this editor has a class or function such as ``AnimationLibrary.get_float_keys``."""
    found = unreal
    for part in name.split("."):
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True
