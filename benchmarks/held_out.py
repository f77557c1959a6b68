"""How closely a model follows the performer on speakers it never heard, and how often p b m close the lips.

    python benchmarks/held_out.py ../shared/data/speech_train [--model FOLDER]

Correlation: Pearson over the frames of one line between group means of controls (see
`cstalk_ue.evaluate.articulators`), averaged over lines, 95 % bootstrap interval over lines. Lines are taken
in the five emotions in turn. Closure: aperture under 3 % of the full jaw opening (about 1 mm).
"""

import argparse
import json
from pathlib import Path

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.model import bundled_checkpoint, load_checkpoint
from cstalk_ue.train.bundled import measure_held_out
from cstalk_ue.train.corpus import read_corpus, split_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("speech", type=Path)
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    checkpoint = load_checkpoint(arguments.model or bundled_checkpoint())
    lines = [line for line in read_corpus(arguments.speech) if split_of(line.speaker) == "test"]
    measured = measure_held_out(checkpoint, lines, emotions=EMOTIONS)
    if arguments.json:
        print(json.dumps(measured, indent=2))
        return
    print(
        f"model {checkpoint.model_id}, {measured['lines']} lines of "
        f"{measured['speakers']} speakers kept out of training"
    )
    for group, score in measured["correlation"].items():
        low, high = score["interval_95"]
        print(f"{group:<16}{score['mean']:>8.3f}   95 % {low:.3f} .. {high:.3f}")
    print(f"{'mean':<16}{measured['mean_correlation']:>8.3f}")
    print(
        f"lips close on {measured['lips_closed']:.1%} of {measured['bilabials']} p b m "
        f"(performer {measured['lips_closed_by_performer']:.1%})"
    )


if __name__ == "__main__":
    main()
