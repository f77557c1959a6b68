"""Takes of a data set as training needs them, kept in memory up to a budget.

A take is read when one of its windows is asked for and stays until the budget is full; then the one that was
not used for longest goes. So memory is flat in the size of the data set, and a set that fits is read once.
Curves are normalised here, sound is brought to the level that prediction uses. Knows nothing about windows
(see windows.py).
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cstalk_ue.errors import DataSetError
from cstalk_ue.loudness import speech_gain
from cstalk_ue.rig import control_names
from ingest.data_set import ControlStatistics, DataSet, TakeRecord

SMALLEST_STD = 0.01
"""Floor of a control's standard deviation, so that one that hardly moves is not blown up."""


@dataclass(frozen=True)
class CurveUnits:
    """Which controls are learned, and what turns rig units into the network's.

    Attributes:
        controls: names of the kept controls, in the order of the rig.
        columns: their columns among all 185, ``(C,)``.
        mean, std: ``(C,)`` float32; normalised is (value - mean) / std.
    """

    controls: tuple[str, ...]
    columns: np.ndarray
    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, statistics: ControlStatistics) -> "CurveUnits":
        """The units of a data set.

        Raises:
            DataSetError: no control moves.
        """
        columns = np.flatnonzero(statistics.kept)
        if not len(columns):
            raise DataSetError(
                f"none of the {len(control_names())} controls moves in this data set, so there is nothing "
                f"to learn."
            )
        mean = statistics.mean[columns].astype(np.float32)
        std = np.maximum(statistics.std[columns], SMALLEST_STD).astype(np.float32)
        return cls(statistics.kept_controls, columns, mean, std)

    def normalise(self, face: np.ndarray) -> np.ndarray:
        """``(frames, 185)`` in rig units -> ``(frames, C)`` float32, normalised."""
        return ((face[:, self.columns] - self.mean) / self.std).astype(np.float32)


@dataclass(frozen=True)
class PreparedTake:
    """One take as training uses it.

    Attributes:
        target: ``(frames, C)`` float32, normalised.
        emotion: ``(frames, 5)`` float32 weights.
        valid: ``(frames,)`` bool.
        samples: ``(samples,)`` float32 at the level of prediction, or None if not asked for.
        features: ``(frames, D)`` float16, or None if not asked for.
    """

    target: np.ndarray
    emotion: np.ndarray
    valid: np.ndarray
    samples: np.ndarray | None = None
    features: np.ndarray | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        arrays = (self.target, self.emotion, self.valid, self.samples, self.features)
        return sum(array.nbytes for array in arrays if array is not None)


class TakeCache:
    """The most recently used takes.

    Args:
        data_set: where they lie.
        units: which controls, and how they are normalised.
        audio: also hold the sound.
        features: gives the speech features of a take, ``(frames, D)``, or None for none.
        budget_bytes: takes beyond this are dropped; the one in use is always held.
    """

    def __init__(
        self,
        data_set: DataSet,
        units: CurveUnits,
        *,
        audio: bool = False,
        features: Callable[[TakeRecord], np.ndarray] | None = None,
        budget_bytes: int,
    ) -> None:
        self.data_set, self.units, self.audio, self.features = data_set, units, audio, features
        self.budget_bytes = budget_bytes
        self.nbytes = self.misses = 0
        self._takes: OrderedDict[str, PreparedTake] = OrderedDict()

    def take(self, record: TakeRecord) -> PreparedTake:
        """A take, from memory or from disk.

        Raises:
            DataSetError: unfinished, damaged, unlabelled, or without the sound that is needed.
            AudioError: its sound cannot be read.
        """
        found = self._takes.get(record.name)
        if found is not None:
            self._takes.move_to_end(record.name)
            return found
        prepared = self._read(record)
        self.misses += 1
        self._takes[record.name] = prepared
        self.nbytes += prepared.nbytes
        while self.nbytes > self.budget_bytes and len(self._takes) > 1:
            _, dropped = self._takes.popitem(last=False)
            self.nbytes -= dropped.nbytes
        return prepared

    def _read(self, record: TakeRecord) -> PreparedTake:
        stored = self.data_set.read(record, audio=self.audio)
        face = stored.performance.face
        if stored.labels.emotion is None:
            raise DataSetError(
                f"{self.data_set.take_folder(record.name)}: has no emotion, though takes.csv says "
                f"{record.emotion!r}. Run `cstalk-ue dataset split` again."
            )
        if self.audio and stored.samples is None:
            raise DataSetError(
                f"{self.data_set.take_folder(record.name)}: has no sound, though takes.csv says so. "
                "Run `cstalk-ue dataset split` again."
            )
        samples = None if stored.samples is None else stored.samples * np.float32(speech_gain(stored.samples))
        return PreparedTake(
            target=self.units.normalise(face.values),
            emotion=stored.labels.emotion.at(face.times),
            valid=np.ones(face.frames, dtype=bool) if face.valid is None else face.valid,
            samples=samples,
            features=None if self.features is None else self.features(record),
        )
