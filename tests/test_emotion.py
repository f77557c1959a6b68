"""Emotions as they are written, mixed, scaled and keyed over time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cstalk_ue.emotion import EMOTIONS, NEUTRAL, EmotionTrack
from cstalk_ue.errors import EmotionError


def mixture(text: str) -> dict[str, float]:
    """Weights of a constant expression, those above 0."""
    weights = EmotionTrack.parse(text).weights
    assert len(weights) == 1
    return {name: round(float(w), 6) for name, w in zip(EMOTIONS, weights[0], strict=True) if w > 0}


@st.composite
def tracks(draw) -> EmotionTrack:
    """One to five keys with any weights, a fair number of them 0."""
    times = sorted(draw(st.lists(st.floats(0, 1e4), min_size=1, max_size=5, unique=True)))
    parts = st.one_of(st.just(0.0), st.floats(0.01, 1))
    weights = draw(arrays(np.float64, (len(times), len(EMOTIONS)), elements=parts))
    weights[weights.sum(axis=1) == 0, NEUTRAL] = 1
    return EmotionTrack(np.array(times), weights / weights.sum(axis=1, keepdims=True))


# Writing an emotion


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("neutral", {"neutral": 1}),
        ("angry", {"angry": 1}),
        ("  Angry ", {"angry": 1}),
        ("angry:0.7", {"neutral": 0.3, "angry": 0.7}),
        ("angry:0", {"neutral": 1}),
        ("happy:0.4+surprised:0.3", {"neutral": 0.3, "surprised": 0.3, "happy": 0.4}),
        ("happy : 0.4 + surprised : 0.6", {"surprised": 0.6, "happy": 0.4}),
        ("happy+sad", {"sad": 0.5, "happy": 0.5}),
        ("happy:0.4+sad", {"sad": 0.6, "happy": 0.4}),
        ("neutral:0.2+sad:0.8", {"neutral": 0.2, "sad": 0.8}),
        ("neutral:0.2+sad:0.5", {"neutral": 0.5, "sad": 0.5}),
    ],
)
def test_what_no_class_claims_is_neutral(text, weights):
    assert mixture(text) == weights


def test_thirds_written_with_three_decimals_are_taken():
    assert mixture("angry:0.334+sad:0.334+happy:0.333") == pytest.approx(
        {"angry": 1 / 3, "sad": 1 / 3, "happy": 1 / 3}, abs=1e-3
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "''"),
        ("angyr", "'angyr'.*Did you mean 'angry'"),
        ("bored", "'bored' is not one of neutral, angry, sad, surprised, happy"),
        ("angry:1.2", "'1.2' of angry"),
        ("angry:-0.1", "'-0.1' of angry"),
        ("angry:nan", "'nan' of angry"),
        ("angry:much", "'much' of angry"),
        ("angry:", "weight '' of angry"),
        ("angry:0.7+sad:0.7", "angry:0.7.sad:0.7.*sum to 1.4"),
        ("angry+angry", "'angry' twice"),
        ("angry:0.3+Angry:0.3", "twice"),
        ("angry sad", "'angry sad'"),
        ("angry+", "'angry.'"),
        ("0.7", "'0.7'"),
        ("0=angry sad", "'sad' is not SECONDS=EMOTION"),
        ("x=angry", "'x=angry' is not SECONDS=EMOTION"),
        ("-1=angry", "'-1=angry'"),
        ("nan=angry", "'nan=angry'"),
        ("inf=angry", "'inf=angry'"),
        ("0=", "''"),
        ("0=angry 1=bored", "'bored'"),
        ("1=angry 0.5=sad", "'0.5=sad' does not come after 1 s"),
        ("1=angry 1=sad", "'1=sad' does not come after 1 s"),
    ],
)
def test_an_expression_that_cannot_be_read_is_named(text, named):
    with pytest.raises(EmotionError, match=named):
        EmotionTrack.parse(text)


@given(st.text(alphabet="angrysd:+=.01 -e\n\tN", max_size=20))
def test_any_text_is_an_emotion_or_an_emotion_error(text):
    try:
        track = EmotionTrack.parse(text)
    except EmotionError as error:
        assert "emotion" in str(error)
    else:
        np.testing.assert_allclose(track.weights.sum(axis=1), 1, atol=1e-6)


# Keys over time


def test_a_track_is_linear_between_its_keys_and_held_outside_them():
    track = EmotionTrack.parse("1=neutral 2=angry:0.8 4=sad")
    angry, sad = (EMOTIONS.index(name) for name in ("angry", "sad"))
    at = track.at(np.array([0, 1, 1.5, 2, 3, 4, 99]))
    np.testing.assert_allclose(at[:, angry], [0, 0, 0.4, 0.8, 0.4, 0, 0], atol=1e-6)
    np.testing.assert_allclose(at[:, sad], [0, 0, 0, 0, 0.5, 1, 1], atol=1e-6)
    assert not track.is_constant


def test_one_key_is_a_constant_emotion():
    track = EmotionTrack.parse("2.5=angry")
    assert track.is_constant
    assert track.at(np.array([0.0, 9.0])).tolist() == [[0, 1, 0, 0, 0]] * 2


@given(tracks(), arrays(np.float64, 20, elements=st.floats(-10, 2e4)))
def test_weights_sum_to_one_at_every_time(track, seconds):
    at = track.at(seconds)
    assert at.dtype == np.float32
    assert (at >= 0).all()
    np.testing.assert_allclose(at.sum(axis=1), 1, atol=1e-6)


@given(tracks())
def test_a_track_is_read_back_as_it_was_written(track):
    """Times exactly; weights to the four decimals that are written, and what normalising adds."""
    text = str(track)
    back = EmotionTrack.parse(text)
    if track.is_constant:
        np.testing.assert_allclose(back.weights[0], track.weights[0], atol=3e-4)
    else:
        np.testing.assert_array_equal(back.times, track.times)
        np.testing.assert_allclose(back.weights, track.weights, atol=3e-4)


@pytest.mark.parametrize(
    "text",
    [
        "neutral",
        "angry",
        "angry:0.7",
        "surprised:0.3+happy:0.4",
        "0=neutral 1.2=angry:0.8",
        "0=sad 900.125=happy",
    ],
)
def test_a_track_is_written_as_a_person_would(text):
    assert str(EmotionTrack.parse(text)) == text


# Intensity


@given(tracks())
def test_no_intensity_at_all_is_exactly_neutral(track):
    weights = track.scaled(0).weights
    assert (weights[:, NEUTRAL] == 1).all()
    assert weights.sum() == len(weights)


@given(tracks(), st.floats(0, 1))
def test_intensity_scales_every_class_and_neutral_takes_the_rest(track, intensity):
    scaled = track.scaled(intensity)
    others = [k for k in range(len(EMOTIONS)) if k != NEUTRAL]
    np.testing.assert_allclose(scaled.weights[:, others], intensity * track.weights[:, others], atol=1e-6)
    np.testing.assert_allclose(scaled.weights.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(scaled.times, track.times)


@given(tracks())
def test_full_intensity_changes_nothing(track):
    np.testing.assert_allclose(track.scaled(1).weights, track.weights, atol=1e-6)


@pytest.mark.parametrize("intensity", [-0.1, 1.1, math.nan, math.inf])
def test_an_intensity_outside_its_range_is_refused(intensity):
    with pytest.raises(EmotionError, match=f"intensity {intensity}"):
        EmotionTrack.constant("angry", intensity)


# Construction


@pytest.mark.parametrize(
    ("times", "weights"),
    [
        ([], np.zeros((0, 5))),
        ([0], [[1, 0, 0, 0]]),
        ([0, 1], [[1, 0, 0, 0, 0]]),
        ([[0]], [[1, 0, 0, 0, 0]]),
        ([-1], [[1, 0, 0, 0, 0]]),
        ([math.nan], [[1, 0, 0, 0, 0]]),
        ([1, 1], [[1, 0, 0, 0, 0]] * 2),
        ([0], [[0.5, 0, 0, 0, 0]]),
        ([0], [[1.5, -0.5, 0, 0, 0]]),
        ([0], [[math.nan, 0, 0, 0, 1]]),
    ],
)
def test_a_track_that_makes_no_sense_is_refused(times, weights):
    with pytest.raises(EmotionError, match="emotion track"):
        EmotionTrack(np.array(times, dtype=float), np.array(weights))


def test_a_track_cannot_be_changed():
    track = EmotionTrack.constant("sad")
    for array in (track.times, track.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
