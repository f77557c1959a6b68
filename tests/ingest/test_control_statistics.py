"""Constant controls are found by measurement, and merged moments are those of all frames at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.errors import DataSetError
from cstalk_ue.rig import control_defaults, control_names, neutral_head
from cstalk_ue.take import FacePerformance, RigCurves
from ingest import statistics
from ingest.captured import TakeLabels
from ingest.data_set_settings import ControlSettings
from ingest.data_set_tables import TakeRecord
from ingest.statistics import ControlMoments, measure_statistics
from ingest.take_files import write_take

CONTROLS = len(control_names())


def write(folder, name, values, valid=None, split="train") -> TakeRecord:
    face = RigCurves(values, control_names(), 30.0, valid=valid)
    performance = FacePerformance(face, neutral_head(face.frames, 30.0))
    write_take(folder / name, performance, None, TakeLabels(), {})
    return TakeRecord(name=name, split=split)


def moving(rng, frames, controls=30):
    values = np.tile(control_defaults(), (frames, 1)).astype(np.float32)
    values[:, :controls] = rng.random((frames, controls))
    return values


def test_moments_are_those_of_all_valid_frames_of_the_training_takes(tmp_path, rng):
    takes = [moving(rng, frames) for frames in (1, 50, 7, 300)]
    valid = np.arange(300) % 7 != 0
    takes[3][~valid] = 9.0
    records = [write(tmp_path, f"t{n}", values, valid if n == 3 else None) for n, values in enumerate(takes)]
    test = moving(rng, 40) * 2
    records.append(write(tmp_path, "z", test, split="test"))
    measured = measure_statistics(tmp_path, records, ControlSettings())
    train = np.concatenate([*takes[:3], takes[3][valid]]).astype(np.float64)
    np.testing.assert_allclose(measured.mean, train.mean(axis=0), atol=1e-7)
    np.testing.assert_allclose(measured.std, train.std(axis=0), atol=1e-7)
    everything = np.concatenate([train, test])
    np.testing.assert_array_equal(measured.minimum, everything.min(axis=0).astype(np.float32))
    np.testing.assert_array_equal(measured.maximum, everything.max(axis=0).astype(np.float32))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(0, 2**32 - 1), st.floats(-1e3, 1e3))
def test_merging_pieces_is_measuring_the_whole(lengths, seed, far):
    """Also where the mean is a thousand times the deviation, which the naive sum of squares gets wrong."""
    values = np.random.default_rng(seed).random((sum(lengths), CONTROLS)) + far
    pieces = np.split(values, np.cumsum(lengths)[:-1])
    merged = ControlMoments.of(pieces[0])
    for piece in pieces[1:]:
        merged = merged.merged(ControlMoments.of(piece))
    assert merged.frames == len(values)
    if len(values):
        np.testing.assert_allclose(merged.mean, values.mean(axis=0), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(merged.squares, values.var(axis=0) * len(values), rtol=1e-6, atol=1e-9)


def test_a_control_is_kept_if_it_moves_by_more_than_the_tolerance(tmp_path):
    values = np.tile(control_defaults(), (10, 1)).astype(np.float32)
    values[5, 0] += 0.02
    values[5, 1] += 0.009
    values[0, 2] += 0.5  # not valid
    valid = np.arange(10) > 0
    records = [write(tmp_path, "a", values, valid), write(tmp_path, "b", values, valid, split="excluded")]
    kept = measure_statistics(tmp_path, records, ControlSettings(constant_tolerance=0.01)).kept
    assert np.flatnonzero(kept).tolist() == [0]
    kept = measure_statistics(tmp_path, records, ControlSettings(constant_tolerance=0.005)).kept
    assert np.flatnonzero(kept).tolist() == [0, 1]


def test_a_control_that_differs_only_between_takes_moves(tmp_path):
    one = np.tile(control_defaults(), (10, 1)).astype(np.float32)
    other = one.copy()
    other[:, 7] += 0.3
    records = [write(tmp_path, "a", one), write(tmp_path, "b", other)]
    assert np.flatnonzero(measure_statistics(tmp_path, records, ControlSettings()).kept).tolist() == [7]


def test_without_training_takes_the_moments_are_those_of_all(tmp_path, rng):
    values = moving(rng, 20)
    measured = measure_statistics(
        tmp_path, [write(tmp_path, "a", values, split="excluded")], ControlSettings()
    )
    np.testing.assert_allclose(measured.mean, values.mean(axis=0), atol=1e-6)


def test_nothing_to_measure(tmp_path):
    assert measure_statistics(tmp_path, [], ControlSettings()) is None
    values = np.tile(control_defaults(), (3, 1))
    record = write(tmp_path, "a", values, np.zeros(3, dtype=bool))
    assert measure_statistics(tmp_path, [record], ControlSettings()) is None


def test_processes_give_the_same_bytes(tmp_path, rng, monkeypatch):
    records = [write(tmp_path, f"t{n}", moving(rng, 10 + n)) for n in range(12)]
    one = measure_statistics(tmp_path, records, ControlSettings())
    monkeypatch.setattr(statistics, "_WORTH_PROCESSES", 1)
    two = measure_statistics(tmp_path, list(reversed(records)), ControlSettings(), jobs=2)
    for name in ("kept", "minimum", "maximum", "mean", "std"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_a_damaged_take_is_named(tmp_path, rng):
    record = write(tmp_path, "a", moving(rng, 5))
    (tmp_path / "a" / "curves.npz").write_bytes(b"x")
    with pytest.raises(DataSetError, match=r"curves\.npz"):
        measure_statistics(tmp_path, [record], ControlSettings())


def test_on_a_real_animator_solve_114_to_116_controls_move(tmp_path, shared_data):
    """The paper keeps 116 of the 185 (III.A)."""
    from ingest.metahuman_animator import find_animator, read_animator

    (found,) = find_animator([shared_data / "metahuman_animator"])
    face = read_animator(found).performance.face
    record = write(tmp_path, "a", face.values)
    assert 114 <= measure_statistics(tmp_path, [record], ControlSettings()).kept.sum() <= 116
