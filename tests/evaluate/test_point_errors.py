"""LVE, EVE, velocity error and FDD against plain loops, on displacements whose result is known."""

import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cstalk_ue.dna import DnaHead, eye_and_forehead_vertices, lip_vertices
from cstalk_ue.evaluate.point_errors import region_errors
from cstalk_ue.evaluate.vertices import landmark_head, measuring_head
from cstalk_ue.rig import control_names, neutral_curves
from cstalk_ue.take import RigCurves

FPS = 30.0


def measured(ours, theirs, valid=None, silent=None, *, blocks=(1000,), rest=None, region=None):
    """Errors of one region over points that come in blocks of these lengths, the last one repeated."""
    frames, points = ours.shape[:2]
    valid = np.ones(frames, dtype=bool) if valid is None else valid
    silent = np.zeros(frames, dtype=bool) if silent is None else silent
    region = np.ones(points, dtype=bool) if region is None else region
    rest = np.zeros((points, 3)) if rest is None else rest

    def cut(array):
        start, lengths = 0, list(blocks)
        while start < len(array):
            length = lengths.pop(0) if len(lengths) > 1 else lengths[0]
            yield array[start : start + length]
            start += length

    found = region_errors(cut(ours), cut(theirs), valid, silent, regions={"all": region}, rest=rest, fps=FPS)
    return found["all"]


def loops(ours, theirs, valid, silent, rest):
    """The definitions, one point after the other."""
    frames, points = ours.shape[:2]
    largest = []
    for frame in range(frames):
        if valid[frame]:
            largest.append(max(math.dist(ours[frame, p], theirs[frame, p]) for p in range(points)))
    velocity, still = [], []
    for frame in range(1, frames):
        if not (valid[frame] and valid[frame - 1]):
            continue
        steps = []
        for p in range(points):
            a = [(ours[frame, p, i] - ours[frame - 1, p, i]) * FPS for i in range(3)]
            b = [(theirs[frame, p, i] - theirs[frame - 1, p, i]) * FPS for i in range(3)]
            steps.append(math.dist(a, b))
        velocity.append(sum(steps) / points)
        if silent[frame] and silent[frame - 1]:
            own = [math.dist(ours[frame, p], ours[frame - 1, p]) * FPS for p in range(points)]
            still.append(sum(own) / points)
    differences = []
    for p in range(points):
        spread = []
        for motion in (ours, theirs):
            away = [math.dist(motion[f, p], rest[p]) for f in range(frames) if valid[f]]
            mean = sum(away) / len(away)
            spread.append(math.sqrt(sum((x - mean) ** 2 for x in away) / len(away)))
        differences.append(spread[0] - spread[1])
    mean = lambda values: sum(values) / len(values) if values else math.nan  # noqa: E731
    return (
        mean(largest), mean(velocity), mean(differences), mean([abs(d) for d in differences]), mean(still)
    )  # fmt: skip


@given(st.integers(0, 2**31), st.integers(2, 9), st.integers(1, 4), st.integers(1, 5))
@settings(max_examples=40)
def test_every_error_is_what_plain_loops_find_however_the_take_is_cut(seed, frames, points, block):
    random = np.random.default_rng(seed)
    ours, theirs = random.normal(0, 3, (2, frames, points, 3))
    rest = random.normal(0, 3, (points, 3))
    valid, silent = random.random((2, frames)) < 0.7
    valid[0] = True
    found = measured(ours, theirs, valid, silent, blocks=(block,), rest=rest)
    expected = loops(ours, theirs, valid, silent, rest)
    assert (
        found.vertex_error_mm,
        found.velocity_error_mm_per_second,
        found.dynamics_mm,
        found.absolute_dynamics_mm,
        found.silent_speed_mm_per_second,
    ) == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize(("millimetres", "frames"), [(1.0, 10), (3.5, 7), (0.2, 300)])
