"""The editor plugin: put into a project, and taken out again without touching anything else.

All files go to Plugins/CSTalk of the project. Which ones, and their hashes, are noted there in
cstalk_installed.json; a file that somebody changed since is never replaced and never removed.
"""

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cstalk_ue.errors import ExportError, UnrealError
from cstalk_ue.storage import sha256_file, whole_file, write_json
from cstalk_ue.unreal.scripts import PLUGIN_FOLDER, PYTHON_FOLDER, own_scripts
from cstalk_ue.version import __version__

INSTALL_FORMAT = "cstalk-install/1"
NOTE = "cstalk_installed.json"
SETTINGS_FORMAT = "cstalk-settings/1"
SETTINGS = (PYTHON_FOLDER / "cstalk_settings.json").as_posix()
"""The studio's settings; what a person wrote in there stays, except the path of our Python."""


@dataclass(frozen=True)
class Changes:
    """What was done to a plugin folder, or would be; file names are relative to `folder`.

    Attributes:
        folder: of the plugin.
        written, removed: files that were.
        kept: files left alone because somebody changed them.
    """

    folder: Path
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def install(uproject: Path, *, dry_run: bool = False, python: str = "") -> Changes:
    """Copy the plugin into a project, or bring it up to date.

    Args:
        python: our interpreter, which the editor's menu starts; this one by default.

    Raises:
        UnrealError: there is no such project, or a file is in the way that is not ours or was changed.
        ExportError: a file cannot be written.
    """
    folder = _plugin_folder(uproject)
    noted = _read_note(folder)
    wanted = dict(_plugin_files())
    hashes = {name: sha256_file(source) for name, source in wanted.items()}
    _check_nothing_in_the_way(folder, {name: {noted.get(name), hashes[name]} for name in wanted})
    written = [name for name in wanted if not _is(folder / name, {hashes[name]})]
    outdated = [name for name in noted if name not in wanted and name != SETTINGS]
    removed = [name for name in outdated if _is(folder / name, {noted[name]})]
    kept = [name for name in outdated if name not in removed and (folder / name).exists()]
    file = folder / SETTINGS
    settings = _settings(file, python or sys.executable)
    new_settings = _read_json(file) != settings
    edited = file.exists() and not _is(file, {noted.get(SETTINGS)})
    if not dry_run:
        # The note comes first: a file that is not in it would be taken for somebody else's next time. Files
        # that are not replaced yet keep their old hash in it.
        _write_note(folder, {**hashes, **noted})
        for name in written:
            with whole_file(folder / name) as temporary:
                temporary.write_bytes(wanted[name].read_bytes())
        if new_settings:
            write_json(file, settings)
        # With a person's words in it, the file is not ours to remove.
        hashes[SETTINGS] = noted.get(SETTINGS, "") if edited else sha256_file(file)
        for name in removed:
            _remove(folder / name)
        _write_note(folder, hashes)
    return Changes(folder, (*written, *([SETTINGS] if new_settings else [])), tuple(removed), tuple(kept))


def _check_nothing_in_the_way(folder: Path, hashes: Mapping[str, set[str | None]]) -> None:
    foreign = [name for name in hashes if (folder / name).exists() and not _is(folder / name, hashes[name])]
    if foreign:
        raise UnrealError(
            f"{folder}: {', '.join(foreign)} {'was' if len(foreign) == 1 else 'were'} changed since the "
            "installation, or not installed by this program. Nothing is touched; move your changes "
            "elsewhere, then install again."
        )


def uninstall(uproject: Path, *, dry_run: bool = False) -> Changes:
    """Remove the files that were installed and not changed since, and the folders that this leaves empty.

    Raises:
        UnrealError: there is no such project, or nothing is installed in it.
        ExportError: a file cannot be removed.
    """
    folder = _plugin_folder(uproject)
    if not (folder / NOTE).is_file():
        raise UnrealError(f"{folder}: holds no {NOTE}; the plugin was not installed by this program.")
    noted = _read_note(folder)
    present = [name for name in noted if (folder / name).exists()]
    removable = [name for name in present if _is(folder / name, {noted[name]})]
    kept = [name for name in present if name not in removable]
    if not dry_run:
        for name in removable:
            _remove(folder / name)
        _remove(folder / NOTE)
        _remove_empty_folders(folder, uproject.parent)
    return Changes(folder, (), tuple(removable), tuple(kept))


def _plugin_folder(uproject: Path) -> Path:
    if uproject.suffix.lower() != ".uproject" or not uproject.is_file():
        raise UnrealError(f"{uproject}: no such project. Give the .uproject file of the project.")
    folder = uproject.absolute().parent / PLUGIN_FOLDER
    for each in (folder, folder.parent, folder / "Content", folder / PYTHON_FOLDER):
        if each.is_symlink() or (each.exists() and not each.is_dir()):
            raise UnrealError(
                f"{each}: is a link or a file; expected a folder of this project. Nothing is touched."
            )
    return folder


def _plugin_files() -> Iterator[tuple[str, Path]]:
    """Name in the plugin's folder, and source, of every file."""
    scripts = own_scripts()
    plugin = scripts / "plugin" / PLUGIN_FOLDER.name
    for source in sorted(plugin.rglob("*")):
        # The scripts' folder is a package in our tree only.
        if source.is_file() and source.name != "__init__.py" and "__pycache__" not in source.parts:
            yield source.relative_to(plugin).as_posix(), source
    for source in sorted(scripts.glob("cstalk_*.py")):
        yield (PYTHON_FOLDER / source.name).as_posix(), source


def _settings(path: Path, python: str) -> dict[str, Any]:
    """What the settings file should hold: what it holds, and where our Python is."""
    found = _read_json(path)
    if path.exists() and (not isinstance(found, dict) or found.get("format") != SETTINGS_FORMAT):
        raise UnrealError(
            f"{path}: is no {SETTINGS_FORMAT} file. Correct it, or move it away, then install again."
        )
    return {"format": SETTINGS_FORMAT, **(found or {}), "python": python}


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None


def _is(path: Path, hashes: set[str | None]) -> bool:
    """Whether a file is there with one of these contents."""
    try:
        return not path.is_symlink() and sha256_file(path) in hashes
    except OSError:
        return False


def _read_note(folder: Path) -> dict[str, str]:
    """Name and hash of the files installed before. Names that are not below the folder are not believed."""
    path = folder / NOTE
    if not path.exists():
        return {}
    note = _read_json(path)
    files = note.get("files") if isinstance(note, dict) and note.get("format") == INSTALL_FORMAT else None
    if not isinstance(files, dict) or not all(
        isinstance(digest, str) and _is_inside(name) for name, digest in files.items()
    ):
        raise UnrealError(
            f"{path}: is damaged. Nothing is touched; delete {folder} by hand, then install again."
        )
    return files


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    plain = not path.is_absolute() and ".." not in path.parts and ":" not in name and "\\" not in name
    return plain and path.as_posix() == name and name not in (".", NOTE)


def _write_note(folder: Path, hashes: Mapping[str, str]) -> None:
    write_json(folder / NOTE, {"format": INSTALL_FORMAT, "version": __version__, "files": dict(hashes)})


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
        # What the editor's Python made of the script.
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be removed ({error.strerror}). Close the editor, then try again."
        ) from error


def _remove_empty_folders(folder: Path, project: Path) -> None:
    python = folder / PYTHON_FOLDER
    for each in (python / "__pycache__", python, python.parent, folder, folder.parent):
        if each.resolve() == project.resolve():
            break
        with contextlib.suppress(OSError):  # not empty
            each.rmdir()
