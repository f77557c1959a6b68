"""The landmark head: the 185 controls and the head -> points in millimetres.

A head of our own design (`rigmaps/face_*.csv`, see `rigmaps/SOURCES.md`), used for the preview, the video and
errors in mm. Each half of a control moves points linearly; rules then turn the jaw, seal and touch the lips,
keep lips before the teeth, the tongue in the mouth and the lids on the eyes, and turn the eyes and the head.
`review/page/face.js` is the same evaluation; a test compares the two. Knows nothing about surfaces and
pictures (see face_mesh.py, review/).

Millimetres, origin between the eyes, x to the character's left, y up, z out of the face.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cstalk_ue.errors import RigError
from cstalk_ue.rig import HEAD_CURVES, complete, control_defaults, control_limits, control_names, rig_table
from cstalk_ue.take import FacePerformance, RigCurves

HEAD_MOTION: tuple[str, ...] = HEAD_CURVES[:6]
"""HeadYaw, HeadPitch, HeadRoll in degrees, HeadTranslationX, Y, Z in cm, as Unreal names them."""

_FRAMES_AT_ONCE = 128
JAW_CONTROLS = ("CTRL_C_jaw.ty", "CTRL_C_jaw.tx", "CTRL_C_jaw_fwdBack.ty", "CTRL_C_jaw_openExtreme.ty")
GAZE_CONTROLS = {
    side: (f"CTRL_{side}_eye.tx", f"CTRL_{side}_eye.ty", "CTRL_C_eye.tx", "CTRL_C_eye.ty") for side in "LR"
}


@dataclass(frozen=True)
class Half:
    """One direction of a control: active by ``max(0, sign * (value - default))``."""

    control: int
    sign: float
    default: float


@dataclass(frozen=True)
class Face:
    """The head as data; arrays are read-only.

    Attributes:
        names: of the P points, ``group.side+index`` such as ``lip_inner_upper.L2``.
        rest: ``(P, 3)`` mm.
        jaw, neck: ``(P,)`` share of the jaw's motion, and of the head's that a point does not follow.
        halves, moves: directions of controls and what they do at full value, ``(H, P * 3)`` mm.
        rules: constants by name, see ``face_rules.csv``.
        upper, lower: ``(K,)`` indices of the K facing points of the inner lips, right to left.
        seals: per lip, controls and ``(S, K)`` share of the gap that each closes.
        followers: per lip, points and ``(N, K)`` share of the correction of each pair.
        eyes: per side, points that turn with it, points on its lids, and its upper and lower margins.
        tongue: points of its cross-sections, from the root to the tip.
    """

    names: tuple[str, ...]
    rest: np.ndarray
    jaw: np.ndarray
    neck: np.ndarray
    halves: tuple[Half, ...]
    moves: np.ndarray
    rules: Mapping[str, float]
    upper: np.ndarray
    lower: np.ndarray
    seals: Mapping[str, tuple[np.ndarray, np.ndarray]]
    followers: Mapping[str, tuple[np.ndarray, np.ndarray]]
    eyes: Mapping[str, "Eye"]
    tongue: tuple[np.ndarray, ...]

    def index(self, name: str) -> int:
        """Place of a point.

        Raises:
            RigError: no such point.
        """
        found = self._places.get(name)
        if found is None:
            raise RigError(f"no point {name!r} on the landmark face.")
        return found

    @functools.cached_property
    def _places(self) -> Mapping[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    def indices(self, prefix: str) -> np.ndarray:
        """Places of all points whose name begins so."""
        return np.array([i for i, name in enumerate(self.names) if name.startswith(prefix)], dtype=np.int64)

    def evaluate(self, values: np.ndarray, head: np.ndarray | None = None) -> np.ndarray:
        """Points of some frames.

        Args:
            values: ``(frames, 185)`` in the rig's order; clipped to the range of each control.
            head: ``(frames, 6)`` as `HEAD_MOTION`, or None for a still head.

        Returns:
            ``(frames, P, 3)`` float64 mm.
        """
        low, high = control_limits()
        values = np.clip(np.asarray(values, dtype=np.float64), low, high).T
        active = np.stack([np.maximum(0.0, h.sign * (values[h.control] - h.default)) for h in self.halves])
        used = np.nonzero(active.any(axis=1))[0]
        # (P, 3, frames) inside: points are picked along the first axis, and frames lie side by side.
        p = (self.moves[used].T @ active[used]).reshape(len(self.names), 3, -1)
        p += self.rest[..., None]
        self._keep_lips_before_teeth(p)
        self._turn_jaw(p, values)
        self._seal_lips(p, values)
        self._keep_lower_lip_under_teeth(p)
        self._keep_tongue_inside(p)
        for side, eye in self.eyes.items():
            self._close_lids(p, eye)
            self._turn_eye(p, values, side, eye)
        if head is not None:
            self._turn_head(p, np.asarray(head, dtype=np.float64).T)
        return p.transpose(2, 0, 1)

    def _arch(self, x: np.ndarray) -> np.ndarray:
        return self.rules["arch_z"] - self.rules["arch_curve"] * x * x

    def _keep_lips_before_teeth(self, p: np.ndarray) -> None:
        for points, behind in ((self.upper, 0.0), (self.lower, self.rules["arch_lower_z"])):
            least = self._arch(p[points, 0]) + behind + self.rules["lip_teeth_mm"]
            p[points, 2] = np.maximum(p[points, 2], least)

    def _turn_jaw(self, p: np.ndarray, values: np.ndarray) -> None:
        r = self.rules
        opened, side, back, extreme = (values[control_names().index(name)] for name in JAW_CONTROLS)
        degrees = r["jaw_open_degrees"] * opened + r["jaw_extreme_degrees"] * extreme
        forward = r["jaw_forward_z"] * np.maximum(0, -back) - r["jaw_back_z"] * np.maximum(0, back)
        glide = [-r["jaw_side_x"] * side, r["jaw_open_y"] * opened, r["jaw_open_z"] * opened + forward]
        turn = _about_y(-r["jaw_side_degrees"] * side) @ _about_x(degrees)
        moved = np.nonzero(self.jaw)[0]
        _carry(p, moved, self.jaw[moved], (0.0, r["hinge_y"], r["hinge_z"]), turn, glide)

    def _seal_lips(self, p: np.ndarray, values: np.ndarray) -> None:
        gap = p[self.upper] - p[self.lower]
        parted = (gap[:, 1] > 0)[:, None] * gap
        fix = {}
        for lip, way in (("upper", -0.5), ("lower", 0.5)):
            controls, shares = self.seals[lip]
            fix[lip] = way * np.clip(shares.T @ values[controls], 0.0, 1.0)[:, None] * parted
        crossed = np.minimum(0.0, (gap + fix["upper"] - fix["lower"])[:, 1])
        fix["upper"][:, 1] -= 0.5 * crossed
        fix["lower"][:, 1] += 0.5 * crossed
        for lip, (points, shares) in self.followers.items():
            p[points] += np.tensordot(shares, fix[lip], axes=1)

    def _keep_lower_lip_under_teeth(self, p: np.ndarray) -> None:
        edge = p[self.index("teeth_upper_0.C0"), 1]
        x, y, z = (p[self.lower, axis] for axis in range(3))
        through = np.clip(self._arch(x) + self.rules["lip_teeth_mm"] - z, 0.0, 1.0)
        p[self.lower, 1] = y - through * np.maximum(0.0, y - edge)

    def _keep_tongue_inside(self, p: np.ndarray) -> None:
        r = self.rules
        upper = p[self.index("teeth_upper_0.C0"), 1]
        lower = p[self.index("teeth_lower_0.C0"), 1]
        room = _smooth(r["tongue_gap_low"], r["tongue_gap_high"], upper - lower)
        lift: np.ndarray | float = 0.0
        for section in reversed(self.tongue):  # from the tip: what lifts it lifts half as much behind it
            y, z = p[section, 1], p[section, 2]
            z = np.minimum(z, r["teeth_back_z"] + 40.0 * room)
            between = room * _smooth(r["teeth_back_z"] - 1.0, r["teeth_back_z"] + 3.0, z.max(axis=0))
            lift = np.maximum(0.5 * lift, between * np.maximum(0.0, lower + 0.4 - y.min(axis=0)))
            y = y + lift
            palate = r["palate_y"] - r["palate_curve"] * np.maximum(0.0, z - r["palate_z"]) ** 2
            y = np.minimum(y, palate - 0.3)
            p[section, 1] = y - between * np.maximum(0.0, y - (upper - 0.4))
            p[section, 2] = z

    def _close_lids(self, p: np.ndarray, eye: "Eye") -> None:
        centre = eye.centre[:, None]
        from_centre = p[eye.lids] - centre
        distance = np.sqrt((from_centre**2).sum(axis=1, keepdims=True))
        p[eye.lids] = centre + from_centre * np.maximum(1.0, self.rules["lid_radius"] / distance)
        crossed = np.minimum(0.0, p[eye.upper, 1] - p[eye.lower, 1])
        p[eye.lower, 1] += 0.5 * crossed
        for above in (eye.upper, *eye.lashes):
            p[above, 1] -= 0.5 * crossed

    def _turn_eye(self, p: np.ndarray, values: np.ndarray, side: str, eye: "Eye") -> None:
        r = self.rules
        x, y, both_x, both_y = (values[control_names().index(name)] for name in GAZE_CONTROLS[side])
        x, y = np.clip(x + both_x, -1.0, 1.0), np.clip(y + both_y, -1.0, 1.0)
        up = np.where(y > 0, r["gaze_up_degrees"], r["gaze_down_degrees"]) * y
        turn = _about_y(r["gaze_side_degrees"] * x) @ _about_x(-up)
        _carry(p, eye.ball, np.ones(len(eye.ball)), eye.centre, turn, (0.0, 0.0, 0.0))

    def _turn_head(self, p: np.ndarray, head: np.ndarray) -> None:
        """Nod, tilt and turn are HeadYaw, HeadPitch and HeadRoll; their signs are not confirmed."""
        turn = _about_y(head[2]) @ _about_x(-head[0]) @ _about_z(head[1])
        glide = (-10.0 * head[4], 10.0 * head[5], 10.0 * head[3])
        moved = np.nonzero(self.neck < 1)[0]
        _carry(p, moved, 1 - self.neck[moved], (0.0, self.rules["head_y"], self.rules["head_z"]), turn, glide)


@dataclass(frozen=True)
class Eye:
    """One eye: its centre in mm; indices of its ball, of lids kept outside it, of margins and lashes."""

    centre: np.ndarray
    ball: np.ndarray
    lids: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    lashes: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class FaceMotion:
    """The landmark face over time: ``(frames, P, 3)`` float32 mm at `fps`, frame 0 at `start_seconds`."""

    points: np.ndarray
    fps: float
    start_seconds: float = 0.0

    def point(self, name: str) -> np.ndarray:
        """One point over time, ``(frames, 3)``."""
        return self.points[:, load_face().index(name)]


def face_motion(curves: RigCurves | FacePerformance, *, head: bool = False) -> FaceMotion:
    """The points of a take, in the head's own space unless `head` is asked for.

    Controls that the curves lack are at their defaults.

    Raises:
        RigError: a curve is not a control of the rig.
    """
    rig = curves.face if isinstance(curves, FacePerformance) else curves
    values = complete(rig).values
    motion = None
    if head and isinstance(curves, FacePerformance):
        motion = curves.head.select(HEAD_MOTION).values
    face = load_face()
    points = np.empty((len(values), len(face.names), 3), dtype=np.float32)
    for start in range(0, len(values), _FRAMES_AT_ONCE):
        part = slice(start, start + _FRAMES_AT_ONCE)
        points[part] = face.evaluate(values[part], None if motion is None else motion[part])
    return FaceMotion(points, rig.fps, rig.start_seconds)


@functools.cache
def load_face() -> Face:
    """The tables of `rigmaps/`, read once.

    Raises:
        RigError: a table is missing.
    """
    table = rig_table("face_points.csv")
    names = tuple(row["point"] for row in table)
    place = {name: index for index, name in enumerate(names)}
    rules = {row["rule"]: float(row["value"]) for row in rig_table("face_rules.csv")}
    halves, moves = _moves(place)
    pairs = [row["point"] for row in rig_table("face_lips.csv") if row["point"].startswith("lip_inner_upper")]
    upper = sorted(set(pairs), key=lambda name: float(table[place[name]]["x"]))
    seals, followers = {}, {}
    for lip in ("upper", "lower"):
        rows = [row for row in rig_table("face_seals.csv") if row["lip"] == lip]
        seals[lip] = _shares(rows, "control", {n: i for i, n in enumerate(control_names())}, len(upper))
        rows = [row for row in rig_table("face_lips.csv") if row["lip"] == lip]
        followers[lip] = _shares(rows, "point", place, len(upper))
    return Face(
        names=names,
        rest=_frozen([[float(row[axis]) for axis in "xyz"] for row in table]),
        jaw=_frozen([float(row["jaw"]) for row in table]),
        neck=_frozen([float(row["neck"]) for row in table]),
        halves=halves,
        moves=moves,
        rules=rules,
        upper=np.array([place[name] for name in upper]),
        lower=np.array([place[name.replace("upper", "lower")] for name in upper]),
        seals=seals,
        followers=followers,
        eyes={side: _eye(side, rules, names, [row["eye"] for row in table]) for side in "LR"},
        tongue=tuple(_section(names, number) for number in range(6)),
    )


def _moves(place: Mapping[str, int]) -> tuple[tuple[Half, ...], np.ndarray]:
    rows = rig_table("face_moves.csv")
    keys = list(dict.fromkeys((row["control"], row["sign"]) for row in rows))
    order = {key: index for index, key in enumerate(keys)}
    moves = np.zeros((len(keys), len(place), 3))
    for row in rows:
        moves[order[row["control"], row["sign"]], place[row["point"]]] += [float(row[axis]) for axis in "xyz"]
    halves = []
    for control, sign in keys:
        index = control_names().index(control)
        halves.append(Half(index, 1.0 if sign == "+" else -1.0, float(control_defaults()[index])))
    return tuple(halves), _frozen(moves.reshape(len(keys), -1))


def _shares(
    rows: Sequence[Mapping[str, str]], column: str, place: Mapping[str, int], pairs: int
) -> tuple[np.ndarray, np.ndarray]:
    keys = list(dict.fromkeys(row[column] for row in rows))
    shares = np.zeros((len(keys), pairs))
    for row in rows:
        shares[keys.index(row[column]), int(row["pair"])] += float(row["share"])
    return np.array([place[key] for key in keys]), _frozen(shares)


def _section(names: tuple[str, ...], number: int) -> np.ndarray:
    groups = (f"tongue_{number}", "tongue_tip") if number == 5 else (f"tongue_{number}",)
    return np.array([i for i, name in enumerate(names) if name.split(".")[0] in groups])


def _eye(side: str, rules: Mapping[str, float], names: tuple[str, ...], turning: Sequence[str]) -> Eye:
    def of(*groups: str) -> np.ndarray:
        found: Iterator[int] = (
            i
            for i, name in enumerate(names)
            if name.split(".")[0] in groups and name.split(".")[1].startswith(side)
        )
        return np.array(list(found))

    sign = 1.0 if side == "L" else -1.0
    roots, tips = of("lash_root"), of("lash_tip")
    return Eye(
        centre=_frozen([sign * rules["eye_x"], rules["eye_y"], rules["eye_z"]]),
        ball=np.array([i for i, eye in enumerate(turning) if eye == side]),
        lids=of("lid_upper", "lid_lower", "lid_fold_upper", "lid_fold_lower", "lash_root", "lash_tip"),
        upper=of("lid_upper"),
        lower=of("lid_lower"),
        lashes=(roots[1:6], tips[1:6]),
    )


def _frozen(values: object) -> np.ndarray:
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


def _smooth(low: float, high: float, t: np.ndarray) -> np.ndarray:
    h = np.clip((t - low) / (high - low), 0.0, 1.0)
    return np.asarray(h * h * (3 - 2 * h))


def _rotation(degrees: np.ndarray, first: int, second: int) -> np.ndarray:
    """``(frames, 3, 3)`` turning axis `first` towards axis `second`."""
    angle = np.deg2rad(degrees)
    out = np.zeros((len(angle), 3, 3))
    out[:, [0, 1, 2], [0, 1, 2]] = 1.0
    out[:, first, first] = out[:, second, second] = np.cos(angle)
    out[:, second, first] = np.sin(angle)
    out[:, first, second] = -np.sin(angle)
    return out


def _carry(
    p: np.ndarray,
    points: np.ndarray,
    share: np.ndarray,
    pivot: Sequence[float] | np.ndarray,
    turn: np.ndarray,
    glide: Sequence[np.ndarray | float],
) -> None:
    """Turn points of ``(P, 3, frames)`` about a pivot by ``(frames, 3, 3)``, shift them, by their share."""
    x, y, z = (p[points, axis] - pivot[axis] for axis in range(3))
    for axis, q in enumerate((x, y, z)):
        a, b, c = (turn[:, axis, other] for other in range(3))
        p[points, axis] += share[:, None] * (a * x + b * y + c * z - q + glide[axis])


def _about_x(degrees: np.ndarray) -> np.ndarray:
    """Positive opens the jaw and nods down: z turns towards -y."""
    return _rotation(degrees, 1, 2)


def _about_y(degrees: np.ndarray) -> np.ndarray:
    """Positive turns to the character's left: z towards x."""
    return _rotation(degrees, 2, 0)


def _about_z(degrees: np.ndarray) -> np.ndarray:
    """Positive lifts the character's left: x towards y."""
    return _rotation(degrees, 0, 1)
