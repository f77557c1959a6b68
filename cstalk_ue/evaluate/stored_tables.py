"""Tables that `evaluate --table` left in its work folder → the evaluation they were printed from.

Reads tables.json strictly: unknown tags and missing parts are refused. Knows nothing about training.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cstalk_ue.errors import DataSetError
from cstalk_ue.evaluate.figure import Measure
from cstalk_ue.evaluate.results import EVALUATION_FORMAT, Evaluation, MethodResult, takes_from_json
from cstalk_ue.evaluate.table_plan import TablePlan, table_plan

TABLES_FILE = "tables.json"


@dataclass(frozen=True)
class StoredTables:
    """Tables as they were printed: the plans with what was found, and the command that makes them again."""

    tables: tuple[tuple[TablePlan, Evaluation], ...]
    command: str


def tables_json(evaluation: Evaluation, numbers: tuple[int, ...], command: str) -> dict[str, Any]:
    """What the file holds."""
    return {**evaluation.to_json(), "tables": list(numbers), "command": command}


def read_tables(folder: Path) -> StoredTables:
    """Read the tables of a work folder.

    Raises:
        DataSetError: there are none, or they cannot be read.
    """
    path = folder / TABLES_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataSetError(
            f"{path}: cannot be read ({error.strerror}). Make the tables with `cstalk-ue evaluate --table`."
        ) from error
    except ValueError as error:
        raise DataSetError(f"{path}: is not JSON ({error}). Make the tables again.") from error
    tag = data.get("format") if isinstance(data, dict) else None
    if tag != EVALUATION_FORMAT:
        raise DataSetError(f"{path}: format {tag!r}; this version reads {EVALUATION_FORMAT!r}.")
    try:
        evaluation = _evaluation(data)
        plans = [table_plan(int(number)) for number in data["tables"]]
        return StoredTables(tuple((plan, evaluation) for plan in plans), str(data["command"]))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise DataSetError(f"{path}: is damaged ({error!r}). Make the tables again.") from error


def _evaluation(data: Mapping[str, Any]) -> Evaluation:
    described = data["results"][0]["figures"]
    keys = ("label", "definition", "unit", "space", "pooling", "better")
    measures = tuple(Measure(name, *(str(figure[key]) for key in keys)) for name, figure in described.items())
    results = tuple(
        MethodResult(
            row["method"],
            row["facts"],
            takes_from_json(row["takes"]),
            tuple(row["missing_takes"]),
            row["seed"],
        )
        for row in data["results"]
    )
    return Evaluation(
        data["data_set"], data["data_set_digest"], data["split"], measures, results, tuple(data["remarks"])
    )
