"""`cstalk-ue unreal pull`: takes of a running editor into files."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cstalk_ue.cli.unreal_connection import connection_options, editor_session, find_seconds_option

if TYPE_CHECKING:
    from cstalk_ue.unreal.pull import PulledTake


@click.command()
@click.argument("assets", nargs=-1)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for NAME.json and NAME.wav.",
)
@click.option("--skeleton", default="", metavar="/Game/...", help="For performances; default: searched for.")
@click.option("--audio/--no-audio", default=True, help="Export the sound of a take too.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
@find_seconds_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@connection_options
def pull(
    assets: tuple[str, ...],
    output: Path,
    skeleton: str,
    audio: bool,
    dry_run: bool,
    seconds: float,
    as_json: bool,
    project: str | None,
    bind: str | None,
    group: str | None,
) -> int:
    """Export takes of a running editor: AnimSequences and MetaHuman performances.

    ASSETS are paths such as /Game/Takes/Take_01, as the content browser copies them; without any, what is
    selected there. Each becomes NAME.json with every frame, which the ingest readers take, and NAME.wav if
    the editor knows its sound. Exit code: 0 all are there, 1 some are not and are named, 2 the call is wrong.
    """
    from cstalk_ue.cli.progress import progress
    from cstalk_ue.unreal.pull import pull as pull_all

    session = editor_session(project, bind, group, seconds)
    with session, progress(len(assets), "takes") as tell:
        result = pull_all(
            assets,
            output,
            session,
            skeleton=skeleton,
            audio=audio,
            dry_run=dry_run,
            on_take=lambda take: tell(_remark(take)),
        )
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(result), indent=2, ensure_ascii=True))
    else:
        for take in result.takes:
            if take.status == "done":
                click.echo(f"{take.asset}: {take.message} {take.file}".rstrip())
    if result.stopped:
        click.echo(f"Error: {result.stopped} What is exported is kept.", err=True)
    return 0 if result.ok else 1


def _remark(take: "PulledTake") -> str:
    return f"{take.status}: {take.asset}: {take.message}" if take.status != "done" else ""
