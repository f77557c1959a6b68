"""What an expression is in numbers: mean activity of brows, eyes, cheeks and lip corners, as a table."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cstalk_ue.take import RigCurves

if TYPE_CHECKING:
    import pandas as pd

EXPRESSION_GROUPS: Mapping[str, str] = {
    "inner brow up": "brow_raiseIn",
    "outer brow up": "brow_raiseOut",
    "brow down": "brow_down",
    "lids (negative is wide)": "eye_blink",
    "lower lid squint": "eye_squintInner",
    "cheek up": "eye_cheekRaise",
    "lip corner up": "mouth_cornerPull",
    "lip corner down": "mouth_cornerDepress",
    "lips tight": "mouth_tightenU",
    "nose wrinkle": "nose",
}
"""Row of the table, and the control whose left and right vertical channels are averaged for it."""


def expression_means(curves: RigCurves) -> dict[str, float]:
    """Mean of each group of `EXPRESSION_GROUPS` over all frames and both sides, in rig units."""
    means = {}
    for label, control in EXPRESSION_GROUPS.items():
        sides = curves.select(f"CTRL_{side}_{control}.ty" for side in "LR")
        means[label] = float(sides.values.mean(dtype="float64"))
    return means


def expression_table(faces: Mapping[str, RigCurves]) -> "pd.DataFrame":
    """Groups as rows, one column of means per name in `faces`."""
    import pandas as pd

    return pd.DataFrame({name: expression_means(curves) for name, curves in faces.items()})
