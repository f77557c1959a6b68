"""A data set folder, tag `cstalk-dataset/1`: dataset.toml, takes.csv, controls.csv and one folder per take.

    DATASET/
        dataset.toml     what the team decides: tolerance, splits, rules for `dataset check`
        takes.csv        one row per take; made from the takes, rebuilt whenever they change
        controls.csv     one row per control: kept or not, range, mean and standard deviation
        takes/NAME/      one take (see take_files.py)

Opening reads the three tables; takes are read one by one when asked for, so memory does not grow with their
number. Knows nothing about captures (see live_link_face.py and its siblings) or about training.
"""

import csv
import dataclasses
import io
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cstalk_ue.config import read_settings, read_toml, toml_text
from cstalk_ue.errors import DataSetError
from cstalk_ue.rig import control_names
from cstalk_ue.storage import sha256_text, whole_file
from ingest.data_set_settings import DATA_SET_FORMAT, DataSetSettings
from ingest.take_files import StoredTake, read_take

SETTINGS_FILE, TAKES_FILE, CONTROLS_FILE, TAKES_FOLDER = "dataset.toml", "takes.csv", "controls.csv", "takes"
SPLITS = ("train", "validation", "test")
EXCLUDED = "excluded"
"""Value of `TakeRecord.split` for a take that is kept but used for nothing."""


@dataclass(frozen=True)
class TakeRecord:
    """One row of takes.csv: what is needed to choose a take without opening it.

    Attributes:
        name: the take's folder below ``takes/``.
        split: one of `SPLITS`, `EXCLUDED`, or empty before the first split.
        emotion: in the grammar of `EmotionTrack.parse`; empty if unlabelled.
        emotion_class: the class with the largest weight, averaged over time; empty if unlabelled.
        intensity: 0..1, or None.
        performer, line, slate, take_number, transcript: as labelled.
        seconds, frames, valid_frames: length at 30 fps.
        audio: whether there is sound.
        audio_start: how the place of the sound is known (see captured.py).
        lag_seconds, lag_confidence: sync as measured (see sync.py); None without sound.
        source_format, source, member: where it came from; `source` as the user named it.
        source_sha256: digest of all files it came from.
        content_sha256: digest of curves and sound, the same for copies under other names.
        remarks: codes of what was noticed, separated by spaces.
    """

    name: str
    split: str = ""
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
        tolerance: range up to which a control counts as constant.
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


@dataclass(frozen=True)
class DataSet:
    """An opened data set; its takes stay on disk.

    Attributes:
        folder: where it lies.
        settings: dataset.toml.
        records: takes.csv in its order, which is that of the names.
        statistics: controls.csv, or None before anything was measured.
    """

    folder: Path
    settings: DataSetSettings
    records: tuple[TakeRecord, ...]
    statistics: ControlStatistics | None = None

    def select(self, split: str) -> tuple[TakeRecord, ...]:
        """The records of one split.

        Raises:
            DataSetError: there is no take in it.
        """
        chosen = tuple(record for record in self.records if record.split == split)
        if not chosen:
            raise DataSetError(
                f"{self.folder}: no take is in the split {split!r}. Run `cstalk-ue dataset split {self.folder.name}` "
                "or lower the shares in dataset.toml."
            )
        return chosen

    def take_folder(self, name: str) -> Path:
        """Folder of a take."""
        return self.folder / TAKES_FOLDER / name

    def read(self, record: TakeRecord, *, audio: bool = True) -> StoredTake:
        """Read one take (see `take_files.read_take`)."""
        return read_take(self.take_folder(record.name), audio=audio)

    def read_all(self, records: Iterable[TakeRecord], *, audio: bool = True) -> Iterator[StoredTake]:
        """Read takes one after the other; only one is in memory."""
        return (self.read(record, audio=audio) for record in records)

    def require_statistics(self) -> ControlStatistics:
        """The statistics of the controls.

        Raises:
            DataSetError: nothing was measured yet.
        """
        if self.statistics is None:
            raise DataSetError(
                f"{self.folder}: has no {CONTROLS_FILE}. Run `cstalk-ue dataset split {self.folder.name}`."
            )
        return self.statistics

    @property
    def digest(self) -> str:
        """Digest of contents, labels and splits: two data sets with the same one train the same model."""
        fields = ("name", "split", "emotion", "content_sha256")
        rows = ["\t".join(getattr(record, field) for field in fields) for record in self.records]
        return sha256_text("\n".join(rows))


def open_data_set(folder: Path) -> DataSet:
    """Open a data set.

    Raises:
        DataSetError: not a data set, of another format, or a table is damaged.
        ConfigError: dataset.toml has unknown keys or bad values.
    """
    path = folder / SETTINGS_FILE
    if not path.is_file():
        raise DataSetError(
            f"{folder}: is not a data set, {SETTINGS_FILE} is missing. Make one with `cstalk-ue ingest`."
        )
    statistics = read_statistics(folder) if (folder / CONTROLS_FILE).is_file() else None
    return DataSet(folder, read_data_set_settings(path), read_records(folder), statistics)


def read_data_set_settings(path: Path) -> DataSetSettings:
    """Read dataset.toml.

    Raises:
        DataSetError: it carries another tag.
        ConfigError: it has unknown keys or bad values.
    """
    mapping = read_toml(path)
    tag = mapping.pop("format", None)
    if tag != DATA_SET_FORMAT:
        raise DataSetError(f"{path}: format {tag!r}; this version reads {DATA_SET_FORMAT!r}.")
    return read_settings(DataSetSettings, mapping, source=str(path))


def write_data_set_settings(folder: Path, settings: DataSetSettings) -> None:
    """Write dataset.toml.

    Raises:
        ExportError: the folder cannot be written.
    """
    text = toml_text({"format": DATA_SET_FORMAT, **dataclasses.asdict(settings)})
    with whole_file(folder / SETTINGS_FILE) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


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
