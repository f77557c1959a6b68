"""The neutral head of our own design: named points in millimetres, and the triangles between them.

Origin between the eye centres; x to the character's left, y up, z out of the face. The left half is described
and mirrored. Sizes are round figures of an adult head (pupils 63 apart, mouth 51 wide, jaw hinge 90 behind
the incisors); nobody's face was measured for it. Standard library only; build_face.py writes the tables.
"""

import math
from dataclasses import dataclass, replace

from rigmaps.face.skull import Vector, layout_of, skin, smooth

EYE = (31.5, 0.0, 0.0)
EYE_RADIUS = 12.2
LID_RADIUS = 13.3
CORNER = (25.5, -73.0, 11.5)
HINGE = (0.0, -22.0, -72.0)
"""Jaw hinge, midway between the two joints."""


@dataclass(frozen=True)
class Point:
    """One point: where it is at rest and what carries it.

    Attributes:
        group: part of the face, such as ``lip_inner_upper``.
        side: L, R or C.
        index: along the part.
        at: millimetres.
        jaw, neck: share of the jaw's motion, and of the head's that it does not follow (neck base 1).
        eye: the eye it turns with, ``L``, ``R`` or nothing.
        s: place along the mouth, 0 in the middle, 1 at the corner, -1 at the right one.
        layout: place on the unrolled skin, used for triangles only.
    """

    group: str
    side: str
    index: int
    at: Vector
    jaw: float = 0.0
    neck: float = 0.0
    eye: str = ""
    s: float = 0.0
    layout: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        return f"{self.group}.{self.side}{self.index}"


Triangle = tuple[str, str, str, str]
"""Three point names, counter-clockwise from outside, and a material."""


def _jaw_share(at: Vector) -> float:
    """How much the skin at a place follows the jaw."""
    _, y, z = at
    below = -70.0 + (20.0 - z) * 48.0 / 92.0 - y
    share = smooth(-16.0, 16.0, below)
    if z < 0:
        share *= smooth(-92.0, -58.0, z)
    throat = smooth(-116.0, -132.0, y) if y < -116 else 0.0
    return share * (1 - throat)


def _lip_jaw(upper: bool, s: float, edge: float) -> float:
    """Share of the jaw along a lip: 0 or 1 in the middle, a half at the corner."""
    rise = edge * abs(s) ** 5
    return rise if upper else 1 - rise


def _neck_share(at: Vector) -> float:
    """How much of the head's motion the neck does not follow."""
    return smooth(-112.0, -205.0, at[1] - 0.35 * (at[2] + 40.0)) if at[1] < -60 else 0.0


# Mouth: x along the lip and the height and depth of each line there, from the middle to the corner.
LIP_X = (0.0, 5.0, 10.0, 14.5, 18.5, 22.3)
_LIP_LINES: dict[str, tuple[tuple[float, float], ...]] = {
    "lip_inner": ((-72.6, 24.6), (-72.0, 24.3), (-72.2, 23.2), (-72.7, 21.2), (-73.0, 18.4), (-73.1, 15.2)),
    "lip_ridge_upper": ((-69.4, 28.0), (-68.3, 27.8), (-68.9, 26.0), (-70.0, 23.2), (-71.2, 19.8), (-72.3, 16.0)),
    "lip_border_upper": ((-65.6, 26.6), (-64.2, 26.7), (-65.2, 24.7), (-67.0, 21.9), (-69.1, 18.5), (-71.2, 15.0)),
    "lip_ridge_lower": ((-77.8, 27.2), (-77.7, 27.0), (-77.3, 25.6), (-76.5, 23.0), (-75.5, 19.8), (-74.3, 16.0)),
    "lip_border_lower": ((-82.6, 22.8), (-82.5, 22.6), (-81.6, 21.6), (-80.0, 19.7), (-78.0, 17.2), (-75.7, 14.4)),
}  # fmt: skip

