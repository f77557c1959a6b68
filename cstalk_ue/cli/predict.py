"""`cstalk-ue predict`: sound files, folders or a manifest in; curve files and their provenance out."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cstalk_ue.cli.unreal_connection import connection_options

if TYPE_CHECKING:
    from cstalk_ue.batch import LineResult
    from cstalk_ue.manifest import LineList


def _formats(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    from cstalk_ue.export import FORMATS

    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise click.BadParameter(
            f"{value!r} is not one or more of {', '.join(FORMATS)}, separated by commas."
        )
    return names


@click.command()
@click.argument("inputs", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("curves"),
    help="Folder for the results.",
)
@click.option(
    "--emotion",
    default="neutral",
    help="Such as angry, angry:0.7, happy:0.4+surprised:0.3, or keys: '0.0=neutral 1.2=angry:0.8'.",
)
@click.option(
    "--intensity",
    type=click.FloatRange(0, 1),
    default=1.0,
    help="Scales the emotion of every line; 0 is neutral.",
)
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV with the column file, and any of emotion, intensity, name, phones, seed.",
)
@click.option(
    "--decision",
    type=click.Choice(["approved", "rejected"]),
    help="Only the lines of the manifest that a review decided so.",
)
@click.option(
    "--model", default="bundled", help="bundled, performer (needs timed phones), or a checkpoint folder."
)
@click.option(
    "--phones",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Timed phones of the one input, for --model performer.",
)
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", help="Where the model runs."
)
@click.option(
    "--format", "formats", default="npz", callback=_formats, help="Any of npz, csv, llf, separated by commas."
)
@click.option("--fps", type=click.FloatRange(1, 240), default=30.0, help="Frame rate of the curves.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, help="Of blinks, gaze and head motion.")
@click.option("--blinks/--no-blinks", default=True, help="Add blinks.")
@click.option("--gaze/--no-gaze", default=True, help="Add eye darts.")
@click.option("--head/--no-head", default=True, help="Add head motion.")
@click.option("--resume/--restart", default=True, help="Skip finished lines, or do all again.")
@click.option("--jobs", type=click.IntRange(1), default=1, help="Processes; each loads the model.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--push", is_flag=True, help="Then make AnimSequences of them, as 'cstalk-ue unreal push' does."
)
@click.option(
    "--destination",
    metavar="PATTERN",
    help="With --push: asset path, or folder; default /Game/CSTalk/{folder}/{name}.",
)
@connection_options
def predict(
    inputs: tuple[Path, ...],
    output: Path,
    emotion: str,
    intensity: float,
    manifest: Path | None,
    decision: str | None,
    model: str,
    phones: Path | None,
    device: str,
    formats: tuple[str, ...],
    fps: float,
    seed: int,
    blinks: bool,
    gaze: bool,
    head: bool,
    resume: bool,
    jobs: int,
    as_json: bool,
    push: bool,
    destination: str | None,
    project: str | None,
    bind: str | None,
    group: str | None,
) -> int:
    """Turn dialogue into facial animation curves.

    INPUTS are WAV, FLAC, OGG or AIFF files, or folders of them. Each gives NAME.curves.npz (or what --format
    asks for) and NAME.provenance.json in the output folder. Running the same command again skips what is
    finished and does what failed or changed. Exit code: 0 all is done, 1 some lines failed and are named,
    2 the call is wrong.
    """
    from cstalk_ue.batch import PERFORMER, BatchSettings, run_batch
    from cstalk_ue.cli.progress import progress
    from cstalk_ue.cli.unreal_push import check_can_push, push_predicted

    where = check_can_push(push, destination, formats, fps)
    lines = _lines(inputs, manifest, emotion, intensity, phones, decision)
    settings = BatchSettings(model, formats, fps, seed, blinks, gaze, head, device)
    if phones is not None and model != PERFORMER:
        click.echo(f"Note: --phones is not used; only --model {PERFORMER} reads timed phones.", err=True)
    for remark in lines.remarks:
        click.echo(f"Note: {remark}", err=True)
    with progress(len(lines.lines), "lines") as tell:
        results = run_batch(
            lines.lines,
            output,
            settings,
            resume=resume,
            jobs=jobs,
            keep=(manifest,) if manifest else (),
            on_result=lambda result: tell(_remark(result)),
        )
    _report(results, output, as_json)
    code = 1 if any(result.status == "failed" for result in results) else 0
    if where is not None:
        names = [result.name for result in results if result.status != "failed"]
        code = max(code, push_predicted(names, output, where, project, bind, group, aside=as_json))
    return code


def _lines(
    inputs: tuple[Path, ...],
    manifest: Path | None,
    emotion: str,
    intensity: float,
    phones: Path | None,
    decision: str | None,
) -> "LineList":
    from cstalk_ue.emotion import EmotionTrack
    from cstalk_ue.manifest import lines_of_paths, read_manifest

    if bool(inputs) == bool(manifest):
        raise click.UsageError("Give sound files or folders, or a --manifest (not both).")
    if phones is not None and (len(inputs) != 1 or inputs[0].is_dir()):
        raise click.UsageError(
            "--phones belongs to exactly one sound file. For many, use the manifest column 'phones'."
        )
    if decision and not manifest:
        raise click.UsageError("--decision belongs to a --manifest; only that says what was decided.")
    track = EmotionTrack.parse(emotion)
    lines = (
        read_manifest(manifest, default=track, decision=decision)
        if manifest
        else lines_of_paths(inputs, track, phones=phones)
    )
    lines = replace(lines, lines=tuple(replace(x, emotion=x.emotion.scaled(intensity)) for x in lines.lines))
    if not lines.lines:
        where = manifest or ", ".join(str(path) for path in inputs)
        what = f"lists no {f'{decision} ' if decision else ''}line" if manifest else "holds no sound"
        raise click.UsageError(
            f"{where}: {what} to convert; expected WAV, FLAC, OGG or AIFF files. Check the path."
        )
    return lines


def _remark(result: "LineResult") -> str:
    if result.status == "failed":
        return f"failed: {result.message}"
    return "\n".join(f"{result.name}: {warning}" for warning in result.warnings)


def _report(results: "list[LineResult]", output: Path, as_json: bool) -> None:
    counts = {status: sum(r.status == status for r in results) for status in ("done", "skipped", "failed")}
    if as_json:
        click.echo(
            json.dumps(
                {"output": str(output), **counts, "lines": [asdict(r) for r in results]},
                indent=2,
                ensure_ascii=False,
            )
        )
        return
    done = [result for result in results if result.status == "done"]
    audio, wall = sum(r.audio_seconds for r in done), sum(r.wall_seconds for r in done)
    speed = f", {audio:.0f} s of speech in {wall:.1f} s of work" if wall else ""
    where = f" Curves are in {output}" if counts["done"] or counts["skipped"] else ""
    told = ", ".join(
        f"{counts[status]} {text}"
        for status, text in (("done", "done"), ("skipped", "already finished"), ("failed", "failed"))
    )
    click.echo(f"{told}{speed}.{where}")
