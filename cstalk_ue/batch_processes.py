"""Lines in several processes; each loads the model once. Knows little about processes (see processes.py)."""

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

from cstalk_ue.batch_line import BatchSettings, LineResult, Predictor, convert_line
from cstalk_ue.manifest import Line
from cstalk_ue.processes import Work, end_with_parent, held_interrupts, work_in_processes

__all__ = ["convert_in_processes", "end_with_parent", "held_interrupts"]

_process_predictor: Predictor | None = None


def convert_in_processes(
    lines: Sequence[Line], folder: Path, settings: BatchSettings, *, resume: bool, jobs: int
) -> Iterator[tuple[int, LineResult]]:
    """(index, result) of every line, as they end; arguments as `run_batch`."""
    convert = functools.partial(_convert_in_process, folder=folder, resume=resume)
    yield from work_in_processes(Work(convert, _killed, _start_process, (settings,)), lines, jobs=jobs)


def _killed(line: Line) -> LineResult:
    message = f"{line.audio}: its process was killed, most likely for memory. Run again with fewer --jobs."
    return LineResult(line.name, "failed", message)


def _start_process(settings: BatchSettings) -> None:
    global _process_predictor
    _process_predictor = Predictor.load(settings)
    if settings.threads and _process_predictor.checkpoint is not None:
        import torch

        torch.set_num_threads(settings.threads)


def _convert_in_process(line: Line, folder: Path, resume: bool) -> LineResult:
    assert _process_predictor is not None, "the pool starts every process with its predictor"
    return convert_line(line, folder, _process_predictor, resume=resume)
