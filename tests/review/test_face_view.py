"""What the page draws, measured in its pixels: gaps, widths and heights as face_measures.py has them in mm.

Each with WebGL and on the 2D canvas that replaces it.
"""

import numpy as np
import pytest
from face_page import WIDTH, opened_view, points_of, project
from key_shapes import KEY_SHAPES, control_values

from cstalk_ue import face_measures
from cstalk_ue.face import load_face

LIPS = ("lip", "wet_lip")
BROWS_UP = control_values(brow_raiseIn_ty=1, brow_raiseOut_ty=1)


@pytest.fixture(scope="module")
def view():
    with opened_view() as view:
        yield view


@pytest.fixture(params=["webgl", "webgl, fine", "canvas"])
def drawn(request, view):
    """Fine is the surface that one or two faces have where there is a graphics card."""
    view.use(request.param.split(",")[0], fine="fine" in request.param)
    return view


def mouth_gaps(materials):
    """Pixels in each column that are not lip, below the first and above the last that are."""
    lips = np.isin(materials, LIPS)
    below_first = np.maximum.accumulate(lips, axis=0)
    above_last = np.maximum.accumulate(lips[::-1], axis=0)[::-1]
    return (below_first & above_last & ~lips).sum(axis=0)


# The mouth in pixels and in millimetres


@pytest.mark.parametrize("shape", KEY_SHAPES)
def test_the_opening_of_the_lips_is_seen_as_wide_as_it_is(drawn, shape):
    """Within 0.8 mm: the contour is rounded between points."""
    points = points_of(KEY_SHAPES[shape])
    gaps = mouth_gaps(drawn.materials(KEY_SHAPES[shape], zoom="mouth"))
    face = load_face()
    k = len(face.upper)
    places, size = project(points[0, face.upper[k // 4 : k - k // 4]], "mouth")
    columns = slice(int(places[:, 0].min()), int(places[:, 0].max()) + 1)
    assert gaps[columns].max() / size.mean() == pytest.approx(face_measures.lip_gap(points)[0], abs=0.8)


def seen_mouth(materials, values):
    """Width of the lips and height of their corners in mm, in the columns that have lips."""
    face = load_face()
    corners = points_of(values)[0, [face.index("lip_corner.R0"), face.index("lip_corner.L0")]]
    _, size = project(corners, "mouth")
    lips = np.isin(materials, LIPS)
    columns = np.nonzero(lips.any(axis=0))[0]
    rows = [np.nonzero(lips[:, column])[0].mean() for column in (columns[0] + 2, columns[-1] - 2)]
    return (columns[-1] - columns[0] + 1) / size.mean(), -np.mean(rows) / size.mean()


@pytest.mark.parametrize("shape", KEY_SHAPES)
def test_the_mouth_is_as_wide_and_its_corners_as_high_as_measured(drawn, shape):
    """Against rest, both within 2 mm: the surface rounds the corners off.

    For that reason the width itself is up to 3.2 mm less than the distance of the corner points.
    """
    measured = points_of(KEY_SHAPES[shape])
    width, height = seen_mouth(drawn.materials(KEY_SHAPES[shape], zoom="mouth"), KEY_SHAPES[shape])
    rest_width, rest_height = seen_mouth(
        drawn.materials(KEY_SHAPES["rest"], zoom="mouth"), KEY_SHAPES["rest"]
    )
    expected = face_measures.mouth_width(measured)[0]
    widened = expected - face_measures.mouth_width(points_of(KEY_SHAPES["rest"]))[0]
    assert expected - 3.2 < width < expected
    assert width - rest_width == pytest.approx(widened, abs=2.0)
    assert height - rest_height == pytest.approx(face_measures.corner_lift(measured)[0], abs=2.0)


def test_the_corners_go_up_in_a_smile_and_the_mouth_is_narrow_in_oo(drawn):
    seen = {
        shape: seen_mouth(drawn.materials(KEY_SHAPES[shape], zoom="mouth"), KEY_SHAPES[shape])
        for shape in ("rest", "ee", "oo", "smile")
    }
    assert seen["smile"][1] > seen["rest"][1] + 7
    assert seen["oo"][0] + 12 < seen["rest"][0] < seen["ee"][0] - 8


def middle_column(drawn, shape):
    """Materials down the middle of the mouth, each named once per stretch, with its number of pixels."""
    column = drawn.materials(KEY_SHAPES[shape], zoom="mouth")[:, WIDTH // 2]
    starts = np.nonzero(np.r_[True, column[1:] != column[:-1]])[0]
    return [str(column[start]) for start in starts], np.diff(np.r_[starts, len(column)])


@pytest.mark.parametrize("shape", ["rest", "mbp", "smile"])
def test_closed_lips_show_nothing_between_them(drawn, shape):
    assert middle_column(drawn, shape)[0] == ["skin", "lip", "skin"]


def test_upper_teeth_touch_the_lower_lip_in_fv(drawn):
    """They are all that is seen between the lips; in an open mouth there is a gap below them."""
    assert middle_column(drawn, "fv")[0] == ["skin", "lip", "teeth", "lip", "skin"]
    assert face_measures.lip_to_teeth(points_of(KEY_SHAPES["fv"]))[0] < 1
    assert middle_column(drawn, "aa")[0][:4] == ["skin", "lip", "teeth", "mouth"]


def test_the_tongue_is_seen_before_the_lower_teeth_in_th(drawn):
    """It covers them in the middle, its tip being in front of the upper ones; not seen in a closed mouth."""
    names, sizes = middle_column(drawn, "th")
    assert names == ["skin", "lip", "teeth", "mouth", "tongue", "lip", "skin"]
    assert sizes[4] > 8
    assert face_measures.tongue_out(points_of(KEY_SHAPES["th"]))[0] > 5
    for shape in ("rest", "mbp", "fv", "smile"):
        assert "tongue" not in drawn.materials(KEY_SHAPES[shape], zoom="mouth"), shape


# Brows and eyes


def seen_brow_height(materials):
    return -np.nonzero(materials == "brow")[0].mean()


@pytest.mark.parametrize("shape", KEY_SHAPES)
def test_a_mouth_shape_leaves_the_brows_alone(drawn, shape):
    heights = [
        seen_brow_height(drawn.materials(values, zoom="eyes"))
        for values in (KEY_SHAPES[shape], KEY_SHAPES["rest"])
    ]
    expected = face_measures.brow_height(points_of(KEY_SHAPES[shape]))[0]
    assert heights[0] - heights[1] == pytest.approx(expected * WIDTH / 150, abs=0.3)


def test_raised_brows_are_seen_as_high_as_measured(drawn):
    """Within 0.8 mm: the mean over their pixels is not quite that over their points."""
    heights = [
        seen_brow_height(drawn.materials(values, zoom="eyes")) for values in (BROWS_UP, KEY_SHAPES["rest"])
    ]
    points = points_of(BROWS_UP)
    _, size = project(points[0, load_face().indices("brow.")], "eyes")
    assert (heights[0] - heights[1]) / size.mean() == pytest.approx(
        face_measures.brow_height(points)[0], abs=0.8
    )


def test_a_blink_hides_the_eyes(drawn):
    eyes = ("eye", "iris", "pupil")
    seen = drawn.materials(KEY_SHAPES["rest"], zoom="eyes")
    hidden = drawn.materials(control_values(eye_blink_ty=1), zoom="eyes")
    assert np.isin(seen, eyes).sum() > 2000
    assert np.isin(hidden, eyes).sum() < 20
