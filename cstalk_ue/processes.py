"""Work in several processes: one that is killed costs the item it was at, and nothing else.

Only as many items are handed out as there are processes, so that after a crash, most likely for memory, it is
known which items may have caused it; those are tried again alone. Ctrl-C is for the main process only, and
the others end with it. Knows nothing about what the work is.
"""

import concurrent.futures
import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_HOPELESS = 3
"""So many items in a row, each alone, that kill their process: then it is not the items."""


@dataclass(frozen=True)
class Work(Generic[Item, Result]):
    """What is done with every item.

    Attributes:
        do: called with an item, in another process; a function of a module, or a partial of one.
        killed: called here with an item whose process was killed; gives the result to report.
        start: called once in every process before its first item.
        start_arguments: of `start`.
    """

    do: Callable[[Item], Result]
    killed: Callable[[Item], Result]
    start: Callable[..., None] | None = None
    start_arguments: tuple[Any, ...] = ()


def work_in_processes(
    work: Work[Item, Result], items: Sequence[Item], *, jobs: int
) -> Iterator[tuple[int, Result]]:
    """(index, result) of every item, as they end, from `jobs` processes."""
    waiting = deque(range(len(items)))
    killed_in_a_row = 0
    while waiting:
        if killed_in_a_row >= _HOPELESS:
            yield from ((index, work.killed(items[index])) for index in waiting)
            return
        suspects: list[int] = []
        with _pool(work, min(jobs, len(waiting))) as pool:
            yield from _until_broken(pool, work, items, jobs, waiting, suspects)
        for index in suspects:
            with _pool(work, 1) as pool:
                alone: list[int] = []
                yield from _until_broken(pool, work, items, 1, deque([index]), alone)
            if alone:
                yield index, work.killed(items[index])
            killed_in_a_row = killed_in_a_row + 1 if alone else 0


def _until_broken(
    pool: concurrent.futures.ProcessPoolExecutor,
    work: Work[Item, Result],
    items: Sequence[Item],
    jobs: int,
    waiting: deque[int],
    suspects: list[int],
) -> Iterator[tuple[int, Result]]:
    """Results until all of `waiting` is done or a process dies; `suspects` are then the items in work."""
    running: dict[concurrent.futures.Future[Result], int] = {}
    while (waiting or running) and not suspects:
        while waiting and len(running) < jobs:
            try:
                with held_interrupts():  # a new process inherits it: Ctrl-C is for the main one
                    future = pool.submit(work.do, items[waiting[0]])
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


def _pool(work: Work[Item, Result], jobs: int) -> concurrent.futures.ProcessPoolExecutor:
    return concurrent.futures.ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_process,
        initargs=(work.start, work.start_arguments),
    )


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


def _start_process(start: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    if start is not None:
        start(*arguments)


def end_with_parent() -> None:
    """A pool's processes outlive a killed parent and keep their memory; ours do not."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
