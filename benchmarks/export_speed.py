"""How long ten minutes of face take to write, and to read inside the editor, against writing the bytes alone.

    python benchmarks/export_speed.py [--minutes 10] [--fps 30]

The floor is one ``file.write`` of the same bytes in the same run (for readers: one ``file.read``), so the
ratios mean the same on any machine. Each number is the best of three.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("", "ue_scripts")]

from cstalk_curves_file import read_curves_file  # noqa: E402

from cstalk_ue.export import FORMATS, read_curves_npz, read_table_csv  # noqa: E402
from cstalk_ue.rig import control_limits, control_names, neutral_curves, neutral_head  # noqa: E402
from cstalk_ue.take import FacePerformance  # noqa: E402

PROVENANCE = {"source": "benchmark.wav", "sha256": "0" * 64, "emotion": "neutral"}


def make_performance(minutes: float, fps: float) -> FacePerformance:
    """Smooth movement of every control over its whole range."""
    frames = round(minutes * 60 * fps)
    lowest, highest = control_limits()
    phase = np.random.default_rng(1).uniform(0, 2 * np.pi, len(control_names()))
    wave = (1 + np.sin(np.arange(frames)[:, None] * (2 * np.pi / fps) + phase)) / 2
    neutral = neutral_curves(frames, fps)
    return FacePerformance(
        neutral.replace(values=lowest + wave * (highest - lowest)), neutral_head(frames, fps)
    )


def best_seconds(action: Callable[[], object]) -> float:
    """The shortest of three runs."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    """Print one row per writer and reader."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--fps", type=float, default=30.0)
    options = parser.parse_args()
    performance = make_performance(options.minutes, options.fps)
    print(f"{options.minutes:g} minutes at {options.fps:g} fps, {performance.frames} frames")
    print(f"{'step':<24}{'MB':>8}{'seconds':>10}{'floor':>10}{'ratio':>8}")

    def report(step: str, path: Path, seconds: float, floor: float) -> None:
        megabytes = path.stat().st_size / 1e6
        print(f"{step:<24}{megabytes:>8.1f}{seconds:>10.3f}{floor:>10.4f}{seconds / floor:>8.1f}")

    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"line{form.suffix}" for name, form in FORMATS.items()}
        for name, form in FORMATS.items():
            path = paths[name]
            seconds = best_seconds(partial(form.write, path, performance, provenance=PROVENANCE))
            content = path.read_bytes()
            copy = Path(folder) / "floor.bin"
            report(f"write {name}", path, seconds, best_seconds(partial(copy.write_bytes, content)))
        readers: dict[str, tuple[str, Callable[[Path], object]]] = {
            "read npz, in the editor": ("npz", read_curves_file),
            "read npz": ("npz", read_curves_npz),
            "read csv": ("csv", read_table_csv),
        }
        for step, (name, read) in readers.items():
            path = paths[name]
            report(step, path, best_seconds(partial(read, path)), best_seconds(path.read_bytes))


if __name__ == "__main__":
    main()
