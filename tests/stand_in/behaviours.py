"""Habits of the editor, or of its surroundings, that a test can switch on: ``name`` or ``name=value``."""

from __future__ import annotations

from typing import Any

KNOWN = {
    "slow-tick": "each tick takes this many seconds (0.25)",
    "throttled": "ticks three times a second, as an editor in the background",
    "busy-at-start": "the game thread is busy for this many seconds before the first tick (1)",
    "busy-after-command": "the game thread is busy for this many seconds after each answer (1)",
    "modal-on-command": "a dialog of somebody else opens as this command begins (1)",
    "modal-closes": "somebody clicks a dialog away after this many seconds (1)",
    "split-reply": "answers arrive in pieces of this many bytes (7)",
    "cut-reply": "only this many bytes of an answer are sent (100)",
    "no-reply": "commands are carried out but not answered",
    "noisy": "this many lines are logged beside each command (1000)",
    "crlf-output": "lines of output end with a carriage return and a line feed",
    "stray-datagrams": "others speak on the group: rubbish, wrong versions, answers to somebody else",
    "remote-execution-off": "the project does not allow remote execution",
    "lower-names": "names of curves come back in lower case",
    "registry-ticks": "the list of assets is complete after this many ticks (30)",
    "menu-ticks": "the main menu exists after this many ticks (3)",
    "play-in-editor": "the game plays in the editor, so asset functions refuse",
    "read-only": "assets under this folder cannot be saved (/Game/Locked)",
    "no-source-control": "checking out fails",
    "refuse-create": "an asset whose path ends so cannot be created (Refused)",
    "refuse-curve": "this curve cannot be added (CTRL_expressions_jawOpen)",
    "unloadable": "an asset whose path ends so exists but cannot be loaded (Broken)",
    "corrupt-values": "written keys come out so much higher (0.01)",
    "default-fps": "frame rate of new sequences (24)",
    "dirty-skeleton": "writing curves marks the skeleton as changed",
    "delete-fails-silently": "deleting does nothing instead of asking",
    "cancel-slow-task": "the user cancels after this many steps (1)",
    "die-after-saves": "the process ends right after this many saves (1)",
    "die-on-command": "the process ends as this command arrives (1)",
    "no-animator": "the MetaHuman Animator plugin is off",
    "no-backwards-solve": "control rigs cannot be solved backwards",
}
"""Name -> what it does, and in brackets the value it has when none is given."""


def parse(words: Any) -> dict[str, Any]:
    """Behaviours as a dict of values; True where none is needed.

    Raises:
        ValueError: a name is unknown.
    """
    chosen: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in KNOWN:
            raise ValueError(f"behaviour {name!r} is unknown; known: {', '.join(sorted(KNOWN))}")
        chosen[name] = value or _default(KNOWN[name])
    return chosen


def _default(description: str) -> Any:
    return description.rpartition("(")[2][:-1] if description.endswith(")") else True
