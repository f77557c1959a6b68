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


@pytest.fixture(scope="session")
def multicast() -> None:
    """Skips where a datagram to a multicast group does not come back to this machine."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("", 0))
            member = socket.inet_aton("239.0.0.1") + socket.inet_aton("0.0.0.0")
            udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
            udp.settimeout(2)
            udp.sendto(b"heard", ("239.0.0.1", udp.getsockname()[1]))
            udp.recv(16)
    except OSError as error:
        pytest.skip(f"no multicast on this machine ({error}): editors cannot be looked for")


@pytest.fixture
def multicast_port(multicast) -> int:
    """A UDP port nobody uses, so that tests running side by side do not meet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("", 0))
        return udp.getsockname()[1]


@pytest.fixture(autouse=True, scope="session")
def no_network():
    """A connection to anything but this machine fails at once instead of waiting for a time-out.

    A datagram may go to a multicast group only with TTL 0, with which it cannot leave this machine.
    """
    connect, sendto = socket.socket.connect, socket.socket.sendto

    def connect_locally(self: socket.socket, address) -> None:
        local = self.family not in (socket.AF_INET, socket.AF_INET6) or address[0] in LOOPBACK
        if not local:
            raise ConnectionRefusedError(f"tests do not use the network; {address[0]} was asked for.")
        connect(self, address)

    def send_locally(self: socket.socket, data, *flags_and_address) -> int:
        address = flags_and_address[-1]
        kept_here = self.family not in (socket.AF_INET, socket.AF_INET6) or address[0] in LOOPBACK
        if self.family == socket.AF_INET and address[0].startswith("239."):
            kept_here = self.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 0
        if not kept_here:
            raise ConnectionRefusedError(f"tests do not use the network; {address} was written to.")
        return sendto(self, data, *flags_and_address)

    socket.socket.connect, socket.socket.sendto = connect_locally, send_locally
    yield
    socket.socket.connect, socket.socket.sendto = connect, sendto
