"""What the files of an Unreal project say about its remote execution. A hint, not the truth.

Read are Config/DefaultEngine.ini and, over it, the override of this machine in Saved/Config. Settings can
also come from the command line of the editor or from a platform's own files, and what is changed in an open
editor may not be saved yet. Nothing is ever written here.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cstalk_ue.errors import UnrealError, UsageError
from cstalk_ue.unreal.settings import ANY_ADDRESS, GROUP_ADDRESS, GROUP_PORT, LOOPBACK, parse_endpoint

_SECTION = "[/script/pythonscriptplugin.pythonscriptpluginsettings]"
_LARGEST_BYTES = 16 * 1024 * 1024
_EDITOR_PLATFORM = {"win32": "WindowsEditor", "darwin": "MacEditor"}


@dataclass(frozen=True)
class ProjectSettings:
    """Remote execution as a project's files have it; None where they say nothing.

    Without a word, remote execution is off, the group is 239.0.0.1:6766, and the bind address is 127.0.0.1
    since UE 5.3 and 0.0.0.0 before.
    """

    project: Path
    """The .uproject file."""

    files: tuple[Path, ...] = ()
    """The settings files that were there, the last word last."""

    enabled: bool = False
    group_endpoint: str | None = None
    bind_address: str | None = None
    ttl: int | None = None

    @property
    def group(self) -> str:
        """The group that the editor should be in."""
        return self.group_endpoint or f"{GROUP_ADDRESS}:{GROUP_PORT}"

    @property
    def is_open_to_the_network(self) -> bool:
        """Whether other machines may reach the editor: anyone on the network could run code in it."""
        return self.bind_address == ANY_ADDRESS

    @property
    def likely_bind_address(self) -> str:
        """As the files say, else the default since UE 5.3."""
        return self.bind_address or LOOPBACK


def find_uproject(project: Path) -> Path | None:
    """The .uproject file that is meant by itself or by its folder; None if there is not exactly one."""
    if project.suffix.lower() == ".uproject":
        return project if project.is_file() else None
    try:
        found = [path for path in project.iterdir() if path.suffix.lower() == ".uproject"]
    except OSError:
        return None
    return found[0] if len(found) == 1 else None


def read_project_settings(uproject: Path) -> ProjectSettings:
    """What the files beside a .uproject say; files that are not there say nothing.

    Raises:
        UnrealError: there is no such project, or a file cannot be read.
    """
    if not uproject.is_file():
        raise UnrealError(f"{uproject}: no such file. Give the .uproject file of the project.")
    platform = _EDITOR_PLATFORM.get(sys.platform, "LinuxEditor")
    candidates = (
        uproject.parent / "Config" / "DefaultEngine.ini",
        uproject.parent / "Saved" / "Config" / platform / "Engine.ini",
    )
    files = tuple(path for path in candidates if path.is_file())
    values: dict[str, str] = {}
    for path in files:
        values.update(_values(_read(path)))
    return ProjectSettings(
        uproject,
        files,
        enabled=values.get("bremoteexecution", "").casefold() in ("true", "1", "yes", "on"),
        group_endpoint=_endpoint(values.get("remoteexecutionmulticastgroupendpoint")),
        bind_address=values.get("remoteexecutionmulticastbindaddress") or None,
        ttl=_number(values.get("remoteexecutionmulticastttl")),
    )


def _read(path: Path) -> str:
    """The text of an ini file, which the editor writes as UTF-8 or UTF-16."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise UnrealError(f"{path}: is over {_LARGEST_BYTES >> 20} MB; that is no settings file.")
        raw = path.read_bytes()
    except OSError as error:
        raise UnrealError(f"{path}: cannot be read ({error.strerror}). Check its permissions.") from error
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    return raw.decode("utf-16" if wide else "utf-8-sig", errors="replace")


def _values(text: str) -> Iterator[tuple[str, str]]:
    """Key, in small letters, and value of each line in the section; the last of a key counts."""
    inside = False
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            inside = line.casefold() == _SECTION
        elif inside and "=" in line and not line.startswith((";", "#", "-", "!")):
            key, _, value = line.partition("=")
            yield key.strip().lstrip("+.").casefold(), value.strip().strip('"')


def _endpoint(text: str | None) -> str | None:
    if not text:
        return None
    try:
        address, port = parse_endpoint(text)
    except UsageError:
        return None
    return f"{address}:{port}"


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
