"""Stage 1: tells emotions and real curves on takes it never saw; random windows as in the paper."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_data_set import MOVING, write_tiny

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.errors import DataSetError, TrainingError
from cstalk_ue.model.correlation_checkpoint import load_correlation
from cstalk_ue.train.correlation_report import CLASSES, area_under_roc, summary_text
from cstalk_ue.train.fit_correlation import RANDOM, curve_sources, curve_windows, train_correlation
from cstalk_ue.train.run_log import read_log
from cstalk_ue.train.settings import training_settings
from cstalk_ue.train.take_cache import CurveUnits

CHANGES = (
    "correlation.width=32",
    "correlation.heads=2",
    "correlation.layers=2",
    "correlation.hidden=32",
    "correlation.rig_embedding=true",
    "fit_correlation.steps=150",
    "fit_correlation.batch=24",
    "fit_correlation.learning_rate=0.003",
    "fit_correlation.warmup_steps=5",
    "fit_correlation.validate_every=50",
    "random.kinds=['white', 'smooth', 'shuffled']",
    "machine.device=cpu",
)


def settings(*changes):
    return training_settings("small", changes=[*CHANGES, *changes])


@pytest.fixture(scope="module")
def data_set(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("set"), takes=40)


@pytest.fixture(scope="module")
def run(data_set, tmp_path_factory):
    return train_correlation(data_set, tmp_path_factory.mktemp("runs") / "run", settings())


def test_it_tells_held_out_emotions_and_random_curves(run):
    measured = run.report["held_out_takes"]
    assert measured["split"] == "test" and measured["takes"] == 3
    assert measured["accuracy"]["windows"] >= 0.6 and measured["accuracy"]["takes"] > 0.6  # a guess: 1 in 6
    assert measured["random"]["white"]["told"] > 0.9
    assert measured["random"]["shuffled"]["area"] > 0.7
    assert measured["real_taken_for_random"] < 0.2


def test_the_confusion_matrix_counts_every_window_once(run, data_set):
    measured = run.report["held_out_takes"]
    confusion = np.array(measured["confusion"])
    assert measured["classes"] == list(CLASSES) == [*EMOTIONS, "random"]
    assert confusion[:RANDOM].sum() == measured["windows"]
    assert confusion[RANDOM].sum() == 256 * len(settings().random.kinds)
    right = confusion[:RANDOM].diagonal().sum() / measured["windows"]
    assert right == pytest.approx(measured["accuracy"]["windows"])
    text = summary_text(measured)
    assert f"emotion right in {right:.1%}" in text and "shuffled-within" in text and "not trained on" in text


def test_the_saved_module_is_the_trained_one(run, data_set):
    loaded = load_correlation(run.folder)
    assert set(loaded.controls) == set(MOVING) and loaded.info.data_set == data_set.digest
    units = CurveUnits.of(data_set.require_statistics())
    source = curve_sources(data_set, units, settings())["test"]
    curves = torch.from_numpy(np.stack([source.curves(n) for n in range(len(source))])).transpose(1, 2)
    with torch.inference_mode():
        told = loaded.module(curves).logits.argmax(dim=1).numpy()
    assert (told == source.classes).mean() == pytest.approx(
        run.report["held_out_takes"]["accuracy"]["windows"]
    )
    assert np.allclose(loaded.mean.numpy(), units.mean) and np.allclose(loaded.std.numpy(), units.std)


def test_random_windows_are_as_many_as_one_emotion_has(data_set):
    """II.B: "random data in the same quantity as other emotional data"."""
    units = CurveUnits.of(data_set.require_statistics())
    source = curve_sources(data_set, units, settings())["train"]
    windows = curve_windows(source, settings())
    assert (
        windows.random_count == round(len(source) / len(EMOTIONS))
        and len(windows) == len(source) + windows.random_count
    )
    twice = curve_windows(source, settings("random.share=2.0"))
    assert twice.random_count == round(2 * len(source) / len(EMOTIONS))


def test_a_batch_holds_curves_rigs_first_and_their_classes(data_set):
    units = CurveUnits.of(data_set.require_statistics())
    source = curve_sources(data_set, units, settings())["train"]
    windows = curve_windows(source, settings())
    draws = [(0, 3), (0, len(source)), (1, 0), (1, len(source))]
    batch = windows.draw(draws)
    assert batch.curves.shape == (4, len(MOVING), 96)
    assert np.array_equal(batch.curves[0].T.numpy(), source.curves(3))
    assert batch.target.argmax(dim=1).tolist() == [source.classes[3], RANDOM, source.classes[0], RANDOM]
    assert torch.equal(batch.target.sum(dim=1), torch.ones(4))
    assert not torch.equal(batch.curves[1], batch.curves[3]), "random windows are new in every epoch"
    assert torch.equal(windows.draw(draws).curves, batch.curves)


def test_a_run_goes_on_where_it_stopped(data_set, tmp_path):
    chosen = settings(
        "fit_correlation.steps=20", "fit_correlation.validate_every=7", "machine.report_steps=3"
    )
    whole = train_correlation(data_set, tmp_path / "whole", chosen)
    train_correlation(data_set, tmp_path / "cut", chosen, max_steps=11)
    cut = train_correlation(data_set, tmp_path / "cut", chosen, resume=True)
    files = [(each.folder / "model.safetensors").read_bytes() for each in (whole, cut)]
    assert files[0] == files[1] and cut.report["held_out_takes"] == whole.report["held_out_takes"]
    clock = ("windows_per_second", "seconds")
    logs = [
        [{k: v for k, v in row.items() if k not in clock} for row in read_log(r.folder)] for r in (whole, cut)
    ]
    assert logs[0] == logs[1]


def test_takes_without_sound_count_and_unlabelled_ones_do_not(tmp_path):
    silent = write_tiny(tmp_path / "silent", takes=10, silent=10)
    short = settings("fit_correlation.steps=2")
    assert train_correlation(silent, tmp_path / "run", short).report["step"] == 2
    table = tmp_path / "silent" / "takes.csv"
    table.write_text(
        "\n".join(
            line.replace(f",{name},{name},", ",,,", 1) if name in line else line
            for line in table.read_text(encoding="utf-8").splitlines()
            for name in [next((each for each in EMOTIONS if f",{each},{each}," in line), "-")]
        )
        + "\n",
        encoding="utf-8",
    )
    from ingest.data_set import open_data_set

    with pytest.raises(DataSetError, match="no take of the training split has an emotion"):
        train_correlation(open_data_set(tmp_path / "silent"), tmp_path / "other", short)


def test_another_run_is_not_resumed_by_mistake(run, data_set):
    with pytest.raises(TrainingError, match="holds another run"):
        train_correlation(data_set, run.folder, settings("random.share=0.5"), resume=True)
    about = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    assert "fit_generator" not in about["settings"], "the other stage's settings do not matter"


@given(
    positive=st.lists(st.integers(0, 9), min_size=1, max_size=20),
    negative=st.lists(st.integers(0, 9), min_size=1, max_size=20),
)
def test_the_area_is_the_share_of_pairs_in_order(positive, negative):
    pairs = [1.0 if p > n else 0.5 if p == n else 0.0 for p in positive for n in negative]
    assert area_under_roc(np.array(positive), np.array(negative)) == pytest.approx(np.mean(pairs))
