"""The same line in five emotions and at rising intensity: where the face differs, as tables.

    python benchmarks/emotions.py [SOUND...]

Means over all frames of all lines, blinks and darts off, of the mean of each group of controls. Without
arguments the samples are taken. The second table is the mean absolute difference from neutral over the
controls that the model drives, by intensity.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from cstalk_ue.audio import load_audio
from cstalk_ue.cli.demo import samples_folder
from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.evaluate import expression_table
from cstalk_ue.model import bundled_checkpoint, load_checkpoint
from cstalk_ue.predict import generate_spoken
from cstalk_ue.take import RigCurves

INTENSITIES = (0.0, 0.25, 0.5, 0.75, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sounds", type=Path, nargs="*")
    parser.add_argument("--model", type=Path, default=None)
    arguments = parser.parse_args()
    checkpoint = load_checkpoint(arguments.model or bundled_checkpoint())
    sounds = arguments.sounds or sorted(samples_folder().glob("*.wav"))
    lines = [load_audio(path).samples for path in sounds]

    def faces(emotion: str, intensity: float) -> RigCurves:
        track = EmotionTrack.constant(emotion, intensity)
        parts = [generate_spoken(samples, checkpoint, track) for samples in lines]
        return RigCurves(np.concatenate([p.values for p in parts]), parts[0].controls, parts[0].fps)

    print(f"model {checkpoint.model_id}, {len(lines)} lines; mean control value")
    print(expression_table({emotion: faces(emotion, 1.0) for emotion in EMOTIONS}).round(3).to_string())
    neutral = faces("neutral", 1.0)
    growth = {
        emotion: {
            intensity: float(np.abs(faces(emotion, intensity).values - neutral.values).mean())
            for intensity in INTENSITIES
        }
        for emotion in EMOTIONS[1:]
    }
    print("\nmean absolute difference from neutral by intensity")
    print(pd.DataFrame(growth).round(4).to_string())


if __name__ == "__main__":
    main()
