"""The face rig: 185 GUI controls of a MetaHuman and the head curves beside them.

Names, regions, ranges and defaults come from `rigmaps/controls.csv`, whose row order is the order of the
controls everywhere. 174 are in a MetaHuman's DNA; 11 are on Unreal's face board only and are flagged, because
that they complete the 185 is our reconstruction. Knows nothing about other vocabularies: raw curves and ARKit
shapes are in rig_maps.py and arkit_maps.py.
"""

import csv
import difflib
import functools
import importlib.resources
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cstalk_ue.errors import RigError
from cstalk_ue.take import RigCurves

HEAD_CURVES: tuple[str, ...] = (
    "HeadYaw",
    "HeadPitch",
    "HeadRoll",
    "HeadTranslationX",
    "HeadTranslationY",
    "HeadTranslationZ",
    "HeadControlSwitch",
    "MHFDSVersion",
    "DisableFaceOverride",
)
"""Curves that Unreal keeps beside the face, in degrees and centimetres, then three switches."""


@dataclass(frozen=True)
class Control:
    """One scalar of the rig.

    Attributes:
        name: how it is addressed, such as ``CTRL_L_brow_down.ty``.
        control, axis: the two parts of the name; the axis is ``tx``, ``ty`` or ``transform``.
        region: part of the face, one of `region_names()`. The labels are ours.
        side: ``L``, ``R`` or ``C``.
        minimum, maximum, default: its range and its value at rest.
        animator_driven: MetaHuman Animator keys it on the public reference solve (116 of them).
        flagged: on the face board only, not in the DNA (11 of them).
    """

    name: str
    control: str
    axis: str
    region: str
    side: str
    minimum: float
    maximum: float
    default: float
    animator_driven: bool
    flagged: bool


@functools.cache
def rig_table(name: str) -> tuple[Mapping[str, str], ...]:
    """Rows of one table of `rigmaps/`, such as ``controls.csv``, as text by column. Read once.

    Raises:
        RigError: the table is not installed.
    """
    table = importlib.resources.files("rigmaps").joinpath(name)
    try:
        lines = table.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise RigError(f"rig table {name!r} is missing from rigmaps. Reinstall the package.") from None
    return tuple(MappingProxyType(row) for row in csv.DictReader(lines))


@functools.cache
def controls() -> tuple[Control, ...]:
    """All 185 controls in order."""
    return tuple(
        Control(
            name=row["name"],
            control=row["control"],
            axis=row["axis"],
            region=row["region"],
            side=row["side"],
            minimum=float(row["min"]),
            maximum=float(row["max"]),
            default=float(row["default"]),
            animator_driven=row["animator_driven"] == "1",
            flagged=row["flagged"] == "1",
        )
        for row in rig_table("controls.csv")
    )


@functools.cache
def control_names() -> tuple[str, ...]:
    """Names of all 185 controls in order."""
    return tuple(control.name for control in controls())


@functools.cache
def _control_indices() -> dict[str, int]:
    return {name: index for index, name in enumerate(control_names())}


def find_control(name: str) -> Control:
    """The control of this exact name.

    Raises:
        RigError: there is none; the message suggests a near name.
    """
    index = _control_indices().get(name)
    if index is None:
        raise RigError(f"no control {name!r} on the rig.{closest_name(name, control_names())}")
    return controls()[index]


def closest_name(name: str, known: Iterable[str]) -> str:
    """A sentence for an error message, `` Did you mean 'x'?``, or nothing if no known name is near."""
    folded = {other.casefold(): other for other in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f" Did you mean {folded[near[0]]!r}?" if near else ""


@functools.cache
def control_limits() -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest value of every control, two read-only arrays ``(185,)`` float32."""
    return (
        _frozen([control.minimum for control in controls()]),
        _frozen([control.maximum for control in controls()]),
    )


@functools.cache
def control_defaults() -> np.ndarray:
    """Every control at rest, read-only ``(185,)`` float32: 0, except 1 for the two nose_wrinkleUpper."""
    return _frozen([control.default for control in controls()])


def _frozen(numbers: list[float]) -> np.ndarray:
    array = np.array(numbers, dtype=np.float32)
    array.flags.writeable = False
    return array


@functools.cache
def region_names() -> tuple[str, ...]:
    """Every region once, in the order of the controls."""
    return tuple(dict.fromkeys(control.region for control in controls()))


def controls_of(region: str | None = None, side: str | None = None) -> tuple[Control, ...]:
    """The controls of a region, of a side (``L``, ``R``, ``C``) or of both at once; without either, all.

    Raises:
        RigError: no control has this region or this side.
    """
    for what, value, known in (("region", region, region_names()), ("side", side, ("L", "R", "C"))):
        if value is not None and value not in known:
            raise RigError(f"no {what} {value!r} on the rig. Known: {', '.join(known)}.")
    return tuple(c for c in controls() if region in (None, c.region) and side in (None, c.side))


def neutral_curves(frames: int, fps: float) -> RigCurves:
    """The face at rest: all 185 controls at their defaults.

    Raises:
        CurveFormatError: no frames, or fps is not a positive number.
    """
    return RigCurves(np.tile(control_defaults(), (frames, 1)), control_names(), fps)


@functools.cache
def _head_defaults() -> np.ndarray:
    defaults = {row["name"]: float(row["default"]) for row in rig_table("head_curves.csv")}
    return _frozen([defaults[name] for name in HEAD_CURVES])


def neutral_head(frames: int, fps: float) -> RigCurves:
    """The head at rest: `HEAD_CURVES` at 0, its three switches at 1.

    Raises:
        CurveFormatError: no frames, or fps is not a positive number.
    """
    return RigCurves(np.tile(_head_defaults(), (frames, 1)), HEAD_CURVES, fps)


def complete(curves: RigCurves) -> RigCurves:
    """The same frames with all 185 controls in order; absent ones rest at their default.

    Raises:
        RigError: a curve is not a control of the rig.
    """
    if curves.controls == control_names():
        return curves
    columns = _columns(curves)
    values = np.tile(control_defaults(), (curves.frames, 1))
    values[:, columns] = curves.values
    return curves.replace(values=values, controls=control_names())


def clamp(curves: RigCurves) -> RigCurves:
    """The same controls, each held to its range.

    Raises:
        RigError: a curve is not a control of the rig.
    """
    lowest, highest = _limits_of(curves)
    return curves.replace(values=np.clip(curves.values, lowest, highest))


def clamp_report(curves: RigCurves) -> dict[str, int]:
    """In how many frames `clamp` changes each control; controls it leaves alone are not listed.

    Raises:
        RigError: a curve is not a control of the rig.
    """
    lowest, highest = _limits_of(curves)
    counts = ((curves.values < lowest) | (curves.values > highest)).sum(axis=0)
    return {name: int(count) for name, count in zip(curves.controls, counts, strict=True) if count}


def _limits_of(curves: RigCurves) -> tuple[np.ndarray, np.ndarray]:
    columns = _columns(curves)
    lowest, highest = control_limits()
    return lowest[columns], highest[columns]


def _columns(curves: RigCurves) -> list[int]:
    for name in curves.controls:
        find_control(name)
    return [_control_indices()[name] for name in curves.controls]
