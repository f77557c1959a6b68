"""What the takes of a data set do with every control: which ones move at all, and their mean and deviation.

Measured take by take and merged, so memory does not grow with their number, and always merged in the order of
the names, so that the result has the same bytes however many processes measured. Knows nothing about labels.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cstalk_ue.errors import CSTalkError, DataSetError
from cstalk_ue.processes import Work, work_in_processes
from cstalk_ue.rig import control_names
from ingest.data_set_settings import ControlSettings
from ingest.data_set_tables import SPLITS, ControlStatistics, TakeRecord
from ingest.take_files import read_take

_WORTH_PROCESSES = 400
"""Takes; fewer are read sooner than processes start."""


@dataclass(frozen=True)
class ControlMoments:
    """Frames and what they sum up to, for each control.

    Attributes:
        frames: how many were seen.
        minimum, maximum: ``(185,)`` float64; infinite before the first frame.
        mean: ``(185,)`` float64.
        squares: ``(185,)`` float64, sum of squared distances from the mean.
    """

    frames: int
    minimum: np.ndarray
    maximum: np.ndarray
    mean: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "ControlMoments":
        """The moments of ``(frames, 185)``; there may be no frame at all."""
        width = len(control_names())
        if not len(values):
            zeros = np.zeros(width)
            return cls(0, np.full(width, np.inf), np.full(width, -np.inf), zeros, zeros)
        exact = values.astype(np.float64)
        mean = exact.mean(axis=0)
        return cls(len(exact), exact.min(axis=0), exact.max(axis=0), mean, ((exact - mean) ** 2).sum(axis=0))

    def merged(self, other: "ControlMoments") -> "ControlMoments":
        """The moments of both together (Chan, Golub and LeVeque 1979, eq. 1.5)."""
        frames = self.frames + other.frames
        if not frames:
            return self
        apart = other.mean - self.mean
        return ControlMoments(
            frames,
            np.minimum(self.minimum, other.minimum),
            np.maximum(self.maximum, other.maximum),
            self.mean + apart * (other.frames / frames),
            self.squares + other.squares + apart**2 * (self.frames * other.frames / frames),
        )


def measure_statistics(
    takes: Path,
    records: Sequence[TakeRecord],
    settings: ControlSettings,
    *,
    jobs: int = 1,
    on_take: Callable[[], None] = lambda: None,
) -> ControlStatistics | None:
    """Measure the controls over all takes; None if there is no valid frame.

    Mean and deviation are those of the training takes; if there are none, of all takes. A control is kept if
    its range over all takes is above the tolerance.

    Args:
        takes: the folder that holds the takes.
        records: the takes, with their splits.
        jobs: processes, used where they are worth their start.
        on_take: called after each take.

    Raises:
        DataSetError: a take is damaged.
    """
    everything = ControlMoments.of(np.zeros((0, len(control_names()))))
    training = everything
    ordered = sorted(records, key=lambda record: record.name)
    for record, moments in zip(ordered, _measured(takes, ordered, jobs), strict=True):
        everything = everything.merged(moments)
        if record.split == SPLITS[0]:
            training = training.merged(moments)
        on_take()
    if not everything.frames:
        return None
    return _statistics(everything, training if training.frames else everything, settings)


def _statistics(
    everything: ControlMoments, training: ControlMoments, settings: ControlSettings
) -> ControlStatistics:
    moved = everything.maximum - everything.minimum
    return ControlStatistics(
        kept=moved > settings.constant_tolerance,
        minimum=everything.minimum.astype(np.float32),
        maximum=everything.maximum.astype(np.float32),
        mean=training.mean.astype(np.float32),
        std=np.sqrt(training.squares / training.frames).astype(np.float32),
    )


def _measured(takes: Path, records: Sequence[TakeRecord], jobs: int) -> Iterator[ControlMoments]:
    """The moments of the takes in their order."""
    folders = [takes / record.name for record in records]
    if jobs <= 1 or len(folders) < _WORTH_PROCESSES:
        yield from (_raised(measure_take(folder)) for folder in folders)
        return
    early: dict[int, ControlMoments | str] = {}
    following = 0
    for index, result in work_in_processes(Work(measure_take, _killed), folders, jobs=jobs):
        early[index] = result
        while following in early:
            yield _raised(early.pop(following))
            following += 1


def measure_take(folder: Path) -> ControlMoments | str:
    """The moments of one take's valid frames, or why it has none."""
    try:
        face = read_take(folder, audio=False).performance.face
    except CSTalkError as error:
        return str(error)
    return ControlMoments.of(face.values if face.valid is None else face.values[face.valid])


def _killed(folder: Path) -> ControlMoments | str:
    return f"{folder}: its process was killed, most likely for memory. Run again with fewer --jobs."


def _raised(result: ControlMoments | str) -> ControlMoments:
    if isinstance(result, str):
        raise DataSetError(result)
    return result
