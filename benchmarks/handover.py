"""What it takes to hand ten minutes of face to the Unreal editor, apart from the editor itself.

    python benchmarks/handover.py [--minutes 10] [--python39 PATH] [--tolerance 1e-4]

Prints the size of the curve file and of the command; the time to write it, to hash it and to write a job; the
time that the editor's reader takes to parse it and to thin its keys, in a plain Python 3.9 without numpy if
one is found (the oldest that an editor brings) and in this Python; and how many keys are left. The floor is
one ``file.read`` of the same bytes. A real editor was not measured.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[1]
SCRIPTS = REPOSITORY / "ue_scripts"
sys.path[:0] = [str(REPOSITORY)]

from cstalk_ue.export import write_curves_npz  # noqa: E402
from cstalk_ue.rig import control_names, neutral_curves, neutral_head  # noqa: E402
from cstalk_ue.storage import sha256_file  # noqa: E402
from cstalk_ue.take import FacePerformance  # noqa: E402
from cstalk_ue.unreal import command_for  # noqa: E402
from cstalk_ue.unreal.jobs import Job  # noqa: E402

FPS = 30.0

IN_THE_EDITOR = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
from cstalk_curves_file import read_curves_file
from cstalk_plan import Plan
from cstalk_readback import content_hash, largest_error
settings = {"tolerance": float(sys.argv[3]), "empty_zero_curves": True, "clamp": False, "head": True,
            "expected": []}
start = time.perf_counter()
with open(sys.argv[2], "rb") as file:
    file.read()
floor = time.perf_counter() - start
start = time.perf_counter()
read = read_curves_file(sys.argv[2])
parse = time.perf_counter() - start
del read
start = time.perf_counter()
plan = Plan(sys.argv[2], settings)
thin = time.perf_counter() - start - parse
start = time.perf_counter()
dense = plan.dense
worst = max(largest_error(plan.times, dense[n], t, v) for n, f, t, v in plan.curves if n in dense)
compare = time.perf_counter() - start
start = time.perf_counter()
content_hash((n, t, v) for n, f, t, v in plan.curves)
print(json.dumps(dict(
    plan.summary(), floor=floor, parse=parse, thin=thin, compare=compare, worst=worst,
    hash=time.perf_counter() - start, curves=len(plan.curves), python=sys.version.split()[0],
)))
"""


def make_performance(minutes: float) -> FacePerformance:
    """A third of the controls moves all the time, a third now and then, a third not."""
    frames = round(minutes * 60 * FPS)
    rng = np.random.default_rng(1)
    seconds = np.arange(frames)[:, None] / FPS
    count = len(control_names())
    rate, phase = rng.uniform(0.5, 5, count), rng.uniform(0, 2 * np.pi, count)
    wave = np.clip(np.sin(2 * np.pi * rate * seconds + phase) * np.sin(0.7 * seconds + phase), 0, 1)
    kind = np.arange(count) % 3
    now_and_then = (np.sin(0.3 * seconds + phase) > 0.5).astype(float)
    values = wave * np.where(kind == 0, 1.0, np.where(kind == 1, now_and_then, 0.0))
    head = neutral_head(frames, FPS)
    moved = head.values.copy()
    moved[:, :3] = 5 * np.sin(seconds * np.array([0.9, 1.3, 0.6]))
    neutral = neutral_curves(frames, FPS)
    return FacePerformance(neutral.replace(values=values.astype("f4")), head.replace(values=moved))


def seconds_of(action) -> float:
    """The shortest of three runs."""
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return min(taken)


def find_python39() -> str | None:
    found = sorted(Path.home().glob(".pyenv/versions/3.9.*/bin/python"))
    return str(found[-1]) if found else shutil.which("python3.9")


def main() -> None:
    """Print one line per figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--python39", default=find_python39())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "line.curves.npz"
        performance = make_performance(options.minutes)
        write = seconds_of(lambda: write_curves_npz(file, performance, provenance={"source": "benchmark"}))
        item = {
            "name": "line",
            "file": str(file),
            "asset": "/Game/CSTalk/line",
            "source_hash": sha256_file(file),
        }
        start = time.perf_counter()
        job = Job(folder / "job", "import_curves", [item], {})
        job_seconds = time.perf_counter() - start
        print(f"curve file        {file.stat().st_size / 1e6:8.1f} MB, written in {write:.2f} s")
        print(f"hash              {seconds_of(lambda: sha256_file(file)):8.3f} s")
        print(f"job file          {job.path.stat().st_size:8d} bytes, written in {job_seconds * 1000:.1f} ms")
        print(f"command           {len(command_for(SCRIPTS, job.path)):8d} bytes")
        for python in filter(None, (options.python39, sys.executable)):
            # Isolated, so that it sees the standard library only, as the editor's Python does.
            words = [python, "-I", "-S", "-c", IN_THE_EDITOR, str(SCRIPTS), str(file), str(options.tolerance)]
            said = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
            share = 100 * said["keys_written"] / said["keys_dense"]
            print(f"Python {said['python']}: {said['curves']} curves of {said['frames']} frames")
            print(f"  read the bytes  {said['floor']:8.3f} s (floor)")
            print(f"  parse           {said['parse']:8.3f} s")
            print(f"  thin            {said['thin']:8.3f} s")
            print(f"  compare         {said['compare']:8.3f} s, largest error {said['worst']:.3g}")
            print(f"  content hash    {said['hash']:8.3f} s")
            print(f"  keys            {said['keys_written']:8d} of {said['keys_dense']} ({share:.0f} %)")


if __name__ == "__main__":
    main()
