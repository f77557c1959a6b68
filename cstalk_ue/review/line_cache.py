"""What was computed of a line, kept while there is room, computed ahead when the line comes into view.

Safe to use from many threads. Knows nothing about what is kept but its size.
"""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """Something that knows how large it is."""

    @property
    def nbytes(self) -> int: ...


Value = TypeVar("Value", bound=Sized)


class LineCache(Generic[Value]):
    """Values by the number of their line; those used longest ago are forgotten first.

    Args:
        compute: makes the value of a line; what it raises is raised by `get` and not kept.
        most_bytes: of all values together; the newest stays, however large.
    """

    def __init__(self, compute: Callable[[int], Value], *, most_bytes: int) -> None:
        self._compute, self._most_bytes = compute, most_bytes
        self._values: OrderedDict[int, Future[Value]] = OrderedDict()
        self._wanted: int | None = None
        self._working_ahead = False
        self._guard = threading.Lock()

    def get(self, index: int) -> Value:
        """From memory, or computed now; who asks for it meanwhile waits for the same result."""
        with self._guard:
            future = self._values.get(index)
            mine = future is None
            if future is None:
                future = self._values[index] = Future()
            self._values.move_to_end(index)
        if mine:
            try:
                future.set_result(self._compute(index))
            except BaseException as error:
                with self._guard:
                    self._values.pop(index, None)
                future.set_exception(error)
            self._forget()
        return future.result()

    def ahead(self, index: int) -> None:
        """Compute a line in the background; of lines that are flicked through, only the last."""
        with self._guard:
            self._wanted = index
            if self._working_ahead:
                return
            self._working_ahead = True
        threading.Thread(target=self._work_ahead, name="lines-ahead", daemon=True).start()

    def __contains__(self, index: int) -> bool:
        """Whether a line is there without waiting."""
        with self._guard:
            return index in self._values and self._values[index].done()

    def _work_ahead(self) -> None:
        while True:
            with self._guard:
                index, self._wanted = self._wanted, None
                if index is None:
                    self._working_ahead = False
                    return
            with contextlib.suppress(Exception):  # raised again, and told, when the line is asked for
                self.get(index)

    def _forget(self) -> None:
        with self._guard:
            kept = 0
            for number, (index, future) in enumerate(reversed(list(self._values.items()))):
                if future.done():
                    kept += future.result().nbytes
                    if number and kept > self._most_bytes:
                        del self._values[index]
