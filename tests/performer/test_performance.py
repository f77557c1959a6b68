"""A performance as a whole: which controls move and how far, frame rates, faces, cost, refusals."""

import time

import numpy as np
import pytest
from performer_lines import STILL, Line, say

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import PhoneError
from cstalk_ue.performer import (
    Identity,
    Liveliness,
    TimedPhone,
    frames_of,
    measure_prosody,
    perform,
    perform_face,
)
from cstalk_ue.performer.phones import phone_table
from cstalk_ue.rig import control_limits, control_names, controls

MOVING = 114
HELD = {"CTRL_L_nose_wrinkleUpper.ty", "CTRL_R_nose_wrinkleUpper.ty"}


def test_every_performance_has_all_185_controls_inside_their_ranges(performances):
    lowest, highest = control_limits()
    for emotion in EMOTIONS:
        for one in performances[emotion]:
            assert one.face.controls == control_names()
            assert one.face.values.shape[1] == 185
            assert (one.face.values >= lowest).all()
            assert (one.face.values <= highest).all()


def test_over_all_emotions_114_of_the_116_driven_controls_move_and_no_other(performances):
    """The two that rest at 1 are the two that MetaHuman Animator holds at 1."""
    values = np.concatenate([one.face.values for emotion in EMOTIONS for one in performances[emotion]])
    swing = dict(zip(control_names(), np.ptp(values, axis=0), strict=True))
    moving = {name for name, size in swing.items() if size > 0}
    assert len(moving) == MOVING
    assert moving | HELD == {control.name for control in controls() if control.animator_driven}
    assert min(swing[name] for name in moving) > 0.005
    held = [control_names().index(name) for name in HELD]
    assert (values[:, held] == 1).all()


def test_frames_cover_the_audio_at_any_rate():
    line = say("AA T IY")
    for fps in (24.0, 25.0, 29.97, 30.0, 59.94, 60.0, 120.0):
        one = line.act(fps=fps)
        assert one.fps == fps
        assert one.frames == frames_of(len(line.samples), fps)
        assert 0 <= one.face.duration_seconds - line.seconds < 1 / fps + 1e-6
    assert frames_of(0, 30) == frames_of(1, 30) == 1
    assert (frames_of(16000, 30), frames_of(16001, 30), frames_of(16534, 30)) == (30, 31, 32)


def test_at_another_frame_rate_the_mouth_does_the_same(real_lines):
    """Compared at common instants; contacts are made a whole frame long, so only their edges differ."""
    mouth = [c.name for c in controls() if c.region in ("jaw", "tongue")]
    for line in real_lines[:4]:
        slow = line.act(fps=30).face.select(mouth).values
        fast = line.act(fps=60).face.select(mouth).values[::2]
        frames = min(len(slow), len(fast))
        difference = np.abs(slow[:frames] - fast[:frames])
        assert np.median(difference) < 0.002
        assert difference.max() < 0.08


def test_perform_is_perform_face_with_life_added(real_lines):
    line = real_lines[0]
    frames = frames_of(len(line.samples), 30)
    weights = EmotionTrack.constant("sad").at(np.arange(frames) / 30)
    face = perform_face(line.phones, measure_prosody(line.samples, frames, 30), weights, fps=30)
    assert np.array_equal(face.values, line.act("sad").face.values)


def test_an_identity_is_one_face_with_slightly_unlike_sides():
    first, again, other = Identity.from_seed(1), Identity.from_seed(1), Identity.from_seed(2)
    assert np.array_equal(first.gain, again.gain) and first.sway == again.sway
    assert (first.gain != other.gain).any() and first.sway != other.sway
    assert np.abs(first.gain - 1).max() <= 0.05
    names = control_names()
    left, right = (names.index(f"CTRL_{side}_mouth_stretch.ty") for side in "LR")
    assert first.gain[left] + first.gain[right] == pytest.approx(2)
    assert all(0.02 <= abs(share) <= 0.06 for share in first.sway.values())


def test_another_identity_moves_alike_but_not_the_same(real_lines):
    line = real_lines[0]
    first, second = (line.act("happy", identity=Identity.from_seed(seed)).face.values for seed in (1, 2))
    assert 0.005 < np.abs(first - second).max() < 0.15


def test_what_moves_on_the_midline_leans_to_one_side_a_little(real_lines):
    face = real_lines[0].act().face
    jaw, lean = face.curve("CTRL_C_jaw.ty"), face.curve("CTRL_C_jaw.tx")
    assert 0 < np.abs(lean).max() < 0.07 * jaw.max()
    assert len(set(np.sign(lean[np.abs(lean) > 1e-4]))) == 1


def test_every_phone_of_the_inventory_can_be_performed():
    line = say(" ".join(phone_table()))
    assert np.isfinite(line.act("happy").face.values).all()


def test_a_line_without_phones_or_almost_without_audio_is_performed():
    for samples in (0, 1, 100, 2047, 2048, 16000):
        line = Line((), np.full(samples, 0.1, dtype=np.float32))
        assert line.act("happy", life=Liveliness()).frames == frames_of(samples, 30)


def test_phones_of_another_file_are_refused_and_a_late_end_is_not():
    samples = np.zeros(16000, dtype=np.float32)
    late = (TimedPhone("AA", 0, 1.4), TimedPhone("SIL", 1.4, 9))
    assert perform(late, samples, EmotionTrack.constant("neutral"), life=STILL).frames == 30
    with pytest.raises(PhoneError, match=r"end at 1\.60 s, the audio at 1\.00 s"):
        perform((TimedPhone("AA", 0, 1.6),), samples, EmotionTrack.constant("neutral"))


def test_louder_recordings_of_the_same_line_are_performed_alike(real_lines):
    line = real_lines[5]
    softer = Line(line.phones, line.samples * np.float32(0.25))
    assert np.abs(line.act("angry").face.values - softer.act("angry").face.values).max() < 0.01


def test_five_minutes_are_performed_in_a_small_part_of_five_minutes(long_line):
    """2 to 6 s on two busy cores; a tenth of real time leaves room for slower ones."""
    start = time.process_time()
    one = long_line.act("0=neutral 100=angry 200=happy", life=Liveliness())
    assert time.process_time() - start < long_line.seconds / 10
    assert one.frames == frames_of(len(long_line.samples), 30)
    assert one.face.values[-600:-300].std(axis=0).max() > 0.05