# Feature points of the skin: (x, y, z); x = 0 is the midline.
_FEATURES: dict[str, tuple[Vector, ...]] = {
    "nose_bridge": ((0, 6, 13.5), (0, -6, 18.5), (0, -19, 25.5), (0, -31, 32.5), (0, -40, 36.5), (0, -46.5, 34.5), (0, -51, 28.5), (0, -54.5, 24.6)),
    "nose_side": ((6.5, 5, 11), (6, -7, 15), (7, -20, 20), (8.5, -31, 25.5), (8, -38.5, 33)),
    "nose_wing": ((14.5, -36, 20), (18.4, -43.5, 16.8), (16.4, -49.5, 18.2), (7.2, -45.5, 32.5), (6.2, -50.8, 27), (12.2, -47.5, 26), (13.2, -41, 26.5), (10.5, -51.8, 22)),
    "nostril": ((9.6, -49.4, 22.5),),
    "nose_cheek": ((12.5, -9, 9.5), (15, -21, 12.5), (19, -32, 13.5), (21.5, -42, 13.5)),
    "philtrum": ((0, -60.2, 24.3), (3.8, -60, 25.5), (9.5, -59.5, 23.6)),
    "brow": ((9.5, 19.2, 18.6), (16, 21.2, 18.8), (24, 23.4, 17.8), (32.5, 24.8, 15.6), (41, 24.4, 11.2), (48.5, 21.2, 4.5), (54, 16.2, -3)),
    "above_brow": ((8, 28, 18.8), (17, 30.5, 18.3), (26, 33, 17), (35, 34.5, 14.3), (44, 33.5, 9.5), (53, 29, 1)),
    "glabella": ((0, 18, 18.6), (0, 29, 19)),
    "lid_fold_upper": ((18.5, 7.2, 10.8), (24.5, 10.3, 13.6), (31.5, 11.2, 14.4), (38.5, 9.9, 12.6), (45.5, 6.2, 7.8)),
    "lid_fold_lower": ((17.2, -6.8, 9.8), (23.5, -10.2, 12.2), (31, -11.6, 12.9), (38.5, -10.2, 11.2), (46, -6, 6.6)),
    "orbit_upper": ((11.2, 9, 12), (17.5, 13.8, 15.4), (25, 16.6, 16.8), (32.5, 17.6, 15.6), (40.5, 16.4, 12.2), (48, 12.6, 6.2)),
    "orbit_lower": ((17.5, -14.5, 11.8), (25, -18.5, 13.2), (33, -20, 13.2), (41.5, -17.8, 10.6), (50, -11.5, 4.6)),
    "temple": ((53.5, 2, -2.5), (60, 10, -10)),
    "chin": ((0, -90, 17.8), (0, -97, 19.6), (0, -106, 20.8), (0, -114.5, 14)),
}  # fmt: skip

_LID = (
    (17.0, -1.8, 8.6),  # inner corner
    ((20.6, 2.9), (25.6, 5.0), (31.5, 5.6), (37.2, 4.8), (42.0, 3.0)),
    (45.6, 0.6, 4.4),  # outer corner
    ((20.6, -4.0), (25.6, -5.6), (31.5, -6.1), (37.2, -5.2), (42.0, -2.8)),
)

_FILL_COLUMNS = (0, 13, 26, 39, 52, 66, 82, 98, 116, 136, 158, 182, 208, 235, 262)
_FILL_ROWS = (132, 115, 98, 80, 63, 48, 37, 26, 15, 4, -7, -18, -28, -38, -48, -58, -68, -78, -88, -98, -108, -118, -130, -144, -164, -188, -214, -240)  # fmt: skip
_CLEARANCE = 6.4


LID_OPENINGS = tuple(up[1] - low[1] for up, low in zip(_LID[1], _LID[3], strict=True))
"""Millimetres between the lid margins at their five places."""


def half_points() -> list[Point]:
    """Points of the left half and the midline."""
    points = _mouth() + _lids() + _features()
    points += _fill(points)
    points += _ear() + _inside() + _teeth() + _tongue() + _eyeball() + _brow_hair() + _lashes()
    return [replace(p, neck=p.neck or _neck_share(p.at)) for p in points]


