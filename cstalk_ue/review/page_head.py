"""The head of a DNA on the page: its motion in a few shapes, found from the lines that the page shows.

24 000 vertices in every frame of every line are too many for a page. They move in few ways: the page holds
the head at rest, K shapes that say most about these lines (principal components), and per frame K numbers,
all as int16. What that loses is measured on every frame. `page/head_basis.js` puts it together and turns the
head. Shapes: F frames, V vertices, K shapes.
"""

import base64
import json
import math
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cstalk_ue.errors import CSTalkError, DnaError
from cstalk_ue.review.dna_face import MATERIALS, DnaFace
from cstalk_ue.review.lines import ReviewLine
from cstalk_ue.review.payload import pack_steps
from cstalk_ue.rig import complete

HEAD_FORMAT = "cstalk-dna-head/1"
GOOD_MM = 0.05
"""Shapes are added until no vertex of the sample is off by more."""
_COUNTS = (4, 8, 12, 16, 24, 32, 48, 64)
_SAMPLE_FRAMES, _SAMPLE_BYTES = 600, 100_000_000
_HIGHEST = 32767
_MOST_VERTICES = 65535
"""WebGL 1 counts vertices in 16 bits."""
_ALIGNED = 8
_BLOCK = 64


class PageHead:
    """The head for one page.

    Attributes:
        face: the head.
        shapes: ``(K, V, 3)`` float32, as the page has them.
        error_mm: how far a vertex is off at most in the lines that `moves` was asked for.
    """

    def __init__(self, path: Path, lines: Sequence[ReviewLine]) -> None:
        """Find the shapes for some lines; those that cannot be read are left out.

        Raises:
            DnaError: the file cannot be used.
        """
        self.face = DnaFace(path, coarse=True)
        vertices = len(self.face.rest)
        if vertices > _MOST_VERTICES:
            raise DnaError(
                f"{path}: its head has {vertices} vertices; a page holds at most {_MOST_VERTICES}. "
                "Use --video or --contact-sheet."
            )
        self._rest, self._rest_scale = _steps(self.face.rest.ravel()[None])
        rest = (self._rest * self._rest_scale[:, None]).reshape(-1, 3)
        self._off = self.face.rest - rest.astype(np.float32)
        found = _principal(self._sample(lines).reshape(-1, 3 * vertices))
        self._steps, self._scales = _steps(found)
        self.shapes = (self._steps * self._scales[:, None]).astype(np.float32).reshape(-1, vertices, 3)
        flat = self.shapes.reshape(len(self.shapes), -1).astype(np.float64)
        self._solve = np.linalg.pinv(flat @ flat.T)
        self.error_mm = 0.0

    def moves(self, values: np.ndarray) -> tuple[dict[str, Any], float]:
        """What the page needs of a line, and how far a vertex is off at most (mm).

        Args:
            values: ``(F, 185)`` in the rig's order.
        """
        flat = self.shapes.reshape(len(self.shapes), -1)
        blocks = [
            (offsets.reshape(len(offsets), -1) @ flat.T).astype(np.float64) @ self._solve
            for offsets in self._offsets(values)
        ]
        steps, scales = _steps(np.concatenate(blocks).T)
        kept = (steps * scales[:, None]).T.astype(np.float32)
        worst, start = 0.0, 0
        for offsets in self._offsets(values):
            shown = (kept[start : start + len(offsets)] @ flat).reshape(offsets.shape)
            worst = max(worst, float(np.linalg.norm(offsets + self._off - shown, axis=2).max()))
            start += len(offsets)
        return {"steps": pack_steps(steps.T), "scales": [float(f"{s:.9g}") for s in scales]}, worst

    def as_json(self) -> str:
        """The head as compact JSON; see `HeadBasis.unpack` of the page."""
        face = self.face
        arrays = {
            "rest": ("i2", self._rest),
            "shapes": ("i2", self._steps),
            "scales": ("f8", self._scales),
            "share": ("u2", np.rint(face.head_share * _MOST_VERTICES)),
            "triangles": ("u2", face.triangles),
            "triangle_material": ("u1", face.materials[face.triangles[:, 0]]),
        }
        block = bytearray()
        places = {}
        for name, (kind, array) in arrays.items():
            block += bytes(-len(block) % _ALIGNED)
            places[name] = [kind, len(block), int(np.size(array))]
            block += np.ascontiguousarray(array).astype(f"<{kind}").tobytes()
        head = {
            "format": HEAD_FORMAT,
            "rest_scale": float(self._rest_scale[0]),
            "mm": float(face.mm),
            "pivot": [float(x) for x in face.pivot],
            "mouth": [float(x) for x in face.mouth],
            "materials": [
                {"name": m.name, "colour": list(m.colour), "gloss": m.gloss, "layer": m.layer}
                for m in MATERIALS
            ],
            "arrays": places,
            "data": base64.b64encode(zlib.compress(bytes(block), 9)).decode("ascii"),
        }
        return json.dumps(head, allow_nan=False, separators=(",", ":"))

    def _offsets(self, values: np.ndarray) -> Iterator[np.ndarray]:
        """Vertices less their rest, ``(n, V, 3)`` float32 mm, some frames at a time; the head keeps still."""
        for start in range(0, len(values), _BLOCK):
            yield np.stack(list(self.face.vertices(values[start : start + _BLOCK]))) - self.face.rest

    def _sample(self, lines: Sequence[ReviewLine]) -> np.ndarray:
        """Frames spread evenly over all lines, ``(n, V, 3)``."""
        good = [line for line in lines if not line.problem]
        most = max(1, min(_SAMPLE_FRAMES, _SAMPLE_BYTES // (12 * len(self.face.rest))))
        step = math.ceil(max(1, sum(line.frames for line in good)) / most)
        found, ahead = [np.zeros((1, *self.face.rest.shape), dtype=np.float32)], 0
        for line in good:
            try:
                values = complete(line.load().face).values
                found += list(self._offsets(values[ahead::step]))
            except CSTalkError:
                continue  # the page will say so
            ahead = (ahead - len(values)) % step
        return np.concatenate(found)


def _principal(frames: np.ndarray) -> np.ndarray:
    """As few shapes ``(K, 3 V)`` as are good enough for these frames ``(n, 3 V)``, each of length 1."""
    strength, mixes = np.linalg.eigh((frames @ frames.T).astype(np.float64))
    order = [i for i in np.argsort(-strength) if strength[i] > 1e-9 * max(strength[-1], 1e-9)]
    order = order[: _COUNTS[-1]]
    if not order:
        return np.zeros((1, frames.shape[1]), dtype=np.float32)
    every = (mixes[:, order] / np.sqrt(strength[order])).T.astype(np.float32) @ frames
    for count in _COUNTS:
        shapes = every[:count]
        left = (frames - (frames @ shapes.T) @ shapes).reshape(len(frames), -1, 3)
        if len(shapes) == len(every) or np.linalg.norm(left, axis=2).max() <= GOOD_MM:
            break
    return np.asarray(shapes)


def _steps(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows as whole steps of int16, and the size of a step of each row."""
    scales = np.maximum(np.abs(rows).max(axis=1), 1e-9).astype(np.float64) / _HIGHEST
    return np.rint(rows / scales[:, None]), scales
