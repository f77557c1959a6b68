"""A job: read, done item by item, its result on the disk, one line printed, nothing raised."""

import json
import sys
import types

import cstalk_job
import pytest
from cstalk_errors import ConflictError, ItemError, JobError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cstalk_ue.version import __version__


class Task:
    """Does what each item says."""

    def __init__(self, settings, dry_run):
        self.settings = settings

    def items_of(self, items):
        return items

    def report(self):
        return {"size": self.settings["size"]}

    def do(self, item):
        for kind in (ItemError, ConflictError, JobError, ValueError, SystemExit):
            if item["do"] == kind.__name__:
                raise kind("It is so.")
        return {"status": item["do"], "message": "Done so."}


@pytest.fixture
def registry() -> types.SimpleNamespace:
    return types.SimpleNamespace(is_loading_assets=lambda: False, wait_for_completion=lambda: None)


@pytest.fixture
def editor(monkeypatch, registry):
    """An editor that knows its assets and its version, and a task for tests."""
    unreal = types.ModuleType("unreal")
    unreal.SystemLibrary = types.SimpleNamespace(get_engine_version=lambda: "5.6.0-1+++UE5")
    unreal.AssetRegistryHelpers = types.SimpleNamespace(get_asset_registry=lambda: registry)
    module = types.ModuleType("cstalk_task_of_tests")
    module.SETTINGS, module.Task = {"size": 1.0, "name": "", "on": False}, Task
    monkeypatch.setitem(sys.modules, "unreal", unreal)
    monkeypatch.setitem(sys.modules, "cstalk_task_of_tests", module)
    monkeypatch.setitem(cstalk_job.TASKS, "test", "cstalk_task_of_tests")


@pytest.fixture
def send(tmp_path, capsys):
    """Run a job; gives its result as the disk has it."""

    def send(*do, **fields):
        result = tmp_path / "result.json"
        job = {"format": "cstalk-job/1", "task": "test", "nonce": "n0", "result": str(result)}
        job["items"] = [{"name": f"item {n}", "asset": "/Game/A", "do": each} for n, each in enumerate(do)]
        (tmp_path / "job.json").write_text(json.dumps({**job, **fields}), encoding="utf-8")
        returned = cstalk_job.run(str(tmp_path / "job.json"))
        read = json.loads(result.read_text(encoding="ascii"))
        assert read == json.loads(json.dumps(returned))
        verdict = "ok" if read["ok"] else "error"
        assert capsys.readouterr().out == f"CSTALK-RESULT {read['nonce']} {verdict}\n"
        return read

    return send


def test_the_version_is_the_packages():
    assert __version__ == cstalk_job.VERSION


def test_every_task_is_there_with_its_settings():
    assert set(cstalk_job.TASKS) == {
        "import_curves",
        "export_takes",
        "self_test",
        "dump_controls",
        "bake_control_rig",
    }


def test_all_items_are_done_and_counted(editor, send, tmp_path):
    read = send("done", "skipped", "done", settings={"size": 2})
    assert (read["ok"], read["message"]) == (True, "2 done, 1 skipped")
    assert read["format"] == "cstalk-result/1"
    assert read["engine_version"] == "5.6.0-1+++UE5"
    assert read["report"] == {"size": 2}
    assert [item["status"] for item in read["items"]] == ["done", "skipped", "done"]
    assert all(item["seconds"] >= 0 and item["name"].startswith("item") for item in read["items"])
    lines = (tmp_path / "result.jsonl").read_text(encoding="ascii").splitlines()
    assert [json.loads(line) for line in lines] == read["items"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job.json", "result.json", "result.jsonl"]


def test_one_bad_item_does_not_stop_the_others(editor, send):
    read = send("ItemError", "ValueError", "ConflictError", "JobError", "done")
    assert not read["ok"]
    assert [item["status"] for item in read["items"]] == ["failed", "failed", "conflict", "failed", "done"]
    assert read["items"][0]["message"] == "It is so."
    assert read["items"][1]["message"] == "Unexpected ValueError: It is so."
    assert "Traceback" in read["items"][1]["trace"]


def test_a_stray_exit_ends_the_job_but_not_the_editor(editor, send, tmp_path):
    read = send("done", "SystemExit", "done")
    assert (read["ok"], read["code"]) == (False, "error")
    assert read["message"] == "Unexpected SystemExit: It is so."
    assert len(read["items"]) == 1
    assert len((tmp_path / "result.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"format": "cstalk-job/2"}, "format is 'cstalk-job/2'"),
        ({"task": "delete_all"}, "'delete_all' is unknown"),
        ({"task": 3}, "field 'task' is 3"),
        ({"items": [3]}, "an item is no object"),
        ({"dry_run": "yes"}, "field 'dry_run'"),
        ({"settings": {"sise": 1, "on": 1}}, "'sise' is unknown; 'on' is 1; expected bool"),
        ({"settings": {"size": True}}, "'size' is True; expected float"),
        ({"settings": {"name": None}}, "'name' is None; expected str"),
    ],
)
def test_a_wrong_job_is_refused_as_a_whole(editor, send, fields, told):
    read = send("done", **fields)
    assert (read["ok"], read["code"], read["items"]) == (False, "bad_job", [])
    assert told in read["message"]


def test_a_damaged_job_still_gets_its_answer_beside_it(editor, tmp_path, capsys):
    (tmp_path / "job.json").write_text("{", encoding="utf-8")
    assert cstalk_job.run(str(tmp_path / "job.json"))["code"] == "bad_job"
    assert capsys.readouterr().out == "CSTALK-RESULT - error\n"
    assert json.loads((tmp_path / "result.json").read_text())["ok"] is False


@pytest.mark.parametrize("nonce", ["a b", "a\nCSTALK-RESULT x ok", "", "x" * 65, 3, None])
def test_only_plain_nonces_are_printed(editor, send, nonce):
    assert send(nonce=nonce)["nonce"] == "-"


def test_a_busy_registry_is_told_at_once(editor, send, registry):
    registry.is_loading_assets = lambda: True
    read = send("done", settings={"registry_seconds": 0.0})
    assert (read["code"], read["items"]) == ("still_loading", [])
    registry.wait_for_completion = lambda: setattr(registry, "is_loading_assets", lambda: False)
    assert send("done", settings={"registry_seconds": 0, "registry_block": True})["ok"]


def test_a_registry_that_becomes_ready_is_waited_for(editor, send, registry):
    answers = iter([True, True, False])
    registry.is_loading_assets = lambda: next(answers)
    assert send("done")["ok"]


def test_outside_an_editor_nothing_is_raised(send, monkeypatch):
    monkeypatch.setitem(sys.modules, "unreal", None)
    read = send("done", task="import_curves")
    assert not read["ok"]
    assert read["engine_version"] == ""


def test_a_result_that_cannot_be_written_is_an_error_line(editor, tmp_path, capsys):
    job = {
        "format": "cstalk-job/1",
        "task": "test",
        "nonce": "n0",
        "result": str(tmp_path / "no" / "result.json"),
    }
    (tmp_path / "job.json").write_text(json.dumps(job), encoding="utf-8")
    cstalk_job.run(str(tmp_path / "job.json"))
    assert capsys.readouterr().out == "CSTALK-RESULT n0 error\n"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.one_of(st.text(max_size=300), st.sampled_from(["'\"\n", "../../x", "\ud800"])),
    do=st.sampled_from(["done", "ItemError"]),
)
def test_no_name_can_add_a_line_or_break_the_files(editor, send, name, do):
    read = send(items=[{"name": name, "asset": name, "do": do}])
    assert read["items"][0]["name"] == name
