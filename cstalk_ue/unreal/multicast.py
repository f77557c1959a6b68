"""The UDP side of remote execution: one socket in the group that all editors and clients share.

Both reuse options are set (on Linux a socket with one cannot share a port with a socket that has only the
other), membership and IP_MULTICAST_IF are set to the same adapter, and TTL is 0: nothing leaves this machine.
"""

import contextlib
import errno
import socket
import sys
from types import TracebackType

from cstalk_ue.errors import UnrealError
from cstalk_ue.unreal.messages import Message, decode
from cstalk_ue.unreal.settings import ANY_ADDRESS, LOOPBACK, RemoteExecutionSettings

_LARGEST_DATAGRAM = 65536
_NO_ADAPTER = {errno.ENODEV, errno.ENETUNREACH, errno.EHOSTUNREACH, 10051, 10065}  # the last two: Windows


class MulticastSocket:
    """A member of the group. Use as a context manager, or call `close`.

    Raises:
        UnrealError: the port is taken, the address is not ours, or no adapter can do multicast.
    """

    def __init__(self, settings: RemoteExecutionSettings) -> None:
        self._settings = settings
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP)
        try:
            self._join()
        except OSError as error:
            self._socket.close()
            raise UnrealError(_explain(error, settings)) from error
        except BaseException:
            self._socket.close()
            raise

    def _join(self) -> None:
        udp, bind_address = self._socket, self._settings.bind_address
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):  # not on Windows
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        udp.bind((bind_address, self._settings.group_port))
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        joined = []
        # On Linux and macOS an editor may also talk over the loopback adapter, and offline nothing else can.
        alternatives = [LOOPBACK] if bind_address == ANY_ADDRESS and sys.platform != "win32" else []
        problem: OSError | None = None
        for adapter in (bind_address, *alternatives):
            try:
                self._join_on(adapter)
                joined.append(adapter)
            except OSError as error:
                problem = problem or error
        if not joined and problem is not None:
            raise problem
        self._send_on(joined[0])

    def _join_on(self, adapter: str) -> None:
        membership = socket.inet_aton(self._settings.group_address) + socket.inet_aton(adapter)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)

    def _send_on(self, adapter: str) -> None:
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(adapter))

    def send(self, message: Message) -> None:
        """Send to all in the group.

        Raises:
            UnrealError: no adapter takes it.
        """
        raw = message.encode()
        group = (self._settings.group_address, self._settings.group_port)
        try:
            self._socket.sendto(raw, group)
        except OSError as error:
            if error.errno not in _NO_ADAPTER or self._settings.bind_address != ANY_ADDRESS:
                raise UnrealError(_explain(error, self._settings)) from error
            try:  # offline: no route to the group but over the loopback adapter
                self._send_on(LOOPBACK)
                self._socket.sendto(raw, group)
            except OSError:
                raise UnrealError(_explain(error, self._settings)) from error

    def receive(self, seconds: float) -> Message | None:
        """The next message, from whomever to whomever; None if none came, or something else did."""
        self._socket.settimeout(max(seconds, 0.001))
        try:
            raw = self._socket.recv(_LARGEST_DATAGRAM)
        except (TimeoutError, BlockingIOError, ConnectionResetError):
            return None
        except OSError as error:
            raise UnrealError(_explain(error, self._settings)) from error
        return decode(raw)

    def close(self) -> None:
        """Leave the group. Closing again is harmless."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def __enter__(self) -> "MulticastSocket":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _explain(error: OSError, settings: RemoteExecutionSettings) -> str:
    """What to do about an error of the socket, in one sentence or two."""
    number = getattr(error, "winerror", None) or error.errno
    if number in (errno.EADDRINUSE, errno.EACCES, 10048, 10013):
        return (
            f"UDP port {settings.group_port} is taken or blocked ({error.strerror}). Close the program that "
            "holds it, or set another port in the project and with --group."
        )
    if number in (errno.EADDRNOTAVAIL, 10049):
        return (
            f"--bind: {settings.bind_address} is no address of this machine. "
            f"Use {LOOPBACK}, or {ANY_ADDRESS} on Linux and macOS."
        )
    if number in _NO_ADAPTER:
        return (
            f"No network adapter can reach {settings.group_address} from {settings.bind_address} "
            f"({error.strerror}). On Windows use --bind {LOOPBACK}; on Linux run "
            f"'ip route add {settings.group_address} dev lo'; or switch an adapter on."
        )
    return (
        f"Multicast on {settings.group} over {settings.bind_address} failed ({error.strerror or error}). "
        "Check the adapter, the firewall and any VPN."
    )
