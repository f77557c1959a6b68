"""Tables: rows trained once, resumed after a kill, spread over seeds, and the paper's order judged."""

import csv
import io
import json
import math
from dataclasses import dataclass, field

import pytest
from conftest import save_small_correlation
from tiny_checkpoint import save_tiny

from cstalk_ue.errors import CSTalkError, DataSetError
from cstalk_ue.evaluate.figure import Measure, TakeValue
from cstalk_ue.evaluate.ordering import judge_claims
from cstalk_ue.evaluate.results import Evaluation, MethodResult
from cstalk_ue.evaluate.stored_tables import TABLES_FILE, read_tables, tables_json
from cstalk_ue.evaluate.table_plan import Claim, table_plan
from cstalk_ue.evaluate.table_runs import TableRuns
from cstalk_ue.evaluate.table_text import table_csv, table_markdown, table_rows, table_text
from cstalk_ue.evaluate.trainer import PresetTrainer
from cstalk_ue.storage import write_json


@dataclass
class FakeTrainer:
    """Gives random models that depend on row and seed, and counts; stops after so many trainings."""

    stop_after: int = 10**6
    trained: list[str] = field(default_factory=list)

    def identity(self, changes):
        return {"changes": dict(changes)}

    def correlation(self, data_set, run, *, output, seed, report):
        if not run.is_dir():
            self._count(run)
            save_small_correlation(run, data_set, seed=seed % 1000)
        return run

    def generator(self, data_set, run, *, changes, correlation, seed, report):
        if not run.is_dir():
            self._count(run)
            save_tiny(run, seed=seed + 10 * len(json.dumps(dict(changes))))
        return run

    def _count(self, run):
        if len(self.trained) >= self.stop_after:
            raise KeyboardInterrupt
        self.trained.append(run.name)


ROWS = list({row.name: row for number in (1, 2) for row in table_plan(number).rows}.values())
FEW = [row for row in ROWS if row.name in ("cstalk", "no-correlation", "mean", "bundled-encoder")]


def runs(data_set, work, trainer, **options):
    return TableRuns(data_set, work, trainer, **{"seeds": 2, **options})


def values_of(evaluation):
    """Every value that counts."""
    return {
        (result.method, result.seed): {
            name: {key: value for key, value in values.items() if value.weight > 0}
            for name, values in result.takes.items()
        }
        for result in evaluation.results
    }


@pytest.fixture(scope="module")
def whole(two_takes, tmp_path_factory):
    """A table that was made without a break."""
    trainer = FakeTrainer()
    return runs(two_takes, tmp_path_factory.mktemp("whole"), trainer).evaluate(FEW), trainer


@pytest.mark.parametrize("stop_after", [1, 3, 5])
def test_a_table_that_was_killed_goes_on_and_comes_out_the_same(two_takes, tmp_path, whole, stop_after):
    expected, whole_trainer = whole
    trainer = FakeTrainer(stop_after)
    with pytest.raises(KeyboardInterrupt):
        runs(two_takes, tmp_path, trainer).evaluate(FEW)
    trainer.stop_after = 10**6
    found = runs(two_takes, tmp_path, trainer).evaluate(FEW)
    assert values_of(found) == values_of(expected)
    assert sorted(trainer.trained) == sorted(whole_trainer.trained)


def test_a_finished_table_trains_and_measures_nothing(two_takes, tmp_path, monkeypatch):
    rows = [row for row in FEW if row.name in ("mean", "no-correlation")]
    first = runs(two_takes, tmp_path, FakeTrainer()).evaluate(rows)
    monkeypatch.setattr(
        "cstalk_ue.evaluate.table_runs.evaluate", lambda *a, **k: pytest.fail("measured again")
    )
    again = FakeTrainer()
    assert values_of(runs(two_takes, tmp_path, again).evaluate(rows)) == values_of(first)
    assert again.trained == []


def test_every_row_is_trained_once_per_seed_and_rows_with_the_same_settings_share_a_run(two_takes, tmp_path):
    """With the small preset CSTalk listens through the bundled encoder already."""

    class SameEncoder(FakeTrainer):
        def identity(self, changes):
            return {} if "model" in changes or not changes else {"changes": dict(changes)}

    trainer = SameEncoder()
    found = runs(two_takes, tmp_path, trainer).evaluate(FEW)
    assert sorted(trainer.trained) == [
        "correlation-scores-seed0", "correlation-scores-seed1", "cstalk-seed0", "cstalk-seed1",
        "no-correlation-seed0", "no-correlation-seed1", "referee",
    ]  # fmt: skip
    values = values_of(found)
    assert values["cstalk", 0] == values["bundled-encoder", 0]
    assert values["cstalk", 0] != values["cstalk", 1]


