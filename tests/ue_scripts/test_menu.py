"""The menu in the fake editor: there once, when the main menu is; its entries work and open no window."""

import importlib
import json
import runpy
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from editor_scripts import SCRIPTS, forget_scripts
from stand_in.fake_unreal import project
from ue_files import write_file

PLUGIN = SCRIPTS / "plugin" / "CSTalk"
INIT = PLUGIN / "Content" / "Python" / "init_unreal.py"
PCM = np.arange(4800, dtype="<i2").tobytes()
KINDS = ("Emotions", "Convert", "Files", "Help")


def tick(world, count=1):
    for _ in range(count):
        world.ticks += 1
        for callback in list(world.tick_callbacks.values()):
            callback(1 / 60)


def start_up(world):
    """What the editor does at start: it runs the file, then it ticks."""
    runpy.run_path(str(INIT))
    tick(world, 10)


def commands(world) -> dict[str, str]:
    """Python of every entry of our menu."""
    found = {}
    for name, menu in world.menus.items():
        if name.startswith("LevelEditor.MainMenu.CSTalk"):
            found |= {entry: value._command for entry, value in menu._entries.items()}
    return found


def choose(world, entry: str) -> None:
    exec(compile(commands(world)[entry], "menu", "exec"), {})  # as the editor does


def log(world, kind="Info") -> list[str]:
    return [text for of_kind, text in world.log_lines if of_kind == kind and text.startswith("CSTalk")]


@pytest.fixture
def installed(world, tmp_path, monkeypatch):
    """The settings file beside copies of the scripts, as after `cstalk-ue unreal install`."""
    folder = tmp_path / "plugin"
    folder.mkdir()
    for script in SCRIPTS.glob("cstalk_*.py"):
        (folder / script.name).write_bytes(script.read_bytes())
    monkeypatch.setattr(sys, "path", [str(folder), *(p for p in sys.path if p != str(SCRIPTS))])
    forget_scripts()

    def write(**settings):
        text = json.dumps({"format": "cstalk-settings/1", "work_folder": str(tmp_path / "work"), **settings})
        (folder / "cstalk_settings.json").write_text(text, encoding="utf-8")

    write()
    return write


# Start


def test_the_menu_appears_once_the_main_menu_is_there(world):
    world.behaviours["menu-ticks"] = 5
    runpy.run_path(str(INIT))
    tick(world, 4)
    assert commands(world) == {}
    tick(world, 2)
    first = commands(world)
    assert len(first) == 19
    assert world.tick_callbacks == {}
    start_up(world)
    forget_scripts()
    start_up(world)
    assert commands(world) == first
    assert [text for kind, text in world.log_lines if kind != "Info"] == []
    assert world.faults == []


@pytest.mark.parametrize("broken", [None, "raise RuntimeError('x')"])
def test_nothing_gets_out_of_the_start_up_script(world, monkeypatch, tmp_path, broken):
    forget_scripts()
    if broken:
        (tmp_path / "cstalk_menu.py").write_text(broken)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *(p for p in sys.path if p != str(SCRIPTS))])
    runpy.run_path(str(INIT))
    (told,) = log(world, "Error")
    assert ("unreal install" in told) == (broken is None)
    world.log_lines.clear()
    monkeypatch.setitem(sys.modules, "unreal", None)
    runpy.run_path(str(INIT))


def test_entries_are_fixed_lines_of_python(world):
    start_up(world)
    for command in commands(world).values():
        module, call = command.split("; ")
        assert module == "import cstalk_actions"
        assert call.startswith("cstalk_actions.")
        function = call.removeprefix("cstalk_actions.").partition("(")[0]
        assert callable(getattr(importlib.import_module("cstalk_actions"), function))


def test_every_entry_answers_in_words_and_opens_nothing(world, installed):
    """With nothing selected and nothing set, in any order."""
    start_up(world)
    for entry in commands(world):
        world.log_lines.clear()
        choose(world, entry)
        assert len(log(world) + log(world, "Error")) >= 1, entry
    assert (world.modals, world.faults, world.undo_steps) == ([], [], 0)


