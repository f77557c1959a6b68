"""Two processes train the same model as one: the same windows in every step, gradients averaged, one log."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from test_loop import Line, rows, train, weights

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def launch(arguments: list[str], *, processes: int = 2) -> None:
    """What `accelerate launch` does: so many processes with a rank each."""
    common = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "WORLD_SIZE": str(processes),
        "ACCELERATE_USE_CPU": "true",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(HERE), str(HERE.parent)]),
    }
    children = [
        subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, **common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(processes)
    ]
    said = [child.communicate(timeout=300)[0] for child in children]
    assert [child.returncode for child in children] == [0] * processes, "\n".join(said)


@pytest.mark.slow
def test_two_processes_make_the_model_that_one_makes(tmp_path):
    if not torch.distributed.is_gloo_available():
        pytest.skip("this PyTorch has no gloo, with which processes on CPUs talk")
    launch([str(HERE / "two_processes.py"), str(tmp_path)])
    alone, result = train(tmp_path / "alone", module=Line())
    texts = [(tmp_path / f"weights-{process}.txt").read_text(encoding="utf-8") for process in (0, 1)]
    assert texts[0] == texts[1], "both processes end with the same weights"
    together = torch.tensor([float(value) for value in texts[0].split()])
    assert torch.allclose(together, weights(alone), atol=2e-5)
    assert [row["step"] for row in rows(tmp_path / "run")] == [
        row["step"] for row in rows(tmp_path / "alone")
    ]
    for one, two in zip(rows(tmp_path / "alone"), rows(tmp_path / "run"), strict=True):
        assert float(two["loss"]) == pytest.approx(float(one["loss"]), rel=1e-3)
    figures = [(tmp_path / f"figures-{process}.txt").read_text(encoding="utf-8") for process in (0, 1)]
    assert figures[0] == figures[1] and repr(round(result.held_out["loss"], 3))[:4] in figures[0]


@pytest.mark.slow
def test_the_command_runs_under_a_launcher(tmp_path):
    """Both stages, two processes, from the command line; then one process goes on with the run."""
    from test_fit_supervised import CHANGES
    from tiny_data_set import write_tiny

    from cstalk_ue.model import load_checkpoint
    from cstalk_ue.train.run_log import read_log

    data_set = write_tiny(tmp_path / "set", takes=10)
    changes = [part for change in CHANGES for part in ("--set", change)]
    base = ["-m", "cstalk_ue", "train"]
    launch([*base, "correlation", str(data_set.folder), "-o", str(tmp_path / "c"), *changes])
    generator = [
        *base,
        "generator",
        str(data_set.folder),
        "-o",
        str(tmp_path / "g"),
        "--correlation",
        str(tmp_path / "c"),
    ]
    launch([*generator, *changes, "--max-steps", "12"])
    launch([*generator, *changes, "--resume"], processes=1)
    assert load_checkpoint(tmp_path / "g").controls
    assert [int(row["step"]) for row in read_log(tmp_path / "g")] == [5, 10, 15, 20, 25, 30]
