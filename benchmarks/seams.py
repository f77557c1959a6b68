"""How well chunks of a long line agree at their seams, and whether a seam can be seen.

    python benchmarks/seams.py SOUND... [--emotion angry] [--model FOLDER]

Seam: the half second over which one chunk fades into the next (see cstalk_ue/chunks.py). "differ": RMS
difference of the two chunks' own predictions there, over frames and kept controls, in rig units. "seam step":
the largest RMS step from frame to frame inside any seam; "p99 step": 99th percentile of all other steps.
"""

import argparse
from pathlib import Path

import numpy as np

from cstalk_ue.audio import load_audio
from cstalk_ue.chunks import Chunking, join_chunks
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.model import bundled_checkpoint, load_checkpoint
from cstalk_ue.performer import frames_of
from cstalk_ue.predict import MODEL_FPS, chunk_predictions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sounds", type=Path, nargs="+")
    parser.add_argument("--emotion", default="angry")
    parser.add_argument("--model", type=Path, default=None)
    arguments = parser.parse_args()
    checkpoint = load_checkpoint(arguments.model or bundled_checkpoint())
    emotion = EmotionTrack.parse(arguments.emotion)
    print(f"model {checkpoint.model_id}, {Chunking()}")
    print(f"{'file':<24}{'seams':>6}{'differ':>9}{'worst':>9}{'seam step':>11}{'p99 step':>10}")
    for path in arguments.sounds:
        samples = load_audio(path).samples
        parts = chunk_predictions(samples, checkpoint, emotion)
        values, seams = join_chunks(parts, frames_of(len(samples), MODEL_FPS), fps=MODEL_FPS)
        if not seams:
            continue
        steps = np.sqrt((np.diff(values, axis=0) ** 2).mean(axis=1))
        inside = np.zeros(len(steps), dtype=bool)
        for seam in seams:
            inside[seam.first - 1 : seam.last] = True
        differ = [seam.difference for seam in seams]
        print(
            f"{path.name:<24}{len(seams):>6}{np.mean(differ):>9.4f}{max(differ):>9.4f}"
            f"{steps[inside].max():>11.4f}{np.percentile(steps[~inside], 99):>10.4f}"
        )


if __name__ == "__main__":
    main()
