"""Jobs for one editor, one after the other, for as long as it can be reached.

An answer that does not come is no reason to give up: the result may be on the disk, or the editor may only
have been busy. So after a broken connection a new one is made, and what the disk says counts. What was not
done by then is sent once more; only then is the editor held for lost, and what it did so far is returned.
"""

import contextlib
import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from cstalk_ue.errors import EditorProtocolError, EditorTimeoutError, UnrealError
from cstalk_ue.unreal.command import command_for, read_sentinel
from cstalk_ue.unreal.discovery import EditorNode, choose_editor, find_editors
from cstalk_ue.unreal.jobs import GOOD, Job, JobResult
from cstalk_ue.unreal.remote_execution import EditorConnection, open_editor
from cstalk_ue.unreal.scripts import scripts_for
from cstalk_ue.unreal.settings import RemoteExecutionSettings

STILL_LOADING = "still_loading"
_PATIENCE = {"registry_seconds": 1.0}
"""How long a job waits for the list of assets; it may not grow until the editor ticks, so we ask again."""


class EditorSession:
    """One editor to send jobs to; it is looked for at the first job. Use as a context manager.

    Args:
        project: its name, folder, .uproject file or node id; None if only one editor runs.
        find_seconds: how long to look for it.
        settle_seconds: how long to wait for further editors after the first.
        loading_seconds: how long the editor may take to load its list of assets.
        tell: told in a sentence when there is something to wait for.
    """

    def __init__(
        self,
        settings: RemoteExecutionSettings,
        project: str | Path | None = None,
        *,
        find_seconds: float = 10.0,
        settle_seconds: float = 1.5,
        loading_seconds: float = 600.0,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.settings = settings
        self.node: EditorNode | None = None
        self._project = project
        self._find_seconds, self._settle_seconds = find_seconds, settle_seconds
        self._loading_seconds, self._tell = loading_seconds, tell
        self._numbers = itertools.count(1)
        self._connection: EditorConnection | None = None
        self._folder: Path | None = None
        self._lost = False

    def __enter__(self) -> "EditorSession":
        # Private to this user; every job has a folder of its own in it.
        self._folder = Path(tempfile.mkdtemp(prefix="cstalk_jobs_")).resolve()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._disconnect()
        # An editor that was lost may still be writing there.
        if self._folder is not None and not self._lost:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None

    def run(
        self,
        task: str,
        items: Sequence[Mapping[str, Any]],
        settings: Mapping[str, Any],
        *,
        timeout_seconds: float,
        dry_run: bool = False,
    ) -> JobResult:
        """Have a job done. If the editor is lost on the way, `stopped` of the result says so.

        Raises:
            EditorNotFoundError: at the first job, no editor fits or several do.
            EditorTimeoutError: at the first job, the editor does not connect.
            EditorScriptError: the editor cannot run our scripts.
            UnrealError: the network or the temporary folder cannot be used.
        """
        self._connected()
        end_of_loading = time.monotonic() + self._loading_seconds
        while True:
            result = self._run(task, items, {**_PATIENCE, **settings}, timeout_seconds, dry_run)
            if result.code != STILL_LOADING or time.monotonic() >= end_of_loading:
                return result
            self._tell("The editor is still loading its list of assets; waiting for it.")
            time.sleep(1.0)

    def _run(
        self,
        task: str,
        items: Sequence[Mapping[str, Any]],
        settings: Mapping[str, Any],
        timeout_seconds: float,
        dry_run: bool,
    ) -> JobResult:
        """Send a job; what is not done when the connection breaks, once more."""
        done: list[Mapping[str, Any]] = []
        stopped = JobResult(False)
        for _ in range(2):
            job = Job(self._new_folder(), task, items[len(done) :], settings, dry_run=dry_run)
            result = self._send(job, timeout_seconds)
            reachable = not result.stopped or self._reachable_again()
            if result.stopped and reachable:
                # The game thread was free to connect, so a job that it had begun has ended by now.
                result = job.result() or result
            if not result.stopped:
                return replace(result, items=(*done, *result.items))
            if items:
                done += job.finished_items()
            stopped = replace(result, items=tuple(done))
            if items and len(done) >= len(items):
                return replace(stopped, ok=all(item.get("status") in GOOD for item in done), stopped="")
            if not reachable:
                break
        self._lost = True
        return stopped

    def _send(self, job: Job, timeout_seconds: float) -> JobResult:
        """One attempt; `stopped` if there is no whole result, which may still come."""
        try:
            connection = self._connected()
            command = command_for(scripts_for(connection.node.project_root), job.path)
            answer = connection.run(command, timeout_seconds)
        except (EditorTimeoutError, EditorProtocolError) as error:
            self._disconnect()
            return job.result() or JobResult(False, str(error), stopped=str(error))
        read_sentinel(answer, job.nonce)
        return job.result() or JobResult(False, stopped="The editor answered, but wrote no result.")

    def _connected(self) -> EditorConnection:
        if self._connection is None or not self._connection.is_open:
            nodes = find_editors(self.settings, self._find_seconds, settle_seconds=self._settle_seconds)
            self.node = choose_editor(nodes, self._project)
            if self.node.project_root:
                self._project = Path(self.node.project_root)  # no other one later, should this one end
            with contextlib.ExitStack() as stack:
                self._connection = stack.enter_context(open_editor(self.node, self.settings))
                stack.pop_all()
        return self._connection

    def _reachable_again(self) -> bool:
        try:
            self._connected()
        except UnrealError:
            return False
        return True

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _new_folder(self) -> Path:
        if self._folder is None:
            raise UnrealError("This session is closed. Open another one.")
        return self._folder / f"job_{next(self._numbers):04d}"
