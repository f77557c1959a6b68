"""MetaHuman Animator solve as CSV, one row per frame and one column per curve → AnimatorCurves.

Two public forms: ``Frame,Time_sec,<curves>``, and ``Frame,<curves>`` of AnimaVR's
Unreal_Anim_Seq_Curve_Exporter, which evaluates at 60 frames per second and does not say so. Names in any case
and order.
"""

from pathlib import Path

import numpy as np

from cstalk_ue.errors import CurveFormatError
from cstalk_ue.rig import HEAD_CURVES
from cstalk_ue.rig_maps import raw_curve_names
from ingest.animator_json import AnimatorCurves, sample_keys
from ingest.table import FRAME_COLUMNS, SECONDS_COLUMNS, read_text_table

EXPORTER_FPS = 60.0
_FIRST_LETTERS = "ctrl_expressions"


def looks_like_animator_csv(path: Path) -> bool:
    """Whether the first line of a CSV names raw curves."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            return _FIRST_LETTERS in file.readline(1 << 16).casefold()
    except (OSError, UnicodeDecodeError):
        return False


def read_animator_csv(path: Path, *, fps: float | None = None) -> AnimatorCurves:
    """Read a solve and sample it at `fps`, or at its own rate (see `animator_json.read_animator_json`).

    Raises:
        CurveFormatError: no header, no raw curve in it, rows of another length, or times that do not rise.
    """
    header, values = read_text_table(path)
    known = {name.casefold(): name for name in (*raw_curve_names(), *HEAD_CURVES)}
    clock, columns, ignored = None, {}, []
    for column, spelled in enumerate(header):
        folded = spelled.casefold().replace(".", "_")
        if folded in SECONDS_COLUMNS:
            clock = values[:, column]
        elif folded in known:
            columns[known[folded]] = values[:, column]
        elif folded not in FRAME_COLUMNS:
            ignored.append(spelled)
    if not any(name in columns for name in raw_curve_names()):
        raise CurveFormatError(
            f"{path}: none of its {len(header)} columns is a CTRL_expressions_* curve. "
            "Export the face animation, with its curve names in the first line."
        )
    if clock is None:
        clock, own_fps = np.arange(len(values)) / EXPORTER_FPS, EXPORTER_FPS
    else:
        clock = clock - clock[0]
        falls = np.flatnonzero(~(np.diff(clock) > 0))
        if len(falls):
            row = int(falls[0]) + 3  # counted in the file, header included
            raise CurveFormatError(f"{path}: the time of row {row} does not rise. Export the solve again.")
        own_fps = (len(clock) - 1) / float(clock[-1]) if len(clock) > 1 else EXPORTER_FPS
    keys = {name: (clock, column) for name, column in columns.items()}
    seconds = len(values) / own_fps
    return sample_keys(path, keys, tuple(ignored), {}, seconds=seconds, own_fps=own_fps, fps=fps)
