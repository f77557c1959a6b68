"""`cstalk-ue evaluate --table`: train what the paper's tables need, measure it, print them."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cstalk_ue.evaluate.results import Evaluation
    from cstalk_ue.evaluate.table_plan import Row, TablePlan


def print_tables(
    data_set: Path,
    numbers: Sequence[int],
    *,
    work: Path,
    seeds: int,
    split: str,
    preset: str,
    config: Path | None,
    changes: Sequence[str],
    methods: Sequence[str],
    dna: Path | None,
    as_json: bool,
    output: Path | None,
) -> int:
    """Train, measure and print; what is missing in `work` is done first."""
    from cstalk_ue.evaluate.stored_tables import tables_json
    from cstalk_ue.evaluate.table_plan import table_plan
    from cstalk_ue.evaluate.table_runs import TableRuns
    from cstalk_ue.evaluate.table_text import table_text
    from cstalk_ue.evaluate.trainer import PresetTrainer
    from ingest.data_set import open_data_set

    plans = [table_plan(number) for number in numbers]
    rows = _chosen(plans, methods)
    command = _command(data_set, numbers, work, seeds, split, preset, config, changes, methods, dna)
    trainer = PresetTrainer(preset, config, tuple(changes), work / "features")
    runs = TableRuns(
        open_data_set(data_set),
        work,
        trainer,
        seeds=seeds,
        split=split,
        dna=dna,
        report=lambda text: click.echo(text, err=True),
    )
    found = runs.evaluate(rows, on_row=lambda so_far: _write(output or work, plans, so_far, command))
    _write(output or work, plans, found, command)
    if as_json:
        click.echo(json.dumps(tables_json(found, tuple(numbers), command), indent=2, ensure_ascii=False))
    else:
        click.echo("\n\n".join(table_text(plan, found, command) for plan in plans))
    return 0


def _chosen(plans: "Sequence[TablePlan]", methods: Sequence[str]) -> "list[Row]":
    from cstalk_ue.errors import UsageError

    rows = [row for plan in plans for row in plan.rows]
    known = {row.name for row in rows}
    unknown = [name for name in methods if name not in known]
    if unknown:
        raise UsageError(
            f"method {unknown[0]!r} is in none of these tables; expected {', '.join(sorted(known))}."
        )
    return [row for row in rows if not methods or row.name in methods]


def _write(folder: Path, plans: "Sequence[TablePlan]", evaluation: "Evaluation", command: str) -> None:
    """Markdown, CSV and JSON of what there is so far."""
    from cstalk_ue.evaluate.stored_tables import TABLES_FILE, tables_json
    from cstalk_ue.evaluate.table_text import table_csv, table_markdown
    from cstalk_ue.storage import whole_file, write_json

    for plan in plans:
        for suffix, text in (
            ("md", table_markdown(plan, evaluation, command)),
            ("csv", table_csv(plan, evaluation)),
        ):
            with whole_file(folder / f"table{plan.number}.{suffix}") as temporary:
                temporary.write_text(text, encoding="utf-8", newline="\n")
    numbers = tuple(plan.number for plan in plans)
    write_json(folder / TABLES_FILE, tables_json(evaluation, numbers, command))


def _command(
    data_set: Path,
    numbers: Sequence[int],
    work: Path,
    seeds: int,
    split: str,
    preset: str,
    config: Path | None,
    changes: Sequence[str],
    methods: Sequence[str],
    dna: Path | None,
) -> str:
    """The call that makes the tables again; paths cut down to their last part, so that it can be shown."""
    words = ["cstalk-ue", "evaluate", data_set.resolve().name]
    for number in numbers:
        words += ["--table", str(number)]
    words += ["--seeds", str(seeds), "--preset", preset, "--split", split, "--work", work.resolve().name]
    words += [] if config is None else ["--config", config.name]
    for change in changes:
        words += ["--set", change]
    for method in methods:
        words += ["--method", method]
    words += [] if dna is None else ["--dna", dna.name]
    return shlex.join(words)
