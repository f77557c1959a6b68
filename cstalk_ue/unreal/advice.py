"""What to check when no editor answers, and what to warn of when one does. Words only, no sockets."""

import sys
from collections.abc import Iterator

from cstalk_ue.errors import UsageError
from cstalk_ue.unreal.project_settings import ProjectSettings
from cstalk_ue.unreal.settings import ANY_ADDRESS, LOOPBACK, RemoteExecutionSettings, parse_endpoint

_WHERE = "Project Settings > Plugins > Python"


def client_settings(
    project: ProjectSettings | None = None, *, bind: str | None = None, group: str | None = None
) -> RemoteExecutionSettings:
    """How to look for editors: as told, else as the project's files say, else as the editor's defaults.

    A project's bind address is followed only where it can work: a client on 127.0.0.1 hears nothing on Linux
    and macOS.

    Raises:
        UsageError: an address is wrong.
    """
    hint = project.bind_address if project is not None else None
    if hint is not None and (sys.platform == "win32" or hint != LOOPBACK):
        bind = bind or hint
    group = group or (project.group_endpoint if project is not None else None)
    if group is None:
        return RemoteExecutionSettings(bind_address=bind or "")
    try:
        address, port = parse_endpoint(group)
    except UsageError as error:
        raise UsageError(f"--group: {error}") from None
    return RemoteExecutionSettings(address, port, bind or "")


def things_to_check(
    settings: RemoteExecutionSettings, project: ProjectSettings | None = None, platform: str = sys.platform
) -> list[str]:
    """Why no editor may have answered, the likeliest first; one sentence or two each."""
    checks = [*_project_checks(settings, project)]
    if project is None:
        checks.append(
            f"Remote execution is off by default: in the editor, {_WHERE}, tick 'Enable Remote Execution'; "
            "the Python Editor Script Plugin has to be on. With --project GAME.uproject its files are read."
        )
        checks.append(
            f"The project has to use the group {settings.group} ({_WHERE}, Multicast Group Endpoint); give "
            "another one with --group."
        )
    checks += _platform_checks(settings, platform)
    checks.append(
        "An editor that is starting, working or showing a dialog does not answer: wait, or more --seconds."
    )
    checks.append(
        f"Firewall or VPN: allow the editor and Python UDP port {settings.group_port} and TCP on "
        f"{settings.command_address}; try without the VPN. If another program holds the port, choose another "
        "one in the project and with --group."
    )
    return checks


def warnings(project: ProjectSettings | None, platform: str = sys.platform) -> list[str]:
    """What is dangerous about the project's settings, whether an editor answers or not."""
    if project is None:
        return []
    found = []
    if project.is_open_to_the_network:
        remedy = (
            f"Set it to {LOOPBACK}."
            if platform == "win32"
            else "This system needs it; keep the port closed in the firewall."
        )
        found.append(
            f"{project.project.name}: the multicast bind address is {ANY_ADDRESS}, so anyone on this network "
            f"can run code in the editor. {remedy}"
        )
    if project.ttl:
        found.append(
            f"{project.project.name}: the multicast TTL is {project.ttl}, so the editor's answers leave this "
            "machine. Set it to 0."
        )
    return found


def _project_checks(settings: RemoteExecutionSettings, project: ProjectSettings | None) -> Iterator[str]:
    """What the project's files, which are only a hint, have against us."""
    if project is None:
        return
    if not project.enabled:
        yield (
            f"{project.project.name}: remote execution is off in the project's files. Tick 'Enable Remote "
            f"Execution' in {_WHERE}."
        )
    if project.group != settings.group:
        yield (
            f"{project.project.name}: its group is {project.group}, not {settings.group}. "
            f"Use --group {project.group}."
        )
    said = project.bind_address or f"not set, so {LOOPBACK} since UE 5.3"
    if project.likely_bind_address != settings.bind_address:
        yield (
            f"{project.project.name}: its multicast bind address is {said}, ours is {settings.bind_address}; "
            "they should be equal."
        )


def _platform_checks(settings: RemoteExecutionSettings, platform: str) -> Iterator[str]:
    if platform == "win32":
        if settings.bind_address != LOOPBACK:
            yield (
                f"Windows: use {LOOPBACK} as bind address in the project and here; {ANY_ADDRESS} needs an "
                "active network adapter and is open to the network."
            )
    elif settings.bind_address == LOOPBACK:
        yield f"Multicast does not arrive at {LOOPBACK} on this system: use --bind {ANY_ADDRESS}."
    elif platform == "darwin":
        yield (
            f"macOS: the multicast bind address of the project has to be {ANY_ADDRESS}, as ours; {LOOPBACK} "
            "does not work there. Close the port in the firewall."
        )
    else:
        yield (
            f"Linux: the multicast bind address of the project has to be {ANY_ADDRESS}, as ours; the group "
            f"may need a route, 'ip route add {settings.group_address} dev lo'. Close the port in the "
            "firewall."
        )
