"""`cstalk-ue review --video --contact-sheet`."""

from pathlib import Path

import av
import numpy as np
import pytest

from cstalk_ue.cli import run
from cstalk_ue.export import write_curves_npz
from cstalk_ue.rig import HEAD_CURVES, control_defaults, control_names
from cstalk_ue.take import FacePerformance, RigCurves


@pytest.fixture
def curves(tmp_path) -> Path:
    """Two short lines without sound, one of them in a folder."""
    face = RigCurves(np.tile(control_defaults(), (3, 1)), control_names(), 30)
    head = RigCurves(np.zeros((3, len(HEAD_CURVES))), HEAD_CURVES, 30)
    folder = tmp_path / "curves"
    for name in ("a", "sub/b"):
        write_curves_npz(folder / f"{name}.curves.npz", FacePerformance(face, head), provenance={})
    return folder


def test_a_video_and_sheets_are_made_and_no_page(curves, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["review", "curves", "--video", "all.mp4", "--contact-sheet", "sheets"]) == 0
    with av.open("all.mp4") as file:
        assert file.streams.video[0].frames == 2 * (30 + 3)
    assert Path("sheets/a.png").is_file() and Path("sheets/sub/b.png").is_file()
    assert not Path("review.html").exists()
    out = capsys.readouterr()
    assert "all.mp4: 1 video, 2.2 s." in out.out
    assert "no sound was found" in out.err


def test_a_folder_gets_one_video_each_and_a_broken_line_is_named(curves, tmp_path, capsys):
    (curves / "bad.curves.npz").write_bytes(b"nothing")
    assert run(["review", str(curves), "--video", str(tmp_path / "out")]) == 1
    assert (tmp_path / "out" / "a.mp4").is_file() and (tmp_path / "out" / "sub" / "b.mp4").is_file()
    assert "bad" in capsys.readouterr().err


def test_one_picture_cannot_hold_two_sheets(curves, tmp_path):
    assert run(["review", str(curves), "--contact-sheet", str(tmp_path / "one.png")]) == 2
