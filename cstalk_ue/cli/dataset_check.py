"""`cstalk-ue dataset check` and `report`: is a data set fit to train on, in text, JSON and as a sheet."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ingest.check import CheckResult
    from ingest.data_set_settings import CheckRules

_FOLDER = click.argument(
    "folder", metavar="DATASET", type=click.Path(path_type=Path, exists=True, file_okay=False)
)
_RULES = click.option(
    "--rules",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="TOML with what differs from [rules] of dataset.toml.",
)
_DEEP = click.option("--deep", is_flag=True, help="Also read every file and compare its hash.")


@click.command("check")
@_FOLDER
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@_RULES
@_DEEP
@click.option("--takes", is_flag=True, help="Also one row for every take.")
@click.option("--controls", is_flag=True, help="Also one row for every control.")
def check(folder: Path, as_json: bool, rules: Path | None, deep: bool, takes: bool, controls: bool) -> int:
    """Say what is wrong with a data set, and whether it is fit to train on.

    Coverage against the target, sync by session, faults of takes, copies, retakes, mirrored faces. Which
    findings are errors is up to [rules] in dataset.toml: errors, warnings and ignored list codes of findings,
    and every threshold has a key. Exit code: 0 fit, 1 not fit (there is an error), 2 the call is wrong.
    """
    from cstalk_ue.cli.dataset_tables import print_check

    result = _check(folder, rules, deep)
    if as_json:
        from ingest.check_json import check_json

        click.echo(json.dumps(check_json(result), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print_check(result, takes=takes, controls=controls)
    return 0 if result.fit else 1


@click.command("report")
@_FOLDER
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("dataset.html"),
    help="The sheet.",
)
@_RULES
@_DEEP
@click.option("--title", default="", help="Of the sheet; default the name of the folder.", show_default=False)
@click.option("--faces", type=click.IntRange(0, 60), default=8, help="How many of the worst takes to draw.")
def report(folder: Path, output: Path, rules: Path | None, deep: bool, title: str, faces: int) -> int:
    """Draw what `check` finds: one HTML file that opens from disk and can be mailed.

    Coverage, sync, loudness, activity of the controls, and the worst takes with their faces. Exit code: 0 the
    sheet is written, whatever it says; 1 it cannot be; 2 the call is wrong.
    """
    from cstalk_ue.review.dataset_sheet import write_sheet

    result = _check(folder, rules, deep)
    write_sheet(output, result, title=title or folder.resolve().name, faces=faces)
    verdict = "fit to train on" if result.fit else "not fit to train on"
    click.echo(f"{output}: {len(result.takes)} takes, {verdict}, {output.stat().st_size / 1e6:.1f} MB.")
    return 0


def _check(folder: Path, rules: Path | None, deep: bool) -> "CheckResult":
    from cstalk_ue.cli.progress import progress
    from ingest.check import check_data_set
    from ingest.data_set import open_data_set

    data_set = open_data_set(folder)
    chosen = data_set.settings.rules if rules is None else _read_rules(rules, data_set.settings.rules)
    with progress(len(data_set.records), "takes") as tell:
        return check_data_set(data_set, rules=chosen, deep=deep, on_take=lambda name: tell(""))


def _read_rules(path: Path, rules: "CheckRules") -> "CheckRules":
    """The rules of the set with what the file says instead; the file may have its keys below [rules].

    Raises:
        ConfigError: unknown keys or bad values.
    """
    from cstalk_ue.config import read_settings, read_toml
    from ingest.data_set_settings import DataSetSettings

    mapping = read_toml(path)
    own = mapping.get("rules", mapping)
    merged = {**dataclasses.asdict(rules), **own} if isinstance(own, dict) else own
    return read_settings(DataSetSettings, {"rules": merged}, source=str(path)).rules
