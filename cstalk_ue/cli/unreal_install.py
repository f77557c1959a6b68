"""`cstalk-ue unreal install` and `self-test`: the plugin in a project, and what an editor can do."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cstalk_ue.cli.unreal_connection import connection_options, editor_session, find_seconds_option

if TYPE_CHECKING:
    from cstalk_ue.unreal.install import Changes


@click.command()
@click.argument("uproject", metavar="PROJECT.uproject", type=click.Path(path_type=Path))
@click.option("--uninstall", "remove", is_flag=True, help="Remove what was installed and not changed since.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
def install(uproject: Path, remove: bool, dry_run: bool) -> int:
    """Put the CSTalk plugin with its menu into a project.

    Copies it to Plugins/CSTalk and touches nothing else, not even the project's settings: what to switch on
    there is said at the end. Installing again brings it up to date. Exit code: 0 done, 1 it cannot be done or
    files that somebody changed are left, 2 the call is wrong.
    """
    from cstalk_ue.unreal.install import install as put
    from cstalk_ue.unreal.install import uninstall

    changes = uninstall(uproject, dry_run=dry_run) if remove else put(uproject, dry_run=dry_run)
    _print(changes, dry_run)
    if not remove:
        _print_what_to_switch_on(uproject)
    return 1 if changes.kept else 0


def _print(changes: "Changes", dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    if dry_run:
        for name in changes.written:
            click.echo(f"write   {name}")
        for name in changes.removed:
            click.echo(f"remove  {name}")
    told = [
        f"{len(names)} files {would}{verb}"
        for names, verb in ((changes.written, "written"), (changes.removed, "removed"))
        if names
    ]
    click.echo(f"{changes.folder}: {', '.join(told) or 'nothing to do'}.")
    for name in changes.kept:
        click.echo(f"Kept, because somebody changed it: {changes.folder / name}", err=True)


def _print_what_to_switch_on(uproject: Path) -> None:
    from cstalk_ue.unreal import read_project_settings
    from cstalk_ue.unreal.advice import warnings

    files = read_project_settings(uproject)
    click.echo("Restart the editor. The menu CSTalk needs the plugin 'Python Editor Script Plugin', which is")
    click.echo("asked for by the plugin; see Edit > Plugins if the menu does not appear.")
    if files.enabled:
        click.echo("Remote execution is on in the project's files: 'cstalk-ue unreal push' can be used.")
    else:
        click.echo("For 'cstalk-ue unreal push', tick Project Settings > Plugins > Python > Enable Remote")
        click.echo(
            "Execution. It is off in the project's files, and this program does not switch it on: with"
        )
        click.echo("it, any program on this machine can run code in the editor.")
    for warning in warnings(files):
        click.echo(f"Warning: {warning}", err=True)


@click.command("self-test")
@click.option("--skeleton", default="", metavar="/Game/...", help="Of the face; default: searched for.")
@click.option("--dry-run", is_flag=True, help="Change nothing; say what the editor has.")
@find_seconds_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@connection_options
def self_test(
    skeleton: str,
    dry_run: bool,
    seconds: float,
    as_json: bool,
    project: str | None,
    bind: str | None,
    group: str | None,
) -> int:
    """Let a running editor write three frames and read them back, and say what it can do.

    Writes one asset, /Game/CSTalk/SelfTest/CSTalk_SelfTest. Exit code: 0 it passed, 1 it did not, 2 the call
    is wrong.
    """
    from cstalk_ue.unreal.self_test import self_test as test

    with editor_session(project, bind, group, seconds) as session:
        result = test(session, skeleton=skeleton, dry_run=dry_run)
    if as_json:
        told = {"passed": result.passed, "sentences": result.sentences, "facts": result.facts}
        click.echo(json.dumps(told, indent=2, ensure_ascii=True))
    else:
        click.echo("Passed." if result.passed else "Not passed.")
        for sentence in result.sentences:
            click.echo(sentence)
    return 0 if result.passed else 1
