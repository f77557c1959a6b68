"""`evaluate` and `figures` on the command line: what they print, write and refuse."""

import csv
import json

import pytest
from tiny_checkpoint import save_tiny

from cstalk_ue.cli import run
from cstalk_ue.evaluate.stored_tables import TABLES_FILE


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("model") / "tiny")


def test_a_model_and_the_mean_face_are_measured_and_every_number_is_defined(two_takes, model, capsys):
    assert run(["evaluate", str(two_takes.folder), "--model", str(model), "--model", "mean"]) == 0
    out = capsys.readouterr().out
    assert "tiny" in out and "mean" in out and "2 takes" in out
    assert "LVE: Largest distance" in out and "rig units" in out


def test_json_and_csv_hold_the_same(two_takes, model, capsys, tmp_path):
    table = tmp_path / "found.csv"
    arguments = ["evaluate", str(two_takes.folder), "--model", "mean", "--json", "--csv", str(table)]
    assert run(arguments) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["format"] == "cstalk-evaluation/1"
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    lve = next(row for row in rows if row["measure"] == "lve_mm")
    assert float(lve["value"]) == pytest.approx(data["results"][0]["figures"]["lve_mm"]["value"])


def test_a_correlation_module_adds_its_accuracy_and_the_distance_of_scores(performed, correlation, capsys):
    arguments = ["evaluate", str(performed.folder), "--model", "mean", "--correlation", str(correlation)]
    assert run([*arguments, "--limit", "1"]) == 0
    out = capsys.readouterr().out
    assert "score distance (share)" in out and "emotion seen (correlation)" in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--split", "validation"], 1, "no take is in the split 'validation'"),
        (["--split", "dress rehearsal"], 2, "'dress rehearsal' is not one of"),
        (["--model", "nowhere"], 2, "'nowhere': no such folder; expected a checkpoint folder, bundled"),
        (["--seeds", "2"], 2, "--seeds needs --table"),
        (["--table", "1", "--model", "mean"], 2, "--model has no use with --table"),
        (["--table", "3"], 2, "'3' is not one of"),
        (["--table", "1", "--method", "magic"], 2, "method 'magic' is in none of these tables"),
        (["--table", "1", "--set", "fit_generator.stepps=2"], 2, "did you mean steps"),
    ],
)
def test_calls_that_cannot_be_meant_are_refused_in_one_line(two_takes, capsys, arguments, code, message):
    assert run(["evaluate", str(two_takes.folder), *arguments]) == code
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.err.startswith("Error: ") and shown.err.count("\n") == 1
    assert shown.out == ""


def test_a_folder_that_is_no_data_set_is_refused(tmp_path, capsys):
    assert run(["evaluate", str(tmp_path)]) == 1
    assert "is not a data set" in capsys.readouterr().err


def test_a_model_for_other_controls_is_refused(two_takes, model, tmp_path, capsys):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes((model / "model.safetensors").read_bytes())
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    config["controls"][0] = "jawOpen"
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert run(["evaluate", str(two_takes.folder), "--model", str(folder)]) == 1
    assert "made for other controls, such as jawOpen" in capsys.readouterr().err


def test_figures_draws_the_pictures_and_one_page(
    performed, correlation, model, tmp_path, capsys, monkeypatch
):
    out = tmp_path / "figures"
    arguments = [
        "figures",
        str(performed.folder),
        "--model",
        str(model),
        "--against",
        "mean",
        "--frames",
        "2",
    ]
    assert run([*arguments, "-o", str(out), "--no-measure"]) == 0
    assert {file.name for file in out.iterdir()} == {"emotions.png", "methods.png", "index.html"}
    text = (out / "index.html").read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 2 and "tiny on" in text
    assert "2 pictures" in capsys.readouterr().out


def test_figures_refuses_a_take_that_is_not_there_and_tables_that_were_never_made(
    two_takes, tmp_path, capsys
):
    base = ["figures", str(two_takes.folder), "--model", "mean", "-o", str(tmp_path / "o"), "--no-measure"]
    assert run([*base, "--take", "hamlet"]) == 2
    assert "take 'hamlet'" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run([*base, "--frames", "1", "--tables", str(empty)]) == 1
    assert f"{TABLES_FILE}: cannot be read" in capsys.readouterr().err
