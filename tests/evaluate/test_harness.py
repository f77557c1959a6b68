"""Methods on a data set: what each scores, what is masked, and what is said about it."""

import dataclasses
import json
import math

import numpy as np
import pytest

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.errors import CurveFormatError, DataSetError, UsageError
from cstalk_ue.evaluate.emotion_judge import train_emotion_judge
from cstalk_ue.evaluate.harness import chosen_takes, evaluate, make_yardstick
from cstalk_ue.evaluate.measures import by_key
from cstalk_ue.evaluate.methods import (
    Method,
    emotion_class,
    mean_face_method,
    method_of,
    performer_method,
    phones_of,
    recording_method,
)
from cstalk_ue.evaluate.report_text import fitting_digits, report_text
from cstalk_ue.evaluate.results import takes_from_json, takes_json
from cstalk_ue.evaluate.score_judge import load_score_judge
from cstalk_ue.rig import control_names, find_control
from cstalk_ue.take import FacePerformance, RigCurves


@pytest.fixture(scope="module")
def yardstick(performed):
    return make_yardstick(performed)


@pytest.fixture(scope="module")
def judge(performed):
    return train_emotion_judge(performed)


@pytest.fixture(scope="module")
def found(performed, correlation, judge):
    judges = [judge, load_score_judge(correlation, performed)]
    methods = [recording_method(), performer_method(performed), mean_face_method(performed)]
    return evaluate(performed, methods, make_yardstick(performed, judges=judges))


def value(found, method: str, key: str) -> float:
    return found.of_method(method)[0].figure(by_key(found.measures)[key]).value


def test_the_recording_itself_has_no_error_closes_its_lips_and_shows_its_emotion(found):
    for key in ("lve_mm", "eve_mm", "lip_velocity_mm_s", "upper_velocity_mm_s", "fdd_absolute_mm", "rmse"):
        assert value(found, "recording", key) == 0, key
    assert value(found, "recording", "score_distance") == 0
    assert value(found, "recording", "closed") == 1
    assert value(found, "recording", "emotion_accuracy") == 1


def test_the_performer_differs_from_its_own_recording_only_by_blinks_and_gaze(found):
    """The takes were performed by it, with blinks and gaze on top; the lips have neither."""
    assert value(found, "performer", "lve_mm") < 0.01
    assert 0.1 < value(found, "performer", "eve_mm") < 2
    assert value(found, "performer", "closed") == 1


def test_the_mean_face_is_worst_says_nothing_and_does_not_move(found):
    assert value(found, "mean", "lve_mm") > 3
    assert value(found, "mean", "closed") == 0
    assert value(found, "mean", "emotion_accuracy") <= 0.4
    assert value(found, "mean", "fdd_mm") == pytest.approx(-value(found, "mean", "fdd_absolute_mm"))
    silent = by_key(found.measures)["silent_motion_mm_s"]
    still = found.of_method("mean")[0].figure(silent)
    assert still.takes == 0 or still.value == 0


def test_only_the_chosen_split_is_measured(found, performed):
    assert {record.name for record in performed.select("test")} == set(found.results[0].takes)
    assert len(found.results[0].takes) == len(EMOTIONS)


def test_figures_survive_json_and_say_everything_about_themselves(found):
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    figure = data["results"][1]["figures"]["eve_mm"]
    assert figure["value"] == pytest.approx(value(found, "performer", "eve_mm"))
    assert set(figure) >= {"definition", "unit", "space", "pooling", "interval_95", "takes"}
    takes = found.of_method("performer")[0].takes
    again = takes_from_json(json.loads(json.dumps(takes_json(takes))))
    assert again["gate_neutral_in_sad"]["lve_mm"] == takes["gate_neutral_in_sad"]["lve_mm"]


def test_the_frame_has_a_row_per_method_and_measure(found):
    table = found.table()
    assert len(table) == len(found.results) * len(found.measures)
    row = table[(table.method == "mean") & (table.measure == "lve_mm")].iloc[0]
    assert row.low <= row.value <= row.high
    assert row.unit == "mm" and row.space == "landmark face"


def test_the_report_defines_every_number_it_prints(found):
    text = report_text(found)
    for measure in found.measures:
        if f"\n{measure.label} ({measure.unit})" in text:
            assert f"\n{measure.label}: {measure.definition}" in text
    assert "landmark face" in text and "bootstrap" in text


@pytest.mark.parametrize(("width", "digits"), [(0.123, 2), (1.2, 1), (12.0, 0), (0.00123, 4), (0, 3)])
def test_digits_fit_the_width_of_the_interval(width, digits):
    assert fitting_digits(width) == digits


# What counts and what does not


def counted(yardstick, take, prediction):
    """Every value that counts; the others are NaN and equal nothing."""
    found = yardstick.measure_take(take, prediction)
    return {key: value for key, value in found.items() if value.weight > 0}


def with_values(take, values, valid=None):
    face = RigCurves(values, control_names(), 30.0, valid=valid)
    head = RigCurves(take.performance.head.values, take.performance.head.controls, 30.0, valid=valid)
    return dataclasses.replace(take, performance=FacePerformance(face, head))


