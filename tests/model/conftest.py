"""Fixtures shared by the tests of the networks."""

import pytest


@pytest.fixture
def unreachable_hub(monkeypatch, tmp_path):
    """No cache and no network for the model hub, as on a render farm (what HF_HUB_OFFLINE=1 sets)."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)  # the variable is read once, on import
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "empty-cache"))
