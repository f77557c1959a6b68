"""`dataset check` and `report` as they are called: tables, JSON, exit codes."""

import json
from dataclasses import replace

import pytest
from checked_sets import RULES, clean_takes, make_set

from cstalk_ue.cli import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_set(tmp_path_factory.mktemp("good"), clean_takes()).folder


def test_a_fit_set_exits_with_0(folder, capsys):
    assert run(["dataset", "check", str(folder), "--takes", "--controls", "--deep"]) == 0
    text = capsys.readouterr().out
    assert "Verdict: fit to train on (0 errors, 0 warnings)." in text
    assert "gate-angry" in text and "CTRL_C_jaw.ty" in text and "agreed" in text


def test_an_unfit_set_exits_with_1_and_says_why(tmp_path, capsys):
    takes = list(clean_takes())
    takes[0] = replace(takes[0], name="tur\x1b[31mned", samples=None)
    make_set(tmp_path / "bad", takes)
    assert run(["dataset", "check", str(tmp_path / "bad")]) == 1
    text = capsys.readouterr().out
    assert "NOT fit (1 error, 0 warnings)" in text
    assert "error no-sound" in text and "tur·[31mned" in text
    assert "\x1b" not in text


def test_json_is_the_whole_result(folder, capsys):
    assert run(["dataset", "check", str(folder), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["format"] == "cstalk-check/1"
    assert data["counts"]["error"] == 0 and len(data["takes"]) == 25


@pytest.mark.parametrize("text", ["errors = ['retakes', 'few-takes']\ntarget_per_emotion = 6\n",
                                  "[rules]\nerrors = ['few-takes']\ntarget_per_emotion = 6\n"])  # fmt: skip
def test_rules_of_a_file_go_before_those_of_the_set(folder, tmp_path, text, capsys):
    (tmp_path / "rules.toml").write_text(text, encoding="utf-8")
    assert run(["dataset", "check", str(folder), "--rules", str(tmp_path / "rules.toml")]) == 1
    out = capsys.readouterr().out
    assert "error few-takes" in out
    # shortest_seconds stays as the set has it
    assert RULES.shortest_seconds == 3.5 and "too-short" not in out


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("least_snr_bd = 3", "least_snr_db"),
        ("errors = ['clipped']", "clipped"),
        ("most_clipped_share = 2.0", "0 to 1"),
        ("errors = ['retakes']\nignored = ['retakes']", "more than once"),
        ("shortest_seconds = 10.0", "rising pair"),
        ("rules = 3", "table"),
    ],
)
def test_wrong_rules_are_a_wrong_call(folder, tmp_path, rules, expected, capsys):
    (tmp_path / "rules.toml").write_text(rules, encoding="utf-8")
    assert run(["dataset", "check", str(folder), "--rules", str(tmp_path / "rules.toml")]) == 2
    assert expected in capsys.readouterr().err


def test_no_data_set_is_named(tmp_path, capsys):
    assert run(["dataset", "check", str(tmp_path)]) == 1
    assert "is not a data set" in capsys.readouterr().err
    assert run(["dataset", "check", str(tmp_path / "nowhere")]) == 2


def test_a_report_is_written(folder, tmp_path, capsys):
    sheet = tmp_path / "sheet.html"
    assert run(["dataset", "report", str(folder), "-o", str(sheet), "--title", "Tuesday"]) == 0
    assert "fit to train on" in capsys.readouterr().out
    assert "<title>Tuesday</title>" in sheet.read_text(encoding="utf-8")