def test_every_action_has_a_dry_run(world, installed, tmp_path, rng):
    write_file(tmp_path / "a.curves.npz", rng, frames=4)
    page = tmp_path / "work" / "review.html"
    page.parent.mkdir()
    page.write_text("")
    installed(import_folder=str(tmp_path))
    actions = importlib.import_module("cstalk_actions")
    project.fill(
        world,
        [
            project.sound("/Game/S/V", PCM),
            project.sequence("/Game/T", {"CTRL_expressions_jawOpen": ([0], [1])}, frames=3),
        ],
    )
    load = sys.modules["unreal"].EditorAssetLibrary.load_asset
    world.selected_assets = [load("/Game/S/V"), load("/Game/T")]
    assert (
        actions.convert("angry", 0.5, dry_run=True)
        == "Would convert 1 sounds, the first to /Game/CSTalk/S/V."
    )
    assert actions.import_curve_files(dry_run=True) == "Would import 1 files, the first to /Game/CSTalk/a."
    assert actions.export_takes(dry_run=True).startswith("Would export 1 of 1 takes")
    assert "Would make it" in actions.self_test(dry_run=True)
    assert actions.open_review_page(dry_run=True) == f"Would open {page}."
    assert actions.cancel(dry_run=True) == "Nothing is running."
    assert world.calls["AssetTools.create_asset"] == 0
    assert [event for event in world.events if event["kind"] == "launch_url"] == []


# Working


def test_curve_files_are_imported_one_per_tick(world, installed, tmp_path, rng):
    (tmp_path / "in" / "scene").mkdir(parents=True)
    for name in ("a", "scene/b", "scene/c ä"):
        write_file(tmp_path / "in" / f"{name}.curves.npz", rng, frames=4)
    (tmp_path / "in" / "bad.curves.npz").write_bytes(b"")
    installed(import_folder=str(tmp_path / "in"), destination="/Game/Lines")
    start_up(world)
    choose(world, "import")
    tick(world)
    assert world.calls["AssetTools.create_asset"] <= 1
    choose(world, "import")
    assert "already" in log(world, "Error")[0]
    tick(world, 10)
    made = sorted(path for path in world.assets if path.startswith("/game/lines"))
    assert made[:2] == ["/game/lines/a", "/game/lines/scene/b"]
    assert made[2].startswith("/game/lines/scene/c___")
    assert any("/Game/Lines/bad: " in text for text in log(world, "Error"))
    assert log(world)[-1] == "CSTalk: 3 of 4 files are imported."
    assert world.tick_callbacks == {}
    assert (world.modals, world.faults, world.undo_steps) == ([], [], 0)


STUDIO_PYTHON = """#!{python}
import sys
sys.path[:0] = {paths}
import csv, json, time
from pathlib import Path
arguments = sys.argv[1:]
assert arguments[:3] == ["-m", "cstalk_ue", "predict"], arguments
assert not any(name in __import__("os").environ for name in ("PYTHONPATH", "PYTHONHOME"))
options = dict(zip(arguments[3::2], arguments[4::2]))
table = Path(options["--manifest"])
Path({seen!r}).write_text(table.read_text())
while {slow} and True: time.sleep(0.05)
from ue_files import write_file
import numpy
for row in csv.DictReader(table.open()):
    assert (table.parent / row["file"]).read_bytes()[:4] == b"RIFF"
    made = Path(options["--output"]) / (row["name"] + ".curves.npz")
    write_file(made, numpy.random.default_rng(1), frames=5)
print(json.dumps({{"lines": []}}))
"""


