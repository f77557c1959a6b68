"""One face, two vocabularies: GUI controls ↔ raw curves.

GUI controls are what an animator dials (rig.py), raw curves are the 251 ``CTRL_expressions_*`` an Unreal
AnimSequence stores. Every number comes from ``rigmaps/gui_to_raw.csv`` (SOURCES.md). Knows nothing about what
a phone measures (see arkit_maps.py), files or takes.
"""

import functools
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cstalk_ue.errors import RigError
from cstalk_ue.rig import clamp, closest_name, complete, control_defaults, control_names, rig_table
from cstalk_ue.take import RigCurves


@functools.cache
def raw_curve_names() -> tuple[str, ...]:
    """The 251 raw curves in Unreal's names, in the order of the DNA."""
    return tuple(row["curve_name"] for row in rig_table("raw_controls.csv"))


def find_raw_curve(name: str) -> str:
    """Unreal's name of a raw curve, given in any case or as the DNA writes it (``CTRL_expressions.jawOpen``).

    Raises:
        RigError: no raw curve is called that.
    """
    return raw_curve_names()[_find(name, raw_curve_names(), "raw curve")]


def controls_reaching(raw_names: Iterable[str]) -> tuple[str, ...]:
    """GUI controls with at least one row of the table into any of these raw curves, in rig order.

    Raises:
        RigError: a name is not a raw curve.
    """
    wanted = {find_raw_curve(name) for name in raw_names}
    reaching = {row.gui for run in _runs() for row in run if row.raw in wanted}
    return tuple(name for name in control_names() if name in reaching)


def _fold(name: str) -> str:
    return name.replace(".", "_").casefold()


@functools.cache
def _indices(names: tuple[str, ...]) -> dict[str, int]:
    return {_fold(name): index for index, name in enumerate(names)}


def _find(name: str, names: tuple[str, ...], kind: str) -> int:
    index = _indices(names).get(_fold(name))
    if index is None:
        raise RigError(
            f"{name!r} is not a known {kind}.{closest_name(name, names)} Select the {kind}s first."
        )
    return index


def weights_by_name(curves: RigCurves, names: tuple[str, ...], kind: str) -> np.ndarray:
    """Curves as ``(names, frames)`` float32 in the order of `names`, held to 0..1; absent ones are 0.

    Names are taken in any case and dotted; `kind` says in the error what they are.

    Raises:
        RigError: a curve is not one of `names`, or is given twice in two spellings.
    """
    rows = [_find(name, names, kind) for name in curves.controls]
    if len(set(rows)) != len(rows):
        doubled = next(name for name, row in zip(curves.controls, rows, strict=True) if rows.count(row) > 1)
        raise RigError(f"{doubled!r} is given twice, in two spellings. Keep one of them.")
    weights = np.zeros((len(names), curves.frames), dtype=np.float32)
    weights[rows] = np.clip(curves.values, 0, 1).T
    return weights


@dataclass(frozen=True)
class _Row:
    """``raw += slope * gui + cut`` while ``start <= gui <= end``; float32 as in the DNA."""

    gui: str
    raw: str
    start: np.float32
    end: np.float32
    slope: np.float32
    cut: np.float32


@functools.cache
def _runs() -> tuple[tuple[_Row, ...], ...]:
    """Rows of the table, grouped into runs of consecutive rows with the same GUI control and raw curve."""
    rows = []
    for fact in rig_table("gui_to_raw.csv"):
        start, end = sorted((np.float32(fact["from"]), np.float32(fact["to"])))
        rows.append(
            _Row(
                fact["gui_name"],
                fact["raw_name"],
                start,
                end,
                np.float32(fact["slope"]),
                np.float32(fact["cut"]),
            )
        )
    return tuple(tuple(run) for _, run in itertools.groupby(rows, key=lambda row: (row.gui, row.raw)))


def gui_to_raw(curves: RigCurves) -> RigCurves:
    """GUI controls → the 251 raw curves of the same face, each 0..1, in `raw_curve_names()` order.

    Any subset of the 185 will do: absent controls rest at their default, and all are held to their range
    first, because outside its windows a row of the table gives 0. In a run the first matching row wins.

    Raises:
        RigError: a curve is not a control of the rig.
    """
    # One contiguous row per control: the loop below then runs over table rows, never over frames.
    gui = np.ascontiguousarray(clamp(complete(curves)).values.T)  # (controls, frames)
    position = dict(zip(control_names(), gui, strict=True))
    raw = np.zeros((len(raw_curve_names()), curves.frames), dtype=np.float32)
    output = dict(zip(raw_curve_names(), raw, strict=True))
    for run in _runs():
        x = position[run[0].gui]
        waiting = np.ones(curves.frames, dtype=bool)
        for row in run:
            hit = waiting & (x >= row.start) & (x <= row.end)
            np.add(output[row.raw], row.slope * x + row.cut, out=output[row.raw], where=hit)
            waiting &= ~hit
    return curves.replace(values=np.clip(raw, 0, 1).T, controls=raw_curve_names())


