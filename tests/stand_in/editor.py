"""The stand-in editor: ``python -m tests.stand_in.editor --project-name X --project-root DIR --state DIR``.

In ``--state``: content/ (saved assets, which outlive the process), events.jsonl (what happened, see
`stand_in.launch.StandIn.events`) and editor.log. Nothing else persists: unsaved edits end with the process.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from stand_in import behaviours as known_behaviours
from stand_in import fake_unreal
from stand_in.commands import Console, LogStream
from stand_in.control import Control
from stand_in.fake_unreal.project import DEFAULT
from stand_in.fake_unreal.world import World
from stand_in.network import RemoteExecution

TICK_SECONDS = 1 / 100


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.stand_in.editor", description="A stand-in Unreal editor."
    )
    parser.add_argument("--project-name", required=True, help='"" for an editor without a project')
    parser.add_argument("--project-root", required=True, type=Path)
    parser.add_argument(
        "--state", required=True, type=Path, help="folder for saved assets, events and the log"
    )
    parser.add_argument("--engine-version", default="5.6.0")
    parser.add_argument("--group", default="239.0.0.1:6766", help="multicast group and port")
    parser.add_argument("--bind", default="0.0.0.0", help="address of the adapter")
    parser.add_argument("--node", default="", help="node id; a new one by default")
    parser.add_argument("--empty", action="store_true", help="open a project without assets")
    parser.add_argument(
        "--control", action="store_true", help="take JSON lines on standard input, see control.py"
    )
    parser.add_argument(
        "--behaviour",
        nargs="*",
        action="extend",
        default=[],
        metavar="NAME[=VALUE]",
        help="; ".join(f"{name}: {what}" for name, what in known_behaviours.KNOWN.items()).replace("%", "%%"),
    )
    return parser.parse_args()


class Records:
    """What the process leaves for tests to read."""

    def __init__(self, state: Path, world: World) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self._log = (state / "editor.log").open("a", encoding="utf-8", errors="backslashreplace", buffering=1)
        self._events = (state / "events.jsonl").open("a", encoding="ascii", buffering=1)
        self._world, self._saves = world, 0
        world.on_log, world.on_event = self.log, self.event

    def log(self, kind: str, text: str) -> None:
        self._log.write(f"[{self._world.ticks}] {kind}: {text}\n")

    def event(self, event: dict[str, Any]) -> None:
        self._events.write(json.dumps(dict(event, tick=self._world.ticks)) + "\n")
        self._saves += event["kind"] == "save"
        if event["kind"] == "save" and self._saves == int(self._world.behaviours.get("die-after-saves") or 0):
            os._exit(9)


def python_folders(project_root: Path) -> list[Path]:
    """Folders that the editor puts on `sys.path`: the project's, then each plugin's."""
    folders = [project_root / "Content" / "Python"]
    folders += sorted((project_root / "Plugins").glob("*/Content/Python"))
    return [folder for folder in folders if folder.is_dir()]


def tick(world: World, delta: float) -> None:
    """Call what scripts registered; a callback that raises is logged and stays."""
    for callback in list(world.tick_callbacks.values()):
        try:
            callback(delta)
        except Exception as error:
            text = f"a tick callback raises {type(error).__name__}: {error}"
            if text not in world.faults:
                world.fault(text)
    world.ticks += 1


def tick_seconds(world: World) -> float:
    if "throttled" in world.behaviours:
        return 1 / 3
    return float(world.behaviours.get("slow-tick") or TICK_SECONDS)


def main() -> None:
    options = arguments()
    host, _, port = options.group.partition(":")
    # Nothing of this repository can be imported by the scripts, as in a studio.
    here = {str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2]), ""}
    sys.path[:] = [entry for entry in sys.path if entry not in here]
    requests, answers = sys.stdin, sys.stdout
    world = fake_unreal.install(
        options.state / "content",
        content=() if options.empty else DEFAULT,
        version=options.engine_version,
        project_root=options.project_root,
        project_name=options.project_name,
        behaviours=known_behaviours.parse(options.behaviour),
    )
    Records(options.state, world)
    console = Console(world)
    sys.stdout, sys.stderr = LogStream(world, "Info"), LogStream(world, "Error")  # type: ignore[assignment]
    control = Control(console, requests, answers) if options.control else None
    world.on_modal = lambda text: hang(world, control)
    world.on_crash = lambda text: os._exit(3)
    node = options.node or uuid.uuid4().hex.upper()
    remote = None
    if "remote-execution-off" not in world.behaviours:
        remote = RemoteExecution(world, console, node, (host, int(port)), options.bind)
    for folder in python_folders(options.project_root):
        sys.path.append(str(folder))
    for folder in python_folders(options.project_root):
        if (folder / "init_unreal.py").is_file():
            console.run_file(folder / "init_unreal.py")
    world.event("start", node, pid=os.getpid())
    if control is not None:
        control.say(ready=True, node=node, pid=os.getpid())
    time.sleep(float(world.behaviours.get("busy-at-start") or 0))
    run(world, remote, control)


def run(world: World, remote: RemoteExecution | None, control: Control | None) -> None:
    """Tick until told to quit."""
    last = time.monotonic()
    while control is None or not control.quit:
        started = time.monotonic()
        if remote is not None:
            remote.poll()
        if control is not None:
            control.poll()
        tick(world, started - last)
        last = started
        time.sleep(max(0.0, tick_seconds(world) - (time.monotonic() - started)))
    for callback in list(world.shutdown_callbacks.values()):
        callback()
    if remote is not None:
        remote.close()


def hang(world: World, control: Control | None) -> None:
    """A dialog is open: the game thread waits for a click."""
    seconds = world.behaviours.get("modal-closes")
    if control is None:
        time.sleep(float(seconds) if seconds else 1e9)
        return
    control.clicked.wait(float(seconds) if seconds else None)
    control.clicked.clear()


if __name__ == "__main__":
    main()
