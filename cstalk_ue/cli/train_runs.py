"""`cstalk-ue train correlation|generator`: the two stages of the paper on a data set."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def run_options(command: Callable[..., None]) -> Callable[..., None]:
    """What both stages take."""
    options = (
        click.argument(
            "data_set", metavar="DATASET", type=click.Path(path_type=Path, exists=True, file_okay=False)
        ),
        click.option(
            "-o",
            "--run",
            "folder",
            type=click.Path(path_type=Path, file_okay=False),
            required=True,
            help="Folder for the result, its log and its states.",
        ),
        click.option(
            "--preset",
            type=click.Choice(["small", "paper"]),
            default="small",
            help="Where the settings start.",
        ),
        click.option(
            "--config",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help="TOML file with what differs from the preset.",
        ),
        click.option(
            "--set",
            "changes",
            multiple=True,
            metavar="KEY=VALUE",
            help="One setting, such as fit_generator.steps=200; can be repeated.",
        ),
        click.option("--seed", type=click.IntRange(0), help="Of everything that is drawn in this stage."),
        click.option(
            "--resume", is_flag=True, help="Go on from the newest state in the folder, if there is one."
        ),
        click.option(
            "--max-steps", type=click.IntRange(1), help="Stop at this step; the schedule stays as it is."
        ),
        click.option(
            "--dry-run", is_flag=True, help="Print shapes, sizes, steps and memory, and train nothing."
        ),
    )
    return functools.reduce(lambda made, option: option(made), reversed(options), command)


@click.command("correlation")
@run_options
def train_correlation_command(
    data_set: Path,
    folder: Path,
    preset: str,
    config: Path | None,
    changes: tuple[str, ...],
    seed: int | None,
    resume: bool,
    max_steps: int | None,
    dry_run: bool,
) -> None:
    """Stage 1: learn which controls move together in which emotion."""
    from cstalk_ue.train.settings import training_settings
    from ingest.data_set import open_data_set

    settings = training_settings(preset, config=config, changes=_with_seed(changes, "fit_correlation", seed))
    opened = open_data_set(data_set)
    if dry_run:
        from cstalk_ue.train.dry_run import describe_correlation_run

        for line in describe_correlation_run(opened, settings):
            click.echo(line)
        return
    from cstalk_ue.train.correlation_report import summary_text
    from cstalk_ue.train.fit_correlation import train_correlation

    result = train_correlation(opened, folder, settings, resume=resume, max_steps=max_steps, report=_tell)
    if _is_first():
        if "held_out_takes" in result.report:
            click.echo(summary_text(result.report["held_out_takes"]))
        click.echo(f"The correlation module is in {folder}")


@click.command("generator")
@run_options
@click.option(
    "--correlation",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Run of `train correlation` that supervises.",
)
@click.option("--no-correlation", is_flag=True, help="Train on the curves alone (L_R), as the ablation does.")
@click.option(
    "--random-encoder",
    is_flag=True,
    help="Start the speech encoder from random weights: for measuring sizes and speed, not for a face.",
)
def train_generator_command(
    data_set: Path,
    folder: Path,
    preset: str,
    config: Path | None,
    changes: tuple[str, ...],
    seed: int | None,
    resume: bool,
    max_steps: int | None,
    dry_run: bool,
    correlation: Path | None,
    no_correlation: bool,
    random_encoder: bool,
) -> None:
    """Stage 2: learn curves from speech, supervised by the correlation module."""
    from cstalk_ue.errors import UsageError
    from cstalk_ue.train.settings import training_settings
    from ingest.data_set import open_data_set

    if (correlation is None) != no_correlation:
        raise UsageError(
            "give one of --correlation RUN (a run of `cstalk-ue train correlation`) and --no-correlation."
        )
    changes = _with_seed(changes, "fit_generator", seed)
    if random_encoder:
        changes = (*changes, "random_encoder=true")
    settings = training_settings(preset, config=config, changes=changes)
    opened = open_data_set(data_set)
    if dry_run:
        from cstalk_ue.train.dry_run import describe_generator_run

        for line in describe_generator_run(opened, settings, supervised=correlation is not None):
            click.echo(line)
        return
    from cstalk_ue.train.fit_supervised import train_generator

    result = train_generator(
        opened,
        folder,
        settings,
        correlation=correlation,
        resume=resume,
        max_steps=max_steps,
        report=_tell,
        counter=_bar,
    )
    if _is_first():
        click.echo(_outcome(result.report))
        click.echo(f"The model is in {folder}; try it with `cstalk-ue predict --model {folder}`")


def _with_seed(changes: tuple[str, ...], stage: str, seed: int | None) -> tuple[str, ...]:
    return changes if seed is None else (*changes, f"{stage}.seed={seed}")


def _outcome(report: Any) -> str:
    held_out, mean = report["held_out"], report.get("mean_face")
    text = f"{report['stopped']} at step {report['step']} after {report['seconds']:.0f} s"
    if mean and held_out:
        error = held_out["reconstruction"]
        text += f"; held out L_R {error:.4f} (a face at rest in its mean: {mean['reconstruction']:.4f})"
        if "correlation" in held_out:
            text += f", L_C {held_out['correlation']:.4f}, emotion recognised in {held_out['recognised']:.1%}"
    return text


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _bar(total: int, unit: str) -> Callable[[], None]:
    """A progress bar that closes itself."""
    from tqdm import tqdm

    bar = tqdm(total=total, unit=f" {unit}", delay=2, dynamic_ncols=True, disable=None)

    def advance() -> None:
        bar.update()
        if bar.n >= total:
            bar.close()

    return advance


def _is_first() -> bool:
    """Whether this is the process that speaks, when there are several."""
    import os

    return os.environ.get("RANK", "0") == "0"
