"""Stage 2: learns, is supervised through the curves, survives being killed, says what is wrong."""

import dataclasses
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny_data_set import MOVING, write_tiny

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import CheckpointError, ConfigError, DataSetError, EmotionError, TrainingError
from cstalk_ue.model import builder, load_checkpoint
from cstalk_ue.model.speech_encoder import build_speech_encoder
from cstalk_ue.predict import generate_spoken
from cstalk_ue.train.fit_correlation import train_correlation
from cstalk_ue.train.fit_supervised import train_generator
from cstalk_ue.train.run_log import read_log
from cstalk_ue.train.run_state import last_step
from cstalk_ue.train.settings import training_settings

REPOSITORY = Path(__file__).resolve().parents[2]
CHANGES = (
    "model.encoder.kind=logmel",
    "model.generator.width=16",
    "model.generator.emotion_width=8",
    "model.generator.dilations=[1, 2]",
    "model.generator.dropout=0.1",
    "correlation.width=16",
    "correlation.heads=2",
    "correlation.layers=2",
    "correlation.hidden=16",
    "fit_generator.steps=30",
    "fit_generator.batch=8",
    "fit_generator.learning_rate=0.01",
    "fit_generator.warmup_steps=3",
    "fit_generator.validate_every=10",
    "fit_generator.ema_decay=0.9",
    "fit_correlation.steps=40",
    "fit_correlation.batch=16",
    "fit_correlation.learning_rate=0.003",
    "machine.device=cpu",
    "machine.report_steps=5",
    "machine.save_steps=4",
)


def settings(*changes):
    return training_settings("small", changes=[*CHANGES, *changes])


@pytest.fixture(scope="module")
def data_set(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("set"), takes=20)


@pytest.fixture(scope="module")
def supervisor(data_set, tmp_path_factory):
    """A run of stage 1."""
    return train_correlation(data_set, tmp_path_factory.mktemp("runs") / "correlation", settings()).folder


def rows(folder):
    clock = ("windows_per_second", "seconds")
    return [{key: value for key, value in row.items() if key not in clock} for row in read_log(folder)]


def final_state(folder):
    return load_file(folder / "state" / f"step-{last_step(folder):08d}" / "tensors.safetensors")


def test_it_learns_and_predicts(data_set, supervisor, tmp_path):
    result = train_generator(
        data_set, tmp_path / "run", settings("fit_generator.steps=150"), correlation=supervisor
    )
    report = result.report
    assert report["held_out"]["reconstruction"] < 0.7 * report["mean_face"]["reconstruction"]
    assert 0.5 < report["mean_face"]["reconstruction"] < 2  # in normalised units
    first, last = rows(result.folder)[0], rows(result.folder)[-1]
    assert float(last["correlation"]) < float(first["correlation"])
    checkpoint = load_checkpoint(result.folder)
    assert set(checkpoint.controls) == set(MOVING) and checkpoint.info.data_set == data_set.digest
    stored = data_set.read(data_set.select("test")[0])
    spoken = generate_spoken(stored.samples, checkpoint, stored.labels.emotion)
    face = stored.performance.face.select(checkpoint.controls).values
    error = np.square(spoken.values[: len(face)] - face[: len(spoken.values)]).mean()
    held = np.square(face - data_set.require_statistics().mean[data_set.require_statistics().kept]).mean()
    assert error < 0.7 * held


def test_l_g_is_the_weighted_sum(data_set, supervisor, tmp_path):
    """Over the number of controls, because eq. (1) sums over them and our L_R is their mean."""
    chosen = settings("losses.reconstruction=0.5", "losses.correlation=3.0", "fit_generator.steps=5")
    train_generator(data_set, tmp_path / "run", chosen, correlation=supervisor)
    row = {key: float(value) for key, value in rows(tmp_path / "run")[0].items() if value}
    assert row["loss"] == pytest.approx(
        0.5 * row["reconstruction"] + 3 * row["correlation"] / len(MOVING), rel=1e-5
    )


def test_supervision_changes_the_curves_and_only_the_curves(data_set, supervisor, tmp_path):
    before = (supervisor / "model.safetensors").read_bytes()
    with_it = train_generator(data_set, tmp_path / "a", settings(), correlation=supervisor)
    without = train_generator(data_set, tmp_path / "b", settings())
    assert "correlation" not in without.report["held_out"]
    a, b = (load_checkpoint(run.folder).model.generator.output.weight for run in (with_it, without))
    assert not torch.equal(a, b) and (supervisor / "model.safetensors").read_bytes() == before


def test_gradients_of_l_c_reach_the_generator_and_nothing_else(data_set, supervisor, tmp_path):
    """With the weight of L_R at 0, only L_C moves the generator."""
    chosen = settings("losses.reconstruction=0.0", "fit_generator.steps=60", "fit_generator.keep=last")
    report = train_generator(data_set, tmp_path / "run", chosen, correlation=supervisor).report
    first = rows(tmp_path / "run")[0]
    assert report["losses"]["correlation"] < 0.8 * float(first["correlation"])
    assert report["held_out"]["recognised"] > 0.5  # of six classes


