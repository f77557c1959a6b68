"""Run by two processes at once (see test_two_processes.py): train a line on both and write what came out."""

import sys
from pathlib import Path

import torch
from test_loop import MACHINE, SETTINGS, Line, train, weights

folder = Path(sys.argv[1])
torch.set_num_threads(1)
module, result = train(folder / "run", module=Line(), machine=MACHINE, settings=SETTINGS)
from accelerate.state import PartialState  # noqa: E402

process = PartialState().process_index
assert PartialState().num_processes == 2
(folder / f"weights-{process}.txt").write_text(
    " ".join(repr(float(w)) for w in weights(module)), encoding="utf-8"
)
(folder / f"figures-{process}.txt").write_text(repr(sorted(result.held_out.items())), encoding="utf-8")
