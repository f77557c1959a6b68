"""Our client drives the stand-in editor, which has another author's idea of the protocol, and our scripts."""

import json
import time
from pathlib import Path

import pytest

from cstalk_ue.cli import run
from cstalk_ue.errors import EditorNotFoundError, EditorProtocolError, EditorScriptError, EditorTimeoutError
from cstalk_ue.unreal import choose_editor, command_for, find_editors, open_editor, read_sentinel

SCRIPTS = Path(__file__).resolve().parents[2] / "ue_scripts"


def find(stand_in, seconds=30.0):
    return find_editors(stand_in.settings.for_client(ping_seconds=0.2), seconds, settle_seconds=0.3)


def connect(stand_in, **changed):
    node = choose_editor(find(stand_in), stand_in.project_root)
    settings = {"ping_seconds": 0.2, "connect_seconds": 10.0} | changed
    return open_editor(node, stand_in.settings.for_client(**settings))


@pytest.fixture
def job(tmp_path):
    """A self-test to be done, in a folder with a difficult name."""
    folder = tmp_path / 'it\'s a "Jöb"'
    folder.mkdir()
    job = {
        "format": "cstalk-job/1",
        "task": "self_test",
        "nonce": "n1",
        "result": str(folder / "result.json"),
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    return folder / "job.json"


def test_our_scripts_do_a_job_and_the_sentinel_comes_back(editor, job):
    with connect(editor()) as connection:
        for _ in range(2):
            assert read_sentinel(connection.run(command_for(SCRIPTS, job), 20), "n1")
    result = json.loads((job.parent / "result.json").read_text(encoding="ascii"))
    assert result["ok"] and result["nonce"] == "n1" and result["items"][0]["status"] == "done"


def test_scripts_that_are_not_there_are_named(editor, tmp_path, job):
    with connect(editor()) as connection:
        result = connection.run(command_for(tmp_path / "gone", job), 10)
        with pytest.raises(EditorScriptError, match="No module named 'cstalk_job'"):
            read_sentinel(result, "n1")
        assert connection.run("print(1)", 10).lines == ["1"], (
            "a failed command leaves the connection as it was"
        )


@pytest.mark.parametrize(
    "behaviours", [["slow-tick=0.3"], ["split-reply=7"], ["noisy=3000"], ["stray-datagrams"], ["crlf-output"],
                   ["busy-at-start=1"]], ids=str
)  # fmt: skip
def test_the_job_is_done_in_spite_of_habits(editor, job, behaviours):
    with connect(editor(behaviours)) as connection:
        assert read_sentinel(connection.run(command_for(SCRIPTS, job), 30), "n1")


@pytest.mark.parametrize("behaviours", [["no-reply"], ["cut-reply=50"], ["modal-on-command=1"]], ids=str)
def test_without_a_whole_answer_there_is_an_error_in_time(editor, behaviours):
    with connect(editor(behaviours)) as connection:
        start = time.monotonic()
        with pytest.raises(EditorTimeoutError):
            connection.run("print(1)", 0.7)
        assert time.monotonic() - start < 30 and not connection.is_open


def test_an_editor_that_dies_is_noticed_at_once_and_can_be_found_when_it_is_back(editor, job):
    stand_in = editor(["die-on-command=1"])
    with connect(stand_in) as connection, pytest.raises(EditorProtocolError, match="ended, crashed"):
        connection.run("print(1)", 30)
    stand_in.restart([])
    with connect(stand_in) as connection:
        assert read_sentinel(connection.run(command_for(SCRIPTS, job), 20), "n1")


def test_after_a_client_that_timed_out_the_next_one_connects(editor):
    """It left while the editor was busy; the editor takes the new id and port for what they are."""
    stand_in = editor()
    with connect(stand_in) as connection, pytest.raises(EditorTimeoutError):
        connection.run("import time; time.sleep(1.5)", 0.3)
    with connect(stand_in) as connection:
        assert connection.run("print(2)", 10).lines == ["2"]
    assert stand_in.events("ignored") == [] == stand_in.events("lost")


def test_a_hundred_commands_none_lost_none_ignored(editor):
    stand_in = editor()
    with connect(stand_in) as connection:
        for number in range(100):
            assert connection.run(f"print({number})\n#{'x' * 7000}", 10).lines == [str(number)]
    assert len(stand_in.events("received")) == 100 and stand_in.events("lost") == []
    stand_in.wait_for("disconnected")


def test_several_editors_are_told_apart(editor):
    first, second = editor(), editor(project_name="Second", engine_version="5.4")
    nodes = find(first)
    assert {node.project_name: node.engine_version for node in nodes}.keys() == {"StandIn", "Second"}
    with pytest.raises(EditorNotFoundError, match="2 editors fit"):
        choose_editor(nodes)
    with connect(second) as connection:
        assert connection.run("print('second')", 10).success
    assert first.events("received") == [] and len(second.events("received")) == 1


def test_status_finds_it_by_its_project_file(editor, capsys):
    stand_in = editor()
    words = ["--group", stand_in.settings.group, "--bind", "0.0.0.0", "--seconds", "1.5"]
    project = str(stand_in.project_root / "StandIn.uproject")
    assert run(["unreal", "status", *words, "--project", project]) == 0
    assert "engine 5.6.0" in capsys.readouterr().out


def test_status_does_not_find_one_that_does_not_allow_it(editor, capsys):
    stand_in = editor(["remote-execution-off"])
    words = ["--group", stand_in.settings.group, "--bind", "0.0.0.0", "--seconds", "0.5"]
    assert run(["unreal", "status", *words]) == 1
    assert "Enable Remote Execution" in capsys.readouterr().out
