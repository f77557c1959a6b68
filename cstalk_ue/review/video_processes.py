"""Frames painted in several processes and handed back in order; a process that dies costs only time."""

import concurrent.futures
import multiprocessing
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType

import numpy as np

from cstalk_ue.batch_processes import end_with_parent, held_interrupts
from cstalk_ue.review.mp4 import to_yuv
from cstalk_ue.review.video_frame import Strip, paint_strip

_AHEAD = 2
"""Strips per process that are painted or waiting to be written; bounds the memory."""


class Painters:
    """Paints strips; a context manager, since processes have to be ended.

    Args:
        processes: how many; 1 or less paints in this process. They start with the first strip.
    """

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._pool: concurrent.futures.ProcessPoolExecutor | None = None

    def __enter__(self) -> "Painters":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=error is None, cancel_futures=True)

    def paint(self, strips: Iterable[Strip]) -> Iterator[list[np.ndarray]]:
        """For each strip its frames, ready for `Mp4Writer.add_picture`."""
        running: deque[tuple[Strip, concurrent.futures.Future[list[np.ndarray]] | None]] = deque()
        for strip in strips:
            running.append((strip, self._start(strip)))
            if len(running) >= max(1, _AHEAD * self._processes):
                yield self._result(*running.popleft())
        while running:
            yield self._result(*running.popleft())

    def _start(self, strip: Strip) -> "concurrent.futures.Future[list[np.ndarray]] | None":
        if self._processes <= 1:
            return None
        if self._pool is None:
            self._pool = concurrent.futures.ProcessPoolExecutor(
                self._processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_start_process,
            )
        try:
            with held_interrupts():  # a new process inherits it: Ctrl-C is for the main one
                return self._pool.submit(_painted, strip)
        except BrokenProcessPool:
            return None

    def _result(
        self, strip: Strip, running: "concurrent.futures.Future[list[np.ndarray]] | None"
    ) -> list[np.ndarray]:
        if running is not None:
            try:
                return running.result()
            except BrokenProcessPool:  # killed, most likely for memory: go on without
                self._processes = 1
        return _painted(strip)


def _painted(strip: Strip) -> list[np.ndarray]:
    return [to_yuv(picture) for picture in paint_strip(strip)]


def _start_process() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
