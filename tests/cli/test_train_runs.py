"""`cstalk-ue train correlation|generator` from the command line, and calls that are wrong."""

import json
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "train"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tiny_data_set import write_tiny

from cstalk_ue.cli import run
from cstalk_ue.model import load_checkpoint

CHANGES = (
    "model.encoder.kind=logmel",
    "model.generator.width=16",
    "model.generator.dilations=[1, 2]",
    "correlation.width=16",
    "correlation.hidden=16",
    "fit_generator.steps=6",
    "fit_generator.batch=4",
    "fit_correlation.steps=6",
    "fit_correlation.batch=4",
    "machine.device=cpu",
)
SET = [part for change in CHANGES for part in ("--set", change)]


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data_set(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("set"), takes=10).folder


def train(*arguments):
    return run(["train", *(str(each) for each in arguments)])


def test_two_commands_make_a_model(data_set, tmp_path, capsys):
    assert train("correlation", data_set, "-o", tmp_path / "c", *SET) == 0
    said = capsys.readouterr()
    assert "emotion right in" in said.out and "shuffled" in said.out and "step 6/6" in said.err
    assert train("generator", data_set, "-o", tmp_path / "g", "--correlation", tmp_path / "c", *SET) == 0
    said = capsys.readouterr()
    assert "held out L_R" in said.out and "L_C" in said.out and "supervised by c-" in said.err
    assert load_checkpoint(tmp_path / "g").info.training["step"] == 6
    assert {"run.json", "settings.toml", "log.csv", "report.json"} <= {
        p.name for p in (tmp_path / "g").iterdir()
    }


def test_a_run_is_remade_from_its_settings(data_set, tmp_path):
    assert train("generator", data_set, "-o", tmp_path / "a", "--no-correlation", "--seed", 3, *SET) == 0
    again = [
        "generator",
        data_set,
        "-o",
        tmp_path / "b",
        "--no-correlation",
        "--config",
        tmp_path / "a" / "settings.toml",
    ]
    assert train(*again) == 0
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in "ab"]
    assert files[0] == files[1]


def test_resume_and_a_limit_of_steps(data_set, tmp_path, capsys):
    base = ("generator", data_set, "-o", tmp_path / "run", "--no-correlation", *SET)
    assert train(*base, "--max-steps", 2) == 0
    assert json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))["stopped"] == "limit"
    assert train(*base) == 1 and "Go on with --resume" in capsys.readouterr().err
    assert train(*base, "--resume") == 0
    assert json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))["stopped"] == "finished"


def test_a_dry_run_says_what_would_be_and_writes_nothing(data_set, tmp_path, capsys):
    arguments = ("generator", data_set, "-o", tmp_path / "run", "--no-correlation", "--dry-run", *SET)
    assert train(*arguments) == 0
    said = capsys.readouterr().out
    assert "51200 samples -> 159 x 80 features -> 96 frames x 6 kept controls" in said
    assert (
        "receptive field of the generator: 13 frames" in said and "6 steps of 4" in said and "memory" in said
    )
    assert train("correlation", data_set, "-o", tmp_path / "run", "--dry-run", *SET) == 0
    assert "6 kept controls x 96 frames -> scores (6, 6) -> 6 classes" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_paper_preset_has_the_papers_shapes(data_set, tmp_path, capsys):
    """wav2vec 2.0 base: 94.4 million weights, of which the convolution's 4.2 million are frozen (III.B)."""
    assert (
        train(
            "generator",
            data_set,
            "-o",
            tmp_path / "run",
            "--correlation",
            data_set,
            "--dry-run",
            "--preset",
            "paper",
        )
        == 0
    )
    said = capsys.readouterr().out
    assert "51200 samples -> 159 x 768 features -> 96 frames x 6 kept controls" in said
    assert "speech encoder: 94,37" in said and "learning rate 1e-06" in said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "give one of --correlation RUN"),
        (("--no-correlation", "--set", "fit_generator.stepz=1"), 2, "did you mean steps"),
        (("--no-correlation", "--preset", "large"), 2, "not one of"),
        (("--no-correlation", "--set", "model.encoder.kind=wav2vec2"), 2, "which is a whisper"),
        (("--no-correlation", "--preset", "paper"), 1, "hf download facebook/wav2vec2-base-960h"),
    ],
)
def test_a_wrong_call_says_so_and_makes_no_folder(data_set, tmp_path, capsys, arguments, code, message):
    assert train("generator", data_set, "-o", tmp_path / "run", *arguments) == code
    assert message in capsys.readouterr().err and not (tmp_path / "run").exists()


def test_a_folder_that_is_no_data_set_is_named(tmp_path, capsys):
    assert train("correlation", tmp_path, "-o", tmp_path / "run") == 1
    assert "is not a data set" in capsys.readouterr().err
