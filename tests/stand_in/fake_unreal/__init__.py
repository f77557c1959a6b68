"""The fake `unreal` module. ``world = install()`` puts it on `sys.modules`; ``uninstall()`` takes it off.

Its classes take what the engine's take and refuse what the engine's refuse; `world` tells what was done:
faults, modals, undo steps, saved assets. Outside an editor process a dialog raises `ModalOpened` instead of
hanging.
"""

from __future__ import annotations

import sys
import types
from typing import Any

from stand_in.fake_unreal import binding, nativize, world
from stand_in.fake_unreal.project import DEFAULT, fill
from stand_in.fake_unreal.store import Store
from stand_in.fake_unreal.structs import key_class
from stand_in.fake_unreal.world import EditorCrashed, ModalOpened, World, current

from stand_in.fake_unreal import (  # noqa: F401 isort: skip
    animation_library,
    asset_tools,
    assets,
    enums,
    functions,
    menus,
    metahuman,
    movie_scene,
    movie_scene_libraries,
    sequencer,
    sound,
    subsystems,
    system,
    user_interface,
)
from stand_in.fake_unreal.basics import Array

__all__ = ["EditorCrashed", "ModalOpened", "World", "current", "install", "make_module", "uninstall"]


def install(folder: Any = None, *, content: Any = DEFAULT, **settings: Any) -> World:
    """Put a fake `unreal` with a world of its own on `sys.modules`.

    Args:
        folder: where saved assets are kept; None keeps them in memory only.
        content: records of assets that the project has from the start, see `stand_in.fake_unreal.project`.
        settings: version, project_root, project_name, behaviours: see `World`.
    """
    made = World(store=Store(folder) if folder is not None else None, **settings)
    world.set_current(made)
    sys.modules["unreal"] = make_module()
    fill(made, content)
    return made


def uninstall() -> None:
    sys.modules.pop("unreal", None)
    world.set_current(None)


def make_module() -> types.ModuleType:
    """The module for the current world's engine version.

    There is one module object, filled anew, so that scripts which imported it keep working in the next world.
    """
    version = current().version
    nativize.TYPES["RichCurveKey"] = key_class(version)
    nativize.TYPES["Array"] = Array
    for name in [name for name in vars(_module) if not name.startswith("__")]:
        delattr(_module, name)
    for name, kind in nativize.TYPES.items():
        if name in metahuman.ANIMATOR and "no-animator" in current().behaviours:
            continue
        if binding.between(kind.__dict__.get("_since"), kind.__dict__.get("_until")):
            setattr(_module, name, kind)
    for name, function in binding.FUNCTIONS.items():
        setattr(_module, name, function)
    return _module


_module = types.ModuleType("unreal", "A fake of Unreal's Python API.")
