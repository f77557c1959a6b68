"""Many lines: resumable, in several processes, one bad line never stopping the others.

A finished line (see batch_files.py) is skipped, so the same call again does what is missing or has changed.
What happens to one line is in batch_line.py.
"""

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from cstalk_ue.batch_files import RECORD_FORMAT, remove_leftovers, with_safe_outputs
from cstalk_ue.batch_line import (
    BUNDLED,
    PERFORMER,
    BatchSettings,
    LineResult,
    Predictor,
    choose_device,
    convert_line,
)
from cstalk_ue.batch_processes import convert_in_processes
from cstalk_ue.errors import ExportError
from cstalk_ue.manifest import Line

__all__ = [
    "BUNDLED",
    "PERFORMER",
    "RECORD_FORMAT",
    "BatchSettings",
    "LineResult",
    "Predictor",
    "choose_device",
    "convert_line",
    "run_batch",
]


def run_batch(
    lines: Sequence[Line],
    folder: Path,
    settings: BatchSettings,
    *,
    resume: bool = True,
    jobs: int = 1,
    keep: Collection[Path] = (),
    on_result: Callable[[LineResult], None] = lambda result: None,
) -> list[LineResult]:
    """Convert lines into `folder`; results in the order of the lines.

    Args:
        lines: see manifest.py.
        folder: made if missing.
        settings: see `BatchSettings`.
        resume: skip finished lines.
        jobs: processes; each holds a model.
        keep: files besides audio and phones that must not be written over, such as the manifest.
        on_result: called as each line ends, in any order.

    Raises:
        CheckpointError: the model cannot be loaded (before anything is converted).
        ExportError: `folder` is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise ExportError(
            f"{folder}: is a file; expected a folder for the results. Name another one with -o."
        )
    lines = with_safe_outputs(lines, folder, settings.formats, keep)
    remove_leftovers(lines, folder, settings.formats)
    results: dict[int, LineResult] = {}
    for index, result in _results(lines, folder, settings, resume, jobs):
        results[index] = result
        on_result(result)
    return [results[index] for index in range(len(lines))]


def _results(
    lines: Sequence[Line], folder: Path, settings: BatchSettings, resume: bool, jobs: int
) -> Iterator[tuple[int, LineResult]]:
    if jobs <= 1 or len(lines) <= 1:
        predictor = Predictor.load(settings)
        with _threads(settings.threads if predictor.checkpoint else 0):
            for index, line in enumerate(lines):
                yield index, convert_line(line, folder, predictor, resume=resume)
        return
    Predictor.load(settings)  # a wrong model is told once, not by every process
    yield from convert_in_processes(lines, folder, settings, resume=resume, jobs=jobs)


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    """Run the network on so many threads, and give the caller's number back; 0 leaves it."""
    if not count:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