def _side(x: float) -> str:
    return "L" if x > 1e-9 else "C"


def _mouth() -> list[Point]:
    points = []
    for group, line in _LIP_LINES.items():
        for upper in (True, False):
            if (group.endswith("upper") and not upper) or (group.endswith("lower") and upper):
                continue
            name = f"{group}_{'upper' if upper else 'lower'}" if group == "lip_inner" else group
            for index, (x, (y, z)) in enumerate(zip(LIP_X, line, strict=True)):
                s = x / CORNER[0]
                u, v = layout_of((x, y, z))
                part = 4.0 if group == "lip_inner" else 3.6 if "ridge" in group else 3.0
                v += (part if upper else -part) * (1 - s * s) ** 0.5  # the layout has the mouth open
                jaw = _lip_jaw(upper, s, 0.5)
                points.append(Point(name, _side(x), index, (x, y, z), jaw=jaw, s=s, layout=(u, v)))
    points.append(Point("lip_corner", "L", 0, CORNER, jaw=0.5, s=1.0, layout=layout_of(CORNER)))
    outer = (29.5, -73.3, 10.2)
    points.append(Point("lip_corner", "L", 1, outer, jaw=0.5, s=1.0, layout=layout_of(outer)))
    rings = (
        ("mouth_ring_upper", ((14.5, -61.5, 21), (20.5, -64.2, 17.6), (26.5, -68.2, 13.4))),
        ("mouth_ring_lower", ((0, -86.4, 19), (7, -86.3, 18.8), (14, -85.2, 17.4), (20.5, -82.6, 14.9), (26.5, -78.4, 12))),
        ("mouth_far_upper", ((17, -56, 19.2), (24, -58.5, 16), (31, -63.5, 12))),
        ("mouth_far_lower", ((8, -92.5, 18), (16, -91.5, 15.6), (24.5, -88, 12.2), (31.5, -82, 9.2))),
        ("mouth_side", ((34.5, -73.3, 8.8),)),
    )  # fmt: skip
    for group, places in rings:
        upper = group.endswith("upper")
        for index, at in enumerate(places):
            s = min(at[0] / CORNER[0], 1.0)
            near = "ring" in group
            u, v = layout_of(at)
            v += (1 if upper else -1) * (2.3 if near else 0.8) * (1 - s * s) ** 0.5
            jaw = 0.5 if group == "mouth_side" else _lip_jaw(upper, s, 0.42 if near else 0.4)
            points.append(Point(group, _side(at[0]), index, at, jaw=jaw, s=s, layout=(u, v)))
    return points


def _on_lid(x: float, y: float) -> Vector:
    flat = (x - EYE[0]) ** 2 + (y - EYE[1]) ** 2
    return (x, y, EYE[2] + math.sqrt(max(LID_RADIUS**2 - flat, 4.0)))


def _lids() -> list[Point]:
    inner, upper, outer, lower = _LID
    points = [
        Point("lid_corner", "L", 0, inner, layout=layout_of(inner)),
        Point("lid_corner", "L", 1, outer, layout=layout_of(outer)),
    ]
    for group, line in (("lid_upper", upper), ("lid_lower", lower)):
        for index, (x, y) in enumerate(line):
            at = _on_lid(x, y)
            points.append(Point(group, "L", index, at, layout=layout_of(at)))
    return points


def _features() -> list[Point]:
    points = []
    for group, places in _FEATURES.items():
        for index, at in enumerate(places):
            u, v = layout_of(at)
            if group == "philtrum":
                v += 2.6
            jaw = 0.0 if group in ("philtrum",) else _jaw_share(at)
            jaw = 1.0 if group == "chin" else jaw
            points.append(Point(group, _side(at[0]), index, at, jaw=jaw, layout=(u, v)))
    return points


