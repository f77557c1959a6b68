"""Task ``dump_controls``: the controls of the face board, and how they differ from ours.

Shows whether our 185 controls still are what this engine version's rig has.
"""

import unreal

from cstalk_asset_path import package_of
from cstalk_board import compare
from cstalk_errors import JobError

SETTINGS = {
    "rig": "",  # path of the face board's Control Rig; "" searches
    "controls": [],  # our controls as {"name", "min", "max"}
}

BOARD = "Face_ControlBoard_CtrlRig"


class Task(object):
    """One look at the board."""

    def __init__(self, settings, dry_run):
        self.settings, self.dry_run, self._report = settings, dry_run, None

    def items_of(self, items):
        return [{"name": "controls"}]

    def report(self):
        return self._report

    def do(self, item):
        """Read the board and compare. Changes nothing, dry run or not."""
        rig = find_rig(self.settings["rig"])
        controls = board_controls(rig)
        found = compare(controls, self.settings["controls"])
        self._report = dict(found, rig=str(rig.get_path_name()), controls=controls)
        told = "%d controls on %s; of ours %d are missing, %d have other limits; %d numbers are not ours." % (
            len(controls),
            rig.get_name(),
            len(found["missing"]),
            len(found["limits_differ"]),
            len(found["extra"]),
        )
        return {"status": "done", "asset": package_of(str(rig.get_path_name())), "message": told}


def find_rig(setting: str) -> "unreal.ControlRigBlueprint":
    """The face board's Control Rig: the setting, else the only one of its name.

    Raises:
        JobError: there is none, or several.
    """
    if not hasattr(unreal, "ControlRigBlueprint"):
        raise JobError("This editor has no Control Rig. Enable its plugin.")
    if setting:
        path = package_of(setting)
        exists = unreal.EditorAssetLibrary.does_asset_exist(path)
        found = {path: unreal.EditorAssetLibrary.load_asset(path)} if exists else {}
    else:
        registry = unreal.AssetRegistryHelpers.get_asset_registry()
        kind = unreal.TopLevelAssetPath("/Script/ControlRigDeveloper", "ControlRigBlueprint")
        listed = registry.get_assets_by_class(kind) or ()
        found = {
            str(data.package_name): data.get_asset()
            for data in listed
            if str(data.asset_name).lower() == BOARD.lower()
        }
    found = {path: rig for path, rig in found.items() if isinstance(rig, unreal.ControlRigBlueprint)}
    if len(found) != 1:
        raise JobError(
            "%s Control Rig %s: %s. Put the path of the right one in the setting 'rig'."
            % (len(found) or "No", BOARD if not setting else ascii(setting), ", ".join(sorted(found)) or "-")
        )
    return found[sorted(found)[0]]


def board_controls(rig: "unreal.ControlRigBlueprint"):
    """All controls as {"name", "type", "min", "max"}; limits are None where the type has no plain number."""
    hierarchy = rig.hierarchy
    controller = hierarchy.get_controller(True)
    controls = []
    for key in hierarchy.get_controls():
        settings = controller.get_control_settings(key)
        kind = settings.control_type
        lowest, highest = (_number(kind, value) for value in (settings.minimum_value, settings.maximum_value))
        controls.append({"name": str(key.name), "type": kind_name(kind), "min": lowest, "max": highest})
    return controls


def kind_name(kind: "unreal.RigControlType") -> str:
    """``FLOAT`` of an enumerant, whichever way this version writes it."""
    for name in ("FLOAT", "SCALE_FLOAT", "VECTOR2D", "BOOL", "INTEGER"):
        if kind == getattr(unreal.RigControlType, name, None):
            return name
    return str(kind).split(":")[0].rpartition(".")[2].strip("<> ") or "UNKNOWN"


def _number(kind: "unreal.RigControlType", value: "unreal.RigControlValue"):
    name = kind_name(kind)
    if name in ("FLOAT", "SCALE_FLOAT"):
        return float(unreal.RigHierarchy.get_float_from_control_value(value))
    if name == "VECTOR2D":
        vector = unreal.RigHierarchy.get_vector2d_from_control_value(value)
        return [float(vector.x), float(vector.y)]
    return None
