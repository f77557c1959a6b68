"""Correlation modules come back to the bit; what does not fit is refused with names."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from cstalk_ue.config import CorrelationConfig
from cstalk_ue.errors import CheckpointError
from cstalk_ue.model.builder import build_correlation
from cstalk_ue.model.checkpoint import load_checkpoint
from cstalk_ue.model.checkpoint_info import bundled_checkpoint, list_checkpoints
from cstalk_ue.model.correlation_checkpoint import (
    load_correlation,
    read_correlation_info,
    save_correlation,
)
from cstalk_ue.storage import sha256_file

CONTROLS = ("jawOpen", "mouthClose", "browRaise")
CONFIG = CorrelationConfig(frames=10, width=8, heads=2, layers=2, hidden=4)


def _save(folder, config=CONFIG, **changes):
    torch.manual_seed(5)
    module = build_correlation(config, len(CONTROLS)).eval()
    settings = {
        "controls": CONTROLS,
        "mean": np.array([0.1, -0.2, 0.3], dtype=np.float32),
        "std": torch.tensor([0.01, 2.0, 1e-4]),
        "training": {"steps": 10},
        **changes,
    }
    return module, save_correlation(folder, module, config=config, **settings)


def _edit(folder, **changes):
    path = folder / "config.json"
    data = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    path.write_text(json.dumps(data), encoding="utf-8")


@pytest.mark.parametrize(
    "changes", [{}, {"output": "logits"}, {"rig_embedding": True, "norm_first": True}, {"emotions": ("sad",)}]
)
def test_a_module_comes_back_to_the_bit(changes, tmp_path):
    config = CorrelationConfig.from_mapping({**CONFIG.to_mapping(), **changes})
    module, saved = _save(tmp_path / "run", config, data_set="abc")
    loaded = load_correlation(tmp_path / "run")
    curves = torch.randn(4, 3, 10)
    with torch.inference_mode():
        for found, expected in zip(loaded.module(curves), module(curves), strict=True):
            assert torch.equal(found, expected)
    assert torch.equal(loaded.mean, torch.tensor([0.1, -0.2, 0.3]))
    assert torch.equal(loaded.std, torch.tensor([0.01, 2.0, 1e-4]))
    assert (loaded.config, loaded.controls, loaded.info) == (config, CONTROLS, saved)
    assert (saved.data_set, saved.training) == ("abc", {"steps": 10})
    assert saved.model_id == f"run-{saved.sha256[:12]}"
    assert not loaded.module.training
    assert not any(value.requires_grad for value in loaded.module.parameters())


def test_saving_twice_gives_the_same_files(tmp_path):
    for name in ("a", "b"):
        _save(tmp_path / name, name="m")
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_other_controls_are_named(tmp_path):
    _save(tmp_path)
    assert load_correlation(tmp_path, controls=CONTROLS).controls == CONTROLS
    with pytest.raises(
        CheckpointError, match=r"1 that are not asked for \(browRaise\) and 1 .*missing \(x\)"
    ):
        load_correlation(tmp_path, controls=("jawOpen", "mouthClose", "x"))
    with pytest.raises(CheckpointError, match="the same names in another order"):
        load_correlation(tmp_path, controls=CONTROLS[::-1])


@pytest.mark.parametrize(
    "wrong", [{"controls": CONTROLS[:2]}, {"controls": ("a", "a", "b")}, {"mean": np.zeros(4)}, {"std": 1.0}]
)
def test_what_does_not_fit_the_module_is_not_saved(wrong, tmp_path):
    with pytest.raises(CheckpointError, match="for a module of 3 rigs"):
        _save(tmp_path / "run", **wrong)
    assert not (tmp_path / "run").exists()


def test_a_diverged_module_is_not_saved(tmp_path):
    module, _ = _save(tmp_path)
    with torch.no_grad():
        module.connect2.bias[0] = torch.nan
    with pytest.raises(CheckpointError, match=r"connect2\.bias is not finite"):
        save_correlation(
            tmp_path, module, config=CONFIG, controls=CONTROLS, mean=np.zeros(3), std=np.ones(3), training={}
        )
    load_correlation(tmp_path)  # the older one is still whole


def test_a_model_and_a_correlation_module_are_not_mixed_up(tmp_path):
    _save(tmp_path / "run")
    with pytest.raises(
        CheckpointError, match=r"a correlation module .*expected a model that predicts curves"
    ):
        load_checkpoint(tmp_path / "run")
    with pytest.raises(
        CheckpointError, match=r"a model that predicts curves .*expected a correlation module"
    ):
        load_correlation(bundled_checkpoint())
    assert [info.name for info in list_checkpoints([tmp_path])] == ["bundled"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "cstalk-correlation/2"}, "format 'cstalk-correlation/2'; this version reads"),
        ({"config": {"layers": 0}}, "layers is 0"),
        ({"config": {"depth": 2}}, "unknown key depth"),
        ({"controls": ["a", "a"]}, "different names"),
        ({"weights": {}}, "sha256 is None"),
        (
            {"config": {**CONFIG.to_mapping(), "width": 16}},
            r"another shape: .*\(8, 10\), expected \(16, 10\)",
        ),
        ({"config": {**CONFIG.to_mapping(), "layers": 3}}, r"missing: layers\.1"),
        ({"controls": ["a", "b"]}, r"another shape: .*mean \(3,\), expected \(2,\)"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(changes, message, tmp_path):
    _save(tmp_path)
    _edit(tmp_path, **changes)
    with pytest.raises(CheckpointError, match=message):
        load_correlation(tmp_path)


def test_damaged_and_missing_files_are_refused(tmp_path):
    _save(tmp_path)
    path = tmp_path / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="damaged, or not the weights"):
        load_correlation(tmp_path)
    path.unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors is missing"):
        read_correlation_info(tmp_path)
    with pytest.raises(CheckpointError, match="no such checkpoint folder"):
        load_correlation(tmp_path / "nowhere")


def test_missing_statistics_are_named(tmp_path):
    _save(tmp_path)
    path = tmp_path / "model.safetensors"
    save_file({name: value for name, value in load_file(path).items() if name != "std"}, path)
    data = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    _edit(tmp_path, weights={**data["weights"], "sha256": sha256_file(path)})
    with pytest.raises(CheckpointError, match="1 missing: std"):
        load_correlation(tmp_path)
