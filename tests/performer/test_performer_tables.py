"""The performer's tables fit each other and the rig."""

import pytest

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.performer.articulation import ARTICULATORS
from cstalk_ue.performer.phones import SILENCE, phone_table, read_table
from cstalk_ue.performer.styles import ARTICULATION_GAINS, LIFE_SETTINGS, styles
from cstalk_ue.rig import control_names, find_control

ARPABET = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
)


def test_the_inventory_is_arpabet_two_front_round_vowels_and_silence():
    assert set(phone_table()) == {*ARPABET.split(), "YY", "OE", SILENCE}


def test_every_phone_has_a_target_from_0_to_1_for_every_articulator():
    for row in phone_table().values():
        assert all(0 <= float(row[articulator]) <= 1 for articulator in ARTICULATORS)
    assert not any(float(phone_table()[SILENCE][articulator]) for articulator in ARTICULATORS)


def test_every_phone_class_has_timing_for_every_articulator_and_none_is_unused():
    rows = read_table("articulation.csv")
    classes = {row["class"] for row in phone_table().values()}
    assert {row["class"] for row in rows} == classes
    assert {row["class"] for row in rows if row["articulator"] == "*"} == classes
    assert {row["articulator"] for row in rows} <= {*ARTICULATORS, "*"}
    keys = [(row["class"], row["articulator"]) for row in rows]
    assert len(set(keys)) == len(keys)
    for row in rows:
        assert 0 < float(row["dominance"]) <= 1
        assert 0.02 <= float(row["lead_seconds"]) <= 0.2
        assert 0.02 <= float(row["lag_seconds"]) <= 0.2


def test_rounding_leads_more_than_any_other_movement():
    rows = read_table("articulation.csv")
    rounding = max(float(row["lead_seconds"]) for row in rows if row["articulator"] == "round")
    assert rounding == max(float(row["lead_seconds"]) for row in rows)


@pytest.mark.parametrize(
    ("table", "key"), [("articulator_controls.csv", "articulator"), ("action_units.csv", "action_unit")]
)
def test_tables_move_only_controls_that_animator_drives(table, key):
    for row in read_table(table):
        for side in "LR" if "*" in row["control"] else "C":
            control = find_control(row["control"].replace("*", side))
            assert control.animator_driven, row
            weight = float(row["weight"])
            assert control.minimum <= weight <= control.maximum or key == "action_unit", row
            if control.minimum == 0:
                assert weight > 0, row


def test_every_articulator_moves_something_and_every_action_unit_of_a_style_is_in_the_table():
    assert {row["articulator"] for row in read_table("articulator_controls.csv")} == set(ARTICULATORS)
    units = {row["action_unit"] for row in read_table("action_units.csv")}
    keys = {
        "expression": units,
        "accent": units,
        "pause": units,
        "articulation": set(ARTICULATION_GAINS),
        "life": set(LIFE_SETTINGS),
    }
    for row in read_table("emotion_styles.csv"):
        assert row["emotion"] in EMOTIONS
        assert row["key"] in keys[row["kind"]], row


def test_neutral_holds_no_expression_and_gains_of_one():
    table = styles()
    neutral = EMOTIONS.index("neutral")
    assert not table.expression[neutral].any()
    assert not table.pause[neutral].any()
    assert (table.articulation[neutral] == 1).all()
    assert table.action_units == tuple(dict.fromkeys(table.action_units))
    assert len(control_names()) == 185
