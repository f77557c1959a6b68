"""An evaluation as text for a terminal: measures as rows, methods as columns, then what every number is.

Knows nothing about HTML and Markdown (see table_text.py, run_page.py).
"""

import math
from collections.abc import Iterator, Sequence

from cstalk_ue.evaluate.figure import Figure
from cstalk_ue.evaluate.results import Evaluation, MethodResult


def report_text(evaluation: Evaluation, *, regions: bool = False) -> str:
    """The figures of every method with their intervals, and the definitions.

    Args:
        regions: also the error of every region of the rig.
    """
    measures = [m for m in evaluation.measures if regions or not m.key.startswith("rmse_")]
    results = evaluation.results
    heads = [name_with_seed(result) for result in results]
    rows = [["", *heads]]
    for measure in measures:
        figures = [result.figure(measure) for result in results]
        if any(figure.takes for figure in figures):
            rows.append([f"{measure.label} ({measure.unit})", *map(with_interval, figures)])
    lines = [
        f"{evaluation.data_set}, split {evaluation.split}, {_takes(results)}",
        "",
        *aligned_rows(rows),
        "",
    ]
    shown = {row[0] for row in rows}
    for measure in measures:
        if f"{measure.label} ({measure.unit})" in shown:
            lines.append(
                f"{measure.label}: {measure.definition} [{measure.unit}; {measure.space}; {measure.pooling}; "
                f"{_DIRECTION[measure.better]}]"
            )
    lines.append("In brackets: 95 % bootstrap interval over takes.")
    lines += [f"Note: {remark}" for remark in evaluation.remarks]
    for result in results:
        if result.missing:
            lines.append(
                f"Note: {result.method} could not predict {len(result.missing)} of "
                f"{len(result.missing) + len(result.takes)} takes (no sound or no {_PHONES}); its figures "
                "are over the others."
            )
    return "\n".join(lines)


_DIRECTION = {"lower": "lower is better", "higher": "higher is better", "zero": "compare with the recording"}
_PHONES = "phones.csv"


def name_with_seed(result: MethodResult) -> str:
    """The method's name, and its seed if it has one."""
    return result.method if result.seed is None else f"{result.method}, seed {result.seed}"


def with_interval(figure: Figure) -> str:
    """Value and interval with digits that fit the width of the interval."""
    if not figure.takes:
        return "-"
    digits = fitting_digits(figure.high - figure.low)
    return f"{figure.value:.{digits}f} [{figure.low:.{digits}f}, {figure.high:.{digits}f}]"


def fitting_digits(width: float) -> int:
    """Digits after the point so that an uncertainty of this width shows two of its own."""
    if not math.isfinite(width) or width <= 0:
        return 3
    return max(0, min(4, 1 - math.floor(math.log10(width))))


def aligned_rows(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows as lines; the first column to the left, the others to the right, two spaces between."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _takes(results: Sequence[MethodResult]) -> str:
    counts = {len(result.takes) + len(result.missing) for result in results}
    return f"{max(counts, default=0)} takes"
