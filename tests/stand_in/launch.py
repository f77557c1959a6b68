"""Starting stand-in editors from a test, and looking at what they did."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stand_in.fake_unreal.store import Store, unpacked

REPOSITORY = Path(__file__).resolve().parents[2]
GROUP = "239.0.0.1"


@dataclass(frozen=True)
class Settings:
    """What a client needs to find an editor."""

    project_name: str
    project_root: Path
    group_address: str
    group_port: int
    bind_address: str

    @property
    def group(self) -> str:
        """``239.0.0.1:6766``, as on command lines."""
        return f"{self.group_address}:{self.group_port}"

    def for_client(self, **others: Any) -> Any:
        """The same as our client's settings."""
        from cstalk_ue.unreal.settings import RemoteExecutionSettings

        return RemoteExecutionSettings(
            group_address=self.group_address,
            group_port=self.group_port,
            bind_address=self.bind_address,
            **others,
        )


@dataclass(frozen=True)
class SavedAsset:
    """One asset as it is on disk. `curves`: name -> (times, values)."""

    path: str
    kind: str
    tags: dict[str, str]
    curves: dict[str, tuple[Any, Any]]
    record: dict[str, Any]


class StandIn:
    """One stand-in editor: a process, its project folder and its state folder. Made stopped; `start` it.

    Args:
        folder: the project and the state go below it.
        behaviours: see `stand_in.behaviours.KNOWN`, such as ``["slow-tick=0.5"]``.
        python: interpreter to run it; this one's by default. It sees no site-packages either way.
        content: more records for the project, see `stand_in.fake_unreal.project`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        project_name: str = "StandIn",
        engine_version: str = "5.6.0",
        behaviours: Any = (),
        bind: str = "0.0.0.0",
        python: str | None = None,
        empty: bool = False,
        content: Any = (),
    ) -> None:
        self.project_root = folder / project_name
        self.state = folder / f"{project_name}-state"
        self.project_root.mkdir(parents=True, exist_ok=True)
        (self.project_root / f"{project_name}.uproject").write_text("{}", encoding="utf-8")
        self.settings = Settings(project_name, self.project_root, GROUP, port, bind)
        self.engine_version, self.behaviours, self.empty = engine_version, list(behaviours), empty
        self.python_executable = python or sys.executable
        self.store = Store(self.state / "content")
        for record in content:
            self.store.write(record["path"], record)
        self.node = ""
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[Any] = queue.Queue()
        self._ids = itertools.count(1)

    # Life

    def start(self, timeout: float = 60.0) -> StandIn:
        """Start the process and wait until it is ready to be found."""
        assert not self.is_running, "it runs already"
        command = [self.python_executable, "-E", "-s", "-S", "-m", "tests.stand_in.editor", "--control"]
        command += ["--project-name", self.settings.project_name, "--project-root", str(self.project_root)]
        command += ["--state", str(self.state), "--engine-version", self.engine_version]
        command += ["--group", self.settings.group, "--bind", self.settings.bind_address]
        command += ["--empty"] if self.empty else []
        command += ["--behaviour", *self.behaviours] if self.behaviours else []
        self.state.mkdir(parents=True, exist_ok=True)
        self._answers = queue.Queue()
        with (self.state / "stderr.txt").open("ab") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        threading.Thread(target=self._listen, args=(self._process, self._answers), daemon=True).start()
        self.node = self._answer(timeout)["node"]
        return self

    def kill(self) -> None:
        """End it as a crash would: nothing is said, nothing is saved."""
        if self._process is not None:
            self._process.kill()
            self._wait()

    def quit(self, timeout: float = 60.0) -> None:
        """Close it in good order."""
        if self.is_running:
            self._ask(quit=True)
            self._wait(timeout)

    def restart(self, behaviours: Any = None) -> StandIn:
        """Kill it if it runs, and start it again on the same project; with other behaviours if given."""
        self.kill()
        if behaviours is not None:
            self.behaviours = list(behaviours)
        return self.start()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process is not None else None

    def wait_for_end(self, timeout: float = 60.0) -> int:
        """Wait until the process has ended by itself."""
        assert self._process is not None
        return self._process.wait(timeout)

    # Looking

    def log(self) -> str:
        file = self.state / "editor.log"
        return file.read_text(encoding="utf-8") if file.is_file() else ""

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """What happened since the project was made, over all starts; of one kind if given.

        Kinds: start, connected, replaced, ignored, disconnected, received, lost, command, cut, create, save,
        checkout, export, modal, dialog, fault, crash.
        """
        file = self.state / "events.jsonl"
        lines = file.read_text(encoding="ascii").splitlines() if file.is_file() else []
        events = [json.loads(line) for line in lines if line.endswith("}")]
        return [event for event in events if kind in ("", event["kind"])]

    def texts(self, kind: str) -> list[str]:
        return [event["text"] for event in self.events(kind)]

    def faults(self) -> list[str]:
        """What scripts should not have done."""
        return self.texts("fault")

    def modals(self) -> list[str]:
        return self.texts("modal")

    def saves(self) -> list[str]:
        """Package paths in the order in which they were saved; twice if saved twice."""
        return self.texts("save")

    def assets(self) -> dict[str, SavedAsset]:
        """Everything saved, by package path."""
        return {path: self.asset(path) for path in self.store.paths()}

    def asset(self, path: str) -> SavedAsset:
        """One saved asset.

        Raises:
            KeyError: it is not there.
        """
        record = self.store.read(path)
        if record is None:
            raise KeyError(path)
        curves = {
            curve["name"]: (unpacked(curve["times"]), unpacked(curve["values"]))
            for curve in record.get("curves", ())
            if isinstance(curve, dict)
        }
        return SavedAsset(record["path"], record["class"], record.get("tags", {}), curves, record)

    # Acting from within

    def python(self, code: str, timeout: float = 60.0) -> Any:
        """Run code on the game thread, beside the protocol; the value of its last expression.

        `unreal` and `world` are there. Values that are not JSON come as text.

        Raises:
            RuntimeError: the code raised.
            TimeoutError: no answer, such as when a dialog is open.
        """
        number = next(self._ids)
        self._ask(id=number, python=code)
        answer = self._answer(timeout)
        if not answer["ok"]:
            raise RuntimeError(answer["value"])
        return answer["value"]

    def click(self) -> None:
        """Close the dialog that is open, as a person would."""
        self._ask(click=True)

    def wait_for(self, kind: str, number: int = 1, timeout: float = 60.0) -> list[dict[str, Any]]:
        """Wait until so many events of a kind happened."""
        deadline = time.monotonic() + timeout
        while len(self.events(kind)) < number:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.events(kind))} of {number} events {kind!r} in {timeout} s")
            time.sleep(0.01)
        return self.events(kind)

    def _ask(self, **request: Any) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    def _answer(self, timeout: float) -> Any:
        try:
            answer = self._answers.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"the stand-in says nothing for {timeout} s") from None
        if answer is None:
            errors = (self.state / "stderr.txt").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"the stand-in ended: {errors[-2000:]}")
        return answer

    def _wait(self, timeout: float = 60.0) -> None:
        assert self._process is not None
        self._process.wait(timeout)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    @staticmethod
    def _listen(process: Any, answers: queue.Queue[Any]) -> None:
        try:
            for line in process.stdout:
                answers.put(json.loads(line))
        except ValueError:  # closed
            pass
        answers.put(None)


def free_port() -> int:
    """A UDP port that nobody uses now, for a group of this test's own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("0.0.0.0", 0))
        return probe.getsockname()[1]


def why_no_multicast() -> str:
    """Why a datagram to the group does not come back on this machine; "" if it does."""
    port = free_port()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("0.0.0.0", port))
            membership = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton("0.0.0.0"))
            listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
            listener.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
            listener.settimeout(1.0)
            listener.sendto(os.urandom(8), (GROUP, port))
            listener.recvfrom(64)
    except OSError as error:
        return f"multicast does not loop back on this machine ({error})"
    return ""
