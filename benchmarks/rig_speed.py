"""How fast the rig conversions are: a take of ten minutes at 30 fps through each of them.

    python benchmarks/rig_speed.py

Times are the best of a few runs, and a ratio to a floor measured in the same process: copying the curves once
and multiplying them by one square matrix, which is the least a conversion between vocabularies could cost.
"""

import time
from collections.abc import Callable

import numpy as np

from cstalk_ue import arkit_maps, rig, rig_maps
from cstalk_ue.take import RigCurves

FRAMES, FPS, RUNS = 18_000, 30, 5


def best_seconds(work: Callable[[], object]) -> float:
    """Shortest of a few runs, after one that fills caches."""
    work()
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    """Measure and print the table."""
    rng = np.random.default_rng(0)
    lowest, highest = rig.control_limits()
    gui = RigCurves(rng.uniform(lowest, highest, (FRAMES, len(lowest))), rig.control_names(), FPS)
    raw = rig_maps.gui_to_raw(gui)
    arkit = RigCurves(rng.random((FRAMES, len(arkit_maps.arkit_names()))), arkit_maps.arkit_names(), FPS)
    square = rng.random((len(raw.controls), len(raw.controls)), dtype=np.float32)

    floor = best_seconds(lambda: raw.values.copy() @ square)
    print(f"{FRAMES} frames, {FRAMES / FPS / 60:g} minutes of dialogue at {FPS} fps")
    print(f"{'':14}{'seconds':>9}{'x floor':>9}{'frames/s':>12}")
    print(f"{'floor':14}{floor:9.3f}{1:9.1f}{FRAMES / floor:12,.0f}")
    conversions: dict[str, Callable[[], object]] = {
        "gui_to_raw": lambda: rig_maps.gui_to_raw(gui),
        "raw_to_gui": lambda: rig_maps.raw_to_gui(raw),
        "arkit_to_gui": lambda: arkit_maps.arkit_to_gui(arkit),
        "gui_to_arkit": lambda: arkit_maps.gui_to_arkit(gui),
    }
    for name, work in conversions.items():
        seconds = best_seconds(work)
        print(f"{name:14}{seconds:9.3f}{seconds / floor:9.1f}{FRAMES / seconds:12,.0f}")


if __name__ == "__main__":
    main()
