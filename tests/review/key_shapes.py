"""Eight shapes that anyone recognises on a face, as control values; used by the tests of the preview."""

from collections.abc import Mapping

import numpy as np

from cstalk_ue.rig import control_defaults, control_names


def control_values(**controls: float) -> np.ndarray:
    """``(185,)`` values; ``jaw_ty`` sets CTRL_C_jaw.ty, ``mouth_stretch_ty`` CTRL_L_mouth_stretch.ty and R.

    Raises:
        AssertionError: no such control.
    """
    values = control_defaults().astype(np.float64)
    for key, value in controls.items():
        name, axis = key.rsplit("_", 1)
        found = [
            i
            for i, control in enumerate(control_names())
            if control in [f"CTRL_{side}{name}.{axis}" for side in ("L_", "R_", "C_", "")]
        ]
        assert found, f"no control for {key}"
        values[found] = value
    return values


KEY_SHAPES: Mapping[str, np.ndarray] = {
    "rest": control_values(),
    "aa": control_values(jaw_ty=0.55, mouth_lowerLipDepress_ty=0.3, mouth_upperLipRaise_ty=0.15),
    "ee": control_values(
        jaw_ty=0.15,
        mouth_stretch_ty=0.5,
        mouth_cornerPull_ty=0.25,
        mouth_lowerLipDepress_ty=0.35,
        mouth_upperLipRaise_ty=0.25,
    ),
    "oo": control_values(
        jaw_ty=0.18, mouth_purseU_ty=0.8, mouth_purseD_ty=0.8, mouth_funnelU_ty=0.35, mouth_funnelD_ty=0.35
    ),
    "mbp": control_values(
        jaw_ty=0.12,
        mouth_lipsTogetherU_ty=1,
        mouth_lipsTogetherD_ty=1,
        mouth_pressU_ty=0.3,
        mouth_pressD_ty=0.3,
    ),
    "fv": control_values(jaw_ty=0.1, mouth_lipBiteD_ty=1, mouth_upperLipRaise_ty=0.35),
    "th": control_values(
        jaw_ty=0.22, tongue_inOut_ty=-0.55, mouth_lowerLipDepress_ty=0.3, mouth_upperLipRaise_ty=0.15
    ),
    "smile": control_values(mouth_cornerPull_ty=1, eye_cheekRaise_ty=0.7),
}
"""rest; the vowels of father, see and too; closed lips; lower lip and tongue at the teeth; a smile."""
