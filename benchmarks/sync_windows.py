"""How often is the lag of a short take found, and how often is wrong sound believed?

FACEGOOD's recordings cut into windows of 4, 6 and 9 s, each with its own sound and with that of the other
recordings. Their curves are one frame late; a window is right within one frame of that.

    python benchmarks/sync_windows.py ../shared/data/paired/facegood
"""

import argparse
from pathlib import Path

import numpy as np

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.take import RigCurves
from ingest.sync import Lag, measure_lag, pool_lags
from ingest.table import find_tables, read_table
from ingest.take_files import align_samples

TRUE_LAG, FRAME = -1 / 30, 1 / 30
SECONDS = (4, 6, 9)
SURE = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    pairs = []
    for found in find_tables([parser.parse_args().folder]):
        take = read_table(found, rigmap="facegood")
        assert take.samples is not None
        face = take.performance.face
        pairs.append((face, align_samples(take.samples, take.audio_start_seconds, face.frames)))
        lag = measure_lag(*pairs[-1])
        print(f"{found.name:<24}{lag.seconds * 1000:+7.1f} ms  confidence {lag.confidence:.2f}")
    columns = f"{'windows':>9}{'right':>8}{'peak':>7}{'spread':>9}{'sure':>7}{'sure, off':>11}  pooled"
    print(f"{'s':>3}{'sound':>8}{columns}")
    for seconds in SECONDS:
        for distance in range(len(pairs)):
            if distance < 2:
                lags: list[Lag] = []
            for index, (face, _) in enumerate(pairs):
                lags += windows(face, pairs[(index + distance) % len(pairs)][1], seconds)
            if distance in (0, len(pairs) - 1):
                report(seconds, "wrong" if distance else "own", lags)


def windows(face: RigCurves, samples: np.ndarray, seconds: int) -> list[Lag]:
    """Lags of all whole windows that have curves and sound."""
    frames, length = seconds * 30, seconds * SAMPLE_RATE
    found = []
    for start in range(0, face.frames - frames + 1, frames):
        first = round(start * SAMPLE_RATE / 30)
        if first + length <= len(samples):
            piece = RigCurves(face.values[start : start + frames], face.controls, face.fps)
            found.append(measure_lag(piece, samples[first : first + length]))
    return found


def report(seconds: int, sound: str, lags: list[Lag]) -> None:
    known = [lag for lag in lags if lag.seconds is not None]
    at = np.array([lag.seconds for lag in known])
    right = np.abs(at - TRUE_LAG) <= 1.01 * FRAME
    sure = np.array([lag.confidence >= SURE for lag in known])
    peak = np.median([lag.peak for lag in known])
    print(
        f"{seconds:>3}{sound:>8}{len(known):>9}{right.mean():>8.1%}{peak:>7.2f}{at.std() * 1000:>6.0f} ms"
        f"{sure.mean():>7.1%}{(sure & ~right).mean():>11.1%}  {pool_lags(known).verdict}"
    )


if __name__ == "__main__":
    main()
