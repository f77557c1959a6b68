"""What every test starts from: no network, a seeded generator, real recordings where they are at hand."""

import os
import socket
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# Read by huggingface_hub when it is first imported, so it is set before any test module.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

LOOPBACK = ("127.0.0.1", "::1", "localhost")
SHARED_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recordings and captures beside the checkout; a test that needs them is skipped without."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no ../shared/data beside this checkout: no real recordings to test with")
    return SHARED_DATA


@pytest.fixture(autouse=True, scope="session")
def no_network():
    """A connection to anything but this machine fails at once instead of waiting for a time-out."""
    connect = socket.socket.connect

    def connect_locally(self: socket.socket, address) -> None:
        local = self.family not in (socket.AF_INET, socket.AF_INET6) or address[0] in LOOPBACK
        if not local:
            raise ConnectionRefusedError(f"tests do not use the network; {address[0]} was asked for.")
        connect(self, address)

    socket.socket.connect = connect_locally
    yield
    socket.socket.connect = connect
