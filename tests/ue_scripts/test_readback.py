"""The comparison of what the editor gives back, and the fingerprint of it."""

import array
import hashlib
import math
import struct

import numpy as np
import pytest
from cstalk_readback import content_hash, largest_error
from cstalk_thin import frame_times
from hypothesis import given
from hypothesis import strategies as st


@st.composite
def curves(draw):
    values = array.array("f", draw(st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=60)))
    times = frame_times(len(values), 30)
    frames = sorted(draw(st.sets(st.integers(0, len(values) + 5), min_size=1)))
    key_times = array.array("f", [frame / 30 for frame in frames])
    keys = array.array("f", [draw(st.floats(-10, 10, width=32)) for _ in frames])
    return times, values, key_times, keys


@given(curves())
def test_the_error_is_that_of_a_dense_reference(drawn):
    times, values, key_times, keys = drawn
    expected = np.abs(
        np.interp(np.asarray(times, "f8"), np.asarray(key_times, "f8"), np.asarray(keys, "f8"))
        - np.asarray(values, "f8")
    ).max()
    assert largest_error(times, values, key_times, keys) == pytest.approx(expected, abs=1e-9)


def test_an_error_between_the_keys_is_seen():
    times, values = frame_times(5, 30), array.array("f", [0, 0, 0.5, 0, 0])
    ends = array.array("f", [times[0], times[4]])
    assert largest_error(times, values, ends, array.array("f", [0, 0])) == 0.5


def test_without_keys_a_curve_is_0():
    times, none = frame_times(2, 30), array.array("f")
    assert largest_error(times, array.array("f", [0, -0.25]), none, none) == 0.25
    assert largest_error(times, array.array("f", [0, 0]), none, none) == 0


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_no_number_is_infinitely_wrong(bad):
    times, values = frame_times(2, 30), array.array("f", [0, 0])
    assert largest_error(times, values, times, array.array("f", [0, bad])) == math.inf


def hashed(*curves) -> str:
    return content_hash(curves)


def test_the_hash_ignores_order_and_case_but_nothing_else():
    a, b = ("HeadYaw", [0.0, 1.0], [0.5, 0.25]), ("jaw", [0.0], [1.0])
    assert hashed(a, b) == hashed(b, ("headyaw", [0.0, 1.0], [0.5, 0.25]))
    others = [
        hashed(a),
        hashed(a, ("jaw", [0.0], [1.0000001])),
        hashed(a, ("jaw", [1 / 30], [1.0])),
        hashed(a, ("jaw", [], [])),
        hashed(a, ("jaws", [0.0], [1.0])),
    ]
    assert len({hashed(a, b), *others}) == 6


def test_the_hash_stays_the_same_in_other_versions_of_the_scripts():
    """Assets carry it: a change would make every asset of a studio look edited by hand."""
    by_hand = b"headyaw\0" + struct.pack("<I4f", 2, 0, 1 / 30, 0.5, -1) + b"jaw\0" + struct.pack("<I", 0)
    assert hashed(("Jaw", [], []), ("HeadYaw", [0, 1 / 30], [0.5, -1])) == hashlib.sha256(by_hand).hexdigest()
