"""The module's own functions: the log, loading, ticks."""

from __future__ import annotations

import itertools
import os
import sys
from typing import Any

from stand_in.fake_unreal.asset import loaded
from stand_in.fake_unreal.assets import EditorAssetLibrary
from stand_in.fake_unreal.basics import Name
from stand_in.fake_unreal.binding import module_function
from stand_in.fake_unreal.core import Class, Object
from stand_in.fake_unreal.subsystems import EditorSubsystem
from stand_in.fake_unreal.world import current

_handles = itertools.count(1)


@module_function
def log(arg: Any) -> None:
    current().log("Info", str(arg))


@module_function
def log_warning(arg: Any) -> None:
    current().log("Warning", str(arg))


@module_function
def log_error(arg: Any) -> None:
    current().log("Error", str(arg))


@module_function
def log_flush() -> None:
    pass


@module_function
def is_editor() -> bool:
    return True


@module_function
def load_asset(name: str, type: Union[Class, type] = None, follow_redirectors: bool = True) -> Any:  # noqa: F821
    return EditorAssetLibrary.load_asset(name)


@module_function
def find_asset(name: str, type: Union[Class, type] = None, follow_redirectors: bool = True) -> Any:  # noqa: F821
    return loaded(name)


@module_function
def new_object(
    type: Union[Class, type],  # noqa: F821
    outer: Optional[Object] = None,  # noqa: F821
    name: Union[Name, str] = "",  # noqa: F821
    base_type: Optional[Object] = None,  # noqa: F821
) -> Any:
    return type(outer, str(name) or "None")


@module_function
def get_editor_subsystem(subsystem: Union[Class, type]) -> Any:  # noqa: F821
    return subsystem() if issubclass(subsystem, EditorSubsystem) else None


@module_function
def get_interpreter_executable_path() -> str:
    return sys.executable.replace(os.sep, "/")


@module_function
def register_slate_post_tick_callback(callable: Callable[[float], None]) -> object:  # noqa: F821
    return _registered(current().tick_callbacks, callable)


@module_function
def register_slate_pre_tick_callback(callable: Callable[[float], None]) -> object:  # noqa: F821
    return _registered(current().tick_callbacks, callable)


@module_function
def unregister_slate_post_tick_callback(handle: object) -> None:
    _unregister(current().tick_callbacks, handle)


@module_function
def unregister_slate_pre_tick_callback(handle: object) -> None:
    _unregister(current().tick_callbacks, handle)


@module_function
def register_python_shutdown_callback(callable: Callable[[], None]) -> object:  # noqa: F821
    return _registered(current().shutdown_callbacks, callable)


@module_function
def unregister_python_shutdown_callback(handle: object) -> None:
    _unregister(current().shutdown_callbacks, handle)


class _Handle:
    """What registering returns; nothing can be done with it but to unregister."""

    def __init__(self) -> None:
        self.number = next(_handles)


def _registered(callbacks: dict[Any, Any], callback: Any) -> Any:
    handle = _Handle()
    callbacks[handle] = callback
    return handle


def _unregister(callbacks: dict[Any, Any], handle: Any) -> None:
    if not isinstance(handle, _Handle):
        raise TypeError(f"'{type(handle).__name__}' is not a delegate handle")
    callbacks.pop(handle, None)
