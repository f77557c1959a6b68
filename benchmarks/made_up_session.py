"""A session of the paper's size through ingest: faults found, kills survived, speed and memory.

    python benchmarks/made_up_session.py --speech ../shared/data/speech_train [--takes 500] [--kills 10]

Writes made-up Live Link Face recordings (see tests/ingest/made_up_session.py), ingests them once without
interruption and once killed at random points and resumed, and compares the two data sets byte for byte.
Then the same good takes are read by a plain loop with pandas and PyAV (tests/ingest/plain_loop.py) and by
`add_takes` in one process, by turns, so that a busy machine slows both; ratios are of CPU seconds. Peak
memory is of the whole tree of processes, from /proc.
"""

import argparse
import functools
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "ingest")]

from made_up_session import WrittenTake, corpus_session, sample_session, write_session  # noqa: E402
from plain_loop import read_plain, write_plain  # noqa: E402
from session_faults import FAULTS  # noqa: E402
from session_verdict import complaints, ingest_session  # noqa: E402

from ingest.add_takes import IngestOptions, add_takes  # noqa: E402
from ingest.live_link_face import find_live_link_face, read_live_link_face  # noqa: E402
from ingest.source_state import SOURCES_FOLDER  # noqa: E402

_SAMPLED_EVERY_SECONDS = 0.05
_TURN = 20
"""Takes that one side reads before it is the other's turn."""


