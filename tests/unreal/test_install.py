"""The plugin goes into a project and out again, and nothing else in the project changes."""

import json
import sys
from pathlib import Path

import pytest

from cstalk_ue.cli import run
from cstalk_ue.errors import UnrealError
from cstalk_ue.unreal.install import NOTE, SETTINGS, install, uninstall
from cstalk_ue.unreal.scripts import own_scripts, scripts_for

PYTHON = Path("Plugins/CSTalk/Content/Python")


@pytest.fixture
def project(tmp_path) -> Path:
    """A project with files of its own, also below Plugins."""
    root = tmp_path / "My Gäme"
    for name in ("Config/DefaultEngine.ini", "Plugins/Other/Other.uplugin", "Content/a.uasset"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("theirs")
    (root / "Game.uproject").write_text("{}")
    return root / "Game.uproject"


def content(project: Path) -> dict[str, bytes]:
    root = project.parent
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_installed_is_everything_the_editor_needs_and_nothing_else_changes(project):
    before = content(project)
    install(project)
    after = content(project)
    assert {name: data for name, data in after.items() if name in before} == before
    new = set(after) - set(before)
    assert all(name.startswith("Plugins/CSTalk/") for name in new)
    scripts = {f"{PYTHON.as_posix()}/{path.name}" for path in own_scripts().glob("cstalk_*.py")}
    assert (
        scripts < new
        and f"{PYTHON.as_posix()}/init_unreal.py" in new
        and "Plugins/CSTalk/CSTalk.uplugin" in new
    )
    assert not any("__init__" in name or "__pycache__" in name for name in new)
    settings = json.loads(after[f"Plugins/CSTalk/{SETTINGS}"])
    assert settings == {"format": "cstalk-settings/1", "python": sys.executable}


def test_uninstalling_leaves_the_project_as_it_was(project):
    before = content(project)
    install(project)
    compiled = project.parent / PYTHON / "__pycache__" / "cstalk_job.cpython-311.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"made by the editor")
    changes = uninstall(project)
    assert content(project) == before and not changes.kept
    assert not (project.parent / "Plugins" / "CSTalk").exists()


def test_a_dry_run_changes_nothing(project):
    before = content(project)
    written = install(project, dry_run=True).written
    assert content(project) == before
    assert install(project).written == written
    installed = content(project)
    assert set(uninstall(project, dry_run=True).removed) == set(written)
    assert content(project) == installed


def test_installing_again_changes_nothing_and_brings_old_files_up_to_date(project):
    install(project)
    before = content(project)
    assert install(project).written == () and content(project) == before
    # As an older version would have left it.
    folder = project.parent / "Plugins" / "CSTalk"
    note = json.loads((folder / NOTE).read_text())
    for name in ("Content/Python/cstalk_job.py", "Content/Python/cstalk_gone.py"):
        (folder / name).write_text("# old\n")
        note["files"][name] = "99b4e7a5e2e2a3a2"
    from cstalk_ue.storage import sha256_file

    note["files"] |= {
        name: sha256_file(folder / name)
        for name in ("Content/Python/cstalk_job.py", "Content/Python/cstalk_gone.py")
    }
    (folder / NOTE).write_text(json.dumps(note))
    changes = install(project)
    assert changes.written == ("Content/Python/cstalk_job.py",)
    assert changes.removed == ("Content/Python/cstalk_gone.py",)
    assert content(project) == before


def test_settings_of_the_studio_stay(project):
    install(project)
    file = project.parent / "Plugins/CSTalk" / SETTINGS
    mine = json.loads(file.read_text()) | {"destination": "/Game/VO", "python": "gone"}
    file.write_text(json.dumps(mine))
    install(project)
    assert json.loads(file.read_text()) == mine | {"python": sys.executable}
    assert uninstall(project).kept == (SETTINGS,)


def test_what_somebody_changed_is_kept_and_named(project, capsys):
    install(project)
    script, settings = (
        project.parent / PYTHON / "cstalk_menu.py",
        project.parent / "Plugins/CSTalk" / SETTINGS,
    )
    script.write_text("# mine\n")
    settings.write_text(json.dumps({"format": "cstalk-settings/1", "destination": "/Game/VO"}))
    (project.parent / PYTHON / "extra.py").write_text("# mine too\n")
    with pytest.raises(UnrealError, match=r"cstalk_menu\.py was changed"):
        install(project)
    assert run(["unreal", "install", str(project), "--uninstall"]) == 1
    assert "cstalk_menu.py" in capsys.readouterr().err
    left = {path.name for path in (project.parent / "Plugins/CSTalk").rglob("*") if path.is_file()}
    assert left == {"cstalk_menu.py", "cstalk_settings.json", "extra.py"}
    assert script.read_text() == "# mine\n"


def test_files_of_somebody_else_in_the_way_are_not_replaced(project):
    (project.parent / PYTHON).mkdir(parents=True)
    (project.parent / PYTHON / "cstalk_job.py").write_text("theirs")
    before = content(project)
    with pytest.raises(UnrealError, match="not installed by this program"):
        install(project)
    assert content(project) == before


@pytest.mark.parametrize("name", ["../Other/Other.uplugin", "/etc/x", "..\\x", "C:/x", "a/../../x", NOTE])
def test_a_note_that_points_elsewhere_is_not_believed(project, name):
    install(project)
    file = project.parent / "Plugins/CSTalk" / NOTE
    note = json.loads(file.read_text())
    note["files"][name] = "0" * 64
    file.write_text(json.dumps(note))
    before = content(project)
    with pytest.raises(UnrealError, match="is damaged"):
        uninstall(project)
    assert content(project) == before


def test_a_linked_folder_is_not_written_through(project, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    try:
        (project.parent / "Plugins" / "CSTalk").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    except OSError as error:
        pytest.skip(f"no links on this machine ({error})")
    with pytest.raises(UnrealError, match="is a link"):
        install(project)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_an_interrupted_installation_can_be_repeated(project, monkeypatch):
    """The note is written before the files, so what is there half-way is known as ours."""
    import cstalk_ue.unreal.install as module

    real, count = module.whole_file, iter(range(100))

    def whole_file(path):
        if next(count) == 5:
            raise KeyboardInterrupt
        return real(path)

    monkeypatch.setattr(module, "whole_file", whole_file)
    with pytest.raises(KeyboardInterrupt):
        install(project)
    monkeypatch.undo()
    install(project)
    assert set(uninstall(project).kept) == set()


# The command


def test_it_says_what_to_switch_on_and_warns_of_an_open_address(project, capsys):
    assert run(["unreal", "install", str(project)]) == 0
    said = capsys.readouterr()
    assert "Enable Remote" in said.out and "Python Editor Script Plugin" in said.out and said.err == ""
    (project.parent / "Config" / "DefaultEngine.ini").write_text(
        "[/Script/PythonScriptPlugin.PythonScriptPluginSettings]\n"
        "bRemoteExecution=True\nRemoteExecutionMulticastBindAddress=0.0.0.0\n"
    )
    assert run(["unreal", "install", str(project)]) == 0
    said = capsys.readouterr()
    assert "nothing to do" in said.out and "Remote execution is on" in said.out
    assert "anyone on this network" in said.err


@pytest.mark.parametrize(
    "words", [["gone.uproject"], ["Game.uproject", "--uninstall"], ["notes.txt"]], ids=" ".join
)
def test_what_cannot_be_done_is_one_sentence(project, words, monkeypatch, capsys):
    monkeypatch.chdir(project.parent)
    (project.parent / "notes.txt").touch()
    assert run(["unreal", "install", *words]) == 1
    assert capsys.readouterr().err.count("\n") == 1


# In an editor


def test_the_editor_uses_the_scripts_of_the_plugin_while_they_are_ours(project):
    root = str(project.parent)
    assert scripts_for(root) == scripts_for("") == own_scripts()
    install(project)
    assert scripts_for(root) == project.parent / PYTHON
    (project.parent / PYTHON / "cstalk_job.py").write_text("# another version\n")
    assert scripts_for(root) == own_scripts()


@pytest.mark.parametrize("installed", [False, True])
def test_the_self_test_tells_in_plain_words(editor, capsys, installed):
    stand_in = editor()
    if installed:
        install(stand_in.project_root / "StandIn.uproject")
    words = ["--group", stand_in.settings.group, "--bind", "0.0.0.0"]
    assert run(["unreal", "self-test", *words]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Passed.\nThree frames") and "Face_Archetype_Skeleton" in out
    assert stand_in.saves() == ["/Game/CSTalk/SelfTest/CSTalk_SelfTest"]
    assert run(["unreal", "self-test", "--json", "--dry-run", *words]) == 0
    assert json.loads(capsys.readouterr().out)["facts"]["apis"]["AnimSequenceFactory"] is True


def test_a_self_test_that_fails_says_why(editor, capsys):
    stand_in = editor(empty=True)
    assert run(["unreal", "self-test", "--group", stand_in.settings.group, "--bind", "0.0.0.0"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("Not passed.\n") and "No skeleton" in out
