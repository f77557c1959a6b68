"""Skull and neck without features: a smooth surface through rows of places, and its unrolled layout.

Rows run from the crown down, columns from the front round to the back, left half. Standard library only.
"""

Vector = tuple[float, float, float]


def smooth(low: float, high: float, t: float) -> float:
    """0 below low, 1 above high, smooth between."""
    h = min(max((t - low) / (high - low), 0.0), 1.0)
    return h * h * (3 - 2 * h)


_COLUMNS = (0.0, 28.0, 60.0, 108.0, 150.0, 205.0, 262.0)
_ROWS: tuple[tuple[float, tuple[Vector, ...]], ...] = (
    (132, ((0, 111, -34), (18, 111, -38), (32, 111, -52), (38, 110, -72), (36, 110, -88), (22, 109, -108), (0, 108, -114))),
    (105, ((0, 91, -5), (26, 91, -11), (50, 90, -32), (63, 89, -66), (62, 88, -95), (40, 87, -135), (0, 86, -150))),
    (75, ((0, 68, 11), (29, 68, 6), (57, 66, -17), (71, 64, -60), (72, 62, -98), (48, 60, -150), (0, 58, -169))),
    (45, ((0, 44, 18), (31, 44, 13), (60, 42, -9), (73, 40, -58), (74, 38, -100), (51, 34, -156), (0, 32, -176))),
    (22, ((0, 22, 18), (31, 23, 15), (59, 21, -9), (72, 18, -56), (73, 14, -100), (51, 8, -156), (0, 6, -176))),
    (2, ((0, 3, 10), (30, 2, 8), (56, 1, -12), (69, -2, -56), (71, -6, -100), (50, -14, -152), (0, -16, -171))),
    (-20, ((0, -18, 13), (30, -19, 12), (56, -20, -8), (68, -22, -54), (68, -26, -98), (48, -36, -143), (0, -38, -160))),
    (-45, ((0, -44, 17), (28, -45, 12), (52, -46, -8), (65, -45, -50), (64, -47, -95), (45, -57, -130), (0, -60, -146))),
    (-72, ((0, -72, 19), (26, -72, 12), (47, -70, -8), (61, -66, -46), (58, -68, -93), (42, -78, -122), (0, -80, -136))),
    (-92, ((0, -91, 15), (24, -91, 9), (42, -88, -10), (58, -80, -44), (54, -86, -92), (40, -98, -117), (0, -100, -130))),
    (-108, ((0, -107, 17), (19, -107, 12), (35, -102, -9), (55, -91, -42), (51, -102, -91), (38, -118, -114), (0, -120, -127))),
    (-120, ((0, -117, 10), (17, -116, 5), (32, -110, -13), (52, -97, -43), (50, -118, -90), (38, -138, -114), (0, -140, -128))),
    (-142, ((0, -121, -14), (19, -120, -17), (35, -117, -28), (46, -116, -53), (48, -138, -88), (37, -157, -114), (0, -159, -129))),
    (-170, ((0, -133, -37), (21, -134, -39), (38, -136, -49), (47, -143, -68), (48, -160, -91), (37, -176, -118), (0, -178, -133))),
    (-205, ((0, -165, -38), (23, -166, -40), (41, -168, -51), (50, -172, -73), (50, -182, -95), (39, -193, -120), (0, -196, -135))),
    (-240, ((0, -196, -31), (29, -198, -35), (53, -200, -50), (68, -203, -76), (66, -208, -102), (46, -213, -126), (0, -215, -142))),
)  # fmt: skip


def _spline(knots: list[float], values: list[Vector], t: float) -> Vector:
    """Cubic through the values (finite-difference tangents), held outside."""
    t = min(max(t, knots[0]), knots[-1])
    k = max(i for i in range(len(knots) - 1) if knots[i] <= t)

    def tangent(i: int, axis: int) -> float:
        a, b = max(i - 1, 0), min(i + 1, len(knots) - 1)
        return (values[b][axis] - values[a][axis]) / (knots[b] - knots[a])

    width = knots[k + 1] - knots[k]
    h = (t - knots[k]) / width
    out = []
    for axis in range(3):
        p, q = values[k][axis], values[k + 1][axis]
        m, n = tangent(k, axis) * width, tangent(k + 1, axis) * width
        out.append(
            p * (1 + 2 * h) * (1 - h) ** 2
            + m * h * (1 - h) ** 2
            + q * h * h * (3 - 2 * h)
            - n * h * h * (1 - h)
        )
    return (out[0], out[1], out[2])


def _mirrored_row(row: tuple[Vector, ...]) -> tuple[list[float], list[Vector]]:
    """The row with one more point beyond each midline, so that the surface crosses them level."""
    front, back = row[1], row[-2]
    knots = [-_COLUMNS[1], *_COLUMNS, 2 * _COLUMNS[-1] - _COLUMNS[-2]]
    return knots, [(-front[0], *front[1:]), *row, (-back[0], *back[1:])]


def skin(u: float, v: float) -> Vector:
    """The head without features at layout place (u, v): millimetres round from the midline, and height."""
    rows = sorted(_ROWS)
    knots = [row[0] for row in rows]
    values = []
    for _, row in rows:
        columns, points = _mirrored_row(row)
        values.append(_spline(columns, points, u))
    x, y, z = _spline(knots, values, v)
    for cx, cy, rx, ry, height in _BUMPS:
        d = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2
        if d < 1 and z > -40:
            z += height * (1 - d) ** 2
            x += 0.25 * height * (1 - d) ** 2 * (x > 1)
    return (x, y, z)


_BUMPS = (
    (0.0, -106.0, 20.0, 13.0, 3.5),  # chin
    (40.0, -27.0, 25.0, 24.0, 4.5),  # cheek bone
    (33.0, -52.0, 22.0, 24.0, 2.0),  # cheek
    (30.0, 46.0, 34.0, 26.0, 2.0),  # forehead
)


def layout_of(at: Vector) -> tuple[float, float]:
    """Where a place of the front of the face lies in the layout."""
    u, v = at[0], at[1]
    for _ in range(60):
        x, y, _ = skin(u, v)
        u, v = max(u + 0.7 * (at[0] - x), 0.0), v + 0.7 * (at[1] - y)
    return (u, v)
