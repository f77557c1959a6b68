"""Windows hold the frames and sound they say, padded and masked, in no more memory than allowed."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_data_set import MOVING, write_tiny

from cstalk_ue.errors import DataSetError
from cstalk_ue.loudness import speech_gain
from cstalk_ue.rig import control_names
from cstalk_ue.train.settings import WindowSettings
from cstalk_ue.train.take_cache import SMALLEST_STD, CurveUnits, TakeCache
from cstalk_ue.train.windows import WindowSource, start_sample, usable, window_starts

LARGE = 2**30


@pytest.fixture(scope="module")
def data_set(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("set"), takes=10, gaps=True)


def source(data_set, *, audio=False, budget=LARGE, settings=None, split="train", **rest):
    units = CurveUnits.of(data_set.require_statistics())
    cache = TakeCache(data_set, units, audio=audio, budget_bytes=budget)
    return WindowSource(cache, data_set.select(split), settings or WindowSettings(), **rest)


def test_a_window_is_the_papers():
    """III.B: 96 frames are 51200 samples, a stride of 5 frames is 2667 samples."""
    assert start_sample(96) == 51200 and start_sample(5) == 2667
    assert [start_sample(5 * k) - round(k * 2666 + k * 2 / 3) for k in range(2000)] == [0] * 2000


@given(frames=st.integers(1, 400), window=st.integers(2, 120), stride=st.integers(1, 60))
def test_every_frame_is_in_a_window_and_no_window_leaves_the_take(frames, window, stride):
    starts = window_starts(frames, window, stride)
    seen = np.zeros(frames, dtype=bool)
    for start in starts:
        assert 0 <= start <= max(0, frames - window)
        seen[start : start + window] = True
    covered = stride <= window
    assert starts == sorted(set(starts)) and starts[0] == 0 and (seen.all() or not covered)
    assert all(b - a == stride for a, b in itertools.pairwise(starts[:-1]))


def test_a_batch_is_cut_from_the_take_where_it_says(data_set):
    windows = source(data_set, audio=True)
    numbers = [0, len(windows) - 1, len(windows) // 2]
    batch = windows.batch(numbers)
    statistics = data_set.require_statistics()
    columns = sorted(control_names().index(name) for name in MOVING)
    assert batch.target.shape == (3, 96, len(MOVING)) and batch.audio.shape == (3, 51200)
    for row, number in enumerate(numbers):
        take, first = windows.places[number]
        stored = data_set.read(windows.records[take])
        face = stored.performance.face.values[first : first + 96][:, columns]
        expected = (face - statistics.mean[columns]) / statistics.std[columns]
        assert np.allclose(batch.target[row, : len(face)], expected, atol=1e-5)
        begin = round(first * 16000 / 30)
        heard = stored.samples[begin : begin + 51200] * np.float32(speech_gain(stored.samples))
        assert np.array_equal(batch.audio[row, : len(heard)], heard)
        assert torch.equal(batch.emotion[row].sum(dim=1), torch.ones(96))


def test_a_take_shorter_than_a_window_is_held_and_masked(tmp_path):
    windows = source(write_tiny(tmp_path, takes=2, seconds=(2.0, 2.9)), audio=True)
    batch = windows.batch([0, 1])
    for row, record in enumerate(windows.records):
        frames = record.frames
        assert batch.mask[row].tolist() == [True] * frames + [False] * (96 - frames)
        assert torch.equal(batch.target[row, frames:], batch.target[row, frames - 1].expand(96 - frames, -1))
        assert not batch.audio[row, start_sample(frames) :].any()


def test_windows_that_are_mostly_gap_are_left_out(data_set):
    loose = source(data_set, settings=WindowSettings(smallest_valid=0.0))
    strict = source(data_set, settings=WindowSettings(smallest_valid=1.0))
    assert len(strict) < len(loose)
    batch = strict.batch([n for n in range(len(strict)) if strict.records[strict.places[n, 0]].frames >= 96])
    assert batch.mask.all()
    (broken,) = (n for n, record in enumerate(loose.records) if record.valid_frames < record.frames)
    gap = loose.batch(np.flatnonzero(loose.places[:, 0] == broken).tolist())
    assert not gap.mask[-1, -1] and gap.mask[0, 0]


def test_no_window_at_all_is_an_error(data_set):
    (record,) = (each for each in data_set.records if each.valid_frames < each.frames)
    cache = TakeCache(data_set, CurveUnits.of(data_set.require_statistics()), budget_bytes=LARGE)
    settings = WindowSettings(frames=record.frames, smallest_valid=0.9)
    with pytest.raises(DataSetError, match=r"1 takes give no window with at least 90% captured frames"):
        WindowSource(cache, [record], settings)


def test_memory_is_flat_and_the_budget_does_not_change_the_windows(data_set):
    rich, poor = source(data_set), source(data_set, budget=1)
    order = np.random.default_rng(0).permutation(len(rich)).tolist()
    assert torch.equal(rich.batch(order).target, poor.batch(order).target)
    largest = max(rich.cache.take(record).nbytes for record in rich.records)
    assert poor.cache.nbytes <= largest and rich.cache.nbytes > largest
    assert rich.cache.misses == len(rich.records) < poor.cache.misses


def test_the_takes_not_used_for_longest_go_first(data_set):
    windows = source(data_set)
    a, b, c = windows.records[:3]
    size = [windows.cache.take(record).nbytes for record in (a, b, c)]
    cache = TakeCache(data_set, windows.cache.units, budget_bytes=sum(size) - 1)
    for record in (a, b, a, c, a):  # c pushes b out, not a
        cache.take(record)
    assert cache.misses == 3
    cache.take(b)
    assert cache.misses == 4


def test_a_class_is_the_strongest_emotion_of_its_window(data_set):
    windows = source(data_set)
    batch = windows.batch(range(len(windows)))
    assert np.array_equal(windows.classes, batch.emotion.mean(dim=1).argmax(dim=1).numpy())


def test_a_control_that_hardly_moves_is_not_blown_up(data_set):
    statistics = data_set.require_statistics()
    still = statistics.std.copy()
    still[statistics.kept] = 1e-6
    units = CurveUnits.of(
        type(statistics)(statistics.kept, statistics.minimum, statistics.maximum, statistics.mean, still)
    )
    assert (units.std == np.float32(SMALLEST_STD)).all()


def test_takes_without_emotion_or_sound_are_not_used(tmp_path):
    made = write_tiny(tmp_path, takes=4, silent=1)
    assert [r.name for r in usable(made.records, audio=True)] == ["take_01", "take_02", "take_03"]
    assert len(usable(made.records, audio=False)) == 4
