"""The tables of a data set: takes.csv, controls.csv and failed.csv, as rows of named values.

Plain UTF-8 CSV with a header, so that spreadsheets and pandas read them; written whole, and the same rows
give the same bytes. Knows nothing about the takes themselves (see take_files.py).
"""

import csv
import dataclasses
import io
import types
import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cstalk_ue.errors import DataSetError
from cstalk_ue.rig import control_names
from cstalk_ue.storage import whole_file

TAKES_FILE, CONTROLS_FILE, FAILED_FILE = "takes.csv", "controls.csv", "failed.csv"
SPLITS = ("train", "validation", "test")
EXCLUDED = "excluded"
"""Value of `TakeRecord.split` for a take that is kept but used for nothing."""


@dataclass(frozen=True)
class TakeRecord:
    """One row of takes.csv: what is needed to choose a take without opening it.

    Attributes:
        name: the take's folder below ``takes/``.
        split: one of `SPLITS`, `EXCLUDED`, or empty before the first split.
        split_asked: the split that a manifest demands; else empty.
        emotion: in the grammar of `EmotionTrack.parse`; empty if unlabelled.
        emotion_class: the strongest of the emotions, neutral only if there is no other (see
            `labels.emotion_class`); empty if unlabelled.
        intensity: 0..1, or None.
        performer, line, slate, take_number, transcript: as labelled.
        seconds, frames, valid_frames: length at 30 fps.
        audio: whether there is sound.
        audio_start: how the place of the sound is known (see captured.py).
        audio_shift_seconds: by how much the sound was moved on request; 0 if it was not.
        lag_seconds, lag_confidence: sync of the files as they lie there (see sync.py); None without sound.
        source_format, source, member: where it came from; `source` as the user named it.
        source_sha256: digest of all files it came from.
        content_sha256: digest of curves and sound, the same for copies under other names.
        remarks: codes of what was noticed, separated by spaces.
    """

    name: str
    split: str = ""
    split_asked: str = ""
    emotion: str = ""
    emotion_class: str = ""
    intensity: float | None = None
    performer: str = ""
    line: str = ""
    slate: str = ""
    take_number: int | None = None
    transcript: str = ""
    seconds: float = 0.0
    frames: int = 0
    valid_frames: int = 0
    audio: bool = False
    audio_start: str = "none"
    audio_shift_seconds: float = 0.0
    lag_seconds: float | None = None
    lag_confidence: float | None = None
    source_format: str = ""
    source: str = ""
    member: str = ""
    source_sha256: str = ""
    content_sha256: str = ""
    remarks: str = ""


@dataclass(frozen=True)
class ControlStatistics:
    """What the takes do with each control, all 185 in order.

    Attributes:
        kept: ``(185,)`` bool; False for controls that stay within the tolerance over all takes.
        minimum, maximum: ``(185,)`` float32, over all valid frames of all takes.
        mean, std: ``(185,)`` float32, over all valid frames of the training takes.
    """

    kept: np.ndarray
    minimum: np.ndarray
    maximum: np.ndarray
    mean: np.ndarray
    std: np.ndarray

    @property
    def kept_controls(self) -> tuple[str, ...]:
        """Names of the kept controls in order."""
        return tuple(name for name, kept in zip(control_names(), self.kept, strict=True) if kept)


def read_records(folder: Path) -> tuple[TakeRecord, ...]:
    """Read takes.csv; without one there are no takes.

    Raises:
        DataSetError: columns are missing or a value is malformed.
    """
    path = folder / TAKES_FILE
    if not path.is_file():
        return ()
    rows = _read_table(path, [each.name for each in dataclasses.fields(TakeRecord)])
    kinds = typing.get_type_hints(TakeRecord)
    records = []
    for number, row in enumerate(rows, start=2):
        try:
            records.append(TakeRecord(**{name: _parse(row[name], kind) for name, kind in kinds.items()}))
        except ValueError as error:
            raise DataSetError(
                f"{path}: row {number}: {error}. Run `cstalk-ue dataset split` again."
            ) from error
    return tuple(records)


def write_records(folder: Path, records: Sequence[TakeRecord]) -> None:
    """Write takes.csv in the order of the names.

    Raises:
        ExportError: the folder cannot be written.
    """
    names = [each.name for each in dataclasses.fields(TakeRecord)]
    ordered = sorted(records, key=lambda record: record.name)
    _write_table(folder / TAKES_FILE, names, ([_spell(getattr(r, name)) for name in names] for r in ordered))


def read_statistics(folder: Path) -> ControlStatistics:
    """Read controls.csv.

    Raises:
        DataSetError: damaged, or not about our 185 controls.
    """
    path = folder / CONTROLS_FILE
    names = [each.name for each in dataclasses.fields(ControlStatistics)]
    rows = _read_table(path, ["control", *names])
    if tuple(row["control"] for row in rows) != control_names():
        raise DataSetError(
            f"{path}: is not about our {len(control_names())} controls in order. Delete it and split again."
        )
    try:
        columns = {name: np.array([float(row[name]) for row in rows], dtype=np.float32) for name in names}
    except ValueError as error:
        raise DataSetError(f"{path}: {error}. Delete it and split again.") from error
    return ControlStatistics(**{**columns, "kept": columns["kept"] > 0})


def write_statistics(folder: Path, statistics: ControlStatistics) -> None:
    """Write controls.csv.

    Raises:
        ExportError: the folder cannot be written.
    """
    names = [each.name for each in dataclasses.fields(ControlStatistics)]
    rows = (
        [control, *(_spell(getattr(statistics, name)[index].item()) for name in names)]
        for index, control in enumerate(control_names())
    )
    _write_table(folder / CONTROLS_FILE, ["control", *names], rows)


def _read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataSetError(f"{path}: cannot be read ({error}).") from error
    for number, row in enumerate(rows, start=2):
        missing = [name for name in columns if row.get(name) is None]
        if missing:
            raise DataSetError(
                f"{path}: row {number} has no {', '.join(missing)}. Run `cstalk-ue dataset split` again."
            )
    return rows


def _write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)


def _spell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _parse(text: str, kind: Any) -> Any:
    if isinstance(kind, types.UnionType):  # float | None
        return None if text == "" else typing.get_args(kind)[0](text)
    return bool(int(text)) if kind is bool else kind(text)


@dataclass(frozen=True)
class Failure:
    """One row of failed.csv: a recording that could not be ingested.

    Attributes:
        name: as the capture calls it.
        source, member: where it lies, as the user named it.
        error: one sentence.
    """

    name: str
    source: str
    member: str
    error: str


def read_failures(folder: Path) -> tuple[Failure, ...]:
    """Read failed.csv; without one nothing failed.

    Raises:
        DataSetError: damaged.
    """
    path = folder / FAILED_FILE
    if not path.is_file():
        return ()
    names = [each.name for each in dataclasses.fields(Failure)]
    return tuple(Failure(**{name: row[name] for name in names}) for row in _read_table(path, names))


def write_failures(folder: Path, failures: Iterable[Failure]) -> None:
    """Write failed.csv in the order of the sources, or remove it if there is nothing to say.

    Raises:
        ExportError: the folder cannot be written.
    """
    ordered = sorted(failures, key=lambda failure: (failure.source, failure.member))
    if not ordered:
        (folder / FAILED_FILE).unlink(missing_ok=True)
        return
    names = [each.name for each in dataclasses.fields(Failure)]
    _write_table(folder / FAILED_FILE, names, ([getattr(row, name) for name in names] for row in ordered))
