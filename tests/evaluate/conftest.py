"""Small data sets and a small correlation module for all tests of evaluation; nobody writes into them."""

from pathlib import Path

import pytest
import torch
from performed_samples import make_data_set

from cstalk_ue.config import CorrelationConfig
from cstalk_ue.evaluate.curve_windows import normalisation_of
from cstalk_ue.model.builder import build_correlation
from cstalk_ue.model.correlation_checkpoint import save_correlation
from ingest.data_set import DataSet


@pytest.fixture(scope="session")
def performed(tmp_path_factory) -> DataSet:
    """Three of the project's lines in five emotions, one of them held out; with phones."""
    folder = tmp_path_factory.mktemp("performed") / "set"
    return make_data_set(folder, lines=("birthday_happy", "gate_neutral", "letter_sad"))


@pytest.fixture(scope="session")
def two_takes(tmp_path_factory) -> DataSet:
    """Two lines in two emotions, one of them held out: enough to make a table of."""
    folder = tmp_path_factory.mktemp("two") / "set"
    return make_data_set(folder, lines=("gate_neutral", "letter_sad"), emotions=("neutral", "angry"))


def save_small_correlation(folder: Path, data_set: DataSet, *, seed: int = 0) -> Path:
    """A random correlation module for the controls of a data set."""
    torch.manual_seed(seed)
    controls, mean, std = normalisation_of(data_set.require_statistics())
    config = CorrelationConfig(width=16, heads=2, layers=2, hidden=8)
    module = build_correlation(config, len(controls)).eval()
    save_correlation(folder, module, config=config, controls=controls, mean=mean, std=std, training={})
    return folder


@pytest.fixture(scope="session")
def correlation(tmp_path_factory, performed) -> Path:
    """A random correlation module."""
    return save_small_correlation(tmp_path_factory.mktemp("correlation") / "small", performed)
