"""Exchanged sides on real captures: found where there is evidence, never suspected without."""

import csv

import numpy as np
import pytest
from checked_sets import clean_takes

from cstalk_ue.arkit_maps import arkit_names, arkit_to_gui
from cstalk_ue.rig import control_names, neutral_curves
from cstalk_ue.rig_maps import raw_to_gui
from cstalk_ue.take import RigCurves
from ingest.animator_json import read_animator_json
from ingest.mirrored import check_gaze, compare_sides, find_turned_takes
from ingest.swap_sides import swap_face

FILES = (
    "alexdjulin/alex_rom_3.csv",
    "jmtechart/MySlate_3_Jason_Millers_iPhone.csv",
    "neurosync_player/angry_MySlate_164_iPhone_cal.csv",
    "neurosync_player/neutral_Neutral.csv",
    "neurosync_player/sad_MySlate_167_iPhone_cal.csv",
)


def columns_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    names = [name.casefold() for name in rows[0][2:]]
    values = np.array([[float(cell) for cell in row[2:]] for row in rows[1:] if len(row) == len(rows[0])])
    return dict(zip(names, values.T, strict=True))


def exchanged(columns, *, angles):
    """The columns with Left and Right exchanged in their names, of shapes only or of angles too."""

    def other(name):
        if "yaw" in name or "pitch" in name or "roll" in name:
            return name.translate(str.maketrans("", "")) if not angles else swapped(name)
        return swapped(name)

    def swapped(name):
        return name.replace("left", "*").replace("right", "left").replace("*", "right")

    return {other(name): values for name, values in columns.items()}


def face_of(path):
    columns = columns_of(path)
    # 30 fps or near 60: what matters here is the shape of the motion, not its clock.
    step = 1 if "rom" in path.name else 2
    values = np.stack([columns[name.casefold()] for name in arkit_names()], axis=1)[::step]
    return arkit_to_gui(RigCurves(values, arkit_names(), 30.0))


@pytest.mark.parametrize("name", FILES)
def test_gaze_of_real_files_agrees_and_contradicts_when_names_are_exchanged(shared_data, name):
    columns = columns_of(shared_data / "live_link_face" / name)
    genuine = check_gaze(columns)
    assert not genuine.mirrored
    assert genuine.score > 0.8
    assert check_gaze(exchanged(columns, angles=False)).mirrored
    # Angles that change their names but not their signs contradict as well.
    assert check_gaze(exchanged(columns, angles=True)).mirrored


def test_a_true_mirror_cannot_be_told_from_the_gaze(shared_data):
    """Names exchanged and signs turned is what another face would have looked like."""
    columns = exchanged(columns_of(shared_data / "live_link_face" / FILES[0]), angles=True)
    turned = {name: -values if name.endswith("eyeyaw") else values for name, values in columns.items()}
    assert not check_gaze(turned).mirrored


def test_a_gaze_that_does_not_move_is_no_evidence():
    still = {name: np.zeros(50) for name in ("eyelookinleft", "eyelookoutleft", "lefteyeyaw")}
    assert check_gaze(still).score is None
    assert check_gaze({}).score is None
    assert not check_gaze({}).mirrored


def means_of(face, frames):
    pieces = [face.values[start : start + frames] for start in range(0, face.frames - frames + 1, frames)]
    return [RigCurves(piece, control_names(), 30.0) for piece in pieces]


@pytest.mark.parametrize("seconds", [4, 6])
def test_pieces_of_real_captures_are_not_suspected_and_most_turned_ones_are(shared_data, seconds):
    found = {}
    for name in FILES:
        pieces = means_of(face_of(shared_data / "live_link_face" / name), seconds * 30)
        means = [piece.values.mean(axis=0) for piece in pieces]
        assert find_turned_takes(means) == []
        hits = 0
        for index, piece in enumerate(pieces):
            turned = list(means)
            turned[index] = swap_face(piece).values.mean(axis=0)
            suspects = [take.index for take in find_turned_takes(turned)]
            assert set(suspects) <= {index}
            hits += suspects == [index]
        found[name] = hits, len(pieces)
    hits, pieces = found[FILES[0]]
    assert hits == pieces >= 20
    hits, pieces = found[FILES[4]]
    assert hits >= 0.8 * pieces >= 4
    assert found[FILES[1]][0] == 0  # one piece: nothing to compare with


def test_several_turned_takes_are_found_as_long_as_they_are_fewer(shared_data):
    pieces = means_of(face_of(shared_data / "live_link_face" / FILES[0]), 120)
    turned = [
        (swap_face(piece) if index % 4 == 0 else piece).values.mean(axis=0)
        for index, piece in enumerate(pieces)
    ]
    assert {take.index for take in find_turned_takes(turned)} == set(range(0, len(pieces), 4))


def test_symmetric_faces_and_few_takes_are_no_evidence():
    still = [neutral_curves(10, 30.0).values.mean(axis=0)] * 10
    assert find_turned_takes(still) == []
    lopsided = [take.face.values.mean(axis=0) for take in clean_takes()[:4]]
    assert find_turned_takes(lopsided) == []


def test_two_solves_of_one_take_are_compared(shared_data, rng):
    """A second solve, weaker and noisy, agrees; exchanged it contradicts; another person's says nothing."""
    path = shared_data / "metahuman_animator" / "arkittest_mha_curves.json"
    solve = raw_to_gui(read_animator_json(path, fps=30.0).raw)
    noise = rng.normal(0, 0.03, solve.values.shape)
    second = solve.replace(values=np.clip(solve.values * 0.7 + noise, -1, 1))
    assert compare_sides(solve, second) > 0.8
    assert compare_sides(solve, swap_face(second)) < -0.8
    for name in FILES:
        assert abs(compare_sides(solve, face_of(shared_data / "live_link_face" / name))) < 0.3
    assert compare_sides(solve, neutral_curves(100, 30.0)) is None
