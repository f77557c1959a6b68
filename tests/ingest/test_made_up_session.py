"""A shooting day with all that goes wrong on one: every fault is found and named, nothing good is lost."""

import numpy as np
import pytest
from made_up_session import WrittenTake, corpus_session, sample_session, write_session
from plain_loop import read_plain
from session_faults import FAULTS
from session_verdict import IngestedSession, complaints, ingest_session, quietly

from cstalk_ue.arkit_maps import arkit_names, arkit_to_gui
from cstalk_ue.take import RigCurves

TAKES = 30


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    return tmp_path_factory.mktemp("session") / "day"


@pytest.fixture(scope="module")
def written(day) -> list[WrittenTake]:
    return write_session(day, sample_session(TAKES))


@pytest.fixture(scope="module")
def session(day, written) -> IngestedSession:
    return ingest_session(day, day.parent / "set", jobs=1)


def test_there_are_more_than_fifteen_faults_and_each_is_made_once(written):
    faults = [take.fault for take in written if take.fault]
    assert sorted(faults) == sorted(fault.name for fault in FAULTS)
    assert sum(bool(fault.failed or fault.codes) for fault in FAULTS) >= 15


def test_every_fault_is_named_and_nothing_good_is_lost_or_accused(written, session):
    assert complaints(written, session) == []
    assert (session.exit_code, session.check_exit_code) == (1, 1)


def test_a_report_that_misses_a_fault_is_complained_about(written, session):
    """The judge itself: it must not be content with silence."""
    deaf = IngestedSession(0, 0, session.data_set, {}, {name: set() for name in session.said}, "")
    names = {line.split()[0] for line in complaints(written, deaf)}
    assert names >= {fault.name for fault in FAULTS if fault.failed or fault.codes}


def test_curves_and_sound_are_those_of_a_plain_reading(written, session):
    """Good takes, read again by a short script that shares no code with ours."""
    checked = 0
    for take in written:
        if take.fault:
            continue
        plain, stored = read_plain(take.folder), session.data_set.read(session.records[take.name])
        shapes = [plain.columns.index(name) for name in arkit_names()]
        expected = arkit_to_gui(RigCurves(plain.shapes[:, shapes], arkit_names(), 30.0))
        # Where a shape passes through its range's end, holding it before or after interpolation differs.
        assert np.abs(stored.performance.face.select(expected.controls).values - expected.values).max() < 2e-3
        ours = stored.samples
        assert ours is not None
        start = stored.facts["audio"]["start_seconds"]
        offset = round(start * 16000)
        theirs = plain.samples[: len(ours) - offset]
        # Stored as 16 bit.
        assert np.abs(ours[offset : offset + len(theirs)] - theirs).max() < 1e-4
        checked += 1
    assert checked >= 5


def test_takes_last_as_long_as_their_timecodes_say(written, session):
    for take in written:
        record = session.records.get(take.name)
        if record is not None and not take.fault:
            timing = session.data_set.read(record, audio=False).facts["timing"]
            assert abs(record.seconds - timing["seconds"]) < 1 / 30
            assert timing["measured_fps"] == pytest.approx(59.9044, abs=2e-3)


def test_a_second_run_reads_nothing_again(day, session):
    code, shown = quietly(
        ["ingest", "live-link-face", str(day), "-o", str(day.parent / "set"), "--jobs", "1"]
    )
    kept = len(session.records)
    assert code == 1
    assert f"{kept} unchanged, {len(session.failures)} failed" in shown


@pytest.mark.slow
def test_a_session_of_the_papers_size(tmp_path, shared_data):
    """500 takes of many lines by five performers, in two processes."""
    takes = write_session(tmp_path / "day", corpus_session(shared_data / "speech_train", 500), jobs=2)
    big = ingest_session(tmp_path / "day", tmp_path / "set", jobs=2)
    assert complaints(takes, big) == []
    assert len(big.records) == 500 - sum(bool(fault.failed) for fault in FAULTS) + 1
