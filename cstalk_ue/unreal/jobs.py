"""A job: the folder through which we and the editor scripts pass data.

Tags are ``cstalk-job/1`` and ``cstalk-result/1``.

    job.json       what to do; all names and paths of the user are in it, none in the command
    result.jsonl   one line for each item as soon as it is done
    result.json    everything, when all is done

Knows what a job looks like, not what its task does nor how it gets to the editor.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cstalk_ue.errors import EditorScriptError, UnrealError

JOB_FORMAT = "cstalk-job/1"
RESULT_FORMAT = "cstalk-result/1"
GOOD = ("done", "skipped")
"""States of an item with which nothing is left to do."""


@dataclass(frozen=True)
class JobResult:
    """What came of a job.

    Attributes:
        ok: whether all of it is done.
        message: of the whole job, in plain words.
        code: a word for why the whole job was refused, or "".
        items: what was done, in order; fewer than asked if the editor stopped.
        report: what else the task found.
        engine_version: of the editor.
        stopped: why the rest was not done, if the editor was lost on the way; else "".
    """

    ok: bool
    message: str = ""
    code: str = ""
    items: tuple[Mapping[str, Any], ...] = ()
    report: Mapping[str, Any] = field(default_factory=dict)
    engine_version: str = ""
    stopped: str = ""


class Job:
    """One job on disk, in a folder of its own that has to be empty.

    Raises:
        UnrealError: the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        task: str,
        items: Sequence[Mapping[str, Any]],
        settings: Mapping[str, Any],
        *,
        dry_run: bool = False,
    ) -> None:
        self.nonce = secrets.token_hex(8)
        self.path = folder / "job.json"
        self._result = folder / "result.json"
        job = {
            "format": JOB_FORMAT,
            "task": task,
            "nonce": self.nonce,
            "dry_run": dry_run,
            "result": str(self._result),
            "items": list(items),
            "settings": dict(settings),
        }
        try:
            folder.mkdir(parents=True)
            # ASCII holds every file name, even one that is no valid Unicode.
            self.path.write_text(json.dumps(job, ensure_ascii=True, allow_nan=False), encoding="ascii")
        except OSError as error:
            raise UnrealError(
                f"{folder}: cannot be written ({error.strerror}). Free some space in the temporary folder."
            ) from error

    def result(self) -> JobResult | None:
        """The whole result; None while there is none.

        Raises:
            EditorScriptError: there is something else in its place.
        """
        try:
            data = json.loads(self._result.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise EditorScriptError(
                f"{self._result}: the result of the editor cannot be read ({error}). Run the command again."
            ) from error
        kinds = {"ok": bool, "message": str, "code": str, "items": list, "engine_version": str}
        if not (
            isinstance(data, dict)
            and data.get("format") == RESULT_FORMAT
            and data.get("nonce") == self.nonce
            and all(isinstance(data.get(name), kind) for name, kind in kinds.items())
            and all(isinstance(item, dict) for item in data["items"])
        ):
            raise EditorScriptError(
                f"{self._result}: is no {RESULT_FORMAT} of this job. Install the scripts of this version "
                "('cstalk-ue unreal install') and restart the editor."
            )
        return JobResult(
            data["ok"],
            data["message"],
            data["code"],
            tuple(data["items"]),
            data["report"] if isinstance(data.get("report"), dict) else {},
            data["engine_version"],
        )

    def finished_items(self) -> tuple[Mapping[str, Any], ...]:
        """What was done so far, in order, whether or not the editor is still there."""
        try:
            lines = self._result.with_suffix(".jsonl").read_bytes().splitlines()
        except OSError:
            return ()
        items = []
        for line in lines:
            try:
                item = json.loads(line)
            except (ValueError, RecursionError):
                break  # cut off as the editor ended
            if not isinstance(item, dict):
                break
            items.append(item)
        return tuple(items)
