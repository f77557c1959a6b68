"""Articulator groups, lip aperture and lip closure on made-up curves."""

import numpy as np
import pytest

from cstalk_ue.errors import CurveFormatError
from cstalk_ue.evaluate import (
    ARTICULATOR_GROUPS,
    CLOSED_APERTURE,
    ClosureCount,
    count_closures,
    group_correlations,
    group_curve,
    lip_aperture,
)
from cstalk_ue.performer import TimedPhone
from cstalk_ue.rig import control_names, find_control, neutral_curves
from cstalk_ue.take import RigCurves

TOGETHER = ARTICULATOR_GROUPS["lip closure"]


def face_of(frames: int = 1, fps: float = 30, **parts: float | np.ndarray) -> RigCurves:
    """A face at rest with some group's controls set, such as ``jaw=0.5`` or ``lip_closure=1``."""
    curves = neutral_curves(frames, fps)
    values = curves.values.copy()
    for group, value in parts.items():
        for name in ARTICULATOR_GROUPS[group.replace("_", " ")]:
            values[:, control_names().index(name)] = value
    return curves.replace(values=values)


def test_groups_name_controls_of_the_rig_that_animator_drives_and_share_none():
    names = [name for group in ARTICULATOR_GROUPS.values() for name in group]
    assert all(find_control(name).animator_driven for name in names)
    assert len(set(names)) == len(names)


def test_a_groups_curve_is_the_mean_of_its_controls():
    curves = neutral_curves(2, 30)
    values = curves.values.copy()
    values[1, [control_names().index(name) for name in TOGETHER]] = [0.2, 0.4, 0.6, 1.0]
    np.testing.assert_allclose(group_curve(curves.replace(values=values), "lip closure"), [0, 0.55])


@pytest.mark.parametrize(
    ("parts", "aperture"),
    [
        ({}, 0),
        ({"jaw": 1}, 1),
        ({"jaw": 0.4, "lip_closure": 1}, 0),
        ({"jaw": 0.4, "lip_closure": 0.75}, 0.1),
        ({"upper_lip": 0.4}, 0.1),
        ({"jaw": 0.2, "upper_lip": 0.4, "lower_lip": 0.8}, 0.5),
        ({"jaw": 0.2, "lower_lip": 0.8, "lip_closure": 0.5}, 0.2),
    ],
)
def test_lip_aperture_is_jaw_plus_a_quarter_of_the_lips_less_what_lips_together_closes(parts, aperture):
    assert lip_aperture(face_of(**parts))[0] == pytest.approx(aperture, abs=1e-6)


def test_lips_together_beyond_one_does_not_turn_the_aperture_negative():
    assert lip_aperture(face_of(jaw=0.5, lip_closure=1.2))[0] == 0


def closing_at(frame: int, frames: int = 30) -> RigCurves:
    """A mouth that is open except for one frame."""
    closed = np.zeros(frames)
    closed[frame] = 1
    return face_of(frames, jaw=0.3, lip_closure=closed)


def test_a_bilabial_counts_as_closed_in_its_frames_and_one_period_around_them_only():
    phone = TimedPhone("P", 10 / 30, 12 / 30)
    for frame, closed in ((8, 0), (9, 1), (11, 1), (13, 1), (14, 0)):
        assert count_closures(closing_at(frame), [phone]) == ClosureCount(closed, 1)


def test_the_threshold_is_one_millimetre_of_36():
    for opening, closed in ((0.9 * CLOSED_APERTURE, 1), (1.1 * CLOSED_APERTURE, 0)):
        count = count_closures(face_of(30, jaw=opening), [TimedPhone("M", 0.2, 0.3)])
        assert (count.closed, count.total) == (closed, 1)
    assert pytest.approx(1, abs=0.1) == CLOSED_APERTURE * 36


def test_only_p_b_and_m_are_counted():
    phones = [TimedPhone(name, 0.1 * k, 0.1 * k + 0.1) for k, name in enumerate(["P", "F", "B", "AA", "M"])]
    assert count_closures(face_of(30), phones) == ClosureCount(3, 3)


def test_without_bilabials_the_share_is_nan():
    count = count_closures(face_of(30), [TimedPhone("AA", 0, 0.5)])
    assert (count.closed, count.total) == (0, 0)
    assert np.isnan(count.share)
    assert ClosureCount(1, 4).share == 0.25


def test_bilabials_beyond_the_curves_are_not_counted_and_those_at_the_edges_are():
    phones = [TimedPhone("P", 0, 0.01), TimedPhone("B", 0.95, 1.0), TimedPhone("M", 3.0, 3.1)]
    assert count_closures(face_of(30), phones) == ClosureCount(2, 2)


def test_a_bilabial_shorter_than_a_frame_is_still_looked_at():
    assert count_closures(closing_at(10), [TimedPhone("B", 10.4 / 30, 10.5 / 30)]) == ClosureCount(1, 1)


def test_group_correlations_compare_common_frames_and_are_nan_where_nothing_moves():
    wave = 0.5 + 0.4 * np.sin(np.arange(60))
    scores = group_correlations(face_of(60, jaw=wave, upper_lip=wave), face_of(50, jaw=wave[:50]))
    assert set(scores) == set(ARTICULATOR_GROUPS)
    assert scores["jaw"] == pytest.approx(1)
    assert np.isnan(scores["upper lip"]) and np.isnan(scores["tongue tip"])


def test_curves_of_different_frame_rates_are_not_compared():
    with pytest.raises(CurveFormatError, match="30 fps, reference 60"):
        group_correlations(face_of(5, fps=30), face_of(5, fps=60))
