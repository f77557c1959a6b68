"""A mirrored face: every control's partner is the one that moves the mirrored raw curves."""

import re

import numpy as np
import pytest
from faces import random_gui

from cstalk_ue.arkit_maps import arkit_names, arkit_to_gui, live_link_face_to_head
from cstalk_ue.errors import RigError
from cstalk_ue.rig import HEAD_CURVES, control_names, rig_table
from cstalk_ue.rig_maps import gui_to_raw, raw_curve_names
from cstalk_ue.take import FacePerformance, RigCurves
from ingest.live_link_csv import read_live_link_rows
from ingest.swap_sides import SIDEWAYS, partner_of, swap_face, swap_head, swap_sides

UNEVEN_POSES = {
    "CTRL_C_tongue_move.tx": 0.14,
    "CTRL_L_mouth_dimple.ty": 3.1e-3,
    "CTRL_R_mouth_dimple.ty": 3.1e-3,
}
"""What Unreal's own poses do to one side only: TongueOut moves the tongue 0.07 to the right, and
MouthSmileRight has 0.003 of a dimple that MouthSmileLeft has not."""


def mirrored_raw(name: str) -> str:
    """A raw curve's partner, by its name alone: Left and Right, a last L or R, or a sticky phase's."""
    exchanged = re.sub("Left|Right", lambda side: {"Left": "Right", "Right": "Left"}[side[0]], name)
    match = re.fullmatch(r"(.*)([LR])((?:Ph\d)?)", exchanged)
    if match:
        partner = match[1] + {"L": "R", "R": "L"}[match[2]] + match[3]
        if partner in raw_curve_names():
            return partner
    return exchanged


def test_gui_to_raw_of_a_swapped_face_is_the_swapped_raw_face(rng):
    """An independent reference: raw curves have a partner by name and never change sign."""
    face = random_gui(rng, 50)
    raw, swapped = gui_to_raw(face), gui_to_raw(swap_face(face))
    partners = [raw_curve_names().index(mirrored_raw(name)) for name in raw_curve_names()]
    assert sorted(partners) == list(range(len(partners)))
    # Written out to more than one raw curve, a control may round the last bit otherwise.
    np.testing.assert_allclose(swapped.values, raw.values[:, partners], atol=2e-7)


def test_twice_is_the_same_to_the_bit(rng):
    face = random_gui(rng, 20)
    head = RigCurves(rng.normal(size=(20, 9)).astype(np.float32), HEAD_CURVES, 30)
    performance = FacePerformance(face, head)
    again = swap_sides(swap_sides(performance))
    np.testing.assert_array_equal(again.face.values, face.values)
    np.testing.assert_array_equal(again.head.values, head.values)


def arkit_partner(name: str) -> str:
    return re.sub("Left|Right", lambda side: {"Left": "Right", "Right": "Left"}[side[0]], name)


def swapped_arkit(curves: RigCurves) -> RigCurves:
    partners = curves.select(arkit_partner(name) for name in curves.controls)
    return partners.replace(values=partners.values, controls=curves.controls)


def assert_swap_and_map_commute(shapes: RigCurves) -> None:
    one, other = arkit_to_gui(swapped_arkit(shapes)), swap_face(arkit_to_gui(shapes))
    off = np.abs(one.values - other.values).max(axis=0)
    for name, largest in zip(control_names(), off, strict=True):
        assert largest <= UNEVEN_POSES.get(name, 1e-6), name


def test_swapping_shapes_then_mapping_is_mapping_then_swapping(rng):
    assert_swap_and_map_commute(RigCurves(rng.uniform(0, 1, (200, 52)), arkit_names(), 30))


def test_so_it_is_on_real_takes(shared_data):
    captures = sorted(shared_data.glob("live_link_face/*/*.csv"))
    assert captures
    for path in captures:
        rows = read_live_link_rows(path.read_bytes(), path.name)
        assert_swap_and_map_commute(RigCurves(rows.values[::7, :52], rows.columns[:52], 30))


def test_a_mirrored_head_turns_and_tilts_the_other_way_and_nods_the_same():
    """Of the phone's angles a mirror reverses yaw and roll and keeps pitch."""
    angles = np.array([[0.2, 0.1, -0.3]])
    mirrored = live_link_face_to_head(angles * (-1, 1, -1), fps=30)
    np.testing.assert_array_equal(swap_head(live_link_face_to_head(angles, fps=30)).values, mirrored.values)


def test_every_control_has_its_partner_and_the_middle_is_its_own():
    for name in control_names():
        assert partner_of(partner_of(name)) == name
        assert partner_of(name) in control_names()
    assert partner_of("CTRL_C_jaw.tx") == "CTRL_C_jaw.tx"


def test_the_sideways_controls_are_those_between_a_left_and_a_right_curve():
    """All but CTRL_C_eye.tx, which is on the face board only and so in no table."""
    halves: dict[str, set[str]] = {}
    for row in rig_table("gui_to_raw.csv"):
        sides = re.findall("Left|Right", row["raw_name"])
        halves.setdefault(row["gui_name"], set()).update(sides)
    between = {name for name, sides in halves.items() if sides == {"Left", "Right"}}
    assert between == set(SIDEWAYS) - {"CTRL_C_eye.tx"}


def test_one_side_alone_cannot_be_swapped():
    with pytest.raises(RigError, match=r"CTRL_L_brow_down\.ty is there without"):
        swap_face(RigCurves([[0.5]], ("CTRL_L_brow_down.ty",), 30))
    with pytest.raises(RigError, match="not a control"):
        swap_face(RigCurves([[0.5]], ("JawLeft",), 30))
