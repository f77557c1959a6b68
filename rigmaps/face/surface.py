"""Triangles of the head: the skin from its unrolled layout, everything else in strips.

Standard library only; build_face.py writes the tables.
"""

import itertools

from rigmaps.face.shape import Point, Triangle, half_points

Flat = tuple[float, float]


def mirrored_name(name: str) -> str:
    group, place = name.rsplit(".", 1)
    return f"{group}.{place.replace('L', 'R')}"


def surface() -> tuple[list[Point], list[Triangle]]:
    """All points and triangles of both halves; triangles run counter-clockwise seen from outside."""
    half = half_points()
    triangles = _skin(half)
    by_name = {p.name: p for p in half}
    for strips, material in _strips(by_name):
        triangles += _strip_triangles(strips, material)
    points = list(half)
    for p in half:
        if p.side == "L":
            x, y, z = p.at
            points.append(Point(p.group, "R", p.index, (-x, y, z), p.jaw, p.neck, p.eye and "R", -p.s, None))
    triangles = _outward(triangles, by_name)
    for a, b, c, material in list(triangles):
        triangles.append((mirrored_name(a), mirrored_name(c), mirrored_name(b), material))
    return points, [t for t in triangles if len(set(t[:3])) == 3]


def delaunay(places: list[Flat]) -> list[tuple[int, int, int]]:
    """Bowyer and Watson's triangulation of points in general position, counter-clockwise."""
    far = 1e5
    points = [*places, (-far, -far), (far, -far), (0.0, far)]
    n = len(places)
    triangles = {(n, n + 1, n + 2)}
    circles = {(n, n + 1, n + 2): _circle(points[n], points[n + 1], points[n + 2])}
    for i in range(n):
        x, y = points[i]
        bad = [t for t in triangles if (circles[t][0] - x) ** 2 + (circles[t][1] - y) ** 2 < circles[t][2]]
        edges: dict[tuple[int, int], int] = {}
        for a, b, c in bad:
            for edge in ((a, b), (b, c), (c, a)):
                edges[edge] = edges.get(edge, 0) + 1
        for t in bad:
            triangles.discard(t)
        for a, b in edges:
            if (b, a) not in edges:
                t = (a, b, i)
                triangles.add(t)
                circles[t] = _circle(points[a], points[b], points[i])
    return sorted(t for t in triangles if max(t) < n)


def _circle(a: Flat, b: Flat, c: Flat) -> tuple[float, float, float]:
    d = 2 * (a[0] * (b[1] - c[1]) + b[0] * (c[1] - a[1]) + c[0] * (a[1] - b[1]))
    if abs(d) < 1e-12:
        return (0.0, 0.0, float("inf"))
    aa, bb, cc = (p[0] ** 2 + p[1] ** 2 for p in (a, b, c))
    x = (aa * (b[1] - c[1]) + bb * (c[1] - a[1]) + cc * (a[1] - b[1])) / d
    y = (aa * (c[0] - b[0]) + bb * (a[0] - c[0]) + cc * (b[0] - a[0])) / d
    return (x, y, (a[0] - x) ** 2 + (a[1] - y) ** 2)


_LIPS = tuple(f"lip_{row}_{lip}" for row in ("inner", "ridge", "border") for lip in ("upper", "lower"))


def _skin(half: list[Point]) -> list[Triangle]:
    points = [p for p in half if p.layout is not None]
    places = []
    for p in points:
        assert p.layout is not None
        u, v = p.layout
        if p.side == "C":  # bulged a little, so that the midlines are the edge of the convex hull
            bulge = 3.0 * (1 - ((v + 54.0) / 190.0) ** 2)
            u = -bulge if u < 100 else u + bulge
        v += 0.02 * u * (262.0 - u) / 262.0 * (1 if v > 120 else -1 if v < -230 else 0)
        places.append((u, v))
    triangles: list[Triangle] = []
    for a, b, c in delaunay(places):
        corners = [points[i] for i in (a, b, c)]
        groups = {p.group for p in corners}
        names = {p.name for p in corners}
        if groups <= {"lip_inner_upper", "lip_inner_lower", "lip_corner"} and "lip_corner.L1" not in names:
            continue
        if groups <= {"lid_upper", "lid_lower", "lid_corner"}:
            continue
        lip = groups <= {*_LIPS, "lip_corner"} and "lip_corner.L1" not in names
        nostril = "nostril" in groups
        material = "lip" if lip else "nostril" if nostril else "skin"
        triangles.append((points[a].name, points[b].name, points[c].name, material))
    ring = sorted((p for p in points if p.layout and p.layout[1] == 132), key=lambda p: p.layout or (0, 0))
    for p, q in itertools.pairwise(ring):
        triangles.append(("crown.C0", p.name, q.name, "skin"))
    return triangles


def _row(by_name: dict[str, Point], group: str) -> list[str]:
    found = sorted((p for p in by_name.values() if p.group == group), key=lambda p: p.index)
    return [p.name for p in found]


