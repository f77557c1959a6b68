"""Lips, and eyes with forehead, are found by the names of the joints that carry a vertex."""

import dataclasses

import numpy as np
import pytest
from made_dna import JOINTS
from reference_files import each_file

from cstalk_ue.dna import EYE_AND_FOREHEAD, LIPS, eye_and_forehead_vertices, lip_vertices, region_vertices
from cstalk_ue.errors import DnaError

LIP_JOINTS = (
    "FACIAL_L_LipUpper1", "FACIAL_R_12IPV_LipUpper24", "FACIAL_C_LipLowerSkin", "FACIAL_L_LipCorner3",
    "FACIAL_C_LowerLipRotation", "FACIAL_C_MouthUpper", "FACIAL_R_LipLowerOuter2",
)  # fmt: skip
UPPER_JOINTS = (
    "FACIAL_C_Forehead2", "FACIAL_L_12IPV_ForeheadIn14", "FACIAL_R_ForeheadMidSkin", "FACIAL_L_EyelidUpperA1",
    "FACIAL_R_EyelidUpperFurrow2", "FACIAL_L_EyesackLower1", "FACIAL_R_EyeCornerOuter",
    "FACIAL_L_EyelashesUpperA3",
)  # fmt: skip
OTHER_JOINTS = (
    "FACIAL_C_Jaw", "FACIAL_L_12IPV_MouthInteriorUpper1", "FACIAL_L_CheekInner2", "FACIAL_C_NoseUpper",
    "FACIAL_L_NasolabialBulge1", "FACIAL_C_Skull", "FACIAL_L_12IPV_Temple1", "FACIAL_C_TeethUpper", "head",
    "FACIAL_C_FacialRoot", "FACIAL_L_HairA1", "FACIAL_C_Tongue2", "neck_01",
)  # fmt: skip


def test_joints_of_a_metahuman_belong_to_their_regions():
    for names, lips, upper in ((LIP_JOINTS, 1, 0), (UPPER_JOINTS, 0, 1), (OTHER_JOINTS, 0, 0)):
        for name in names:
            assert (LIPS.has_joint(name), EYE_AND_FOREHEAD.has_joint(name)) == (lips, upper), name


def test_of_the_870_joints_those_of_their_regions_are_found(shared_data):
    """179 lip joints and the two that carry them; 139 of the forehead, 104 of the eyes less the pupils."""
    listed = shared_data.parent / "facts" / "rig" / "joint_names_870.csv"
    if not listed.is_file():
        pytest.skip("no list of the 870 joints beside this checkout")
    rows = [line.split(",")[1:3] for line in listed.read_text(encoding="utf-8").splitlines()[1:]]
    lips = {name for name, _ in rows if LIPS.has_joint(name)}
    upper = {name for name, _ in rows if EYE_AND_FOREHEAD.has_joint(name)}
    assert lips == {name for name, region in rows if region == "lip"} | {
        "FACIAL_C_MouthUpper", "FACIAL_C_MouthLower"
    }  # fmt: skip
    assert upper == {name for name, region in rows if region in ("eye", "forehead")} - {
        "FACIAL_L_Pupil", "FACIAL_R_Pupil"
    }  # fmt: skip
    assert (len(lips), len(upper)) == (181, 241)


def test_regions_of_the_made_head_are_where_they_belong(made):
    positions = made.meshes["head_lod0_mesh"].positions
    lips, upper = lip_vertices(made), eye_and_forehead_vertices(made)
    assert lips.dtype == bool and lips.shape == upper.shape == (len(positions),)
    assert not (lips & upper).any()
    assert lips.sum() >= 5 and positions[lips, 1].max() < 149 and positions[lips, 2].min() > 5
    assert upper.sum() >= 20 and positions[upper, 1].min() > 148 and positions[upper, 2].min() > -5


def test_a_vertex_belongs_when_its_joints_add_up_to_the_threshold(made):
    """By plain loops, at several thresholds."""
    mesh = made.meshes["head_lod0_mesh"]
    share = np.zeros(len(mesh.positions))
    for vertex in range(len(share)):
        for at in range(mesh.skin_starts[vertex], mesh.skin_starts[vertex + 1]):
            if "Lip" in tuple(JOINTS)[mesh.skin_joints[at]]:
                share[vertex] += mesh.skin_weights[at]
    counts = []
    for threshold in (0.1, 0.3, 0.5, 0.8):
        found = lip_vertices(made, region=dataclasses.replace(LIPS, threshold=threshold))
        np.testing.assert_array_equal(found, share >= threshold - 1e-6)
        counts.append(int(found.sum()))
    assert counts == sorted(counts, reverse=True) and counts[0] > counts[-1]


@each_file
def test_joints_of_the_reference_files_give_regions(reference):
    """Their weights are random over all joints, so a region is what its joints carry for a good part."""
    for region in (LIPS, EYE_AND_FOREHEAD):
        found = region_vertices(reference.dna, dataclasses.replace(region, threshold=0.3))
        assert 0 < found.sum() < 400


def test_an_empty_region_is_an_error_that_says_why(made):
    names = tuple(f"bone_{index}" for index in range(len(JOINTS)))
    foreign = dataclasses.replace(made, definition=dataclasses.replace(made.definition, joints=names))
    with pytest.raises(
        DnaError, match=r"made: no vertex of 'head_lod0_mesh' belongs to the lips: 0 of 17 joints"
    ):
        lip_vertices(foreign)
    with pytest.raises(
        DnaError, match="belongs to the eyes and forehead: 0 of 17 joints have eye or brow or"
    ):
        eye_and_forehead_vertices(foreign)
    with pytest.raises(DnaError, match=r"3 of 17 joints .* at most 1\.00 of a vertex; expected 1\.1"):
        lip_vertices(made, region=dataclasses.replace(LIPS, threshold=1.1))
