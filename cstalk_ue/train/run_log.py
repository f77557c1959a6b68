"""The figures of a run over its steps: log.csv, and TensorBoard's event files where that is installed.

One row per report; a resumed run drops the rows after the state it goes on from and writes them anew, so no
step is there twice. TensorBoard is optional because its package brings a web server and gRPC, which a render
farm does not want for a table of ten columns.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cstalk_ue.errors import TrainingError
from cstalk_ue.storage import whole_file

LOG_FILE, EVENTS_FOLDER = "log.csv", "tensorboard"


class RunLog:
    """log.csv of a run, open for more rows.

    Args:
        folder: of the run.
        columns: after "step"; the same for the whole run.
        after: rows beyond this step are dropped; 0 starts anew.

    Raises:
        TrainingError: the file cannot be written, or has other columns.
    """

    def __init__(self, folder: Path, columns: Sequence[str], *, after: int) -> None:
        self.columns = ("step", *columns)
        self.path = folder / LOG_FILE
        rows = [row for row in read_log(folder) if int(row["step"]) <= after] if after else []
        if rows and tuple(rows[0]) != self.columns:
            raise TrainingError(
                f"{self.path}: has the columns {', '.join(rows[0])}; expected {', '.join(self.columns)}. "
                "Start another run folder."
            )
        with whole_file(self.path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, self.columns, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
        self._file = self.path.open("a", encoding="utf-8", newline="")
        self._table = csv.DictWriter(self._file, self.columns, lineterminator="\n")
        self._events = _event_writer(folder / EVENTS_FOLDER, after)

    @property
    def has_events(self) -> bool:
        """Whether TensorBoard's files are written too."""
        return self._events is not None

    def add(self, step: int, figures: Mapping[str, float]) -> None:
        """One row; figures that are missing stay empty."""
        self._table.writerow({"step": step, **{name: repr(value) for name, value in figures.items()}})
        self._file.flush()
        if self._events is not None:
            for name, value in figures.items():
                self._events.add_scalar(name, value, step)

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        if self._events is not None:
            self._events.close()


def read_log(folder: Path) -> list[dict[str, str]]:
    """The rows of a run's log.csv as texts; a last line that was cut off is left out.

    Raises:
        TrainingError: it cannot be read.
    """
    path = folder / LOG_FILE
    if not path.is_file():
        return []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: cannot be read ({error}).") from error
    whole = text[: text.rfind("\n") + 1]
    rows = list(csv.DictReader(io.StringIO(whole, newline="")))
    return [row for row in rows if None not in row.values() and None not in row and row["step"].isdigit()]


def _event_writer(folder: Path, after: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    # purge_step hides what an earlier process wrote beyond the state this one goes on from.
    return SummaryWriter(str(folder), purge_step=after + 1 if after else None)
