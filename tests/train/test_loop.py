"""The loop: batches divide freely, a resumed run is an uninterrupted one, NaN is loud."""

import dataclasses
import math
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from cstalk_ue.errors import TrainingError
from cstalk_ue.train.loop import run_loop
from cstalk_ue.train.machine import start_machine
from cstalk_ue.train.optimiser import learning_rate
from cstalk_ue.train.run_log import read_log
from cstalk_ue.train.run_state import last_step
from cstalk_ue.train.settings import LoopSettings, MachineSettings

MACHINE = MachineSettings(device="cpu", report_steps=3, save_steps=5, save_seconds=0)
SETTINGS = LoopSettings(
    steps=24, batch=12, learning_rate=0.02, warmup_steps=4, validate_every=6, ema_decay=0.9, keep="last"
)


class Pair(NamedTuple):
    x: Tensor
    y: Tensor
    mask: Tensor

    def to(self, device):
        return self


class Points:
    """y is a noisy line of x; some points are wild if asked for."""

    def __init__(self, count=50, *, seed=0, wild=()):
        generator = torch.Generator().manual_seed(seed)
        self.x = torch.randn(count, 4, generator=generator)
        self.y = self.x.sum(dim=1) + 0.1 * torch.randn(count, generator=generator)
        self.y[list(wild)] = math.nan
        self.drawn = []

    def __len__(self):
        return len(self.x)

    def draw(self, draws):
        numbers = [number for _, number in draws]
        self.drawn.append(draws)
        return Pair(self.x[numbers], self.y[numbers], torch.ones(len(numbers), 1, dtype=torch.bool))


class Line(nn.Module):
    def __init__(self, dropout=0.0):
        super().__init__()
        torch.manual_seed(3)
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Dropout(dropout), nn.Linear(8, 1))
        self.fixed = nn.Linear(4, 4).requires_grad_(False)

    def forward(self, pair):
        error = (self.layers(pair.x)[:, 0] - pair.y).square().mean()
        return {"loss": error, "half": error / 2}


def train(folder, *, module=None, data=None, settings=SETTINGS, machine=MACHINE, validation=True, **rest):
    module = module or Line()
    result = run_loop(
        module,
        data or Points(),
        Points(20, seed=1) if validation else None,
        settings=settings,
        machine=machine,
        accelerator=start_machine(machine),
        folder=folder,
        **rest,
    )
    return module, result


def weights(module):
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


def rows(folder):
    """log.csv without what the clock says."""
    return [
        {k: v for k, v in row.items() if k not in ("windows_per_second", "seconds")}
        for row in read_log(folder)
    ]


def test_the_loss_falls_and_what_is_frozen_stays(tmp_path):
    before = Line()
    module, result = train(tmp_path, settings=dataclasses.replace(SETTINGS, steps=200))
    first, last = rows(tmp_path)[0], rows(tmp_path)[-1]
    assert float(last["loss"]) < 0.2 * float(first["loss"]) and result.held_out["loss"] < 0.3
    assert torch.equal(module.fixed.weight, before.fixed.weight)
    assert float(last["half"]) == pytest.approx(float(last["loss"]) / 2)
    assert not module.training and result.stopped == "finished" and result.step == 200


@pytest.mark.parametrize("micro_batch", [1, 4, 5, 12, 99])
def test_micro_batches_change_nothing_but_rounding(tmp_path, micro_batch):
    whole, _ = train(tmp_path / "whole")
    cut, _ = train(tmp_path / "cut", machine=dataclasses.replace(MACHINE, micro_batch=micro_batch))
    assert torch.allclose(weights(whole), weights(cut), atol=2e-5)


def test_workers_change_nothing_at_all(tmp_path):
    alone, _ = train(tmp_path / "alone", module=Line(0.3))
    helped, _ = train(tmp_path / "helped", module=Line(0.3), machine=dataclasses.replace(MACHINE, workers=2))
    assert torch.equal(weights(alone), weights(helped)) and rows(tmp_path / "alone") == rows(
        tmp_path / "helped"
    )


@pytest.mark.parametrize("stop", [1, 5, 7, 12, 23])
@pytest.mark.parametrize("keep", ["best", "last"])
def test_a_resumed_run_is_an_uninterrupted_one(tmp_path, stop, keep):
    """Dropout, averages, the best weights, running means and the log: all to the bit."""
    settings = dataclasses.replace(SETTINGS, keep=keep)
    whole, expected = train(tmp_path / "whole", module=Line(0.3), settings=settings)
    train(tmp_path / "cut", module=Line(0.3), settings=settings, max_steps=stop)
    torch.manual_seed(99)  # another process has drawn other numbers
    module, result = train(tmp_path / "cut", module=Line(0.3), settings=settings, resume=True)
    assert torch.equal(weights(whole), weights(module))
    assert rows(tmp_path / "whole") == rows(tmp_path / "cut")
    timeless = ("step", "stopped", "best_step", "held_out", "losses")
    assert [getattr(result, name) for name in timeless] == [getattr(expected, name) for name in timeless]


def test_a_finished_run_can_be_resumed_and_does_nothing(tmp_path):
    whole, expected = train(tmp_path)
    data = Points()
    module, result = train(tmp_path, data=data, resume=True)
    assert torch.equal(weights(whole), weights(module)) and result.held_out == expected.held_out
    assert rows(tmp_path)[-1]["step"] == "24"


