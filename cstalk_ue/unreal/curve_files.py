"""Which curve files are meant: files as given, folders searched."""

from collections.abc import Sequence
from pathlib import Path

from cstalk_ue.unreal.destinations import PushLine

SUFFIX = ".curves.npz"


def lines_of_paths(paths: Sequence[Path]) -> tuple[list[PushLine], list[str]]:
    """A line for each curve file, and remarks on folders without any.

    Below a folder, lines keep its sub-folders in their names. A file that is named twice is one line; one
    that is not there is a line with a problem.
    """
    found: dict[Path, PushLine] = {}
    remarks = []
    for path in paths:
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.name.lower().endswith(SUFFIX))
            if not files:
                remarks.append(f"{path}: holds no *{SUFFIX} file.")
            for file in files:
                name = _without_suffix(file.relative_to(path).as_posix())
                found.setdefault(file.absolute(), PushLine(file, name))
        else:
            problem = "" if path.is_file() else f"{path}: no such file. Check the spelling."
            line = PushLine(path, _without_suffix(path.name), problem=problem)
            found.setdefault(path.absolute(), line)
    return list(found.values()), remarks


def curve_file_of(name: str, folders: Sequence[Path]) -> Path | None:
    """The curve file of a line of this name, as `predict` would have written it into one of the folders."""
    candidates = [folder / f"{name}{SUFFIX}" for folder in folders]
    return next((path for path in candidates if path.is_file()), None)


def _without_suffix(name: str) -> str:
    if name.lower().endswith(SUFFIX):
        return name[: -len(SUFFIX)]
    return name.rpartition(".")[0] or name
