"""One connection to one editor: run a command, have its result.

    with open_editor(node, settings) as editor:
        result = editor.run("print(1)", timeout_seconds=60)

The client listens and the editor connects. The editor's habits rule this file: it reads a command in one
piece or loses it without a word, answers nothing to what it cannot read, cuts a long answer, and ignores the
announcement of a connection that it believes to have. So: listen first, a fresh node id and a free port for
each connection, small commands one at a time, deadlines everywhere, `close_connection` on every way out, and
no connection is used again after anything went wrong.
"""

import contextlib
import socket
import threading
import time
import uuid
from types import TracebackType

from cstalk_ue.errors import EditorProtocolError, EditorTimeoutError, UnrealError
from cstalk_ue.unreal.command_result import CommandResult, read_result
from cstalk_ue.unreal.discovery import EditorNode
from cstalk_ue.unreal.messages import (
    CLOSE_CONNECTION,
    COMMAND,
    COMMAND_RESULT,
    OPEN_CONNECTION,
    Message,
    Reassembly,
    decode,
)
from cstalk_ue.unreal.multicast import MulticastSocket
from cstalk_ue.unreal.settings import RemoteExecutionSettings

EXECUTE_FILE = "ExecuteFile"
"""Several statements; prints are part of the output. Names do not outlive the command."""

LARGEST_COMMAND_BYTES = 16 * 1024
"""Of the whole message. Larger ones reach the editor in pieces now and then, and are lost."""

_READ_BYTES = 65536
_LONGEST_WAIT_SECONDS = 0.5
"""Of one call to the system; on Windows it holds back Ctrl-C."""


