"""Takes of a running editor -> dumps that `ingest` reads, and their sound.

A take is an AnimSequence with MetaHuman curves, ours or Animator's, or a MetaHuman performance. The editor
writes one NAME.json for each, and NAME.wav where it knows the sound. Folders of assets cannot be named: the
editor scripts export what is named or what is selected.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cstalk_ue.errors import UnrealError
from cstalk_ue.unreal.jobs import JobResult
from cstalk_ue.unreal.session import EditorSession

TAKES_PER_JOB = 4
_SECONDS_PER_JOB, _SECONDS_PER_TAKE = 120.0, 300.0
_PLAIN = re.compile(r"[^A-Za-z0-9_-]+", re.ASCII)


@dataclass(frozen=True)
class PulledTake:
    """What came of one take; `file` and `audio` are "" where nothing was written."""

    asset: str
    status: str
    message: str = ""
    file: str = ""
    audio: str = ""


@dataclass(frozen=True)
class PullResult:
    """What came of a pull; `stopped` says why it ended early, or is ""."""

    takes: tuple[PulledTake, ...]
    stopped: str = ""

    @property
    def ok(self) -> bool:
        """Whether every take is there."""
        return not self.stopped and all(take.status == "done" for take in self.takes)


def pull(
    assets: Sequence[str],
    folder: Path,
    session: EditorSession,
    *,
    skeleton: str = "",
    audio: bool = True,
    dry_run: bool = False,
    on_take: Callable[[PulledTake], None] = lambda take: None,
) -> PullResult:
    """Export these assets, or what is selected in the editor if none is named, into a folder.

    A dump of the same name is written anew.

    Raises:
        UnrealError: no editor can be used, or nothing is selected.
    """
    settings = {"folder": str(folder.absolute()), "skeleton": skeleton, "audio": audio}
    items = [{"asset": asset, "name": name} for asset, name in zip(assets, _names(assets), strict=True)]
    # Without items, one job exports the selection.
    jobs = [items[start : start + TAKES_PER_JOB] for start in range(0, len(items), TAKES_PER_JOB)] or [[]]
    takes: list[PulledTake] = []
    stopped = ""
    for job in jobs:
        timeout = _SECONDS_PER_JOB + _SECONDS_PER_TAKE * (len(job) or TAKES_PER_JOB)
        try:
            result = session.run("export_takes", job, settings, timeout_seconds=timeout, dry_run=dry_run)
        except UnrealError as error:
            if not takes:
                raise
            result = JobResult(False, stopped=str(error))
        told = [_take(item) for item in result.items]
        if not result.stopped:
            if not job and not told and not result.ok:
                raise UnrealError(result.message)
            told += [PulledTake(item["asset"], "failed", result.message) for item in job[len(told) :]]
        for take in told:
            on_take(take)
        takes += told
        stopped = result.stopped
        if stopped:
            break
    missed = [PulledTake(item["asset"], "not_done", stopped) for item in items[len(takes) :]]
    return PullResult((*takes, *missed), stopped)


def _names(assets: Sequence[str]) -> list[str]:
    """A file name for each asset: its own, with a number where two are called the same."""
    taken: set[str] = set()
    names = []
    for asset in assets:
        last = asset.rstrip("'").rpartition("/")[2].partition(".")[0]
        plain = name = _PLAIN.sub("_", last).strip("_")[:90] or "take"
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain}_{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _take(item: Any) -> PulledTake:
    text = {name: str(item.get(name) or "") for name in ("asset", "status", "message", "file", "audio")}
    written = text["status"] == "done"
    return PulledTake(
        text["asset"],
        text["status"],
        text["message"],
        text["file"] if written else "",
        text["audio"] if written else "",
    )
