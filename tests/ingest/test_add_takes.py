"""A data set takes in what is new or has changed, names what failed, and survives being killed."""

import functools
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import fake_captures
import numpy as np
import pytest
from fake_captures import found_at, read_capture, write_capture
from interrupts import hear_interrupts

from cstalk_ue.errors import ConfigError, DataSetError, ExportError
from ingest.add_takes import IngestOptions, add_takes
from ingest.data_set import open_data_set
from ingest.data_set_tables import read_failures
from ingest.found import FoundTake
from ingest.label_claims import call_claims
from ingest.labels import LabelOptions
from ingest.source_state import files_sha256, read_state
from ingest.take_files import read_take, read_take_facts
from ingest.take_manifest import read_take_manifest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("a_angry_1", "b_sad_1", "c_happy_1", "d_surprised_1", "e_neutral_1")


@pytest.fixture
def reads(tmp_path, monkeypatch):
    """What was read since the last call."""
    log = tmp_path / "reads.log"
    monkeypatch.setenv(fake_captures.LOG, str(log))

    def take() -> list[str]:
        lines = log.read_text(encoding="utf-8").split("\n")[:-1] if log.exists() else []
        log.unlink(missing_ok=True)
        return sorted(lines)

    return take


@pytest.fixture
def captures(tmp_path):
    return [write_capture(tmp_path / "in" / f"{name}.cap", seed) for seed, name in enumerate(NAMES)]


