"""FacePerformance ↔ ``NAME.curves.npz``, tag ``cstalk-curves/1``: the hand-over, to the Unreal editor too.

An ordinary uncompressed npz with three arrays:

    meta    uint8 (bytes,)           UTF-8 JSON: format, fps, frames, start_seconds, curve_names, gui_names,
                                     provenance
    curves  float32 (frames, 260)    what an AnimSequence stores: 251 raw curves, then the head curves
    gui     float32 (frames, 185)    the same face as GUI controls

Same content, same bytes, on every machine and day. `ue_scripts/cstalk_curves_file.py` reads the same file
without numpy, inside the editor.
"""

import io
import json
import struct
import tokenize
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cstalk_ue.errors import CurveFormatError, ExportError
from cstalk_ue.rig import HEAD_CURVES, complete
from cstalk_ue.rig_maps import gui_to_raw
from cstalk_ue.storage import whole_file
from cstalk_ue.take import FacePerformance, RigCurves

FORMAT_TAG = "cstalk-curves/1"

_ARRAYS = ("meta", "curves", "gui")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date a zip can hold; any fixed one makes the file reproducible."""
_UNREADABLE = (
    zipfile.BadZipFile,
    struct.error,
    OSError,
    EOFError,
    RuntimeError,  # an encrypted member; also its subclass NotImplementedError, an unknown zip version
    ValueError,
    TypeError,
    OverflowError,
    MemoryError,
    SyntaxError,
    tokenize.TokenError,
)
"""What zipfile and numpy raise over damaged bytes."""


@dataclass(frozen=True)
class CurvesFile:
    """One curve file, read.

    Attributes:
        performance: GUI controls and head.
        raw: the raw curves as they were written, normally the 251 ``CTRL_expressions_*``.
        provenance: where it came from: source file and its hash, emotion, model.
    """

    performance: FacePerformance
    raw: RigCurves
    provenance: Mapping[str, Any]


def write_curves_npz(path: Path, performance: FacePerformance, *, provenance: Mapping[str, Any]) -> None:
    """Write a performance with its raw curves; controls it lacks are written at rest.

    The validity mask of a capture is not kept: this file is for playing, not for training.

    Raises:
        ExportError: the file cannot be written, or `provenance` is not plain JSON.
        CurveFormatError: head curves are missing.
        RigError: a curve is not a control of the rig.
    """
    face = complete(performance.face)
    raw = gui_to_raw(face)
    head = performance.head.select(HEAD_CURVES)
    meta = {
        "format": FORMAT_TAG,
        "fps": face.fps,
        "frames": face.frames,
        "start_seconds": face.start_seconds,
        "curve_names": [*raw.controls, *head.controls],
        "gui_names": [*face.controls],
        "provenance": dict(provenance),
    }
    try:
        # ASCII escapes keep even file names that are no valid Unicode; sorted keys keep the bytes the same.
        text = json.dumps(meta, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ExportError(
            f"{path}: provenance cannot be written ({error}). Use text, numbers and lists."
        ) from error
    arrays = {
        "meta": np.frombuffer(text.encode("ascii"), dtype=np.uint8),
        # Row order is part of the format; what rig_maps returns is in column order.
        "curves": np.ascontiguousarray(np.hstack((raw.values, head.values)), dtype="<f4"),
        "gui": np.ascontiguousarray(face.values, dtype="<f4"),
    }
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            member.create_system = 3  # otherwise Windows and Linux write different bytes
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
            archive.writestr(member, buffer.getbuffer())


def read_curves_npz(path: Path) -> CurvesFile:
    """Read a curve file back, bit for bit as it was written.

    Raises:
        CurveFormatError: missing, damaged, of another format, or inconsistent.
    """
    path = Path(path)
    arrays = _read_arrays(path)
    meta = _parse_meta(path, arrays["meta"])
    fps, frames, start_seconds = meta["fps"], meta["frames"], meta["start_seconds"]
    for name, names in (("curves", meta["curve_names"]), ("gui", meta["gui_names"])):
        array = arrays[name]
        if array.dtype != np.dtype("<f4") or array.shape != (frames, len(names)):
            raise CurveFormatError(
                f"{path}: array '{name}' is {array.dtype} of shape {array.shape}; expected float32 of shape "
                f"{(frames, len(names))}. Export it again."
            )
    try:
        curves = RigCurves(arrays["curves"], meta["curve_names"], fps, start_seconds)
        face = RigCurves(arrays["gui"], meta["gui_names"], fps, start_seconds)
        head = curves.select(HEAD_CURVES)
        raw = curves.select(name for name in curves.controls if name not in HEAD_CURVES)
        return CurvesFile(FacePerformance(face, head), raw, meta["provenance"])
    except (CurveFormatError, OverflowError) as error:  # OverflowError: an fps of 400 digits
        raise CurveFormatError(f"{path}: {error}") from error


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    if not path.exists():
        raise CurveFormatError(f"{path}: no such file. Check the spelling.")
    try:
        with zipfile.ZipFile(path) as archive:
            missing = {f"{name}.npy" for name in _ARRAYS} - set(archive.namelist())
            if missing:
                raise CurveFormatError(
                    f"{path}: has no {', '.join(sorted(missing))}; expected a {FORMAT_TAG} file. "
                    "Export it again."
                )
            return {name: _read_array(path, archive, f"{name}.npy") for name in _ARRAYS}
    except _UNREADABLE as error:
        raise CurveFormatError(
            f"{path}: is no readable {FORMAT_TAG} file ({error or type(error).__name__}). "
            "Copy or export it again."
        ) from error


def _read_array(path: Path, archive: zipfile.ZipFile, member: str) -> np.ndarray:
    # Compressed members are refused because the reader inside the editor refuses them too.
    if archive.getinfo(member).compress_type != zipfile.ZIP_STORED:
        raise CurveFormatError(
            f"{path}: {member} is compressed; expected it stored. Save it with numpy.savez."
        )
    stream = io.BytesIO(archive.read(member))
    array: np.ndarray = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _parse_meta(path: Path, data: np.ndarray) -> dict[str, Any]:
    """The JSON of a curve file, its tag and the types of its fields checked."""
    try:
        meta = json.loads(data.tobytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CurveFormatError(f"{path}: its meta is no JSON ({error}). Export it again.") from error
    tag = meta.get("format") if isinstance(meta, dict) else None
    if tag != FORMAT_TAG:
        raise CurveFormatError(
            f"{path}: format is {tag!r}; expected {FORMAT_TAG!r}. Use the version that wrote it."
        )
    expected: dict[str, type | tuple[type, ...]] = {
        "fps": (int, float),
        "frames": int,
        "start_seconds": (int, float),
        "curve_names": list,
        "gui_names": list,
        "provenance": dict,
    }
    for name, kind in expected.items():
        value = meta.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise CurveFormatError(
                f"{path}: meta field {name!r} is {value!r:.40}; that is not its type. Export it again."
            )
    for name in ("curve_names", "gui_names"):
        if not all(isinstance(curve, str) for curve in meta[name]):
            raise CurveFormatError(f"{path}: {name} are not all text. Export it again.")
    return meta
