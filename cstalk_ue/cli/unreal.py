"""`cstalk-ue unreal`: which editors are running, and work with them.

A command of this group that needs an editor takes `connection_options` and gets its addresses from
`connection`; commands in files of their own are added at the end.
"""

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import click

from cstalk_ue.cli.unreal_connection import connection, connection_options
from cstalk_ue.cli.unreal_install import install, self_test
from cstalk_ue.cli.unreal_pull import pull
from cstalk_ue.cli.unreal_push import push

if TYPE_CHECKING:
    from cstalk_ue.unreal import EditorNode, ProjectSettings, RemoteExecutionSettings


@click.group()
def unreal() -> None:
    """Work with running Unreal editors."""


@unreal.command()
@connection_options
@click.option("--seconds", type=click.FloatRange(0.1, 600), default=5.0, help="How long to ask for editors.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def status(project: str | None, bind: str | None, group: str | None, seconds: float, as_json: bool) -> int:
    """List the editors that answer, or say what to check.

    Exit code: 0 an editor was found, 1 none (with --project: none that fits), 2 the call is wrong.
    """
    from cstalk_ue.errors import UnrealError
    from cstalk_ue.unreal import find_editors, matches
    from cstalk_ue.unreal.advice import things_to_check, warnings

    settings, files = connection(project, bind, group)
    problem, nodes = "", []
    try:
        nodes = find_editors(settings, seconds)
    except UnrealError as error:
        problem = str(error)
    fitting = [node for node in nodes if project is None or matches(node, project)]
    report = {
        "editors": fitting,
        "other_editors": [node for node in nodes if node not in fitting],
        "problem": problem,
        "checks": [] if fitting else things_to_check(settings, files),
        "warnings": warnings(files),
    }
    if as_json:
        _print_json(report, settings, files)
    else:
        _print_text(report, settings, project, seconds)
    return 0 if fitting else 1


def _print_json(
    report: dict[str, Any], settings: "RemoteExecutionSettings", files: "ProjectSettings | None"
) -> None:
    for name in ("editors", "other_editors"):
        report[name] = [dataclasses.asdict(node) for node in report[name]]
    report["client"] = {"group": settings.group, "bind_address": settings.bind_address}
    report["project_files"] = dataclasses.asdict(files) if files is not None else None
    click.echo(json.dumps(report, indent=2, ensure_ascii=True, default=str))


def _print_text(
    report: dict[str, Any], settings: "RemoteExecutionSettings", project: str | None, seconds: float
) -> None:
    where = f"group {settings.group}, bind address {settings.bind_address}"
    for node in report["editors"]:
        _print_node(node)
    if report["problem"]:
        click.echo(f"Cannot look for editors: {report['problem']}")
    elif not report["editors"]:
        wanted = f" with the project {project!r}" if project is not None else ""
        click.echo(f"No editor{wanted} answered within {seconds:g} s ({where}).")
    if not report["editors"] and report["other_editors"]:
        click.echo("These answered:")
        for node in report["other_editors"]:
            _print_node(node)
    if report["checks"]:
        click.echo("Check:")
        for check in report["checks"]:
            click.echo(f"  - {check}")
    for warning in report["warnings"]:
        click.echo(f"Warning: {warning}", err=True)


def _print_node(node: "EditorNode") -> None:
    click.echo(f"{node.project_name or '(no project)'}  {node.project_root}")
    click.echo(
        f"  engine {node.engine_version}, machine {node.machine}, user {node.user}, node {node.node_id}"
    )


for _command in (push, pull, install, self_test):
    unreal.add_command(_command)
