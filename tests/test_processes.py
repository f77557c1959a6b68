"""Work in processes: every item has a result, whatever happens to the process that had it."""

import os
import signal

import pytest

from cstalk_ue.processes import Work, work_in_processes


def square(number: int) -> int:
    return number * number


def die_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def killed(number: int) -> int:
    return -number


_start_value = 0


def start(value: int) -> None:
    global _start_value
    _start_value = value


def started(number: int) -> int:
    return number + _start_value


def results(work: Work, items, jobs: int) -> dict:
    return dict(work_in_processes(work, items, jobs=jobs))


def test_every_item_has_its_result():
    assert results(Work(square, killed), range(20), 2) == {n: n * n for n in range(20)}


def test_nothing_to_do_starts_nothing():
    assert results(Work(square, killed), [], 2) == {}


def test_processes_are_prepared_once():
    assert results(Work(started, killed, start, (100,)), range(4), 2) == {n: 100 + n for n in range(4)}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_process_costs_the_item_it_was_at():
    expected = {n: n for n in range(6)} | {3: -3}
    assert results(Work(die_at_three, killed), range(6), 2) == expected


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_where_every_process_is_killed_it_ends():
    assert results(Work(die, killed), range(1, 9), 2) == {n: -(n + 1) for n in range(8)}


def test_an_error_is_not_swallowed():
    with pytest.raises(TypeError):
        results(Work(square, killed), ["x"], 2)
