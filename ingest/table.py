"""Tables of curves on other rigs (npy, csv, txt) → CapturedTake, through a rigmap.

One row per frame, one column per curve. Columns need names: a header, a file of names, or a rigmap that
numbers its columns; other tables of bare numbers are refused, because nobody can see a wrong order in them. A
column ``seconds`` (or ``time``) is the clock; without one the frames are evenly spaced. Knows nothing about
what the curves mean (see other_rigs.py).
"""

import csv
import math
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from cstalk_ue.audio import load_audio
from cstalk_ue.errors import CurveFormatError
from cstalk_ue.rig import neutral_head
from cstalk_ue.take import FacePerformance, RigCurves
from ingest.audio_beside import find_audio_beside
from ingest.captured import CapturedTake, CaptureOrigin, CaptureTiming, Remark, TakeLabels
from ingest.found import FoundTake
from ingest.other_rigs import Rigmap, apply_rigmap, load_rigmap
from ingest.sampling import sample_at_30, sample_times_at_30
from ingest.swap_sides import swap_sides as swapped

TABLE_SUFFIXES = (".npy", ".csv", ".txt")
SECONDS_COLUMNS, FRAME_COLUMNS = ("seconds", "time", "time_sec"), ("frame",)
FASTEST_FPS = 1000.0
_REMEDY = "Export the table again."


def find_tables(paths: Iterable[Path]) -> list[FoundTake]:
    """The tables among `paths`: files as given, folders searched through and sorted.

    Below a folder, npy files of texts (lists of names) and files whose first line has no comma are left out.

    Raises:
        CurveFormatError: a path is missing, is no table, or a folder holds none.
    """
    found = []
    for path in paths:
        if path.is_dir():
            below = [file for file in sorted(path.rglob("*")) if _is_table(file)]
            if not below:
                raise CurveFormatError(
                    f"{path}: holds no table of curves ({', '.join(TABLE_SUFFIXES)}). Check the folder."
                )
            found += below
        elif not path.is_file() or path.suffix.casefold() not in TABLE_SUFFIXES:
            raise CurveFormatError(
                f"{path}: is no file ending in {', '.join(TABLE_SUFFIXES)}. Give tables, or a folder of them."
            )
        else:
            found.append(path)
    return [FoundTake(path, "", path.stem) for path in dict.fromkeys(found)]


def read_table(
    found: FoundTake,
    *,
    rigmap: str,
    fps: float | None = None,
    names: Path | None = None,
    swap_sides: bool = False,
    audio_folder: Path | None = None,
) -> CapturedTake:
    """Read a table as a take on our rig at 30 fps.

    Args:
        rigmap: name of a shipped rigmap, or path of one.
        fps: rows per second; the rigmap's if not given. Not used where the table has a clock.
        names: file with the names of the columns, npy or one per line, for tables without a header.
        swap_sides: the capture is mirrored: exchange left and right.
        audio_folder: where to look for the sound, beside the table's own folder.

    Raises:
        CurveFormatError: no such table, columns without names or unknown to the rigmap, rows of another
            length, cells that are no finite numbers, or no frame rate.
        RigError: the rigmap is malformed.
        AudioError: the sound cannot be read, or several sounds fit.
    """
    path = found.path
    table_map = load_rigmap(rigmap)
    given = () if names is None else read_names(names)
    header, values = _read_npy(path) if path.suffix.casefold() == ".npy" else read_text_table(path)
    header, from_rigmap = _name_columns(header, values.shape[1], given, table_map, path)
    clock, header, values = _take_clock(header, values)
    remarks = []
    if from_rigmap:
        text = f"columns carry no names; taken in the order of rigmap {table_map.name}"
        remarks.append(Remark("columns-by-position", text))
    if table_map.ignored:
        moved = [name for name in table_map.ignored if _moves(name, header, values)]
        if moved:
            text = f"{len(moved)} curves move that the rigmap leaves out: {', '.join(moved[:5])}"
            remarks.append(Remark("curves-left-out", text))
    if clock is None:
        rate = _rate(fps if fps is not None else table_map.fps, path)
        curves, measured, kind = sample_at_30(RigCurves(values, header, rate)), rate, "frames"
        seconds = len(values) / rate
    else:
        curves = sample_times_at_30(clock, values, header, str(path))
        measured = (len(clock) - 1) / (clock[-1] - clock[0]) if len(clock) > 1 else curves.fps
        seconds, kind = float(clock[-1] - clock[0]) + 1 / measured, "seconds"
    try:
        face, cut = apply_rigmap(curves, table_map)
    except CurveFormatError as error:
        raise CurveFormatError(f"{path}: {error}") from error
    performance = FacePerformance(face, neutral_head(face.frames, face.fps))
    if swap_sides:
        performance = swapped(performance)
    sound = find_audio_beside(path, [path.stem], audio_folder)
    return CapturedTake(
        name=found.name,
        performance=performance,
        timing=CaptureTiming(float(measured), kind, "", seconds, len(values)),
        labels=TakeLabels(),
        origin=CaptureOrigin(
            "table",
            path,
            files=tuple(file for file in (path, sound) if file is not None),
            details={"rigmap": table_map.name, "sides": "swapped" if swap_sides else "as captured"},
        ),
        samples=None if sound is None else load_audio(sound).samples,
        audio_source=sound,
        audio_start="none" if sound is None else "assumed",
        clamped=cut,
        remarks=tuple(remarks),
    )


