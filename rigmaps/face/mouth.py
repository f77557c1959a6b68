"""Motion of the mouth as a whole and of its corners.

Standard library only.
"""

from collections.abc import Iterator

from rigmaps.face.fields import (
    LOWER_LID_SKIN,
    REST,
    Field,
    Half,
    ball,
    both,
    corner_pull,
    lip_half,
    lip_row,
    push,
    soft,
    times,
)
from rigmaps.face.shape import Point, Vector


def mouth() -> Iterator[Half]:
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
            push((38, -45, 8), (24, 24, 50), (2.0, 5.0, 3.4), LOWER_LID_SKIN),
            lip_half("upper", lambda p, s: (0.0, 0.4, -1.4)),
            lip_half("lower", lambda p, s: (0.0, 0.4, -1.4)),
        ),
    )
    yield (
        "CTRL_L_mouth_sharpCornerPull.ty",
        "+",
        both(
            corner_pull((5.5, 12.0, -8.0), reach=20, along=3.2),
            push((35, -48, 9), (20, 22, 50), (1.4, 5.0, 3.0), LOWER_LID_SKIN),
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
            return times(by, 0.35 if p.group.startswith(("mouth_wall_2", "mouth_wall_3")) else 1.0)
        return times(by, ball(p, (0.0, -73.0, 16.0), (52.0, 34.0, 60.0)))

    return field
