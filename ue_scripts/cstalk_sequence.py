"""AnimSequence: open, create, write all curves, read them back. The way of MetaHuman Animator's exporter.

What must not be done, since it opens a window or breaks the asset: create over an existing asset, create
without a skeleton, delete, edit outside the controller's bracket, `add_float_curve_keys` (one undo record and
one notification per key). Undo is off throughout: writing the curves again restores them.
"""

import array
import math

import unreal

from cstalk_asset_path import same_path
from cstalk_errors import ItemError
from cstalk_plan import FPS


def existing_sequence(path: str):
    """The AnimSequence at a package path, or None if nothing is there.

    Raises:
        ItemError: something else is there.
    """
    if not unreal.EditorAssetLibrary.does_asset_exist(path):
        return None
    asset = unreal.EditorAssetLibrary.load_asset(path)
    if asset is None:
        raise ItemError("%s exists but cannot be loaded. Repair or rename it, or choose another name." % path)
    if not isinstance(asset, unreal.AnimSequence):
        raise ItemError(
            "%s is a %s; expected an AnimSequence or nothing. Choose another name."
            % (path, type(asset).__name__)
        )
    if not same_path(asset.get_path_name(), path):
        raise ItemError("%s redirects to %s. Use that path." % (path, asset.get_path_name()))
    return asset


def create_sequence(folder: str, name: str, skeleton: "unreal.Skeleton") -> "unreal.AnimSequence":
    """A new sequence, where nothing may exist yet.

    Only the factory prepares the data a sequence needs; it is not enough to make the object.

    Raises:
        ItemError: the editor makes none.
    """
    path = "%s/%s" % (folder, name)
    if unreal.EditorAssetLibrary.does_asset_exist(path):
        raise ItemError("%s appeared meanwhile. Send it again." % path)
    factory = unreal.AnimSequenceFactory()
    factory.set_editor_property("target_skeleton", skeleton)
    tools = unreal.AssetToolsHelpers.get_asset_tools()
    asset = tools.create_asset(name, folder, unreal.AnimSequence, factory)
    if not isinstance(asset, unreal.AnimSequence):
        raise ItemError(
            "%s could not be made. Stop Play In Editor, check that the folder may be written, "
            "and look into the editor's log." % path
        )
    return asset


def write_curves(sequence: "unreal.AnimSequence", frames: int, curves) -> None:
    """Replace everything in the sequence by these curves.

    Args:
        frames: number of animation frames, keys at 0, 1, ... ``frames - 1``.
        curves: (name, flag, key times, key values) of each; without times the curve exists and is 0.

    Raises:
        ItemError: the editor refuses; what the sequence holds then is incomplete and not saved.
    """
    controller = sequence.controller
    controller.open_bracket("Write facial curves", False)
    try:
        controller.remove_all_bone_tracks(False)
        controller.remove_all_curves_of_type(unreal.RawCurveTrackTypes.RCT_FLOAT, False)
        controller.remove_all_curves_of_type(unreal.RawCurveTrackTypes.RCT_TRANSFORM, False)
        if hasattr(controller, "remove_all_attributes"):
            controller.remove_all_attributes(False)
        _set_rate(sequence, controller)
        # Frames are intervals: one fewer than keys, and at least one.
        controller.set_number_of_frames(unreal.FrameNumber(max(1, frames - 1)), False)
        for name, flag, times, values in curves:
            _write_curve(controller, name, flag, times, values)
    finally:
        controller.close_bracket(False)


def _write_curve(controller: "unreal.AnimationDataController", name, flag, times, values):
    curve = unreal.AnimationCurveIdentifier()
    curve.set_curve_identifier(name, unreal.RawCurveTrackTypes.RCT_FLOAT)
    if not controller.add_curve(curve, flag, False):
        raise ItemError("The editor refuses to add curve %s. Look into its log." % name)
    if len(times):
        key = unreal.RichCurveKey  # its positional order changed in 5.5
        keys = [key(time=time, value=value) for time, value in zip(times, values)]
        if not controller.set_curve_keys(curve, keys, False):
            raise ItemError("The editor refuses %d keys of curve %s. Look into its log." % (len(keys), name))


def _set_rate(sequence: "unreal.AnimSequence", controller: "unreal.AnimationDataController"):
    """30 fps, by way of a common multiple where the sequence had another rate."""
    numerator, denominator = rate_of(sequence)
    if (numerator, denominator) == (FPS, 1):
        return
    # A length of whole frames at either rate, or the editor rounds.
    controller.set_number_of_frames(unreal.FrameNumber(numerator), False)
    if (FPS * denominator) % numerator and numerator % (FPS * denominator):
        common = numerator * FPS // math.gcd(numerator, FPS)
        controller.set_frame_rate(unreal.FrameRate(common, 1), False)
    controller.set_frame_rate(unreal.FrameRate(FPS, 1), False)
    numerator, denominator = rate_of(sequence)
    if (numerator, denominator) != (FPS, 1):
        raise ItemError(
            "The sequence stays at %d/%d fps; expected %d. Choose another name, so that a new one is made."
            % (numerator, denominator, FPS)
        )


def rate_of(sequence: "unreal.AnimSequence"):
    """Frame rate as two whole numbers, such as (30, 1) or (30000, 1001), in lowest terms."""
    rate = sequence.data_model_interface.get_frame_rate()
    numerator, denominator = int(rate.numerator), int(rate.denominator) or 1
    common = math.gcd(numerator, denominator) or 1
    return numerator // common, denominator // common


def read_curves(sequence: "unreal.AnimSequence"):
    """All float curves: lower-cased name -> (name as the editor spells it, key times, key values)."""
    curves = {}
    names = unreal.AnimationLibrary.get_animation_curve_names(sequence, unreal.RawCurveTrackTypes.RCT_FLOAT)
    for name in names:
        times, values = unreal.AnimationLibrary.get_float_keys(sequence, name)
        curves[str(name).lower()] = (str(name), array.array("f", times), array.array("f", values))
    return curves


def check_length(sequence: "unreal.AnimSequence", frames: int) -> None:
    """Check the number of keys and the rate of a sequence just written.

    Raises:
        ItemError: they are not what was asked.
    """
    model = sequence.data_model_interface
    expected = max(2, frames)
    if model.get_number_of_keys() != expected or rate_of(sequence) != (FPS, 1):
        raise ItemError(
            "The sequence has %d keys at %d/%d fps; expected %d at %d. "
            "Send it again, under another name if it stays."
            % ((model.get_number_of_keys(),) + rate_of(sequence) + (expected, FPS))
        )


def save(sequence: "unreal.AnimSequence", checkout: bool = False) -> None:
    """Save this one asset.

    Raises:
        ItemError: it is not saved.
    """
    if checkout:
        unreal.EditorAssetLibrary.checkout_loaded_asset(sequence)
    if not unreal.EditorAssetLibrary.save_loaded_asset(sequence, False):
        raise ItemError(
            "%s is written but could not be saved. Make its file writable (check it out), then send it again."
            % sequence.get_path_name()
        )
