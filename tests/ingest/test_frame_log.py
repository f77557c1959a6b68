"""The frame log gives the start of the sound, and never stops a take by its own faults."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.export.live_link_face import format_timecode
from ingest.frame_log import FrameLog, read_frame_log
from ingest.timecode import timecode_seconds


def log_text(
    *, frames: int = 60, start: float = 500.0, sound: float = 500.021, day: float = 42869.3
) -> list[str]:
    """Lines of a log of frames at 60 fps with blocks of sound between."""
    lines = []
    for number in range(frames):
        ticks = round((start + number / 60) * 1_000_000)
        lines.append(f"V,{number},{ticks},1000000,{format_timecode(day + number / 60)},0")
        if number % 2:
            ticks = round((sound + (number // 2) / 30) * 48000)
            lines.append(f"A,{number // 2},{ticks},48000,{format_timecode(day)},0")
    return lines


def read(lines: list[str]) -> FrameLog:
    return read_frame_log(("\n".join(lines) + "\n").encode())


def test_sound_starts_where_the_first_block_lies_against_the_first_picture():
    log = read(log_text())
    assert log.audio_start(None) == pytest.approx(0.021, abs=1e-4)
    assert (len(log.video_seconds), log.dropped, log.skipped) == (60, 0, 0)


def test_curves_that_begin_later_than_the_pictures_move_the_start():
    log = read(log_text())
    assert log.audio_start(42869.3 + 10 / 60) == pytest.approx(0.021 - 10 / 60, abs=1e-3)
    assert log.audio_start(42869.3 - 0.5) == pytest.approx(0.021 + 0.5, abs=1e-3)


def test_midnight_lies_between_picture_and_curves():
    log = read(log_text(day=86399.9))
    assert log.audio_start(0.1) == pytest.approx(0.021 - 0.2, abs=1e-3)


def test_timecodes_of_another_recording_or_base_are_not_used():
    assert read(log_text()).audio_start(1000.0) == pytest.approx(0.021, abs=1e-4)
    in_30 = [
        ",".join((*line.split(",")[:4], f"11:54:{29 + n // 60:02d}:{n % 60 // 2:02d}", "0"))
        for n, line in enumerate(line for line in log_text(frames=100) if line.startswith("V"))
    ]
    assert read([*in_30, "A,0,50002,100,x,0"]).audio_start(timecode_seconds("11:54:29:10")) == pytest.approx(
        0.02
    )


def test_old_logs_with_five_tokens_a_header_or_none_are_read():
    plain = read(log_text())
    five = read([line.removesuffix(",0") for line in log_text()])
    headed = read(["type,index,numerator,denominator,timecode,dropped", *log_text()])
    assert plain == five == headed


def test_dropped_pictures_are_counted_and_do_not_stand_for_the_first():
    lines = log_text()
    lines[0] = lines[0][:-1] + "1"
    log = read(lines)
    assert log.dropped == 1
    assert log.audio_start(None) == pytest.approx(0.021 - 1 / 60, abs=1e-4)


@pytest.mark.parametrize(
    "line",
    ["V,0,1,0,00:00:00:00,0", "V,0,x,60,00:00:00:00,0", "V,0,1", "Q,0,1,60,00:00:00:00,0", "V,0,1,60,c,0,0",
     "V,0," + "9" * 400 + ",1,c,0"],
)  # fmt: skip
def test_damaged_lines_are_left_out_and_counted(line):
    log = read([*log_text(), line])
    assert log.skipped == 1
    assert log.audio_start(None) == pytest.approx(0.021, abs=1e-4)


def test_without_sound_or_pictures_there_is_no_start():
    assert read([line for line in log_text() if line[0] == "V"]).audio_start(None) is None
    assert read([line for line in log_text() if line[0] == "A"]).audio_start(None) is None
    assert read([]).audio_start(0.0) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_a_log(data):
    log = read_frame_log(data)
    assert log.audio_start(0.0) is None or log.video_seconds


@given(
    st.lists(st.sampled_from(log_text(frames=6)), max_size=20), st.integers(0, 1 << 30), st.integers(0, 255)
)
def test_any_damage_leaves_a_log(lines, place, byte):
    data = bytearray("\n".join(lines).encode())
    if data:
        data[place % len(data)] = byte
    read_frame_log(bytes(data)).audio_start(42869.3)
