"""Lines in several processes: one that is killed costs the line it was at, and nothing else.

Each process loads the model once. Only as many lines are handed out as there are processes, so that after a
crash, most likely for memory, it is known which lines may have caused it; those are tried again alone.
"""

import concurrent.futures
import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import resource_tracker
from pathlib import Path

from cstalk_ue.batch_line import BatchSettings, LineResult, Predictor, convert_line
from cstalk_ue.manifest import Line

_HOPELESS = 3
"""So many lines in a row, each alone, that kill their process: then it is not the lines."""


def convert_in_processes(
    lines: Sequence[Line], folder: Path, settings: BatchSettings, *, resume: bool, jobs: int
) -> Iterator[tuple[int, LineResult]]:
    """(index, result) of every line, as they end; arguments as `run_batch`."""
    waiting = deque(range(len(lines)))
    killed_in_a_row = 0
    while waiting:
        if killed_in_a_row >= _HOPELESS:
            yield from ((index, _killed(lines[index])) for index in waiting)
            return
        suspects: list[int] = []
        with _pool(settings, min(jobs, len(waiting))) as pool:
            yield from _until_broken(pool, lines, folder, resume, jobs, waiting, suspects)
        for index in suspects:
            with _pool(settings, 1) as pool:
                alone: list[int] = []
                yield from _until_broken(pool, lines, folder, resume, 1, deque([index]), alone)
            if alone:
                yield index, _killed(lines[index])
            killed_in_a_row = killed_in_a_row + 1 if alone else 0


def _until_broken(
    pool: concurrent.futures.ProcessPoolExecutor,
    lines: Sequence[Line],
    folder: Path,
    resume: bool,
    jobs: int,
    waiting: deque[int],
    suspects: list[int],
) -> Iterator[tuple[int, LineResult]]:
    """Results until all of `waiting` is done or a process dies; `suspects` are then the lines in work."""
    running: dict[concurrent.futures.Future[LineResult], int] = {}
    while (waiting or running) and not suspects:
        while waiting and len(running) < jobs:
            try:
                with held_interrupts():  # a new process inherits it: Ctrl-C is for the main one
                    future = pool.submit(_convert_in_process, lines[waiting[0]], folder, resume)
            except BrokenProcessPool:
                break
            running[future] = waiting.popleft()
        finished, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
        for future in finished:
            try:
                result = future.result()
            except BrokenProcessPool:
                continue
            yield running.pop(future), result
        if any(isinstance(future.exception(), BrokenProcessPool) for future in finished):
            concurrent.futures.wait(running)
            for future, index in running.items():
                if future.exception() is None:
                    yield index, future.result()
                else:
                    suspects.append(index)
            return


def _pool(settings: BatchSettings, jobs: int) -> concurrent.futures.ProcessPoolExecutor:
    return concurrent.futures.ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_process,
        initargs=(settings,),
    )


def _killed(line: Line) -> LineResult:
    message = f"{line.audio}: its process was killed, most likely for memory. Run again with fewer --jobs."
    return LineResult(line.name, "failed", message)


@contextlib.contextmanager
def held_interrupts() -> Iterator[None]:
    """Ctrl-C waits until the end of the block; processes started inside never hear it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    try:
        with _blocked_interrupts():
            yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard:
        signal.raise_signal(signal.SIGINT)


@contextlib.contextmanager
def _blocked_interrupts() -> Iterator[None]:
    """SIGINT is masked, which new processes inherit; on Windows there is no such mask."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its start would lift the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_process_predictor: Predictor | None = None


def _start_process(settings: BatchSettings) -> None:
    global _process_predictor
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    _process_predictor = Predictor.load(settings)
    if settings.threads and _process_predictor.checkpoint is not None:
        import torch

        torch.set_num_threads(settings.threads)


def end_with_parent() -> None:
    """A pool's processes outlive a killed parent and keep their model in memory; ours do not."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _convert_in_process(line: Line, folder: Path, resume: bool) -> LineResult:
    assert _process_predictor is not None, "the pool starts every process with its predictor"
    return convert_line(line, folder, _process_predictor, resume=resume)
