"""What a person would write in an afternoon: one plain loop over Live Link Face takes with pandas and PyAV.

An independent reading to compare with, in values and in speed. It takes the calibrated curves, the timecode
at its word, the movie's sound at its own rate, and gives up on nothing: what is broken raises.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import av
import librosa
import numpy as np
import pandas as pd


@dataclass(frozen=True)
class PlainTake:
    """Shapes at 30 fps, names as in the file, and sound at 16 kHz."""

    shapes: np.ndarray
    columns: list[str]
    samples: np.ndarray
    slate: str


def read_plain(folder: Path) -> PlainTake:
    """One take folder."""
    meta = json.loads((folder / "take.json").read_text(encoding="utf-8"))
    curves = sorted(folder.glob("*_cal.csv")) or [
        p for p in folder.glob("*.csv") if p.name != "frame_log.csv"
    ]
    table = pd.read_csv(curves[0])
    parts = table["Timecode"].str.split(":", expand=True).astype(float)
    seconds = (parts[0] * 3600 + parts[1] * 60 + parts[2] + parts[3] / 60).to_numpy()
    seconds = seconds - seconds[0]
    columns = [name for name in table.columns if name not in ("Timecode", "BlendshapeCount")]
    values = table[columns].to_numpy(dtype=np.float64)
    times = np.arange(int(seconds[-1] * 30 + 1e-3) + 1) / 30
    shapes = np.column_stack([np.interp(times, seconds, values[:, c]) for c in range(len(columns))])
    with av.open(str(next(folder.glob("*.mov")))) as movie:
        rate = movie.streams.audio[0].rate
        sound = np.concatenate([frame.to_ndarray().ravel() for frame in movie.decode(audio=0)])
    samples = librosa.resample(
        sound.astype(np.float32) / 32768, orig_sr=rate, target_sr=16000, res_type="soxr_hq"
    )
    return PlainTake(shapes.astype(np.float32), columns, samples, meta["slate"])


def write_plain(target: Path, take: PlainTake) -> None:
    """As one npz."""
    np.savez(target, shapes=take.shapes, columns=take.columns, samples=take.samples, slate=take.slate)
