"""Motion of chin, neck, tongue and teeth. The jaw itself turns by a rule of face.py.

Standard library only.
"""

import math
from collections.abc import Callable, Iterator

from rigmaps.face.fields import REST, Field, Half, both, corner_pull, lip_half, push
from rigmaps.face.shape import Point, Vector, smooth


def jaw_and_neck() -> Iterator[Half]:
    chin = ("skin", "chin", "mouth_far_lower", "mouth_ring_lower")
    yield "CTRL_L_jaw_clench.ty", "+", push((58, -78, -38), (26, 24, 30), (3.4, 0.0, 1.0), ("skin",))
    yield (
        "CTRL_L_jaw_ChinRaiseU.ty",
        "+",
        both(
            lip_half("upper", lambda p, s: (0.0, 4.6 * (1 - 0.6 * s * s), 1.8)),
            lip_half("lower", lambda p, s: (0.0, 3.6 * (1 - 0.6 * s * s), 1.2)),
        ),
    )
    yield (
        "CTRL_L_jaw_ChinRaiseD.ty",
        "+",
        both(
            push((9, -101, 19), (20, 22, 40), (0.0, 8.0, 1.6), chin),
            lip_half("lower", lambda p, s: (0.0, 8.0 * (1 - 0.7 * s * s), 3.4)),
        ),
    )
    yield "CTRL_L_jaw_chinCompress.ty", "+", push((9, -101, 19), (18, 16, 40), (-0.3, 2.4, -1.2), chin)
    neck = ("skin",)
    yield (
        "CTRL_L_neck_stretch.ty",
        "+",
        both(
            push((36, -150, -50), (30, 42, 60), (2.4, 1.6, 2.6), neck),
            corner_pull((1.4, -2.4, -0.4), reach=24, along=2.0),
        ),
    )
    yield "CTRL_L_neck_mastoidContract.ty", "+", push((42, -150, -70), (22, 55, 40), (2.6, 0.0, 3.0), neck)
    yield "CTRL_C_neck_swallow.ty", "+", push((0, -146, -38), (20, 24, 30), (0.0, 7.0, 1.2), neck)
    for sign, way in (("+", 1.0), ("-", -1.0)):
        yield (
            "CTRL_neck_throatUpDown.ty",
            sign,
            push((0, -150, -38), (22, 28, 30), (0.0, 5.0 * way, 0.4), neck),
        )
        yield (
            "CTRL_neck_digastricUpDown.ty",
            sign,
            push((0, -125, -18), (26, 18, 30), (0.0, 4.0 * way, 0.0), neck),
        )
        yield (
            "CTRL_neck_throatExhaleInhale.ty",
            sign,
            push((0, -165, -38), (30, 40, 40), (0.0, 0.0, -2.0 * way), neck),
        )


def tongue() -> Iterator[Half]:
    def along(p: Point) -> float:
        """0 at the root, 1 at the tip; -1 if it is not the tongue."""
        if not p.group.startswith("tongue_"):
            return -1.0
        return 1.0 if p.group == "tongue_tip" else int(p.group[-1]) / 6

    def tongue(by: Callable[[Point, float], Vector]) -> Field:
        return lambda p: by(p, along(p)) if along(p) >= 0 else REST

    name = "CTRL_C_tongue_"
    yield f"{name}inOut.ty", "+", tongue(lambda p, t: (0.0, 0.8 * t, -11.0 * t**1.4))
    yield f"{name}inOut.ty", "-", tongue(lambda p, t: (0.0, 2.2 * t**2, 30.0 * t**1.6))
    for sign, way in (("+", 1.0), ("-", -1.0)):
        tip = 10.5 if way > 0 else -6.0
        fields: dict[str, Callable[..., Vector]] = {
            "move.ty": lambda p, t, w=way: (0.0, 7.5 * w * t**0.6, 0.0),
            "move.tx": lambda p, t, w=way: (10.0 * w * t**1.5, 0.0, 0.0),
            "wideNarrow.ty": lambda p, t, w=way: (0.24 * w * p.at[0], -0.06 * w * abs(p.at[0]), 0.0),
            "bendTwist.ty": lambda p, t, w=way: (0.0, w * (9 * t * t - 3 * math.sin(math.pi * t)), 0.0),
            "bendTwist.tx": lambda p, t, w=way: (0.0, -0.5 * w * p.at[0] * t, 0.0),
            "tipMove.ty": lambda p, t, d=tip: (0.0, d * smooth(0.35, 1, t), -smooth(0.5, 1, t)),
            "tipMove.tx": lambda p, t, w=way: (8.0 * w * smooth(0.4, 1, t), 0.0, 0.0),
            "thickThin.ty": lambda p, t, w=way: (0.0, 2.6 * w * _belly(t, 0.15) * (p.index < 3), 0.0),
        }
        for control, by in fields.items():
            yield name + control, sign, tongue(by)
    yield f"{name}press.ty", "+", tongue(lambda p, t: (0.0, 6.5 * _belly(t, 0.1), 0.0))
    yield (
        f"{name}roll.ty",
        "+",
        tongue(lambda p, t: (-0.2 * p.at[0], 0.022 * p.at[0] ** 2 * smooth(0.1, 0.6, t), 0.0)),
    )


def _belly(t: float, before: float) -> float:
    """1 in the middle of the tongue, 0 at its tip."""
    return math.sin(math.pi * min(t + before, 1.0))


def teeth() -> Iterator[Half]:
    for end, row in (("U", "teeth_upper"), ("D", "teeth_lower")):
        for sign, way in (("+", 1.0), ("-", -1.0)):
            for control, by in (
                (f"CTRL_C_teeth{end}.ty", (0.0, 3.0 * way, 0.0)),
                (f"CTRL_C_teeth{end}.tx", (3.0 * way, 0.0, 0.0)),
                (f"CTRL_C_teeth_fwdBack{end}.ty", (0.0, 0.0, -3.0 * way)),
            ):
                yield control, sign, lambda p, b=by, r=row: b if p.group.startswith(r) else REST
