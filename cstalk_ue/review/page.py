"""Review lines → one HTML file that opens from disk, without a network.

Lines are read, looked over and written one after the other, a few ahead on other threads, so that memory does
not grow with their number. What the document is made of is in document.py.
"""

import base64
import hashlib
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cstalk_ue.errors import UsageError
from cstalk_ue.review.document import as_json, document
from cstalk_ue.review.lines import ReviewLine
from cstalk_ue.review.page_data import line_entry, match_references, page_config
from cstalk_ue.review.page_head import PageHead
from cstalk_ue.review.payload import encode_sound
from cstalk_ue.review.prepare import PreparedLine, prepare_line
from cstalk_ue.storage import whole_file

_MOST_WORKERS = 8


def write_page(
    path: Path,
    lines: Sequence[ReviewLine],
    *,
    against: Sequence[ReviewLine] = (),
    audio_format: str = "flac",
    title: str = "",
    head: PageHead | None = None,
    on_line: Callable[[ReviewLine], None] = lambda line: None,
) -> list[ReviewLine]:
    """Write the page of these lines.

    Args:
        path: of the HTML file.
        lines: see lines.py.
        against: other curves of the same lines, matched by name, to be ghosted over them.
        audio_format: "flac", "opus" or "none".
        title: of the page; default the name of the file.
        head: of a DNA, to be shown instead of the landmark face; its `error_mm` is measured.
        on_line: called after each line.

    Returns:
        The lines with a problem; they are on the page too, with that problem.

    Raises:
        UsageError: `path` is one of the files that are reviewed.
        ExportError: it cannot be written.
    """
    refuse_inputs(path, [*lines, *against])
    folder = path.absolute().parent
    bad: list[ReviewLine] = []
    entries: list[dict[str, Any]] = []
    numbers: dict[str, int] = {}  # of the sounds that are written
    jobs = _jobs(lines, match_references(lines, against), audio_format, head)
    with whole_file(path) as temporary, tempfile.TemporaryFile(dir=temporary.parent) as parts:
        for index, done in enumerate(_ahead(_prepare, jobs)):
            line, sha256 = done.prepared.line, done.prepared.line.sound_sha256
            if line.problem:
                bad.append(line)
            if head is not None:
                head.error_mm = max(head.error_mm, done.error_mm)
            if done.sound is not None:
                numbers[sha256] = len(numbers)
                data = base64.b64encode(done.sound).decode("ascii")
                _write_part(parts, f"audio-{numbers[sha256]}", data, "text/plain")
            if done.prepared.payload is not None:
                _write_part(parts, f"line-{index}", as_json(done.prepared.payload))
            if done.ghost is not None:
                _write_part(parts, f"ghost-{index}", as_json(done.ghost.payload))
            number = None if done.prepared.samples is None else numbers.get(sha256)
            entries.append(line_entry(done.prepared, ghost=done.ghost, sound=number))
            on_line(line)
        config = page_config(
            lines,
            entries,
            folder=folder,
            title=title or path.stem,
            page_id=_page_id(path),
            csv_name=path.stem,
        )
        start, end = document(config) if head is None else document(config, dna_head=head.as_json())
        parts.seek(0)
        with temporary.open("wb") as file:
            file.write(start.encode("utf-8"))
            shutil.copyfileobj(parts, file, 1024 * 1024)
            file.write(end.encode("utf-8"))
    return bad


def served_page(config: Mapping[str, Any], token: str) -> str:
    """The page for a server that answers ``line/N``, ``ghost/N`` and ``audio/N`` (see server.py).

    Args:
        config: of `page_config`.
        token: sent back with every request.
    """
    return "".join(document({**config, "serve": True, "token": token}))


def refuse_inputs(path: Path, lines: Iterable[ReviewLine]) -> None:
    """A page must not be written over what it shows.

    Raises:
        UsageError: it would be.
    """
    target = os.path.realpath(path)
    for line in lines:
        for read in (line.curves, line.audio, line.phones):
            if read is not None and os.path.realpath(read) == target:
                raise UsageError(f"{path}: is one of the files to review. Choose another name with -o.")


@dataclass(frozen=True)
class _Job:
    """What is to be made of a line, on any thread; `audio_format` is "none" where the sound is not wanted."""

    line: ReviewLine
    reference: ReviewLine | None
    audio_format: str
    head: PageHead | None


@dataclass(frozen=True)
class _Done:
    prepared: PreparedLine
    ghost: PreparedLine | None
    sound: bytes | None
    error_mm: float = 0.0


def _jobs(
    lines: Sequence[ReviewLine],
    references: Mapping[int, ReviewLine],
    audio_format: str,
    head: PageHead | None,
) -> Iterator[_Job]:
    """Each line; its sound with the first of the lines that share it."""
    seen: set[str] = set()
    for index, line in enumerate(lines):
        again = line.sound_sha256 in seen
        seen.update({line.sound_sha256} if line.audio is not None else ())
        yield _Job(line, references.get(index), "none" if again else audio_format, head)


def _prepare(job: _Job) -> _Done:
    prepared = prepare_line(job.line, head=job.head)
    ghost = None if job.reference is None else prepare_line(job.reference, head=job.head)
    sound = None
    if prepared.samples is not None and job.audio_format != "none":
        sound = encode_sound(prepared.samples, job.audio_format)
    error_mm = max(prepared.head_error_mm, 0.0 if ghost is None else ghost.head_error_mm)
    return _Done(prepared, None if ghost is None or ghost.payload is None else ghost, sound, error_mm)


def _ahead(work: Callable[[_Job], _Done], jobs: Iterable[_Job]) -> Iterator[_Done]:
    """Results in order, a few of them made ahead: writing Opus takes longer than all the rest."""
    workers = min(_MOST_WORKERS, os.cpu_count() or 1)
    waiting: deque[Future[_Done]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="review") as pool:
        try:
            for job in jobs:
                waiting.append(pool.submit(work, job))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _write_part(parts: IO[bytes], name: str, text: str, kind: str = "application/json") -> None:
    parts.write(f'<script type="{kind}" id="{name}">{text}</script>\n'.encode("ascii"))


def _page_id(path: Path) -> str:
    """The same for a page that is built again in its place; says nothing about where that is."""
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]
