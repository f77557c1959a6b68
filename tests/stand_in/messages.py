"""The messages of remote execution: one JSON object each, nothing before or after it."""

from __future__ import annotations

import json
from typing import Any

VERSION, MAGIC = 1, "ue_py"


class Unreadable(Exception):
    """Not one whole message that is meant for us."""


def packed(kind: str, source: str, dest: str = "", data: Any = None) -> bytes:
    """A message as the editor writes it: UTF-8, nothing escaped."""
    message: dict[str, Any] = {"version": VERSION, "magic": MAGIC, "type": kind, "source": source}
    if dest:
        message["dest"] = dest
    if data is not None:
        message["data"] = data
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")


def unpacked(received: bytes, own: str) -> dict[str, Any]:
    """The message in these bytes.

    Raises:
        Unreadable: it is not JSON, of another version, our own, or for somebody else.
    """
    try:
        message = json.loads(received.decode("utf-8"))
    except ValueError as error:
        raise Unreadable(f"Failed to read remote execution message: {error}") from error
    if not isinstance(message, dict) or message.get("version") != VERSION or message.get("magic") != MAGIC:
        raise Unreadable("Failed to read remote execution message: wrong version or magic")
    if not isinstance(message.get("type"), str) or not isinstance(message.get("source"), str):
        raise Unreadable("Failed to read remote execution message: no type or no source")
    if message["source"] == own or message.get("dest", own) != own:
        raise Unreadable("")
    return message
