"""`cstalk-ue train`: what can be trained."""

import json
from pathlib import Path

import click

from cstalk_ue.cli.train_runs import train_correlation_command, train_generator_command


@click.group()
def train() -> None:
    """Train models."""


train.add_command(train_correlation_command)
train.add_command(train_generator_command)


@train.command("bundled")
@click.option(
    "--speech",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Corpus folder: index.csv with timed phones, and sound files.",
)
@click.option(
    "--encoder",
    default="",
    help="Initial Whisper tiny.en encoder: file, folder or hub id; empty for the usual places.",
)
@click.option(
    "-o",
    "--run",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the checkpoint and report.json.",
)
@click.option("--seed", type=click.IntRange(0), default=0, help="Of everything that is drawn.")
@click.option(
    "--steps",
    type=click.IntRange(1),
    default=None,
    help="Optimiser steps; default as for the bundled model.",
    show_default=False,
)
@click.option(
    "--lines",
    type=click.IntRange(1),
    default=None,
    help="Only so many lines of the corpus, for a trial.",
    show_default=False,
)
@click.option("--synthetic/--no-synthetic", default=True, help="Also train on espeak-ng and flite voices.")
def train_bundled(
    speech: Path, encoder: str, folder: Path, seed: int, steps: int | None, lines: int | None, synthetic: bool
) -> None:
    """Rebuild the bundled model from speech with timed phones, the performer and Whisper's encoder."""
    from cstalk_ue.train.bundled import BundledSettings, rebuild_bundled
    from cstalk_ue.train.fit_generator import FitSettings

    settings = BundledSettings(seed=seed, limit_lines=lines, synthetic=synthetic)
    fit = FitSettings(seed=seed, **({"steps": steps} if steps else {}))
    measured = rebuild_bundled(
        speech,
        folder,
        encoder=encoder,
        settings=settings,
        fit=fit,
        report=lambda text: click.echo(text, err=True),
    )
    click.echo(json.dumps(measured["held_out"], indent=2))
    click.echo(f"The checkpoint is in {folder}")
