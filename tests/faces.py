"""Made-up faces for the tests of the rig and its maps."""

import numpy as np

from cstalk_ue import rig
from cstalk_ue.take import RigCurves


def one_frame(values: dict[str, float]) -> RigCurves:
    """A single frame of these controls."""
    return RigCurves([list(values.values())], tuple(values), 30)


def random_gui(rng: np.random.Generator, frames: int) -> RigCurves:
    """Every control anywhere in its range, and a little outside it."""
    lowest, highest = rig.control_limits()
    return RigCurves(
        lowest + (highest - lowest) * rng.uniform(-0.1, 1.1, (frames, 185)), rig.control_names(), 30
    )


def moving(curves: RigCurves, *, frame: int = 0) -> dict[str, float]:
    """Controls away from their default, rounded."""
    rest = rig.control_defaults()
    pairs = zip(curves.controls, curves.values[frame], rest, strict=True)
    return {name: round(float(value), 6) for name, value, default in pairs if abs(value - default) > 1e-6}