@pytest.fixture
def studio_python(tmp_path, installed, monkeypatch):
    """A stand-in for our Python: makes curves at random for the lines it is given."""

    def make(slow=False, **settings) -> Path:
        script = tmp_path / "python"
        paths = [p for p in sys.path if p] + [str(Path(__file__).parents[1])]
        seen = str(tmp_path / "seen.csv")
        text = STUDIO_PYTHON.format(python=sys.executable, paths=paths, seen=seen, slow=slow)
        script.write_text(text, encoding="utf-8")
        script.chmod(0o755)
        installed(python=str(script), **settings)
        monkeypatch.setenv("PYTHONHOME", "/nowhere")
        return Path(seen)

    if sys.platform == "win32":
        pytest.skip("the stand-in for our Python is a script with a first line")
    return make


def select(world, *names):
    project.fill(world, [project.sound(f"/Game/S/{name}", PCM) for name in names])
    world.selected_assets = [
        sys.modules["unreal"].EditorAssetLibrary.load_asset(f"/Game/S/{name}") for name in names
    ]


def tick_until_done(world, seconds=60):
    end = time.monotonic() + seconds
    while world.tick_callbacks and time.monotonic() < end:
        tick(world)
        time.sleep(0.005)
    assert world.tick_callbacks == {}, "still running"


def test_selected_sounds_become_curves(world, studio_python):
    seen = studio_python()
    start_up(world)
    select(world, "Line_01", "Line_02")
    choose(world, "angry_60")
    tick_until_done(world)
    assert log(world, "Error") == []
    assert log(world)[-1] == "CSTalk: Finished: 2 done."
    assert [row.split(",")[1:] for row in seen.read_text().splitlines()[1:]] == [
        ["line_0001", "angry", "0.6"],
        ["line_0002", "angry", "0.6"],
    ]
    assert "/game/cstalk/s/line_01" in world.assets
    library = sys.modules["unreal"].EditorAssetLibrary
    assert (
        library.get_metadata_tag(library.load_asset("/Game/CSTalk/S/Line_01"), "cstalk.emotion")
        == "angry:0.7"
    )
    assert (world.modals, world.faults, world.undo_steps) == ([], [], 0)


def test_the_manifest_chooses_lines_and_emotions(world, studio_python, tmp_path):
    manifest = tmp_path / "m.csv"
    manifest.write_text("file,emotion\nline_02.wav,0=neutral 1=sad:0.5\nother.wav,angry\n")
    seen = studio_python(manifest=str(manifest))
    start_up(world)
    select(world, "Line_01", "Line_02")
    choose(world, "manifest")
    tick_until_done(world)
    assert log(world)[-1] == "CSTalk: Finished: 1 done."
    assert seen.read_text().splitlines()[1].endswith("line_0002,0=neutral 1=sad:0.5,1")


@pytest.mark.parametrize("how", ["menu", "shutdown"])
def test_cancel_and_closing_the_editor_end_the_process(world, studio_python, how):
    seen = studio_python(slow=True)
    start_up(world)
    select(world, "Line_01")
    choose(world, "neutral")
    end = time.monotonic() + 30
    while not seen.exists() and time.monotonic() < end:
        tick(world)
        time.sleep(0.01)
    work = getattr(sys.modules["unreal"], "_cstalk_running").work  # noqa: B009
    if how == "menu":
        choose(world, "cancel")
    else:
        for callback in list(world.shutdown_callbacks.values()):
            callback()
    assert work.state == "cancelled"
    while work._process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    assert work._process.poll() is not None
    assert world.tick_callbacks == {}


def test_without_our_python_the_remedy_is_told(world, installed):
    start_up(world)
    select(world, "Line_01")
    choose(world, "neutral")
    assert "Run `cstalk-ue unreal install` again" in log(world, "Error")[0]
    assert world.tick_callbacks == {}


def test_the_plugin_file_is_content_only_and_of_our_version():
    from cstalk_ue.version import __version__

    plugin = json.loads((PLUGIN / "CSTalk.uplugin").read_text(encoding="utf-8"))
    assert plugin["VersionName"] == __version__
    assert plugin["Modules"] == []
    assert {each["Name"] for each in plugin["Plugins"]} == {"PythonScriptPlugin", "EditorScriptingUtilities"}
