"""Fixtures shared by the tests of the networks."""

import pytest
import torch


@pytest.fixture
def unreachable_hub(monkeypatch, tmp_path):
    """No cache and no network for the model hub, as on a render farm (what HF_HUB_OFFLINE=1 sets)."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)  # the variable is read once, on import
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "empty-cache"))


@pytest.fixture(autouse=True)
def one_thread():
    """Networks this small are slower on two threads than on one, and much slower on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
