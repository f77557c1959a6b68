"""FacePerformance ↔ ``NAME.csv``: one row per frame, for people, spreadsheets, Maya and Blender.

    frame,time_seconds,<185 control names>,<9 head curves>

Decimal points, six decimals, LF, UTF-8. The file has no place for provenance; the npz has.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cstalk_ue.errors import CurveFormatError
from cstalk_ue.rig import HEAD_CURVES, complete, control_names
from cstalk_ue.storage import whole_file
from cstalk_ue.take import FacePerformance, RigCurves

DECIMALS = 6
_ROWS_AT_ONCE = 1000
_RATES = (*range(1, 241), *(rate * 1000 / 1001 for rate in (24, 30, 48, 60, 120, 240)))
"""Frame rates to try first, so that 29.97 comes back as 30000/1001 and not as 29.97003."""


def write_table_csv(path: Path, performance: FacePerformance, *, provenance: Mapping[str, Any]) -> None:
    """Write a performance as a table; controls it lacks are written at rest.

    Raises:
        ExportError: the file cannot be written.
        CurveFormatError: head curves are missing.
        RigError: a curve is not a control of the rig.
    """
    face = complete(performance.face)
    head = performance.head.select(HEAD_CURVES)
    columns = np.column_stack((face.times, face.values, head.values))  # float64: times need it
    # One format string per row is six times faster than pandas.to_csv (1.4 s against 7.9 s for 18000 rows).
    row_format = ",".join(["%d", *[f"%.{DECIMALS}f"] * columns.shape[1]])
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(("frame", "time_seconds", *face.controls, *head.controls)) + "\n")
        for start in range(0, face.frames, _ROWS_AT_ONCE):
            rows = np.round(columns[start : start + _ROWS_AT_ONCE], DECIMALS) + 0.0  # + 0.0: no "-0.000000"
            lines = (row_format % (frame, *row) for frame, row in enumerate(rows.tolist(), start=start))
            file.write("\n".join(lines) + "\n")


def read_table_csv(path: Path, *, fps: float | None = None) -> FacePerformance:
    """Read such a table, also one that a person edited: columns in any order, BOM and CRLF allowed.

    Args:
        fps: the frame rate; None takes it from the times, which needs two rows.

    Raises:
        CurveFormatError: a column is missing or unknown, or a row is bad; rows are counted as a spreadsheet
            counts them, the header being row 1.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            names = _check_header(path, next(rows, []))
            values = np.array(list(_parse_rows(path, rows, len(names))), dtype=np.float64)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CurveFormatError(
            f"{path}: cannot be read as a table ({error}). Save it as UTF-8 CSV."
        ) from error
    if len(values) == 0:
        raise CurveFormatError(
            f"{path}: has a header but no rows; expected one row per frame. Export it again."
        )
    position = {name: column for column, name in enumerate(names)}
    _check_frames(path, values[:, position["frame"]])
    times = values[:, position["time_seconds"]]
    fps = _infer_fps(path, times) if fps is None else fps
    _check_times(path, times, fps)

    def curves(controls: tuple[str, ...]) -> RigCurves:
        return RigCurves(values[:, [position[name] for name in controls]], controls, fps, float(times[0]))

    return FacePerformance(curves(control_names()), curves(HEAD_CURVES))


def _check_header(path: Path, header: list[str]) -> list[str]:
    names = [name.strip() for name in header]
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise CurveFormatError(
            f"{path}: columns are not separated by commas. Save it with commas and decimal points."
        )
    expected = ("frame", "time_seconds", *control_names(), *HEAD_CURVES)
    faults = {
        "lacks": [name for name in expected if name not in names],
        "does not know": [name for name in names if name not in expected],
        "repeats": sorted({name for name in names if names.count(name) > 1}),
    }
    for fault, which in faults.items():
        if which:
            more = f" and {len(which) - 3} more" if len(which) > 3 else ""
            raise CurveFormatError(
                f"{path}: the header {fault} {', '.join(map(repr, which[:3]))}{more}; expected frame, "
                f"time_seconds, {len(control_names())} controls and {len(HEAD_CURVES)} head curves."
            )
    return names


def _parse_rows(path: Path, rows: Iterator[list[str]], width: int) -> Iterator[np.ndarray]:
    for number, row in enumerate(rows, start=2):
        if not row:
            continue  # a blank line, usually the last
        if len(row) != width:
            raise CurveFormatError(
                f"{path}: row {number} has {len(row)} values, the header has {width}. Repair the row."
            )
        try:
            values = np.array([float(cell) for cell in row])
        except ValueError as error:
            raise CurveFormatError(
                f"{path}: row {number}: {error}; expected a number. Repair the row."
            ) from error
        if not np.isfinite(values).all():
            raise CurveFormatError(
                f"{path}: row {number} holds NaN or infinity; expected numbers. Repair the row."
            )
        yield values


def _check_frames(path: Path, numbers: np.ndarray) -> None:
    wrong = np.flatnonzero(numbers != numbers[0] + np.arange(len(numbers)))
    if len(wrong):
        at = int(wrong[0])
        raise CurveFormatError(
            f"{path}: row {at + 2} is frame {numbers[at]:g}; expected {numbers[0] + at:g}. "
            "Put the rows in order."
        )


def _infer_fps(path: Path, times: np.ndarray) -> float:
    if len(times) < 2 or times[-1] <= times[0]:
        raise CurveFormatError(
            f"{path}: its times give no frame rate; expected two rows that rise. Say the fps."
        )
    measured = (len(times) - 1) / float(times[-1] - times[0])
    nearest = min(_RATES, key=lambda rate: abs(rate - measured))
    rounded = times[0] + np.arange(len(times)) / nearest
    return float(nearest) if np.abs(rounded - times).max() <= 1.5 * 10**-DECIMALS else measured


def _check_times(path: Path, times: np.ndarray, fps: float) -> None:
    off = np.abs(times - times[0] - np.arange(len(times)) / fps)
    if off.max() > 0.1 / fps:
        at = int(np.argmax(off > 0.1 / fps))
        raise CurveFormatError(
            f"{path}: row {at + 2} is at {times[at]:.6f} s; expected {times[0] + at / fps:.6f} at "
            f"{fps:g} fps. Resample it to a steady rate."
        )
