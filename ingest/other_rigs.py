"""Curves of another rig → our 185 controls, through a rigmap: a CSV that says what each of its curves means.

A rigmap has the columns ``source,control,scale`` and may have ``column`` and ``note``. Each row adds `scale`
times a source curve to one of our controls; a source with an empty control is known and left out on purpose.
Controls that no row names stay at rest. ``column`` counts from 1 and names the columns of files that carry no
names themselves. Two rigmaps come with the package (see rigmaps/SOURCES.md); a studio writes its own. Knows
nothing about files of curves (see table.py).
"""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cstalk_ue.errors import CurveFormatError, RigError
from cstalk_ue.rig import clamp, clamp_report, closest_name, control_defaults, control_names, rig_table
from cstalk_ue.take import RigCurves

SHIPPED: Mapping[str, tuple[str, float]] = {
    "facegood": ("rig_facegood.csv", 30.0),
    "emoface": ("rig_emoface.csv", 60.0),
}
"""Rigmaps of the package: table, and frames per second that files of that rig have."""

_NEEDED = ("source", "control", "scale")


@dataclass(frozen=True)
class Rigmap:
    """How another rig's curves move ours.

    Attributes:
        name: for people.
        sources: every curve of the other rig that is known, in the order of the table.
        columns: names of the columns of a file without names, or empty if the rigmap does not say.
        weights: ``(185, sources)`` float64; a control is the weighted sum of the sources, on top of nothing.
        fps: frames per second of its files, or None if the rigmap does not say.
    """

    name: str
    sources: tuple[str, ...]
    columns: tuple[str, ...]
    weights: np.ndarray
    fps: float | None = None

    @property
    def ignored(self) -> tuple[str, ...]:
        """Sources that are known and left out on purpose."""
        used = (self.weights != 0).any(axis=0)
        return tuple(name for name, uses in zip(self.sources, used, strict=True) if not uses)


def load_rigmap(name: str) -> Rigmap:
    """One of `SHIPPED` by its name, or a CSV file by its path.

    Raises:
        RigError: neither, or the table is malformed.
    """
    if name in SHIPPED:
        table, fps = SHIPPED[name]
        return _parse([dict(row) for row in rig_table(table)], name, f"rigmap {name}", fps)
    path = Path(name)
    if path.suffix.casefold() != ".csv":
        raise RigError(
            f"rigmap {name!r}: is none of {', '.join(SHIPPED)} and no CSV file."
            f"{closest_name(name, SHIPPED)} Give one of these names or the path of a table."
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RigError(
            f"{path}: cannot be read as a rigmap ({error}). Check the path; save it as UTF-8."
        ) from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [column for column in _NEEDED if column not in (reader.fieldnames or ())]
    if missing:
        raise RigError(f"{path}: lacks the columns {', '.join(missing)}; expected {', '.join(_NEEDED)}.")
    return _parse(list(reader), path.stem, str(path), None)


def apply_rigmap(curves: RigCurves, rigmap: Rigmap) -> tuple[RigCurves, dict[str, int]]:
    """Curves of the other rig, names in any case → all 185 controls, and how often each was cut to its range.

    Sources that the curves lack count as 0.

    Raises:
        CurveFormatError: a curve is not in the rigmap, or is there twice in two spellings.
    """
    folded = {name.casefold(): index for index, name in enumerate(rigmap.sources)}
    columns: dict[int, int] = {}
    for column, name in enumerate(curves.controls):
        index = folded.get(name.casefold())
        if index is None:
            raise CurveFormatError(
                f"column {column + 1} is {name!r}, which rigmap {rigmap.name} does not know."
                f"{closest_name(name, rigmap.sources)} "
                "Add it to the rigmap; leave its control empty to ignore it."
            )
        if index in columns:
            raise CurveFormatError(
                f"{rigmap.sources[index]!r} is there twice, in two spellings. Keep one of them."
            )
        columns[index] = column
    order = sorted(columns)
    values = curves.values[:, [columns[index] for index in order]] @ rigmap.weights[:, order].T
    driven = (rigmap.weights[:, order] != 0).any(axis=1)
    gui = curves.replace(values=np.where(driven, values, control_defaults()), controls=control_names())
    return clamp(gui), clamp_report(gui)


def _parse(rows: list[dict[str, str]], name: str, where: str, fps: float | None) -> Rigmap:
    sources: list[str] = []
    entries: list[tuple[str, str, float]] = []
    numbers: dict[int, str] = {}
    for line, row in enumerate(rows, start=2):
        source, control, scale = ((row.get(column) or "").strip() for column in _NEEDED)
        if not source:
            raise RigError(f"{where}: row {line} names no source. Name the other rig's curve.")
        if source not in sources:
            sources.append(source)
        _number_column(row, line, source, numbers, where)
        if control:
            entries.append((source, _known(control, line, where), _factor(scale, line, where)))
        elif scale:
            raise RigError(
                f"{where}: row {line} has scale {scale} for no control. Name one, or leave both empty."
            )
    if not entries:
        raise RigError(f"{where}: moves none of our controls. Fill in the columns control and scale.")
    doubled = {name.casefold() for name in sources}
    if len(doubled) < len(sources):
        raise RigError(f"{where}: spells a source in two ways. Use one spelling.")
    weights = np.zeros((len(control_names()), len(sources)))
    for source, control, factor in entries:
        weights[control_names().index(control), sources.index(source)] += factor
    weights.flags.writeable = False
    return Rigmap(name, tuple(sources), _columns(numbers, where), weights, fps)


def _number_column(
    row: Mapping[str, str], line: int, source: str, numbers: dict[int, str], where: str
) -> None:
    text = (row.get("column") or "").strip()
    if not text:
        return
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 100_000:
        raise RigError(f"{where}: row {line} has column {text!r}; expected a number from 1.")
    if numbers.setdefault(int(text), source) != source:
        raise RigError(
            f"{where}: row {line} gives column {text} to {source!r}; it is {numbers[int(text)]!r} already."
        )


def _columns(numbers: Mapping[int, str], where: str) -> tuple[str, ...]:
    if sorted(numbers) != list(range(1, len(numbers) + 1)):
        missing = next(n for n in range(1, len(numbers) + 2) if n not in numbers)
        raise RigError(
            f"{where}: column {missing} is missing among {len(numbers)} columns. Number all or none."
        )
    return tuple(numbers[number] for number in sorted(numbers))


def _known(control: str, line: int, where: str) -> str:
    if control not in control_names():
        raise RigError(
            f"{where}: row {line} moves {control!r}, no control of our rig."
            f"{closest_name(control, control_names())}"
        )
    return control


def _factor(text: str, line: int, where: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = math.nan
    if not math.isfinite(scale) or scale == 0:
        raise RigError(f"{where}: row {line} has scale {text!r}; expected a number other than 0.")
    return scale
