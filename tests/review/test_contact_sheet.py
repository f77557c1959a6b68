"""Contact sheets: which moments they show, and what is in the picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cstalk_ue import face_measures
from cstalk_ue.audio import load_audio
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import ExportError, UsageError
from cstalk_ue.face import load_face
from cstalk_ue.performer import perform, read_phones
from cstalk_ue.performer.phones import TimedPhone
from cstalk_ue.review.contact_sheet import draw_contact_sheet, draw_emotion_sheet
from cstalk_ue.review.loaded_line import LoadedLine, loaded
from cstalk_ue.review.moments import find_moments
from cstalk_ue.rig import HEAD_CURVES, control_defaults, control_names
from cstalk_ue.take import FacePerformance, RigCurves


def line(name: str = "a line", emotion: str = "angry:0.8", *, sound: bool = True) -> LoadedLine:
    """Three seconds: jaw open at 1 s, rounded at 2 s, lips closed in the first b, open in the other."""
    values = np.tile(control_defaults(), (90, 1))

    def put(control: str, frames: slice, value: float) -> None:
        sides = ("",) if control.startswith("C_") else ("L_", "R_")
        for side in sides:
            values[frames, control_names().index(f"CTRL_{side}{control}.ty")] = value

    put("C_jaw", slice(28, 33), 0.7)
    put("mouth_purseU", slice(58, 62), 1.0)
    put("mouth_purseD", slice(58, 62), 1.0)
    put("C_jaw", slice(70, 90), 0.3)
    head = RigCurves(np.zeros((90, len(HEAD_CURVES))), HEAD_CURVES, 30)
    samples = np.sin(np.arange(48000) / 8).astype(np.float32) * 0.3 if sound else None
    return loaded(
        name,
        FacePerformance(RigCurves(values, control_names(), 30), head),
        samples=samples,
        emotion=EmotionTrack.parse(emotion),
        phones=(TimedPhone("B", 0.3, 0.5), TimedPhone("AA", 0.9, 1.2), TimedPhone("B", 2.6, 2.8)),
    )


def test_the_telling_moments_are_found():
    moments = find_moments(line(), 8)
    assert [m.seconds for m in moments] == sorted(m.seconds for m in moments)
    when = {moment.what: moment.seconds for moment in moments}
    assert 28 / 30 <= when["jaw open"] <= 33 / 30
    assert 57 / 30 <= when["rounded"] <= 62 / 30
    assert when["lips closed"] == pytest.approx(0.4, abs=0.05)
    assert 2.55 <= when["lips do not close"] <= 2.85


@pytest.mark.parametrize("count", [1, 2, 7, 30])
def test_there_are_as_many_moments_as_asked_for_all_different_and_inside(count):
    moments = find_moments(line(), count)
    times = [moment.seconds for moment in moments]
    assert len(set(times)) == count
    assert min(times) >= 0
    assert max(times) <= 3


def test_a_still_face_is_shown_at_even_times():
    still = loaded(
        "still",
        FacePerformance(
            RigCurves(np.tile(control_defaults(), (90, 1)), control_names(), 30),
            RigCurves(np.zeros((90, len(HEAD_CURVES))), HEAD_CURVES, 30),
        ),
    )
    times = [moment.seconds for moment in find_moments(still, 3)]
    assert times == pytest.approx([0.75, 1.5, 2.25])


def test_closed_lips_of_a_real_line_are_among_its_moments():
    samples = Path(__file__).parents[2] / "samples"
    phones = read_phones(samples / "promise_angry.phones.csv")
    performance = perform(
        phones, load_audio(samples / "promise_angry.wav").samples, EmotionTrack.parse("angry:0.9")
    )
    real = loaded("promise", performance, phones=phones)
    closed = [moment for moment in find_moments(real, 12) if moment.what == "lips closed"]
    assert len(closed) >= 4
    frames = real.frames_at(np.array([moment.seconds for moment in closed]))
    gaps = face_measures.lip_gap(load_face().evaluate(real.values[frames]))
    assert gaps.max() <= face_measures.LIPS_CLOSED_MM


def test_a_sheet_has_a_face_in_every_cell(tmp_path):
    draw_contact_sheet(tmp_path / "sheet.png", line("a$b_{ ü \x07"), count=5, columns=3)
    picture = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGB")).astype(int)
    assert picture.shape == (2 * 20 + 40 + 92 + 2 * (260 + 40 + 8), 2 * 20 + 3 * 212 + 2 * 8, 3)
    skin = (picture[..., 0] > picture[..., 2] + 30) & (picture[..., 0] > 110)
    for row, column in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]:
        top, left = 152 + row * 308, 20 + column * 220
        assert skin[top : top + 260, left : left + 212].mean() > 0.25
    assert skin[152 + 308 : 152 + 308 + 260, 20 + 440 :].mean() == 0


def test_a_sheet_of_emotions_has_a_row_each_at_the_same_moments(tmp_path):
    lines = [line("a", "neutral"), line("b", "happy"), line("c", "0=sad 1=angry", sound=False)]
    moments = draw_emotion_sheet(tmp_path / "sheet.png", lines, columns=3, dark=True)
    assert [m.seconds for m in moments] == [m.seconds for m in find_moments(lines[0], 3)]
    picture = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGB")).astype(int)
    rows = [picture[172 + row * 294 :][:260, 20:-20] for row in range(3)]
    assert (rows[0] == rows[1]).all() and (rows[0] == rows[2]).all()
    assert rows[0].std() > 30


def test_the_same_line_gives_the_same_file(tmp_path):
    for name in ("a.png", "b.png"):
        draw_contact_sheet(tmp_path / name, line(), count=2, columns=2)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_what_cannot_be_drawn_or_written_is_refused(tmp_path):
    with pytest.raises(UsageError, match="moments"):
        draw_contact_sheet(tmp_path / "x.png", line(), count=0)
    with pytest.raises(UsageError, match="no lines"):
        draw_emotion_sheet(tmp_path / "x.png", [])
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ExportError, match="cannot be written"):
        draw_contact_sheet(tmp_path / "file" / "x.png", line(sound=False), count=1, columns=1)
