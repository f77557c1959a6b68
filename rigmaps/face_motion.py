"""What each control does to the head's points, in mm at full value, and which controls seal the lips.

Sizes follow the joint motions of a MetaHuman's ARKit poses (SOURCES.md); directions follow anatomy. The left
side is written down, the right one is its mirror image. Standard library only; see build_face.py.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from rigmaps.face_shape import EYE, LID_OPENINGS, Point, Vector, smooth

Field = Callable[[Point], Vector]
"""Displacement of a point, in millimetres."""

RIGID = ("teeth_", "tongue_", "eye_", "pupil", "iris", "ear_")
REST: Vector = (0.0, 0.0, 0.0)


def all_fields() -> Iterator[tuple[str, str, Field]]:
    """(control, sign, field) of every half of a control that moves points; rules add to them."""
    for control, sign, field in (
        *_brows(),
        *_lids(),
        *_nose(),
        *_cheeks(),
        *_mouth(),
        *_lips(),
        *_jaw_and_neck(),
    ):
        yield control, sign, field
        if control.startswith("CTRL_L_"):
            other = (
                {"+": "-", "-": "+"}[sign] if control == "CTRL_L_eye.tx" else sign
            )  # both eyes look left at 1
            yield control.replace("CTRL_L_", "CTRL_R_"), other, _mirrored(field)
    yield from _tongue()
    yield from _teeth()


def seals() -> Iterator[tuple[str, str, Callable[[float], float]]]:
    """(control, lip, share over s): how far a control closes whatever gap there is at s of the mouth."""
    for side, sign in (("L", 1.0), ("R", -1.0)):

        def half(s: float, sign: float = sign) -> float:
            return smooth(-0.25, 0.25, sign * s)

        def at(place: float, width: float, sign: float = sign) -> Callable[[float], float]:
            return lambda s: max(0.0, 1 - ((sign * s - place) / width) ** 2) ** 2

        for lip, end in (("upper", "U"), ("lower", "D")):
            name = f"CTRL_{side}_mouth_"
            yield f"{name}lipsTogether{end}.ty", lip, half
            yield f"{name}towards{end}.ty", lip, lambda s, h=half: 0.3 * h(s)
            yield f"{name}press{end}.ty", lip, lambda s, h=half: 0.5 * h(s)
            yield f"{name}lipsPressU.ty", lip, lambda s, h=half: 0.7 * h(s)
            yield f"{name}stretchLipsClose.ty", lip, half
            yield f"{name}lipSticky.ty", lip, half
            yield f"{name}stickyInner{end}.ty", lip, at(0.4, 0.4)
            yield f"{name}stickyOuter{end}.ty", lip, at(0.8, 0.45)
    for lip, end in (("upper", "U"), ("lower", "D")):
        yield f"CTRL_C_mouth_sticky{end}.ty", lip, lambda s: max(0.0, 1 - (s / 0.4) ** 2) ** 2


# Building blocks


def _mirrored(field: Field) -> Field:
    def other(p: Point) -> Vector:
        side = {"L": "R", "R": "L", "C": "C"}[p.side]
        eye = {"L": "R", "R": "L", "": ""}[p.eye]
        x, y, z = field(replace(p, side=side, at=(-p.at[0], p.at[1], p.at[2]), s=-p.s, eye=eye))
        return (-x, y, z)

    return other


def soft(p: Point) -> bool:
    """Whether the point is on flesh."""
    return not p.group.startswith(RIGID)


def ball(p: Point, centre: Vector, radius: Vector) -> float:
    """1 at the centre, falling smoothly to 0 at the radius."""
    d = sum(((p.at[i] - centre[i]) / radius[i]) ** 2 for i in range(3))
    return (1 - d) ** 2 if d < 1 else 0.0


def push(centre: Vector, radius: float | Vector, by: Vector, only: tuple[str, ...] = ()) -> Field:
    """A displacement that falls off around a place, on flesh or on some groups only."""
    size = radius if isinstance(radius, tuple) else (radius, radius, 1.6 * radius)

    def field(p: Point) -> Vector:
        if not (p.group.startswith(only) if only else soft(p)):
            return REST
        return _times(by, ball(p, centre, size))

    return field


def both(*fields: Field) -> Field:
    """The sum of fields."""

    def field(p: Point) -> Vector:
        vectors = [f(p) for f in fields]
        return tuple(sum(v[i] for v in vectors) for i in range(3))  # type: ignore[return-value]

    return field


def _times(v: Vector, w: float) -> Vector:
    return (v[0] * w, v[1] * w, v[2] * w)


_LIP_ROWS = {
    "lip_inner": 1.0, "lip_ridge": 1.0, "lip_border": 0.92, "mouth_ring": 0.55, "mouth_far": 0.25,
    "philtrum": 0.55, "mouth_wall_0": 1.0, "mouth_wall_1": 0.85, "mouth_wall_2": 0.25, "mouth_wall_3": 0.0,
}  # fmt: skip


def lip_share(p: Point, lip: str) -> float:
    """How much a point follows the upper or lower lip; a corner is half of each."""
    if p.group == "lip_corner":
        return 0.5 if p.index == 0 else 0.4
    if p.group.startswith("mouth_wall") and p.group.endswith("corner"):
        return 0.5 * _LIP_ROWS["_".join(p.group.split("_")[:3])]
    if p.group == "mouth_side":
        return 0.25
    if p.group == "philtrum":
        return _LIP_ROWS["philtrum"] if lip == "upper" else 0.0
    if p.group == "chin":
        return 0.3 * (p.index == 0) if lip == "lower" else 0.0
    for row, share in _LIP_ROWS.items():
        if p.group.startswith(row):
            return share if p.group.endswith(lip) else 0.0
    if p.group == "skin":
        centre = (0.0, -63.0, 20.0) if lip == "upper" else (0.0, -86.0, 18.0)
        return 0.35 * ball(p, centre, (34.0, 15.0, 30.0))
    return 0.0


def lip_row(p: Point) -> str:
    """inner, ridge, border or nothing."""
    for row in ("inner", "ridge", "border"):
        if p.group.startswith(f"lip_{row}"):
            return row
    return "inner" if p.group.startswith(("mouth_wall_0", "mouth_wall_1")) else ""


def lip_half(lip: str, by: Callable[[Point, float], Vector]) -> Field:
    """Motion of the left half of a lip; `by` gives it for a point and its |s|."""

    def field(p: Point) -> Vector:
        share = lip_share(p, lip) * smooth(-7.0, 7.0, p.at[0])
        return _times(by(p, abs(_s(p))), share) if share > 0 else REST

    return field


def _s(p: Point) -> float:
    return p.s if p.s else max(-1.0, min(1.0, p.at[0] / 25.5))


def corner_pull(by: Vector, *, reach: float, along: float) -> Field:
    """Motion of the left mouth corner; lips follow with |s| ** along, skin within `reach` mm."""

    def field(p: Point) -> Vector:
        if not soft(p) or p.at[0] < -1:
            return REST
        if lip_row(p) or p.group.startswith("mouth_wall") or p.group == "lip_corner":
            deep = 0.4 if p.group.startswith(("mouth_wall_2", "mouth_wall_3")) else 1.0
            return _times(by, max(0.0, _s(p)) ** along * deep)
        w = ball(p, (27.0, -73.0, 11.0), (reach, 0.85 * reach, 1.6 * reach))
        for ring, share in (("mouth_ring", 0.85), ("mouth_far", 0.5)):
            if p.group.startswith(ring):
                w = max(w, share * max(0.0, _s(p)) ** along)
        return _times(by, w * smooth(-2.0, 12.0, p.at[0]))

    return field


# Brows and lids


def _brows() -> Iterator[tuple[str, str, Field]]:
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


def _lids() -> Iterator[tuple[str, str, Field]]:
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
        both(lid(-0.5, 2.6, below=0), push((25, -13, 12), (26, 16, 40), (-0.8, 6.6, 1.0), _LOWER_LID_SKIN)),
    )
    yield (
        "CTRL_L_eye_cheekRaise.ty",
        "+",
        both(lid(0.0, 1.5, below=0), push((38, -25, 10), (30, 24, 50), (-0.5, 6.8, 2.4), _LOWER_LID_SKIN)),
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


_LOWER_LID_SKIN = ("skin", "orbit_lower", "lid_fold_lower", "nose_cheek", "temple", "mouth_far_upper")


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


# Nose and cheeks


def _nose() -> Iterator[tuple[str, str, Field]]:
    wing = (15.0, -44.0, 20.0)
    yield (
        "CTRL_L_nose.ty",
        "+",
        both(
            push(wing, (15, 16, 30), (0.5, 5.0, -0.8)),
            push((9, -8, 13), (14, 26, 30), (-0.6, 3.2, 1.0)),
            push((16, -62, 22), (17, 14, 30), (0.6, 8.0, -0.5)),
            push((10, 19, 18), (19, 16, 30), (-1.0, -5.0, 0.5)),
            push((22, -16, 12), (16, 16, 30), (-0.8, 3.2, 1.0), _LOWER_LID_SKIN),
        ),
    )
    yield "CTRL_L_nose.ty", "-", push(wing, (13, 13, 30), (0.0, -2.6, 0.0))
    yield "CTRL_L_nose.tx", "+", push(wing, (10, 12, 16), (2.8, 0.4, -0.4))
    yield "CTRL_L_nose.tx", "-", push(wing, (10, 12, 16), (-2.2, -0.2, 0.2))
    yield "CTRL_L_nose_wrinkleUpper.ty", "-", push((8, 4, 12), (12, 14, 30), (0.3, 0.6, -0.3))
    yield (
        "CTRL_L_nose_nasolabialDeepen.ty",
        "+",
        both(
            push((22, -47, 14), (8, 16, 30), (-0.8, 0.6, -2.0)),
            push((31, -45, 12), (13, 18, 30), (-0.6, 0.8, 1.6)),
        ),
    )


def _cheeks() -> Iterator[tuple[str, str, Field]]:
    yield "CTRL_L_mouth_suckBlow.ty", "+", push((42, -64, 4), (36, 34, 60), (10.0, 0.0, 10.0))
    yield "CTRL_L_mouth_suckBlow.ty", "-", push((41, -60, 4), (28, 30, 50), (-6.0, 0.5, -5.5))
    yield (
        "CTRL_L_mouth_lipsBlow.ty",
        "+",
        both(
            push((12, -60, 22), (22, 9, 30), (0.5, 0.5, 6.5)),
            push((12, -87, 18), (24, 10, 30), (0.5, -0.5, 6.5)),
        ),
    )


# Mouth as a whole and its corners


def _mouth() -> Iterator[tuple[str, str, Field]]:
    for sign, way in (("+", 1.0), ("-", -1.0)):
        yield "CTRL_C_mouth.ty", sign, _whole_mouth((0.0, 7.0 * way, 0.0))
        yield "CTRL_C_mouth.tx", sign, _whole_mouth((13.0 * way, 0.5, -2.0))
        yield "CTRL_L_mouth_corner.ty", sign, corner_pull((0.4, 6.5 * way, -1.4), reach=22, along=2.4)
        yield "CTRL_L_mouth_corner.tx", sign, corner_pull((6.5 * way, 0.2, -3.4 * way), reach=24, along=1.4)
    yield (
        "CTRL_L_mouth_upperLipRaise.ty",
        "+",
        both(
            lip_half("upper", lambda p, s: (0.8, 12.0 * max(0.0, 1 - ((s - 0.4) / 0.75) ** 2), 0.8)),
            push(
                (22, -48, 16),
                (18, 20, 40),
                (0.4, 4.2, 0.8),
                ("skin", "nose_cheek", "nose_wing", "mouth_far_upper"),
            ),
        ),
    )
    yield (
        "CTRL_L_mouth_lowerLipDepress.ty",
        "+",
        both(
            lip_half("lower", lambda p, s: (0.6, -8.2 * max(0.0, 1 - ((s - 0.3) / 0.8) ** 2), -0.6)),
        ),
    )
    yield (
        "CTRL_L_mouth_cornerPull.ty",
        "+",
        both(
            corner_pull((7.8, 10.6, -9.2), reach=26, along=1.9),
            push((38, -45, 8), (24, 24, 50), (2.0, 5.0, 3.4), _LOWER_LID_SKIN),
            lip_half("upper", lambda p, s: (0.0, 0.4, -1.4)),
            lip_half("lower", lambda p, s: (0.0, 0.4, -1.4)),
        ),
    )
    yield (
        "CTRL_L_mouth_sharpCornerPull.ty",
        "+",
        both(
            corner_pull((5.5, 12.0, -8.0), reach=20, along=3.2),
            push((35, -48, 9), (20, 22, 50), (1.4, 5.0, 3.0), _LOWER_LID_SKIN),
        ),
    )
    yield (
        "CTRL_L_mouth_stretch.ty",
        "+",
        both(
            corner_pull((10.4, -3.6, -6.0), reach=27, along=1.3),
            push((34, -92, 0), (22, 22, 50), (2.4, -1.0, 0.0), ("skin",)),
            lip_half("lower", lambda p, s: (0.0, -2.4 * (1 - s * s), -1.5)),
            lip_half("upper", lambda p, s: (0.0, 0.6 * (1 - s * s), -1.5)),
        ),
    )
    yield "CTRL_L_mouth_stretchLipsClose.ty", "+", corner_pull((1.5, 0.0, -0.8), reach=18, along=1.5)
    yield "CTRL_L_mouth_dimple.ty", "+", corner_pull((6.4, 1.4, -9.0), reach=19, along=2.0)
    yield (
        "CTRL_L_mouth_cornerDepress.ty",
        "+",
        both(
            corner_pull((1.6, -7.8, -1.4), reach=25, along=1.8),
            push((17, -97, 14), (16, 14, 40), (0.0, 1.6, 1.0), ("skin", "chin", "mouth_far_lower")),
        ),
    )


def _whole_mouth(by: Vector) -> Field:
    def field(p: Point) -> Vector:
        if not soft(p):
            return REST
        if lip_row(p) or p.group.startswith(("mouth_wall", "lip_corner")):
            return _times(by, 0.35 if p.group.startswith(("mouth_wall_2", "mouth_wall_3")) else 1.0)
        return _times(by, ball(p, (0.0, -73.0, 16.0), (52.0, 34.0, 60.0)))

    return field


# Lips


def _toward(p: Point, amount: float) -> float:
    """Signed mm towards the contact line: down for the upper lip, up for the lower."""
    return -amount if p.group.endswith("upper") else amount if p.group.endswith("lower") else 0.0


def _lips() -> Iterator[tuple[str, str, Field]]:
    for lip, end in (("upper", "U"), ("lower", "D")):
        down = -1.0 if lip == "upper" else 1.0
        name = "CTRL_L_mouth_"

        def purse(p: Point, s: float) -> Vector:
            return (-8.4 * s**0.9, 0.6 * _toward(p, 1.0), 7.2 * (1 - 0.45 * s))

        def funnel(p: Point, s: float, down: float = down) -> Vector:
            flare = {"inner": 4.6, "ridge": 4.4, "border": 2.4}.get(lip_row(p), 1.0)
            out = {"inner": 7.5, "ridge": 10.8, "border": 8.2}.get(lip_row(p), 4.0)
            return (-6.2 * s, -down * flare * (1 - 0.6 * s * s), out * (1 - 0.4 * s))

        def roll(p: Point, s: float, down: float = down, turn: float = 1.0) -> Vector:
            dy, dz = {"inner": (-1.2, -3.2), "ridge": (1.6, -4.2), "border": (2.6, -2.0)}.get(
                lip_row(p), (1.0, -0.6)
            )
            return (0.0, turn * down * dy * (1 - 0.4 * s), turn * dz * (1 - 0.4 * s))

        def rollout(p: Point, s: float, f: Callable[..., Vector] = roll) -> Vector:
            return f(p, s, turn=-0.75)

        def tighten(p: Point, s: float, down: float = down) -> Vector:
            dy, dz = {"inner": (0.0, -0.8), "ridge": (0.9, -1.8), "border": (2.4, -0.8)}.get(
                lip_row(p), (0.9, -0.3)
            )
            return (-1.2 * s, down * dy, dz)

        def thin(p: Point, s: float, down: float = down, turn: float = 1.0) -> Vector:
            dy, dz = {"ridge": (0.8, -1.0), "border": (1.9, -0.2)}.get(lip_row(p), (0.0, 0.0))
            return (0.0, turn * down * dy, turn * dz)

        def thick(p: Point, s: float, f: Callable[..., Vector] = thin) -> Vector:
            return f(p, s, turn=-1.0)

        def bite(p: Point, s: float, lip: str = lip) -> Vector:
            row = lip_row(p)
            if lip == "lower":
                dy, dz = {"inner": (1.4, -5.6), "ridge": (2.6, -5.2), "border": (3.0, -2.6)}.get(
                    row, (1.4, -1.0)
                )
            else:
                dy, dz = {"inner": (-1.5, -4.6), "ridge": (-3.0, -5.4), "border": (-2.6, -2.4)}.get(
                    row, (-1.0, -0.8)
                )
            middle = 1 - 0.75 * s * s
            return (0.0, dy * middle, dz * middle)

        def corner_shape(p: Point, s: float, down: float = down) -> Vector:
            return (0.0, down * 1.2 * smooth(0.55, 0.9, s) * (p.group != "lip_corner"), 0.0)

        yield f"{name}purse{end}.ty", "+", lip_half(lip, purse)
        yield f"{name}funnel{end}.ty", "+", lip_half(lip, funnel)
        yield f"{name}towards{end}.ty", "+", lip_half(lip, lambda p, s, d=down: (-1.4 * s, 0.8 * d, 1.6))
        yield f"{name}lipsRoll{end}.ty", "+", lip_half(lip, roll)
        yield f"{name}lipsRoll{end}.ty", "-", lip_half(lip, rollout)
        yield f"{name}tighten{end}.ty", "+", lip_half(lip, tighten)
        yield f"{name}thickness{end}.ty", "+", lip_half(lip, thin)
        yield f"{name}thickness{end}.ty", "-", lip_half(lip, thick)
        yield f"{name}lipBite{end}.ty", "+", lip_half(lip, bite)
        yield f"{name}press{end}.ty", "+", lip_half(lip, lambda p, s, f=tighten: _times(f(p, s), 0.8))
        yield f"{name}cornerSharpness{end}.ty", "+", lip_half(lip, corner_shape)
        yield (
            f"{name}cornerSharpness{end}.ty",
            "-",
            lip_half(lip, lambda p, s, f=corner_shape: _times(f(p, s), -1.3)),
        )
        for control, sign, dz in (
            ("pushPull", "+", 4.2), ("pushPull", "-", -3.2), ("lipsTowardsTeeth", "+", -3.0),
            ("thicknessInward", "+", -1.2), ("thicknessInward", "-", 1.2),
        ):  # fmt: skip
            only_inside = control == "thicknessInward"

            def forward(p: Point, s: float, dz: float = dz, inside: bool = only_inside) -> Vector:
                return (
                    (0.0, 0.0, dz * (1 - 0.4 * s)) if not inside or lip_row(p) in ("inner", "ridge") else REST
                )

            yield f"{name}{control}{end}.ty", sign, lip_half(lip, forward)
        for sign, way in (("+", 1.0), ("-", -1.0)):
            yield f"CTRL_C_mouth_lipShift{end}.ty", sign, _shift(lip, 6.5 * way)
    yield (
        "CTRL_L_mouth_lipsPressU.ty",
        "+",
        both(
            *(
                lip_half(
                    lip,
                    lambda p, s, d=d: (
                        -0.3 * s,
                        d * {"ridge": 1.0, "border": 2.0}.get(lip_row(p), 0.4),
                        -1.4,
                    ),
                )
                for lip, d in (("upper", -1.0), ("lower", 1.0))
            ),
            push((10, -97, 18), (16, 12, 40), (0.0, 1.0, 0.6), ("skin", "chin", "mouth_far_lower")),
        ),
    )


def _shift(lip: str, dx: float) -> Field:
    return lambda p: (dx * lip_share(p, lip), 0.0, 0.0)


# Jaw, chin, neck


def _jaw_and_neck() -> Iterator[tuple[str, str, Field]]:
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


# Tongue and teeth


def _tongue() -> Iterator[tuple[str, str, Field]]:
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


def _teeth() -> Iterator[tuple[str, str, Field]]:
    for end, row in (("U", "teeth_upper"), ("D", "teeth_lower")):
        for sign, way in (("+", 1.0), ("-", -1.0)):
            for control, by in (
                (f"CTRL_C_teeth{end}.ty", (0.0, 3.0 * way, 0.0)),
                (f"CTRL_C_teeth{end}.tx", (3.0 * way, 0.0, 0.0)),
                (f"CTRL_C_teeth_fwdBack{end}.ty", (0.0, 0.0, -3.0 * way)),
            ):
                yield control, sign, lambda p, b=by, r=row: b if p.group.startswith(r) else REST
