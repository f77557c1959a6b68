"""`cstalk-ue evaluate`: methods on a data set, measured and compared."""

import json
from pathlib import Path

import click
from click.core import ParameterSource


@click.command()
@click.argument("data_set", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--model",
    "models",
    multiple=True,
    help="A checkpoint folder, bundled, performer, mean or recording; may be given several times.",
)
@click.option(
    "--split", type=click.Choice(["train", "validation", "test"]), default="test", help="Which takes."
)
@click.option(
    "--dna",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Measure millimetres on the head of this MetaHuman DNA, not on the landmark face.",
)
@click.option(
    "--correlation",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A trained correlation module: adds its emotion accuracy and the distance of attention scores.",
)
@click.option("--regions", is_flag=True, help="Also the error of every region of the rig.")
@click.option(
    "--limit", type=click.IntRange(1), help="Only so many takes, for a quick look.", show_default=False
)
@click.option("--device", default="cpu", help="Where models run: cpu or cuda.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with the values of every take.")
@click.option("--csv", "csv_path", type=click.Path(path_type=Path, dir_okay=False), help="Also write a CSV.")
@click.option(
    "--table",
    "tables",
    multiple=True,
    type=click.Choice(["1", "2"]),
    help="Train what the paper's Table 1 or 2 needs on DATA_SET and print it, in place of --model.",
)
@click.option("--seeds", type=click.IntRange(1), default=3, help="With --table: trainings of every row.")
@click.option(
    "--preset", type=click.Choice(["small", "paper"]), default="small", help="With --table: of all trainings."
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="With --table: TOML file with settings that differ from the preset.",
)
@click.option(
    "--set", "changes", multiple=True, help="With --table: one setting, such as fit_generator.steps=200."
)
@click.option("--method", "rows", multiple=True, help="With --table: only these rows.")
@click.option(
    "--work",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --table: folder of its runs; the same call goes on there. Default runs/tables.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --table: folder for Markdown, CSV and JSON; default that of the runs.",
)
@click.pass_context
def evaluate(
    ctx: click.Context,
    data_set: Path,
    models: tuple[str, ...],
    split: str,
    dna: Path | None,
    correlation: Path | None,
    regions: bool,
    limit: int | None,
    device: str,
    as_json: bool,
    csv_path: Path | None,
    tables: tuple[str, ...],
    seeds: int,
    preset: str,
    config: Path | None,
    changes: tuple[str, ...],
    rows: tuple[str, ...],
    work: Path | None,
    output: Path | None,
) -> int:
    """Measure how far models are from the recordings of DATA_SET, in mm and in control space.

    Every figure comes with its definition, unit, space and pooling, and a bootstrap interval over takes. With
    --table the rows of the paper's tables are trained first, each from several seeds, and mean and spread
    over seeds are printed, with the command that makes the table again; a killed call goes on where it was.
    """
    _refuse_idle_options(ctx, bool(tables))
    if tables:
        from cstalk_ue.cli.evaluate_tables import print_tables

        return print_tables(
            data_set,
            sorted({int(number) for number in tables}),
            work=work or Path("runs") / "tables",
            seeds=seeds,
            split=split,
            preset=preset,
            config=config,
            changes=changes,
            methods=rows,
            dna=dna,
            as_json=as_json,
            output=output,
        )
    from cstalk_ue.cli.progress import progress
    from cstalk_ue.evaluate.harness import chosen_takes, make_yardstick
    from cstalk_ue.evaluate.harness import evaluate as evaluate_methods
    from cstalk_ue.evaluate.judges import make_judges
    from cstalk_ue.evaluate.methods import method_of
    from cstalk_ue.evaluate.report_text import report_text
    from cstalk_ue.storage import whole_file
    from ingest.data_set import open_data_set

    opened = open_data_set(data_set)
    takes = chosen_takes(opened, split, limit)
    methods = [method_of(model, opened, device=device) for model in models or ("bundled", "mean")]
    yardstick = make_yardstick(opened, dna=dna, judges=make_judges(opened, correlation, device=device))
    with progress(len(takes), "takes") as tell:
        found = evaluate_methods(opened, methods, yardstick, split=split, limit=limit, on_take=tell)
    if csv_path is not None:
        with whole_file(csv_path) as temporary:
            found.table().to_csv(temporary, index=False, lineterminator="\n")
    click.echo(
        json.dumps(found.to_json(), indent=2, ensure_ascii=False)
        if as_json
        else report_text(found, regions=regions)
    )
    return 0


_FOR_MODELS = ("models", "correlation", "regions", "limit", "device", "csv_path")
_FOR_TABLES = ("seeds", "preset", "config", "changes", "rows", "work", "output")


def _refuse_idle_options(ctx: click.Context, tables: bool) -> None:
    """An option that would do nothing is a mistake of the caller."""
    for name in _FOR_MODELS if tables else _FOR_TABLES:
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT:
            option = next(each for each in ctx.command.params if each.name == name).opts[0]
            reason = "has no use with --table." if tables else "needs --table."
            raise click.UsageError(f"{option} {reason}")
