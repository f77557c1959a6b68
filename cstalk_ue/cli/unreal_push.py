"""`cstalk-ue unreal push`: curve files into a running editor, in batches, with a report."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cstalk_ue.cli.unreal_connection import connection_options, editor_session, find_seconds_option
from cstalk_ue.unreal.destinations import DEFAULT_PATTERN

if TYPE_CHECKING:
    from cstalk_ue.unreal.destinations import Destination, PushLine
    from cstalk_ue.unreal.push import PushedItem, PushSettings


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--destination",
    default=DEFAULT_PATTERN,
    metavar="PATTERN",
    help="Asset path; {folder} is the sub-folder of the file. Without {name} it is a folder.",
)
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Only its lines: their column curves, else NAME.curves.npz in one of PATHS.",
)
@click.option(
    "--decision",
    type=click.Choice(["approved", "rejected"]),
    help="Only the lines of the manifest that a review decided so.",
)
@click.option("--skeleton", default="", metavar="/Game/...", help="Of the face; default: searched for.")
@click.option("--force", is_flag=True, help="Replace assets that were edited by hand or are not ours.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
@click.option("--jobs-of", type=click.IntRange(1, 100), default=8, help="Files handed over at once.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=1e-4,
    help="How far thinned keys may be from the file; 0 keeps all keys.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    help="Seconds to wait for each job; default: by the size of the files.",
)
@find_seconds_option
@click.option(
    "--report", "report_file", type=click.Path(path_type=Path, dir_okay=False), help="JSON file to write."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@connection_options
def push(
    paths: tuple[Path, ...],
    destination: str,
    manifest: Path | None,
    decision: str | None,
    skeleton: str,
    force: bool,
    dry_run: bool,
    jobs_of: int,
    tolerance: float,
    timeout: float | None,
    seconds: float,
    report_file: Path | None,
    as_json: bool,
    project: str | None,
    bind: str | None,
    group: str | None,
) -> int:
    """Make AnimSequences of curve files in a running editor.

    PATHS are NAME.curves.npz files, or folders of them; sub-folders are kept. Every asset is read back and
    compared with its file. Running the same command again skips what is there and does the rest; an asset
    that was edited by hand is left alone. Exit code: 0 all is there, 1 something is not and is named, 2 the
    call is wrong.
    """
    from cstalk_ue.unreal.destinations import parse_destination, with_assets
    from cstalk_ue.unreal.push import PushSettings

    where = parse_destination(destination)
    lines = with_assets(_lines(paths, manifest, decision), where)
    settings = PushSettings(where.root, skeleton, tolerance, force, dry_run, jobs_of, timeout)
    return push_lines(
        lines,
        settings,
        project,
        bind,
        group,
        find_seconds=seconds,
        report_file=report_file,
        as_json=as_json,
    )


def push_lines(
    lines: "Sequence[PushLine]",
    settings: "PushSettings",
    project: str | None,
    bind: str | None,
    group: str | None,
    *,
    find_seconds: float = 10.0,
    report_file: Path | None = None,
    as_json: bool = False,
    aside: bool = False,
) -> int:
    """Push lines, show how it goes, and return the exit code; `aside` keeps standard output clean."""
    from cstalk_ue.cli.progress import progress
    from cstalk_ue.unreal.push import push as push_all
    from cstalk_ue.unreal.report import json_text, report_of, summary, write_report

    session = editor_session(project, bind, group, find_seconds)
    with session, progress(len(lines), "files") as tell:
        result = push_all(
            lines, session, settings, on_item=lambda item: tell(_remark(item, settings.dry_run))
        )
    report = report_of(result, dry_run=settings.dry_run)
    if report_file is not None:
        write_report(report_file, report)
    text = json_text(report) if as_json else summary(result, dry_run=settings.dry_run)
    click.echo(text, nl=not as_json, err=aside)
    if result.stopped:
        click.echo(
            f"Error: {result.stopped} What is done is kept; run the same command again to go on.", err=True
        )
    return 0 if result.ok else 1


def check_can_push(
    push: bool, destination: str | None, formats: Sequence[str], fps: float
) -> "Destination | None":
    """Where `predict --push` puts its lines; None without --push.

    Raises:
        UsageError: what `predict` is asked to write cannot be pushed.
    """
    from cstalk_ue.unreal.destinations import parse_destination

    if not push:
        if destination is not None:
            raise click.UsageError("--destination belongs to --push.")
        return None
    if "npz" not in formats or fps != 30:
        raise click.UsageError("--push needs curve files at 30 fps: use --format npz and --fps 30.")
    return parse_destination(destination or DEFAULT_PATTERN)


def push_predicted(
    names: Sequence[str],
    output: Path,
    where: "Destination",
    project: str | None,
    bind: str | None,
    group: str | None,
    *,
    aside: bool = False,
) -> int:
    """Push the lines that `predict` wrote, and return the exit code."""
    from cstalk_ue.unreal.curve_files import SUFFIX
    from cstalk_ue.unreal.destinations import PushLine, with_assets
    from cstalk_ue.unreal.push import PushSettings

    lines = [PushLine(output / f"{name}{SUFFIX}", name) for name in names]
    settings = PushSettings(where.root)
    return push_lines(with_assets(lines, where), settings, project, bind, group, aside=aside) if lines else 0


def _remark(item: "PushedItem", dry_run: bool) -> str:
    """What to say of an item at once: only what went wrong, unless that is all it is about."""
    if item.status in ("failed", "conflict"):
        return f"{item.status}: {item.name} ({item.asset or item.file}): {item.message}"
    if dry_run and item.status in ("done", "skipped"):
        return f"{item.asset}: {item.message}"
    return ""


def _lines(paths: Sequence[Path], manifest: Path | None, decision: str | None) -> "list[PushLine]":
    from cstalk_ue.unreal.curve_files import lines_of_paths

    if decision and manifest is None:
        raise click.UsageError("--decision belongs to a --manifest; only that says what was decided.")
    if manifest is not None:
        return _lines_of_manifest(manifest, paths, decision)
    if not paths:
        raise click.UsageError("Give curve files, folders of them, or a --manifest.")
    lines, remarks = lines_of_paths(paths)
    for remark in remarks:
        click.echo(f"Note: {remark}", err=True)
    if not lines:
        raise click.UsageError("There is no *.curves.npz file to push. Make some with 'cstalk-ue predict'.")
    return lines


def _lines_of_manifest(manifest: Path, folders: Sequence[Path], decision: str | None) -> "list[PushLine]":
    from cstalk_ue.emotion import EmotionTrack
    from cstalk_ue.manifest import read_manifest
    from cstalk_ue.unreal.curve_files import curve_file_of
    from cstalk_ue.unreal.destinations import PushLine

    files = [path for path in folders if not path.is_dir()]
    if files:
        raise click.UsageError(f"{files[0]}: with --manifest, PATHS are the folders with the curves.")
    listed = read_manifest(manifest, default=EmotionTrack.parse("neutral"), decision=decision)
    for remark in listed.remarks:
        click.echo(f"Note: {remark}", err=True)
    lines = []
    for line in listed.lines:
        file = line.curves or curve_file_of(line.name, folders)
        problem = line.problem
        if not problem and (file is None or not file.is_file()):
            problem = (
                f"{manifest}: {line.name} has no curves{f' at {file}' if file else ''}. Name them in the "
                "column 'curves', or give the folder that 'cstalk-ue predict' wrote to."
            )
        lines.append(PushLine(file or line.audio, line.name, problem=problem))
    if not lines:
        raise click.UsageError(f"{manifest}: lists no {f'{decision} ' if decision else ''}line to push.")
    return lines
