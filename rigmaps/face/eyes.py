"""Motion of the brows and the lids.

Standard library only.
"""

from collections.abc import Iterator

from rigmaps.face.fields import LOWER_LID_SKIN, REST, Field, Half, ball, both, push, soft
from rigmaps.face.shape import EYE, LID_OPENINGS, Point, Vector


def brows() -> Iterator[Half]:
    forehead = (
        "skin", "brow", "above_brow", "glabella", "orbit_upper", "lid_fold_upper", "nose_bridge", "nose_side",
        "temple",
    )  # fmt: skip
    yield (
        "CTRL_L_brow_down.ty",
        "+",
        both(
            push((22, 21, 18), (33, 19, 40), (-1.2, -6.4, 0.4), forehead),
            push((8, 24, 18), (16, 22, 30), (-0.8, -2.2, 0.6), forehead),
            push((24, 11, 14), (24, 8, 30), (0, -0.8, 0.2), forehead),
        ),
    )
    yield "CTRL_L_brow_lateral.ty", "+", push((12, 19, 18), (20, 16, 30), (-4.4, -0.6, 0.9), forehead)
    yield "CTRL_L_brow_raiseIn.ty", "+", push((12, 22, 18), (25, 34, 40), (0.4, 10.4, 0.0), forehead)
    yield "CTRL_L_brow_raiseOut.ty", "+", push((43, 24, 10), (27, 32, 50), (0.2, 11.4, -1.0), forehead)
    yield (
        "CTRL_L_ear_up.ty",
        "+",
        lambda p: (0.5, 3.0, -0.8) if p.group.startswith("ear_") and p.at[0] > 0 else REST,
    )


_MEET = 0.82
"""Lids meet at this share of the way from the upper to the lower margin."""


def _margin(p: Point) -> int | None:
    """Place along the lid margin, for the margin itself and the lashes on it."""
    if p.at[0] < 0:
        return None
    if p.group in ("lid_upper", "lid_lower"):
        return p.index
    if p.group.startswith("lash_") and 0 < p.index < 6:
        return p.index - 1
    return None


def lid(upper: float, lower: float, *, fold: float = 0.3, below: float = 0.3, aside: float = 0.0) -> Field:
    """Vertical motion of the left lid margins in mm at their middle; folds follow by a share."""
    shape = (0.55, 0.92, 1.0, 0.9, 0.55)

    def field(p: Point) -> Vector:
        place = _margin(p)
        if place is not None:
            dy = (lower if p.group == "lid_lower" else upper) * shape[place]
            return (aside * shape[place], dy, 0.0)
        if p.at[0] > 0 and p.group == "lid_fold_upper":
            return (0.6 * aside, fold * upper * shape[p.index], 0.0)
        if p.at[0] > 0 and p.group == "lid_fold_lower":
            return (0.6 * aside, below * lower * shape[p.index], 0.0)
        return REST

    return field


def _blink(p: Point) -> Vector:
    place = _margin(p)
    if place is not None:
        way = LID_OPENINGS[place]
        if p.group == "lid_lower":
            return (-0.6, (1 - _MEET) * way, 0.0)
        tip = -1.3 if p.group == "lash_tip" else 0.0
        return (-0.6, -_MEET * way + tip, 0.2)
    if p.at[0] > 0 and p.group == "lid_fold_upper":
        return (0.0, -0.36 * LID_OPENINGS[p.index], 0.3)
    return REST


def _scrunch(p: Point) -> Vector:
    if not soft(p) or p.group.startswith(("lid_corner", "mouth_wall")):
        return REST
    w = ball(p, (31.0, 2.0, 10.0), (38.0, 38.0, 60.0)) * (0.35 if _margin(p) is not None else 1.0)
    return ((33.0 - p.at[0]) * 0.12 * w, (-2.0 - p.at[1]) * 0.26 * w, 1.6 * w)


def lids() -> Iterator[Half]:
    yield "CTRL_L_eye_blink.ty", "+", _blink
    yield "CTRL_L_eye_blink.ty", "-", both(lid(2.8, -0.7), push((32, 15, 15), (22, 10, 40), (0, 1.0, 0)))
    yield (
        "CTRL_L_eye_lidPress.ty",
        "+",
        both(
            lid(-0.3, 0.6),
            push((31, -9, 12), (22, 9, 30), (0, 1.2, 0.5)),
            push((31, 12, 14), (22, 9, 30), (0, -1.2, 0.4)),
        ),
    )
    yield (
        "CTRL_L_eye_squintInner.ty",
        "+",
        both(lid(-0.5, 2.6, below=0), push((25, -13, 12), (26, 16, 40), (-0.8, 6.6, 1.0), LOWER_LID_SKIN)),
    )
    yield (
        "CTRL_L_eye_cheekRaise.ty",
        "+",
        both(lid(0.0, 1.5, below=0), push((38, -25, 10), (30, 24, 50), (-0.5, 6.8, 2.4), LOWER_LID_SKIN)),
    )
    yield "CTRL_L_eye_faceScrunch.ty", "+", both(_scrunch, lid(-1.6, 1.6, fold=0, below=0))
    yield "CTRL_L_eye_eyelidU.ty", "+", lid(-2.4, 0.0)
    yield "CTRL_L_eye_eyelidU.ty", "-", lid(2.6, 0.0, fold=0.4)
    yield "CTRL_L_eye_eyelidD.ty", "+", lid(0.0, 2.2)
    yield "CTRL_L_eye_eyelidD.ty", "-", lid(0.0, -2.0)
    yield "CTRL_L_eye.ty", "+", lid(4.0, 1.1, fold=0.4)
    yield "CTRL_L_eye.ty", "-", lid(-6.4, -2.2, fold=0.3)
    yield "CTRL_L_eye.tx", "+", lid(0.0, -0.3, aside=1.4)
    yield "CTRL_L_eye.tx", "-", lid(0.0, -0.3, aside=-1.4)
    for sign, grow in (("+", 0.42), ("-", -0.42)):
        yield "CTRL_L_eye_pupil.ty", sign, _pupil(grow)
    for end, inner in (("In", True), ("Out", False)):
        for sign, down in (("+", -1.4), ("-", 1.4)):
            yield f"CTRL_L_eyelashes_tweaker{end}.ty", sign, _lash_tips(inner, down)


def _pupil(grow: float) -> Field:
    def field(p: Point) -> Vector:
        if p.group != "pupil_10" or p.at[0] < 0:
            return REST
        return ((p.at[0] - EYE[0]) * grow, (p.at[1] - EYE[1]) * grow, -0.15 * grow)

    return field


def _lash_tips(inner: bool, dy: float) -> Field:
    def field(p: Point) -> Vector:
        if p.group != "lash_tip" or p.at[0] < 0:
            return REST
        t = p.index / 6
        return (0.0, dy * ((1 - t) if inner else t), 0.0)

    return field
