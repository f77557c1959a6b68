"""Stand-in editors and the fake `unreal` for the tests of this folder; see tests/stand_in/fixtures.py."""

from stand_in.fixtures import editor, python39, unreal_world

__all__ = ["editor", "python39", "unreal_world"]
