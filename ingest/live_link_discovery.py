"""Where Live Link Face recordings lie below what the user named: take folders, zips, loose curve CSVs.

A calibrated recording comes as ``_cal``, ``_raw`` and ``_neutral``; it is one take. Opens files only to see
their first bytes. Knows nothing about what the curves say (see live_link_face.py).
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from cstalk_ue.errors import CurveFormatError
from ingest.found import FoundTake
from ingest.live_link_csv import looks_like_live_link_csv
from ingest.live_link_files import FolderFiles, TakeFiles, ZipFiles, is_hidden, zip_entries

VARIANTS = ("cal", "raw", "plain")
TAKE_JSON, FRAME_LOG = "take.json", "frame_log.csv"
_SIGNS_OF_A_TAKE = frozenset((TAKE_JSON, FRAME_LOG, "video_metadata.json", "audio_metadata.json"))
_DEPTH = ("depth_data.bin", "depth_metadata.mhaical")
_OUR_OWN = "curves.npz"
_SUFFIX = re.compile(r"(?P<base>.+)_(?P<variant>cal|raw|neutral)", re.IGNORECASE)
_NAMED_BY_THE_APP = re.compile(r".+_(cal|raw)|.*(iphone|ipad).*", re.IGNORECASE)
_HEAD_BYTES = 8192


def find_live_link_face(paths: Iterable[Path], *, variant: str = "cal") -> list[FoundTake]:
    """The recordings at or below `paths`, each once, in the order of their names.

    Below a folder everything else is passed over in silence. What looks like a recording and is broken is
    found too, and says so when it is read.

    Args:
        variant: which curves of a calibrated recording to take: ``cal``, ``raw`` or ``plain``; where it
            is not there, the next best.

    Raises:
        CurveFormatError: a path is missing, or holds no recording.

    """
    if variant not in VARIANTS:
        raise CurveFormatError(f"variant is {variant!r}; expected one of {', '.join(VARIANTS)}.")
    found: dict[FoundTake, None] = {}
    for path in map(Path, paths):
        takes = list(_below(path, variant))
        if not takes:
            raise CurveFormatError(
                f"{path}: holds no recording of Live Link Face (a take folder, its zip or a curve CSV). "
                "Name the folder that was copied from the phone."
            )
        found.update(dict.fromkeys(takes))
    return list(found)


def variant_of(files: TakeFiles, name: str) -> str:
    """Which of `VARIANTS` a curve CSV is."""
    return _grouped([other for other in files.names if _is_csv(other)]).get(name, ("", "plain"))[1]


def base_of(files: TakeFiles, name: str) -> str:
    """Stem that a curve CSV shares with its movie: ``MySlate_1_iPhone`` for ``MySlate_1_iPhone_cal.csv``."""
    stem = PurePosixPath(name).stem
    return _grouped([other for other in files.names if _is_csv(other)]).get(name, (stem, ""))[0]


def neutral_of(files: TakeFiles, name: str) -> str | None:
    """The ``_neutral`` CSV that was written with a curve CSV, if there is one."""
    grouped = _grouped([other for other in files.names if _is_csv(other)])
    base = grouped.get(name, ("", ""))[0]
    return next((other for other, group in grouped.items() if group == (base, "neutral")), None)


def open_take(found: FoundTake) -> tuple[TakeFiles, str | None]:
    """The files beside a recording's curves, and the name of its curve CSV; None if it has none.

    Raises:
        CurveFormatError: what was found is gone or cannot be opened.
    """
    path, member = found.path, found.member
    if path.is_dir():
        return FolderFiles(path), member or None
    if path.suffix.casefold() == ".zip":
        inside, _, name = member.rpartition("/")
        return ZipFiles(path, f"{inside}/" if inside else ""), name or None
    return FolderFiles(path.parent), path.name


def _below(path: Path, variant: str) -> Iterator[FoundTake]:
    if path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not is_hidden(name))
            yield from _in_folder(Path(folder), variant)
            for name in sorted(names):
                if name.casefold().endswith(".zip") and not is_hidden(name):
                    yield from _in_zip(Path(folder, name), variant)
    elif not path.is_file():
        raise CurveFormatError(f"{path}: no such file or folder. Check the path.")
    elif path.suffix.casefold() == ".zip":
        yield from _in_zip(path, variant)
    elif path.name.casefold() == TAKE_JSON:
        yield from _in_folder(path.parent, variant)
    elif path.suffix.casefold() == ".csv":
        in_take = _SIGNS_OF_A_TAKE.intersection(map(str.casefold, FolderFiles(path.parent).names))
        if path.name.casefold() == FRAME_LOG:
            yield from _in_folder(path.parent, variant)
        elif in_take:
            yield FoundTake(path.parent, path.name, path.stem)
        else:
            yield FoundTake(path, "", path.stem)
    else:
        raise CurveFormatError(
            f"{path}: is not a recording of Live Link Face. Name its take folder, its zip or its curve CSV."
        )


def _in_folder(folder: Path, variant: str) -> Iterator[FoundTake]:
    files = FolderFiles(folder)
    is_take, members = _members(files, variant)
    for member, base in members:
        if is_take:
            yield FoundTake(folder, member, folder.name if len(members) == 1 and folder.name else base)
        else:
            yield FoundTake(folder / member, "", base)


def _in_zip(archive: Path, variant: str) -> Iterator[FoundTake]:
    try:
        folders = sorted({entry.filename.rpartition("/")[0] for entry in zip_entries(archive)})
        for inside in folders:
            prefix = f"{inside}/" if inside else ""
            is_take, members = _members(ZipFiles(archive, prefix), variant)
            name = PurePosixPath(inside).name or archive.stem
            for member, base in members:
                yield FoundTake(archive, prefix + member, name if is_take and len(members) == 1 else base)
    except CurveFormatError:
        yield FoundTake(archive, "", archive.stem)  # says what is wrong when it is read


def _members(files: TakeFiles, variant: str) -> tuple[bool, list[tuple[str, str]]]:
    """Whether a folder is a take's own, and the curve CSV and name of every recording in it.

    A take folder without curves gives one recording with an empty member.
    """
    folded = {name.casefold() for name in files.names}
    if _OUR_OWN in folded:
        return False, []
    is_take = bool(_SIGNS_OF_A_TAKE & folded)
    groups: dict[str, dict[str, str]] = {}
    candidates = [name for name in files.names if _is_csv(name) and _may_be_curves(files, name)]
    for name, (base, which) in _grouped(candidates).items():
        groups.setdefault(base, {})[which] = name
    order = sorted(VARIANTS, key=lambda which: (which != variant, VARIANTS.index(which)))
    members = []
    for base, group in groups.items():
        chosen = next((group[which] for which in order if which in group), None)
        if chosen is not None:
            members.append((chosen, base))
    if not members and is_take and _is_app_take(files, folded):
        members.append(("", ""))
    return is_take, members


def _is_app_take(files: TakeFiles, folded: set[str]) -> bool:
    """Whether a folder without curves is the app's, not another program's with a take.json."""
    if FRAME_LOG in folded or folded.intersection(_DEPTH):
        return True
    name = next((name for name in files.names if name.casefold() == TAKE_JSON), None)
    if name is None:
        return False
    try:
        head = files.read(name, at_most=_HEAD_BYTES)
    except CurveFormatError:
        return True
    return any(key in head for key in (b'"slate"', b'"appVersion"', b'"deviceModel"'))


def _grouped(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """For every CSV the stem of its recording and which variant it is.

    ``_neutral`` counts only beside ``_cal`` or ``_raw``: alone it is a take of a neutral face.
    """
    split = {}
    for name in names:
        stem = PurePosixPath(name).stem
        match = _SUFFIX.fullmatch(stem)
        split[name] = (match["base"], match["variant"].casefold()) if match else (stem, "plain")
    calibrated = {base for base, which in split.values() if which in ("cal", "raw")}
    return {
        name: (PurePosixPath(name).stem, "plain")
        if which == "neutral" and base not in calibrated
        else (base, which)
        for name, (base, which) in split.items()
    }


def _is_csv(name: str) -> bool:
    return name.casefold().endswith(".csv") and name.casefold() != FRAME_LOG


def _may_be_curves(files: TakeFiles, name: str) -> bool:
    """A curve CSV, an empty file in its place, or a damaged one under the name the app gave it."""
    try:
        head = files.read(name, at_most=_HEAD_BYTES)
    except CurveFormatError:
        return True
    stem = PurePosixPath(name).stem
    return not head.strip() or looks_like_live_link_csv(head) or bool(_NAMED_BY_THE_APP.fullmatch(stem))


def is_take_folder(files: TakeFiles) -> bool:
    """Whether the files are one take's own folder rather than loose CSVs that happen to lie together."""
    return bool(_SIGNS_OF_A_TAKE.intersection(name.casefold() for name in files.names))


def why_no_curves(files: TakeFiles) -> str:
    """A sentence on a take without a curve CSV: which mode it was recorded in, and what to do."""
    folded = {name.casefold() for name in files.names}
    where = files.shown("").rstrip("/\\ :")
    then = "process it in MetaHuman Animator, export the solve and ingest that"
    if folded.intersection(_DEPTH):
        return f"{where}: no curves here, it was recorded in MetaHuman Animator mode with depth; {then}."
    if not is_take_folder(files):
        return (
            f"{where}: holds no curve CSV of Live Link Face. Name the folder that was copied from the phone."
        )
    if any(name.endswith((".mov", ".mp4")) for name in folded):
        return (
            f"{where}: no curves here, only the movie. Recorded in MetaHuman Animator mode, {then}; "
            "recorded in ARKit mode, copy the curve CSV from the phone again."
        )
    return f"{where}: no curves and no movie, only their description. Copy the take from the phone again."