def test_frames_that_were_not_captured_change_no_figure(performed, yardstick):
    take = performed.read(performed.select("test")[0])
    valid = np.ones(take.performance.frames, dtype=bool)
    valid[20:40] = False
    clean = with_values(take, take.performance.face.values, valid)
    broken = take.performance.face.values.copy()
    broken[20:40] = np.linspace(0, 1, 20)[:, None]
    dirty = with_values(take, broken, valid)
    prediction = mean_face_method(performed).predict(take)
    assert counted(yardstick, clean, prediction) == counted(yardstick, dirty, prediction)
    assert yardstick.measure_take(clean, prediction)["lve_mm"].weight == valid.sum()


def test_controls_that_a_method_does_not_drive_rest_at_their_defaults(performed, yardstick):
    take = performed.read(performed.select("test")[0])
    face = take.performance.face
    part = face.select(["CTRL_C_jaw.ty"])
    whole = face.replace(values=np.where(np.array(control_names()) == "CTRL_C_jaw.ty", face.values, 0))
    values = whole.values.copy()
    for side in "LR":
        values[:, control_names().index(f"CTRL_{side}_nose_wrinkleUpper.ty")] = 1
    expected = counted(yardstick, take, whole.replace(values=values))
    assert counted(yardstick, take, part) == expected


def test_an_offset_of_one_control_shows_in_its_region_alone_and_as_the_root_of_its_share(
    performed, yardstick
):
    take = performed.read(performed.select("test")[0])
    face = take.performance.face
    values = face.values.copy()
    name = "CTRL_L_brow_down.ty"
    values[:, control_names().index(name)] += 0.25
    found = yardstick.measure_take(take, face.replace(values=values))
    brows = [each for each in yardstick.kept if find_control(each).region == "brow"]
    assert name in brows and len(yardstick.kept) > 100
    assert found["rmse_brow"].value == pytest.approx(0.25 / math.sqrt(len(brows)), rel=1e-5)
    assert found["rmse"].value == pytest.approx(0.25 / math.sqrt(len(yardstick.kept)), rel=1e-5)
    assert found["rmse_lips"].value == 0
    assert found["lve_mm"].value == 0 < found["eve_mm"].value


@pytest.mark.parametrize(("extra", "accepted"), [(-1, True), (1, True), (2, False), (-5, False)])
def test_a_prediction_may_be_a_frame_longer_or_shorter_but_no_more(performed, yardstick, extra, accepted):
    take = performed.read(performed.select("test")[0])
    face = take.performance.face
    values = np.resize(face.values, (face.frames + extra, 185))
    prediction = RigCurves(values, face.controls, 30.0)
    if accepted:
        assert yardstick.measure_take(take, prediction)["lve_mm"].value == 0
    else:
        with pytest.raises(CurveFormatError, match=rf"{take.name}: .*{face.frames + extra} frames"):
            yardstick.measure_take(take, prediction)


def test_a_method_that_lacks_something_is_measured_on_the_other_takes(performed):
    first = performed.select("test")[0].name

    def predict(take):
        return None if take.name == first else take.performance.face

    found = evaluate(performed, [Method("choosy", predict, {})], make_yardstick(performed))
    result = found.results[0]
    assert result.missing == (first,)
    assert len(result.takes) == len(EMOTIONS) - 1
    assert "could not predict 1 of 5 takes" in report_text(found)


def test_two_methods_of_one_name_are_told_apart(performed):
    methods = [recording_method(), dataclasses.replace(recording_method(), facts={"id": "x-1"})]
    found = evaluate(performed, methods, make_yardstick(performed), limit=1)
    assert found.methods == ("recording (0)", "recording (x-1)")


def test_a_limit_takes_evenly_from_the_split(performed):
    names = [record.name for record in performed.select("test")]
    assert [r.name for r in chosen_takes(performed, "test", 2)] == [names[0], names[2]]
    assert len(chosen_takes(performed, "test", 99)) == len(names)


def test_a_split_without_takes_is_refused(performed, yardstick):
    with pytest.raises(DataSetError, match="no take is in the split 'validation'"):
        evaluate(performed, [recording_method()], yardstick, split="validation")


def test_a_model_that_does_not_exist_is_refused_with_what_there_is(performed):
    with pytest.raises(UsageError, match=r"'runs/none': no such folder; expected .*performer"):
        method_of("runs/none", performed)


def test_phones_and_classes_come_from_the_take(performed):
    take = performed.read(performed.select("test")[2])
    assert len(phones_of(performed, take)) > 10
    assert EMOTIONS[emotion_class(take)] == take.name.rsplit("_", 1)[1]


# The judge of emotion


def test_the_judge_is_the_same_every_time_and_right_about_takes_it_did_not_see(performed, judge):
    again = train_emotion_judge(performed)
    assert (again.weights == judge.weights).all()
    for record in performed.select("test"):
        seen = judge.probabilities(performed.read(record).performance.face)
        assert EMOTIONS[int(seen.argmax())] == record.emotion_class
        assert seen.sum() == pytest.approx(1)


def test_a_take_shorter_than_a_window_has_no_emotion_to_be_seen(performed, judge):
    take = performed.read(performed.select("test")[0])
    short = RigCurves(take.performance.face.values[:50], control_names(), 30.0)
    assert judge.probabilities(short) is None
    assert math.isnan(judge.judge(take, short)["emotion_accuracy"].value)


def test_one_emotion_cannot_be_judged(performed):
    only = [
        dataclasses.replace(r, emotion="" if r.emotion_class != "sad" else "sad") for r in performed.records
    ]
    assert train_emotion_judge(dataclasses.replace(performed, records=tuple(only))) is None
