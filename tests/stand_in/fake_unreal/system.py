"""What only tells about the editor and its project: versions, names, folders."""

from __future__ import annotations

import os
from pathlib import Path

from stand_in.fake_unreal.animation_library import BlueprintFunctionLibrary
from stand_in.fake_unreal.basics import Text
from stand_in.fake_unreal.binding import exposed
from stand_in.fake_unreal.core import Object
from stand_in.fake_unreal.world import current


@exposed
class SystemLibrary(BlueprintFunctionLibrary):
    @classmethod
    def get_engine_version(cls) -> str:
        return current().engine_version

    @classmethod
    def is_unattended(cls) -> bool:
        return current().unattended

    @classmethod
    def get_project_directory(cls) -> str:
        return _folder("")

    @classmethod
    def get_project_content_directory(cls) -> str:
        return _folder("Content")

    @classmethod
    def get_project_saved_directory(cls) -> str:
        return _folder("Saved")

    @classmethod
    def get_game_name(cls) -> str:
        return current().project_name

    @classmethod
    def get_path_name(cls, object: Object) -> str:
        return object.get_path_name() if object is not None else ""

    @classmethod
    def get_object_name(cls, object: Object) -> str:
        return object.get_name() if object is not None else ""

    @classmethod
    def launch_url(cls, url: str) -> None:
        current().event("launch_url", url)

    @classmethod
    def quit_editor(cls) -> None:
        current().fault("SystemLibrary.quit_editor")

    @classmethod
    def begin_transaction(cls, context: str, description: Text, primary_object: Object) -> int:
        current().transactions.append(str(description))
        current().undo_steps += 1
        return len(current().transactions) - 1

    @classmethod
    def end_transaction(cls) -> int:
        return len(current().transactions) - 1


@exposed
class Paths(BlueprintFunctionLibrary):
    """Folders of the project, relative to the engine's binaries as the editor gives them."""

    @classmethod
    def project_dir(cls) -> str:
        return _relative("")

    @classmethod
    def project_content_dir(cls) -> str:
        return _relative("Content")

    @classmethod
    def project_saved_dir(cls) -> str:
        return _relative("Saved")

    @classmethod
    def project_intermediate_dir(cls) -> str:
        return _relative("Intermediate")

    @classmethod
    def project_plugins_dir(cls) -> str:
        return _relative("Plugins")

    @classmethod
    def project_config_dir(cls) -> str:
        return _relative("Config")

    @classmethod
    def project_log_dir(cls) -> str:
        return _relative("Saved/Logs")

    @classmethod
    def engine_dir(cls) -> str:
        return "../../../Engine/"

    @classmethod
    def get_project_file_path(cls) -> str:
        return _relative("") + current().project_name + ".uproject"

    @classmethod
    def convert_relative_path_to_full(cls, path: str, base_path: str = "") -> str:
        base = base_path or _binaries()
        full = os.path.normpath(Path(base) / path).replace(os.sep, "/")
        return full + "/" if path.endswith("/") else full


def _binaries() -> str:
    """Where the engine's executable would be."""
    return str(Path(Path.cwd().anchor) / "UnrealEngine" / "Engine" / "Binaries" / "Any")


def _folder(name: str) -> str:
    return (Path(current().project_root).absolute() / name).as_posix().rstrip("/") + "/"


def _relative(name: str) -> str:
    try:
        return os.path.relpath(_folder(name), _binaries()).replace(os.sep, "/").rstrip("/") + "/"
    except ValueError:  # another drive
        return _folder(name)
