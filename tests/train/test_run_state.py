"""States come back to the bit; a damaged one gives way to the one before; a half-written one is not seen."""

import json
import shutil
from types import SimpleNamespace

import pytest
import torch

from cstalk_ue.errors import TrainingError
from cstalk_ue.train.run_state import RunState, has_state, last_step, load_state, save_state

ALONE = SimpleNamespace(is_main_process=True, process_index=0, wait_for_everyone=lambda: None)


def state(step: int) -> RunState:
    generator = torch.Generator().manual_seed(step)
    tensors = {
        "model": {"a.weight": torch.randn(3, 4, generator=generator), "n": torch.tensor(step)},
        "optimiser": {"exp_avg/a.weight": torch.randn(3, 4, generator=generator).t()},
        "best": {},
    }
    return RunState(
        step, tensors, {"sums": {"loss": 0.1 + step}, "step": step}, {"cpu": generator.get_state()}
    )


def test_a_state_comes_back_to_the_bit(tmp_path):
    saved = state(7)
    save_state(tmp_path, saved, ALONE)
    loaded, remarks = load_state(tmp_path, 0)
    assert (loaded.step, dict(loaded.values), remarks) == (7, dict(saved.values), [])
    for group in ("model", "optimiser"):
        assert loaded.tensors[group].keys() == saved.tensors[group].keys()
        for name, value in saved.tensors[group].items():
            assert (
                torch.equal(loaded.tensors[group][name], value)
                and loaded.tensors[group][name].dtype == value.dtype
            )
    assert torch.equal(loaded.random["cpu"], saved.random["cpu"])


def test_the_last_two_are_kept(tmp_path):
    for step in (5, 10, 100, 20):
        save_state(tmp_path, state(step), ALONE)
    assert sorted(p.name for p in (tmp_path / "state").iterdir()) == ["step-00000020", "step-00000100"]
    assert last_step(tmp_path) == 100


@pytest.mark.parametrize("file", ["tensors.safetensors", "random-0.safetensors", "state.json"])
@pytest.mark.parametrize("damage", ["cut", "flip", "missing"])
def test_a_damaged_state_gives_way_to_the_one_before(tmp_path, file, damage):
    for step in (1, 2):
        save_state(tmp_path, state(step), ALONE)
    path = tmp_path / "state" / "step-00000002" / file
    content = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 3] ^= 255
        path.write_bytes(content)
    loaded, remarks = load_state(tmp_path, 0)
    assert loaded.step == 1 and len(remarks) == 1 and "step-00000002: is damaged" in remarks[0]


def test_without_a_whole_state_there_is_nothing_to_go_on_from(tmp_path):
    assert not has_state(tmp_path) and last_step(tmp_path) == 0
    with pytest.raises(TrainingError, match="holds no whole state"):
        load_state(tmp_path, 0)
    save_state(tmp_path, state(3), ALONE)
    (tmp_path / "state" / "step-00000003" / "state.json").write_text("{", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"step-00000003: is damaged"):
        load_state(tmp_path, 0)


def test_a_state_that_was_being_written_is_not_seen(tmp_path):
    save_state(tmp_path, state(3), ALONE)
    folder = tmp_path / "state"
    shutil.copytree(folder / "step-00000003", folder / ".step-00000004.part")
    assert load_state(tmp_path, 0)[0].step == 3
    save_state(tmp_path, state(4), ALONE)  # and its remains are in nobody's way
    assert load_state(tmp_path, 0)[0].step == 4 and not list(folder.glob(".*"))


def test_a_state_of_another_version_is_refused_by_name(tmp_path):
    save_state(tmp_path, state(3), ALONE)
    path = tmp_path / "state" / "step-00000003" / "state.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**data, "format": "cstalk-run/9"}), encoding="utf-8")
    with pytest.raises(TrainingError, match=r"format 'cstalk-run/9'; this version reads 'cstalk-run/1'"):
        load_state(tmp_path, 0)


def test_another_process_has_no_generators_yet(tmp_path):
    save_state(tmp_path, state(3), ALONE)
    assert load_state(tmp_path, 1)[0].random == {}
