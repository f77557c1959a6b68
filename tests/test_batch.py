"""A batch goes on where it stopped, redoes what has changed and nothing else, and names what failed."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from deadly_name import DeadlyName
from interrupts import hear_interrupts
from tiny_checkpoint import save_tiny, write_wav

from cstalk_ue import batch_files, batch_processes
from cstalk_ue.batch import BatchSettings, run_batch
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import ExportError, UsageError
from cstalk_ue.export import FORMATS, read_curves_npz
from cstalk_ue.manifest import Line, lines_of_paths

ROOT = Path(__file__).resolve().parents[1]
SAD = EmotionTrack.parse("sad")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def wavs(tmp_path):
    for number in range(4):
        write_wav(tmp_path / "in" / f"line {number}.wav", seed=number)
    return tmp_path / "in"


@pytest.fixture
def settings(model):
    return BatchSettings(model=str(model))


def write_phones(wav: Path) -> None:
    wav.with_suffix(".phones.csv").write_text("start,end,phone\n0,0.1,SIL\n0.1,0.2,AA\n0.2,0.3,P\n")


def lines_of(folder: Path, emotion: str = "angry") -> tuple[Line, ...]:
    return lines_of_paths([folder], EmotionTrack.parse(emotion)).lines


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder and the digest of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def statuses(results) -> list[str]:
    return [result.status for result in results]


def test_a_second_run_does_nothing(wavs, settings, tmp_path):
    out = tmp_path / "out"
    first = run_batch(lines_of(wavs), out, settings)
    assert statuses(first) == ["done"] * 4
    assert sorted(contents(out)) == sorted(
        f"line {n}{end}" for n in range(4) for end in (".curves.npz", ".provenance.json")
    )
    before, stamps = contents(out), times(out)
    again = run_batch(lines_of(wavs), out, settings)
    assert statuses(again) == ["skipped"] * 4
    assert contents(out) == before and times(out) == stamps
    assert (
        [r.outputs for r in again]
        == [r.outputs for r in first]
        == [(f"line {n}.curves.npz",) for n in range(4)]
    )


def test_restart_redoes_all_with_the_same_bytes(wavs, settings, tmp_path):
    out = tmp_path / "out"
    run_batch(lines_of(wavs), out, settings)
    before, stamps = contents(out), times(out)
    assert statuses(run_batch(lines_of(wavs), out, settings, resume=False)) == ["done"] * 4
    assert contents(out) == before and times(out) != stamps


def _overwrite(path: Path, data: bytes = b"damaged") -> None:
    path.write_bytes(data)


CHANGES = {
    "source": lambda at: write_wav(at["in"] / "line 1.wav", seed=99),
    "output deleted": lambda at: (at["out"] / "line 1.curves.npz").unlink(),
    "output damaged": lambda at: _overwrite(at["out"] / "line 1.curves.npz"),
    "output cut": lambda at: os.truncate(at["out"] / "line 1.curves.npz", 1000),
    "record deleted": lambda at: (at["out"] / "line 1.provenance.json").unlink(),
    "record empty": lambda at: _overwrite(at["out"] / "line 1.provenance.json", b""),
    "record not JSON": lambda at: _overwrite(at["out"] / "line 1.provenance.json", b"{"),
    "record a list": lambda at: _overwrite(at["out"] / "line 1.provenance.json", b"[]"),
    "record of another format": lambda at: _edit_record(at, format="cstalk-prediction/2"),
    "record without outputs": lambda at: _edit_record(at, outputs={}),
    "record with odd outputs": lambda at: _edit_record(at, outputs=["\0"]),
}


def _edit_record(at, **fields) -> None:
    path = at["out"] / "line 1.provenance.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_redone_and_nothing_else(wavs, settings, tmp_path, change):
    out = tmp_path / "out"
    run_batch(lines_of(wavs), out, settings)
    before, stamps = contents(out), times(out)
    CHANGES[change]({"in": wavs, "out": out})
    assert statuses(run_batch(lines_of(wavs), out, settings)) == ["skipped", "done", "skipped", "skipped"]
    assert statuses(run_batch(lines_of(wavs), out, settings)) == ["skipped"] * 4
    for name, stamp in times(out).items():
        assert (stamp == stamps[name]) == ("line 1" not in name)
    if change != "source":
        assert contents(out) == before


def test_other_settings_are_other_results(wavs, settings, tmp_path):
    out, lines = tmp_path / "out", lines_of(wavs)[:1]
    write_wav(wavs / "line 0.wav", seconds=3)  # long enough for a blink
    other_model = save_tiny(tmp_path / "other", seed=5)
    asked = [
        (lines, settings),
        (lines_of(wavs, "angry:0.5")[:1], settings),
        (lines, replace(settings, seed=1)),
        ((replace(lines[0], seed=7),), settings),
        (lines, replace(settings, fps=24.0)),
        (lines, replace(settings, blinks=False)),
        (lines, replace(settings, head=False)),
        (lines, replace(settings, formats=("npz", "csv", "llf"))),
        (lines, replace(settings, model=str(other_model))),
    ]
    seen = set()
    for line, wanted in asked:
        assert statuses(run_batch(line, out, wanted)) == ["done"]
        assert statuses(run_batch(line, out, wanted)) == ["skipped"]
        seen.add((out / "line 0.curves.npz").read_bytes())
    assert len(seen) == len(asked) - 1  # another format leaves the npz as it was


def test_the_record_says_what_was_made_from_what(wavs, settings, tmp_path):
    out = tmp_path / "out"
    run_batch(lines_of(wavs)[:1], out, replace(settings, formats=("npz", "csv")))
    record = json.loads((out / "line 0.provenance.json").read_text(encoding="utf-8"))
    assert record["source"]["sha256"] == hashlib.sha256((wavs / "line 0.wav").read_bytes()).hexdigest()
    assert record["emotion"] == "angry" and record["model"]["id"].startswith("tiny-")
    assert {name: digest for name, digest in contents(out).items() if "prov" not in name} == record["outputs"]
    inside = read_curves_npz(out / "line 0.curves.npz").provenance
    assert inside["source_sha256"] == record["source"]["sha256"] and inside["emotion"] == "angry"


def test_lines_blink_at_different_times_and_a_line_always_at_the_same(wavs, settings, tmp_path):
    run_batch(lines_of(wavs), tmp_path / "a", settings)
    (wavs / "line 2.wav").rename(wavs / "other.wav")
    run_batch(lines_of(wavs), tmp_path / "b", settings)

    def heads(folder, name):
        return read_curves_npz(tmp_path / folder / f"{name}.curves.npz").performance.head.values

    assert (heads("a", "line 2") == heads("b", "other")).all()
    assert (heads("a", "line 0") != heads("a", "line 1")).any()


def test_a_bad_line_stops_no_other(wavs, settings, tmp_path):
    (wavs / "line 1.wav").write_text("not a sound")
    lines = [
        *lines_of(wavs),
        Line(tmp_path / "gone.wav", "gone", SAD),
        Line(wavs / "line 0.wav", "x", SAD, problem="no."),
    ]
    told = []
    results = run_batch(lines, tmp_path / "out", settings, on_result=lambda r: told.append(r.name))
    assert statuses(results) == ["done", "failed", "done", "done", "failed", "failed"]
    assert told == [line.name for line in lines]
    assert str(wavs / "line 1.wav") in results[1].message and "no such file" in results[4].message
    assert results[5].message == "no."
    assert not any("line 1" in name or "gone" in name for name in contents(tmp_path / "out"))


def test_an_audio_file_that_is_gone_fails_even_if_its_curves_are_there(wavs, settings, tmp_path):
    lines = lines_of(wavs)
    run_batch(lines, tmp_path / "out", settings)
    (wavs / "line 3.wav").unlink()
    results = run_batch(lines, tmp_path / "out", settings)
    assert statuses(results) == ["skipped"] * 3 + ["failed"] and "no such file" in results[3].message


def test_a_file_that_disappears_while_it_is_looked_at_fails_its_line(wavs, settings, tmp_path, monkeypatch):
    lines = lines_of(wavs)
    run_batch(lines, tmp_path / "out", settings)

    def vanished(path):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))

    monkeypatch.setattr("cstalk_ue.batch_line.sha256_file", vanished)
    results = run_batch(lines, tmp_path / "out", settings)
    assert statuses(results) == ["failed"] * 4
    assert results[0].message.startswith(f"{wavs / 'line 0.wav'}: No such file")


def test_an_error_of_our_own_fails_one_line_and_says_where(wavs, settings, tmp_path, monkeypatch):
    def broken(*args, **rest):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("cstalk_ue.batch_line.line_seed", broken)
    (result,) = run_batch(lines_of(wavs)[:1], tmp_path / "out", settings)
    assert (
        "unexpected ZeroDivisionError at test_batch.py:" in result.message and "line 0.wav" in result.message
    )


def test_memory_that_does_not_suffice_fails_one_line(wavs, settings, tmp_path, monkeypatch):
    def greedy(*args, **rest):
        raise MemoryError

    monkeypatch.setattr("cstalk_ue.batch_line.load_audio", greedy)
    (result,) = run_batch(lines_of(wavs)[:1], tmp_path / "out", settings)
    assert result.message.endswith("does not fit into memory. Cut it into shorter files.")


def test_the_input_is_never_modified(wavs, settings, tmp_path):
    before, stamps = contents(wavs), times(wavs)
    run_batch(lines_of(wavs), tmp_path / "out", replace(settings, formats=("npz", "csv", "llf")))
    assert contents(wavs) == before and times(wavs) == stamps


def test_results_may_lie_inside_the_input_folder(wavs, settings):
    out = wavs / "curves"
    assert statuses(run_batch(lines_of(wavs), out, settings)) == ["done"] * 4
    assert statuses(run_batch(lines_of(wavs), out, settings)) == ["skipped"] * 4
    assert statuses(run_batch(lines_of(wavs), wavs, settings)) == ["done"] * 4
    assert len(lines_of(wavs)) == 4


def test_an_output_never_replaces_an_input(wavs, settings, tmp_path):
    """A manifest line.csv and a line of that name in --format csv would be one file."""
    manifest, phones = wavs / "line 0.csv", wavs / "line 1.csv"
    for path in (manifest, phones):
        path.write_text("precious")
    lines = list(lines_of(wavs))
    lines[1] = replace(lines[1], phones=phones)
    results = run_batch(lines, wavs, replace(settings, formats=("csv",)), keep=(manifest,))
    assert statuses(results) == ["failed", "failed", "done", "done"]
    assert all("which is an input" in result.message for result in results[:2])
    assert manifest.read_text() == phones.read_text() == "precious"


def test_two_lines_never_write_one_file_in_different_formats(wavs, settings, tmp_path):
    """a as Live Link Face and a_llf as CSV are both a_llf.csv."""
    lines = [Line(wavs / "line 0.wav", "a", SAD), Line(wavs / "line 1.wav", "a_llf", SAD)]
    assert statuses(run_batch(lines, tmp_path / "x", replace(settings, formats=("csv",)))) == ["done", "done"]
    results = run_batch(lines, tmp_path / "y", replace(settings, formats=("csv", "llf")))
    assert statuses(results) == ["done", "failed"] and "a_llf.csv" in results[1].message


def test_names_with_folders_make_them(wavs, settings, tmp_path):
    (result,) = run_batch([Line(wavs / "line 0.wav", "sc 1/tä/a", SAD)], tmp_path / "out", settings)
    assert result.outputs == ("sc 1/tä/a.curves.npz",) and (tmp_path / "out" / result.outputs[0]).is_file()


def test_a_name_that_is_no_unicode_stops_nothing(wavs, settings, tmp_path):
    """libsndfile's binding cannot open such a file; the line fails by name and the record stays writable."""
    raw = os.fsdecode(b"gr\xf6\xdfe")
    try:
        (wavs / "line 0.wav").rename(wavs / f"{raw}.wav")
    except OSError:
        pytest.skip("this file system holds only Unicode names")
    lines = [Line(wavs / f"{raw}.wav", "a", SAD), Line(wavs / "line 1.wav", raw, SAD)]
    for last in ("done", "skipped"):
        assert statuses(run_batch(lines, tmp_path / "out", settings))[1] == last