def read_names(path: Path) -> tuple[str, ...]:
    """Names of columns: an npy array of texts, or a text file with one per line.

    Raises:
        CurveFormatError: cannot be read, or a name is empty or there twice.
    """
    try:
        if path.suffix.casefold() == ".npy":
            array = _load_npy(path)
            if array.ndim != 1 or array.dtype.kind not in "US":
                raise CurveFormatError(
                    f"{path}: holds {array.dtype} of shape {array.shape}; expected a list of names."
                )
            names = [name.decode() if isinstance(name, bytes) else name for name in array.tolist()]
        else:
            names = [
                line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()
            ]
    except (OSError, UnicodeDecodeError) as error:
        raise CurveFormatError(f"{path}: names cannot be read ({error}). Save them as UTF-8 text.") from error
    _check_names(names, path)
    return tuple(names)


def _is_table(path: Path) -> bool:
    if path.suffix.casefold() not in TABLE_SUFFIXES or path.name.startswith(".") or not path.is_file():
        return False
    try:
        if path.suffix.casefold() == ".npy":
            array = _load_npy(path, whole=False)
            return array.ndim == 2 and array.dtype.kind in "fiu"
        with path.open(encoding="utf-8-sig") as file:
            return "," in file.readline(1 << 16)
    except (OSError, UnicodeDecodeError, CurveFormatError):
        return path.suffix.casefold() == ".npy"  # a damaged one is named when it is read


def _load_npy(path: Path, *, whole: bool = True) -> np.ndarray:
    """The array of a file; not `whole` leaves the numbers on disk until they are used."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Reading `.npy`")  # files of Python 2 say so at length
            array = np.load(path, mmap_mode=None if whole else "r", allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError) as error:
        raise CurveFormatError(f"{path}: cannot be read as a numpy array ({error}). {_REMEDY}") from error
    if not isinstance(array, np.ndarray):
        raise CurveFormatError(f"{path}: is an archive of arrays; expected one array. {_REMEDY}")
    return array


def _read_npy(path: Path) -> tuple[tuple[str, ...], np.ndarray]:
    array = _load_npy(path)
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "fiu":
        raise CurveFormatError(
            f"{path}: holds {array.dtype} of shape {array.shape}; "
            f"expected numbers (frames, curves). {_REMEDY}"
        )
    return (), _finite(array.astype(np.float64), path, first_row=1)


def read_text_table(path: Path) -> tuple[tuple[str, ...], np.ndarray]:
    """Header, empty if the first line is numbers already, and the numbers ``(rows, columns)``.

    Raises:
        CurveFormatError: empty, rows of another length, or cells that are no finite numbers.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CurveFormatError(
            f"{path}: cannot be read as a table ({error}). Save it as UTF-8 CSV."
        ) from error
    if not rows:
        raise CurveFormatError(f"{path}: is empty; expected one row per frame. {_REMEDY}")
    header: tuple[str, ...] = ()
    if not all(_is_number(cell) for cell in rows[0]):
        header = tuple(cell.strip() for cell in rows[0])
        _check_names(header, path)
        rows = rows[1:]
        if not rows:
            raise CurveFormatError(f"{path}: has a header and no rows; expected one per frame. {_REMEDY}")
    width = len(header) or len(rows[0])
    first = 2 if header else 1
    for number, row in enumerate(rows, start=first):
        if len(row) != width:
            raise CurveFormatError(f"{path}: row {number} has {len(row)} values; expected {width}. {_REMEDY}")
    try:
        values = np.array(rows, dtype=np.float64)
    except ValueError:
        number, cell = next(
            (number, cell)
            for number, row in enumerate(rows, start=first)
            for cell in row
            if not _is_number(cell)
        )
        raise CurveFormatError(f"{path}: row {number} has {cell!r}; expected a number. {_REMEDY}") from None
    return header, _finite(values, path, first_row=first)


