"""Which curves the page draws under the sound: a few per part of the face, each the mean of some controls.

One row each, in this order, so that a person reads the mouth first. Knows nothing about colours.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """One row of the timeline.

    Attributes:
        name: of the part of the face.
        curves: (label, controls or head curves whose mean is drawn).
        unit: "" for controls, "degrees" for the head.
        top: the scale reaches at least this far, so that nothing small is magnified into looking like motion.
    """

    name: str
    curves: tuple[tuple[str, tuple[str, ...]], ...]
    unit: str = ""
    top: float = 0.3


def _both(name: str) -> tuple[str, ...]:
    return tuple(f"CTRL_{side}_{name}" for side in "LR")


def _four(name: str) -> tuple[str, ...]:
    return tuple(f"CTRL_{side}_mouth_{name}{lip}.ty" for side in "LR" for lip in "UD")


REGIONS: tuple[Region, ...] = (
    Region("Jaw", (("open", ("CTRL_C_jaw.ty",)), ("forward", ("CTRL_C_jaw_fwdBack.ty",)))),
    Region(
        "Lips",
        (
            ("together", _four("lipsTogether")),
            ("rounded", _four("purse")),
            ("spread", _both("mouth_stretch.ty")),
            ("on teeth", _both("mouth_lipBiteD.ty")),
        ),
    ),
    Region(
        "Cheeks",
        (
            ("corner up", _both("mouth_cornerPull.ty")),
            ("corner down", _both("mouth_cornerDepress.ty")),
            ("cheek raise", _both("eye_cheekRaise.ty")),
        ),
    ),
    Region(
        "Brows",
        (
            ("inner up", _both("brow_raiseIn.ty")),
            ("outer up", _both("brow_raiseOut.ty")),
            ("down", _both("brow_down.ty")),
        ),
    ),
    Region(
        "Eyes",
        (
            ("blink", _both("eye_blink.ty")),
            ("squint", _both("eye_squintInner.ty")),
            ("gaze side", _both("eye.tx")),
            ("gaze up", _both("eye.ty")),
        ),
    ),
    Region(
        "Head",
        (("yaw", ("HeadYaw",)), ("pitch", ("HeadPitch",)), ("roll", ("HeadRoll",))),
        unit="degrees",
        top=5.0,
    ),
)
