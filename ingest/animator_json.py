"""MetaHuman Animator solve as JSON → RigCurves: the 251 raw curves and the head.

Reads the form of the public ARKitRemap dump (github.com/Dylanyz/ARKitRemap, UE 5.8), which our editor scripts
write too: ``{"metadata": {"sequenceLengthSeconds": ..., "numFrames": ...}, "curves": {name: {"t": [...],
"v": [...]}}}``, seconds and values of sparse keys, since Animator strips the keys that linear interpolation
restores. A second public form, ``{"raw_keys": {name: {"times": [...], "values": [...]}}, "dense": ...}`` at
60 frames per second, is read too; of it only the outline is known, so its length is that of its keys.
Does not clamp and does not know GUI controls: see `rig_maps.raw_to_gui`.
"""

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from cstalk_ue.errors import CurveFormatError
from cstalk_ue.rig import HEAD_CURVES, neutral_head, rig_table
from cstalk_ue.rig_maps import raw_curve_names
from cstalk_ue.take import RigCurves

SLOWEST_FPS, FASTEST_FPS, MAX_FRAMES = 1, 1000, 1_000_000
"""A file outside these (nine hours at 30 fps) has damaged metadata."""

RAW_KEYS_FPS = 60.0
"""Rate of the form with ``raw_keys``, as published; it does not say so itself."""

_REMEDY = "Export the animation sequence again."
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class AnimatorCurves:
    """One solve, sampled at a fixed rate.

    Attributes:
        raw: the 251 raw curves in Unreal's names and DNA order, not clamped: a solve dips below 0.
        head: `HEAD_CURVES` in degrees and centimetres, on the same clock.
        keyed: names of the raw curves that have keys; the others hold their neutral value throughout.
        ignored: curves of the file that are neither raw nor head curves, as the file spells them.
        metadata: what the file says about itself.
        own_fps, own_frames: rate and length of the solve itself.
    """

    raw: RigCurves
    head: RigCurves
    keyed: tuple[str, ...]
    ignored: tuple[str, ...]
    metadata: Mapping[str, Any]
    own_fps: float
    own_frames: int


def read_animator_json(path: Path, *, fps: float | None = None) -> AnimatorCurves:
    """Read a solve and sample it linearly at `fps`, or at its own rate ``numFrames / sequenceLengthSeconds``.

    Frame k is at k / fps; a key at the very end of the sequence only closes the last frame. Outside its keys
    a curve holds its first or last value. Curves without keys, or absent from the file, are at rest: raw
    curves 0 (the two noseWrinkleUpper 1), head curves as in `neutral_head`. Names are matched in any case.

    Raises:
        CurveFormatError: the file is no such JSON, its keys are damaged or unsorted, or fps is not positive.
    """
    data = _load(path)
    if isinstance(data, dict) and "raw_keys" in data:
        keys, ignored = _keys_by_curve(_member(data, "raw_keys", f"{path}"), path, ("times", "values"))
        metadata = data.get("metadata") if isinstance(data.get("metadata"), dict) else {}
        assert isinstance(metadata, dict)
        last = max((float(times[-1]) for times, _ in keys.values() if len(times)), default=0.0)
        frames, own_fps = math.floor(last * RAW_KEYS_FPS + 1e-3) + 1, RAW_KEYS_FPS
        seconds = frames / own_fps
    else:
        metadata = _member(data, "metadata", f"{path}")
        seconds, own_fps = _clock(metadata, path)
        keys, ignored = _keys_by_curve(_member(data, "curves", f"{path}"), path, ("t", "v"))
    return sample_keys(path, keys, ignored, metadata, seconds=seconds, own_fps=own_fps, fps=fps)


def sample_keys(
    path: Path,
    keys: Mapping[str, tuple[np.ndarray, np.ndarray]],
    ignored: tuple[str, ...],
    metadata: Mapping[str, Any],
    *,
    seconds: float,
    own_fps: float,
    fps: float | None,
) -> AnimatorCurves:
    """Key times and values by our name of the curve → all raw and head curves at a fixed rate.

    Raises:
        CurveFormatError: fps is not positive, or there would be more than `MAX_FRAMES`.
    """
    rate = own_fps if fps is None else fps
    if not (math.isfinite(rate) and rate > 0):
        raise CurveFormatError(f"fps is {rate}; expected a positive number.")
    if seconds * rate > MAX_FRAMES:
        raise CurveFormatError(
            f"{path}: {seconds:g} s at {rate:g} fps is over {MAX_FRAMES} frames. "
            "Ask for fewer fps, or split the take."
        )
    times = np.arange(max(1, round(seconds * rate))) / rate
    values = {name: np.interp(times, key_times, v) for name, (key_times, v) in keys.items() if len(key_times)}
    raw = np.stack(
        [values.get(name, np.full(len(times), rest)) for name, rest in _raw_at_rest().items()], axis=1
    )
    head = neutral_head(len(times), rate).values.copy()
    for column, name in enumerate(HEAD_CURVES):
        if name in values:
            head[:, column] = values[name]
    return AnimatorCurves(
        raw=RigCurves(raw, raw_curve_names(), rate),
        head=RigCurves(head, HEAD_CURVES, rate),
        keyed=tuple(name for name in raw_curve_names() if name in values),
        ignored=ignored,
        metadata=MappingProxyType(dict(metadata)),
        own_fps=own_fps,
        own_frames=max(1, round(seconds * own_fps)),
    )


