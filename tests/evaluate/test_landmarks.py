"""Lips closed on the landmark face, in millimetres."""

from pathlib import Path

import numpy as np
import pytest

from cstalk_ue.audio import load_audio
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.evaluate import count_closures, count_closures_mm
from cstalk_ue.performer import TimedPhone, perform, read_phones
from cstalk_ue.rig import control_names, neutral_curves
from cstalk_ue.take import RigCurves

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "samples").glob("*.wav"))
JAW = control_names().index("CTRL_C_jaw.ty")
TOGETHER = [i for i, name in enumerate(control_names()) if "mouth_lipsTogether" in name]


@pytest.fixture
def open_mouth() -> RigCurves:
    curves = neutral_curves(30, fps=30)
    values = curves.values.copy()
    values[:, JAW] = 0.4
    return curves.replace(values=values)


def closed_at(curves: RigCurves, frame: int, together: float) -> RigCurves:
    values = curves.values.copy()
    values[frame, TOGETHER] = together
    return curves.replace(values=values)


@pytest.mark.parametrize(("together", "closed"), [(1.0, 1), (0.97, 1), (0.8, 0), (0.0, 0)])
def test_a_closure_counts_when_the_gap_falls_under_a_millimetre(open_mouth, together, closed):
    phones = [TimedPhone("P", 0.3, 0.4), TimedPhone("AA", 0.4, 0.6)]
    count = count_closures_mm(closed_at(open_mouth, 10, together), phones)
    assert (count.closed, count.total) == (closed, 1)


@pytest.mark.parametrize(("frame", "closed"), [(7, 0), (8, 1), (9, 1), (13, 1), (14, 0)])
def test_one_frame_period_either_side_is_allowed(open_mouth, frame, closed):
    count = count_closures_mm(closed_at(open_mouth, frame, 1.0), [TimedPhone("M", 0.3, 0.4)])
    assert count.closed == closed


@pytest.mark.parametrize("wav", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("emotion", ["neutral", "surprised"])
def test_the_performers_lips_close_on_the_face_too(wav, emotion):
    phones = read_phones(wav.with_name(f"{wav.stem}.phones.csv"))
    curves = perform(phones, load_audio(wav).samples, EmotionTrack.parse(emotion)).face
    seen = count_closures_mm(curves, phones)
    assert seen.total == count_closures(curves, phones).total > 0
    assert seen.closed == seen.total


def test_nothing_to_close_is_no_failure(open_mouth):
    assert np.isnan(count_closures_mm(open_mouth, [TimedPhone("AA", 0.0, 0.5)]).share)