def contents(folder: Path) -> dict[str, str]:
    """Every file of a data set and the digest of its bytes, without what is only about the sources."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".sources" not in path.parts
    }


def statuses(report) -> dict[str, str]:
    return {result.name: result.status for result in report.results}


def labelled(**call) -> IngestOptions:
    claims = call_claims(call.get("emotion"), call.get("intensity"), call.get("performer"))
    return IngestOptions(labels=LabelOptions(call=claims))


# What a first run makes


def test_takes_come_with_labels_from_their_names_and_what_was_measured(captures, tmp_path):
    report = add_takes(tmp_path / "set", captures, read_capture)
    assert set(statuses(report).values()) == {"new"} and not report.problems
    data_set = open_data_set(tmp_path / "set")
    assert [record.emotion for record in data_set.records] == [
        "angry",
        "sad",
        "happy",
        "surprised",
        "neutral",
    ]
    record = data_set.records[0]
    assert (record.frames, record.valid_frames, record.audio, record.audio_start) == (40, 39, True, "assumed")
    assert record.source == captures[0].path.as_posix() and "made-up" in record.remarks.split()
    facts = read_take_facts(data_set.take_folder(record.name))
    assert facts["timing"]["captured_frames"] == 40
    assert facts["quality"]["seconds"] == pytest.approx(40 / 30, abs=1e-3)
    assert facts["sync"]["lag_seconds"] is None  # too short to compare
    take, captured = data_set.read(record), read_capture(captures[0])
    np.testing.assert_array_equal(take.performance.face.values, captured.performance.face.values)
    np.testing.assert_array_equal(take.performance.face.valid, captured.performance.face.valid)
    np.testing.assert_allclose(take.samples, captured.samples, atol=2**-15)
    assert data_set.require_statistics().kept.sum() > 0


def test_sound_that_starts_late_is_put_where_it_belongs(tmp_path):
    capture = write_capture(tmp_path / "in" / "x_sad.cap", 3)
    add_takes(tmp_path / "set", [capture], functools.partial(late_sound, seconds=0.1))
    take = read_take(tmp_path / "set" / "takes" / "x_sad")
    assert not take.samples[:1600].any()
    np.testing.assert_allclose(take.samples[1600:], read_capture(capture).samples[:-1600], atol=2**-15)
    assert read_take_facts(tmp_path / "set" / "takes" / "x_sad")["audio"]["start_seconds"] == 0.1


def late_sound(found: FoundTake, *, seconds: float):
    return replace(read_capture(found), audio_start_seconds=seconds)


def test_one_process_and_several_give_the_same_bytes(captures, tmp_path):
    add_takes(tmp_path / "one", captures, read_capture)
    add_takes(tmp_path / "two", list(reversed(captures)), read_capture, IngestOptions(jobs=2))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_file_or_a_strange_folder_is_not_made_a_data_set(captures, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportError, match="is a file"):
        add_takes(tmp_path / "file", captures, read_capture)
    with pytest.raises(DataSetError, match=r"is no data set and not empty \(a_angry_1.cap"):
        add_takes(tmp_path / "in", captures, read_capture)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "dataset.toml").write_text('format = "cstalk-dataset/1"\n[splits]\ntets = 0.2\n')
    with pytest.raises(ConfigError, match="tets"):
        add_takes(tmp_path / "set", captures, read_capture)


# What a second run does


def test_what_is_unchanged_is_not_read(captures, tmp_path, reads):
    add_takes(tmp_path / "set", captures, read_capture)
    assert len(reads()) == 5
    before = contents(tmp_path / "set")
    report = add_takes(tmp_path / "set", captures, read_capture)
    assert reads() == [] and set(statuses(report).values()) == {"unchanged"}
    assert contents(tmp_path / "set") == before


def test_a_changed_recording_is_read_again_and_alone(captures, tmp_path, reads):
    add_takes(tmp_path / "set", captures, read_capture)
    reads()
    write_capture(captures[1].path, 77)
    report = add_takes(tmp_path / "set", captures, read_capture)
    assert reads() == ["b_sad_1.cap"] and statuses(report)["b_sad_1"] == "changed"
    add_takes(tmp_path / "fresh", captures, read_capture)
    assert contents(tmp_path / "set") == contents(tmp_path / "fresh")


def test_a_change_within_the_clock_of_the_file_system_is_seen(captures, tmp_path, reads):
    """Same size, same time: only the contents tell, and they are looked at where the time proves nothing."""
    add_takes(tmp_path / "set", captures, read_capture)
    stat = captures[0].path.stat()
    captures[0].path.write_text("9 40 1", encoding="utf-8")
    os.utime(captures[0].path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    reads()
    assert statuses(add_takes(tmp_path / "set", captures, read_capture))["a_angry_1"] == "changed"
    assert reads() == ["a_angry_1.cap"]


def test_a_settled_file_is_believed_by_size_and_time_and_a_touched_one_by_content(
    captures, tmp_path, reads, monkeypatch
):
    old = time.time_ns() - 10_000_000_000
    for capture in captures:
        os.utime(capture.path, ns=(old, old))
    add_takes(tmp_path / "set", captures, read_capture)
    assert read_state(tmp_path / "set", "a_angry_1").settled
    reads()
    captures[0].path.touch()
    hashed = []
    from ingest import source_state

    whole = source_state.sha256_file
    monkeypatch.setattr(source_state, "sha256_file", lambda path: hashed.append(path) or whole(path))
    report = add_takes(tmp_path / "set", captures, read_capture)
    assert set(statuses(report).values()) == {"unchanged"} and reads() == []
    assert [path.name for path in hashed] == ["a_angry_1.cap"]


def test_other_settings_of_the_reader_read_again(captures, tmp_path, reads):
    add_takes(tmp_path / "set", captures, functools.partial(read_capture, gain=0.5))
    reads()
    report = add_takes(tmp_path / "set", captures, functools.partial(read_capture, gain=0.5))
    assert reads() == [] and report.count("unchanged") == 5
    report = add_takes(tmp_path / "set", captures, functools.partial(read_capture, gain=0.25))
    assert len(reads()) == 5 and report.count("changed") == 5


def test_restart_reads_everything_and_gives_the_same_bytes(captures, tmp_path, reads):
    add_takes(tmp_path / "set", captures, read_capture)
    before = contents(tmp_path / "set")
    reads()
    add_takes(tmp_path / "set", captures, read_capture, IngestOptions(restart=True))
    assert len(reads()) == 5 and contents(tmp_path / "set") == before


def test_a_sound_that_is_put_beside_a_silent_take_is_found(tmp_path, reads):
    silent = write_capture(tmp_path / "in" / "a_sad.cap", 1, sound=False)
    other = write_capture(tmp_path / "in" / "b_sad.cap", 2, sound=True)
    add_takes(tmp_path / "set", [silent, other], read_capture)
    reads()
    silent.path.with_suffix(".sound").touch()
    silent.path.with_suffix(".wav").touch()
    report = add_takes(tmp_path / "set", [silent, other], read_capture)
    assert reads() == ["a_sad.cap"] and statuses(report) == {"a_sad": "changed", "b_sad": "unchanged"}
    assert report.records[0].audio


def test_a_damaged_take_is_made_again(captures, tmp_path, reads):
    add_takes(tmp_path / "set", captures, read_capture)
    before = contents(tmp_path / "set")
    reads()
    curves = tmp_path / "set" / "takes" / "c_happy_1" / "curves.npz"
    curves.write_bytes(curves.read_bytes()[:-20])
    (tmp_path / "set" / "takes" / "d_surprised_1" / "take.json").write_text("{")
    add_takes(tmp_path / "set", captures, read_capture)
    assert reads() == ["c_happy_1.cap", "d_surprised_1.cap"] and contents(tmp_path / "set") == before


def test_what_is_known_of_the_sources_may_be_deleted(captures, tmp_path, reads):
    """Then takes are known by the path that was given, and read again."""
    add_takes(tmp_path / "set", captures, read_capture)
    before = contents(tmp_path / "set")
    for path in (tmp_path / "set" / ".sources").iterdir():
        path.unlink()
    reads()
    report = add_takes(tmp_path / "set", captures, read_capture)
    assert len(reads()) == 5 and report.count("changed") == 5 and contents(tmp_path / "set") == before


def test_the_same_recording_by_another_path_is_the_same_take(captures, tmp_path, reads, monkeypatch):
    add_takes(tmp_path / "set", captures, read_capture)
    reads()
    monkeypatch.chdir(tmp_path / "in")
    report = add_takes(tmp_path / "set", [found_at(Path("a_angry_1.cap")), captures[0]], read_capture)
    assert reads() == [] and list(statuses(report)) == ["a_angry_1"] and len(report.records) == 5


def test_captures_that_were_moved_are_the_same_takes(tmp_path):
    found = [write_capture(tmp_path / "in" / day / "S_sad_1.cap", seed) for seed, day in enumerate("ab")]
    found.append(write_capture(tmp_path / "in" / "c" / "other_sad.cap", 9))
    add_takes(tmp_path / "set", found, read_capture, below(tmp_path / "in"))
    before = {record.name: record.content_sha256 for record in open_data_set(tmp_path / "set").records}
    (tmp_path / "in").rename(tmp_path / "archive")
    new = write_capture(tmp_path / "archive" / "d" / "other_sad.cap", 10)  # called alike and no copy
    moved = [found_at(tmp_path / "archive" / take.path.relative_to(tmp_path / "in")) for take in found]
    report = add_takes(tmp_path / "set", [*moved, new], read_capture, below(tmp_path / "archive"))
    after = {record.name: record.content_sha256 for record in report.records}
    assert len(after) == 4 and after.items() >= before.items() and not report.notes
    assert all("archive" in record.source for record in report.records)


def below(root: Path) -> IngestOptions:
    return IngestOptions(labels=LabelOptions(roots=(root,)))


def test_a_data_set_among_the_captures_does_not_eat_itself(captures, tmp_path, reads):
    inside = tmp_path / "in" / "set"
    add_takes(inside, captures, read_capture)
    assert len(reads()) == 5
    add_takes(inside, [*captures, found_at(inside / "takes.csv")], read_capture)
    assert reads() == []


def test_a_file_among_the_settings_counts_by_its_contents(captures, tmp_path, reads):
    settings = tmp_path / "settings.csv"
    settings.write_text("one")
    add_takes(tmp_path / "set", captures[:1], functools.partial(read_capture, slate=str(settings)))
    reads()
    settings.write_text("two")
    add_takes(tmp_path / "set", captures[:1], functools.partial(read_capture, slate=str(settings)))
    assert reads() == ["a_angry_1.cap"]


def test_a_sound_that_comes_to_the_folder_with_sounds_may_be_better_than_the_own(tmp_path, reads):
    capture = write_capture(tmp_path / "in" / "a_sad.cap", 1, sound=True)
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    reader, options = functools.partial(read_capture, audio_folder=sounds), IngestOptions(audio_folder=sounds)
    add_takes(tmp_path / "set", [capture], reader, options)
    assert reads() == ["a_sad.cap"]
    add_takes(tmp_path / "set", [capture], reader, options)
    assert reads() == []
    (sounds / "a_sad.wav").touch()
    add_takes(tmp_path / "set", [capture], reader, options)
    assert reads() == ["a_sad.cap"]


def test_a_zip_is_known_by_what_lies_in_the_folder_of_the_take(tmp_path):
    def pack(second: str) -> str:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr("one/a.csv", "1")
            archive.writestr("one/b.json", "2")
            archive.writestr("two/a.csv", second)
        return files_sha256([tmp_path / "x.zip"], "one/a.csv")

    assert pack("3") == pack("4")
    two = files_sha256([tmp_path / "x.zip"], "two/a.csv")
    pack("5")
    assert files_sha256([tmp_path / "x.zip"], "two/a.csv") != two
    (tmp_path / "x.zip").write_text("no zip")
    with pytest.raises(OSError, match="no zip"):
        files_sha256([tmp_path / "x.zip"], "two/a.csv")


def test_takes_of_another_call_stay_and_those_without_a_recording_are_told(captures, tmp_path):
    add_takes(tmp_path / "set", captures[:3], read_capture)
    captures[0].path.unlink()
    report = add_takes(tmp_path / "set", captures[3:], read_capture)
    assert len(report.records) == 5
    assert len(report.notes) == 1 and "1 takes stay" in report.notes[0] and "a_angry_1" in report.notes[0]


# Labels


def test_other_labels_do_not_read_the_curves(captures, tmp_path, reads):
    add_takes(tmp_path / "set", captures, read_capture)
    reads()
    report = add_takes(tmp_path / "set", captures, read_capture, labelled(emotion="sad", intensity=0.5))
    assert reads() == []
    assert statuses(report) == dict.fromkeys(NAMES, "relabelled")
    assert {record.emotion for record in report.records} == {"sad:0.5"}
    assert "label-conflict" in report.records[0].remarks and "label-conflict" not in report.records[1].remarks
    add_takes(tmp_path / "fresh", captures, read_capture, labelled(emotion="sad", intensity=0.5))
    assert contents(tmp_path / "set") == contents(tmp_path / "fresh")


def test_a_manifest_labels_and_splits_takes_and_its_bad_lines_are_named(captures, tmp_path):
    manifest = tmp_path / "takes.csv"
    manifest.write_text(
        "name,source,emotion,performer,line,split\n"
        "a_angry_1,,happy,Ann,L1,test\n"
        ",in/b_sad_1.cap,sad:0.5,Ann,L2,\n"
        "c_happy_1,,cheerfull,,,\n"
        "nobody,,sad,,,\n"
    )
    options = IngestOptions(manifest=read_take_manifest(manifest))
    report = add_takes(tmp_path / "set", captures, read_capture, options)
    rows = {record.name: record for record in report.records}
    assert (rows["a_angry_1"].emotion, rows["a_angry_1"].split) == ("happy", "test")
    assert (rows["b_sad_1"].emotion, rows["b_sad_1"].performer) == ("sad:0.5", "Ann")
    assert rows["c_happy_1"].emotion == "happy"  # from its name; the line of the manifest is bad
    assert len(report.problems) == 1 and "line 4: emotion 'cheerfull'" in report.problems[0]
    assert len(report.notes) == 1 and "(line 5)" in report.notes[0]


# Failures


def test_failures_are_named_and_nothing_good_is_lost(captures, tmp_path):
    captures[1].path.write_text("junk")
    captures[3].path.write_text("crash")
    captures[4].path.unlink()
    report = add_takes(tmp_path / "set", captures, read_capture, IngestOptions(jobs=2))
    failed = {result.name: result.message for result in report.results if result.status == "failed"}
    assert sorted(failed) == ["b_sad_1", "d_surprised_1", "e_neutral_1"]
    assert "'junk' is no made-up capture" in failed["b_sad_1"]
    assert "unexpected ZeroDivisionError at fake_captures.py:" in failed["d_surprised_1"]
    assert "No such file" in failed["e_neutral_1"]
    assert all(str(tmp_path) in message and "\n" not in message for message in failed.values())
    rows = read_failures(tmp_path / "set")
    assert [(row.name, row.error) for row in rows] == sorted(failed.items())
    assert [record.name for record in report.records] == ["a_angry_1", "c_happy_1"]
    assert sorted(path.name for path in (tmp_path / "set" / "takes").iterdir()) == ["a_angry_1", "c_happy_1"]


def test_the_list_of_failures_goes_when_they_do(captures, tmp_path):
    captures[1].path.write_text("junk")
    captures[2].path.write_text("junk")
    add_takes(tmp_path / "set", captures, read_capture)
    write_capture(captures[1].path, 1)
    add_takes(tmp_path / "set", captures[:2], read_capture)  # does not try the other one again
    assert [row.name for row in read_failures(tmp_path / "set")] == ["c_happy_1"]
    write_capture(captures[2].path, 2)
    add_takes(tmp_path / "set", captures, read_capture)
    assert not (tmp_path / "set" / "failed.csv").exists()


def test_a_take_whose_recording_breaks_stays_and_is_named(captures, tmp_path):
    add_takes(tmp_path / "set", captures, read_capture)
    before = contents(tmp_path / "set")
    captures[0].path.write_text("junk")
    report = add_takes(tmp_path / "set", captures, read_capture)
    assert report.count("failed") == 1 and len(report.records) == 5
    after = contents(tmp_path / "set")
    after.pop("failed.csv")
    assert after == before


def test_a_process_that_is_killed_costs_one_take(captures, tmp_path):
    reader = functools.partial(deadly, victim="c_happy_1")
    report = add_takes(tmp_path / "set", captures, reader, IngestOptions(jobs=2))
    assert [result.name for result in report.results if result.status == "failed"] == ["c_happy_1"]
    assert "its process was killed" in report.results[2].message and len(report.records) == 4


def deadly(found: FoundTake, *, victim: str):
    if found.name == victim:
        os.kill(os.getpid(), signal.SIGKILL)
    return read_capture(found)


# Names


def test_takes_called_alike_get_names_that_do_not_depend_on_their_order(tmp_path):
    found = [write_capture(tmp_path / "in" / day / "MySlate_1.cap", seed) for seed, day in enumerate("abc")]
    options = IngestOptions(labels=LabelOptions(roots=(tmp_path / "in",)))
    add_takes(tmp_path / "set", found, read_capture, options)
    add_takes(tmp_path / "other", found[::-1], read_capture, options)
    assert contents(tmp_path / "set") == contents(tmp_path / "other")
    names = [record.name for record in open_data_set(tmp_path / "set").records]
    assert len(names) == 3 and all(name.startswith("MySlate_1-") for name in names)


def test_a_take_keeps_its_name_when_another_of_that_name_comes(tmp_path):
    first = write_capture(tmp_path / "in" / "a" / "X.cap", 1)
    second = write_capture(tmp_path / "in" / "b" / "x.cap", 2)
    add_takes(tmp_path / "set", [first], read_capture)
    report = add_takes(tmp_path / "set", [first, second], read_capture)
    assert statuses(report)["X"] == "unchanged" and len(report.records) == 2
    assert len({record.name.casefold() for record in report.records}) == 2


# Killed and resumed

RUN = """
import sys
from pathlib import Path
from fake_captures import found_at, read_capture
from ingest.add_takes import IngestOptions, add_takes

