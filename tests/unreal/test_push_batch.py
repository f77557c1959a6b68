"""Many files, some of them bad, and an editor that is killed half-way: the same command again finishes.

Every good asset reads back, nothing is written twice, and the report names the bad files.
"""

import json
import shutil
import tempfile
from pathlib import Path

import pytest
from read_back import reads_back
from ue_files import write_file

from cstalk_ue.cli import run

TOLERANCE = 1e-4
FLOAT32 = 1e-6
"""Rounding of values and times, beside the tolerance."""


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path, monkeypatch):
    """Jobs of an editor that is lost stay there, as it may still be writing."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


def make_files(folder: Path, rng, good: int, bad: int) -> tuple[list[str], list[str]]:
    """Names of good and of bad files, mixed in their order; the bad ones are bad in several ways."""
    models = [write_file(folder.parent / f"model_{n}.npz", rng, frames=5) for n in range(4)]
    names = [f"scene_{n % 3}/line_{n:03}" for n in range(good + bad)]
    wrong = names[3 :: len(names) // bad][:bad]
    for number, name in enumerate(names):
        file = folder / f"{name}.curves.npz"
        file.parent.mkdir(parents=True, exist_ok=True)
        data = models[number % 4].read_bytes()
        if name not in wrong:
            file.write_bytes(data)
        elif number % 3 == 0:
            file.write_bytes(data[: len(data) // 2])
        elif number % 3 == 1:
            file.write_bytes(b"")
        else:
            shutil.copy(write_file(folder.parent / "fast.npz", rng, frames=5, fps=60), file)
    return [name for name in names if name not in wrong], wrong


@pytest.mark.parametrize(
    ("good", "bad"), [(21, 3), pytest.param(190, 10, marks=pytest.mark.slow)], ids=["24", "200"]
)
def test_a_push_that_is_cut_off_is_finished_by_the_same_command(editor, tmp_path, rng, capsys, good, bad):
    folder, report = tmp_path / "curves", tmp_path / "push.json"
    right, wrong = make_files(folder, rng, good, bad)
    # In the midst of a job of eight, right after a save and before anything is told of it.
    stand_in = editor([f"die-after-saves={good // 2}"])
    words = [
        "unreal",
        "push",
        folder,
        "--destination",
        "/Game/VO/{folder}/{name}",
        "--report",
        report,
        "--group",
    ]
    words = [*map(str, words), stand_in.settings.group, "--bind", "0.0.0.0"]

    assert run([*words, "--seconds", "5"]) == 1
    said = capsys.readouterr()
    first = json.loads(report.read_text())
    assert first["counts"]["not_done"] > 0 and first["stopped"]
    assert said.err.count("Error: ") == 1 and "run the same command again" in said.err.splitlines()[-1]
    known = {item["asset"] for item in first["items"] if item["status"] == "done"}
    assert known <= set(stand_in.saves()) and good // 2 - 8 <= len(known) <= good // 2 == len(
        stand_in.saves()
    )

    stand_in.restart([])
    assert run([*words, "--seconds", "30"]) == 1
    assert "Error: " not in capsys.readouterr().err
    second = json.loads(report.read_text())
    assert second["counts"] == {
        "done": good - good // 2, "skipped": good // 2, "conflict": 0, "failed": bad, "not_done": 0,
    }  # fmt: skip
    failed = {item["name"]: item["message"] for item in second["items"] if item["status"] == "failed"}
    assert sorted(failed) == sorted(wrong)
    assert all(f"{name}.curves.npz" in message for name, message in failed.items())

    assert sorted(stand_in.saves()) == sorted(f"/Game/VO/{name}" for name in right), "each is saved once"
    assert stand_in.faults() == [] == stand_in.modals()
    for name in right:
        difference = reads_back(stand_in.asset(f"/Game/VO/{name}"), folder / f"{name}.curves.npz")
        assert difference <= TOLERANCE + FLOAT32, name
    for name in wrong:
        with pytest.raises(KeyError):
            stand_in.asset(f"/Game/VO/{name}")