def test_all_rows_have_a_first_seed_before_any_has_a_second(two_takes, tmp_path):
    seen = []
    runs(two_takes, tmp_path, FakeTrainer()).evaluate(
        FEW, on_row=lambda found: seen.append({(r.method, r.seed) for r in found.results})
    )
    first_full = next(index for index, each in enumerate(seen) if len({m for m, _ in each}) == len(FEW))
    assert all(seed in (0, None) for _, seed in seen[first_full])


def test_other_data_or_settings_are_not_taken_for_the_same(two_takes, tmp_path):
    rows = [row for row in FEW if row.name == "mean"]
    runs(two_takes, tmp_path, FakeTrainer()).evaluate(rows)
    file = tmp_path / "mean.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    data["key"] = "0" * 64
    data["takes"] = {}
    write_json(file, data)
    found = runs(two_takes, tmp_path, FakeTrainer()).evaluate(rows)
    assert len(found.results[0].takes) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "cstalk-table-run/9"}'])
def test_a_damaged_result_is_measured_again(two_takes, tmp_path, text):
    rows = [row for row in FEW if row.name == "mean"]
    (tmp_path / "mean.json").write_text(text, encoding="utf-8")
    found = runs(two_takes, tmp_path, FakeTrainer()).evaluate(rows)
    assert len(found.results[0].takes) == 2


def test_a_split_without_sound_is_refused(two_takes, tmp_path):
    from dataclasses import replace

    silent = replace(two_takes, records=tuple(replace(r, audio=False) for r in two_takes.records))
    with pytest.raises(DataSetError, match="none of the 2 takes of the split 'test' has sound"):
        runs(silent, tmp_path, FakeTrainer()).evaluate(FEW)


# What is printed

MEASURES = (
    Measure("lve_mm", "LVE", "Lips.", "mm", "made up", "over frames"),
    Measure("eve_mm", "EVE", "Eyes | brows.", "mm", "made up", "over frames"),
)


def made_up(errors: dict[str, list[float]], takes: int = 8) -> Evaluation:
    """A method has its error on every take, a little more on later ones; one number per seed."""
    results = []
    for method, per_seed in errors.items():
        for seed, error in enumerate(per_seed):
            values = {
                f"t{k}": {m.key: TakeValue(error + 0.01 * k, 100 + k) for m in MEASURES} for k in range(takes)
            }
            results.append(MethodResult(method, {}, values, (), seed))
    return Evaluation("made up", "0" * 64, "test", MEASURES, tuple(results))


def test_the_table_has_mean_and_sample_deviation_over_seeds():
    found = made_up({"cstalk": [2.0, 2.2, 2.4], "faceformer": [3.0, 3.0, 3.0]})
    rows = {row[0]: row for row in table_rows(table_plan(1), found)}
    assert rows["CSTalk (full)"][1] == "2.24 ± 0.20"
    assert rows["CSTalk (full)"][-2:] == ["2.538", "2.084"]
    spread = found.spread("cstalk", MEASURES[0])
    assert (spread.deviation, spread.seeds) == (pytest.approx(0.2), 3)


def test_rows_that_are_not_there_are_left_out_and_ours_stands_where_the_paper_has_it():
    found = made_up({"cstalk": [2.0], "emotalk": [3.0]})
    assert [row[0] for row in table_rows(table_plan(1), found)[1:]] == ["EmoTalk-style", "CSTalk (full)"]


def test_one_seed_has_no_spread():
    found = made_up({"cstalk": [2.0]})
    assert math.isnan(found.spread("cstalk", MEASURES[0]).deviation)
    assert "±" not in table_rows(table_plan(1), found)[1][1]


@pytest.mark.parametrize(
    ("ours", "theirs", "word"),
    [
        ([2.0, 2.1, 2.0], [3.0, 3.1, 2.9], "holds"),
        ([3.0, 3.1, 3.0], [2.0, 2.1, 2.2], "reversed"),
        ([2.0, 2.1, 3.2], [3.0, 3.1, 2.9], "undecided"),
        ([2.0, 2.0], [2.0, 2.0], "undecided"),
    ],
)
def test_an_order_holds_only_if_takes_and_seeds_agree(ours, theirs, word):
    found = made_up({"cstalk": ours, "faceformer": theirs})
    verdict = judge_claims(found, [Claim("cstalk", "faceformer", "lve_mm")])[0]
    assert verdict.word == word
    assert verdict.difference == pytest.approx(sum(theirs) / len(theirs) - sum(ours) / len(ours))
    assert verdict.seeds == len(ours)


