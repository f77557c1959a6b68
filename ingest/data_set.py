"""A data set folder, tag `cstalk-dataset/1`: dataset.toml, three tables and one folder per take.

    DATASET/
        dataset.toml     what the team decides: tolerance, splits, rules for `dataset check`
        takes.csv        one row per take; made from the takes, rebuilt whenever they change
        controls.csv     one row per control: kept or not, range, mean and standard deviation
        failed.csv       what could not be ingested and why; absent if there is nothing
        takes/NAME/      one take (see take_files.py)
        .sources/        what the captures looked like when they were read (see source_state.py)

Opening reads the tables; takes are read one by one when asked for, so memory does not grow with their number.
Knows nothing about captures (see live_link_face.py and its siblings) or about training.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cstalk_ue.config import read_settings, read_toml, toml_text
from cstalk_ue.errors import DataSetError
from cstalk_ue.storage import sha256_text, whole_file
from ingest.data_set_settings import DATA_SET_FORMAT, DataSetSettings
from ingest.data_set_tables import (
    CONTROLS_FILE,
    EXCLUDED,
    FAILED_FILE,
    SPLITS,
    TAKES_FILE,
    ControlStatistics,
    TakeRecord,
    read_records,
    read_statistics,
    write_records,
    write_statistics,
)
from ingest.take_files import StoredTake, read_take

__all__ = [
    "CONTROLS_FILE", "EXCLUDED", "FAILED_FILE", "SETTINGS_FILE", "SPLITS", "TAKES_FILE", "TAKES_FOLDER",
    "ControlStatistics", "DataSet", "TakeRecord", "open_data_set", "read_data_set_settings", "read_records",
    "read_statistics", "write_data_set_settings", "write_records", "write_statistics",
]  # fmt: skip

SETTINGS_FILE, TAKES_FOLDER = "dataset.toml", "takes"


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
                f"{self.folder}: no take is in the split {split!r}. "
                f"Run `cstalk-ue dataset split {self.folder.name}` or change the shares in dataset.toml."
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
