"""How long the landmark face takes for ten minutes, against the conversion of the same curves to raw ones.

python benchmarks/face_speed.py
"""

import time

import numpy as np

from cstalk_ue.face import face_motion, load_face
from cstalk_ue.rig import control_limits, control_names
from cstalk_ue.rig_maps import gui_to_raw
from cstalk_ue.take import RigCurves

FRAMES = 18000
ROUNDS = 5


def main() -> None:
    low, high = control_limits()
    busy = np.random.default_rng(0).uniform(low, high, size=(FRAMES, len(low)))
    waves = np.sin(np.arange(FRAMES)[:, None] / 7 + np.arange(len(low)))
    calm = np.where(np.arange(len(low)) % 2, 0.3 * np.maximum(waves, 0), 0.0)
    load_face()
    for name, values in (("every control at random", busy), ("half of the controls, moderate", calm)):
        curves = RigCurves(np.clip(values, low, high), control_names(), 30)
        points = best_of(lambda curves=curves: face_motion(curves))
        raw = best_of(lambda curves=curves: gui_to_raw(curves))
        print(
            f"{name}: {len(load_face().names)} points of {FRAMES} frames in {points:.2f} s "
            f"({FRAMES / 30 / points:.0f} times real time), {points / raw:.1f} times GUI to raw"
        )


def best_of(call) -> float:
    """Seconds of the fastest of some rounds."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


if __name__ == "__main__":
    main()