def _fill(features: list[Point]) -> list[Point]:
    points, index = [], 0
    for v in _FILL_ROWS:
        coarse = v > 60 or v < -140
        for column, u in enumerate(_FILL_COLUMNS):
            if (u > 120 or coarse) and column % 2:
                continue
            if u > 100 and v in (37, 15, -7, -28, -48, -68, -88, -108, -130):
                continue
            clear = _CLEARANCE + (2.0 if u < 40 else 0.0)
            if any(p.layout and (p.layout[0] - u) ** 2 + (p.layout[1] - v) ** 2 < clear**2 for p in features):
                continue
            at = skin(u, v)
            at = (0.0 if u in (0, 262) else at[0], at[1], at[2])
            points.append(Point("skin", _side(at[0]), index, at, jaw=_jaw_share(at), layout=(u, v)))
            index += 1
    points.append(Point("crown", "C", 0, (0.0, 116.5, -74.0)))
    return points


def _ear() -> list[Point]:
    points = []
    for ring, (scale, out) in enumerate(((1.0, 0.0), (0.86, 3.5), (0.62, -1.0), (0.3, -4.0))):
        for k in range(12):
            t = 2 * math.pi * k / 12
            tall = 31.0 if math.sin(t) > 0 else 27.0
            lobe = 1.0 if math.sin(t) > -0.2 else 0.72
            back = -17.0 * scale * math.cos(t) * lobe
            y = -10.0 + tall * scale * math.sin(t) + 0.12 * back
            flare = 10.0 * smooth(-4.0, 16.0, -back)
            x = 70.5 + flare + out + 2.0 * (y + 10.0) / 31.0
            points.append(Point(f"ear_{ring}", "L", k, (x, y, -80.0 + back)))
            if ring == 0:  # where the ear comes out of the head
                points.append(Point("ear_root", "L", k, (56.0, -10.0 + 0.7 * (y + 10.0), -80.0 + 0.6 * back)))
    points.append(Point("ear_4", "L", 0, (67.0, -12.0, -76.0)))
    return points


def _inside() -> list[Point]:
    """The wet side of the lips and the walls of the mouth."""
    points = []
    inner = _LIP_LINES["lip_inner"]
    rings = (
        (0.97, 1.6, -4.0),
        (0.95, 7.0, -9.0),
        (0.88, 16.0, -38.0),
        (0.5, 12.0, -62.0),
    )
    for ring, (shrink, part, deep) in enumerate(rings):
        for upper in (True, False):
            group = f"mouth_wall_{ring}_{'upper' if upper else 'lower'}"
            for index, (x, (y, z)) in enumerate(zip(LIP_X, inner, strict=True)):
                s = x / CORNER[0]
                lift = part * (1 - 0.55 * s * s) * (1 if upper else -1.05)
                at = (x * shrink, y + lift, z + deep * (1 - 0.25 * s))
                points.append(Point(group, _side(x), index, at, jaw=_lip_jaw(upper, s, 0.5), s=s))
        corner = (CORNER[0] * shrink, CORNER[1], CORNER[2] + deep * 0.75)
        points.append(Point(f"mouth_wall_{ring}_corner", "L", 0, corner, jaw=0.5, s=1.0))
    points.append(Point("mouth_wall_end", "C", 0, (0.0, -75.0, -45.0), jaw=0.5))
    return points


def arch(x: float) -> float:
    """Front of the upper teeth: z in mm over x."""
    return 19.4 - 0.042 * x * x


_UPPER_TEETH = (0.0, 4.2, 8.5, 11.7, 15.0, 18.3, 21.3, 24.0, 26.0)
_LOWER_TEETH = (0.0, 2.7, 5.4, 8.4, 11.4, 14.8, 18.0, 21.3, 24.0)


