"""Carrying out a command: the three modes, their scopes, and what is captured of the output."""

from __future__ import annotations

import ast
import re
import sys
import traceback
from pathlib import Path
from typing import Any

from stand_in.fake_unreal.world import World

MODES = ("ExecuteFile", "ExecuteStatement", "EvaluateStatement")


class LogStream:
    """Where `print` goes in the editor: each line becomes one line of the log."""

    def __init__(self, world: World, kind: str) -> None:
        self._world, self._kind, self._rest = world, kind, ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._world.log(self._kind, line)
        return len(text)

    def flush(self) -> None:
        if self._rest:
            self._world.log(self._kind, self._rest)
            self._rest = ""

    def isatty(self) -> bool:
        return False


class Console:
    """The editor's Python: names of statements persist in the public scope, those of files do not."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.public = world.console_names

    def run(self, command: str, mode: str, unattended: bool) -> dict[str, Any]:
        """Carry out one command; the data of its answer."""
        world = self.world
        world.unattended = unattended
        first, undo, notifications = len(world.log_lines), world.undo_steps, world.notifications
        try:
            success, result = True, self._run(command, mode)
        except BaseException:
            success, result = False, _traceback()
            world.log("Error", f"LogPython: Error: {result}")
        sys.stdout.flush()
        sys.stderr.flush()
        world.unattended = False
        self.check_brackets()
        world.event(
            "command",
            command[:200],
            success=success,
            undo_steps=world.undo_steps - undo,
            notifications=world.notifications - notifications,
        )
        end = "\r\n" if "crlf-output" in world.behaviours else ""
        output = [{"type": kind, "output": text + end} for kind, text in world.log_lines[first:]]
        output += [
            {"type": "Info", "output": f"LogNoise: {i}"} for i in range(int(world.behaviours.get("noisy", 0)))
        ]
        return {"success": success, "command": command, "result": result, "output": output}

    def run_file(self, file: Path) -> None:
        """Run a start-up script in the public scope, as the editor does with init_unreal.py."""
        try:
            exec(
                compile(file.read_text(encoding="utf-8"), str(file), "exec"),
                dict(self.public, __file__=str(file)),
            )
        except BaseException:
            self.world.fault(f"start-up script {file} raises: {_traceback()}")
        sys.stdout.flush()

    def check_brackets(self) -> None:
        for asset in list(self.world.assets.values()):
            if getattr(getattr(asset, "_data", None), "brackets", None):
                self.world.fault(f"{asset._name}: a bracket was left open")
                asset._data.brackets.clear()

    def _run(self, command: str, mode: str) -> str:
        if mode == "EvaluateStatement":
            return repr(eval(compile(command.strip(), "<string>", "eval"), self.public))
        if mode == "ExecuteStatement":
            exec(compile(command, "<string>", "single"), self.public)
            return "None"
        source, name, arguments = _file_and_arguments(command)
        scope = {"__name__": "__main__", "__builtins__": __builtins__, "__file__": name}
        before, sys.argv = sys.argv, arguments
        try:
            exec(compile(source, name, "exec"), scope)
        finally:
            sys.argv = before
        return "None"

    def run_and_value(self, code: str) -> Any:
        """Run code of a test in the public scope; the value of its last expression."""
        tree = ast.parse(code)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        scope = dict(self.public, world=self.world, unreal=sys.modules["unreal"])
        exec(compile(tree, "<test>", "exec"), scope)
        return (
            eval(compile(ast.Expression(last.value), "<test>", "eval"), scope) if last is not None else None
        )


def _file_and_arguments(command: str) -> tuple[str, str, list[str]]:
    """Source, name and arguments: of a file if the command begins with the path of one, else of itself."""
    found = re.match(r'\s*(?:"([^"\n]+\.py)"|([^\s"]+\.py))(?:\s+(.*))?$', command)
    if found:
        path = Path(found.group(1) or found.group(2))
        if path.is_file():
            return path.read_text(encoding="utf-8"), str(path), [str(path), *(found.group(3) or "").split()]
    return command, "<string>", [""]


def _traceback() -> str:
    """The exception being handled, from the script's first line on: our own frames before it are left out."""
    kind, error, trace = sys.exc_info()
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return "".join(traceback.format_exception(kind, error, trace))