@pytest.mark.parametrize("kind", ["faceformer", "emotalk", "emoface", "mean"])
def test_every_kind_of_generator_is_trained_and_supervised(data_set, supervisor, tmp_path, kind):
    chosen = settings(
        f"model.generator.kind={kind}", "model.generator.heads=2", "fit_generator.steps=12",
        "fit_generator.validate_every=6", "machine.report_steps=3",
    )  # fmt: skip
    run = train_generator(data_set, tmp_path / "run", chosen, correlation=supervisor)
    log = rows(run.folder)
    assert float(log[-1]["reconstruction"]) < float(log[0]["reconstruction"])
    assert float(log[-1]["held_out_correlation"]) > 0
    checkpoint = load_checkpoint(run.folder)
    assert checkpoint.config.generator.kind == kind
    stored = data_set.read(data_set.select("test")[0])
    spoken = generate_spoken(stored.samples, checkpoint, stored.labels.emotion)
    assert np.isfinite(spoken.values).all()
    if kind == "emotalk":  # it has losses of its own, in training only
        assert float(log[-1]["extra"]) > 0 and float(log[1]["held_out_extra"]) == 0


def test_an_encoder_that_is_trained_hears_windows_of_sound(data_set, tmp_path, monkeypatch):
    """A small wav2vec 2.0 from random weights, its convolution frozen as in III.B."""
    tiny = {
        "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
        "conv_dim": [8] * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2,
    }  # fmt: skip
    made = []

    def small_encoder(config, *, architecture=None):
        made.append(build_speech_encoder("wav2vec2", weights=None, architecture=tiny))
        made[-1].freeze(config.frozen)
        return made[-1]

    chosen = settings(
        "model.encoder.kind=wav2vec2", "model.encoder.frozen=convolution", "random_encoder=true",
        "fit_generator.steps=3", "fit_generator.batch=2", "fit_generator.validate_every=3",
        "machine.micro_batch=1", "fit_generator.keep=last", "fit_generator.ema_decay=0.0",
    )  # fmt: skip
    said = []
    monkeypatch.setattr(builder, "build_encoder", small_encoder)
    result = train_generator(data_set, tmp_path / "run", chosen, report=said.append)
    assert any("RANDOM weights" in line for line in said) and result.report["step"] == 3
    (trained,) = made
    convolution = {name for name, _ in trained.named_parameters() if "feature_extractor" in name}
    state = final_state(tmp_path / "run")
    stored = {name.removeprefix("model/model.speech_encoder.") for name in state}
    assert convolution and not convolution & stored, "what is frozen is no part of the state"
    assert any("encoder.layers.0.attention" in name for name in stored)
    moved = [state[name] for name in state if name.startswith("optimiser/exp_avg/model.speech_encoder.")]
    assert moved and all(bool(each.any()) for each in moved if each.ndim > 1), "and the rest gets gradients"


def test_a_data_set_without_an_emotion_makes_a_model_that_says_so(tmp_path):
    made = write_tiny(tmp_path / "set", takes=10, emotions=("neutral", "happy"))
    said = []
    result = train_generator(made, tmp_path / "run", settings("fit_generator.steps=2"), report=said.append)
    assert any("no take is angry or sad or surprised" in line for line in said)
    checkpoint = load_checkpoint(result.folder)
    assert checkpoint.emotions == ("neutral", "happy")
    samples = made.read(made.records[0]).samples
    generate_spoken(samples, checkpoint, EmotionTrack.parse("happy:0.5"))
    with pytest.raises(EmotionError, match="was not trained on angry"):
        generate_spoken(samples, checkpoint, EmotionTrack.parse("angry"))


def test_another_number_of_windows_at_once_is_the_same_run(data_set, tmp_path):
    a = train_generator(
        data_set, tmp_path / "a", settings("machine.micro_batch=3", "model.generator.dropout=0.0")
    )
    b = train_generator(data_set, tmp_path / "b", settings("model.generator.dropout=0.0"))
    # not to the bit: batch norm of the spectrum sees the micro-batch
    assert a.report["held_out"]["loss"] == pytest.approx(b.report["held_out"]["loss"], rel=0.1)


# Survives


def test_a_run_goes_on_where_it_stopped(data_set, supervisor, tmp_path):
    whole = train_generator(data_set, tmp_path / "whole", settings(), correlation=supervisor)
    train_generator(data_set, tmp_path / "cut", settings(), correlation=supervisor, max_steps=13)
    cut = train_generator(data_set, tmp_path / "cut", settings(), correlation=supervisor, resume=True)
    assert rows(whole.folder) == rows(cut.folder)
    states = [final_state(run.folder) for run in (whole, cut)]
    assert states[0].keys() == states[1].keys() and all(
        torch.equal(states[0][n], states[1][n]) for n in states[0]
    )
    files = [(run.folder / "model.safetensors").read_bytes() for run in (whole, cut)]
    assert files[0] == files[1]


