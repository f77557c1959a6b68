"""The head described in face/ -> the face_*.csv tables of this folder.

    python -m rigmaps.build_face

The same sources give the same bytes. Standard library only; nothing at run time imports it.
"""

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rigmaps.face.motion import all_fields, seals
from rigmaps.face.shape import CORNER, EYE, EYE_RADIUS, HINGE, LIP_X, Point, smooth
from rigmaps.face.surface import surface

_SMALLEST = 0.04
"""Millimetres; a displacement below is left out."""

RULES: tuple[tuple[str, float, str], ...] = (
    ("hinge_y", HINGE[1], "jaw hinge, mm"),
    ("hinge_z", HINGE[2], "jaw hinge, mm"),
    ("jaw_open_degrees", 22.2, "jaw.ty at 1"),
    ("jaw_extreme_degrees", 8.0, "jaw_openExtreme.ty at 1, on top"),
    ("jaw_open_y", -2.7, "glide of the hinge at jaw.ty 1, mm"),
    ("jaw_open_z", 4.0, "glide of the hinge at jaw.ty 1, mm"),
    ("jaw_side_x", 7.5, "jaw.tx at -1 (its left), mm"),
    ("jaw_side_degrees", 2.0, "turn that goes with it"),
    ("jaw_forward_z", 7.8, "jaw_fwdBack.ty at -1, mm"),
    ("jaw_back_z", 3.5, "jaw_fwdBack.ty at 1, mm"),
    ("eye_x", EYE[0], "centre of the left eye, mm"),
    ("eye_y", EYE[1], "centre of the eyes, mm"),
    ("eye_z", EYE[2], "centre of the eyes, mm"),
    ("eye_radius", EYE_RADIUS, "eyeball, mm"),
    ("lid_radius", EYE_RADIUS + 0.75, "lids stay outside of it, mm"),
    ("gaze_side_degrees", 35.0, "eye.tx at 1"),
    ("gaze_up_degrees", 27.0, "eye.ty at 1"),
    ("gaze_down_degrees", 33.0, "eye.ty at -1"),
    ("arch_z", 19.4, "front of the upper teeth in the middle, mm"),
    ("arch_curve", 0.042, "z falls by this times x squared"),
    ("arch_lower_z", -3.0, "lower teeth behind the upper ones, mm"),
    ("lip_teeth_mm", 1.0, "the inner edge of a lip stays this far in front of the teeth"),
    ("teeth_back_z", 15.6, "behind the upper incisors, mm"),
    ("tongue_gap_low", 1.0, "the tongue begins to fit between the incisors at this opening, mm"),
    ("tongue_gap_high", 4.0, "and fits wholly at this one, mm"),
    ("palate_y", -60.0, "highest point of the palate, mm"),
    ("palate_z", -10.0, "where that is, mm"),
    ("palate_curve", 0.0174, "it falls by this times the square of the distance in z"),
    ("head_y", -48.0, "joint of head and neck, mm"),
    ("head_z", -88.0, "joint of head and neck, mm"),
)

# name, colour (0..1), gloss, layer: 0 is seen only through mouth and eyes, 1 is the skin, 2 lies on it.
MATERIALS: tuple[tuple[str, tuple[float, float, float], float, int], ...] = (
    ("skin", (0.80, 0.62, 0.52), 0.10, 1),
    ("lip", (0.70, 0.38, 0.36), 0.14, 1),
    ("wet_lip", (0.55, 0.22, 0.22), 0.20, 1),
    ("nostril", (0.42, 0.26, 0.22), 0.0, 1),
    ("ear", (0.78, 0.58, 0.48), 0.10, 2),
    ("brow", (0.22, 0.15, 0.11), 0.0, 2),
    ("lash", (0.12, 0.09, 0.08), 0.0, 2),
    ("mouth", (0.22, 0.06, 0.07), 0.0, 0),
    ("gum", (0.70, 0.35, 0.36), 0.15, 0),
    ("teeth", (0.93, 0.90, 0.82), 0.25, 0),
    ("tongue", (0.75, 0.36, 0.37), 0.15, 0),
    ("eye", (0.93, 0.92, 0.90), 0.30, 0),
    ("iris", (0.25, 0.38, 0.42), 0.30, 0),
    ("pupil", (0.03, 0.03, 0.04), 0.30, 0),
)

