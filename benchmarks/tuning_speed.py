"""Live tuning: milliseconds from a new emotion track to new curves, against a whole prediction.

    python benchmarks/tuning_speed.py [--turns 9] [--model FOLDER] [--device cpu]

Speech: the samples, repeated to the length asked for. Medians over the turns, a tuned line and a whole one in
alternation; the first time is that of a line whose features are not there yet. No time for the page.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import torch

from cstalk_ue.audio import SAMPLE_RATE, load_audio
from cstalk_ue.batch import BUNDLED, BatchSettings, run_batch
from cstalk_ue.cli.demo import samples_folder
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.manifest import lines_of_paths
from cstalk_ue.predict import generate_curves
from cstalk_ue.review.lines import ReviewLine
from cstalk_ue.review.tuning import TuningSession

SECONDS = (2, 5, 10, 30, 120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--model", default=BUNDLED)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    speech = np.concatenate([load_audio(path).samples for path in sorted(samples_folder().glob("*.wav"))])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session, start_up = open_session(folder, speech, arguments.model, arguments.device)
        threads = BatchSettings().threads
        print(f"model {session.model_id} on {arguments.device}, {threads} thread; start {start_up:.1f} s")
        print(f"{'line':>8}{'first':>12}{'later':>12}{'whole':>12}{'whole / later':>16}")
        for index, seconds in enumerate(SECONDS):
            first, later, whole = measure(session, index, arguments.turns)
            row = "".join(f"{1000 * spent:>9.0f} ms" for spent in (first, later, whole))
            print(f"{seconds:>6} s{row}{whole / later:>16.1f}")


def open_session(folder: Path, speech: np.ndarray, model: str, device: str) -> tuple[TuningSession, float]:
    """Predicted lines of every length, and the seconds from a started Python to a session that is warm."""
    sounds = []
    for seconds in SECONDS:
        sounds.append(folder / f"{seconds}s.wav")
        samples = np.resize(speech, seconds * SAMPLE_RATE)
        soundfile.write(sounds[-1], samples, SAMPLE_RATE, subtype="PCM_16")
    started = time.perf_counter()
    TuningSession([], model=model, device=device, manifest=folder / "review.csv").warm_up()
    start_up = time.perf_counter() - started
    lines = lines_of_paths(sounds, EmotionTrack.parse("neutral")).lines
    run_batch(lines, folder / "curves", BatchSettings(model=model, device=device))
    tunable = [
        ReviewLine(line.name, folder / "curves" / f"{line.name}.curves.npz", audio=line.audio)
        for line in lines
    ]
    return TuningSession(tunable, model=model, device=device, manifest=folder / "review.csv"), start_up


def measure(session: TuningSession, index: int, turns: int) -> tuple[float, float, float]:
    """Seconds of the first regeneration of a line, of a later one, and of `generate_curves` on its sound."""
    checkpoint, device = session._checkpoint, session._predictor.device
    samples = load_audio(session.lines[index].audio).samples
    torch.set_num_threads(BatchSettings().threads)
    first = clock(lambda: session.regenerate(index, "angry"))
    later, whole = [], []
    for turn in range(turns):
        text = f"0=neutral 1=angry:{turn / turns:.2f}+happy:0.1"
        track = EmotionTrack.parse(text)
        later.append(clock(lambda text=text: session.regenerate(index, text)))
        whole.append(clock(lambda track=track: generate_curves(samples, checkpoint, track, device=device)))
    return first, statistics.median(later), statistics.median(whole)


def clock(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