def test_the_best_weights_are_the_result(tmp_path):
    """With a rate that spoils them in the end."""
    settings = dataclasses.replace(
        SETTINGS, steps=120, learning_rate=0.7, schedule="constant", ema_decay=0.0, clip_norm=0.0, keep="best"
    )
    module, result = train(tmp_path, settings=settings)
    held_out = {
        int(row["step"]): float(row["held_out_loss"]) for row in rows(tmp_path) if row["held_out_loss"]
    }
    assert held_out[result.best_step] == min(held_out.values()) == result.held_out["loss"]
    assert result.best_step < 120, "the last weights are not the best here"
    points = Points(20, seed=1)
    with torch.no_grad():
        found = float(module(points.draw([(0, n) for n in range(20)]))["loss"])
    assert found == pytest.approx(result.held_out["loss"], rel=1e-5)


def test_patience_ends_a_run_and_a_resumed_one_stays_ended(tmp_path):
    settings = dataclasses.replace(
        SETTINGS, steps=1000, learning_rate=0.05, schedule="constant", patience=3, ema_decay=0.0, keep="best"
    )
    _, result = train(tmp_path, settings=settings)
    assert result.stopped == "early" and result.step == result.best_step + 3 * settings.validate_every < 1000
    _, again = train(tmp_path, settings=settings, resume=True)
    assert (again.stopped, again.step, again.best_step) == ("early", result.step, result.best_step)


def test_a_loss_that_is_no_number_names_step_figure_and_the_last_state(tmp_path):
    data = Points(480, wild=[7])
    broken = next(step for step in range(40) if 7 in _numbers(data, step)) + 1
    settings = dataclasses.replace(SETTINGS, steps=40)
    with pytest.raises(TrainingError) as caught:
        train(tmp_path, data=data, settings=settings)
    saved = (broken - 1) // 5 * 5
    message = str(caught.value)
    assert message.startswith(f"step {broken}: loss is nan, so training stopped.")
    assert (
        f"The last good state is step {saved} in {tmp_path}" if saved else "No state was saved yet"
    ) in message
    assert last_step(tmp_path) == saved


def _numbers(data, step):
    from cstalk_ue.train.sampler import WindowSampler

    return [number for _, number in WindowSampler(len(data), SETTINGS.batch, SETTINGS.seed).step(step)]


def test_weights_are_untouched_by_the_step_that_failed(tmp_path):
    """The last state and the module agree: nothing of the broken step reached them."""
    data = Points(480, wild=[7])
    broken = next(step for step in range(40) if 7 in _numbers(data, step))
    module = Line()
    machine = dataclasses.replace(MACHINE, save_steps=1)
    with pytest.raises(TrainingError):
        train(
            tmp_path,
            module=module,
            data=data,
            settings=dataclasses.replace(SETTINGS, steps=40),
            machine=machine,
        )
    plain = dataclasses.replace(SETTINGS, steps=40, ema_decay=0.0)
    good, _ = train(tmp_path / "good", data=Points(480), settings=plain, max_steps=broken)
    assert torch.isfinite(weights(module)).all() and torch.equal(weights(module), weights(good))


def test_one_seed_is_one_result(tmp_path):
    a, b = (train(tmp_path / name, module=Line(0.3))[0] for name in "ab")
    c = train(tmp_path / "c", module=Line(0.3), settings=dataclasses.replace(SETTINGS, seed=1))[0]
    assert torch.equal(weights(a), weights(b)) and not torch.equal(weights(a), weights(c))


def test_without_validation_the_last_weights_are_the_result(tmp_path):
    _, result = train(tmp_path, validation=False, settings=dataclasses.replace(SETTINGS, keep="best"))
    assert result.held_out == {} and result.best_step == 24


def test_bf16_learns_as_well(tmp_path):
    settings = dataclasses.replace(SETTINGS, steps=120)
    module, result = train(
        tmp_path, settings=settings, machine=dataclasses.replace(MACHINE, precision="bf16")
    )
    assert result.held_out["loss"] < 0.5 and all(p.dtype == torch.float32 for p in module.parameters())


def test_a_batch_that_does_not_divide_over_the_processes_is_refused(tmp_path):
    from types import SimpleNamespace

    five = SimpleNamespace(num_processes=5, process_index=0, device=torch.device("cpu"))
    with pytest.raises(TrainingError, match="batch of 12 windows does not divide over 5 processes"):
        run_loop(
            Line(), Points(), None, settings=SETTINGS, machine=MACHINE, accelerator=five, folder=tmp_path
        )


@pytest.mark.parametrize(
    ("schedule", "steps", "expected"),
    [
        ("constant", (1, 5, 10, 50, 100), (0.1, 0.5, 1.0, 1.0, 1.0)),
        ("cosine", (5, 10, 55, 100), (0.5, 1.0, 0.505, 0.01)),
    ],
)
def test_the_rate_over_the_steps(schedule, steps, expected):
    settings = LoopSettings(steps=100, learning_rate=1.0, warmup_steps=10, schedule=schedule)
    assert [learning_rate(step, settings) for step in steps] == pytest.approx(list(expected))


def test_without_a_gpu_asking_for_one_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrainingError, match="sees no GPU"):
        start_machine(MachineSettings(device="cuda"))
