"""Timecodes of the app and of other writers mean the right seconds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.export.live_link_face import format_timecode
from ingest.timecode import DAY_SECONDS, sixtieths_of, timecode_readings, timecode_seconds


def test_the_fraction_of_a_second_is_counted_in_sixtieths():
    # startTimestamp of a real take, 474869.330070726 s since the phone was started, and its timecode
    assert timecode_seconds("11:54:29:19.804") == pytest.approx(474869.330070726 % DAY_SECONDS, abs=1 / 60000)


@given(st.floats(0, 86399.999))
def test_what_the_writer_writes_is_read_back_to_half_a_tick(seconds):
    read = timecode_seconds(format_timecode(seconds))
    off = (read - seconds) % DAY_SECONDS
    assert min(off, DAY_SECONDS - off) <= 0.5 / 60000 + 1e-9


@given(st.lists(st.floats(0, 86399.999), min_size=1, max_size=20))
def test_many_at_once_are_read_as_one_by_one(times):
    codes = [format_timecode(seconds) for seconds in times]
    # A shorter timecode among them makes the reader take the other way.
    mixed = sixtieths_of([*codes, "1:2:3:4"])
    np.testing.assert_array_equal(sixtieths_of(codes), mixed[:-1])
    assert mixed[-1] == 3600 + 120 + 3 + 4 / 60


@pytest.mark.parametrize(
    "code",
    ["", "12", "00:00:00", "00:00:00:60.000", "00:60:00:00.000", "00:00:61:00", "aa:00:00:00", "00:00:00;05",
     "-1:00:00:00", "00:00:00:1e1", "٠٠:00:00:00.000", "00:00:00:00.000x"],
)  # fmt: skip
def test_what_is_no_timecode_has_no_seconds(code):
    assert timecode_seconds(code) is None


def test_hours_past_a_day_are_hours_of_the_next():
    assert timecode_seconds("131:54:29:19.804") == pytest.approx(
        timecode_seconds("11:54:29:19.804"), abs=1e-9
    )


def the_reading(codes: list[str], form: str) -> np.ndarray:
    return next(reading.seconds for reading in timecode_readings(codes) if form in reading.form)


def test_drop_frame_numbers_are_those_of_the_standard():
    """SMPTE ST 12-1: two numbers are skipped every minute but the tenth, so 00:10:00;00 is frame 17982."""
    codes = ["00:00:00;00", "00:00:59;29", "00:01:00;02", "00:09:59;29", "00:10:00;00", "01:00:00;00"]
    frames = np.array([0, 1799, 1800, 17981, 17982, 107892])
    np.testing.assert_allclose(the_reading(codes, "drop-frame"), frames * 1001 / 30000, atol=1e-9)


def test_at_sixty_drop_frame_skips_four_numbers():
    codes = ["00:00:59;59", "00:01:00;04", "00:10:00;00"]
    frames = np.array([3599, 3600, 35964])
    np.testing.assert_allclose(the_reading(codes, "drop-frame"), frames * 1001 / 60000, atol=1e-9)


def test_milliseconds_behind_the_dot_are_recognised_by_agreeing_with_the_frames():
    times = 5 + np.arange(150) / 60
    codes = [f"00:00:{int(t):02d}:{int(round(t % 1 * 60, 6)):02d}.{int(t % 1 * 1000):03d}" for t in times]
    np.testing.assert_allclose(the_reading(codes, "milliseconds"), times, atol=1e-3)


def test_the_apps_own_timecodes_never_look_like_milliseconds():
    rng = np.random.default_rng(3)
    for fps in (29.98, 59.9044, 59.9635, 60.0, 30.0):
        for _ in range(200):
            times = rng.uniform(0, 86000) + np.arange(6) / fps
            forms = [reading.form for reading in timecode_readings([format_timecode(t) for t in times])]
            assert not any("milliseconds" in form for form in forms)


def test_a_counter_that_stops_at_30_counts_frames_of_30():
    codes = [f"00:00:{second:02d}:{frame:02d}" for second in range(4) for frame in range(30)]
    np.testing.assert_allclose(the_reading(codes, "30 frames"), np.arange(120) / 30, atol=1e-9)
