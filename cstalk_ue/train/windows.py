"""Windows of 96 frames, or 51200 samples, over takes; made when asked for, never stored (III.B).

A window starts every 5 frames, that is every 2667 samples (rounded from frame 0, so sound and curves never
drift apart), and once flush with the end of a take, so that every frame is in some window. A take shorter
than a window gives one, padded and masked. Windows that are mostly gap are left out. Knows nothing about
the order of windows (see sampler.py) or about what is learned from them.

Shape key: B batch, T frames of a window, S its samples, D features, C kept controls.
"""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from cstalk_ue.audio import SAMPLE_RATE
from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import DataSetError
from cstalk_ue.train.settings import WindowSettings
from cstalk_ue.train.take_cache import PreparedTake, TakeCache
from ingest.captured import DATA_SET_FPS
from ingest.data_set import DataSet, TakeRecord
from ingest.take_files import samples_of


class WindowBatch(NamedTuple):
    """Some windows as tensors.

    Attributes:
        target: (B, T, C) normalised curves; held at the ends of a take that is shorter than a window.
        emotion: (B, T, 5) weights at the frames.
        mask: (B, T) bool, True where the capture has data.
        features: (B, T, D) speech features at the frames, or None.
        audio: (B, S) samples at 16 kHz, zero beyond the take, or None.
        reference: (B, K) what scales the whole take (see `SpeechEncoder.clip_reference`), beside `audio`.
    """

    target: Tensor
    emotion: Tensor
    mask: Tensor
    features: Tensor | None = None
    audio: Tensor | None = None
    reference: Tensor | None = None

    def to(self, device: torch.device) -> "WindowBatch":
        """The same on another device."""
        moved: list[Any] = [None if each is None else each.to(device, non_blocking=True) for each in self]
        return WindowBatch(*moved)


def usable(records: Sequence[TakeRecord], *, audio: bool) -> tuple[TakeRecord, ...]:
    """The records with an emotion and, if `audio`, with sound."""
    return tuple(record for record in records if record.emotion and (record.audio or not audio))


class WindowSource:
    """The windows of some takes.

    Args:
        cache: where takes come from.
        records: the takes, all labelled.
        settings: see `WindowSettings`.
        stride: frames from window to window, if not the settings'.
        references: (takes, K) float32, for sound (see `WindowBatch.reference`).

    Raises:
        DataSetError: no window is left.
    """

    def __init__(
        self,
        cache: TakeCache,
        records: Sequence[TakeRecord],
        settings: WindowSettings,
        *,
        stride: int | None = None,
        references: np.ndarray | None = None,
    ) -> None:
        self.cache, self.records, self.settings = cache, tuple(records), settings
        self.references = references
        self.places = _places(cache.data_set, self.records, settings, stride or settings.stride)
        if not len(self.places):
            raise DataSetError(
                f"{cache.data_set.folder}: {len(self.records)} takes give no window with at least "
                f"{settings.smallest_valid:.0%} captured frames. Look at `cstalk-ue dataset check`."
            )

    def __len__(self) -> int:
        return len(self.places)

    @property
    def frames(self) -> int:
        """Frames of a window, T."""
        return self.settings.frames

    def take_of(self, number: int) -> int:
        """Which of `records` a window is from."""
        return int(self.places[number, 0])

    @functools.cached_property
    def classes(self) -> np.ndarray:
        """The emotion with the largest mean weight in each window, ``(windows,)``; from takes.csv alone."""
        tracks = [EmotionTrack.parse(record.emotion) for record in self.records]
        classes = np.empty(len(self), dtype=np.int64)
        for number, (take, first) in enumerate(self.places.tolist()):
            last = min(first + self.frames, self.records[take].frames)
            seconds = np.arange(first, last) / DATA_SET_FPS
            classes[number] = (
                tracks[take].at(seconds[:1] if tracks[take].is_constant else seconds).mean(axis=0).argmax()
            )
        return classes

    def batch(self, numbers: Sequence[int]) -> WindowBatch:
        """The windows of these numbers, in this order."""
        takes, windows = [], []
        for take, first in self.places[list(numbers)].tolist():
            takes.append(take)
            windows.append((self.cache.take(self.records[take]), first))
        batch = _stack(windows, self.frames)
        if self.references is None:
            return batch
        return batch._replace(reference=torch.from_numpy(self.references[takes]))

    def curves(self, number: int) -> np.ndarray:
        """Only the normalised curves of one window, ``(T, C)``."""
        take, first = self.places[number].tolist()
        return _cut(self.cache.take(self.records[take]).target, first, self.frames)


def window_starts(frames: int, window: int, stride: int) -> list[int]:
    """First frames of the windows of a take: every `stride`, and one that ends with the take."""
    last = max(0, frames - window)
    starts = list(range(0, last + 1, stride))
    return starts if starts[-1] == last else [*starts, last]


def start_sample(frame: int) -> int:
    """The sample at 16 kHz that lies on a frame."""
    return round(frame * SAMPLE_RATE / DATA_SET_FPS)


def _places(
    data_set: DataSet, records: Sequence[TakeRecord], settings: WindowSettings, stride: int
) -> np.ndarray:
    """(windows, 2): which take, which first frame."""
    places = []
    for number, record in enumerate(records):
        starts = np.array(window_starts(record.frames, settings.frames, stride))
        if record.valid_frames < record.frames:  # only then is the take worth opening
            valid = data_set.read(record, audio=False).performance.face.valid
            assert valid is not None, "a stored take has a mask"
            counted = np.concatenate([[0], np.cumsum(valid)])
            ends = np.minimum(starts + settings.frames, record.frames)
            # A share of the frames there are: a short take is not punished for its padding.
            starts = starts[
                (counted[ends] - counted[starts]) >= settings.smallest_valid * (ends - starts).clip(min=1)
            ]
        places.append(np.stack([np.full(len(starts), number), starts], axis=1))
    return np.concatenate(places) if places else np.zeros((0, 2), dtype=np.int64)


def _stack(windows: Sequence[tuple[PreparedTake, int]], size: int) -> WindowBatch:
    batch = len(windows)
    some, _ = windows[0]
    target = np.empty((batch, size, some.target.shape[1]), dtype=np.float32)
    emotion = np.empty((batch, size, len(EMOTIONS)), dtype=np.float32)
    mask = np.zeros((batch, size), dtype=bool)
    features = audio = None
    if some.features is not None:
        features = np.empty((batch, size, some.features.shape[1]), dtype=np.float32)
    if some.samples is not None:
        audio = np.zeros((batch, samples_of(size)), dtype=np.float32)
    for row, (take, first) in enumerate(windows):
        last = min(first + size, len(take.target))
        target[row] = _cut(take.target, first, size)
        emotion[row] = _cut(take.emotion, first, size)
        mask[row, : last - first] = take.valid[first:last]
        if features is not None and take.features is not None:
            features[row] = _cut(take.features, first, size)
        if audio is not None and take.samples is not None:
            begin = start_sample(first)
            heard = take.samples[begin : begin + audio.shape[1]]
            audio[row, : len(heard)] = heard
    return WindowBatch(
        torch.from_numpy(target),
        torch.from_numpy(emotion),
        torch.from_numpy(mask),
        None if features is None else torch.from_numpy(features),
        None if audio is None else torch.from_numpy(audio),
    )


def _cut(values: np.ndarray, first: int, size: int) -> np.ndarray:
    """``(size, columns)`` from row `first` on; the last row is held where there are too few."""
    piece = values[first : first + size]
    return piece if len(piece) == size else np.pad(piece, ((0, size - len(piece)), (0, 0)), mode="edge")
