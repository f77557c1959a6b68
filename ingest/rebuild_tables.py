"""takes.csv and controls.csv from the takes on disk: records, splits, statistics.

What `dataset split` does, and the end of every ingest. The same takes and settings give the same bytes.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.data_set import SETTINGS_FILE, TAKES_FOLDER, read_data_set_settings
from ingest.data_set_settings import DataSetSettings
from ingest.data_set_tables import CONTROLS_FILE, ControlStatistics, write_records, write_statistics
from ingest.records import read_take_records
from ingest.splits import Division, assign_splits
from ingest.statistics import measure_statistics

Watch = Callable[[int, str], contextlib.AbstractContextManager[Callable[[str], None]]]
"""As `cli.progress.progress`: for so many steps of something, give a function to call after each."""


@contextlib.contextmanager
def unwatched(total: int, unit: str) -> Iterator[Callable[[str], None]]:
    """Progress that nobody sees."""
    yield lambda message: None


@dataclass(frozen=True)
class RebuiltTables:
    """What the tables now say.

    Attributes:
        division: every take with its split, and the groups of each split.
        statistics: of the controls; None if there is no valid frame.
        problems: one sentence for every take that is damaged and was left out.
    """

    division: Division
    statistics: ControlStatistics | None
    problems: tuple[str, ...]


def rebuild_tables(folder: Path, *, jobs: int = 1, watch: Watch = unwatched) -> RebuiltTables:
    """Make both tables anew.

    Raises:
        ConfigError: dataset.toml is missing or wrong.
        DataSetError: it is of another format, or the curves of a take are damaged.
        ExportError: the folder cannot be written.
    """
    settings = read_data_set_settings(folder / SETTINGS_FILE)
    records, problems = read_take_records(folder / TAKES_FOLDER)
    division = assign_splits(records.values(), settings.splits)
    write_records(folder, division.records)
    statistics = rebuild_statistics(folder, division, settings, jobs=jobs, watch=watch)
    return RebuiltTables(division, statistics, problems)


def rebuild_statistics(
    folder: Path, division: Division, settings: DataSetSettings, *, jobs: int, watch: Watch
) -> ControlStatistics | None:
    """Make controls.csv anew, or remove it where there is nothing to measure.

    Raises:
        DataSetError: the curves of a take are damaged.
        ExportError: the folder cannot be written.
    """
    with watch(len(division.records), "takes measured") as tell:
        statistics = measure_statistics(
            folder / TAKES_FOLDER,
            division.records,
            settings.controls,
            jobs=jobs,
            on_take=lambda: tell(""),
        )
    if statistics is None:
        (folder / CONTROLS_FILE).unlink(missing_ok=True)
    else:
        write_statistics(folder, statistics)
    return statistics