def _kill_at(data_set, run, step):
    """Train in another process and kill it as soon as its log has a step.

    It uses as many threads as this process does: sums of another number of parts are rounded otherwise.
    """
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    command = [sys.executable, "-m", "cstalk_ue", "train", "generator", str(data_set.folder), "-o", str(run)]
    command += ["--no-correlation", "--resume", *(part for change in CHANGES for part in ("--set", change))]
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **threads},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            while child.poll() is None and not any(int(row["step"]) >= step for row in read_log(run)):
                time.sleep(0.002)
        finally:
            child.kill()
            said = child.communicate()[1]
    assert child.returncode != 0, f"was done before step {step}: {said[-500:]}"


def _killed_runs_equal(data_set, tmp_path, steps):
    whole = train_generator(data_set, tmp_path / "whole", settings())
    for step in steps:
        _kill_at(data_set, tmp_path / "killed", step)
    killed = train_generator(data_set, tmp_path / "killed", settings(), resume=True)
    assert rows(whole.folder) == rows(killed.folder)
    states = [final_state(run.folder) for run in (whole, killed)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0].keys() | states[1].keys())
    assert (whole.folder / "model.safetensors").read_bytes() == (
        killed.folder / "model.safetensors"
    ).read_bytes()


def test_a_killed_run_equals_an_uninterrupted_one(data_set, tmp_path):
    _killed_runs_equal(data_set, tmp_path, [random.Random(time.time()).randrange(5, 20, 5)])


@pytest.mark.slow
def test_a_run_killed_again_and_again_equals_an_uninterrupted_one(data_set, tmp_path):
    _killed_runs_equal(data_set, tmp_path, [5, 5, 10, 15, 20])


# Says what is wrong


def test_a_folder_with_a_run_needs_resume(data_set, tmp_path):
    train_generator(data_set, tmp_path / "run", settings("fit_generator.steps=2"))
    with pytest.raises(TrainingError, match=r"already holds a run\. Go on with --resume"):
        train_generator(data_set, tmp_path / "run", settings("fit_generator.steps=2"))
    with pytest.raises(
        TrainingError, match=r"fit_generator\.steps was 2, is 3; .*learning_rate was 0.01, is 0.5"
    ):
        train_generator(
            data_set,
            tmp_path / "run",
            settings("fit_generator.steps=3", "fit_generator.learning_rate=0.5"),
            resume=True,
        )


def test_another_data_set_is_another_run(data_set, tmp_path):
    train_generator(data_set, tmp_path / "run", settings("fit_generator.steps=2"))
    other = write_tiny(tmp_path / "set", takes=10, seed=5)
    with pytest.raises(TrainingError, match="holds another run: data_set was"):
        train_generator(other, tmp_path / "run", settings("fit_generator.steps=2"), resume=True)


def test_a_module_for_other_controls_is_refused(supervisor, data_set, tmp_path):
    folder = shutil.copytree(data_set.folder, tmp_path / "set")
    lines = (folder / "controls.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    changed = [line.replace(",1,", ",0,", 1) if line.startswith(MOVING[0]) else line for line in lines]
    assert changed != lines
    (folder / "controls.csv").write_text("".join(changed), encoding="utf-8")
    from ingest.data_set import open_data_set

    with pytest.raises(
        CheckpointError, match=r"its 6 controls are not the 5 asked for: 1 that are not asked for"
    ):
        train_generator(open_data_set(folder), tmp_path / "run", settings(), correlation=supervisor)
    assert not (tmp_path / "run").exists()


def test_a_module_for_other_windows_is_refused(supervisor, data_set, tmp_path):
    chosen = settings("windows.frames=48", "correlation.frames=48")
    with pytest.raises(CheckpointError, match="looks at windows of 96 frames"):
        train_generator(data_set, tmp_path / "run", chosen, correlation=supervisor)


def test_without_sound_there_is_nothing_to_learn_from(tmp_path):
    made = write_tiny(tmp_path / "set", takes=4, silent=4)
    with pytest.raises(DataSetError, match="no take of the training split has both an emotion and sound"):
        train_generator(made, tmp_path / "run", settings())


def test_random_weights_that_would_never_be_trained_are_refused(data_set, tmp_path):
    with pytest.raises(ConfigError, match="would listen with random weights for ever"):
        train_generator(
            data_set, tmp_path / "run", settings("model.encoder.kind=wav2vec2", "random_encoder=true")
        )


def test_the_report_says_what_was_done(data_set, tmp_path):
    train_generator(data_set, tmp_path / "run", settings("fit_generator.steps=3"))
    report = json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))
    for key in (
        "stage",
        "preset",
        "step",
        "best_step",
        "held_out",
        "seconds",
        "data_set",
        "settings",
        "takes",
    ):
        assert key in report
    assert (
        report["data_set"] == data_set.digest and report["settings"]["model"]["encoder"]["kind"] == "logmel"
    )
    assert (
        dataclasses.asdict(settings("fit_generator.steps=3"))["fit_generator"]
        == report["settings"]["fit_generator"]
    )
    assert set(EMOTIONS) == set(load_checkpoint(tmp_path / "run").emotions)
