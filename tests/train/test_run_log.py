"""log.csv goes on where the state is; nothing is there twice, and a line that was cut off is no row."""

import math

import pytest

from cstalk_ue.errors import TrainingError
from cstalk_ue.train.run_log import RunLog, read_log


def write(folder, steps, *, after=0, columns=("loss", "held_out_loss")):
    log = RunLog(folder, columns, after=after)
    for step in steps:
        log.add(step, {"loss": step / 3})
    log.close()


def test_figures_come_back_exactly(tmp_path):
    write(tmp_path, [10, 20])
    rows = read_log(tmp_path)
    assert [float(row["loss"]) for row in rows] == [10 / 3, 20 / 3] and rows[0]["held_out_loss"] == ""


def test_rows_beyond_the_state_are_written_anew(tmp_path):
    write(tmp_path, [10, 20, 30, 40])
    write(tmp_path, [30, 40, 50], after=20)
    assert [row["step"] for row in read_log(tmp_path)] == ["10", "20", "30", "40", "50"]


def test_a_new_run_starts_an_empty_log(tmp_path):
    write(tmp_path, [10, 20])
    write(tmp_path, [5])
    assert [row["step"] for row in read_log(tmp_path)] == ["5"]


@pytest.mark.parametrize("kept", range(1, 7))
def test_a_line_that_was_cut_off_is_no_row(tmp_path, kept):
    write(tmp_path, [10, 20])
    path = tmp_path / "log.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[:-kept], encoding="utf-8")
    assert [row["step"] for row in read_log(tmp_path)] == ["10"]
    write(tmp_path, [20], after=10)
    assert path.read_text(encoding="utf-8") == text


def test_other_columns_are_another_run(tmp_path):
    write(tmp_path, [10])
    with pytest.raises(
        TrainingError, match=r"has the columns step, loss, held_out_loss; expected step, loss"
    ):
        write(tmp_path, [20], after=10, columns=("loss",))


def test_events_are_written_where_tensorboard_is_installed(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    write(tmp_path, [10, 20, 30])
    write(tmp_path, [20, 30, 40], after=10)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(each.step, each.value) for each in events.Scalars("loss")] == [
        (step, pytest.approx(step / 3)) for step in (10, 20, 30, 40)
    ]


def test_without_tensorboard_the_table_is_written_alone(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    log = RunLog(tmp_path, ("loss",), after=0)
    log.add(1, {"loss": math.pi})
    log.close()
    assert not log.has_events and not (tmp_path / "tensorboard").exists()
    assert float(read_log(tmp_path)[0]["loss"]) == math.pi