def _finite(values: np.ndarray, path: Path, *, first_row: int) -> np.ndarray:
    largest = float(np.finfo(np.float32).max)
    bad = ~(np.abs(values) <= largest)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise CurveFormatError(
            f"{path}: row {row + first_row}, column {column + 1} is {values[row, column]}; "
            f"expected a finite number. {_REMEDY}"
        )
    return values


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_names(names: Sequence[str], path: Path) -> None:
    if any(not name for name in names):
        place = [bool(name) for name in names].index(False) + 1
        raise CurveFormatError(f"{path}: column {place} has no name. Name every column.")
    folded = [name.casefold() for name in names]
    if len(set(folded)) < len(folded):
        doubled = next(name for name in names if folded.count(name.casefold()) > 1)
        raise CurveFormatError(f"{path}: two columns are called {doubled!r}. Name each column once.")


def _name_columns(
    header: tuple[str, ...], width: int, given: tuple[str, ...], rigmap: Rigmap, path: Path
) -> tuple[tuple[str, ...], bool]:
    """The names of the columns, and whether only the rigmap's numbering gave them."""
    if header:
        return header, False
    if given:
        if len(given) != width:
            raise CurveFormatError(
                f"{path}: has {width} columns for {len(given)} names. Give the names of this table."
            )
        return given, False
    if len(rigmap.columns) == width:
        return rigmap.columns, True
    if rigmap.columns:
        expected = f"rigmap {rigmap.name} numbers {len(rigmap.columns)}"
    else:
        expected = f"rigmap {rigmap.name} does not number its columns"
    raise CurveFormatError(
        f"{path}: its {width} columns have no names, and {expected}. Add a header, or give --names FILE."
    )


def _take_clock(
    header: tuple[str, ...], values: np.ndarray
) -> tuple[np.ndarray | None, tuple[str, ...], np.ndarray]:
    """The column of seconds, if there is one, and the table without columns of time."""
    folded = [name.casefold() for name in header]
    clock = next((values[:, folded.index(name)] for name in SECONDS_COLUMNS if name in folded), None)
    rest = [index for index, name in enumerate(folded) if name not in (*SECONDS_COLUMNS, *FRAME_COLUMNS)]
    return clock, tuple(header[index] for index in rest), values[:, rest]


def _moves(name: str, header: Sequence[str], values: np.ndarray) -> bool:
    folded = [other.casefold() for other in header]
    return name.casefold() in folded and float(np.ptp(values[:, folded.index(name.casefold())])) > 1e-3


def _rate(fps: float | None, path: Path) -> float:
    if fps is None:
        raise CurveFormatError(
            f"{path}: has no column of seconds, and its frame rate is not known. Give --fps."
        )
    if not (math.isfinite(fps) and 0 < fps <= FASTEST_FPS):
        raise CurveFormatError(f"{path}: fps is {fps}; expected above 0 and at most {FASTEST_FPS:g}.")
    return fps
