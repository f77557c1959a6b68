"""How a sound file says its length: RIFF's data chunk, AIFF's SSND chunk, Ogg's pages.

libsndfile decodes what is left of a file that was cut off and says nothing, so `cstalk_ue.audio` asks here
what the container promises and what is there. Reads headers only and knows nothing about samples. RIFF and
RF64 as in EBU Tech 3306, Ogg as in RFC 3533.
"""

import io
import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from cstalk_ue.errors import AudioError

_STREAMED_SIZE = 0x7FFFF000
"""Sizes from here up are what programs write that cannot know the length (sox, arecord, ffmpeg)."""
_LAST_PAGE = 4
"""Flag on the page that ends an OGG stream."""
_BITS_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_CHUNKS_AFTER_DATA = (
    b"LIST",
    b"id3 ",
    b"ID3 ",
    b"bext",
    b"iXML",
    b"cue ",
    b"smpl",
    b"fact",
    b"PEAK",
    b"junk",
)


class SoundData(NamedTuple):
    """Where a container keeps its samples: sizes in bytes, promised and present."""

    size_at: int  # position of the 32-bit size field
    size: int
    present: int
    frame_bytes: int = 1


def cut_off(path: Path, left_seconds: float, promised_seconds: float) -> AudioError:
    """The error for a file that holds less than its header promises."""
    promised = f" of the {promised_seconds:.2f} s" if math.isfinite(promised_seconds) else " of the sound"
    return AudioError(
        f"{path}: was cut off or damaged; {left_seconds:.2f} s{promised} its header promises are left. "
        "Copy or export it again."
    )


def missing_share(data: SoundData | None) -> float:
    """Share of the promised sound that the file does not hold, 0 if it is whole or was streamed."""
    if data is None or data.size == 0 or data.size // data.frame_bytes <= data.present // data.frame_bytes:
        return 0.0
    return 1 - data.present / data.size


def _chunks(file: IO[bytes], order: str) -> Iterator[tuple[bytes, int, int]]:
    """(name, size, position of the body) of every chunk of a RIFF or FORM file."""
    position = 12  # after the head of the file
    while True:
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        size = struct.unpack(order + "I", head[4:])[0]
        yield head[:4], size, position + 8
        position += 8 + size + size % 2


def riff_data(path: Path) -> SoundData | None:
    """The data chunk of a WAV (RIFF, RIFX, RF64); None for other files."""
    length = path.stat().st_size
    frame_bytes, long_size = 1, None
    with path.open("rb") as file:
        magic = file.read(12)
        if magic[:4] not in (b"RIFF", b"RIFX", b"RF64") or magic[8:] != b"WAVE":
            return None
        order = ">" if magic[:4] == b"RIFX" else "<"
        for name, size, body in _chunks(file, order):
            if name == b"fmt ":
                frame_bytes = max(1, struct.unpack(order + "H", file.read(14)[12:].ljust(2, b"\0"))[0])
            elif name == b"ds64":
                long_size = struct.unpack("<Q", file.read(16)[8:].ljust(8, b"\0"))[0]
            elif name == b"data":
                present = max(0, length - body)
                if size == 0 and file.read(4) in _CHUNKS_AFTER_DATA:
                    present = 0
                if long_size is not None and size == 0xFFFFFFFF:
                    size = long_size
                elif size >= _STREAMED_SIZE:
                    size = min(size, present)
                return SoundData(body - 4, size, present, frame_bytes)
    return None


def aiff_data(path: Path) -> SoundData | None:
    """The SSND chunk of an AIFF or AIFC; None for other files."""
    length = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(12)
        if magic[:4] == b"FORM" and magic[8:] in (b"AIFF", b"AIFC"):
            for name, size, body in _chunks(file, ">"):
                if name == b"SSND":
                    present = max(0, length - body)
                    return SoundData(
                        body - 4, min(size, present) if size >= _STREAMED_SIZE else size, present
                    )
    return None


def check_ogg(path: Path, decoded_seconds: float) -> None:
    """Walk over all pages: libsndfile skips a damaged one and plays on, from there half a second early.

    Raises:
        AudioError: a page is missing or damaged, or the last one is not marked as the end of the stream.
    """
    flags = first = 0
    with path.open("rb") as raw:
        for count, page in enumerate(iter(lambda: _ogg_page(raw), b"")):
            if flags & _LAST_PAGE:
                raise AudioError(f"{path}: holds several OGG streams; expected one. Export it as WAV.")
            whole = _is_whole_ogg_page(page)
            number = struct.unpack("<I", page[18:22])[0] if whole else -1
            first = number if count == 0 else first
            if number != first + count:
                raise cut_off(path, decoded_seconds, math.inf)
            flags = page[5]
    if not flags & _LAST_PAGE:
        raise cut_off(path, decoded_seconds, math.inf)


def _ogg_page(raw: IO[bytes]) -> bytes:
    """The next page as far as it goes; empty at the end of the file."""
    head = raw.read(27)
    lacing = raw.read(head[26]) if len(head) == 27 else b""
    return head + lacing + raw.read(sum(lacing))


def _is_whole_ogg_page(page: bytes) -> bool:
    segments = page[26] if len(page) >= 27 else 0
    size = 27 + segments + sum(page[27 : 27 + segments])
    if page[:4] != b"OggS" or len(page) < 27 or len(page) != size:
        return False
    # OGG's checksum is zlib's with every bit order reversed, no start value and no final inversion.
    content = (page[:22] + bytes(4) + page[26:]).translate(_BITS_REVERSED)
    checksum = zlib.crc32(content, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return checksum == int.from_bytes(page[22:26].translate(_BITS_REVERSED), "big")


class SizedRiff(io.FileIO):
    """A WAV whose header was never completed (data size 0), read as if it said its length."""

    def __init__(self, path: Path, data: SoundData) -> None:
        super().__init__(path, "rb")
        order = ">" if self.read(4) == b"RIFX" else "<"
        self.seek(0)
        self._patch_at = data.size_at
        self._patch = struct.pack(order + "I", min(data.present, 0xFFFFFFFF))

    def readinto(self, buffer: Any, /) -> int:
        at = self.tell()
        count = super().readinto(buffer) or 0
        for offset, value in enumerate(self._patch, start=self._patch_at - at):
            if 0 <= offset < count:
                memoryview(buffer).cast("B")[offset : offset + 1] = bytes((value,))
        return count