if __name__ == "__main__":
    found = [found_at(path) for path in sorted(Path(sys.argv[1]).iterdir())]
    add_takes(Path(sys.argv[2]), found, read_capture, IngestOptions(jobs=int(sys.argv[3])))
"""


def start(tmp_path: Path, data_set: Path, jobs: int) -> subprocess.Popen:
    script = tmp_path / "run.py"
    script.write_text(RUN)
    return subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "in"), str(data_set), str(jobs)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(Path(__file__).parent)))},
        stderr=subprocess.DEVNULL,
        preexec_fn=hear_interrupts if hasattr(os, "fork") else None,
    )


def finished_takes(data_set: Path) -> int:
    return len(list(data_set.glob("takes/*/take.json")))


def killed_and_resumed(tmp_path: Path, takes: int, kills: int, jobs: int, number: int) -> None:
    """Kill a run when so many takes are done that the kills fall all over it; then compare."""
    for seed in range(takes):
        emotion = ("angry", "sad", "happy", "surprised", "neutral")[seed % 5]
        write_capture(tmp_path / "in" / f"t{seed:03d}_{emotion}.cap", seed, frames=30 + seed)
    (tmp_path / "in" / "zz_broken.cap").write_text("junk")
    data_set, chance = tmp_path / "killed", random.Random(number)
    was_killed = 0
    for kill in range(kills):
        process = start(tmp_path, data_set, jobs)
        goal = finished_takes(data_set) + chance.randint(0, max(1, takes // kills))
        while process.poll() is None and finished_takes(data_set) <= goal:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.01)
        process.send_signal(signal.SIGINT if kill % 3 == 2 else signal.SIGKILL)
        was_killed += process.wait(timeout=60) != 0
        # Whatever lies there with a take.json is whole.
        for facts in data_set.glob("takes/*/take.json"):
            read_take(facts.parent)
    assert was_killed >= min(2, kills)
    assert start(tmp_path, data_set, jobs).wait(timeout=120) == 0
    assert start(tmp_path, tmp_path / "whole", 1).wait(timeout=120) == 0
    assert contents(data_set) == contents(tmp_path / "whole")
    assert len(read_failures(data_set)) == 1
    assert not list(data_set.rglob("*.part"))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_run_that_is_killed_and_resumed_gives_the_same_bytes(tmp_path):
    killed_and_resumed(tmp_path, takes=24, kills=3, jobs=1, number=1)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ten_kills_at_random_points_give_the_same_bytes(tmp_path, jobs):
    killed_and_resumed(tmp_path, takes=200, kills=10, jobs=jobs, number=jobs)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_ctrl_c_leaves_a_table_of_what_is_done(tmp_path):
    for seed in range(60):
        write_capture(tmp_path / "in" / f"t{seed:03d}_sad.cap", seed)
    process = start(tmp_path, tmp_path / "set", 1)
    while finished_takes(tmp_path / "set") < 5:
        time.sleep(0.002)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) != 0
    records = open_data_set(tmp_path / "set").records
    assert 5 <= len(records) == finished_takes(tmp_path / "set")
    assert open_data_set(tmp_path / "set").statistics is None  # those of fewer takes would be believed


def test_a_half_written_take_goes_when_its_recording_did(captures, tmp_path):
    add_takes(tmp_path / "set", captures, read_capture)
    (tmp_path / "set" / "takes" / "a_angry_1" / "take.json").unlink()
    (tmp_path / "set" / "takes" / "b_sad_1" / ".take.json.12345678.part").touch()
    add_takes(tmp_path / "set", captures[2:], read_capture)
    assert not (tmp_path / "set" / "takes" / "a_angry_1").exists()
    notes = tmp_path / "set" / "takes" / "mine"
    notes.mkdir()
    (notes / "notes.txt").touch()
    add_takes(tmp_path / "set", captures[2:], read_capture)
    assert (notes / "notes.txt").exists()


def test_memory_does_not_grow_with_the_number_of_takes(tmp_path):
    """Ten times as many takes of 186 KB each need no more than a row for each."""

    def peak(count: int) -> int:
        where = tmp_path / f"n{count}"
        found = [
            write_capture(where / "in" / f"t{n}_sad.cap", n, frames=240, sound=False) for n in range(count)
        ]
        tracemalloc.start()
        add_takes(where / "set", found, read_capture)
        _, high = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return high

    peak(2)  # what is loaded once
    few, many = peak(3), peak(30)
    assert many - few < 240 * 194 * 4 + 27 * 8000
