"""The messages of Unreal's Python remote execution, as bytes and back.

One UTF-8 JSON object each, without length or terminator: a datagram is one message, a TCP stream has to be
cut where an object ends. Magic "ue_py", version 1, as up to UE 5.8. Knows nothing about sockets.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from cstalk_ue.errors import EditorProtocolError, UnrealError

MAGIC = "ue_py"
PROTOCOL_VERSION = 1

PING = "ping"
PONG = "pong"
OPEN_CONNECTION = "open_connection"
CLOSE_CONNECTION = "close_connection"
COMMAND = "command"
COMMAND_RESULT = "command_result"

_LONGEST_NODE_ID = 128


@dataclass(frozen=True)
class Message:
    """One message; `source` and `dest` are the opaque node ids of editors and clients."""

    kind: str
    source: str
    dest: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def encode(self) -> bytes:
        """As Epic's client writes it: UTF-8, not escaped.

        Raises:
            UnrealError: a text is no valid Unicode.
        """
        fields: dict[str, Any] = {
            "version": PROTOCOL_VERSION,
            "magic": MAGIC,
            "type": self.kind,
            "source": self.source,
        }
        if self.dest is not None:
            fields["dest"] = self.dest
        if self.data:
            fields["data"] = dict(self.data)
        try:
            return json.dumps(fields, ensure_ascii=False, allow_nan=False).encode("utf-8")
        except UnicodeEncodeError as error:
            raise UnrealError(
                f"A text for the editor is no valid Unicode ({error.reason} at {error.start}). "
                "Pass such names in a file."
            ) from error

    def is_for(self, node_id: str) -> bool:
        """Whether a node accepts it: not its own, and addressed to it or to all."""
        return self.source != node_id and self.dest in (None, node_id)


def decode(raw: bytes) -> Message | None:
    """The message in these bytes; None if they are none, or of a protocol we do not speak."""
    try:
        # Not strict: a control character inside a string is no reason to lose an answer.
        fields = json.loads(raw.decode("utf-8"), strict=False)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or fields.get("magic") != MAGIC:
        return None
    version = fields.get("version")
    if isinstance(version, bool) or version != PROTOCOL_VERSION:
        return None
    kind, source, dest, data = (fields.get(name) for name in ("type", "source", "dest", "data"))
    if not isinstance(kind, str) or not _is_node_id(source) or not (dest is None or _is_node_id(dest)):
        return None
    if not (data is None or isinstance(data, dict)):
        return None
    return Message(kind, source, dest, data or {})


def _is_node_id(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NODE_ID and value.isprintable()


class Reassembly:
    """Cuts a stream of bytes into JSON objects, however it was cut on its way.

    Works on bytes: a chunk may end inside a character or an escape, and all bytes that matter are ASCII,
    which never occur inside a longer UTF-8 character. Every byte is looked at once.
    """

    _OUTSIDE = re.compile(rb'["{}]')
    _INSIDE = re.compile(rb'["\\]')

    def __init__(self, largest_bytes: int) -> None:
        self._largest_bytes = largest_bytes
        self._start_anew(b"")

    def _start_anew(self, rest: bytes) -> None:
        self._buffer = bytearray(rest)
        self._position = 0
        self._depth = 0
        self._in_string = False

    @property
    def pending_bytes(self) -> int:
        """Bytes of an object that is not complete yet."""
        return len(self._buffer)

    def take(self, chunk: bytes) -> list[bytes]:
        """The objects that these bytes complete.

        Raises:
            EditorProtocolError: the stream holds something between objects, or an object is too large.
        """
        self._buffer += chunk
        complete = []
        while (end := self._end_of_object()) is not None:
            complete.append(bytes(self._buffer[:end]))
            self._start_anew(bytes(self._buffer[end:]))
        if max([len(self._buffer), *map(len, complete)]) > self._largest_bytes:
            raise EditorProtocolError(
                f"The editor's answer is over {self._largest_bytes} bytes. "
                "Let the script print less and write its results to a file."
            )
        return complete

    def _end_of_object(self) -> int | None:
        """Position after the first complete object, else None; goes on where it stopped."""
        if self._depth == 0:
            self._buffer = self._buffer.lstrip()
            if self._buffer and not self._buffer.startswith(b"{"):
                raise EditorProtocolError(
                    f"The editor's answer begins with {bytes(self._buffer[:20])!r}; expected a JSON object. "
                    "Is another program connected in its place?"
                )
        while True:
            pattern = self._INSIDE if self._in_string else self._OUTSIDE
            match = pattern.search(self._buffer, self._position)
            if match is None:
                # After an escape, the position can lie one byte ahead of what has arrived.
                self._position = max(self._position, len(self._buffer))
                return None
            byte = match.group()
            self._position = match.end() + (byte == b"\\")
            if byte == b'"':
                self._in_string = not self._in_string
            elif byte == b"{":
                self._depth += 1
            elif byte == b"}":
                self._depth -= 1
                if self._depth == 0:
                    return self._position
