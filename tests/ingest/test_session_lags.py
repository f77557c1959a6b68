"""Sound is moved only on request, by what a session agrees on or by a take's own lag, and back again."""

import functools
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.rig import control_defaults, control_names, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves
from ingest.add_takes import IngestOptions, add_takes
from ingest.captured import CapturedTake, CaptureOrigin, CaptureTiming, TakeLabels
from ingest.found import FoundTake
from ingest.session_lags import session_of
from ingest.take_files import read_take_facts

LATE = 0.1
"""Seconds by which the curves of the talking takes are later than their sound."""
HALF_FRAME = 0.02
"""Whether a frame is a moment or lasts its period is a matter of definition."""


def read_talk(found: FoundTake) -> CapturedTake:
    """A jaw that opens with made-up syllables, `LATE` after they are heard."""
    rng = np.random.default_rng(int(found.path.read_text()))
    frames = 8 * 30
    knots = rng.random(8 * 5)  # five syllables a second
    loud = np.interp(np.arange(8 * SAMPLE_RATE) / SAMPLE_RATE * 5, np.arange(len(knots)), knots)
    seconds = np.arange(8 * SAMPLE_RATE) / SAMPLE_RATE
    samples = (0.3 * loud**2 * np.sin(2 * np.pi * 600 * seconds)).astype(np.float32)
    values = np.tile(control_defaults(), (frames, 1)).astype(np.float32)
    heard = np.arange(frames) / 30 - LATE
    values[:, control_names().index("CTRL_C_jaw.ty")] = np.interp(heard * 5, np.arange(len(knots)), knots)
    return CapturedTake(
        name=found.name,
        performance=FacePerformance(RigCurves(values, control_names(), 30.0), neutral_head(frames, 30.0)),
        timing=CaptureTiming(30.0, "frames", "", 8.0, frames),
        labels=TakeLabels(),
        origin=CaptureOrigin("table", found.path, files=(found.path,), details={"device": "phone"}),
        samples=samples,
        audio_start="assumed",
    )


@pytest.fixture
def talks(tmp_path):
    (tmp_path / "in").mkdir()
    found = []
    for number in range(4):
        path = tmp_path / "in" / f"talk{number}"
        path.write_text(str(number))
        found.append(FoundTake(path, "", path.name))
    return found


def contents(folder: Path) -> dict[str, str]:
    paths = [path for path in folder.rglob("*") if path.is_file() and ".sources" not in path.parts]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_lags_are_reported_always_and_applied_on_request(talks, tmp_path):
    report = add_takes(tmp_path / "set", talks, read_talk)
    assert [record.lag_seconds for record in report.records] == pytest.approx([-LATE] * 4, abs=HALF_FRAME)
    assert {record.audio_shift_seconds for record in report.records} == {0.0}
    plain = contents(tmp_path / "set")

    report = add_takes(tmp_path / "set", talks, read_talk, IngestOptions(lags="pooled"))
    shifts = {record.audio_shift_seconds for record in report.records}
    assert len(shifts) == 1 and shifts.pop() == pytest.approx(LATE, abs=HALF_FRAME)
    assert [record.lag_seconds for record in report.records] == pytest.approx([0] * 4, abs=0.01)
    pooled = contents(tmp_path / "set")
    again = add_takes(tmp_path / "set", talks, read_talk, IngestOptions(lags="pooled"))
    assert again.count("unchanged") == 4 and contents(tmp_path / "set") == pooled
    add_takes(tmp_path / "fresh", talks, read_talk, IngestOptions(lags="pooled"))
    assert contents(tmp_path / "fresh") == pooled

    report = add_takes(tmp_path / "set", talks, read_talk, IngestOptions(lags="take"))
    for record in report.records:
        facts = read_take_facts(tmp_path / "set" / "takes" / record.name)
        assert record.audio_shift_seconds == -facts["audio"]["captured_lag"]["lag_seconds"]

    add_takes(tmp_path / "set", talks, read_talk)
    assert contents(tmp_path / "set") == plain


def test_moved_sound_keeps_what_a_cut_would_have_lost(talks, tmp_path):
    """It is placed anew from the recording: what was recorded before frame 0 comes in at the start."""
    reader = functools.partial(early_sound, lead=0.5)
    add_takes(tmp_path / "set", talks, reader, IngestOptions(lags="pooled"))
    from ingest.take_files import read_take

    take = read_take(tmp_path / "set" / "takes" / "talk0")
    assert take.samples[: SAMPLE_RATE // 20].any()


def early_sound(found: FoundTake, *, lead: float) -> CapturedTake:
    """The same talk, with a hum before frame 0."""
    take = read_talk(found)
    hum = 0.05 * np.sin(np.arange(round(lead * SAMPLE_RATE)) * 0.2)
    samples = np.concatenate([hum.astype(np.float32), take.samples])
    return replace(take, samples=samples, audio_start_seconds=-lead)


def test_takes_that_do_not_agree_are_left_alone(talks, tmp_path, monkeypatch):
    from ingest import sound_placement
    from ingest.sync import Lag

    lags = iter([-0.4, 0.3, 0.0, -0.15] * 3)
    monkeypatch.setattr(
        sound_placement,
        "measure_lag",
        lambda face, samples: Lag(lag := next(lags), 0.2, 0.5, 0.4, (lag,) * 2, 0.5),
    )
    report = add_takes(tmp_path / "set", talks, read_talk, IngestOptions(lags="pooled"))
    assert {record.audio_shift_seconds for record in report.records} == {0.0}
    report = add_takes(tmp_path / "other", talks, read_talk, IngestOptions(lags="take"))
    assert {record.audio_shift_seconds for record in report.records} == {0.0}  # not sure enough


def test_a_session_is_one_device_on_one_day_paired_in_one_way():
    def facts(start="timecode", path="card/x", **details):
        return {
            "origin": {"format": "live-link-face", "path": path, "details": details},
            "audio": {"start": start},
        }

    one = session_of(facts(device="iPhone14,8", date="2024-12-04T11:00:00Z"))
    assert session_of(facts(device="iPhone14,8", date="2024-12-04T15:30:00Z", path="else/y")) == one
    assert session_of(facts(device="iPhone14,8", date="2024-12-05T11:00:00Z")) != one
    assert session_of(facts(device="iPad8,9", date="2024-12-04T11:00:00Z")) != one
    assert session_of(facts(start="frame-log", device="iPhone14,8", date="2024-12-04T11:00:00Z")) != one
    assert session_of(facts(path="a/x")) == session_of(facts(path="a/y")) != session_of(facts(path="b/x"))


@pytest.mark.slow
def test_recorded_speech_is_a_frame_early_and_is_moved(tmp_path, shared_data):
    from ingest.table import find_tables, read_table

    found = find_tables([shared_data / "paired" / "facegood"])
    reader = functools.partial(read_table, rigmap="facegood")
    report = add_takes(tmp_path / "set", found, reader)
    assert [record.lag_seconds for record in report.records] == pytest.approx([-1 / 30] * 4, abs=0.01)
    report = add_takes(tmp_path / "set", found, reader, IngestOptions(lags="pooled"))
    assert [record.audio_shift_seconds for record in report.records] == pytest.approx([1 / 30] * 4, abs=0.01)
    assert [record.lag_seconds for record in report.records] == pytest.approx([0] * 4, abs=0.01)