@functools.cache
def _raw_at_rest() -> dict[str, float]:
    return {row["curve_name"]: float(row["neutral"]) for row in rig_table("raw_controls.csv")}


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CurveFormatError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise CurveFormatError(f"{path}: is not JSON ({error}). {_REMEDY}") from error


def _member(data: Any, key: str, where: str) -> dict[str, Any]:
    member = data.get(key) if isinstance(data, dict) else None
    if not isinstance(member, dict):
        raise CurveFormatError(f"{where}: has no object {key!r}; expected 'metadata' and 'curves'. {_REMEDY}")
    return member


def _clock(metadata: Mapping[str, Any], path: Path) -> tuple[float, float]:
    """Length in seconds and the take's own frames per second."""
    seconds = _positive(metadata, "sequenceLengthSeconds", path)
    own_fps = _positive(metadata, "numFrames", path) / seconds
    if not SLOWEST_FPS <= own_fps <= FASTEST_FPS:
        raise CurveFormatError(
            f"{path}: numFrames over sequenceLengthSeconds is {own_fps:g} fps; "
            f"expected {SLOWEST_FPS} to {FASTEST_FPS}. {_REMEDY}"
        )
    return seconds, own_fps


def _positive(metadata: Mapping[str, Any], key: str, path: Path) -> float:
    value = metadata.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LARGEST:
        raise CurveFormatError(f"{path}: metadata {key} is {value!r}; expected a positive number. {_REMEDY}")
    return float(value)


def _keys_by_curve(
    curves: Mapping[str, Any], path: Path, members: tuple[str, str]
) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], tuple[str, ...]]:
    """Key times and values by our name of the curve, and the names that are not ours."""
    known = {name.casefold(): name for name in (*raw_curve_names(), *HEAD_CURVES)}
    keys: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    ignored = []
    for spelled, curve in curves.items():
        name = known.get(spelled.casefold().replace(".", "_"))
        if name is None:
            ignored.append(spelled)
            continue
        if name in keys:
            raise CurveFormatError(f"{path}: curve {spelled!r} is there twice, in two spellings. {_REMEDY}")
        keys[name] = _keys(curve, f"{path}: curve {spelled}", members)
    if not keys:
        raise CurveFormatError(
            f"{path}: none of its {len(curves)} curves is a CTRL_expressions_* or head curve. "
            "Export the face animation, not the body's."
        )
    return keys, tuple(ignored)


def _keys(curve: Any, where: str, members: tuple[str, str]) -> tuple[np.ndarray, np.ndarray]:
    times, values = (_numbers(curve, member, where) for member in members)
    if len(times) != len(values):
        raise CurveFormatError(
            f"{where}: {len(times)} times for {len(values)} values; expected as many. {_REMEDY}"
        )
    falls = np.flatnonzero(np.diff(times) <= 0)
    if len(falls):
        key = int(falls[0]) + 1
        raise CurveFormatError(
            f"{where}: key {key} at {times[key]:g} s follows one at {times[key - 1]:g} s; "
            f"expected rising times. {_REMEDY}"
        )
    return times, values


def _numbers(curve: Any, member: str, where: str) -> np.ndarray:
    """One list of JSON numbers as float64; anything a float32 curve cannot hold is refused."""
    numbers = curve.get(member) if isinstance(curve, dict) else None
    if not isinstance(numbers, list):
        raise CurveFormatError(f"{where}: has no list {member!r}; expected times and values. {_REMEDY}")
    for key, number in enumerate(numbers):
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= _LARGEST:
            raise CurveFormatError(f"{where}: key {key} has {number!r}; expected a finite number. {_REMEDY}")
    return np.array(numbers, dtype=np.float64)
