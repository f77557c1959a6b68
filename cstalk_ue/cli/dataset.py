"""`cstalk-ue dataset`: look after a data set that `cstalk-ue ingest` made."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cstalk_ue.cli.dataset_check import check, report
from cstalk_ue.cli.dataset_practice import practice

if TYPE_CHECKING:
    from ingest.rebuild_tables import RebuiltTables


@click.group()
def dataset() -> None:
    """Look after a data set."""


dataset.add_command(check)
dataset.add_command(report)
dataset.add_command(practice)


@dataset.command("split")
@click.argument("folder", metavar="DATASET", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--jobs", type=click.IntRange(1), help="Processes; default as many as there are cores.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def split(folder: Path, jobs: int | None, as_json: bool) -> int:
    """Divide the takes anew and measure the controls again.

    Follows dataset.toml: shares, seed and what must stay together are in [splits], the tolerance for controls
    that do not move in [controls]. Rewrites takes.csv and controls.csv; the takes stay as they are.
    """
    from cstalk_ue.cli.progress import progress
    from ingest.data_set import open_data_set
    from ingest.rebuild_tables import rebuild_tables

    if not (folder / "dataset.toml").is_file():
        open_data_set(folder)  # says what is wrong
    rebuilt = rebuild_tables(folder, jobs=jobs or os.cpu_count() or 1, watch=progress)
    for sentence in rebuilt.problems:
        click.echo(f"failed: {sentence}", err=True)
    if as_json:
        click.echo(json.dumps(_as_json(rebuilt), indent=2, ensure_ascii=False))
    else:
        _print(rebuilt)
    return 1 if rebuilt.problems else 0


def _as_json(rebuilt: "RebuiltTables") -> dict[str, Any]:
    statistics, division = rebuilt.statistics, rebuilt.division
    return {
        "splits": _counts(rebuilt),
        "groups": dict(division.groups),
        "ungrouped": division.ungrouped,
        "asked_apart": division.asked_apart,
        "kept_controls": None if statistics is None else len(statistics.kept_controls),
        "problems": list(rebuilt.problems),
    }


def _print(rebuilt: "RebuiltTables") -> None:
    from cstalk_ue.emotion import EMOTIONS

    division = rebuilt.division
    emotions = [*EMOTIONS, "none"]
    click.echo(f"{'':<12}{'takes':>7}{'groups':>8}" + "".join(f"{name:>11}" for name in emotions))
    for name, count in _counts(rebuilt).items():
        groups = division.groups.get(name, "")
        own = [record for record in division.records if record.split == name]
        columns = [sum((record.emotion_class or "none") == emotion for record in own) for emotion in emotions]
        click.echo(f"{name:<12}{count:>7}{groups:>8}" + "".join(f"{column:>11}" for column in columns))
    if rebuilt.statistics is not None:
        kept = rebuilt.statistics.kept
        click.echo(f"Controls: {int(kept.sum())} of {len(kept)} move and are kept.")
    if division.ungrouped:
        click.echo(
            f"Note: the line of {division.ungrouped} takes is not known; retakes may be in two splits.",
            err=True,
        )
    if division.asked_apart:
        click.echo(
            f"Note: the manifest puts {division.asked_apart} takes that belong together into several splits.",
            err=True,
        )


def _counts(rebuilt: "RebuiltTables") -> dict[str, int]:
    from ingest.data_set_tables import EXCLUDED, SPLITS

    records = rebuilt.division.records
    return {name: sum(record.split == name for record in records) for name in (*SPLITS, EXCLUDED)}
