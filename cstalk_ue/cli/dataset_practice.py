"""`cstalk-ue dataset practice`: a made-up data set of the paper's size."""

from pathlib import Path

import click

from cstalk_ue.cli.progress import progress


@click.command("practice")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder of the new data set.",
)
@click.option(
    "--speech",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=None,
    help="Corpus folder: index.csv with timed phones, and sound files. Default: synthetic voices.",
    show_default=False,
)
@click.option("--takes", type=click.IntRange(1), default=500, help="How many.")
@click.option("--performers", type=click.IntRange(1), default=5, help="Made-up people.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Of everything that is drawn.")
@click.option(
    "--strength", type=click.FloatRange(0), default=1.0, help="Of the motion that regions of the face share."
)
@click.option(
    "--audible",
    type=click.FloatRange(0, 1),
    default=0.5,
    help="Share of that motion that follows accents, pauses and loudness; the rest is hidden.",
)
@click.option("-j", "--jobs", type=click.IntRange(1), default=1, help="Processes.")
def practice(
    output: Path,
    speech: Path | None,
    takes: int,
    performers: int,
    seed: int,
    strength: float,
    audible: float,
    jobs: int,
) -> None:
    """Make a data set of made-up takes, to try the tools and the training on.

    Speech is performed by rules, as several made-up people in five emotions, with hidden correlations between
    regions of the face; practice.json in the data set says what was put in.
    """
    from cstalk_ue.train.practice import make_practice_set
    from cstalk_ue.train.practice_coupling import CouplingSettings
    from cstalk_ue.train.practice_takes import PracticeSettings

    coupling = CouplingSettings(strength=strength, audible=audible)
    settings = PracticeSettings(takes=takes, performers=performers, seed=seed, coupling=coupling)
    with progress(takes, "takes") as tell:
        made = make_practice_set(
            output,
            speech=speech,
            settings=settings,
            jobs=jobs,
            on_take=lambda: tell(""),
            report=lambda text: click.echo(text, err=True),
        )
    minutes = sum(record.seconds for record in made.records) / 60
    kept = len(made.require_statistics().kept_controls)
    click.echo(f"{len(made.records)} takes, {minutes:.0f} min, {kept} controls that move, in {output}")
