"""Each flag is raised by what it names, and by nothing that is fine."""

import numpy as np
import pytest
from review_lines import REAL, one_control, waving, write_quick_line, write_real_line
from tiny_checkpoint import babble, write_wav

from cstalk_ue.performer import TimedPhone
from cstalk_ue.review.flags import FLAGS, flag_curves, flag_phones, flag_sound
from cstalk_ue.review.lines import find_lines
from cstalk_ue.review.prepare import prepare_line
from cstalk_ue.rig import neutral_curves

JAW, TOGETHER = "CTRL_C_jaw.ty", "CTRL_L_mouth_lipsTogetherU.ty"
TIMES = np.arange(90) / 30


def words(flags):
    return [flag.word for flag in flags]


def moving(values, name=JAW):
    return one_control(name, np.asarray(values, dtype=float)).face


def speech(face):
    """Speech as long as the curves."""
    return babble(face.duration_seconds, seed=1)


@pytest.mark.parametrize("name", REAL)
def test_real_lines_have_none_but_lips(tmp_path, name):
    write_real_line(tmp_path, name, "happy")
    flags = prepare_line(find_lines([tmp_path])[0]).flags
    assert set(words(flags)) <= {"open lips"}


def test_a_face_at_rest_is_still():
    assert words(flag_curves(neutral_curves(90, 30.0))) == ["still"]
    assert words(flag_curves(moving(0.2 * np.sin(TIMES) ** 2))) == []


def test_a_control_at_its_end_is_pinned():
    held = np.where((TIMES >= 1) & (TIMES < 2.1), 1.0, 0.2)
    (flag,) = flag_curves(moving(held, "CTRL_L_brow_down.ty"))
    assert (flag.word, flag.detail) == ("pinned", "CTRL_L_brow_down.ty for 1.1 s")
    assert flag_curves(moving(np.where((TIMES >= 1) & (TIMES < 1.9), 1.0, 0.2))) == []
    assert "pinned" not in words(flag_curves(moving(np.where(TIMES < 1.5, 0.0, 0.2)))), "rest is no limit"


def test_jumping_back_and_forth_is_jitter():
    noisy = 0.4 + 0.04 * (-1.0) ** np.arange(90)
    assert words(flag_curves(moving(noisy, TOGETHER))) == ["jitter"]
    assert words(flag_curves(moving(0.4 + 0.3 * (noisy - 0.4), TOGETHER))) == [], "too small to be seen"
    assert words(flag_curves(moving(noisy, "CTRL_L_eye_blink.ty"))) == [], "lids are fast"
    assert words(flag_curves(moving(0.5 + 0.4 * np.sin(TIMES * 25), TOGETHER))) == [], "fast but smooth"


def test_lengths_may_differ_by_two_frames():
    face = moving(0.3 * np.sin(TIMES * 6) ** 2)
    whole = speech(face)
    assert words(flag_sound(face, whole)) == []
    assert words(flag_sound(face, whole[: -round(16000 * 1.9 / 30)])) == []
    (flag,) = flag_sound(face, whole[: -round(16000 * 3 / 30)])
    assert (flag.word, flag.detail) == ("length", "curves are 0.10 s longer than the sound")
    assert words(flag_sound(face, np.concatenate((whole, whole[:8000])))) == ["length"]


def test_a_jaw_that_stays_shut_in_speech():
    face = moving(0.3 * np.sin(TIMES * 6) ** 2, TOGETHER)
    assert words(flag_sound(face, speech(face))) == ["jaw shut"]
    assert words(flag_sound(face, 0 * speech(face))) == [], "silence needs no jaw"


def test_a_mouth_that_moves_in_silence():
    silence = np.where((TIMES > 0.8) & (TIMES < 2.4), 0.0, 1.0)
    still = 0.3 * np.sin(TIMES * 6) ** 2 * silence
    face = moving(still)
    sound = speech(face) * np.repeat(silence, 16000 // 30 + 1)[: len(speech(face))]
    assert words(flag_sound(face, sound)) == []
    chattering = moving(still + np.where((TIMES > 1.3) & (TIMES < 1.9), 0.3 * np.sin(TIMES * 9) ** 2, 0))
    (flag,) = flag_sound(chattering, sound)
    assert flag.word == "chatter" and flag.detail.startswith("at 1.")


def test_lips_that_stay_open_on_p_b_m():
    phones = [TimedPhone("P", 0.5, 0.6), TimedPhone("AA", 0.6, 1.0), TimedPhone("M", 2.0, 2.1)]
    (flag,) = flag_phones(moving(np.full(90, 0.4)), phones)
    assert (flag.word, flag.detail) == ("open lips", "2 of 2")
    closing = moving(np.where(TIMES < 1.5, 0.0, 0.4))
    assert flag_phones(closing, phones)[0].detail == "1 of 2"
    assert flag_phones(moving(np.zeros(90)), phones) == []
    assert flag_phones(moving(np.full(90, 0.4)), phones[1:2]) == []


def test_files_are_flagged_too(tmp_path):
    write_quick_line(tmp_path, "silent", sound=False)
    write_quick_line(tmp_path, "other", seed=1)
    write_wav(tmp_path / "other.wav", seed=2)
    write_quick_line(tmp_path, "phones")
    (tmp_path / "phones.phones.csv").write_text("start,end,phone\n0,1,QQQ\n")
    write_quick_line(tmp_path, "damaged")
    (tmp_path / "damaged.wav").write_bytes(b"RIFF")
    write_quick_line(tmp_path, "quiet")
    write_wav(tmp_path / "quiet.wav", 0.1)
    (tmp_path / "bad.curves.npz").write_bytes(b"")
    found = {line.name: words(prepare_line(line).flags) for line in find_lines([tmp_path])}
    assert found["silent"][0] == "no sound" and found["bad"] == ["unreadable"]
    assert "other sound" in found["other"] and "phones" in found["phones"]
    assert "recording" in found["damaged"] and "length" in found["quiet"] and "recording" in found["quiet"]
    assert all(word in FLAGS for each in found.values() for word in each)


def test_the_gravest_comes_first(tmp_path):
    write_quick_line(tmp_path, "a")
    write_wav(tmp_path / "a.wav", 0.1)
    flags = words(prepare_line(find_lines([tmp_path])[0]).flags)
    assert flags == sorted(flags, key=list(FLAGS).index) and flags[0] == "other sound"


def test_a_file_that_went_away_is_unreadable(tmp_path):
    write_quick_line(tmp_path, "a")
    (line,) = find_lines([tmp_path])
    line.curves.unlink()
    prepared = prepare_line(line)
    assert words(prepared.flags) == ["unreadable"] and prepared.line.problem and prepared.payload is None


def test_waves_as_such_raise_nothing_about_curves():
    assert words(flag_curves(waving(90).face)) == []
