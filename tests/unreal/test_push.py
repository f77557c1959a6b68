"""Curve files into the stand-in editor: what is there is right, and every line's fate is told."""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from read_back import reads_back
from tiny_checkpoint import save_tiny, write_wav
from ue_files import write_file

from cstalk_ue.cli import run
from cstalk_ue.unreal import open_editor
from cstalk_ue.unreal.curve_files import lines_of_paths
from cstalk_ue.unreal.destinations import parse_destination, with_assets
from cstalk_ue.unreal.push import PushSettings, push
from cstalk_ue.unreal.session import EditorSession

WHERE = parse_destination("/Game/CSTalk/{folder}/{name}")


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path, monkeypatch):
    """Jobs of an editor that is lost stay there, as it may still be writing."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


@pytest.fixture
def curves(tmp_path, rng) -> Path:
    """Three good files in two folders."""
    folder = tmp_path / "curves"
    for name in ("act_1/line_01", "act_1/line_02", "line_03"):
        write_file(folder / f"{name}.curves.npz", rng, frames=6)
    return folder


@pytest.fixture
def send(editor):
    """Push folders or files to a stand-in: ``send(stand_in, path, ...)``."""

    def send(stand_in, *paths, find_seconds=20.0, **settings):
        session = EditorSession(
            stand_in.settings.for_client(ping_seconds=0.2),
            stand_in.project_root,
            find_seconds=find_seconds,
            settle_seconds=0.2,
        )
        lines, _ = lines_of_paths(paths)
        with session:
            return push(with_assets(lines, WHERE), session, PushSettings("/Game/CSTalk", **settings))

    return send


def states(result) -> list[str]:
    return [item.status for item in result.items]


def test_files_become_assets_that_read_back(editor, send, curves):
    stand_in = editor()
    result = send(stand_in, curves)
    assert result.ok and states(result) == ["done"] * 3 and not result.stopped
    assert Path(result.project) == stand_in.project_root and result.engine_version.startswith("5.6")
    for name in ("act_1/line_01", "act_1/line_02", "line_03"):
        asset = stand_in.asset(f"/Game/CSTalk/{name}")
        assert reads_back(asset, curves / f"{name}.curves.npz") <= 1e-4 + 1e-6
        assert asset.tags["cstalk.emotion"] == "angry:0.7"
    figures = result.items[0].figures
    assert figures["curves_written"] == 260 and figures["missing"] == [] and figures["max_error"] <= 2e-4
    assert stand_in.faults() == [] == stand_in.modals()


def test_what_is_there_is_skipped_and_what_changed_is_written_again(editor, send, curves, rng):
    stand_in = editor()
    send(stand_in, curves)
    write_file(curves / "line_03.curves.npz", rng, frames=9)
    assert states(send(stand_in, curves, files_per_job=2)) == ["skipped", "skipped", "done"]
    assert [path for path in stand_in.saves() if path.endswith("line_03")] == ["/Game/CSTalk/line_03"] * 2
    assert len(stand_in.saves()) == 4


EDIT = """
sequence = unreal.EditorAssetLibrary.load_asset("/Game/CSTalk/line_03")
curve = unreal.AnimationCurveIdentifier()
curve.set_curve_identifier("CTRL_expressions_jawOpen", unreal.RawCurveTrackTypes.RCT_FLOAT)
sequence.controller.open_bracket("by hand", False)
sequence.controller.set_curve_keys(curve, [unreal.RichCurveKey(time=0.0, value=0.123)], False)
sequence.controller.close_bracket(False)
unreal.EditorAssetLibrary.save_loaded_asset(sequence, False)
"""


def test_an_asset_edited_by_hand_is_left_alone_unless_forced(editor, send, curves):
    stand_in = editor()
    send(stand_in, curves)
    stand_in.python(EDIT)
    result = send(stand_in, curves)
    assert states(result) == ["skipped", "skipped", "conflict"] and not result.ok
    assert "edited by hand" in result.items[2].message
    assert np.isclose(stand_in.asset("/Game/CSTalk/line_03").curves["CTRL_expressions_jawOpen"][1][0], 0.123)
    assert states(send(stand_in, curves, force=True)) == ["skipped", "skipped", "done"]


def test_bad_files_are_named_and_the_others_done(editor, send, curves, rng):
    (curves / "cut.curves.npz").write_bytes((curves / "line_03.curves.npz").read_bytes()[:5000])
    (curves / "text.curves.npz").write_text("no curves")
    write_file(curves / "slow.curves.npz", rng, frames=6, fps=60)
    (curves / "folder.curves.npz").mkdir()
    stand_in = editor()
    result = send(stand_in, curves, curves / "gone.curves.npz")
    bad = {item.name: item.message for item in result.items if item.status == "failed"}
    assert bad.keys() == {"cut", "text", "slow", "gone", "folder"}
    assert all(str(curves) in message for message in bad.values())
    assert "expected 30" in bad["slow"] and "no such file" in bad["gone"]
    assert result.count("done") == 3 and not result.ok and not result.stopped


def test_a_dry_run_changes_nothing(editor, send, curves):
    stand_in = editor()
    result = send(stand_in, curves, dry_run=True)
    assert states(result) == ["done"] * 3 and "Would make it" in result.items[0].message
    assert stand_in.saves() == [] and stand_in.events("create") == []


@pytest.mark.parametrize("behaviours", [["cut-reply=40"], ["no-reply"]], ids=str)
def test_an_answer_that_is_lost_is_found_on_the_disk(editor, send, curves, behaviours):
    stand_in = editor(behaviours)
    result = send(stand_in, curves, timeout_seconds=1.0)
    assert result.ok and not result.stopped and len(stand_in.saves()) == 3


def test_a_list_of_assets_that_is_still_loading_is_waited_for(editor, send, curves):
    stand_in = editor(["registry-ticks=60"])
    assert send(stand_in, curves).ok


def test_without_an_editor_nothing_is_done_and_that_is_said(editor, send, curves):
    stand_in = editor(start=False)
    result = send(stand_in, curves, find_seconds=0.3)
    assert states(result) == ["not_done"] * 3 and "No Unreal editor answers" in result.stopped


def test_an_editor_that_dies_keeps_what_is_done_and_the_next_push_goes_on(editor, send, curves):
    stand_in = editor(["die-after-saves=2"])
    result = send(stand_in, curves, files_per_job=1, find_seconds=1.0)
    assert states(result)[0] == "done" and states(result)[2] == "not_done" and result.stopped
    stand_in.restart([])
    result = send(stand_in, curves)
    assert result.ok and result.count("skipped") == 2
    assert sorted(stand_in.saves()) == sorted(set(stand_in.saves())) and len(stand_in.saves()) == 3


def test_within_a_job_what_was_done_before_the_end_is_told(editor, send, curves):
    """The result lines are on the disk, though no answer ever came."""
    stand_in = editor(["die-after-saves=2"])
    result = send(stand_in, curves, files_per_job=8, find_seconds=1.0)
    assert states(result)[0] == "done" and states(result)[2] == "not_done" and result.stopped


NAMES = ["it's", 'a "b"', "ü ñ", "x" * 200, "; import os", "a{name}", "%s", "新しい", "CON", "a\nb"]


def test_difficult_names_arrive(editor, send, curves):
    for name in NAMES:
        file = curves / "more" / f"{name}.curves.npz"
        file.parent.mkdir(exist_ok=True)
        try:
            shutil.copy(curves / "line_03.curves.npz", file)
        except OSError:
            continue  # no such name on this system
    stand_in = editor()
    result = send(stand_in, curves / "more")
    assert result.ok and len(result.items) >= 5, [item.message for item in result.items]
    assert sorted(stand_in.saves()) == sorted(item.asset for item in result.items)


def test_another_program_that_takes_the_connection_is_survived(editor, curves):
    """An editor has one connection, and the last to ask gets it."""
    stand_in = editor()
    client = stand_in.settings.for_client(ping_seconds=0.2)
    lines, _ = lines_of_paths([curves])
    taken = []

    def interfere(item):
        if not taken:
            with open_editor(session.node, client) as other:
                taken.append(other.run("print(1)", 60).lines)

    with EditorSession(client, stand_in.project_root, find_seconds=20.0, settle_seconds=0.2) as session:
        result = push(with_assets(lines, WHERE), session, PushSettings(files_per_job=1), on_item=interfere)
    assert taken == [["1"]] and result.ok and states(result) == ["done"] * 3
    assert len(stand_in.saves()) == 3


# The command


@pytest.fixture
def call(capsys):
    """Exit code, output and messages of ``cstalk-ue unreal push`` to a stand-in."""

    def call(stand_in, *words):
        words = (*map(str, words), "--group", stand_in.settings.group, "--bind", "0.0.0.0")
        code = run(["unreal", "push", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_the_command_reports(editor, call, curves, tmp_path):
    stand_in = editor()
    (curves / "bad.curves.npz").write_text("no curves")
    report = tmp_path / "reports" / "push.json"
    project = stand_in.project_root / "StandIn.uproject"
    code, out, err = call(
        stand_in, curves, "--project", project, "--report", report, "--destination", "/Game/VO"
    )
    assert code == 1 and "3 done, 1 failed." in out and "780 curves" in out
    assert "failed: bad (/Game/VO/bad)" in err
    told = json.loads(report.read_text())
    assert (
        told["format"] == "cstalk-push/1" and told["counts"]["done"] == 3 and told["totals"]["missing"] == []
    )
    assert {item["asset"] for item in told["items"] if item["status"] == "done"} == set(stand_in.saves())
    (curves / "bad.curves.npz").unlink()
    code, out, err = call(stand_in, curves, "--json", "--destination", "/Game/VO/{folder}/{name}")
    assert code == 0 and json.loads(out)["counts"]["skipped"] == 3 and err == ""


def test_a_manifest_says_which_lines(editor, call, curves, tmp_path):
    (tmp_path / "lines.csv").write_text(
        "file,name,decision,curves\n"
        "a.wav,act_1/line_01,approved,\n"
        "b.wav,act_1/line_02,rejected,\n"
        "c.wav,Third,approved,curves/line_03.curves.npz\n"
        "d.wav,fourth,approved,\n"
    )
    stand_in = editor()
    code, out, err = call(stand_in, curves, "--manifest", tmp_path / "lines.csv", "--decision", "approved")
    assert code == 1 and "2 done, 1 failed." in out and "fourth has no curves" in err
    assert sorted(stand_in.saves()) == ["/Game/CSTalk/Third", "/Game/CSTalk/act_1/line_01"]


def test_no_editor_is_one_sentence(editor, call, curves):
    code, out, err = call(editor(start=False), curves, "--seconds", "0.3")
    assert code == 1 and out == "3 not done.\n"
    assert err.count("\n") == 1 and err.startswith("Error: No Unreal editor answers.")


@pytest.mark.parametrize(
    "words",
    [[], ["empty"], ["a.curves.npz", "--destination", "/Engine/{name}"], ["empty", "--decision", "approved"],
     ["--manifest", "none.csv"], ["a.curves.npz", "--jobs-of", "0"]],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_call_is_exit_code_2(tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert run(["unreal", "push", *words]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("Error: ")


# After a prediction


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model") / "tiny")


def test_predict_can_push_what_it_makes(editor, model, tmp_path, capsys):
    for number, name in enumerate(("a", "b")):
        write_wav(tmp_path / "lines" / "scene" / f"{name}.wav", seed=number)
    stand_in = editor()
    words = ["predict", str(tmp_path / "lines"), "--model", str(model), "-o", str(tmp_path / "out"), "--push"]
    words += ["--destination", "/Game/VO", "--group", stand_in.settings.group, "--bind", "0.0.0.0"]
    assert run(words) == 0
    assert "2 done" in capsys.readouterr().out
    assert stand_in.saves() == ["/Game/VO/scene/a", "/Game/VO/scene/b"]
    assert run([*words, "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["skipped"] == 2 and "2 unchanged" in said.err
    assert len(stand_in.saves()) == 2


@pytest.mark.parametrize(
    "words",
    [["--push", "--format", "csv"], ["--push", "--fps", "60"], ["--push", "--destination", "/Engine"],
     ["--destination", "/Game/VO"]],
    ids=" ".join,
)  # fmt: skip
def test_what_predict_cannot_push_is_refused_before_anything_is_done(tmp_path, capsys, words):
    assert run(["predict", str(tmp_path / "a.wav"), "-o", str(tmp_path / "out"), *words]) == 2
    assert capsys.readouterr().err.startswith("Error: ") and not (tmp_path / "out").exists()