def _strips(by_name: dict[str, Point]) -> list[tuple[list[list[str]], str]]:
    """Rows of names between which strips of triangles lie, and their material."""

    def row(group: str) -> list[str]:
        return _row(by_name, group)

    def around(group: str) -> list[str]:
        names = row(group)
        return [*names, names[0]]

    out: list[tuple[list[list[str]], str]] = []
    for lip in ("upper", "lower"):
        lines = [[*row(f"lip_inner_{lip}"), "lip_corner.L0"]]
        for ring in range(4):
            lines.append([*row(f"mouth_wall_{ring}_{lip}"), f"mouth_wall_{ring}_corner.L0"])
        out += [(lines[:2], "wet_lip"), (lines[1:], "mouth")]
        out.append(([lines[-1], ["mouth_wall_end.C0"] * len(lines[-1])], "mouth"))
        teeth = f"teeth_{lip}"
        out.append(([row(f"{teeth}_back"), row(f"{teeth}_0"), row(f"{teeth}_1"), row(f"{teeth}_2")], "teeth"))
        out.append(([row(f"{teeth}_2"), row(f"{teeth}_3")], "gum"))
    ear = [around("ear_root"), *(around(f"ear_{ring}") for ring in range(4))]
    out.append(([*ear, ["ear_4.L0"] * 13], "ear"))
    sections = [row(f"tongue_{k}") for k in range(6)]
    out.append(([*sections, ["tongue_tip.C0"] * 6], "tongue"))
    out.append(([["pupil.L0"] * 13, around("pupil_10")], "pupil"))
    out.append(([around("pupil_10"), around("iris_26")], "iris"))
    out.append(
        ([around("iris_26"), around("eye_36"), around("eye_62"), around("eye_92"), around("eye_130")], "eye")
    )
    out.append(([row("brow_hair_upper"), row("brow_hair_mid"), row("brow_hair_lower")], "brow"))
    out.append(([row("lash_tip"), row("lash_root")], "lash"))
    return out


def _strip_triangles(lines: list[list[str]], material: str) -> list[Triangle]:
    triangles = []
    for upper, lower in itertools.pairwise(lines):
        for k in range(len(upper) - 1):
            a, b, c, d = upper[k], upper[k + 1], lower[k], lower[k + 1]
            if len({a, c, d}) == 3:
                triangles.append((a, c, d, material))
            if len({a, d, b}) == 3:
                triangles.append((a, d, b, material))
    return triangles


_INSIDE_OUT = {"mouth": (0.0, -75.0, -10.0), "wet_lip": (0.0, -75.0, 4.0)}
_CENTRES = {
    "tongue": (0.0, -81.0, None),
    "eye": (31.5, 0.0, 0.0),
    "iris": (31.5, 0.0, 0.0),
    "pupil": (31.5, 0.0, 0.0),
}


def _outward(triangles: list[Triangle], by_name: dict[str, Point]) -> list[Triangle]:
    """Turn triangles so that they face away from the middle of their part."""
    out = []
    for a, b, c, material in triangles:
        p, q, r = (by_name[name].at for name in (a, b, c))
        normal = _cross(_minus(q, p), _minus(r, p))
        middle = tuple((p[i] + q[i] + r[i]) / 3 for i in range(3))
        if material in ("skin", "lip", "nostril"):
            facing = p[2] > 5 and abs(middle[0]) < 60
            away = (middle[0], 0.0 if middle[1] > -110 else -0.3 * abs(middle[1]), middle[2] + 70.0)
            if facing and middle[1] > -118:
                away = (0.3 * middle[0], 0.0, 1.0 * 60)
            if by_name[a].group == "crown":
                away = (0.0, 1.0, 0.0)
        elif material in _INSIDE_OUT:
            centre = _INSIDE_OUT[material]
            away = tuple(centre[i] - middle[i] for i in range(3))
            if material == "wet_lip":
                away = (0.0, -1.0 if middle[1] > -72.6 else 1.0, 0.0)
        elif material in ("teeth", "gum"):
            away = (0.4 * middle[0], 0.0, 10.0)
            if "back" in a + b + c:
                away = (0.0, -1.0 if "upper" in a + b + c else 1.0, 0.0)
        elif material in ("brow", "lash"):
            away = (0.0, 0.4, 1.0) if material == "lash" else (0.4, 0.0, 1.0)
        elif material == "ear":
            away = (1.0, 0.0, 0.3)
        else:
            cx, cy, cz = _CENTRES[material]
            away = (middle[0] - cx, middle[1] - cy, 0.0 if cz is None else middle[2] - cz)
        if sum(normal[i] * away[i] for i in range(3)) < 0:
            b, c = c, b
        out.append((a, b, c, material))
    return out


def _minus(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, float, float]:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def _cross(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, float, float]:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
