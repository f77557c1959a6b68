"""The page reads and writes emotion tracks as `--emotion` does; no hand makes a track that is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import EmotionError

racer = pytest.importorskip(
    "py_mini_racer", reason="mini-racer (V8) is not installed: pip install mini-racer"
)

SCRIPT = Path(__file__).resolve().parents[2] / "cstalk_ue" / "review" / "page" / "tune_track.js"


@pytest.fixture(scope="module")
def call():
    """Calls a function of Track with plain values."""
    context = racer.MiniRacer()
    context.eval(SCRIPT.read_text(encoding="utf-8"))
    context.eval(
        "function run(name, text) { try { return JSON.stringify({ok: Track[name](...JSON.parse(text))}); }"
        " catch (error) { return JSON.stringify({error: error.message}); } }"
    )

    def track(name, *values):
        answer = json.loads(context.call("run", name, json.dumps(values)))
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["ok"]

    return track


def same(keys, track):
    """Whether the page's keys are those of a track; where there is but one key its time says nothing."""
    times, weights = [key["time"] for key in keys], np.array([key["weights"] for key in keys])
    if len(keys) == len(track.times) == 1:
        return times == [0] and np.allclose(weights, track.weights[:, 1:], atol=1e-6)
    return np.allclose(times, track.times, atol=1e-9) and np.allclose(
        weights, track.weights[:, 1:], atol=1e-6
    )


names = st.sampled_from([*EMOTIONS, "Angry", "HAPPY", "hapy", ""])
numbers = st.sampled_from(
    ["0", "1", "0.5", ".25", "1.", "1e-1", "0.3334", "0.6666", "1.001", "2", "-0", "+0.1", "x", "", "nan"]
)
terms = st.one_of(names, st.tuples(names, numbers).map(":".join), st.tuples(names, numbers).map(" : ".join))
expressions = st.lists(terms, min_size=1, max_size=3).map("+".join)
times = st.sampled_from(["0", "0.0", "1", "1.5", "2.25", "10", "-1", "1e1", "x", ""])
tight = expressions.map(lambda text: text.replace(" ", ""))
tracks = st.lists(st.tuples(times, tight).map("=".join), min_size=1, max_size=4).map(" ".join)


@given(st.one_of(expressions, tracks, st.text(max_size=12)))
def test_the_page_reads_what_the_program_reads(call, text):
    try:
        expected = EmotionTrack.parse(text)
    except EmotionError:
        with pytest.raises(ValueError, match=r"\.$"):
            call("parse", text)
    else:
        assert same(call("parse", text), expected)


key = st.tuples(st.integers(0, 900), st.lists(st.integers(0, 25), min_size=4, max_size=4))


@given(st.lists(key, min_size=1, max_size=5, unique_by=lambda pair: pair[0]))
def test_what_the_page_writes_is_read_back(call, drawn):
    keys = [{"time": t / 100, "weights": [w / 100 for w in row]} for t, row in sorted(drawn)]
    track = EmotionTrack.parse(call("format", keys))
    if len(keys) == 1:
        keys[0]["time"] = 0
    assert same(keys, track)
    moments = np.linspace(0, 10, 41)
    for moment, weights in zip(moments, track.at(moments), strict=True):
        assert np.allclose(call("at", keys, float(moment)), weights[1:], atol=1e-5)


changes = st.lists(
    st.tuples(
        st.sampled_from(["weight", "add", "move", "remove"]),
        st.integers(0, 9),
        st.floats(0, 12),
        st.integers(0, 100),
    ),
    max_size=25,
)


@given(changes)
def test_no_hand_makes_a_track_that_is_refused(call, steps):
    keys = call("parse", "0.5=angry:0.8 2=happy:0.4+surprised:0.3")
    for what, number, seconds, percent in steps:
        index = number % len(keys)
        if what == "weight":
            weights = call("withWeight", keys[index]["weights"], number % 4, percent / 100)
            assert weights[number % 4] == percent / 100
            keys = call("replaced", keys, index, weights)
        elif what == "add":
            keys, index = call("added", keys, seconds)
            assert abs(keys[index]["time"] - seconds) < 0.011
        elif what == "move":
            keys = call("moved", keys, index, seconds, 10)
        elif len(keys) > 1:
            keys = call("removed", keys, index)
        track = EmotionTrack.parse(call("format", keys))
        assert len(keys) == 1 or len(track.times) in (1, len(keys))  # keys alike are one emotion
        assert all(np.diff([k["time"] for k in keys]) > 0)


def test_a_new_key_changes_nothing_that_can_be_seen(call):
    keys = call("parse", "0=neutral 2=angry:0.9+sad:0.1")
    more, index = call("added", keys, 1.0)
    assert index == 1 and more[1] == {"time": 1, "weights": [0.45, 0.05, 0, 0]}
    assert call("added", more, 1.004)[1] == 1 and len(call("added", more, 1.004)[0]) == 3


def test_weights_make_room_in_proportion(call):
    assert call("withWeight", [0.2, 0.6, 0.2, 0], 0, 0.6) == [0.6, 0.3, 0.1, 0]
    assert call("withWeight", [0.2, 0.6, 0.2, 0], 0, 0.1) == [0.1, 0.6, 0.2, 0]
    assert call("withWeight", [0.2, 0.6, 0.2, 0], 1, 1) == [0, 1, 0, 0]