def main() -> None:
    """Run everything and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--speech", type=Path, help="corpus with timed phones; default the samples, 50 takes")
    parser.add_argument("--takes", type=int, default=500)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--compared", type=int, default=100, help="good takes that the plain loop reads, too")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    parser.add_argument("--work", type=Path, help="folder to keep; default a temporary one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        session = (
            corpus_session(options.speech, options.takes)
            if options.speech
            else sample_session(min(50, options.takes))
        )
        began = time.perf_counter()
        shutil.rmtree(work / "day", ignore_errors=True)
        written = write_session(work / "day", session, jobs=options.jobs)
        size = sum(path.stat().st_size for path in (work / "day").rglob("*") if path.is_file())
        made = time.perf_counter() - began
        print(f"{len(written)} takes written, {size / 1e6:.0f} MB, {made:.0f} s", flush=True)
        whole_run(work, len(written), options.jobs)
        killed_runs(work, options)
        verdict(work, written, options.jobs)
        compare_with_plain(work, written, options.compared)


def call(day: Path, target: Path, jobs: int) -> list[str]:
    """The command a team types."""
    command = ["ingest", "live-link-face", str(day), "-o", str(target), "--jobs", str(jobs)]
    return [sys.executable, "-m", "cstalk_ue", *command]


def start(work: Path, target: str, jobs: int) -> subprocess.Popen[bytes]:
    """Start an ingest whose output is not looked at."""
    return subprocess.Popen(
        call(work / "day", work / target, jobs),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def whole_run(work: Path, takes: int, jobs: int) -> None:
    """Ingest without interruption."""
    shutil.rmtree(work / "whole", ignore_errors=True)
    began = time.perf_counter()
    process = start(work, "whole", jobs)
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident_bytes(process.pid))
        time.sleep(_SAMPLED_EVERY_SECONDS)
    seconds = time.perf_counter() - began
    memory = f"{peak / 1e6:.0f} MB of all processes at the most" if peak else "memory not known here"
    print(
        f"whole: exit code {process.returncode}, {seconds:.1f} s, {takes / seconds:.1f} takes/s "
        f"with {jobs} jobs, {memory}",
        flush=True,
    )


def killed_runs(work: Path, options: argparse.Namespace) -> None:
    """Kill and resume, then compare with the whole run."""
    shutil.rmtree(work / "killed", ignore_errors=True)
    random = np.random.default_rng(options.seed)
    total = finished(work / "whole")
    done, at_work = [], 0
    # By takes and not by the clock, so that every kill meets work on however busy a machine.
    for target in sorted(random.integers(0, total, options.kills)):
        process = start(work, "killed", options.jobs)
        while process.poll() is None and finished(work / "killed") <= target:
            time.sleep(_SAMPLED_EVERY_SECONDS)
        time.sleep(float(random.uniform(0, 0.3)))
        if process.poll() is None:
            at_work += 1
            process.send_signal(signal.SIGKILL)
            process.wait()
        time.sleep(1.0)  # its processes end with it
        done.append(finished(work / "killed"))
    code = start(work, "killed", options.jobs).wait()
    print(f"killed {at_work} of {options.kills} times at work; takes then: {', '.join(map(str, done))}")
    differing = differences(work / "whole", work / "killed")
    same = "the same bytes" if not differing else f"{len(differing)} files differ: {', '.join(differing[:5])}"
    print(f"resumed: exit code {code}, {same}", flush=True)


def finished(data_set: Path) -> int:
    """Takes that are whole."""
    return len(list((data_set / "takes").glob("*/take.json")))


def differences(one: Path, other: Path) -> list[str]:
    """Names of files that are not the same in two data sets; what is kept about sources has times in it."""

    def files(folder: Path) -> dict[str, Path]:
        paths = (path for path in folder.rglob("*") if path.is_file())
        named = {path.relative_to(folder).as_posix(): path for path in paths}
        return {name: path for name, path in named.items() if not name.startswith(SOURCES_FOLDER)}

    left, right = files(one), files(other)
    both = sorted(left.keys() & right.keys())
    differing = [name for name in both if left[name].read_bytes() != right[name].read_bytes()]
    return sorted(left.keys() ^ right.keys()) + differing


def verdict(work: Path, written: list[WrittenTake], jobs: int) -> None:
    """Faults found, and nothing good lost; the ingest finds everything unchanged."""
    began = time.perf_counter()
    session = ingest_session(work / "day", work / "whole", jobs=jobs)
    seconds = time.perf_counter() - began
    found = complaints(written, session)
    faults = sum(bool(fault.failed or fault.codes) for fault in FAULTS)
    print(f"{faults} kinds of faults, {len(found)} complaints; run again and checked in {seconds:.1f} s")
    for sentence in found:
        print(f"  {sentence}")
    sys.stdout.flush()


def compare_with_plain(work: Path, written: list[WrittenTake], count: int) -> None:
    """CPU and wall seconds per take of both, in turns of `_TURN` takes."""
    good = [take for take in written if not take.fault][:count]
    spent = {"plain": np.zeros(2), "ours": np.zeros(2)}
    shutil.rmtree(work / "turns", ignore_errors=True)
    (work / "turns").mkdir()
    read_plain(good[0].folder)  # imports, and librosa's first call
    reader = functools.partial(read_live_link_face, audio_folder=None)
    add_takes(work / "turns" / "warm", find_live_link_face([good[0].folder]), reader, IngestOptions(jobs=1))

    def timed(side: str, first: int) -> None:
        takes = good[first : first + _TURN]
        before = np.array([time.process_time(), time.perf_counter()])
        if side == "plain":
            for take in takes:
                write_plain(work / "turns" / f"{take.name}.npz", read_plain(take.folder))
        else:
            found = find_live_link_face([take.folder for take in takes])
            add_takes(work / "turns" / f"set{first}", found, reader, IngestOptions(jobs=1))
        spent[side] += np.array([time.process_time(), time.perf_counter()]) - before

    for number, first in enumerate(range(0, len(good), _TURN)):
        for side in ("plain", "ours") if number % 2 == 0 else ("ours", "plain"):
            timed(side, first)
    plain, ours = (spent[side] / len(good) * 1000 for side in ("plain", "ours"))
    print(
        f"{len(good)} good takes, one process: plain {plain[0]:.0f} ms CPU ({plain[1]:.0f} wall) a take, "
        f"ours {ours[0]:.0f} ({ours[1]:.0f}): {ours[0] / plain[0]:.2f} times the plain loop"
    )


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and its descendants; 0 where there is no /proc."""
    parents: dict[int, list[int]] = {}
    resident: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        number = int(path.parent.name)
        parents.setdefault(int(fields[1]), []).append(number)
        resident[number] = int(fields[21]) * 4096
    family, todo = 0, [pid]
    while todo:
        number = todo.pop()
        family += resident.get(number, 0)
        todo += parents.get(number, [])
    return family


if __name__ == "__main__":
    main()
