"""Remote execution as the editor speaks it, habits included.

Everything happens in the tick. Discovery: all datagrams that wait. Commands: one non-blocking read, which
has to be one message; whatever else it is, is lost with a line in the log. Answers: one non-blocking send,
cut where the socket takes no more. A connection is never noticed to be dead, and opening the same one again
does nothing.
"""

from __future__ import annotations

import getpass
import platform
import socket
import struct
import time
from typing import Any

from stand_in import messages
from stand_in.commands import MODES, Console
from stand_in.fake_unreal.world import World

BUFFER = 2 * 1024 * 1024
"""Size of the socket buffers, as the project's settings have it."""


class RemoteExecution:
    """The sockets of one editor.

    Attributes:
        commands: how many commands were read so far.
    """

    def __init__(self, world: World, console: Console, node: str, group: tuple[str, int], bind: str) -> None:
        self.world, self.console, self.node, self.group = world, console, node, group
        self.commands = 0
        self._connection: socket.socket | None = None
        self._peer: tuple[str, str, int] | None = None
        self._udp = _multicast_socket(group, bind)

    def poll(self) -> None:
        """What a tick does."""
        while True:
            try:
                received, _ = self._udp.recvfrom(65536)
            except (BlockingIOError, ConnectionError):
                break
            message = self._read(received)
            if message is not None:
                self._discovery(message)
        self._one_command()

    def close(self) -> None:
        self._drop()
        self._udp.close()

    def _read(self, received: bytes) -> dict[str, Any] | None:
        try:
            return messages.unpacked(received, self.node)
        except messages.Unreadable as error:
            if str(error):
                self.world.log("Error", f"LogPython: Error: {error}")
            return None

    def _discovery(self, message: dict[str, Any]) -> None:
        kind, source, data = message["type"], message["source"], message.get("data") or {}
        if kind == "ping":
            if "stray-datagrams" in self.world.behaviours:
                self._stray(source)
            self._send(messages.packed("pong", self.node, source, self._about()))
        elif kind == "open_connection":
            self._open(source, data.get("command_ip"), data.get("command_port"))
        elif kind == "close_connection" and self._peer is not None and self._peer[0] == source:
            self._drop()

    def _about(self) -> dict[str, str]:
        world = self.world
        about = {
            "user": str(world.behaviours.get("user") or user_name()),
            "machine": platform.node(),
            "engine_version": world.engine_version,
            "engine_root": "/UnrealEngine/Engine/",
        }
        if world.project_name:
            root = str(world.project_root.absolute()).replace("\\", "/")
            about.update(project_root=root.rstrip("/") + "/", project_name=world.project_name)
        return about

    def _send(self, datagram: bytes) -> None:
        try:
            self._udp.sendto(datagram, self.group)
        except OSError as error:
            self.world.log("Error", f"LogPython: Error: Failed to send a broadcast message: {error}")

    def _stray(self, asker: str) -> None:
        """What else may be heard on the group."""
        about = dict(self._about(), project_name="NotThisOne")
        pong = messages.packed("pong", "stranger", "somebody-else", about)
        for stray in (
            b"\x00\xff rubbish",
            b"[]",
            b'{"version": 1}',
            pong,
            pong.replace(b"somebody-else", asker.encode()).replace(b'"version": 1', b'"version": 2'),
            pong.replace(b"somebody-else", asker.encode()).replace(b"ue_py", b"other"),
            messages.packed("pong", "broken", asker, {"user": 3}),
            messages.packed("pong", "broken", asker),
            messages.packed("command_result", self.node, asker, {"success": True}),
        ):
            self._send(stray)

    def _open(self, source: str, ip: Any, port: Any) -> None:
        if not isinstance(ip, str) or not isinstance(port, (int, float)) or not _is_ipv4(ip):
            self.world.log("Error", "LogPython: Error: open_connection without a usable address")
            return
        peer = (source, ip, int(port))
        if peer == self._peer:
            self.world.event("ignored", f"open_connection {ip}:{port}: already connected")
            return
        if self._peer is not None:
            self.world.event("replaced", f"{self._peer[1]}:{self._peer[2]} by {ip}:{port}")
        self._drop()
        try:
            self._connection = socket.create_connection((ip, int(port)), timeout=1.0)
        except OSError as error:
            self.world.log("Error", f"LogPython: Error: cannot connect to {ip}:{port}: {error}")
            return
        self._connection.setblocking(False)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        self._peer = peer
        self.world.event("connected", f"{ip}:{port}", source=source)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self.world.event("disconnected", f"{self._peer}")
        self._connection, self._peer = None, None

    def _one_command(self) -> None:
        if self._connection is None:
            return
        try:
            received = self._connection.recv(BUFFER)
        except OSError:  # nothing waits, or the other side is gone, which it does not notice
            return
        if not received:
            return
        message = self._read(received)
        if message is None:
            self.world.event("lost", received[:80].decode("utf-8", "replace"), size=len(received))
            return
        data = message.get("data")
        complete = isinstance(data, dict) and (
            isinstance(data.get("command"), str)
            and isinstance(data.get("unattended"), bool)
            and data.get("exec_mode") in MODES
        )
        if message["type"] != "command" or not complete:
            self.world.log(
                "Error", "LogPython: Error: Failed to read remote execution message: not a command"
            )
            self.world.event("lost", received[:80].decode("utf-8", "replace"), size=len(received))
            return
        self.commands += 1
        self.world.event("received", data["command"][:200], number=self.commands)
        if self.commands == int(self.world.behaviours.get("die-on-command") or 0):
            self.world.crash("die-on-command")
        if self.commands == int(self.world.behaviours.get("modal-on-command") or 0):
            self.world.modal("Somebody else's dialog")
        result = self.console.run(data["command"], data["exec_mode"], data["unattended"])
        self._answer(messages.packed("command_result", self.node, message["source"], result))
        time.sleep(float(self.world.behaviours.get("busy-after-command") or 0))

    def _answer(self, answer: bytes) -> None:
        behaviours, connection = self.world.behaviours, self._connection
        if connection is None or "no-reply" in behaviours:
            return
        try:
            if "split-reply" in behaviours:
                size = int(behaviours["split-reply"])
                connection.setblocking(True)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for start in range(0, len(answer), size):
                    connection.sendall(answer[start : start + size])
                    time.sleep(0.0005)
                connection.setblocking(False)
                return
            if "cut-reply" in behaviours:
                answer = answer[: int(behaviours["cut-reply"])]
            sent = connection.send(answer)
            if sent < len(answer):
                self.world.event("cut", f"{sent} of {len(answer)} bytes")
        except OSError as error:
            self.world.log("Error", f"LogPython: Error: Failed to send the result: {error}")


def _multicast_socket(group: tuple[str, int], bind: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
    made.bind((bind, group[1]))
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(bind))
    membership = struct.pack("4s4s", socket.inet_aton(group[0]), socket.inet_aton(bind))
    made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    made.setblocking(False)
    return made


def user_name() -> str:
    """Name of the user, if the system tells."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "user"


def _is_ipv4(text: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET, text)
    except OSError:
        return False
    return True
