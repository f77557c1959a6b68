"""Read ``NAME.curves.npz`` (tag ``cstalk-curves/1``) with the standard library alone.

The file is a zip of .npy arrays; cstalk_ue/export/curves_npz.py writes it and describes it. The editor's
Python has no numpy, so the 260 curves come back as ``array('f')``, ten minutes of them in half a second.
Knows nothing about assets or `unreal`.
"""

import array
import json
import math
import re
import struct
import sys
import zipfile

FORMAT_TAG = "cstalk-curves/1"

_MAGIC = b"\x93NUMPY"
_HEADER = re.compile(
    r"\{'descr': '([^']*)', 'fortran_order': (True|False), 'shape': \(((?:\d+, ?)*\d*)\), \}\s*", re.ASCII
)
_UNREADABLE = (
    OSError,
    zipfile.BadZipFile,
    struct.error,
    EOFError,
    RuntimeError,  # an encrypted member, or an unknown zip version
    ValueError,
    OverflowError,
    MemoryError,
)


class CurvesFileError(Exception):
    """A curve file cannot be used. The message names the file, what was found and what to do."""


def read_curves_file(path):
    """Read the curves of one file.

    Returns a dict with:
        ``curves``: curve name -> ``array('f')`` of one value per frame, in the file's order
        ``fps``, ``start_seconds``: float; frame k is at ``start_seconds + k / fps``
        ``frames``: int
        ``provenance``: dict, where the curves came from
        ``format``: the tag

    Raises:
        CurvesFileError: the file is missing, damaged, of another format, or inconsistent.
    """
    try:
        with zipfile.ZipFile(str(path)) as archive:
            meta = _parse_meta(path, _read_array(path, archive, "meta.npy", "|u1")[1])
            shape, data = _read_array(path, archive, "curves.npy", "<f4")
    except _UNREADABLE as error:
        reason = str(error) or type(error).__name__
        raise CurvesFileError(f"{path}: cannot be read ({reason}). Copy or export it again.") from error
    names, frames = meta["curve_names"], meta["frames"]
    if frames < 1 or shape != (frames, len(names)):
        raise CurvesFileError(
            f"{path}: curves have shape {shape}; expected {frames} frames of {len(names)} curves. "
            "Export it again."
        )
    values = array.array("f")
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    curves = {name: values[column :: len(names)] for column, name in enumerate(names)}
    for name, curve in curves.items():
        # A sum of float32 in double precision cannot overflow: it is finite exactly if all values are.
        if not math.isfinite(sum(curve)):
            raise CurvesFileError(f"{path}: {name} holds NaN or infinity. Export it again.")
    return {
        "format": meta["format"],
        "fps": float(meta["fps"]),
        "frames": frames,
        "start_seconds": float(meta["start_seconds"]),
        "provenance": meta["provenance"],
        "curves": curves,
    }


def _read_array(path, archive, member, descr):
    """Shape and bytes of one stored .npy member, which must hold `descr` in row order."""
    if member not in archive.namelist():
        raise CurvesFileError(f"{path}: has no {member}; expected a {FORMAT_TAG} file. Export it again.")
    if archive.getinfo(member).compress_type != zipfile.ZIP_STORED:
        raise CurvesFileError(f"{path}: {member} is compressed; expected it stored. Export it again.")
    content = memoryview(archive.read(member))
    if bytes(content[:6]) != _MAGIC or len(content) < 12 or content[6] not in (1, 2):
        raise CurvesFileError(f"{path}: {member} is no array written by numpy. Export it again.")
    start, size_format = (10, "<H") if content[6] == 1 else (12, "<I")
    length = struct.unpack(size_format, content[8:start])[0]
    header = bytes(content[start : start + length]).decode("latin-1")
    match = _HEADER.fullmatch(header)
    if match is None:
        raise CurvesFileError(f"{path}: {member} has the unknown header {header[:60]!r}. Export it again.")
    if match.group(1) != descr or match.group(2) != "False":
        order = "column" if match.group(2) == "True" else "row"
        raise CurvesFileError(
            f"{path}: {member} is {match.group(1)} in {order} order; expected {descr} in row order. "
            "Export it again."
        )
    shape = tuple(int(size) for size in match.group(3).split(",") if size.strip())
    data = content[start + length :]
    if len(data) != math.prod(shape) * int(descr[-1]):
        raise CurvesFileError(
            f"{path}: {member} holds {len(data)} bytes, which do not make shape {shape}. Export it again."
        )
    return shape, data


def _parse_meta(path, data):
    """The JSON of a curve file, its tag and its fields checked."""
    try:
        meta = json.loads(bytes(data).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CurvesFileError(f"{path}: its meta is no JSON ({error}). Export it again.") from error
    tag = meta.get("format") if isinstance(meta, dict) else None
    if tag != FORMAT_TAG:
        raise CurvesFileError(
            f"{path}: format is {tag!r}; expected {FORMAT_TAG!r}. "
            "Install the scripts of the version that wrote it."
        )
    number = (int, float)
    fields = {
        "fps": number,
        "start_seconds": number,
        "frames": int,
        "curve_names": list,
        "provenance": dict,
    }
    for field, kind in fields.items():
        value = meta.get(field)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise CurvesFileError(f"{path}: meta field {field!r} is {value!r:.40}. Export it again.")
    names = meta["curve_names"]
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        raise CurvesFileError(f"{path}: curve_names is no list of different names. Export it again.")
    if not (math.isfinite(meta["fps"]) and meta["fps"] > 0 and math.isfinite(meta["start_seconds"])):
        raise CurvesFileError(
            f"{path}: fps is {meta['fps']} and start {meta['start_seconds']}; expected finite numbers, "
            "fps above 0. Export it again."
        )
    return meta
