"""What a saved asset of the stand-in holds, against the curve file it was made from."""

import json
from pathlib import Path

import numpy as np


def reads_back(asset, file: Path) -> float:
    """Largest distance between the curves of a file and of a saved asset, at every frame."""
    with np.load(file) as content:
        meta, values = json.loads(content["meta"].tobytes()), content["curves"]
    times = np.arange(len(values)) / meta["fps"]
    saved = {name.lower(): keys for name, keys in asset.curves.items()}
    worst = 0.0
    for column, name in enumerate(meta["curve_names"]):
        key_times, key_values = (np.asarray(each) for each in saved[name.lower()])
        read = np.interp(times, key_times, key_values) if len(key_times) else np.zeros(len(times))
        worst = max(worst, float(np.abs(read - values[:, column]).max()))
    return worst
