"""What the editor dumps, `ingest` reads: the same numbers on the same frames."""

import array
import json

import numpy as np
import pytest
from cstalk_dump import dump_of, on_frames
from cstalk_names import file_name
from cstalk_result import write_json
from cstalk_thin import frame_times

from cstalk_ue.rig import HEAD_CURVES
from cstalk_ue.rig_maps import raw_curve_names
from ingest import read_animator_json


@pytest.mark.parametrize(("frames", "fps"), [(1, 30), (2, 30), (300, 30), (299, 60000 / 1001), (77, 24)])
def test_a_dump_is_read_back_bit_for_bit(tmp_path, rng, frames, fps):
    names = (*raw_curve_names(), *HEAD_CURVES)
    curves = {
        name.lower() if column % 2 else name: array.array("f", rng.normal(0, 1, frames).astype("f4"))
        for column, name in enumerate(names)
    }
    curves[names[0]] = array.array("f", [0.25] * frames)
    write_json(
        str(tmp_path / "take.json"), dump_of(curves, frames, fps, {"asset": "/Game/Ä", "audio": "take.wav"})
    )
    read = read_animator_json(tmp_path / "take.json")
    assert read.raw.frames == frames
    assert read.raw.fps == pytest.approx(fps, rel=1e-12)
    assert read.metadata["audio"] == "take.wav"
    folded = {name.lower(): values for name, values in curves.items()}
    for name in names:
        part = read.head if name in HEAD_CURVES else read.raw
        assert part.curve(name).astype("f4").tolist() == pytest.approx(
            folded[name.lower()].tolist(), rel=1e-6
        )
    assert read.keyed == raw_curve_names()


def test_a_curve_without_keys_stays_without(tmp_path):
    data = dump_of({"CTRL_expressions_jawOpen": [0, 1], "CTRL_expressions_jawLeft": []}, 2, 30, {})
    assert data["curves"]["CTRL_expressions_jawLeft"] == {"t": [], "v": []}
    write_json(str(tmp_path / "a.json"), data)
    assert read_animator_json(tmp_path / "a.json").keyed == ("CTRL_expressions_jawOpen",)


def test_a_constant_curve_is_two_keys():
    data = dump_of({"a": [0.5] * 100}, 100, 25, {})
    assert data["curves"]["a"] == {"t": [0, 99 / 25], "v": [0.5, 0.5]}
    assert json.loads(json.dumps(data)) == data


def test_keys_on_frames_are_told_from_others():
    assert on_frames(frame_times(100, 30), 100, 30)
    assert on_frames(frame_times(20000, 30), 20000, 30)
    assert not on_frames(frame_times(99, 30), 100, 30)
    assert not on_frames(array.array("f", np.arange(100) / 30 + 0.005), 100, 30)


def test_file_names_are_plain_and_differ():
    taken: set[str] = set()
    assert [file_name(name, taken) for name in ("Take 1", "take_1", "怒り", "a/../b", "")] == [
        "Take_1",
        "take_1_2",
        "take",
        "a_b",
        "take_2",
    ]
