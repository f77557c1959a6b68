"""MetaHuman Animator solves → CapturedTake: raw curves → our controls, 59.94 or 60 → 30 fps, sound beside.

Reads the dumps of `cstalk-ue unreal pull` and of the editor menu, and the public forms named in
animator_json.py and animator_csv.py. A solve dips below 0; such values are cut to 0..1 and counted by curve.
Knows nothing about files of the data set.
"""

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from cstalk_ue.audio import load_audio
from cstalk_ue.errors import CurveFormatError
from cstalk_ue.rig_maps import raw_to_gui
from cstalk_ue.take import FacePerformance, RigCurves
from ingest.animator_csv import looks_like_animator_csv, read_animator_csv
from ingest.animator_json import AnimatorCurves, read_animator_json
from ingest.audio_beside import find_audio_beside
from ingest.captured import DATA_SET_FPS, CapturedTake, CaptureOrigin, CaptureTiming, Remark, TakeLabels
from ingest.found import FoundTake
from ingest.sampling import sample_at_30
from ingest.swap_sides import swap_sides as swapped

__all__ = ["AnimatorCurves", "find_animator", "read_animator", "read_animator_json"]

CUT_REMARK = 0.02
"""A value this far outside 0..1 is remarked on; less is the solver's usual ripple."""

_SIGNS = re.compile(rb'"(curves|raw_keys)"')
_LOOKED_AT = 1 << 16
_NAME = re.compile(r"(?P<slate>.+)_(?P<take>\d{1,6})")


def find_animator(paths: Iterable[Path]) -> list[FoundTake]:
    """The solves among `paths`: files as given, folders searched through and sorted.

    Below a folder, JSON without curves (take.json and the like) and CSVs without raw curves are left out.

    Raises:
        CurveFormatError: a path is missing, or a folder holds no solve.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = [file for file in sorted(path.rglob("*")) if _is_solve(file)]
            if not below:
                raise CurveFormatError(
                    f"{path}: holds no MetaHuman Animator solve (JSON or CSV). Export one with "
                    "`cstalk-ue unreal pull` or the editor menu."
                )
            found += below
        elif not path.is_file():
            raise CurveFormatError(f"{path}: no such file or folder. Check the path.")
        elif path.suffix.casefold() not in (".json", ".csv"):
            raise CurveFormatError(f"{path}: is neither JSON nor CSV. Give exported solves.")
        else:
            found.append(path)
    return [FoundTake(path, "", path.stem) for path in dict.fromkeys(found)]


def read_animator(
    found: FoundTake, *, swap_sides: bool = False, audio_folder: Path | None = None
) -> CapturedTake:
    """Read a solve as a take on our rig at 30 fps.

    Args:
        swap_sides: exchange left and right. The selfie video of the phone's ARKit mode is mirrored, and a
            solve of it comes out so.
        audio_folder: where to look for the sound, beside the solve's own folder.

    Raises:
        CurveFormatError: not a solve, or damaged.
        AudioError: the sound cannot be read, or several sounds fit.
    """
    path = found.path
    read = read_animator_csv if path.suffix.casefold() == ".csv" else read_animator_json
    solve = read(path)
    # To controls before resampling: between two frames a curve may cross from one half of a pair to the
    # other, and then both halves would be on.
    performance = FacePerformance(sample_at_30(raw_to_gui(solve.raw)), sample_at_30(solve.head))
    if swap_sides:
        performance = swapped(performance)
    sound = find_audio_beside(path, [_sound_name(solve), path.stem], audio_folder)
    match = _NAME.fullmatch(path.stem)
    return CapturedTake(
        name=found.name,
        performance=performance,
        timing=CaptureTiming(
            measured_fps=solve.own_fps,
            clock="seconds",
            start_timecode="",
            seconds=solve.own_frames / solve.own_fps,
            captured_frames=solve.own_frames,
        ),
        labels=TakeLabels(
            slate=match["slate"] if match else path.stem, take_number=int(match["take"]) if match else None
        ),
        origin=CaptureOrigin(
            "metahuman-animator",
            path,
            files=tuple(file for file in (path, sound) if file is not None),
            details=_details(solve, swap_sides),
        ),
        samples=None if sound is None else load_audio(sound).samples,
        audio_source=sound,
        audio_start="none" if sound is None else "assumed",
        clamped=_clamped(solve.raw),
        remarks=_remarks(solve),
    )


def _is_solve(path: Path) -> bool:
    if path.name.startswith("._") or not path.is_file():
        return False
    if path.suffix.casefold() == ".csv":
        return looks_like_animator_csv(path)
    if path.suffix.casefold() != ".json":
        return False
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_LOOKED_AT)
            file.seek(max(0, size - _LOOKED_AT))
            return bool(_SIGNS.search(head) or _SIGNS.search(file.read()))
    except OSError:
        return True  # named when it is read


def _sound_name(solve: AnimatorCurves) -> str:
    """Stem of the sound file that the dump names; only its last part, wherever the path may lead."""
    named = solve.metadata.get("audio")
    if not isinstance(named, str):
        return ""
    return PurePosixPath(PureWindowsPath(named).name).stem


def _details(solve: AnimatorCurves, swap_sides: bool) -> dict[str, str]:
    details = {"sides": "swapped" if swap_sides else "as captured"}
    for key in ("asset", "source", "engineVersion", "format"):
        value = solve.metadata.get(key)
        if isinstance(value, str | int | float):
            details[key] = str(value)
    note = solve.metadata.get("note")
    if isinstance(note, str | dict | list):
        details["note"] = note if isinstance(note, str) else json.dumps(note, ensure_ascii=False)
    return details


def _clamped(raw: RigCurves) -> dict[str, int]:
    """Frames in which each raw curve lies outside 0..1, curves that stay inside left out."""
    counts = ((raw.values < 0) | (raw.values > 1)).sum(axis=0)
    return {name: int(count) for name, count in zip(raw.controls, counts, strict=True) if count}


def _remarks(solve: AnimatorCurves) -> tuple[Remark, ...]:
    remarks, raw = [], solve.raw
    excess = np.maximum(-raw.values, raw.values - 1).max(axis=0)
    worst = int(np.argmax(excess))
    if excess[worst] > CUT_REMARK:
        text = (
            f"{int((excess > CUT_REMARK).sum())} curves reach more than {CUT_REMARK:g} outside 0..1 "
            f"and were cut, {raw.controls[worst]} by {excess[worst]:.2f}"
        )
        remarks.append(Remark("values-clamped", text))
    if solve.ignored:
        text = f"{len(solve.ignored)} curves are neither raw nor head curves: {', '.join(solve.ignored[:5])}"
        remarks.append(Remark("unknown-curves", text))
    if not math.isclose(solve.own_fps, round(solve.own_fps), abs_tol=0.12) or solve.own_fps < DATA_SET_FPS:
        text = f"solved at {solve.own_fps:.3f} frames per second"
        remarks.append(Remark("unusual-frame-rate", text))
    return tuple(remarks)
