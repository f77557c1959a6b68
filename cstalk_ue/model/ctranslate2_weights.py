"""CTranslate2 model.bin → named arrays. Strict, standard library and numpy; nothing in the file is executed.

The layout, all little-endian, as CTranslate2 writes it (python/ctranslate2/specs/model_spec.py,
`_serialize`): uint32 version, name of the spec, uint32 revision, uint32 count; per variable a name, uint8
rank, uint32 sizes, uint8 type, uint32 bytes, data; then uint32 count of aliases as pairs of names. A name is
uint16 length, bytes and a final zero. Knows nothing about what the variables mean (see whisper_weights.py).
"""

import math
import struct
from typing import BinaryIO

import numpy as np

from cstalk_ue.errors import EncoderError

_VERSION = 6
_TYPES = {0: "<f4", 1: "|i1", 2: "<i2", 3: "<i4", 4: "<f2"}
_MOST_VARIABLES = 100_000


def read_ctranslate2(file: BinaryIO, *, name: str, spec: str, prefix: str = "") -> dict[str, np.ndarray]:
    """Read the variables whose names start with `prefix`.

    Args:
        file: open at its first byte; read forward only.
        name: what to call the file in messages.
        spec: the kind of model expected, such as "WhisperSpec".

    Raises:
        EncoderError: another version or kind of model, an unknown type, or a file that is cut short.
    """
    reader = _Reader(file, name)
    version = reader.number("<I")
    if version != _VERSION:
        raise EncoderError(
            f"{name}: not a CTranslate2 model of version {_VERSION} (it starts with {version})."
        )
    found = reader.text()
    if found != spec:
        raise EncoderError(f"{name}: a CTranslate2 model of kind {found!r}; expected {spec!r}.")
    reader.number("<I")  # the revision of the spec concerns the decoder's options only
    count = reader.number("<I")
    if count > _MOST_VARIABLES:
        raise EncoderError(f"{name}: damaged, it announces {count} variables. Download it again.")
    variables = {}
    for _ in range(count):
        key, value = reader.variable(prefix)
        if value is not None:
            variables[key] = value
    for _ in range(reader.number("<I")):
        alias, key = reader.text(), reader.text()
        if key in variables and alias.startswith(prefix):
            variables[alias] = variables[key]
    if file.read(1):
        raise EncoderError(f"{name}: damaged, there is data after its end. Download it again.")
    return variables


class _Reader:
    """A cursor that never returns fewer bytes than asked for."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.file, self.name = file, name

    def take(self, count: int) -> bytes:
        data = self.file.read(count)
        if len(data) != count:
            raise EncoderError(
                f"{self.name}: cut short, {count - len(data)} bytes are missing. Download it again."
            )
        return data

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def text(self) -> str:
        data = self.take(self.number("<H"))
        if not data.endswith(b"\0") or not data.isascii():
            raise EncoderError(f"{self.name}: damaged, a name in it is {data[:40]!r}. Download it again.")
        return data[:-1].decode("ascii")

    def variable(self, prefix: str) -> tuple[str, np.ndarray | None]:
        """One variable; its value is None when its name does not start with `prefix`."""
        key = self.text()
        shape = tuple(self.number("<I") for _ in range(self.number("<B")))
        kind, size = self.number("<B"), self.number("<I")
        form = _TYPES.get(kind)
        if form is None or size != math.prod(shape) * np.dtype(form).itemsize:
            raise EncoderError(
                f"{self.name}: damaged, {key} has type {kind}, shape {shape} and {size} bytes."
            )
        data = self.take(size)
        if not key.startswith(prefix):
            return key, None
        return key, np.frombuffer(data, dtype=form).reshape(shape)