def test_one_point_moved_in_one_frame_gives_its_distance_divided_by_the_frames(millimetres, frames):
    theirs = np.zeros((frames, 5, 3))
    ours = theirs.copy()
    ours[frames // 2, 3] = np.array([2, -1, 2]) / 3 * millimetres
    assert measured(ours, theirs).vertex_error_mm == pytest.approx(millimetres / frames)


def test_the_largest_distance_counts_not_the_mean_nor_the_square():
    ours = np.zeros((1, 4, 3))
    ours[0, :, 0] = [0.5, 3.0, 1.0, 2.0]
    assert measured(ours, np.zeros_like(ours)).vertex_error_mm == 3.0


def test_the_mean_over_frames_counts_not_the_maximum():
    ours = np.zeros((4, 2, 3))
    ours[:, 0, 1] = [1.0, 2.0, 3.0, 6.0]
    assert measured(ours, np.zeros_like(ours)).vertex_error_mm == 3.0


def test_what_is_the_same_has_no_error(rng):
    motion = rng.normal(size=(20, 6, 3))
    found = measured(motion, motion, rest=rng.normal(size=(6, 3)))
    assert (found.vertex_error_mm, found.velocity_error_mm_per_second) == (0, 0)
    assert (found.dynamics_mm, found.absolute_dynamics_mm) == (0, 0)


def test_a_constant_offset_has_no_velocity_error(rng):
    motion = rng.normal(size=(20, 6, 3))
    found = measured(motion + 2.0, motion)
    assert found.velocity_error_mm_per_second == pytest.approx(0, abs=1e-9)
    assert found.vertex_error_mm == pytest.approx(2 * math.sqrt(3))


def test_frames_that_were_not_captured_count_nowhere(rng):
    theirs = rng.normal(size=(30, 4, 3))
    ours = theirs + 0.1
    valid = np.ones(30, dtype=bool)
    valid[10:15] = False
    clean = measured(ours, theirs, valid)
    theirs[10:15] = 1e6
    dirty = measured(ours, theirs, valid)
    assert astuple(dirty) == pytest.approx(astuple(clean), nan_ok=True)
    assert (clean.frames, clean.pairs) == (25, 23)


def test_a_take_without_a_valid_frame_has_no_value():
    motion = np.zeros((5, 2, 3))
    found = measured(motion, motion, np.zeros(5, dtype=bool))
    assert found.frames == found.pairs == 0
    assert math.isnan(found.vertex_error_mm) and math.isnan(found.velocity_error_mm_per_second)
    assert math.isnan(found.dynamics_mm)


def test_signed_dynamics_cancel_where_absolute_ones_do_not():
    """Twice the motion at one point and none at the other: FDD says perfect, |FDD| does not (facts:
    peers)."""
    wave = np.sin(np.linspace(0, 6, 60))
    theirs, ours = np.zeros((2, 60, 2, 3))
    theirs[:, 0, 0] = theirs[:, 1, 0] = 5 + wave
    ours[:, 0, 0], ours[:, 1, 0] = 5 + 2 * wave, 5
    found = measured(ours, theirs)
    assert found.dynamics_mm == pytest.approx(0, abs=1e-9)
    assert found.absolute_dynamics_mm == pytest.approx(wave.std())


def test_dynamics_of_a_clip_played_backwards_are_perfect_and_its_vertex_error_is_not(rng):
    motion = rng.normal(size=(40, 3, 3)).cumsum(axis=0)
    found = measured(motion[::-1], motion)
    assert found.dynamics_mm == pytest.approx(0, abs=1e-9)
    assert found.absolute_dynamics_mm == pytest.approx(0, abs=1e-9)
    assert found.vertex_error_mm > 1


def test_a_stiff_upper_face_has_negative_dynamics(rng):
    motion = rng.normal(size=(40, 3, 3)) + 9
    assert measured(np.full_like(motion, 9.0), motion).dynamics_mm < -0.3


def test_points_outside_the_region_do_not_count(rng):
    theirs = rng.normal(size=(10, 4, 3))
    ours = theirs.copy()
    ours[:, 2] += 50
    inside = np.array([True, True, False, True])
    assert measured(ours, theirs, region=inside).vertex_error_mm == 0


def one_control(name: str, value: float, frames: int = 4) -> RigCurves:
    curves = neutral_curves(frames, FPS)
    values = curves.values.copy()
    values[:, control_names().index(name)] = value
    return curves.replace(values=values)


@pytest.mark.parametrize(
    ("control", "lips", "upper"),
    [
        ("CTRL_C_jaw.ty", True, False),
        ("CTRL_L_mouth_cornerPull.ty", True, False),
        ("CTRL_L_brow_raiseOut.ty", False, True),
        ("CTRL_R_brow_down.ty", False, True),
        ("CTRL_L_eye_blink.ty", False, True),
        ("CTRL_L_eye.tx", False, False),
        ("CTRL_C_tongue_tipMove.ty", False, False),
    ],
)
def test_on_the_landmark_face_a_control_moves_the_region_it_belongs_to(control, lips, upper):
    head = landmark_head()
    moved = next(head.points(one_control(control, 0.8)))[0] - head.rest
    away = np.linalg.norm(moved, axis=1)
    assert (away[head.lips].max() > 1.5) == lips
    assert (away[head.eyes_and_forehead].max() > 1.5) == upper


def test_the_regions_have_the_points_that_the_documentation_says_and_share_none():
    head = landmark_head()
    assert (head.lips.sum(), head.eyes_and_forehead.sum()) == (68, 111)
    assert not (head.lips & head.eyes_and_forehead).any()
    assert (head.lips | head.eyes_and_forehead).all()


def test_the_points_of_the_regions_lie_where_lips_and_upper_face_are():
    head = landmark_head()
    lips, upper = head.rest[head.lips], head.rest[head.eyes_and_forehead]
    assert lips[:, 1].max() < -60 and lips[:, 1].min() > -90
    assert upper[:, 1].min() > -25
    for region in (lips, upper):
        assert region[:, 0].min() == pytest.approx(-region[:, 0].max())


def test_on_a_dna_only_the_vertices_of_the_regions_are_evaluated_and_they_are_the_heads_own(shared_data):
    path = shared_data / "dna" / "small_v28.dna"
    head, whole = measuring_head(path), DnaHead.open(path)
    lips, upper = lip_vertices(whole.dna), eye_and_forehead_vertices(whole.dna)
    assert (head.lips.sum(), head.eyes_and_forehead.sum()) == (lips.sum(), upper.sum())
    curves = one_control("CTRL_C_jaw.ty", 0.7, frames=70)
    blocks = list(head.points(curves))
    assert len(blocks) > 1
    found, expected = np.concatenate(blocks), whole.motion(curves)
    assert found[:, head.lips] == pytest.approx(expected[:, lips], abs=1e-3)
    assert found[:, head.eyes_and_forehead] == pytest.approx(expected[:, upper], abs=1e-3)
    assert "small_v28.dna" in head.name and f"{lips.sum()} and {upper.sum()} vertices" in head.name


def test_errors_on_a_dna_are_those_of_plain_loops_over_all_its_vertices(shared_data):
    path = shared_data / "dna" / "small_v28.dna"
    head, whole = measuring_head(path), DnaHead.open(path)
    ours, theirs = one_control("CTRL_L_mouth_cornerPull.ty", 0.9), one_control("CTRL_C_jaw.ty", 0.5)
    found = region_errors(
        head.points(ours), head.points(theirs), np.ones(4, dtype=bool), np.zeros(4, dtype=bool),
        regions={"lips": head.lips}, rest=head.rest, fps=FPS,
    )  # fmt: skip
    a, b = whole.motion(ours)[0], whole.motion(theirs)[0]
    chosen = np.flatnonzero(lip_vertices(whole.dna))
    expected = max(math.dist(a[v], b[v]) for v in chosen)
    assert found["lips"].vertex_error_mm == pytest.approx(expected, rel=1e-4)
    assert expected > 1
