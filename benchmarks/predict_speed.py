"""Prediction against its floor, the speech encoder's own forward pass, in one run; start-up; memory.

    python benchmarks/predict_speed.py [--minutes 10] [--model FOLDER]

Speech: the samples, repeated to the length asked for. Ratios of medians over several turns, floor and work
alternating. Memory is the peak of a fresh process (ru_maxrss; not on Windows), at two lengths.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import torch

from cstalk_ue.audio import SAMPLE_RATE, load_audio
from cstalk_ue.cli.demo import samples_folder
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.export import FORMATS
from cstalk_ue.model import bundled_checkpoint, load_checkpoint
from cstalk_ue.predict import Chunking, generate_curves

_PEAK = """
import resource, sys
from cstalk_ue.cli import run
code = run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
sys.exit(code)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--model", type=Path, default=None)
    arguments = parser.parse_args()
    folder = arguments.model or bundled_checkpoint()
    checkpoint = load_checkpoint(folder)
    print(f"model {checkpoint.model_id}, {torch.get_num_threads()} threads")
    line = np.concatenate([load_audio(path).samples for path in sorted(samples_folder().glob("*.wav"))])
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        report_speed(checkpoint, line, work, arguments.turns)
        report_start_up(arguments.turns)
        if sys.platform != "win32":
            for minutes in (1, arguments.minutes):
                long = np.tile(line, int(np.ceil(minutes * 60 * SAMPLE_RATE / len(line))))[
                    : int(minutes * 60 * SAMPLE_RATE)
                ]
                path = work / f"{minutes:g}min.wav"
                soundfile.write(path, long, SAMPLE_RATE, subtype="PCM_16")
                report_memory(path, folder, minutes)


def report_speed(checkpoint: object, line: np.ndarray, work: Path, turns: int) -> None:
    """Seconds and ratios for about 20 s of speech, the length of one chunk."""
    sound = work / "line.wav"
    soundfile.write(sound, line, SAMPLE_RATE, subtype="PCM_16")
    emotion = EmotionTrack.parse("angry:0.8")
    size = int(Chunking().chunk_seconds * SAMPLE_RATE)
    encoder = checkpoint.model.speech_encoder

    def floor() -> None:
        with torch.inference_mode():
            for start in range(0, len(line), size):
                encoder(torch.from_numpy(line[start : start + size])[None])

    def generate() -> None:
        generate_curves(line, checkpoint, emotion)

    def whole() -> None:
        performance = generate_curves(load_audio(sound).samples, checkpoint, emotion)
        FORMATS["npz"].write(work / "line.curves.npz", performance, provenance={})

    steps = {"encoder alone (floor)": floor, "generate curves": generate, "load, generate, write npz": whole}
    times = alternate(steps, turns)
    seconds = len(line) / SAMPLE_RATE
    print(f"{seconds:.1f} s of speech{'':>18}{'seconds':>9}{'x floor':>9}{'x real time':>13}")
    for label, spent in times.items():
        print(
            f"{label:<31}{spent:>9.3f}{spent / times['encoder alone (floor)']:>9.2f}{seconds / spent:>12.0f}x"
        )


def alternate(steps: dict[str, Callable[[], None]], turns: int) -> dict[str, float]:
    """Median seconds of each step, taken in turn so that a drifting machine hits all alike."""
    for step in steps.values():
        step()
    spent: dict[str, list[float]] = {label: [] for label in steps}
    for _ in range(turns):
        for label, step in steps.items():
            started = time.perf_counter()
            step()
            spent[label].append(time.perf_counter() - started)
    return {label: statistics.median(values) for label, values in spent.items()}


def report_start_up(turns: int) -> None:
    """Seconds of `--help` as a process, against starting Python and importing numpy."""

    def call(*arguments: str) -> Callable[[], None]:
        return lambda: (
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL) and None
        )

    times = alternate(
        {
            "python -c 'import numpy'": call("-c", "import numpy"),
            "cstalk-ue --help": call("-m", "cstalk_ue", "--help"),
        },
        turns,
    )
    for label, spent in times.items():
        print(f"{label:<31}{spent:>9.3f}")


def report_memory(sound: Path, model: Path, minutes: float) -> None:
    """Peak resident memory of a whole `cstalk-ue predict` process."""
    started = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-c", _PEAK, "predict", str(sound), "-o", str(sound.parent / "out"),
         "--model", str(model)],
        check=True, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    spent = time.perf_counter() - started
    print(
        f"predict {minutes:g} min, process: {spent:.1f} s ({minutes * 60 / spent:.0f}x real time), "
        f"peak memory {result.stdout.split()[-1]} MiB"
    )


if __name__ == "__main__":
    main()
