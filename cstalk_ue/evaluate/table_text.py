"""A table as text, Markdown and CSV: mean and spread over seeds, definitions, the paper's order.

Knows nothing about how figures were found (see table_runs.py).
"""

import csv
import io
import math
from collections.abc import Iterator, Sequence

from cstalk_ue.evaluate.figure import Measure
from cstalk_ue.evaluate.ordering import judge_claims
from cstalk_ue.evaluate.report_text import aligned_rows, fitting_digits
from cstalk_ue.evaluate.results import Evaluation
from cstalk_ue.evaluate.table_plan import Row, TablePlan

COLUMNS = (
    "lve_mm", "eve_mm", "lip_velocity_mm_s", "upper_velocity_mm_s", "fdd_mm", "fdd_absolute_mm", "rmse",
    "closed", "silent_motion_mm_s", "emotion_accuracy", "correlation_accuracy", "score_distance",
)  # fmt: skip
"""Keys of the measures that are columns, where they could be measured."""


def table_text(plan: TablePlan, evaluation: Evaluation, command: str = "") -> str:
    """The table for a terminal, with everything that belongs to it below."""
    rows = table_rows(plan, evaluation)
    lines = [plan.title, "", *aligned_rows(rows), "", *notes(plan, evaluation, command)]
    return "\n".join(lines)


def table_markdown(plan: TablePlan, evaluation: Evaluation, command: str = "") -> str:
    """The same in Markdown."""
    rows = table_rows(plan, evaluation)
    lines = [
        f"## {plan.title}",
        "",
        _markdown_row(rows[0]),
        _markdown_row(["---"] + ["--:"] * (len(rows[0]) - 1)),
    ]
    lines += [_markdown_row(row) for row in rows[1:]]
    verdicts = verdict_table(plan, evaluation)
    if verdicts:
        lines += ["", "### The paper's order", ""]
        lines += [_markdown_row(verdicts[0]), _markdown_row(["---"] * 3 + ["--:"] * 3 + ["---"])]
        lines += [_markdown_row(row) for row in verdicts[1:]]
    lines += ["", *(f"* {line}" for line in notes(plan, evaluation, "", verdicts=False))]
    if command:
        lines += ["", "```", command, "```"]
    return "\n".join(lines) + "\n"


def table_csv(plan: TablePlan, evaluation: Evaluation) -> str:
    """One row per method, seed and measure, with the mean and spread over seeds beside."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["table", "method", "label", "seed", "measure", "unit", "value", "low", "high", "takes",
         "mean_over_seeds", "sd_over_seeds", "seeds"]
    )  # fmt: skip
    for row in plan.rows:
        for measure in evaluation.measures:
            results = evaluation.of_method(row.name)
            if not results:
                continue
            spread = evaluation.spread(row.name, measure)
            for result in results:
                figure = result.figure(measure)
                numbers = [figure.value, figure.low, figure.high, figure.takes, spread.mean, spread.deviation]
                seed = "" if result.seed is None else result.seed
                about = [plan.number, row.name, row.label, seed, measure.key, measure.unit]
                writer.writerow([*about, *map(_number, numbers), spread.seeds])
    return out.getvalue()


def notes(
    plan: TablePlan, evaluation: Evaluation, command: str = "", *, verdicts: bool = True
) -> Iterator[str]:
    """Rows, definitions, verdicts and the command, one line each."""
    for row in plan.rows:
        results = evaluation.of_method(row.name)
        if row.note and results:
            weights = results[0].facts.get("generator_parameters") if row.trained else None
            size = f" ({weights:,} weights behind the speech features)" if weights else ""
            yield f"{row.label}: {row.note}{size}."
    for measure in _columns(evaluation):
        yield f"{measure.label}: {measure.definition} [{measure.unit}; {measure.space}; {measure.pooling}]"
    takes = {len(result.takes) for result in evaluation.results}
    yield (
        f"Over {max(takes, default=0)} takes of the split {evaluation.split} of {evaluation.data_set} "
        f"(digest {evaluation.digest[:12]}). After ± the standard deviation over seeds; intervals over takes "
        "are in the "
        'CSV and the JSON. "Paper" is what the paper prints for its own data, face and encoder; it cannot be '
        "compared with the other columns."
    )
    missing = [(result.method, len(result.missing)) for result in evaluation.results if result.missing]
    for name, count in dict(missing).items():
        yield (
            f"{name} could not predict {count} takes, for want of sound or phones; its figures are over the "
            "others."
        )
    found = verdict_table(plan, evaluation) if verdicts else []
    if found:
        yield "The paper's order, row by row: error of the second minus that of the first, on the same takes."
        yield from aligned_rows(found)
    if command:
        yield f"Made by: {command}"


def verdict_table(plan: TablePlan, evaluation: Evaluation) -> list[list[str]]:
    """Head and one row per claim of the paper's order: what, how large, how sure; nothing without a claim."""
    labels = {row.name: row.label for row in plan.rows}
    measures = {measure.key: measure for measure in evaluation.measures}
    rows = [["measure", "less error", "than", "difference", "95 % over takes", "seeds", "verdict"]]
    for verdict in judge_claims(evaluation, plan.claims):
        measure = measures[verdict.claim.measure]
        digits = fitting_digits(verdict.high - verdict.low)
        rows.append(
            [
                measure.label,
                labels[verdict.claim.better],
                labels[verdict.claim.worse],
                f"{verdict.difference:+.{digits}f} {measure.unit}",
                f"{verdict.low:+.{digits}f} .. {verdict.high:+.{digits}f}",
                f"{verdict.agreeing} of {verdict.seeds}",
                verdict.word,
            ]
        )
    return rows if len(rows) > 1 else []


def table_rows(plan: TablePlan, evaluation: Evaluation) -> list[list[str]]:
    """Head and rows of the table, as texts."""
    return list(_cells(plan, evaluation))


def _cells(plan: TablePlan, evaluation: Evaluation) -> Iterator[list[str]]:
    columns = _columns(evaluation)
    published = any(row.published for row in plan.rows)
    head = [f"{measure.label} ({measure.unit}){_ARROWS[measure.better]}" for measure in columns]
    yield ["method", *head, *(["paper LVE", "paper EVE"] if published else [])]
    for row in plan.rows:
        if evaluation.of_method(row.name):
            yield [row.label, *(_cell(evaluation, row, m) for m in columns), *_published(row, published)]


_ARROWS = {"lower": " ↓", "higher": " ↑", "zero": ""}


def _columns(evaluation: Evaluation) -> list[Measure]:
    """Those of `COLUMNS` that some method has."""
    by_key = {measure.key: measure for measure in evaluation.measures}
    return [
        by_key[key]
        for key in COLUMNS
        if key in by_key and any(result.figure(by_key[key]).takes for result in evaluation.results)
    ]


def _cell(evaluation: Evaluation, row: Row, measure: Measure) -> str:
    spread = evaluation.spread(row.name, measure)
    if not math.isfinite(spread.mean):
        return "-"
    if not math.isfinite(spread.deviation):
        return f"{spread.mean:.3f}"
    digits = max(2, min(4, fitting_digits(spread.deviation)))
    return f"{spread.mean:.{digits}f} ± {spread.deviation:.{digits}f}"


def _published(row: Row, wanted: bool) -> list[str]:
    if not wanted:
        return []
    return ["-", "-"] if row.published is None else [f"{value:.3f}" for value in row.published]


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _number(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else ""
