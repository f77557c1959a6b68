"""The landmark head and its triangles -> JSON for the review page (`page/face.js` reads it).

Numbers are exact: integers, hundredths or thousandths as the tables have them, in the narrowest type that
holds them, all in one deflated block. The page refines the surface itself (`page/face_surface.js`). Knows the
tables through face.py and face_mesh.py and nothing about drawing.
"""

import base64
import functools
import json
import zlib
from collections.abc import Iterable

import numpy as np

from cstalk_ue.face import GAZE_CONTROLS, JAW_CONTROLS, load_face
from cstalk_ue.face_mesh import face_materials, face_mesh
from cstalk_ue.rig import control_limits, control_names

FACE_FORMAT = "cstalk-face/1"

_TYPES = ("u1", "i1", "u2", "i2", "i4")
_SCALES = (1, 10, 100, 1000)
_ALIGNED = 8
"""Bytes; a typed array of JavaScript begins at a multiple of its width."""


@functools.cache
def face_json() -> str:
    """The face as compact JSON text, safe inside a script tag.

    ``arrays`` has for each name the type, first byte, count and divisor of its numbers in ``data``, which is
    base64 of a zlib stream, little-endian; a divisor of 1 means whole numbers, 0 floating point.
    ``point_names`` and ``control_names`` are names in the same block, one per line.
    """
    block = bytearray()
    places: dict[str, list[str | int]] = {}
    for name, array in face_arrays().items():
        kind, scale, numbers = _narrowest(np.ravel(array))
        block += bytes(-len(block) % _ALIGNED)
        places[name] = [kind, len(block), numbers.size, scale]
        block += numbers.astype("<" + kind).tobytes()
    face = {
        "format": FACE_FORMAT,
        "rules": dict(load_face().rules),
        "materials": [
            {"name": m.name, "colour": list(m.colour), "gloss": m.gloss, "layer": m.layer}
            for m in face_materials()
        ],
        "arrays": places,
        "data": base64.b64encode(zlib.compress(bytes(block), 9)).decode("ascii"),
    }
    text = json.dumps(face, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def face_arrays() -> dict[str, np.ndarray]:
    """All numbers of the face and its triangles by name.

    Lists of lists are flat, with ``..._count`` the length of each.
    """
    face, mesh = load_face(), face_mesh(0)
    low, high = control_limits()
    moves = face.moves.reshape(len(face.halves), -1, 3)
    half, point = np.nonzero(moves.any(axis=2))
    arrays = {
        "point_names": _text(face.names),
        "control_names": _text(control_names()),
        "rest": face.rest,
        "jaw": face.jaw,
        "neck": face.neck,
        "low": low,
        "high": high,
        "half_control": np.array([h.control for h in face.halves]),
        "half_sign": np.array([h.sign for h in face.halves]),
        "half_default": np.array([h.default for h in face.halves]),
        "half_count": np.bincount(half, minlength=len(face.halves)),
        "move_point": point,
        **{f"move_{axis}": moves[half, point, i] for i, axis in enumerate("xyz")},
        "upper": face.upper,
        "lower": face.lower,
        "tongue": np.concatenate(face.tongue),
        "tongue_count": np.array([len(section) for section in face.tongue]),
        "teeth": np.array([face.index("teeth_upper_0.C0"), face.index("teeth_lower_0.C0")]),
        "jaw_controls": _controls(JAW_CONTROLS),
        "triangles": mesh.triangles,
        "triangle_material": mesh.materials,
    }
    for lip in ("upper", "lower"):
        arrays[f"seal_{lip}_controls"], arrays[f"seal_{lip}_shares"] = face.seals[lip]
        arrays[f"follow_{lip}_points"], arrays[f"follow_{lip}_shares"] = face.followers[lip]
    for side, eye in face.eyes.items():
        arrays[f"eye_{side}_centre"] = eye.centre
        arrays[f"eye_{side}_gaze"] = _controls(GAZE_CONTROLS[side])
        arrays[f"eye_{side}_lashes"] = np.stack(eye.lashes)
        for name in ("ball", "lids", "upper", "lower"):
            arrays[f"eye_{side}_{name}"] = getattr(eye, name)
    return arrays


def _controls(names: Iterable[str]) -> np.ndarray:
    return np.array([control_names().index(name) for name in names])


def _text(names: Iterable[str]) -> np.ndarray:
    return np.frombuffer("\n".join(names).encode("ascii"), dtype=np.uint8)


def _narrowest(array: np.ndarray) -> tuple[str, int, np.ndarray]:
    """Type and divisor with which the numbers come back exactly, and the numbers in that form."""
    for scale in _SCALES:
        whole = np.rint(array * scale)
        if np.array_equal(whole / scale, array):
            for kind in _TYPES:
                range_ = np.iinfo(kind)
                if range_.min <= whole.min() and whole.max() <= range_.max:
                    return kind, scale, whole
    return "f8", 0, array
