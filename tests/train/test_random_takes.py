"""Each kind of random curve has what its name says; none depends on more than seed, epoch and number."""

import itertools

import numpy as np
import pytest
from tiny_data_set import MOVING, write_tiny

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.rig import control_limits, find_control
from cstalk_ue.train.random_takes import RandomWindows
from cstalk_ue.train.settings import RANDOM_KINDS, WindowSettings
from cstalk_ue.train.take_cache import CurveUnits, TakeCache
from cstalk_ue.train.windows import WindowSource


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    data_set = write_tiny(tmp_path_factory.mktemp("set"), takes=20, seconds=(3.5, 5.0))
    units = CurveUnits.of(data_set.require_statistics())
    cache = TakeCache(data_set, units, budget_bytes=2**30)
    return WindowSource(cache, data_set.select("train"), WindowSettings())


def made(source, kind, count=200, seed=0):
    windows = RandomWindows(source, kinds=(kind,), seed=seed)
    return np.stack([windows.curves(0, number) for number in range(count)])


@pytest.mark.parametrize("kind", RANDOM_KINDS)
def test_a_window_depends_on_seed_epoch_and_number_alone(source, kind):
    a, b = (RandomWindows(source, kinds=(kind,), seed=seed) for seed in (0, 1))
    again = RandomWindows(source, kinds=(kind,), seed=0)
    again.curves(3, 8)
    assert np.array_equal(a.curves(2, 5), again.curves(2, 5))
    others = [a.curves(2, 6), a.curves(1, 5), b.curves(2, 5)]
    assert not any(np.array_equal(a.curves(2, 5), other) for other in others)
    assert a.curves(0, 0).shape == (96, len(MOVING)) and a.curves(0, 0).dtype == np.float32


@pytest.mark.parametrize("kind", RANDOM_KINDS)
def test_every_value_is_one_the_control_can_have(source, kind):
    units = source.cache.units
    low, high = (limit[units.columns] for limit in control_limits())
    values = made(source, kind) * units.std + units.mean
    assert (values >= low - 1e-4).all() and (values <= high + 1e-4).all()


def test_white_noise_fills_the_ranges_and_knows_no_neighbour(source):
    units = source.cache.units
    low, high = (limit[units.columns] for limit in control_limits())
    values = made(source, "white") * units.std + units.mean
    uniform = (values - low) / (high - low)
    # 19200 values per control: the mean of so many uniform ones is within 0.01 by 5 standard errors
    assert np.allclose(uniform.mean(axis=(0, 1)), 0.5, atol=0.011)
    assert np.allclose(uniform.std(axis=(0, 1)), 12**-0.5, atol=0.006)
    lagged = np.corrcoef(uniform[:, :-1, 0].ravel(), uniform[:, 1:, 0].ravel())[0, 1]
    assert abs(lagged) < 0.04


def test_smooth_noise_moves_as_much_as_the_controls_and_slowly(source):
    free = RandomWindows(source, kinds=("smooth",), seed=0)
    free.low, free.high = np.full_like(free.low, -np.inf), np.full_like(free.high, np.inf)
    values = np.stack([free.curves(0, number) for number in range(400)])
    assert np.allclose(values.std(axis=(0, 1)), 1, atol=0.1)
    lagged = np.corrcoef(values[:, :-1, 0].ravel(), values[:, 1:, 0].ravel())[0, 1]
    between = np.corrcoef(values[:, :, 0].ravel(), values[:, :, 1].ravel())[0, 1]
    assert lagged > 0.9 and abs(between) < 0.15


@pytest.mark.parametrize("kind", ["shuffled", "shuffled-within"])
def test_shuffled_regions_are_real_each_and_from_different_takes(source, kind):
    units = source.cache.units
    regions = np.array([find_control(name).region for name in units.controls])
    everything = {
        (region, source.curves(n)[:, regions == region].tobytes()): (n, source.take_of(n))
        for region in set(regions)
        for n in range(len(source))
    }
    for window in made(source, kind, count=20):
        found = [
            everything[region, window[:, regions == region].tobytes()] for region in sorted(set(regions))
        ]
        takes = [take for _, take in found]
        assert all(a != b for a, b in itertools.pairwise(takes))
        if kind == "shuffled-within":
            assert len({int(source.classes[n]) for n, _ in found}) == 1


def test_shuffling_destroys_what_regions_have_in_common(source):
    """Brow and jaw of the tiny set follow the same drive, so they correlate in real windows."""
    columns = [
        source.cache.units.controls.index(name)
        for name in ("CTRL_L_brow_raiseIn.ty", "CTRL_L_eye_cheekRaise.ty")
    ]

    def common(windows):
        return np.mean([abs(np.corrcoef(window[:, columns].T)[0, 1]) for window in windows])

    real = common(source.curves(n) for n in range(0, len(source), 3))
    assert real > 0.9 and common(made(source, "shuffled", count=60)) < 0.7 * real


def test_kinds_take_turns(source):
    mixed = RandomWindows(source, kinds=("white", "shuffled"), seed=0)
    alone = {kind: RandomWindows(source, kinds=(kind,), seed=0) for kind in ("white", "shuffled")}
    for number, kind in enumerate(("white", "shuffled", "white")):
        assert np.array_equal(mixed.curves(0, number), alone[kind].curves(0, number))


def test_the_five_classes_are_there(source):
    assert set(source.classes) == set(range(len(EMOTIONS)))