def _teeth() -> list[Point]:
    points = []
    for upper in (True, False):
        group = "teeth_upper" if upper else "teeth_lower"
        rows = ((-75.2, 0.0), (-70.0, 0.6), (-65.5, 0.2), (-58.0, -3.0)) if upper else (
            (-73.4, -3.0), (-78.0, -2.4), (-82.5, -2.6), (-89.0, -5.0))  # fmt: skip
        for row, (y, z) in enumerate(rows):
            for index, x in enumerate(_UPPER_TEETH if upper else _LOWER_TEETH):
                edge = 0.9 if row == 0 and index % 2 == 0 and index else 0.0
                depth = -1.2 if index % 2 == 0 and row < 3 else 0.0
                lift = 0.035 * x if row == 0 else 0.0
                at = (x, y + (edge if upper else -edge) + (lift if upper else -lift), arch(x) + z + depth)
                jaw = 0.0 if upper else 1.0
                points.append(Point(f"{group}_{row}", _side(x), index, at, jaw=jaw))
        for index, x in enumerate(_UPPER_TEETH if upper else _LOWER_TEETH):
            y = (-75.0 if upper else -73.8) + (0.035 * x if upper else -0.035 * x)
            at = (x * 0.86, y, arch(x) + (-4.5 if upper else -7.0))
            points.append(Point(f"{group}_back", _side(x), index, at, jaw=0.0 if upper else 1.0))
    return points


TONGUE = (
    # length from the root to the tip: z, top y, half width, thickness
    (-42.0, -80.0, 17.0, 12.0),
    (-28.0, -75.0, 19.0, 14.0),
    (-14.0, -73.8, 18.5, 13.0),
    (-2.0, -75.0, 16.5, 10.0),
    (6.0, -76.6, 13.0, 7.0),
    (11.2, -77.8, 8.0, 4.6),
)
TONGUE_TIP = (0.0, -79.2, 13.6)


def _tongue() -> list[Point]:
    points = []
    ring = ((0.0, 0.0), (0.5, -0.06), (0.87, -0.3), (1.0, -0.6), (0.7, -0.95), (0.0, -1.0))
    for section, (z, y, width, thick) in enumerate(TONGUE):
        for index, (across, down) in enumerate(ring):
            groove = -1.2 if index == 0 and section < 5 else 0.0
            at = (width * across, y + thick * down + groove, z)
            points.append(Point(f"tongue_{section}", _side(at[0]), index, at, jaw=1.0))
    points.append(Point("tongue_tip", "C", 0, TONGUE_TIP, jaw=1.0))
    return points


def _eyeball() -> list[Point]:
    points = [Point("pupil", "L", 0, (EYE[0], EYE[1], EYE[2] + EYE_RADIUS), eye="L")]
    for group, degrees in (
        ("pupil", 9.5),
        ("iris", 26.5),
        ("eye", 36.0),
        ("eye", 62.0),
        ("eye", 92.0),
        ("eye", 130.0),
    ):
        angle = math.radians(degrees)
        for k in range(12):
            t = 2 * math.pi * k / 12
            r = EYE_RADIUS * math.sin(angle)
            at = (EYE[0] + r * math.cos(t), EYE[1] + r * math.sin(t), EYE[2] + EYE_RADIUS * math.cos(angle))
            points.append(Point(f"{group}_{degrees:.0f}", "L", k, at, eye="L"))
    return points


def _brow_hair() -> list[Point]:
    line = _FEATURES["brow"]
    points = []
    for index, (x, y, z) in enumerate(line):
        t = index / (len(line) - 1)
        half = 3.4 * (1 - t) ** 0.6 + 0.35
        for group, up in (("brow_hair_upper", half), ("brow_hair_mid", 0.0), ("brow_hair_lower", -half)):
            out = 1.5 if group == "brow_hair_mid" else 0.4
            side = smooth(30.0, 60.0, x)
            at = (x + out * side * 0.8, y + up, z + out * (1 - 0.4 * side) + (0.4 if up < 0 else 0.0))
            points.append(Point(group, "L", index, at))
    return points


def _lashes() -> list[Point]:
    inner, upper, outer, _ = _LID
    places = [inner, *(_on_lid(x, y) for x, y in upper), outer]
    points = []
    for index, (x, y, z) in enumerate(places):
        length = (0.4, 1.2, 1.9, 2.3, 2.6, 2.8, 1.8)[index]
        points.append(Point("lash_root", "L", index, (x, y + 0.25, z + 0.35)))
        points.append(Point("lash_tip", "L", index, (x + 0.35 * (index - 2), y + 0.45 * length, z + length)))
    return points
