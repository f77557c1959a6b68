"""The painted face, measured in its pixels."""

import numpy as np
import pytest

from cstalk_ue import face_measures
from cstalk_ue.face import load_face
from cstalk_ue.review.draw_face import DARK, LIGHT, THREE_QUARTER, FacePainter
from cstalk_ue.review.posed_face import MOUTH_INSIDE
from cstalk_ue.rig import control_defaults, control_names

GREEN = (0.0, 1.0, 0.0)

SHAPES = {
    "rest": {},
    "aa": {"C_jaw": 0.55, "mouth_lowerLipDepress": 0.3, "mouth_upperLipRaise": 0.15},
    "ee": {"C_jaw": 0.15, "mouth_stretch": 0.5, "mouth_cornerPull": 0.25, "mouth_lowerLipDepress": 0.35},
    "oo": {"C_jaw": 0.18, "mouth_purseU": 0.8, "mouth_purseD": 0.8, "mouth_funnelU": 0.3},
    "mbp": {"C_jaw": 0.12, "mouth_lipsTogetherU": 1, "mouth_lipsTogetherD": 1},
    "th": {"C_jaw": 0.22, "C_tongue_inOut": -0.55, "mouth_lowerLipDepress": 0.3, "mouth_upperLipRaise": 0.15},
    "th, tongue in": {"C_jaw": 0.22, "mouth_lowerLipDepress": 0.3, "mouth_upperLipRaise": 0.15},
    "tongue out": {"C_jaw": 0.4, "C_tongue_inOut": -1.0, "mouth_lowerLipDepress": 0.3},
    "smile": {"mouth_cornerPull": 1.0, "eye_cheekRaise": 0.7},
    "brows": {"brow_raiseIn": 1.0, "brow_raiseOut": 1.0},
    "frown": {"brow_down": 1.0},
}  # fmt: skip


def points(shape: str) -> np.ndarray:
    """The landmark face in one of `SHAPES`; controls without a side are set on both."""
    values = np.array(control_defaults(), dtype=np.float64)
    for control, value in SHAPES[shape].items():
        for side in ("",) if control.startswith("C_") else ("L_", "R_"):
            values[control_names().index(f"CTRL_{side}{control}.ty")] = value
    return load_face().evaluate(values[None])[0]


def marked(shape: str, *materials: str, size: int = 256, zoom: str = "mouth", yaw: float = 0.0) -> np.ndarray:
    """Which pixels show one of these materials."""
    painter = FacePainter(size, zoom=zoom, yaw=yaw, marked=dict.fromkeys(materials, GREEN))
    picture = painter.paint(points(shape)).astype(int)
    return (picture[..., 1] > 150) & (picture[..., 0] < 90) & (picture[..., 2] < 90)


def at(painter: FacePainter, shape: str, name: str) -> np.ndarray:
    """Pixel of a point, (x, y)."""
    return painter.project(points(shape)[[load_face().index(name)]])[0]


@pytest.mark.parametrize("shape", ["aa", "ee", "oo", "th"])
def test_the_open_mouth_is_as_tall_as_its_projected_lips(shape):
    painter = FacePainter(256, zoom="mouth")
    column = marked(shape, *MOUTH_INSIDE, "wet_lip")[:, 128]
    upper = at(painter, shape, "lip_inner_upper.C0")[1]
    lower = at(painter, shape, "lip_inner_lower.C0")[1]
    assert column.sum() == pytest.approx(lower - upper, abs=3)
    assert np.nonzero(column)[0].mean() == pytest.approx((upper + lower) / 2, abs=3)


@pytest.mark.parametrize("shape", ["rest", "mbp", "smile"])
@pytest.mark.parametrize("yaw", [0.0, THREE_QUARTER])
def test_closed_lips_show_nothing_of_the_inside(shape, yaw):
    assert face_measures.lip_gap(points(shape)[None])[0] == 0
    assert not marked(shape, *MOUTH_INSIDE, "wet_lip", yaw=yaw).any()


@pytest.mark.parametrize(("wide", "narrow"), [("smile", "rest"), ("ee", "rest"), ("rest", "oo")])
def test_lips_spread_and_round_on_screen_as_in_millimetres(wide, narrow):
    def width(shape: str) -> float:
        return float(np.ptp(np.nonzero(marked(shape, "lip", "wet_lip"))[1]))

    scale = FacePainter(256, zoom="mouth").pixels_per_mm
    a, b = (face_measures.mouth_width(points(shape)[None])[0] for shape in (wide, narrow))
    assert a > b + 5
    assert (width(wide) - width(narrow)) / scale == pytest.approx(a - b, abs=2.5)


