"""Enumerations; members in the engine's order."""

from __future__ import annotations

from stand_in.fake_unreal.core import enumeration

RawCurveTrackTypes = enumeration("RawCurveTrackTypes", "RCT_FLOAT", "RCT_TRANSFORM")
RichCurveInterpMode = enumeration("RichCurveInterpMode", "RCIM_LINEAR", "RCIM_CONSTANT", "RCIM_CUBIC")
RichCurveTangentMode = enumeration(
    "RichCurveTangentMode", "RCTM_AUTO", "RCTM_USER", "RCTM_BREAK", "RCTM_SMART_AUTO"
)
RichCurveTangentWeightMode = enumeration(
    "RichCurveTangentWeightMode",
    "RCTWM_WEIGHTED_NONE",
    "RCTWM_WEIGHTED_ARRIVE",
    "RCTWM_WEIGHTED_LEAVE",
    "RCTWM_WEIGHTED_BOTH",
)
MovieSceneTimeUnit = enumeration("MovieSceneTimeUnit", "DISPLAY_RATE", "TICK_RESOLUTION")
MovieSceneKeyInterpolation = enumeration(
    "MovieSceneKeyInterpolation", "AUTO", "USER", "BREAK", "LINEAR", "CONSTANT", "SMART_AUTO"
)
AppReturnType = enumeration(
    "AppReturnType", "NO", "YES", "YES_ALL", "NO_ALL", "CANCEL", "OK", "RETRY", "CONTINUE"
)
AppMsgCategory = enumeration("AppMsgCategory", "WARNING", "ERROR", "SUCCESS", "INFO")
AppMsgType = enumeration(
    "AppMsgType",
    "OK",
    "YES_NO",
    "OK_CANCEL",
    "YES_NO_CANCEL",
    "CANCEL_RETRY_CONTINUE",
    "YES_NO_YES_ALL_NO_ALL",
    "YES_NO_YES_ALL_NO_ALL_CANCEL",
    "YES_NO_YES_ALL",
)
ToolMenuInsertType = enumeration(
    "ToolMenuInsertType", "DEFAULT", "BEFORE", "AFTER", "FIRST", "LAST", since={"LAST": (5, 5)}
)
ToolMenuSectionAlign = enumeration(
    "ToolMenuSectionAlign", "DEFAULT", "FIRST", "MIDDLE", "LAST", since={"": (5, 5)}
)
ToolMenuStringCommandType = enumeration("ToolMenuStringCommandType", "COMMAND", "PYTHON", "CUSTOM")
UserInterfaceActionType = enumeration(
    "UserInterfaceActionType", "NONE", "BUTTON", "TOGGLE_BUTTON", "RADIO_BUTTON", "CHECK", "COLLAPSED_BUTTON"
)
MultiBlockType = enumeration(
    "MultiBlockType",
    "NONE",
    "BUTTON_ROW",
    "EDITABLE_TEXT",
    "HEADING",
    "MENU_ENTRY",
    "SEPARATOR",
    "TOOL_BAR_BUTTON",
    "TOOL_BAR_COMBO_BUTTON",
    "WIDGET",
)
MultiBoxType = enumeration(
    "MultiBoxType",
    "MENU_BAR",
    "TOOL_BAR",
    "VERTICAL_TOOL_BAR",
    "SLIM_HORIZONTAL_TOOL_BAR",
    "UNIFORM_TOOL_BAR",
    "MENU",
    "BUTTON_ROW",
    "SLIM_HORIZONTAL_UNIFORM_TOOL_BAR",
    "SLIM_WRAPPING_TOOL_BAR",
    since={"SLIM_WRAPPING_TOOL_BAR": (5, 6)},
)
RigElementType = enumeration(
    "RigElementType",
    "NONE",
    "BONE",
    "NULL",
    "CONTROL",
    "CURVE",
    "PHYSICS",
    "REFERENCE",
    "CONNECTOR",
    "SOCKET",
    "ALL",
    since={"PHYSICS": (5, 5)},
    until={"PHYSICS": (5, 5)},
)
RigControlType = enumeration(
    "RigControlType",
    "BOOL",
    "FLOAT",
    "INTEGER",
    "VECTOR2D",
    "POSITION",
    "SCALE",
    "ROTATOR",
    "EULER_TRANSFORM",
    "SCALE_FLOAT",
)
RigControlValueType = enumeration("RigControlValueType", "INITIAL", "CURRENT", "MINIMUM", "MAXIMUM")
PythonCommandExecutionMode = enumeration(
    "PythonCommandExecutionMode", "EXECUTE_FILE", "EXECUTE_STATEMENT", "EVALUATE_STATEMENT"
)
PythonFileExecutionScope = enumeration("PythonFileExecutionScope", "PRIVATE", "PUBLIC")
