"""Small curve files for tests of the editor scripts, and what their task is told by default."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cstalk_ue.export.curves_npz import write_curves_npz
from cstalk_ue.rig import HEAD_CURVES, control_names, neutral_curves, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves

SETTINGS = {"tolerance": 1e-4, "empty_zero_curves": True, "clamp": False, "head": True, "expected": []}


def write_file(
    path: Path,
    rng: np.random.Generator | None,
    *,
    frames: int = 20,
    fps: float = 30,
    raw: Mapping[str, object] | None = None,
    rename: Mapping[str, str] | None = None,
    provenance: Mapping[str, object] | None = None,
) -> Path:
    """A curve file: a face that moves at random, at rest without `rng`; `raw` and `rename` change curves."""
    face = neutral_curves(frames, fps)
    head = neutral_head(frames, fps)
    if rng is not None:
        steps = rng.uniform(0, 0.02, (frames, len(control_names()))).cumsum(axis=0)
        face = face.replace(values=np.abs(np.sin(steps)).astype("f4"))
        moved = head.values.copy()
        moved[:, :6] = rng.uniform(-10, 10, (frames, 6))
        head = RigCurves(moved, HEAD_CURVES, fps)
    told = {"emotion": "angry:0.7", "model": "bundled"} if provenance is None else provenance
    write_curves_npz(path, FacePerformance(face, head), provenance=told)
    if raw or rename:
        _change(path, raw or {}, rename or {})
    return path


def _change(path: Path, raw: Mapping[str, object], rename: Mapping[str, str]) -> None:
    with np.load(path) as content:
        arrays = dict(content)
    meta = json.loads(arrays["meta"].tobytes())
    for name, values in raw.items():
        arrays["curves"][:, meta["curve_names"].index(name)] = values
    meta["curve_names"] = [rename.get(name, name) for name in meta["curve_names"]]
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
            archive.writestr(f"{name}.npy", buffer.getvalue())