def test_a_full_disk_fails_in_one_sentence_and_leaves_no_record(wavs, settings, tmp_path, monkeypatch):
    def full(*args, **rest):
        raise OSError(errno.ENOSPC, "No space left on device")

    out, lines = tmp_path / "out", lines_of(wavs)[:2]
    run_batch(lines[:1], out, settings)
    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "writestr", full)
        results = run_batch(lines, out, replace(settings, seed=3))
    assert statuses(results) == ["failed", "failed"]
    for result in results:
        assert "No space left on device" in result.message and "\n" not in result.message
    # The old curves are whole, but no record says that they are what was asked.
    assert list(contents(out)) == ["line 0.curves.npz"]
    read_curves_npz(out / "line 0.curves.npz")
    assert statuses(run_batch(lines, out, replace(settings, seed=3))) == ["done", "done"]


def test_a_folder_that_cannot_be_written_fails_each_line(wavs, settings, tmp_path, monkeypatch):
    def denied(*args, **rest):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "touch", denied)
    results = run_batch(lines_of(wavs), tmp_path / "out", settings)
    assert statuses(results) == ["failed"] * 4 and "you may write to" in results[0].message


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_fails_each_line(wavs, settings, tmp_path):
    out = tmp_path / "out"
    run_batch(lines_of(wavs), out, settings)
    out.chmod(0o555)
    results = run_batch(lines_of(wavs), out, replace(settings, seed=1))
    out.chmod(0o755)
    assert statuses(results) == ["failed"] * 4 and "Permission denied" in results[0].message


