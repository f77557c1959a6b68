"""`unreal status` lists the editors that answer, or says what to check; its exit code says which."""

import json

import pytest
from small_editor import SmallEditor

from cstalk_ue.cli import run


@pytest.fixture
def status(multicast_port, capsys):
    """A function that gives exit code, output and warnings of one call."""

    def call(*words, group=f"239.0.0.1:{multicast_port}", seconds="0.4"):
        words = ["--group", group, *words] if group else words
        code = run(["unreal", "status", "--bind", "0.0.0.0", "--seconds", seconds, *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def project(tmp_path):
    (tmp_path / "Game.uproject").write_text("{}")
    (tmp_path / "Config").mkdir()
    (tmp_path / "Config" / "DefaultEngine.ini").write_text(
        "[/Script/PythonScriptPlugin.PythonScriptPluginSettings]\n"
        "RemoteExecutionMulticastBindAddress=0.0.0.0\n"
    )
    return tmp_path / "Game.uproject"


def test_editors_are_listed(status, multicast_port):
    with (
        SmallEditor(multicast_port, name="Alpha") as a,
        SmallEditor(multicast_port, name="Beta", engine="5.4"),
    ):
        code, out, _ = status()
    assert code == 0 and "Check" not in out
    assert out.index("Alpha  /games/Game") < out.index("Beta  /games/Game")
    assert "engine 5.4, machine ws1, user artist, node" in out and a.node_id in out


def test_with_no_editor_it_says_what_to_check(status, multicast_port):
    code, out, _ = status()
    assert code == 1
    assert f"No editor answered within 0.4 s (group 239.0.0.1:{multicast_port}, bind address 0.0.0.0)." in out
    assert "Enable Remote Execution" in out and "Firewall" in out


def test_an_editor_with_another_project_is_not_the_one(status, multicast_port):
    with SmallEditor(multicast_port, name="Alpha"):
        code, out, _ = status("--project", "Beta")
        assert code == 1 and "No editor with the project 'Beta' answered" in out
        assert out.index("These answered:") < out.index("Alpha  /games/Game") < out.index("Check:")
        assert status("--project", "alpha")[0] == 0


def test_a_project_file_is_looked_into(status, multicast_port, project):
    with SmallEditor(multicast_port, root=str(project.parent) + "/"):
        code, out, err = status("--project", str(project))
        assert code == 0 and "Check" not in out
        assert "Warning: Game.uproject: the multicast bind address is 0.0.0.0, so anyone" in err
    code, out, err = status("--project", str(project.parent))
    assert code == 1 and "Game.uproject: remote execution is off in the project's files" in out
    assert f"its group is 239.0.0.1:6766, not 239.0.0.1:{multicast_port}" in out


def test_the_group_of_the_project_is_used_unless_told(status, multicast_port, project):
    with (project.parent / "Config" / "DefaultEngine.ini").open("a") as file:
        file.write(
            f"RemoteExecutionMulticastGroupEndpoint=239.0.0.1:{multicast_port}\nbRemoteExecution=True\n"
        )
    with SmallEditor(multicast_port, root=str(project.parent)):
        assert status("--project", str(project), group=None)[0] == 0


def test_json_holds_it_all(status, multicast_port, project):
    with SmallEditor(multicast_port, root=str(project.parent)) as a, SmallEditor(multicast_port, name="Ünï"):
        code, out, err = status("--json", "--project", str(project))
    report = json.loads(out)
    assert code == 0 and err == ""
    assert [node["node_id"] for node in report["editors"]] == [a.node_id]
    assert [node["project_name"] for node in report["other_editors"]] == ["Ünï"]
    assert report["client"] == {"group": f"239.0.0.1:{multicast_port}", "bind_address": "0.0.0.0"}
    assert report["project_files"]["bind_address"] == "0.0.0.0" and len(report["warnings"]) == 1
    code, out, _ = status("--json", seconds="0.2")
    report = json.loads(out)
    assert code == 1 and report["editors"] == [] and report["checks"] and report["project_files"] is None


def test_a_machine_that_cannot_look_says_why(status):
    code, out, _ = status("--bind", "192.0.2.77")
    assert code == 1 and "Cannot look for editors: --bind: 192.0.2.77 is no address of this machine" in out
    assert "Check:" in out and "answered" not in out


@pytest.mark.parametrize(
    "words",
    [["--group", "x"], ["--bind", "localhost"], ["--seconds", "0"], ["--project", "/nowhere/No.uproject"]],
    ids=" ".join,
)
def test_a_wrong_call_is_refused(status, words):
    code, out, err = status(*words)
    assert code == 2 and err.startswith("Error: ") and words[0] in err and out == ""
