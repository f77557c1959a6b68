"""Calls that no editor knows. The signature check must find every marked line, in every engine version."""

import unreal


def planted(sequence: unreal.AnimSequence, controller: unreal.AnimationDataController) -> None:
    controller.open_brackets("x", False)  # MISTAKE: method
    controller.open_bracket("x", transact=False)  # MISTAKE: keyword
    controller.set_curve_keys([])  # MISTAKE: missing argument
    unreal.RichCurveKeys(time=0.0, value=1.0)  # MISTAKE: class
    print(unreal.RawCurveTrackTypes.RCT_FLOATS)  # MISTAKE: enumerant
    unreal.FrameNumber("1")  # MISTAKE: type of an argument
    sequence.controler.close_bracket(False)  # MISTAKE: property
    unreal.AnimationLibrary.get_float_keys(sequence)  # MISTAKE: missing argument
    settings = unreal.MetaHumanPerformanceExportAnimationSettings()
    settings.show_dialog = False  # MISTAKE: property of the hand-written part


def right(sequence: unreal.AnimSequence, controller: unreal.AnimationDataController) -> None:
    controller.open_bracket("x", False)
    keys = [unreal.RichCurveKey(time=0.0, value=1.0)]
    curve = unreal.AnimationCurveIdentifier()
    curve.set_curve_identifier("HeadYaw", unreal.RawCurveTrackTypes.RCT_FLOAT)
    controller.set_curve_keys(curve, keys, False)
    sequence.controller.set_frame_rate(unreal.FrameRate(30, 1), False)
    tools = unreal.AssetToolsHelpers.get_asset_tools()
    tools.create_asset("a", "/Game", unreal.AnimSequence, unreal.AnimSequenceFactory())