def test_an_output_folder_that_is_a_file_is_told_before_anything_is_done(wavs, settings, tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(ExportError, match="is a file; expected a folder"):
        run_batch(lines_of(wavs), tmp_path / "out", settings)


def test_a_model_that_is_not_there_is_told_before_anything_is_done(wavs, tmp_path):
    for jobs in (1, 2):
        with pytest.raises(UsageError, match="no such checkpoint folder"):
            run_batch(
                lines_of(wavs), tmp_path / "out", BatchSettings(model=str(tmp_path / "none")), jobs=jobs
            )
    assert not (tmp_path / "out").exists()


def test_the_performer_needs_phones_that_are_there(wavs, tmp_path):
    text = "start,end,phone\n0,0.1,SIL\n0.1,0.3,AA\n0.3,0.5,P\n"
    (wavs / "line 0.phones.csv").write_text(text)
    (wavs / "late.csv").write_text("start,end,phone\n0,9,AA\n")
    lines = list(lines_of(wavs))
    lines[2] = replace(lines[2], phones=wavs / "none.csv")
    lines[3] = replace(lines[3], phones=wavs / "late.csv")
    performer = BatchSettings(model="performer")
    results = run_batch(lines, tmp_path / "out", performer)
    assert statuses(results) == ["done", "failed", "failed", "failed"]
    assert "needs timed phones" in results[1].message
    assert results[2].message.startswith(f"{wavs / 'none.csv'}: no such file")
    assert "line 3.wav: the phones end at 9.00 s" in results[3].message
    assert statuses(run_batch(lines[:1], tmp_path / "out", performer)) == ["skipped"]
    (wavs / "line 0.phones.csv").write_text(text.replace("AA", "UW"))
    assert statuses(run_batch(lines[:1], tmp_path / "out", performer)) == ["done"]


def test_the_callers_threads_are_given_back(wavs, settings, tmp_path):
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run_batch(lines_of(wavs)[:1], tmp_path / "out", settings)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_leftovers_of_a_killed_run_go_and_those_of_others_stay(wavs, settings, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    mine, others = out / ".line 0.curves.npz.ab12cd_9.part", out / ".else.curves.npz.ab12cd_9.part"
    long_name = "a name of more than forty characters, really long"
    fresh = out / f".{long_name[:40]}.ab12cd_9.part"
    stale = out / f".{long_name[:40]}.xy12cd_9.part"
    for path in (mine, others, fresh, stale, out / "notes.part"):
        path.write_text("half")
    os.utime(stale, (time.time() - 7200,) * 2)
    lines = [lines_of(wavs)[0], Line(wavs / "line 1.wav", long_name, SAD)]
    run_batch(lines, out, settings)
    assert not mine.exists() and not stale.exists()
    assert others.exists() and fresh.exists() and (out / "notes.part").exists()


# What follows kills real processes.

KILLED_WHILE_WRITING = """
import os, signal, sys, zipfile
from pathlib import Path
from cstalk_ue.batch import BatchSettings, run_batch
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.manifest import lines_of_paths

write, count = zipfile.ZipFile.writestr, 0

def write_until_killed(self, *args, **rest):
    global count
    count += 1
    if count == 8:  # three arrays a file: in the middle of the third
        self.fp.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, *args, **rest)

zipfile.ZipFile.writestr = write_until_killed
lines = lines_of_paths([Path(sys.argv[1])], EmotionTrack.parse("angry")).lines
run_batch(lines, Path(sys.argv[2]), BatchSettings(model=sys.argv[3]))
"""


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_run_killed_in_the_middle_of_a_file_goes_on_from_there(wavs, settings, tmp_path):
    out = tmp_path / "out"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_WRITING, wavs, out, settings.model],
        env=environment(),
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    left = contents(out)
    assert sorted(name for name in left if name.startswith("line 2")) == []
    assert len([name for name in left if name.endswith(".part")]) == 1
    stamps = times(out)
    assert statuses(run_batch(lines_of(wavs), out, settings)) == ["skipped", "skipped", "done", "done"]
    assert not any(name.endswith(".part") for name in contents(out))
    assert all(stamp == stamps[name] for name, stamp in times(out).items() if name in stamps)
    run_batch(lines_of(wavs), tmp_path / "whole", settings)
    assert contents(out) == contents(tmp_path / "whole")


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start_batch(wavs: Path, out: Path, model: str, jobs: int) -> subprocess.Popen:
    """The command line over many lines, up to its first finished line."""
    command = [
        sys.executable,
        "-m",
        "cstalk_ue",
        "predict",
        wavs,
        "-o",
        out,
        "--model",
        model,
        "--jobs",
        str(jobs),
    ]
    process = subprocess.Popen(
        command,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_interrupts,
    )
    deadline = time.monotonic() + 300  # a busy machine takes its time to import torch
    while not list(out.glob("*.json")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return process


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_killing_a_run_of_two_processes_ends_both_and_the_rest_is_the_same_bytes(settings, tmp_path):
    wavs, out = tmp_path / "in", tmp_path / "out"
    for number in range(30):
        write_wav(wavs / f"{number:02}.wav", seconds=0.3, seed=number)
    process = start_batch(wavs, out, settings.model, jobs=2)
    workers = children_of(process.pid)
    process.kill()
    process.communicate()
    finished = len(list(out.glob("*.json")))
    assert len(workers) >= 2 and 0 < finished < 30
    deadline = time.monotonic() + 120
    while any(is_running(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_running(pid) for pid in workers)
    finished = len(list(out.glob("*.json")))
    results = run_batch(lines_of(wavs, "neutral"), out, settings)
    assert statuses(results).count("skipped") == finished and statuses(results).count("failed") == 0
    run_batch(lines_of(wavs, "neutral"), tmp_path / "whole", settings, jobs=1)
    assert contents(out) == contents(tmp_path / "whole")


@pytest.mark.skipif(os.name == "nt", reason="the mask that keeps Ctrl-C from new processes is POSIX")
def test_ctrl_c_while_a_line_is_handed_out_waits_and_is_not_lost():
    seen = []
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), batch_processes.held_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
            child = subprocess.run(
                [sys.executable, "-c", "import signal; signal.raise_signal(signal.SIGINT); print('alive')"],
                capture_output=True,
                text=True,
            )
            seen.append(child.stdout)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, handler)
    assert seen == ["alive\n"]


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C reaches a group of processes otherwise on Windows")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_stops_with_one_sentence_and_whole_files(tmp_path, jobs):
    wavs, out = tmp_path / "in", tmp_path / "out"
    for number in range(300):  # more than can be done while a busy machine lets this process wait
        write_phones(write_wav(wavs / f"{number:03}.wav", seconds=0.3, seed=number))
    process = start_batch(wavs, out, "performer", jobs=jobs)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes at once
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 130 and output == ""
    assert errors.strip() == "Stopped. Finished lines are kept; run the same command again to go on."
    names = {path.name for path in out.iterdir()}
    assert not any(name.endswith(".part") for name in names)
    finished = [name for name in names if name.endswith(".json")]
    assert 0 < len(finished) < 300
    for name in finished:
        read_curves_npz(out / name.replace(".provenance.json", ".curves.npz"))
    results = run_batch(lines_of(wavs, "neutral"), out, BatchSettings(model="performer"))
    assert statuses(results).count("skipped") == len(finished)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_line_that_kills_its_process_costs_only_itself(wavs, tmp_path):
    performer = BatchSettings(model="performer")  # starts without torch
    for wav in wavs.glob("*.wav"):
        write_phones(wav)
    lines = list(lines_of(wavs))
    lines.insert(1, Line(wavs / "line 0.wav", DeadlyName("deadly"), SAD))
    results = run_batch(lines, tmp_path / "out", performer, jobs=2)
    assert statuses(results) == ["done", "failed", "done", "done", "done"]
    assert "killed, most likely for memory" in results[1].message
    run_batch(lines_of(wavs), tmp_path / "one", performer, jobs=1)
    assert contents(tmp_path / "out") == contents(tmp_path / "one")


def test_records_and_formats_agree_on_names():
    line = Line(Path("a.wav"), "s/a", SAD)
    paths = batch_files.output_paths(line, Path("o"), tuple(FORMATS)).values()
    assert [path.as_posix() for path in paths] == ["o/s/a.curves.npz", "o/s/a.csv", "o/s/a_llf.csv"]
    assert batch_files.record_path(line, Path("o")).as_posix() == "o/s/a.provenance.json"
    assert np.unique([f.suffix for f in FORMATS.values()]).size == len(FORMATS)
