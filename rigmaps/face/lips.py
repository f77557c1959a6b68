"""Motion of the lips: purse, funnel, roll, press, bite and their kin.

Standard library only.
"""

from collections.abc import Callable, Iterator

from rigmaps.face.fields import REST, Field, Half, both, lip_half, lip_row, lip_share, push, times
from rigmaps.face.shape import Point, Vector, smooth


def _toward(p: Point, amount: float) -> float:
    """Signed mm towards the contact line: down for the upper lip, up for the lower."""
    return -amount if p.group.endswith("upper") else amount if p.group.endswith("lower") else 0.0


def lips() -> Iterator[Half]:
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
        yield f"{name}press{end}.ty", "+", lip_half(lip, lambda p, s, f=tighten: times(f(p, s), 0.8))
        yield f"{name}cornerSharpness{end}.ty", "+", lip_half(lip, corner_shape)
        yield (
            f"{name}cornerSharpness{end}.ty",
            "-",
            lip_half(lip, lambda p, s, f=corner_shape: times(f(p, s), -1.3)),
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
