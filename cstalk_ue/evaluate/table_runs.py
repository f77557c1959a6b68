"""Everything a table needs, trained and measured, in a work folder from which a killed call goes on.

    WORK/
        correlation-scores-seed0/   correlation modules, one per seed and output
        referee/                    one more, which supervises nobody and judges all
        cstalk-seed0/               run of a row
        cstalk-seed0.json           what it scored; the row is done once this is there

A finished piece is used again only under the same key: contents of the data set, settings, row, seed, split
and head. Training itself resumes where it stopped (see train/). What a row is stands in table_plan.py.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cstalk_ue.errors import DataSetError
from cstalk_ue.evaluate.emotion_judge import train_emotion_judge
from cstalk_ue.evaluate.harness import chosen_takes, evaluate, make_yardstick
from cstalk_ue.evaluate.methods import Method, checkpoint_method, method_of
from cstalk_ue.evaluate.metrics import Judge, Yardstick
from cstalk_ue.evaluate.results import Evaluation, MethodResult, takes_from_json, takes_json
from cstalk_ue.evaluate.score_judge import load_score_judge
from cstalk_ue.evaluate.table_plan import OURS, Row
from cstalk_ue.evaluate.trainer import Trainer
from cstalk_ue.storage import sha256_text, write_json
from ingest.data_set import DataSet

RUN_FORMAT = "cstalk-table-run/1"
_REFEREE_SEED = 1_000_003
"""Far from the seeds of rows, so that the referee is none of the modules that supervise one."""


@dataclass(frozen=True)
class TableRuns:
    """The work folder of a table.

    Attributes:
        data_set: what is trained and measured on.
        work: the folder.
        trainer: how rows are trained.
        seeds: how many, counted from 0.
        split: of the measured takes.
        dna: head to measure on, or None.
        report: called with one line of text now and then.
    """

    data_set: DataSet
    work: Path
    trainer: Trainer
    seeds: int = 3
    split: str = "test"
    dna: Path | None = None
    report: Callable[[str], None] = lambda text: None
    _yardsticks: list[Yardstick] = field(default_factory=list, repr=False)
    _owners: dict[str, str] = field(default_factory=dict, repr=False)

    def evaluate(
        self, rows: Iterable[Row], *, on_row: Callable[[Evaluation], None] | None = None
    ) -> Evaluation:
        """Train and measure what is missing; the first seed of all rows comes before the second of any.

        Args:
            on_row: called with what there is after each piece.

        Raises:
            CSTalkError: a piece cannot be trained or measured. What is done stays.
        """
        wanted = list({row.name: row for row in rows}.values())
        self._check_takes()
        for row in sorted((row for row in wanted if row.trained), key=lambda row: row.name != OURS):
            self._owner(row)
        found: dict[tuple[str, int | None], MethodResult] = {}
        for seed in range(self.seeds):
            for row in wanted:
                place = (row.name, seed if row.trained else None)
                if place not in found:
                    found[place] = self._result(row, seed)
                    if on_row is not None:
                        on_row(self._evaluation(wanted, found))
        return self._evaluation(wanted, found)

    def correlation(self, output: str, seed: int) -> Path:
        """The correlation module of a seed, trained if it is not there."""
        return self.trainer.correlation(
            self.data_set,
            self.work / f"correlation-{output}-seed{seed}",
            output=output,
            seed=seed,
            report=self.report,
        )

    @property
    def referee(self) -> Path:
        """A correlation module that supervises nobody, trained if it is not there."""
        return self.trainer.correlation(
            self.data_set, self.work / "referee", output="scores", seed=_REFEREE_SEED, report=self.report
        )

    @property
    def yardstick(self) -> Yardstick:
        """What all rows are held against: with our own judge of emotion and the referee."""
        if not self._yardsticks:
            judge = train_emotion_judge(self.data_set)
            judges: list[Judge] = [] if judge is None else [judge]
            judges.append(load_score_judge(self.referee, self.data_set, supervisor=False))
            self._yardsticks.append(make_yardstick(self.data_set, dna=self.dna, judges=judges))
        return self._yardsticks[0]

    def _result(self, row: Row, seed: int) -> MethodResult:
        name = f"{row.name}-seed{seed}" if row.trained else row.name
        file = self.work / f"{name}.json"
        key = self._key(row, seed)
        known = _read(file, key)
        if known is not None:
            return known
        method = self._method(row, seed)
        self.report(f"{name}: measuring")
        measured = evaluate(self.data_set, [method], self.yardstick, split=self.split).results[0]
        result = MethodResult(
            row.name, measured.facts, measured.takes, measured.missing, seed if row.trained else None
        )
        _write(file, key, result)
        return result

    def _method(self, row: Row, seed: int) -> Method:
        if not row.trained:
            return method_of(row.name, self.data_set)
        correlation = self.correlation(row.correlation, seed) if row.correlation else None
        run = self.work / f"{self._owner(row)}-seed{seed}"
        checkpoint = self.trainer.generator(
            self.data_set,
            run,
            changes=row.changes or {},
            correlation=correlation,
            seed=seed,
            report=self.report,
        )
        return checkpoint_method(checkpoint, name=row.name)

    def _owner(self, row: Row) -> str:
        """The row whose run this is: rows with the same settings, such as the encoder's, are trained once."""
        same = json.dumps(
            [self.trainer.identity(row.changes or {}), row.correlation], sort_keys=True, default=str
        )
        return self._owners.setdefault(same, row.name)

    def _key(self, row: Row, seed: int) -> str:
        parts = {
            "data_set": self.data_set.digest,
            "trainer": self.trainer.identity(row.changes or {}) if row.trained else None,
            "referee": self.trainer.identity({}),
            "row": [row.name, row.correlation],
            "seed": seed if row.trained else None,
            "split": self.split,
            "head": str(self.dna) if self.dna else None,
        }
        return sha256_text(json.dumps(parts, sort_keys=True, default=str))

    def _check_takes(self) -> None:
        takes = chosen_takes(self.data_set, self.split)
        if not any(record.audio for record in takes):
            raise DataSetError(
                f"{self.data_set.folder}: none of the {len(takes)} takes of the split {self.split!r} has "
                "sound, so nothing can be predicted. Ingest them together with their sound."
            )

    def _evaluation(
        self, rows: Sequence[Row], found: Mapping[tuple[str, int | None], MethodResult]
    ) -> Evaluation:
        order = [row.name for row in rows]
        results = sorted(found.values(), key=lambda result: (order.index(result.method), result.seed or 0))
        return Evaluation(
            self.data_set.folder.resolve().name,
            self.data_set.digest,
            self.split,
            self.yardstick.measures,
            tuple(results),
        )


def _write(file: Path, key: str, result: MethodResult) -> None:
    data = {
        "format": RUN_FORMAT,
        "key": key,
        "method": result.method,
        "seed": result.seed,
        "facts": dict(result.facts),
        "missing": list(result.missing),
        "takes": takes_json(result.takes),
    }
    write_json(file, data)


def _read(file: Path, key: str) -> MethodResult | None:
    """What was measured under this key; None if nothing was, or what is there cannot be read."""
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if data["format"] != RUN_FORMAT or data["key"] != key:
            return None
        return MethodResult(
            data["method"],
            data["facts"],
            takes_from_json(data["takes"]),
            tuple(data["missing"]),
            data["seed"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
