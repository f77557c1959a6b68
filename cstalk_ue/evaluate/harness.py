"""Methods on a split of a data set → an evaluation. Takes are read one after the other; none is kept.

Every method predicts the same takes and is measured with the same yardstick. Knows nothing about training
(see table_runs.py) and about printing (see tables.py).
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from cstalk_ue.errors import DataSetError
from cstalk_ue.evaluate.figure import TakeValue
from cstalk_ue.evaluate.methods import Method, phones_of
from cstalk_ue.evaluate.metrics import Judge, Yardstick
from cstalk_ue.evaluate.results import Evaluation, MethodResult
from cstalk_ue.evaluate.vertices import measuring_head
from cstalk_ue.performer.phones import TimedPhone
from cstalk_ue.take import RigCurves
from ingest.data_set import DataSet, TakeRecord
from ingest.take_files import StoredTake


def make_yardstick(data_set: DataSet, *, dna: Path | None = None, judges: Sequence[Judge] = ()) -> Yardstick:
    """What predictions for a data set are held against.

    Raises:
        DataSetError: the data set has no statistics, or none of its controls moves.
        DnaError: the DNA cannot be used.
    """
    kept = data_set.require_statistics().kept_controls
    if not kept:
        raise DataSetError(
            f"{data_set.folder}: no control moves in any take, so there is nothing to measure. "
            "Check what was ingested."
        )
    return Yardstick(measuring_head(dna), kept, judges)


def evaluate(
    data_set: DataSet,
    methods: Sequence[Method],
    yardstick: Yardstick,
    *,
    split: str = "test",
    limit: int | None = None,
    on_take: Callable[[str], None] = lambda message: None,
) -> Evaluation:
    """Measure methods on every take of a split.

    Args:
        limit: only so many takes, evenly spread over the split, for a quick look.
        on_take: called after each take with "" or a remark about it.

    Raises:
        DataSetError: no take is in the split, or one cannot be read.
        CSTalkError: a method fails on a take.
    """
    names = [method.name for method in methods]
    doubled = sorted({name for name in names if names.count(name) > 1})
    values: list[dict[str, dict[str, TakeValue]]] = [{} for _ in methods]
    missing: list[list[str]] = [[] for _ in methods]
    unlabelled = 0
    for record in chosen_takes(data_set, split, limit):
        take = data_set.read(record)
        phones = phones_of(data_set, take)
        unlabelled += take.labels.emotion is None
        remark = ""
        for place, method in enumerate(methods):
            measured = measure_method(method, take, phones, yardstick)
            if measured is None:
                missing[place].append(take.name)
            else:
                values[place][take.name] = measured
        if take.samples is None:
            remark = f"{take.name}: has no sound, so no method that listens is measured on it."
        on_take(remark)
    results = tuple(
        MethodResult(
            f"{method.name} ({method.facts.get('id', place)})" if method.name in doubled else method.name,
            method.facts,
            found,
            tuple(lost),
        )
        for place, (method, found, lost) in enumerate(zip(methods, values, missing, strict=True))
    )
    remarks = (
        [f"{unlabelled} takes have no emotion label and were asked for in neutral."] if unlabelled else []
    )
    return Evaluation(
        data_set.folder.resolve().name, data_set.digest, split, yardstick.measures, results, tuple(remarks)
    )


def chosen_takes(data_set: DataSet, split: str, limit: int | None = None) -> list[TakeRecord]:
    """The records of a split, or `limit` of them evenly spread."""
    records = data_set.select(split)
    if limit is None or limit >= len(records):
        return list(records)
    return [records[math.floor(index * len(records) / limit)] for index in range(limit)]


def measure_method(
    method: Method, take: StoredTake, phones: Sequence[TimedPhone], yardstick: Yardstick
) -> dict[str, TakeValue] | None:
    """All measures of a method on a take; None if the take lacks what it needs."""
    prediction: RigCurves | None = method.predict(take)
    return None if prediction is None else yardstick.measure_take(take, prediction, phones)
