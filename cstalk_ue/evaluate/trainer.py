"""How the rows of a table are trained: one preset, one budget of steps, one seed at a time.

Between the tables and train/. A run that is finished is used again, one that was interrupted goes on from its
state. Knows nothing about rows and measures.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cstalk_ue.train.run_folder import REPORT_FILE, RUN_FILE
from cstalk_ue.train.settings import TrainingSettings, training_settings
from ingest.data_set import DataSet

Report = Callable[[str], None]


class Trainer(Protocol):
    """What tables need of training; tests have one of their own."""

    def identity(self, changes: Mapping[str, Any]) -> Any:
        """What decides the result of a row with these changes, as JSON values."""
        ...

    def correlation(self, data_set: DataSet, run: Path, *, output: str, seed: int, report: Report) -> Path:
        """Folder of a trained correlation module."""
        ...

    def generator(
        self,
        data_set: DataSet,
        run: Path,
        *,
        changes: Mapping[str, Any],
        correlation: Path | None,
        seed: int,
        report: Report,
    ) -> Path:
        """Folder of a trained checkpoint."""
        ...


@dataclass(frozen=True)
class PresetTrainer:
    """Trains with a preset and what the user changed of it.

    Attributes:
        preset: "small" or "paper".
        config: TOML file with what differs, or None.
        changes: such as ``fit_generator.steps=200``, for every row.
        features: folder in which the features of a frozen encoder are kept for all rows.
    """

    preset: str = "small"
    config: Path | None = None
    changes: Sequence[str] = ()
    features: Path | None = None

    def identity(self, changes: Mapping[str, Any]) -> Any:
        """As `Trainer.identity`."""
        return self._settings(changes, 0).deciding()

    def correlation(self, data_set: DataSet, run: Path, *, output: str, seed: int, report: Report) -> Path:
        """As `Trainer.correlation`."""
        from cstalk_ue.train.fit_correlation import train_correlation

        settings = self._settings({"correlation": {"output": output}}, seed)
        if not _finished(run, data_set, settings):
            report(f"{run.name}: training")
            train_correlation(data_set, run, settings, resume=True, report=report)
        return run

    def generator(
        self,
        data_set: DataSet,
        run: Path,
        *,
        changes: Mapping[str, Any],
        correlation: Path | None,
        seed: int,
        report: Report,
    ) -> Path:
        """As `Trainer.generator`."""
        from cstalk_ue.train.fit_supervised import train_generator

        settings = self._settings(changes, seed)
        if not _finished(run, data_set, settings):
            report(f"{run.name}: training")
            train_generator(data_set, run, settings, correlation=correlation, resume=True, report=report)
        return run

    def _settings(self, changes: Mapping[str, Any], seed: int) -> TrainingSettings:
        nested: dict[str, Any] = {"fit_correlation": {"seed": seed}, "fit_generator": {"seed": seed}}
        if self.features is not None:
            nested["machine"] = {"feature_cache": str(self.features)}
        for key, value in changes.items():
            nested[key] = {**nested.get(key, {}), **value}
        return training_settings(self.preset, config=self.config, changes=self.changes, **nested)


def _finished(run: Path, data_set: DataSet, settings: TrainingSettings) -> bool:
    """Whether a run is there, is done, and is of this data set and these settings."""
    try:
        report = json.loads((run / REPORT_FILE).read_text(encoding="utf-8"))
        begun = json.loads((run / RUN_FILE).read_text(encoding="utf-8"))
        same = begun["settings"] == json.loads(json.dumps(settings.deciding()))
        return bool(same and report["data_set"] == begun["data_set"] == data_set.digest)
    except (OSError, ValueError, KeyError, TypeError):
        return False
