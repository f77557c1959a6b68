"""The stream of windows: all of them once per epoch, the same however the work is divided."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.train.sampler import WindowSampler

sizes = st.integers(1, 40)


@given(windows=sizes, batch=sizes, seed=st.integers(0, 3))
def test_an_epoch_is_every_window_once(windows, batch, seed):
    sampler = WindowSampler(windows, batch, seed)
    steps = -(-3 * windows // batch)
    stream = [draw for step in range(steps) for draw in sampler.step(step)][: 3 * windows]
    for epoch in range(3):
        part = stream[epoch * windows : (epoch + 1) * windows]
        assert {e for e, _ in part} == {epoch} and sorted(number for _, number in part) == list(
            range(windows)
        )


@given(
    windows=sizes, share=sizes, processes=st.integers(1, 5), micro=st.integers(0, 9), step=st.integers(0, 30)
)
def test_processes_and_micro_batches_divide_the_same_batch(windows, share, processes, micro, step):
    whole = WindowSampler(windows, share * processes, 1).step(step)
    parts = []
    for process in range(processes):
        sampler = WindowSampler(windows, share * processes, 1, processes, process, micro)
        pieces = itertools.islice(sampler.micro_batches(step), sampler.micro_batches_per_step)
        pieces = list(pieces)
        assert all(len(piece) <= (micro or share) for piece in pieces)
        parts += [draw for piece in pieces for draw in piece]
    assert parts == whole


@given(windows=sizes, batch=sizes, step=st.integers(0, 50))
def test_where_a_resumed_run_goes_on_is_where_it_stopped(windows, batch, step):
    sampler = WindowSampler(windows, batch, 5)
    state = sampler.state(step)
    order = [number for _, number in itertools.chain.from_iterable(sampler.step(s) for s in range(step + 1))]
    first = sampler.step(step)[0]
    assert first[0] == state["epoch"] and state["epoch"] * windows + state["position"] == step * batch
    assert next(sampler.micro_batches(step)) == sampler.step(step) and order[step * batch] == first[1]


def test_epochs_and_seeds_differ():
    sampler = WindowSampler(100, 100, 0)
    orders = [
        [n for _, n in sampler.step(0)],
        [n for _, n in sampler.step(1)],
        [n for _, n in WindowSampler(100, 100, 1).step(0)],
    ]
    assert orders[0] != orders[1] and orders[0] != orders[2] and orders[0] != sorted(orders[0])


def test_a_batch_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="divides evenly"):
        WindowSampler(10, 7, 0, processes=2)
