"""Numbers read many at a time are to the bit what Python reads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.fixed_decimals import read_fixed_decimals


@given(st.data())
def test_the_same_to_the_bit_as_float(data):
    decimals = data.draw(st.integers(1, 14))
    cells = data.draw(st.integers(1, 6))
    first = data.draw(st.integers(0, cells - 1))
    number = st.floats(-9.9, 9.9).map(lambda value: f"{value:.{decimals}f}")
    rows = data.draw(st.lists(st.lists(number, min_size=cells, max_size=cells), min_size=1, max_size=8))
    read = read_fixed_decimals([",".join(row).encode() for row in rows], cells, first)
    np.testing.assert_array_equal(read, [[float(cell) for cell in row[first:]] for row in rows])


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), min_size=1, max_size=4))
def test_anything_else_is_left_alone_or_read_as_float_would(lines):
    cells = lines[0].count(b",") + 1
    read = read_fixed_decimals(lines, cells, 0)
    if read is not None:
        np.testing.assert_array_equal(read, [[float(cell) for cell in line.split(b",")] for line in lines])


@pytest.mark.parametrize(
    "line", [b"nan,0.5", b"0.5,inf", b"0.5,0.25", b"0.5,12.5", b"0.5,", b"0.5, 0.5", b"+0.5,0.5", b"0.5,0,5"]
)
def test_other_ways_of_printing_are_left_to_the_caller(line):
    assert read_fixed_decimals([b"0.5,0.5", line], 2, 0) is None
