"""Fixtures: stand-in editors that are always ended, and the fake `unreal` within the test's own process.

A folder of tests takes them with ``from stand_in.fixtures import editor, unreal_world`` in its conftest.py.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stand_in import fake_unreal
from stand_in.launch import StandIn, free_port, why_no_multicast

__all__ = ["editor", "python39", "unreal_world"]

PYENV = Path.home() / ".pyenv" / "versions"


@functools.cache
def _why_no_multicast() -> str:
    return why_no_multicast()


@pytest.fixture
def editor(tmp_path: Path) -> Any:
    """Start stand-in editors: ``editor(behaviours=["slow-tick"], ...)``, see `StandIn`.

    All share one group port. ``start=False`` gives one that is not running yet. Projects are named StandIn,
    StandIn2, ... by default.
    """
    if _why_no_multicast():
        pytest.skip(_why_no_multicast())
    made: list[StandIn] = []
    port = free_port()

    def start(behaviours: Any = (), *, start: bool = True, **settings: Any) -> StandIn:
        number = len(made) + 1
        settings.setdefault("project_name", f"StandIn{number if number > 1 else ''}")
        settings.setdefault("port", port)
        made.append(StandIn(tmp_path, behaviours=behaviours, **settings))
        return made[-1].start() if start else made[-1]

    yield start
    for stand_in in made:
        stand_in.kill()


@pytest.fixture
def unreal_world(tmp_path: Path) -> Any:
    """Make a fake `unreal` in this process: ``unreal_world(version="5.4")``, then ``import unreal``."""

    def make(**settings: Any) -> fake_unreal.World:
        return fake_unreal.install(tmp_path / "content", **settings)

    before = sys.modules.get("unreal")
    yield make
    fake_unreal.uninstall()
    if before is not None:
        sys.modules["unreal"] = before


@pytest.fixture(scope="session")
def python39() -> str:
    """A Python 3.9, the oldest that an editor may bring."""
    candidates = [*map(str, sorted(PYENV.glob("3.9.*/bin/python"))), shutil.which("python3.9")]
    for candidate in candidates:
        if candidate and subprocess.run([candidate, "-c", "pass"], capture_output=True).returncode == 0:
            return candidate
    pytest.skip("no Python 3.9 on this machine")
