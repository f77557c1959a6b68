"""Curve files -> AnimSequences of a running editor, a few files at a time.

Small jobs let the editor tick in between and bound what a crash costs. Nothing is remembered here: each asset
holds the hash of the file it was made from, so the same push again skips what is there and does the rest.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cstalk_ue.errors import UnrealError
from cstalk_ue.rig import HEAD_CURVES
from cstalk_ue.rig_maps import raw_curve_names
from cstalk_ue.storage import sha256_file
from cstalk_ue.unreal.destinations import PushLine
from cstalk_ue.unreal.jobs import JobResult
from cstalk_ue.unreal.session import EditorSession

DONE, SKIPPED, CONFLICT, FAILED, NOT_DONE = "done", "skipped", "conflict", "failed", "not_done"
STATES = (DONE, SKIPPED, CONFLICT, FAILED, NOT_DONE)

_MOST_BYTES_OF_A_JOB = 48 * 1024 * 1024
_SECONDS_PER_JOB, _SECONDS_PER_MEGABYTE = 120.0, 10.0
"""Far more than the stand-in needs: a real editor was not measured, and a dialog is found out either way."""


@dataclass(frozen=True)
class PushSettings:
    """How to write assets.

    Attributes:
        root: the folder in the project that nothing leaves.
        skeleton: asset path of the face skeleton, "" to search.
        tolerance: how far keys may be from the frames of the file; 0 keeps a key for every frame.
        force: replace what was edited by hand, or is not ours.
        dry_run: only say what would be done.
        files_per_job: at most so many at once.
        timeout_seconds: for the answer to one job; None goes by the size of its files.
    """

    root: str = "/Game"
    skeleton: str = ""
    tolerance: float = 1e-4
    force: bool = False
    dry_run: bool = False
    files_per_job: int = 8
    timeout_seconds: float | None = None


@dataclass(frozen=True)
class PushedItem:
    """What came of one line; `figures` are those of the conversion, as the editor reports them."""

    name: str
    file: str
    asset: str
    status: str
    message: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PushResult:
    """What came of a push.

    Attributes:
        items: one for each line, in order.
        stopped: why it ended before the last line, or "".
        project, engine_version: of the editor.
    """

    items: tuple[PushedItem, ...]
    stopped: str = ""
    project: str = ""
    engine_version: str = ""

    def count(self, status: str) -> int:
        """How many items have this state."""
        return sum(item.status == status for item in self.items)

    @property
    def ok(self) -> bool:
        """Whether nothing is left to do."""
        return all(item.status in (DONE, SKIPPED) for item in self.items)


@dataclass(frozen=True)
class _Ready:
    """A line that can be sent: its place in the list, its bytes and their hash."""

    index: int
    line: PushLine
    size: int
    digest: str


def push(
    lines: Sequence[PushLine],
    session: EditorSession,
    settings: PushSettings,
    *,
    on_item: Callable[[PushedItem], None] = lambda item: None,
) -> PushResult:
    """Write every line that has no problem; the others, and what the editor refuses, are reported as failed.

    An editor that is lost on the way is no exception: `stopped` of the result says so.
    """
    items: dict[int, PushedItem] = {}

    def take(index: int, item: PushedItem) -> None:
        items[index] = item
        on_item(item)

    stopped, engine_version = "", ""
    for batch in _batches(_ready(lines, take), settings.files_per_job):
        try:
            result = _send(batch, session, settings)
        except UnrealError as error:
            result = JobResult(False, stopped=str(error))
        for ready, told in zip(batch, result.items, strict=False):
            take(ready.index, _item(ready.line, told))
        engine_version = result.engine_version or engine_version
        if result.stopped:
            stopped = result.stopped
            break
        for ready in batch[len(result.items) :]:
            message = result.message or "The editor did not say why."
            take(ready.index, _plain_item(ready.line, FAILED, message))
    for index, line in enumerate(lines):
        if index not in items:
            state = FAILED if line.problem else NOT_DONE
            take(index, _plain_item(line, state, line.problem or "The editor was not there to do it."))
    node = session.node
    return PushResult(
        tuple(items[index] for index in range(len(lines))),
        stopped,
        (node.project_root or node.node_id) if node is not None else "",
        engine_version,
    )


def _ready(lines: Sequence[PushLine], take: Callable[[int, PushedItem], None]) -> Iterator[_Ready]:
    for index, line in enumerate(lines):
        if line.problem:
            take(index, _plain_item(line, FAILED, line.problem))
            continue
        try:
            yield _Ready(index, line, line.file.stat().st_size, sha256_file(line.file))
        except OSError as error:
            message = f"{line.file}: cannot be read ({error.strerror}). Check its permissions."
            take(index, _plain_item(line, FAILED, message))


def _batches(ready: Iterator[_Ready], files: int) -> Iterator[list[_Ready]]:
    """A few files, or one that is large by itself, at a time."""
    batch: list[_Ready] = []
    for each in ready:
        too_large = sum(other.size for other in batch) + each.size > _MOST_BYTES_OF_A_JOB
        if batch and (too_large or len(batch) >= files):
            yield batch
            batch = []
        batch.append(each)
    if batch:
        yield batch


def _send(batch: Sequence[_Ready], session: EditorSession, settings: PushSettings) -> JobResult:
    items = [
        {
            "name": ready.line.name,
            "file": str(ready.line.file.absolute()),
            "asset": ready.line.asset,
            "source_hash": ready.digest,
        }
        for ready in batch
    ]
    megabytes = sum(ready.size for ready in batch) / 2**20
    timeout = settings.timeout_seconds or _SECONDS_PER_JOB + _SECONDS_PER_MEGABYTE * megabytes
    told = {
        "skeleton": settings.skeleton,
        "tolerance": settings.tolerance,
        "force": settings.force,
        "roots": [settings.root],
        "expected": [*raw_curve_names(), *HEAD_CURVES],
    }
    return session.run("import_curves", items, told, timeout_seconds=timeout, dry_run=settings.dry_run)


def _plain_item(line: PushLine, status: str, message: str) -> PushedItem:
    return PushedItem(line.name, str(line.file), line.asset, status, message)


def _item(line: PushLine, told: Mapping[str, Any]) -> PushedItem:
    status = told.get("status")
    figures = {
        name: value for name, value in told.items() if name not in ("name", "asset", "status", "message")
    }
    return PushedItem(
        line.name,
        str(line.file),
        line.asset,
        str(status) if status in STATES else FAILED,
        str(told.get("message", "")),
        figures,
    )