_FOLLOW = {
    "lip_inner": 1.0,
    "lip_ridge": 0.86,
    "lip_border": 0.62,
    "mouth_ring": 0.32,
    "mouth_far": 0.12,
    "philtrum": 0.3,
    "mouth_wall_0": 1.0,
    "mouth_wall_1": 0.9,
    "mouth_wall_2": 0.35,
}
"""How much of a correction of the inner lips the rest of the mouth follows."""
PAIRS = 11


def build_face(out: Path) -> None:
    """Write the tables into a folder."""
    points, triangles = surface()
    tables: dict[str, tuple[Sequence[str], list[Sequence[str]]]] = {
        "face_points.csv": (
            ("point", "x", "y", "z", "jaw", "neck", "eye"),
            [(p.name, *map(_mm, p.at), _share(p.jaw), _share(p.neck), p.eye) for p in points],
        ),
        "face_triangles.csv": (("a", "b", "c", "material"), [tuple(t) for t in triangles]),
        "face_moves.csv": (("control", "sign", "point", "x", "y", "z"), list(_moves(points))),
        "face_seals.csv": (("control", "lip", "pair", "share"), list(_seals())),
        "face_lips.csv": (("point", "lip", "pair", "share"), list(_followers(points))),
        "face_materials.csv": (
            ("material", "red", "green", "blue", "gloss", "layer"),
            [
                (name, *(f"{c:g}" for c in colour), f"{gloss:g}", str(layer))
                for name, colour, gloss, layer in MATERIALS
            ],
        ),
        "face_rules.csv": (("rule", "value", "meaning"), [(n, f"{v:g}", m) for n, v, m in RULES]),
    }
    for name, (header, rows) in tables.items():
        (out / name).write_text(_csv(header, rows), encoding="utf-8", newline="")


def _moves(points: list[Point]) -> Iterable[Sequence[str]]:
    for control, sign, field in all_fields():
        for p in points:
            move = field(p)
            if max(map(abs, move)) >= _SMALLEST:
                yield (control, sign, p.name, *map(_mm, move))


def pair_places() -> list[float]:
    """s of every pair of inner lip points, from the right corner to the left."""
    half = [x / CORNER[0] for x in LIP_X]
    return [-s for s in reversed(half[1:])] + half


def _seals() -> Iterable[Sequence[str]]:
    for control, lip, share in seals():
        for pair, s in enumerate(pair_places()):
            if share(s) > 0.005:
                yield (control, lip, str(pair), _share(share(s)))


def _followers(points: list[Point]) -> Iterable[Sequence[str]]:
    places = pair_places()
    for p in points:
        rows = [w for group, w in _FOLLOW.items() if p.group.startswith(group)]
        if not rows or p.group.endswith("corner") or p.group == "lip_corner":
            continue
        lip = "upper" if p.group.endswith("upper") or p.group == "philtrum" else "lower"
        s = min(max(p.s if p.s else p.at[0] / 25.5, places[0]), places[-1])
        fade = 1.0 - smooth(20.0, 34.0, abs(p.at[0]))
        k = max(i for i in range(PAIRS) if places[i] <= s + 1e-9)
        after = min(k + 1, PAIRS - 1)
        t = (s - places[k]) / (places[after] - places[k]) if after > k else 0.0
        for pair, w in ((k, 1 - t), (after, t)):
            weight = rows[0] * w * (1.0 if p.group.startswith("lip_inner") else fade)
            if weight > 0.005:
                yield (p.name, lip, str(pair), _share(weight))


def _mm(value: float) -> str:
    return f"{round(value, 2) + 0.0:g}"


def _share(value: float) -> str:
    return f"{round(value, 3) + 0.0:g}"


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


if __name__ == "__main__":
    build_face(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
