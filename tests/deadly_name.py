"""Imported by the processes of a pool, so it imports next to nothing itself."""

import multiprocessing
import os
import signal


class DeadlyName(str):
    """A line name that kills the process of a pool that spells it out, as running out of memory does."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if multiprocessing.parent_process() is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return str.__format__(self, spec)
