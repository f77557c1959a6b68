"""What one editor knows: its project, what is loaded, and a record of everything it did and was done to it.

There is one world per process, `current()`. It knows nothing about the classes scripts see. What scripts do
wrong but the real editor would let pass (for now) is a *fault*: recorded, not raised.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

VERSIONS = {
    "5.4": "5.4.4-35576357+++UE5+Release-5.4",
    "5.5": "5.5.4-40574608+++UE5+Release-5.5",
    "5.6": "5.6.0-43139311+++UE5+Release-5.6",
    "5.7": "5.7.1-48512491+++UE5+Release-5.7",
}
"""Engine versions that can be imitated, as the editor names itself."""


class ModalOpened(BaseException):
    """Where nothing can hang (the fake within a test process): a dialog has opened and nobody will click."""


class EditorCrashed(BaseException):
    """Where nothing can crash: a failed check has ended the editor."""


class World:
    """One editor.

    Attributes:
        assets: loaded assets by lower-cased package path.
        store: the project's saved assets, see `stand_in.fake_unreal.store`.
        behaviours: habits that are on, name -> value.
        faults: what a script should not have done, one sentence each.
        modals: dialogs that opened.
        undo_steps: how often one would have to press undo.
        undo_records: edits in the undo history; a transaction makes one step of many.
        notifications: how often a sequence told the editor to refresh.
        calls: how often each function was called.
        console_names: what the editor's Python console knows, the public scope.
    """

    def __init__(
        self,
        *,
        version: str = "5.6",
        project_root: str | os.PathLike[str] = "Project",
        project_name: str = "Project",
        behaviours: dict[str, Any] | None = None,
        store: Any = None,
    ) -> None:
        short = ".".join(version.split(".")[:2])
        if short not in VERSIONS:
            raise ValueError(f"version {version}: the fake knows {', '.join(VERSIONS)}")
        self.version = tuple(int(part) for part in short.split("."))
        self.engine_version = VERSIONS[short]
        self.project_root = Path(project_root)
        self.project_name = project_name
        self.behaviours = dict(behaviours or {})
        self.store = store
        self.assets: dict[str, Any] = {}
        self.log_lines: list[tuple[str, str]] = []
        self.faults: list[str] = []
        self.modals: list[str] = []
        self.undo_steps = self.undo_records = self.open_transactions = 0
        self.transactions: list[str] = []
        self.notifications = 0
        self.calls: Counter[str] = Counter()
        self.events: list[dict[str, Any]] = []
        self.ticks = 0
        self.tick_callbacks: dict[Any, Callable[[float], None]] = {}
        self.shutdown_callbacks: dict[Any, Callable[[], None]] = {}
        self.selected_assets: list[Any] = []
        self.selected_actors: list[Any] = []
        self.actors: list[Any] = []
        self.menus: dict[str, Any] = {}
        self.open_sequence: Any = None
        self.console_names: dict[str, Any] = {"__name__": "__main__"}
        self.unattended = False
        self.person = False
        self.game_thread = threading.get_ident()
        self.on_log: Callable[[str, str], None] = lambda kind, text: None
        self.on_event: Callable[[dict[str, Any]], None] = lambda event: None
        self.on_modal: Callable[[str], None] = _raise_modal
        self.on_crash: Callable[[str], None] = _raise_crash

    def log(self, kind: str, text: str) -> None:
        """Write a line to the editor's log. Kind: Info, Warning or Error."""
        self.log_lines.append((kind, text))
        self.on_log(kind, text)

    def event(self, kind: str, text: str, **fields: Any) -> None:
        """Record something that happened, for tests to see from outside."""
        event = dict(fields, kind=kind, text=text)
        self.events.append(event)
        self.on_event(event)

    def fault(self, text: str) -> None:
        """Record what a script should not have done."""
        self.faults.append(text)
        self.event("fault", text)

    def modal(self, text: str, *, honours_unattended: bool = False) -> None:
        """Open a dialog. Returns only if a person clicks, or the dialog is suppressed."""
        if self.person or (honours_unattended and self.unattended):
            self.event("dialog", text)
            return
        self.modals.append(text)
        self.event("modal", text)
        self.on_modal(text)

    def crash(self, text: str) -> None:
        self.fault(text)
        self.event("crash", text)
        self.on_crash(text)

    def undo(self, transact: bool, what: str) -> None:
        """Count an edit in the undo history, if it asks to be."""
        if transact:
            self.undo_records += 1
            self.undo_steps += not self.open_transactions

    @property
    def registry_is_loading(self) -> bool:
        """Whether the list of assets is still being built: before that, existing assets look missing."""
        return self.ticks < int(self.behaviours.get("registry-ticks") or 0)

    @property
    def editor_is_usable(self) -> bool:
        """Asset functions do nothing but complain while the game plays in the editor."""
        if "play-in-editor" in self.behaviours:
            self.log("Error", "LogUtils: Error: The Editor is currently in a play mode.")
            return False
        return True


_current: World | None = None


def current() -> World:
    """The world of this process."""
    if _current is None:
        raise RuntimeError("no fake editor: call stand_in.fake_unreal.install() first")
    return _current


def set_current(world: World | None) -> None:
    global _current
    _current = world


def _raise_modal(text: str) -> None:
    raise ModalOpened(text)


def _raise_crash(text: str) -> None:
    raise EditorCrashed(text)
