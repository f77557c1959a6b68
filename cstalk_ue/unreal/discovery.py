"""Which Unreal editors are running, and which of them is meant.

    nodes = find_editors(settings, seconds=5)
    node = choose_editor(nodes, "MyGame")

Every editor answers every ping, unless it is busy: while it works or shows a dialog it is silent, so a search
takes seconds and asks again and again. What an editor says of itself is shown, never trusted or executed.
"""

import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import TracebackType

from cstalk_ue.errors import EditorNotFoundError
from cstalk_ue.unreal.messages import PING, PONG, Message
from cstalk_ue.unreal.multicast import MulticastSocket
from cstalk_ue.unreal.settings import RemoteExecutionSettings

_MOST_EDITORS = 200
_LONGEST_TEXT = 1024


@dataclass(frozen=True)
class EditorNode:
    """A running editor, as it describes itself; without a project its name and root are ""."""

    node_id: str
    project_name: str = ""
    project_root: str = ""
    engine_version: str = ""
    engine_root: str = ""
    machine: str = ""
    user: str = ""

    def __str__(self) -> str:
        project = f"{self.project_name} ({self.project_root})" if self.project_name else "no project"
        return f"{project}, engine {self.engine_version or 'unknown'}, node {self.node_id}"


class UnrealEditors:
    """The editors that answer, as long as this is open. Use as a context manager.

    Raises:
        UnrealError: the group cannot be joined.
    """

    def __init__(self, settings: RemoteExecutionSettings | None = None) -> None:
        self.settings = settings or RemoteExecutionSettings()
        self._node_id = str(uuid.uuid4())
        self._group = MulticastSocket(self.settings)
        self._found: dict[str, EditorNode] = {}

    def search(self, seconds: float, *, settle_seconds: float | None = None) -> list[EditorNode]:
        """Ask for `seconds`; with `settle_seconds`, stop when that long after the first nothing new came."""
        end = time.monotonic() + seconds
        next_ping = 0.0
        while (now := time.monotonic()) < end:
            if now >= next_ping:
                self._group.send(Message(PING, self._node_id))
                next_ping = now + self.settings.ping_seconds
            message = self._group.receive(min(end, next_ping) - now)
            if message is not None and self._is_news(message) and settle_seconds is not None:
                end = min(end, time.monotonic() + settle_seconds)
        return sorted(self._found.values(), key=lambda node: (node.project_name.casefold(), node.node_id))

    def _is_news(self, message: Message) -> bool:
        """Take a pong to us; True if its editor was unknown."""
        node = _node(message) if message.kind == PONG and message.is_for(self._node_id) else None
        if node is None:
            return False
        known = node.node_id in self._found
        if known or len(self._found) < _MOST_EDITORS:
            self._found[node.node_id] = node
        return not known

    def close(self) -> None:
        """Stop listening. Closing again is harmless."""
        self._group.close()

    def __enter__(self) -> "UnrealEditors":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def find_editors(
    settings: RemoteExecutionSettings | None = None,
    seconds: float = 5.0,
    *,
    settle_seconds: float | None = None,
) -> list[EditorNode]:
    """The editors that answer within `seconds`, by project name; none is no error.

    Raises:
        UnrealError: the group cannot be joined.
    """
    with UnrealEditors(settings) as editors:
        return editors.search(seconds, settle_seconds=settle_seconds)


def choose_editor(nodes: Sequence[EditorNode], project: str | Path | None = None) -> EditorNode:
    """The one editor that is meant.

    `project` is the project's name, its folder or .uproject file, or a node id; None if there is but one.

    Raises:
        EditorNotFoundError: none fits, or several do; all are named.
    """
    fitting = [node for node in nodes if project is None or matches(node, project)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise EditorNotFoundError(
            f"{len(fitting)} editors fit: {'; '.join(map(str, fitting))}. "
            "Say which with --project: a name, a project folder or a node."
        )
    if not nodes:
        raise EditorNotFoundError("No Unreal editor answers. Run 'cstalk-ue unreal status' to see why.")
    raise EditorNotFoundError(
        f"No editor has the project {str(project)!r} open; these answer: {'; '.join(map(str, nodes))}."
    )


def matches(node: EditorNode, project: str | Path) -> bool:
    """Whether an editor has this project open: by name, by folder or .uproject file, or by node id."""
    text = str(project)
    if text == node.node_id:
        return True
    if not node.project_name and not node.project_root:
        return False
    if isinstance(project, str) and not _looks_like_path(text):
        return text.casefold() == node.project_name.casefold()
    path = PureWindowsPath(text) if PureWindowsPath(text).drive else Path(text)
    if path.suffix.lower() == ".uproject":
        if node.project_name and path.stem.casefold() != node.project_name.casefold():
            return False
        path = path.parent
    return _same_folder(str(path), node.project_root)


def _looks_like_path(text: str) -> bool:
    return text in (".", "..") or "/" in text or "\\" in text or text.lower().endswith(".uproject")


def _same_folder(ours: str, theirs: str) -> bool:
    """Whether two spellings name one folder; Windows paths regardless of case, links followed."""
    if not theirs:
        return False
    windows = PureWindowsPath(theirs)
    if windows.drive or os.name == "nt":
        other = PureWindowsPath(ours if PureWindowsPath(ours).drive else os.path.realpath(ours))
        if other == windows:  # compares without case
            return True
    elif PurePosixPath(os.path.normpath(theirs)) == PurePosixPath(os.path.abspath(ours)):  # noqa: PTH100
        return True
    return os.path.isabs(theirs) and os.path.realpath(ours) == os.path.realpath(theirs)  # noqa: PTH117


_ALWAYS_SAID = ("engine_version", "engine_root", "machine", "user")
_SAID_WITH_A_PROJECT = ("project_name", "project_root")


def _node(message: Message) -> EditorNode | None:
    """The editor in a pong; None if it does not say what every editor says."""
    texts = {name: value for name, value in message.data.items() if isinstance(value, str)}
    if not all(name in texts for name in _ALWAYS_SAID):
        return None
    names = (*_ALWAYS_SAID, *_SAID_WITH_A_PROJECT)
    return EditorNode(message.source, **{name: _printable(texts.get(name, "")) for name in names})


def _printable(value: str) -> str:
    """A text from the network, fit for a terminal."""
    return "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in value[:_LONGEST_TEXT]
    )
