"""Rows are put where their own timecodes say, or it is said that they are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_link_takes import APP_FPS, codes_of

from cstalk_ue.errors import CurveFormatError
from cstalk_ue.export.live_link_face import format_timecode
from ingest.live_link_clock import LONGEST_JUMP_SECONDS, read_clock

TICK = 1 / 60000


def codes_at(times) -> list[str]:
    return [format_timecode(seconds) for seconds in times]


def even(rows: int, *, start: float = 100.0, fps: float = APP_FPS) -> np.ndarray:
    return start + np.arange(rows) / fps


@pytest.mark.parametrize("fps", [29.98, 59.9044, 59.9635, 60.0, 24.0, 120.0])
@pytest.mark.parametrize("start", [0.0, 32009.13, 86399.0])
def test_an_even_recording_has_its_times_and_rate_whatever_the_rate(fps, start):
    times = even(600, start=start, fps=fps)
    clock = read_clock(codes_at(times))
    assert (clock.kind, clock.dropped) == ("timecode", 0)
    np.testing.assert_array_equal(clock.rows, np.arange(600))
    np.testing.assert_allclose(clock.seconds, times - times[0], atol=2 * TICK)
    assert clock.fps == pytest.approx(fps, rel=1e-4)


def test_midnight_and_the_phones_own_day_pass_without_a_jump():
    times = even(300, start=86398.0)
    clock = read_clock(codes_at(times))
    np.testing.assert_allclose(clock.seconds, times - times[0], atol=2 * TICK)
    assert codes_of(clock.remarks) == ["clock-wrap"]
    assert clock.day_seconds == pytest.approx(86398.0, abs=TICK)


@given(st.data())
def test_missing_rows_are_counted_and_the_others_keep_their_times(data):
    times = even(200)
    missing = data.draw(st.sets(st.integers(1, 198), max_size=40))
    kept = np.array([row for row in range(200) if row not in missing])
    clock = read_clock(codes_at(times[kept]))
    assert clock.kind == "timecode"
    assert clock.dropped == len(missing)
    np.testing.assert_allclose(clock.seconds, times[kept] - times[0], atol=2 * TICK)
    assert clock.fps == pytest.approx(APP_FPS, rel=1e-3)


@given(st.permutations(range(60)))
def test_shuffled_rows_are_put_in_order(order):
    times = even(60)
    clock = read_clock(codes_at(times[list(order)]))
    assert clock.kind == "timecode"
    np.testing.assert_array_equal(np.array(order)[clock.rows], np.arange(60))
    np.testing.assert_allclose(clock.seconds, times - times[0], atol=2 * TICK)
    assert ("unordered-rows" in codes_of(clock.remarks)) == (list(order) != list(range(60)))


@given(st.data())
def test_a_few_impossible_timecodes_lose_their_rows_and_nothing_else(data):
    times = even(200)
    codes = codes_at(times)
    # Not next to each other: two wrong ones in a row may well agree.
    hurt = sorted(data.draw(st.sets(st.integers(0, 49), min_size=1, max_size=4)))
    hurt = [4 * row + 1 for row in hurt]
    for row in hurt:
        # Beyond the take: within it, the false time may be the very one that another damaged row has lost.
        off = data.draw(st.floats(5, 80000) | st.floats(-80000, -5))
        codes[row] = data.draw(st.sampled_from(["", "xx", "00:00:99:00", format_timecode(times[row] + off)]))
    clock = read_clock(codes)
    assert clock.kind == "timecode"
    assert not set(hurt) & set(clock.rows.tolist())
    np.testing.assert_array_equal(np.diff(clock.rows) >= 1, True)
    np.testing.assert_allclose(clock.seconds, times[clock.rows] - times[clock.rows[0]], atol=2 * TICK)
    assert len(clock.rows) == 200 - len(hurt)
    assert "damaged-timecodes" in codes_of(clock.remarks)


def test_rows_written_twice_count_once():
    times = np.repeat(even(200), 2)
    copies = np.arange(400) % 2 == 1
    clock = read_clock(codes_at(times), repeated=copies)
    np.testing.assert_array_equal(clock.rows, np.arange(0, 400, 2))
    assert codes_of(clock.remarks) == ["repeated-rows"]


def test_a_repeated_timecode_loses_the_later_row():
    times = even(200)
    times[90] = times[89]
    clock = read_clock(codes_at(times))
    assert clock.kind == "timecode"
    assert 90 not in clock.rows
    assert 89 in clock.rows


@pytest.mark.parametrize("back", [0.3, 5.0, 20.0, 4000.0])
def test_a_clock_set_back_in_the_middle_is_not_believed(back):
    times = even(1200)
    times[600:] -= back
    clock = read_clock(codes_at(times))
    assert clock.kind == "uniform"
    assert codes_of(clock.remarks) == ["uniform-clock"]
    np.testing.assert_array_equal(clock.rows, np.arange(1200))


@pytest.mark.parametrize(
    "codes",
    [
        [f"{row}.0" for row in range(90)],
        [f"{row}" for row in range(90)],
        ["00:00:00:00.000"] * 90,
        ["start"] * 90,
        [""] * 90,
        [f"00:00:{row // 60:02d}:00" for row in range(90)],
    ],
    ids=["numbers", "whole", "stopped", "words", "empty", "seconds only"],
)
def test_unusable_timecodes_give_even_rows_and_a_remark_with_the_rate(codes):
    clock = read_clock(codes, assumed_fps=30)
    assert clock.kind == "uniform"
    np.testing.assert_allclose(clock.seconds, np.arange(90) / 30)
    assert codes_of(clock.remarks) == ["uniform-clock"]
    assert "30 fps" in clock.remarks[0].text
    assert clock.day_seconds is None


def test_without_a_known_rate_a_coarse_clock_tells_it():
    codes = [f"00:00:{row // 30:02d}:00" for row in range(300)]
    assert read_clock(codes).fps == 30
    assert read_clock([str(row) for row in range(300)]).fps == 60


def test_milliseconds_behind_the_dot_are_believed_as_milliseconds():
    times = 5 + np.arange(600) / 60
    codes = [
        f"00:00:{int(t + 1e-9):02d}:{int((t + 1e-9) % 1 * 60):02d}.{int((t + 1e-9) % 1 * 1000):03d}"
        for t in times
    ]
    clock = read_clock(codes)
    assert clock.kind == "timecode"
    np.testing.assert_allclose(clock.seconds, times - 5, atol=1.1e-3)
    assert codes_of(clock.remarks) == ["timecode-form"]


@pytest.mark.parametrize("base", [24, 25, 30, 50])
def test_frames_of_another_rate_are_believed_rather_than_holes_every_second(base):
    codes = [f"00:00:{row // base:02d}:{row % base:02d}" for row in range(base * 6)]
    clock = read_clock(codes)
    np.testing.assert_allclose(clock.seconds, np.arange(base * 6) / base, atol=1e-9)
    assert codes_of(clock.remarks) == ["timecode-form"]


def test_plain_seconds_are_seconds():
    clock = read_clock([f"{seconds:.4f}" for seconds in even(100, start=0)])
    assert clock.kind == "seconds"
    assert clock.fps == pytest.approx(APP_FPS, rel=1e-4)


def test_two_recordings_in_one_file_are_refused_with_the_place():
    times = even(200)
    times[100:] += LONGEST_JUMP_SECONDS + 1
    codes = codes_at(times)
    with pytest.raises(CurveFormatError, match=rf"joined\.csv: .*{codes[99]} to {codes[100]}.*Split"):
        read_clock(codes, where="joined.csv")


def test_a_pause_of_some_seconds_is_a_gap():
    times = even(200)
    times[100:] += 7.0
    clock = read_clock(codes_at(times))
    assert clock.kind == "timecode"
    assert clock.dropped == round(7 * APP_FPS)


def test_one_row_is_a_recording():
    clock = read_clock(["11:54:29:19.804"])
    assert (clock.kind, clock.fps, clock.seconds.tolist()) == ("timecode", 60, [0])


def test_no_rows_are_refused():
    with pytest.raises(CurveFormatError, match="no rows"):
        read_clock([])


@given(st.lists(st.text(alphabet="0123456789:;. ax-", max_size=16), min_size=1, max_size=30))
def test_any_text_gives_rising_times_or_a_named_error(codes):
    try:
        clock = read_clock(codes)
    except CurveFormatError:
        return
    assert (np.diff(clock.seconds) > 0).all()
    assert clock.seconds[0] == 0
    assert len(set(clock.rows.tolist())) == len(clock.rows) == len(clock.seconds)
    assert clock.kind != "uniform" or "uniform-clock" in codes_of(clock.remarks)
