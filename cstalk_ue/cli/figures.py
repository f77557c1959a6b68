"""`cstalk-ue figures`: the paper's pictures about a run, on a page with its losses and its measures."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cstalk_ue.evaluate.methods import Method
    from cstalk_ue.evaluate.run_page import Picture
    from ingest.data_set import DataSet, TakeRecord


@click.command()
@click.argument("data_set", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--model", default="bundled", help="The model the page is about: a run's folder, or bundled.")
@click.option(
    "--against",
    multiple=True,
    help="Other models beside it: folders, bundled, performer or mean; may be given several times.",
)
@click.option(
    "--correlation",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A trained correlation module, for the heat maps and the map of scores.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder."
)
@click.option(
    "--split", type=click.Choice(["validation", "test"]), default="test", help="Takes that are shown."
)
@click.option(
    "--take", default="", help="Name of the take whose frames are drawn; default the first happy one."
)
@click.option(
    "--dna",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Draw and measure the head of this MetaHuman DNA.",
)
@click.option(
    "--tables",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Work folder of `evaluate --table`, to put its tables on the page.",
)
@click.option("--measure/--no-measure", default=True, help="Also measure the models on the split.")
@click.option("--frames", type=click.IntRange(1, 12), default=6, help="Moments of a strip.")
def figures(
    data_set: Path,
    model: str,
    against: tuple[str, ...],
    correlation: Path | None,
    output: Path,
    split: str,
    take: str,
    dna: Path | None,
    tables: Path | None,
    measure: bool,
    frames: int,
) -> int:
    """Draw what the paper's Figs. 2 to 4 show, for a model trained on DATA_SET, on one page.

    Heat maps of attention scores and a t-SNE map of them (with --correlation), one line in five emotions, one
    take by every method, the losses of the runs, and the figures of the models. Writes PNG files and
    index.html, which needs nothing else.
    """
    from cstalk_ue.cli.progress import progress
    from cstalk_ue.evaluate.judges import make_judges
    from cstalk_ue.evaluate.methods import method_of, recording_method
    from cstalk_ue.evaluate.run_page import RunPage, write_run_page
    from cstalk_ue.evaluate.run_pictures import draw_loss_pictures, draw_score_pictures, draw_strip_pictures
    from cstalk_ue.evaluate.stored_tables import read_tables
    from ingest.data_set import open_data_set

    opened = open_data_set(data_set)
    methods = [method_of(name, opened) for name in (model, *against)]
    record = _record(opened, split, take)
    runs = {name: Path(name) for name in (model, *against) if Path(name).is_dir()}
    pictures: list[Picture] = []
    with progress(4 if correlation else 3, "parts") as tell:
        losses = draw_loss_pictures(output, runs, correlation)
        tell("")
        if correlation is not None:
            pictures += draw_score_pictures(output, opened, correlation)
            tell("")
        pictures += draw_strip_pictures(
            output, opened, record, methods, [recording_method(), *methods], count=frames, dna=dna
        )
        tell("")
        found = None
        if measure:
            from cstalk_ue.evaluate.harness import evaluate, make_yardstick

            yardstick = make_yardstick(opened, dna=dna, judges=make_judges(opened, correlation))
            found = evaluate(opened, [*methods, recording_method()], yardstick, split=split)
            found.save(output / "evaluation.json")
        tell("")
    stored = read_tables(tables) if tables else None
    write_run_page(
        output / "index.html",
        RunPage(
            f"{methods[0].name} on {opened.folder.resolve().name}",
            _facts(opened, methods),
            losses,
            pictures,
            found,
            stored.tables if stored else (),
            stored.command if stored else "",
        ),
    )
    click.echo(f"{output / 'index.html'}: {len(losses) + len(pictures)} pictures.")
    return 0


def _record(data_set: "DataSet", split: str, name: str) -> "TakeRecord":
    from cstalk_ue.errors import UsageError

    records = data_set.select(split)
    if not name:
        spoken = [record for record in records if record.audio]
        happy = [record for record in spoken if record.emotion_class == "happy"]
        return (happy or spoken or list(records))[0]
    for record in data_set.records:
        if record.name == name:
            return record
    raise UsageError(f"take {name!r}: {data_set.folder} has none of this name. See takes.csv.")


def _facts(data_set: "DataSet", methods: "list[Method]") -> dict[str, dict[str, object]]:
    splits: dict[str, int] = {}
    for record in data_set.records:
        splits[record.split or "none"] = splits.get(record.split or "none", 0) + 1
    about: dict[str, object] = {
        "folder": data_set.folder.resolve().name,
        "digest": data_set.digest[:16],
        "takes": ", ".join(f"{count} {split}" for split, count in sorted(splits.items())),
        "controls kept": int(data_set.require_statistics().kept.sum()),
    }
    return {"Data set": about, **{method.name: _shortened(method.facts) for method in methods}}


def _shortened(facts: Mapping[str, Any]) -> dict[str, object]:
    """Facts with digests cut down to what tells them apart."""
    return {
        name.replace("_", " "): value[:16] if name == "data_set" else value for name, value in facts.items()
    }
