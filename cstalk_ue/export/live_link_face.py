"""FacePerformance → ``NAME_llf.csv``, the curve file of Apple's Live Link Face app, for tools that eat those.

63 columns as app version 1.3.2 (2024) writes them: timecode, count, 52 ARKit shapes, head and eye angles in
radians, ten decimals. Only what 52 shapes can say survives; the reader is in ingest/.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cstalk_ue.arkit_maps import arkit_names, gui_to_arkit, head_to_live_link_face
from cstalk_ue.errors import ExportError
from cstalk_ue.storage import whole_file
from cstalk_ue.take import FacePerformance, RigCurves

HEAD_ANGLES = ("HeadYaw", "HeadPitch", "HeadRoll")
EYE_ANGLES = ("LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll")

EYE_LOOK_PER_RADIAN = 1.66
"""EyeLook* weight per radian of eye angle, measured on uncalibrated takes (1.64 to 1.68)."""

_TICKS = 60000
"""Timecode steps in a second: ``FF.sss`` counts sixtieths with three decimals, whatever the frame rate."""
_TIMECODE = re.compile(r"(\d\d):([0-5]\d):([0-5]\d):([0-5]\d(?:\.\d{1,3})?)")


def write_live_link_face(
    path: Path,
    performance: FacePerformance,
    *,
    provenance: Mapping[str, Any],
    start_timecode: str = "00:00:00:00.000",
) -> None:
    """Write a performance as Live Link Face would have recorded it. There is no place for provenance.

    Args:
        start_timecode: ``HH:MM:SS:FF.sss`` of time 0 of the performance's clock; it wraps at midnight.

    Raises:
        ExportError: the file cannot be written or `start_timecode` is malformed.
        CurveFormatError: head curves are missing.
        RigError: a curve is not a control of the rig.
    """
    start_seconds = _parse_timecode(path, start_timecode)
    shapes = gui_to_arkit(performance.face)
    values = np.column_stack((shapes.values, head_to_live_link_face(performance.head), eye_angles(shapes)))
    names = (*arkit_names(), *HEAD_ANGLES, *EYE_ANGLES)
    row_format = f"%s,{len(names)}," + ",".join(["%.10f"] * len(names)) + "\n"
    rows = (values.astype(np.float64).round(10) + 0.0).tolist()  # + 0.0: no "-0.0000000000"
    times = start_seconds + performance.face.times
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(("Timecode", "BlendshapeCount", *names)) + "\n")
        file.writelines(
            row_format % (format_timecode(seconds), *row)
            for seconds, row in zip(times.tolist(), rows, strict=True)
        )


def format_timecode(seconds: float) -> str:
    """Seconds → ``HH:MM:SS:FF.sss`` modulo 24 hours; ``FF.sss`` is the fraction of the second times 60."""
    total = round(seconds * _TICKS) % (24 * 3600 * _TICKS)  # whole ticks, so that FF never rounds up to 60
    second, ticks = divmod(total, _TICKS)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}:{ticks // 1000:02d}.{ticks % 1000:03d}"


def eye_angles(shapes: RigCurves) -> np.ndarray:
    """`EYE_ANGLES` in radians from the EyeLook shapes, ``(frames, 6)`` float32; roll is 0.

    Both yaws share one axis, positive to the performer's right: the left eye looking in, the right one out.
    Pitch is positive downwards. The signs are those of real takes.
    """

    def gaze(positive: str, negative: str) -> np.ndarray:
        return (shapes.curve(positive) - shapes.curve(negative)) / EYE_LOOK_PER_RADIAN

    roll = np.zeros(shapes.frames, dtype=np.float32)
    return np.column_stack(
        (
            gaze("EyeLookInLeft", "EyeLookOutLeft"),
            gaze("EyeLookDownLeft", "EyeLookUpLeft"),
            roll,
            gaze("EyeLookOutRight", "EyeLookInRight"),
            gaze("EyeLookDownRight", "EyeLookUpRight"),
            roll,
        )
    ).astype(np.float32)


def _parse_timecode(path: Path, text: str) -> float:
    match = _TIMECODE.fullmatch(text)
    if match is None or int(match[1]) > 23:
        raise ExportError(
            f"{path}: start timecode is {text!r}; expected HH:MM:SS:FF.sss such as 11:54:29:19.804."
        )
    hours, minutes, seconds = (int(part) for part in match.groups()[:3])
    return hours * 3600 + minutes * 60 + seconds + float(match[4]) / 60
