"""A cursor over the bytes of a DNA file that never reads past its part and allocates nothing untested.

Everything is big-endian: u8, u16, u32, f32; a list is a u32 count and its items, a text a u32 length and its
bytes. Each count is compared with the bytes that are left before anything is made of it. Knows nothing about
what the numbers mean (see layers.py, geometry.py).
"""

import struct
from typing import NoReturn

import numpy as np

from cstalk_ue.errors import DnaError

REMEDY = "Export the DNA again, or copy it again from where it came."

_U8, _U16, _U32 = struct.Struct(">B"), struct.Struct(">H"), struct.Struct(">I")
_FORMS = {"u2": (">u2", np.int32), "u4": (">u4", np.int64), "f4": (">f4", np.float32)}
"""Items in the file and in memory; indices become signed, so that differences of them are."""


class Cursor:
    """Reads forward from `at` to `end`; `source` names the file in messages."""

    def __init__(self, data: bytes, source: str, at: int, end: int) -> None:
        self.data, self.source, self.end = data, source, end
        self.at = at
        if not 0 <= at <= end <= len(data):
            self.fail(f"a layer is said to be at bytes {at} to {end}, the file has {len(data)}", at)

    def fail(self, problem: str, at: int | None = None) -> NoReturn:
        """Refuse the file.

        Raises:
            DnaError: always.
        """
        raise DnaError(f"{self.source}: damaged at byte {self.at if at is None else at}: {problem}. {REMEDY}")

    def u8(self) -> int:
        return self._number(_U8)

    def u16(self) -> int:
        return self._number(_U16)

    def u32(self) -> int:
        return self._number(_U32)

    def _number(self, form: struct.Struct) -> int:
        if self.end - self.at < form.size:
            self.fail(f"{self.end - self.at} bytes are left; expected a number of {form.size}")
        self.at += form.size
        return int(form.unpack_from(self.data, self.at - form.size)[0])

    def count(self, what: str, item_bytes: int) -> int:
        """A count of items that take at least so many bytes each, and fit."""
        at = self.at
        count = self.u32()
        if count * item_bytes > self.end - self.at:
            self.fail(
                f"{count} {what} of {item_bytes} or more bytes are announced; "
                f"expected at most the {self.end - self.at} bytes that are left",
                at,
            )
        return count

    def array(
        self, what: str, form: str, *, length: int | None = None, below: int | None = None
    ) -> np.ndarray:
        """A list of numbers, read-only.

        Args:
            what: for messages.
            form: "u2", "u4" or "f4"; floats have to be finite.
            length: how many are expected.
            below: all have to be smaller than this.
        """
        stored, kept = _FORMS[form]
        at = self.at
        size = np.dtype(stored).itemsize
        count = self.count(what, size)
        self._expect_length(what, count, length, at)
        found = np.frombuffer(self.data, stored, count, self.at).astype(kept)
        self.at += count * size
        return self._checked(found, what, below, at)

    def _expect_length(self, what: str, count: int, length: int | None, at: int) -> None:
        if length is not None and count != length:
            self.fail(f"{count} {what}; expected {length}", at)

    def _checked(self, found: np.ndarray, what: str, below: int | None, at: int) -> np.ndarray:
        if found.dtype.kind == "f":
            if not np.isfinite(found).all():
                self.fail(
                    f"one of the {what} is {found[~np.isfinite(found)][0]}; expected finite numbers", at
                )
        elif below is not None and len(found) and int(found.max()) >= below:
            self.fail(f"one of the {what} is {int(found.max())}; expected less than {below}", at)
        found.flags.writeable = False
        return found

    def vectors(self, what: str, *, length: int | None = None) -> np.ndarray:
        """Three lists x, y, z of the same length → ``(n, 3)`` float32, read-only."""
        x = self.array(what, "f4", length=length)
        columns = [x, *(self.array(what, "f4", length=len(x)) for _ in "yz")]
        found = np.stack(columns, axis=1)
        found.flags.writeable = False
        return found

    def lists(self, what: str, form: str, *, below: int) -> tuple[np.ndarray, np.ndarray]:
        """A list of lists of whole numbers → all of them one after the other, and where each list starts."""
        size = np.dtype(_FORMS[form][0]).itemsize
        at, count = self.at, self.count(f"lists of {what}", 4)
        starts = np.zeros(count + 1, dtype=np.int64)
        parts = []
        for index in range(count):
            items = self.count(what, size)
            parts.append(self.data[self.at : self.at + items * size])
            self.at += items * size
            starts[index + 1] = starts[index] + items
        return self.joined(parts, form, what, below, at), frozen(starts)

    def joined(self, parts: list[bytes], form: str, what: str, below: int | None, at: int) -> np.ndarray:
        """Stored numbers of several lists as one array, checked."""
        stored, kept = _FORMS[form]
        return self._checked(np.frombuffer(b"".join(parts), stored).astype(kept), what, below, at)

    def text(self, what: str) -> str:
        """A text; bytes that are not UTF-8 become replacement characters."""
        length = self.count(f"bytes of {what}", 1)
        self.at += length
        return self.data[self.at - length : self.at].decode("utf-8", "replace")

    def texts(self, what: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(self.text(what) for _ in range(self.count(what, 4)))

    def lod_lists(self, what: str, below: int) -> tuple[np.ndarray, ...]:
        """For each level of detail its list of indices."""
        at = self.at
        levels = self.array(f"levels of detail of {what}", "u2")
        lists = [self.array(what, "u2", below=below) for _ in range(self.count(f"lists of {what}", 4))]
        if len(levels) and int(levels.max()) >= len(lists):
            self.fail(
                f"a level of detail uses list {int(levels.max())} of {what}; there are {len(lists)}", at
            )
        return tuple(lists[level] for level in levels)


def frozen(array: np.ndarray) -> np.ndarray:
    """The same array, read-only."""
    array.flags.writeable = False
    return array
