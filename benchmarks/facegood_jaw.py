"""Predicted jaw and rounding against recorded ones, on speech in a language the encoder never heard.

FACEGOOD's recordings: one Mandarin speaker, 30 fps Maya shapes. Matched: our `CTRL_C_jaw.ty` with their
`mouth_stretch_c`, the only shape that opens the jaw in the middle; the mean of our four purse controls with
the mean of their `mouth_pucker_l` and `_r`. Pearson over all frames of a file, neutral, no blinks or darts.
Their curves are one frame (33 ms) late, as measured between their jaw and their loudness; the figure at that
lag is the one to quote, the best lag within +-3 frames is printed beside it.

    python benchmarks/facegood_jaw.py ../shared/data/paired/facegood [--model FOLDER]
"""

import argparse
import warnings
from pathlib import Path

import numpy as np

from cstalk_ue.audio import load_audio
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.evaluate import best_lag, correlation, group_curve
from cstalk_ue.evaluate.statistics import aligned
from cstalk_ue.model import bundled_checkpoint, load_checkpoint
from cstalk_ue.predict import generate_spoken

RECORDED_LAG_FRAMES = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, default=None)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message="Reading `.npy`")  # written by Python 2
    checkpoint = load_checkpoint(arguments.model or bundled_checkpoint())
    names = [str(name) for name in np.load(arguments.folder / "shirley_1015_bs_name.npy", allow_pickle=False)]
    print(f"model {checkpoint.model_id}")
    print(f"{'file':<16}{'frames':>8}{'jaw r':>9}{'best r':>9}{'best lag':>10}{'rounding r':>12}")
    jaws, roundings = [], []
    for curves in sorted(arguments.folder.glob("bs_value_*.npy")):
        name = curves.stem.removeprefix("bs_value_")
        recorded = np.load(curves, allow_pickle=False)
        jaw = recorded[:, names.index("mouth_stretch_c")]
        pucker = recorded[:, [names.index(f"mouth_pucker_{side}") for side in "lr"]].mean(axis=1)
        samples = load_audio(arguments.folder / f"{name}.wav").samples
        face = generate_spoken(samples, checkpoint, EmotionTrack.constant("neutral"))
        jaws.append(correlation(*aligned(group_curve(face, "jaw"), jaw, RECORDED_LAG_FRAMES)))
        roundings.append(
            correlation(*aligned(group_curve(face, "lip rounding"), pucker, RECORDED_LAG_FRAMES))
        )
        lag, best = best_lag(group_curve(face, "jaw"), jaw, reach=3)
        print(f"{name:<16}{len(recorded):>8}{jaws[-1]:>9.3f}{best:>9.3f}{lag:>10}{roundings[-1]:>12.3f}")
    print(f"{'mean':<24}{np.mean(jaws):>9.3f}{np.nanmean(roundings):>31.3f}")


if __name__ == "__main__":
    main()
