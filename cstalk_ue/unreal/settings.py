"""Where editors are looked for and how long for: addresses, ports and deadlines of our side.

The defaults are those of the editor and of Epic's own client, except the address we listen on for multicast:
a socket bound to 127.0.0.1 receives none on Linux and macOS, while on Windows it does and is the safest.
What a project's own files say about its side is in project_settings.py.
"""

import ipaddress
import sys
from dataclasses import dataclass

from cstalk_ue.errors import UsageError

GROUP_ADDRESS = "239.0.0.1"
GROUP_PORT = 6766
LOOPBACK = "127.0.0.1"
ANY_ADDRESS = "0.0.0.0"


def default_bind_address() -> str:
    """127.0.0.1 where multicast arrives there, which is on Windows; 0.0.0.0 elsewhere."""
    return LOOPBACK if sys.platform == "win32" else ANY_ADDRESS


@dataclass(frozen=True)
class RemoteExecutionSettings:
    """How this client talks to editors. Checked on construction.

    Raises:
        UsageError: an address is no IPv4 address of its kind, or a number is out of range.
    """

    group_address: str = GROUP_ADDRESS
    """Multicast group; the project's RemoteExecutionMulticastGroupEndpoint."""

    group_port: int = GROUP_PORT
    """Its UDP port, shared by all editors and clients of this machine."""

    bind_address: str = ""
    """Address to receive and send multicast on; has to suit the project's. "": the default of the system."""

    command_address: str = LOOPBACK
    """Address on which we listen for the one connection of the editor, and which we announce to it."""

    ping_seconds: float = 1.0
    """How often pings, and announcements of our port, are repeated."""

    connect_seconds: float = 30.0
    """How long the editor may take to connect; it does nothing else while it works or shows a dialog."""

    largest_reply_bytes: int = 8 * 1024 * 1024
    """A longer reply is refused; editors cut theirs at 2 MiB unless the project says otherwise."""

    def __post_init__(self) -> None:
        if not self.bind_address:
            object.__setattr__(self, "bind_address", default_bind_address())
        if not _address("--group", self.group_address).is_multicast:
            raise UsageError(
                f"--group: {self.group_address} is no multicast address (224.0.0.0 to 239.255.255.255). "
                "Use the project's, usually 239.0.0.1:6766."
            )
        if not 1 <= self.group_port <= 65535:
            raise UsageError(f"--group: port {self.group_port} is not between 1 and 65535.")
        if _address("--bind", self.bind_address).is_multicast:
            raise UsageError(
                f"--bind: {self.bind_address} is a group, not an address of this machine. Try {LOOPBACK}."
            )
        command = _address("command_address", self.command_address)
        if command.is_unspecified or command.is_multicast:
            raise UsageError(
                f"command_address: an editor cannot connect to {self.command_address}. Use {LOOPBACK}."
            )
        for name in ("ping_seconds", "connect_seconds", "largest_reply_bytes"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name}: {getattr(self, name)} is not above 0.")

    @property
    def group(self) -> str:
        """As it is written on the command line and in a project: ``239.0.0.1:6766``."""
        return f"{self.group_address}:{self.group_port}"


def parse_endpoint(text: str) -> tuple[str, int]:
    """Address and port of ``239.0.0.1:6766``.

    Raises:
        UsageError: it has another form.
    """
    address, colon, port = text.strip().rpartition(":")
    if not colon or not address or not (port.isascii() and port.isdigit() and len(port) <= 5):
        raise UsageError(f"{text[:60]!r} is not ADDRESS:PORT, such as {GROUP_ADDRESS}:{GROUP_PORT}.")
    return address, int(port)


def _address(name: str, text: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        raise UsageError(
            f"{name}: {text[:60]!r} is no IPv4 address such as {LOOPBACK}; the editor knows no other kind."
        ) from None