def test_the_claims_are_those_of_the_papers_own_figures():
    first = {(c.better, c.worse) for c in table_plan(1).claims if c.measure == "lve_mm"}
    assert first == {("cstalk", "emotalk"), ("cstalk", "faceformer"), ("emotalk", "faceformer")}
    second = {(c.better, c.worse) for c in table_plan(2).claims if c.measure == "eve_mm"}
    assert ("no-correlation", "logits") in second and ("cstalk", "mfcc") in second
    assert not {("logits", "mfcc"), ("mfcc", "logits")} & second, "3.966 both: the paper does not order them"


def test_the_published_figures_are_the_papers():
    published = {row.name: row.published for n in (1, 2) for row in table_plan(n).rows if row.published}
    assert published == {
        "faceformer": (3.511, 3.069), "emotalk": (2.954, 2.875), "cstalk": (2.538, 2.084),
        "no-correlation": (3.502, 3.216), "logits": (3.348, 3.966), "mfcc": (5.178, 3.966),
    }  # fmt: skip


def test_text_markdown_and_csv_say_the_same_and_how_to_make_it_again():
    found = made_up({"cstalk": [2.0, 2.2], "faceformer": [3.0, 3.4], "emotalk": [2.5, 2.6]})
    plan, command = table_plan(1), "cstalk-ue evaluate x --table 1"
    text, markdown = table_text(plan, found, command), table_markdown(plan, found, command)
    for part in ("2.14 ± 0.14", "3.511", "holds", command, "Lips. [mm; made up; over frames]"):
        assert part in text and part in markdown
    assert "Eyes \\| brows." not in markdown.split("| --")[0]
    rows = list(csv.DictReader(io.StringIO(table_csv(plan, found))))
    assert len(rows) == 3 * 2 * 2
    row = next(r for r in rows if (r["method"], r["seed"], r["measure"]) == ("cstalk", "1", "lve_mm"))
    assert float(row["mean_over_seeds"]) == pytest.approx(2.1355, abs=1e-3)
    assert float(row["low"]) <= float(row["value"]) <= float(row["high"])


def test_stored_tables_are_read_back_as_they_were(tmp_path):
    found = made_up({"cstalk": [2.0, 2.2], "emotalk": [2.5, 2.6]})
    write_json(tmp_path / TABLES_FILE, tables_json(found, (1, 2), "again"))
    stored = read_tables(tmp_path)
    assert stored.command == "again"
    assert [plan.number for plan, _ in stored.tables] == [1, 2]
    assert table_rows(table_plan(1), stored.tables[0][1]) == table_rows(table_plan(1), found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("[]", "format None"),
        ('{"format": "cstalk-evaluation/9"}', "cstalk-evaluation/9"),
        ('{"format": "cstalk-evaluation/1", "results": []}', "is damaged"),
    ],
)
def test_stored_tables_that_cannot_be_read_are_refused(tmp_path, text, message):
    if text is not None:
        (tmp_path / TABLES_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(CSTalkError, match=message):
        read_tables(tmp_path)


# What rows are trained with


def test_all_rows_share_steps_batch_and_windows():
    trainer = PresetTrainer(changes=("fit_generator.steps=7",))
    shared = {
        json.dumps(
            [trainer.identity(row.changes or {})[key] for key in ("fit_generator", "windows", "random")]
        )
        for row in ROWS
    }
    assert len(shared) == 1


def test_a_row_differs_from_ours_only_in_what_it_is_about():
    trainer = PresetTrainer()
    ours = trainer.identity({})
    for row in ROWS:
        theirs = trainer.identity(row.changes or {})
        different = {key for key in ours if ours[key] != theirs[key]}
        assert different <= {"model", "losses"}, row.name
        assert ("losses" in different) == (row.trained and not row.correlation), row.name


@pytest.mark.parametrize(
    ("changes", "digest", "again"),
    [((), None, False), (("fit_generator.steps=9",), None, True), ((), "0" * 64, True)],
)
def test_a_finished_run_is_used_again_only_for_the_same_settings_and_data(
    two_takes, tmp_path, monkeypatch, changes, digest, again
):
    trainer = PresetTrainer(changes=("fit_generator.steps=7",))
    settings = trainer._settings({}, 4)
    found = digest or two_takes.digest
    write_json(tmp_path / "run.json", {"settings": settings.deciding(), "data_set": found})
    write_json(tmp_path / "report.json", {"data_set": found})
    trained = []
    monkeypatch.setattr(
        "cstalk_ue.train.fit_supervised.train_generator", lambda *a, **k: trained.append(k["resume"])
    )
    other = PresetTrainer(changes=changes or ("fit_generator.steps=7",))
    other.generator(two_takes, tmp_path, changes={}, correlation=None, seed=4, report=lambda text: None)
    assert trained == ([True] if again else [])