@pytest.mark.parametrize("shape", ["brows", "frown"])
def test_brows_move_on_screen_as_in_millimetres(shape):
    scale = FacePainter(256, zoom="eyes").pixels_per_mm

    def height(shape: str) -> float:
        return -float(np.nonzero(marked(shape, "brow", zoom="eyes"))[0].mean())

    expected = face_measures.brow_height(points(shape)[None])[0]
    assert abs(expected) > 3
    assert (height(shape) - height("rest")) / scale == pytest.approx(expected, abs=1.5)


def test_the_tongue_covers_the_lower_teeth_in_th():
    middle = slice(118, 138)
    tongue, teeth = (marked("th", name)[:, middle] for name in ("tongue", "teeth"))
    lower_edge = at(FacePainter(256, zoom="mouth"), "th", "teeth_lower_0.C0")[1]
    assert teeth[int(lower_edge) + 1 :].sum() == 0
    assert tongue[int(lower_edge) - 2 :].sum() > 10
    assert marked("th, tongue in", "teeth")[int(lower_edge) + 1 :, middle].sum() > 50


def test_a_tongue_that_is_out_is_drawn_over_the_lower_lip():
    painter = FacePainter(256, zoom="mouth")
    lip = at(painter, "tongue out", "lip_inner_lower.C0")[1]
    assert np.nonzero(marked("tongue out", "tongue"))[0].max() > lip + 2


def test_what_is_behind_the_head_does_not_show_through_the_eyes():
    """The far ear is on the other side of the head, where the skin has an opening for the eye."""
    ears = marked("rest", "ear", zoom="eyes", yaw=45.0, size=400)
    eyes = marked("rest", "eye", "iris", "pupil", zoom="eyes", yaw=45.0, size=400)
    rows, columns = np.nonzero(eyes)
    near = columns < 200
    assert ears[rows[near].min() : rows[near].max(), columns[near].min() : columns[near].max()].sum() == 0


def test_the_same_face_gives_the_same_picture_and_the_painter_keeps_nothing():
    painter = FacePainter(96)
    first = painter.paint(points("aa"))
    kept = first.copy()
    painter.paint(points("smile"), ghost=points("aa"))
    FacePainter(96, background=LIGHT).paint(points("rest"))
    assert (painter.paint(points("aa")) == kept).all()
    assert (first == kept).all()


def test_the_outline_is_smooth():
    """Between the head and the ground there are mixed pixels."""
    picture = FacePainter(128, background=(0.0, 0.0, 1.0)).paint(points("rest")).astype(int)
    row = picture[50]
    ground = (row == [0, 0, 255]).all(axis=1)
    edge = int(np.nonzero(~ground)[0][0])
    assert 0 < row[edge][0] < row[edge + 2][0]


def test_a_ghost_is_seen_only_where_it_differs():
    painter = FacePainter(160)
    alone, same, other = (
        painter.paint(points("rest"), ghost=ghost) for ghost in (None, points("rest"), points("aa"))
    )
    assert (alone == same).all()
    changed = (alone != other).any(axis=2)
    mouth = at(painter, "rest", "lip_inner_upper.C0")
    assert changed[int(mouth[1]) :].sum() > 200
    assert not changed[: int(mouth[1]) - 60].any()
    blue = other.astype(int)[changed]
    assert blue[:, 2].mean() > alone.astype(int)[changed][:, 2].mean() + 10


def test_three_quarter_turns_the_nose_to_the_viewers_right():
    nose = load_face().indices("nose_bridge")
    front, turned = (FacePainter(200, yaw=yaw).project(points("rest")[nose])[:, 0] for yaw in (0, 35))
    assert (turned > front + 10).all()


@pytest.mark.parametrize("size", [(90, 200), (200, 90), 40])
def test_every_size_is_painted_whole(size):
    painter = FacePainter(size, background=DARK)
    picture = painter.paint(points("rest"))
    assert picture.shape == (painter.height, painter.width, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 20


def test_a_head_that_turns_and_comes_near_stays_paintable():
    values = np.array(control_defaults())[None]
    for head in ([80, 40, 90, 0, 0, 0], [0, 0, 0, 60, 0, 0], [0, 0, 180, 0, 0, 0]):
        turned = load_face().evaluate(values, np.array([head], dtype=np.float64))[0]
        assert FacePainter(64).paint(turned).shape == (64, 64, 3)