class EditorConnection:
    """A connection to one editor, made on entering and closed on leaving its `with` block.

    Raises, on entering:
        EditorTimeoutError: the editor did not connect in time.
        UnrealError: we cannot listen, or cannot reach the group.
    """

    def __init__(self, node: EditorNode, settings: RemoteExecutionSettings | None = None) -> None:
        self.node = node
        self.settings = settings or RemoteExecutionSettings()
        self._group: MulticastSocket | None = None
        self._stream: socket.socket | None = None
        self._in_flight = threading.Lock()
        self._node_id = ""
        self._reassembly = Reassembly(self.settings.largest_reply_bytes)

    @property
    def is_open(self) -> bool:
        """Whether commands can be sent. False for good after a command failed to be answered."""
        return self._stream is not None

    def __enter__(self) -> "EditorConnection":
        if self._group is not None:
            raise UnrealError("This connection is open already. Open another one.")
        self._node_id = str(uuid.uuid4())
        self._reassembly = Reassembly(self.settings.largest_reply_bytes)
        try:
            with self._listen() as listener:
                self._group = MulticastSocket(self.settings)
                self._stream = self._wait_for_editor(self._group, listener)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows: nobody else may listen on our port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            listener.bind((self.settings.command_address, 0))
            listener.listen(1)
        except OSError as error:
            listener.close()
            raise UnrealError(
                f"Cannot listen on {self.settings.command_address} ({error.strerror}). "
                "Use an address of this machine, normally 127.0.0.1."
            ) from error
        return listener

    def _wait_for_editor(self, group: MulticastSocket, listener: socket.socket) -> socket.socket:
        """Announce our port again and again until the editor connects; nobody else is let in after it."""
        port = listener.getsockname()[1]
        announcement = {"command_ip": self.settings.command_address, "command_port": port}
        end = time.monotonic() + self.settings.connect_seconds
        next_announcement = 0.0
        while (now := time.monotonic()) < end:
            if now >= next_announcement:
                group.send(Message(OPEN_CONNECTION, self._node_id, self.node.node_id, announcement))
                next_announcement = now + self.settings.ping_seconds
            listener.settimeout(max(0.001, min(end - now, next_announcement - now, _LONGEST_WAIT_SECONDS)))
            try:
                stream, _ = listener.accept()
            except (TimeoutError, BlockingIOError, ConnectionAbortedError):
                continue
            with contextlib.suppress(OSError):
                stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return stream
        raise EditorTimeoutError(
            f"The editor of {self._name} did not connect to {self.settings.command_address}:{port} within "
            f"{self.settings.connect_seconds:g} s. Close its dialogs, wait for its work to finish, and let "
            "the firewall pass local connections."
        )

    def run(
        self,
        command: str,
        timeout_seconds: float,
        *,
        mode: str = EXECUTE_FILE,
        unattended: bool = True,
    ) -> CommandResult:
        """Run Python source in the editor and wait for its result; one command at a time.

        A command that fails in the editor is a result without success, not an error. After any error but a
        refused call the connection is closed; what the command did in the editor by then is not known.

        Raises:
            EditorTimeoutError: no answer in time.
            EditorProtocolError: the connection broke, or the answer cannot be understood.
            UnrealError: the command is too large, another one is running, or the connection is closed.
        """
        if not self._in_flight.acquire(blocking=False):
            raise UnrealError("A command is running in this editor already. Send one after the other.")
        try:
            fields = {"command": command, "unattended": unattended, "exec_mode": mode}
            raw = Message(COMMAND, self._node_id, self.node.node_id, fields).encode()
            if len(raw) > LARGEST_COMMAND_BYTES:
                raise UnrealError(
                    f"The command is {len(raw)} bytes; an editor may lose what is over "
                    f"{LARGEST_COMMAND_BYTES}. Pass data in a file."
                )
            if self._stream is None:
                raise UnrealError(f"The connection to {self._name} is closed. Open a new one.")
            try:
                return self._exchange(self._stream, raw, command, timeout_seconds)
            except BaseException:
                self.close()
                raise
        finally:
            self._in_flight.release()

    def _exchange(
        self, stream: socket.socket, raw: bytes, command: str, timeout_seconds: float
    ) -> CommandResult:
        end = time.monotonic() + timeout_seconds
        ignored = 0
        try:
            self._drop_what_nobody_asked_for(stream)
            stream.settimeout(max(0.001, timeout_seconds))
            stream.sendall(raw)
            while (left := end - time.monotonic()) > 0:
                stream.settimeout(min(left, _LONGEST_WAIT_SECONDS))
                try:
                    chunk = stream.recv(_READ_BYTES)
                except TimeoutError:
                    continue
                if not chunk:
                    raise ConnectionError("closed")
                for answer in self._reassembly.take(chunk):
                    message = decode(answer)
                    if message is not None and self._answers(message, command):
                        return read_result(message.data, self._name)
                    ignored += 1
        except TimeoutError:
            pass  # of sendall
        except OSError as error:
            raise EditorProtocolError(
                f"The editor of {self._name} closed the connection before it answered. It ended, crashed, or "
                "another program connected to it; look at its log and try again."
            ) from error
        raise EditorTimeoutError(self._silence(timeout_seconds, ignored))

    def _drop_what_nobody_asked_for(self, stream: socket.socket) -> None:
        """A second answer to an earlier command must not be taken for one to the next."""
        stream.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while chunk := stream.recv(_READ_BYTES):
                self._reassembly.take(chunk)
        if self._reassembly.pending_bytes:
            raise EditorProtocolError(
                f"The editor of {self._name} sent part of an answer that nobody asked for. Connect again."
            )

    def _answers(self, message: Message, command: str) -> bool:
        return (
            message.kind == COMMAND_RESULT
            and message.source == self.node.node_id
            and message.is_for(self._node_id)
            and message.data.get("command") == command
        )

    def _silence(self, seconds: float, ignored: int) -> str:
        """What an answer that did not come may mean."""
        text = f"The editor of {self._name} did not answer within {seconds:g} s"
        if self._reassembly.pending_bytes:
            text += f"; it began and stopped after {self._reassembly.pending_bytes} bytes"
        elif ignored:
            text += f"; {ignored} answer{'s' if ignored > 1 else ''} to something else came"
        return (
            f"{text}. Close its dialogs, or allow more time; what it did so far is not known, and the "
            "connection is closed."
        )

    @property
    def _name(self) -> str:
        return self.node.project_name or self.node.node_id

    def close(self) -> None:
        """Tell the editor, then close all sockets. Closing again is harmless."""
        group, self._group = self._group, None
        stream, self._stream = self._stream, None
        try:
            if group is not None:
                with contextlib.suppress(UnrealError):
                    group.send(Message(CLOSE_CONNECTION, self._node_id, self.node.node_id))
        finally:
            if group is not None:
                group.close()
            if stream is not None:
                stream.close()


def open_editor(node: EditorNode, settings: RemoteExecutionSettings | None = None) -> EditorConnection:
    """A connection to this editor, made when its `with` block is entered."""
    return EditorConnection(node, settings)
