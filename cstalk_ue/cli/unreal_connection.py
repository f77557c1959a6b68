"""Which editor a command of `cstalk-ue unreal` is about: the options, and what they mean."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from cstalk_ue.unreal import ProjectSettings, RemoteExecutionSettings
    from cstalk_ue.unreal.session import EditorSession

_Command = TypeVar("_Command", bound=Callable[..., Any])


find_seconds_option = click.option(
    "--seconds", type=click.FloatRange(0.1, 600), default=10.0, help="How long to look for the editor."
)


def connection_options(command: _Command) -> _Command:
    """--project, --bind and --group; handed on as `project`, `bind` and `group`."""
    options = (
        click.option(
            "--project",
            metavar="PATH|NAME",
            help="The editor with this project: its .uproject, folder or name, or a node that status lists.",
        ),
        click.option(
            "--bind",
            metavar="ADDRESS",
            help="Adapter for multicast; default as the project, or 127.0.0.1 on Windows, else 0.0.0.0.",
        ),
        click.option(
            "--group",
            metavar="ADDRESS:PORT",
            help="Multicast group of the project; default as the project, or 239.0.0.1:6766.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def connection(
    project: str | None, bind: str | None, group: str | None
) -> "tuple[RemoteExecutionSettings, ProjectSettings | None]":
    """How to look for editors, and what the project's files say if --project is a path."""
    from cstalk_ue.errors import UsageError
    from cstalk_ue.unreal import client_settings, find_uproject, read_project_settings

    uproject = find_uproject(Path(project)) if project else None
    if project and project.lower().endswith(".uproject") and uproject is None:
        raise UsageError(
            f"--project: {project}: no such file. Give the .uproject file that the editor opened."
        )
    files = read_project_settings(uproject) if uproject is not None else None
    return client_settings(files, bind=bind, group=group), files


def editor_session(
    project: str | None, bind: str | None, group: str | None, find_seconds: float
) -> "EditorSession":
    """A session with the editor that is meant; what it has to say goes to standard error."""
    from cstalk_ue.unreal.session import EditorSession

    client, _ = connection(project, bind, group)
    return EditorSession(
        client, project, find_seconds=find_seconds, tell=lambda text: click.echo(text, err=True)
    )