@dataclass(frozen=True)
class _Segment:
    """A stretch of one GUI control in which each of its raw curves is ``slope * gui + cut``."""

    start: float
    end: float
    slopes: np.ndarray  # (raws,)
    cuts: np.ndarray  # (raws,)


@functools.cache
def _rows_by_control() -> dict[str, tuple[_Row, ...]]:
    by_control: dict[str, list[_Row]] = {}
    for row in itertools.chain.from_iterable(_runs()):
        by_control.setdefault(row.gui, []).append(row)
    return {name: tuple(rows) for name, rows in by_control.items()}


def _is_straight(rows: Sequence[_Row]) -> bool:
    """Whether a control has at most one ramp on either side of 0, so that adding the halves inverts it."""
    sides = {row.start >= 0 for row in rows}
    return all(row.cut == 0 for row in rows) and len({row.raw for row in rows}) == len(rows) == len(sides)


def _segments(rows: Sequence[_Row], raws: Sequence[str]) -> tuple[_Segment, ...]:
    knots = sorted({float(knot) for row in rows for knot in (row.start, row.end)})
    segments = []
    for start, end in itertools.pairwise(knots):
        middle = (start + end) / 2
        slopes, cuts = np.zeros(len(raws)), np.zeros(len(raws))
        # Backwards, so that the first matching row of a run has the last word.
        for row in reversed(rows):
            if row.start <= middle <= row.end:
                slopes[raws.index(row.raw)], cuts[raws.index(row.raw)] = row.slope, row.cut
        segments.append(_Segment(start, end, slopes, cuts))
    return tuple(segments)


def _nearest_position(segments: Sequence[_Segment], raw: np.ndarray) -> np.ndarray:
    """The position that reproduces `raw` ``(raws, frames)`` best by least squares; ``(frames,)``."""
    best = np.full(raw.shape[1], np.inf)
    position = np.zeros(raw.shape[1])
    for segment in segments:
        slopes, cuts = segment.slopes[:, None], segment.cuts[:, None]
        along = (slopes * (raw - cuts)).sum(axis=0) / max((slopes**2).sum(), 1e-12)
        along = np.clip(along, segment.start, segment.end)
        residual = ((slopes * along + cuts - raw) ** 2).sum(axis=0)
        better = residual < best
        best, position = np.where(better, residual, best), np.where(better, along, position)
    return position


def raw_to_gui(curves: RigCurves) -> RigCurves:
    """Raw curves → all 185 GUI controls, the inverse of `gui_to_raw`.

    Values are held to 0..1 first (an Animator solve dips below 0); names may be in any case or dotted, and
    absent raw curves are 0, also the two noseWrinkleUpper that rest at 1. A two-sided control is its positive
    half minus its negative half: where a solve has both on, raw → GUI → raw changes each by the smaller one.
    The phased controls (lipSticky, neck_swallow) take the position that reproduces their phases best; a
    swallow at 1 has the same raw values as one at 0 and comes back as 0. Controls without raw curves come
    back at their default.

    Raises:
        RigError: a curve is not a raw curve (head curves are not), or is given twice in two spellings.
    """
    raw = dict(zip(raw_curve_names(), weights_by_name(curves, raw_curve_names(), "raw curve"), strict=True))
    gui = np.repeat(control_defaults()[:, None], curves.frames, axis=1)  # (controls, frames)
    position = dict(zip(control_names(), gui, strict=True))
    for name, rows in _rows_by_control().items():
        if _is_straight(rows):
            position[name][:] = sum(raw[row.raw] / row.slope for row in rows)
        else:
            raws = tuple(dict.fromkeys(row.raw for row in rows))
            phases = np.stack([raw[phase] for phase in raws]).astype(np.float64)
            position[name][:] = _nearest_position(_segments(rows, raws), phases)
    return clamp(curves.replace(values=gui.T, controls=control_names()))
