"""Building blocks of motion: displacement fields over the points of the head, in millimetres.

Standard library only.
"""

from collections.abc import Callable
from dataclasses import replace

from rigmaps.face.shape import Point, Vector, smooth

Field = Callable[[Point], Vector]
"""Displacement of a point, in millimetres."""

Half = tuple[str, str, Field]
"""Control, sign and what it does at full value."""

RIGID = ("teeth_", "tongue_", "eye_", "pupil", "iris", "ear_")
REST: Vector = (0.0, 0.0, 0.0)
LOWER_LID_SKIN = ("skin", "orbit_lower", "lid_fold_lower", "nose_cheek", "temple", "mouth_far_upper")


def mirrored(field: Field) -> Field:
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
        return times(by, ball(p, centre, size))

    return field


def both(*fields: Field) -> Field:
    """The sum of fields."""

    def field(p: Point) -> Vector:
        vectors = [f(p) for f in fields]
        return tuple(sum(v[i] for v in vectors) for i in range(3))  # type: ignore[return-value]

    return field


def times(v: Vector, w: float) -> Vector:
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
        return times(by(p, abs(mouth_place(p))), share) if share > 0 else REST

    return field


def mouth_place(p: Point) -> float:
    return p.s if p.s else max(-1.0, min(1.0, p.at[0] / 25.5))


def corner_pull(by: Vector, *, reach: float, along: float) -> Field:
    """Motion of the left mouth corner; lips follow with |s| ** along, skin within `reach` mm."""

    def field(p: Point) -> Vector:
        if not soft(p) or p.at[0] < -1:
            return REST
        if lip_row(p) or p.group.startswith("mouth_wall") or p.group == "lip_corner":
            deep = 0.4 if p.group.startswith(("mouth_wall_2", "mouth_wall_3")) else 1.0
            return times(by, max(0.0, mouth_place(p)) ** along * deep)
        w = ball(p, (27.0, -73.0, 11.0), (reach, 0.85 * reach, 1.6 * reach))
        for ring, share in (("mouth_ring", 0.85), ("mouth_far", 0.5)):
            if p.group.startswith(ring):
                w = max(w, share * max(0.0, mouth_place(p)) ** along)
        return times(by, w * smooth(-2.0, 12.0, p.at[0]))

    return field
