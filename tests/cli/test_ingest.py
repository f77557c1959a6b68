"""`ingest` makes a data set of captures and says what became of them; `dataset split` divides it anew."""

import json
import shutil
from pathlib import Path

import pytest

from cstalk_ue.cli import run
from ingest.data_set import open_data_set


def code_and_output(capsys, *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = run(list(map(str, arguments)))
    seen = capsys.readouterr()
    return code, seen.out, seen.err


@pytest.fixture
def takes(shared_data, tmp_path) -> Path:
    """Real phone takes in folders by performer and emotion, as a team sorts them."""
    source = shared_data / "live_link_face" / "neurosync_player"
    if not source.is_dir():
        pytest.skip("these captures are not beside this checkout")
    for number, path in enumerate(sorted(source.glob("*.csv"))[:3]):
        emotion = path.name.split("_")[0]
        target = tmp_path / "takes" / "Ann" / emotion / f"L{number}_1.csv"
        target.parent.mkdir(parents=True)
        shutil.copy(path, target)
    return tmp_path / "takes"


def test_a_folder_of_takes_becomes_a_data_set_and_the_second_call_reads_nothing(takes, tmp_path, capsys):
    call = (
        "ingest", "live-link-face", takes, "-o", tmp_path / "set", "--jobs", 1,
        "--name-pattern", "{line}_{take}", "--folder-pattern", "{performer}/{emotion}",
    )  # fmt: skip
    code, out, err = code_and_output(capsys, *call)
    assert code == 0, err
    assert out.startswith("3 new, 0 failed. 3 takes in ") and f"dataset check {tmp_path / 'set'}" in out
    data_set = open_data_set(tmp_path / "set")
    assert {(row.performer, row.line, row.take_number) for row in data_set.records} == {
        ("Ann", f"L{number}", 1) for number in range(3)
    }
    assert {row.emotion for row in data_set.records} == {"angry", "neutral", "sad"}
    assert "Note: no-audio" in err
    code, out, _ = code_and_output(capsys, *call)
    assert code == 0 and out.startswith("3 unchanged, 0 failed.")


def test_failures_are_named_once_and_cost_the_exit_code(takes, tmp_path, capsys):
    good = next(takes.rglob("L0_1.csv"))
    lines = good.read_text().split("\n")
    (takes / "Ann" / "broken.csv").write_text("\n".join([lines[0], *(line[:9] for line in lines[1:])]))
    call = ("ingest", "live-link-face", takes, "-o", tmp_path / "set", "--jobs", 1)
    code, out, err = code_and_output(capsys, *call)
    assert code == 1 and "3 new, 1 failed." in out and "failed.csv" in out
    assert err.count("broken.csv") == 1
    code, out, err = code_and_output(capsys, *call, "--json")
    told = json.loads(out)
    assert code == 1 and (told["unchanged"], told["failed"]) == (3, 1)
    assert [take["name"] for take in told["takes"] if take["status"] == "failed"] == ["broken"]
    assert told["splits"] == {"train": 3, "validation": 0, "test": 0, "excluded": 0}
    assert told["emotions"]["sad"]["takes"] == 1 and 0 < told["kept_controls"] < 185


def test_a_manifest_with_a_bad_line_labels_the_rest(takes, tmp_path, capsys):
    manifest = tmp_path / "m.csv"
    manifest.write_text("name,emotion,split\nL0_1,happy,test\nL1_1,hapy,\n")
    call = ("ingest", "live-link-face", takes, "-o", tmp_path / "set", "--jobs", 1, "--manifest", manifest)
    code, out, err = code_and_output(capsys, *call)
    assert code == 1 and "0 failed" in out
    assert "line 3: emotion 'hapy'" in err and "Note: label-conflict: L0_1: emotion is 'happy'" in err
    rows = {row.name: row for row in open_data_set(tmp_path / "set").records}
    assert (rows["L0_1"].emotion, rows["L0_1"].split) == ("happy", "test")


def test_tables_and_solves_go_into_the_same_data_set(shared_data, tmp_path, capsys):
    solves = shared_data / "metahuman_animator"
    if not solves.is_dir():
        pytest.skip("no solve beside this checkout")
    call = ("-o", tmp_path / "set", "--jobs", 1)
    code, out, _ = code_and_output(
        capsys, "ingest", "metahuman-animator", solves, "--emotion", "happy", *call
    )
    assert code == 0 and "Controls: 114 of 185" in out
    table = tmp_path / "short.npy"
    shutil.copy(shared_data / "paired" / "facegood" / "bs_value_1114_3_15.npy", table)
    code, out, _ = code_and_output(
        capsys, "ingest", "table", table, "--rigmap", "facegood", "--emotion", "neutral", *call
    )
    assert code == 0 and out.startswith("1 new, 0 failed. 2 takes in ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["x", "-o", "set"], "x: no such file"),
        (["-o", "set"], "Missing argument 'PATHS...'"),
        (["takes"], "Missing option '-o'"),
        (["takes", "-o", "set", "--emotion", "hapy"], "Did you mean 'happy'"),
        (["takes", "-o", "set", "--emotion", "fear"], "'fear' is not one of"),
        (["takes", "-o", "set", "--intensity", "2"], "--intensity"),
        (["takes", "-o", "set", "--name-pattern", "{actor}"], "'{actor}'"),
        (["takes", "-o", "set", "--manifest", "none.csv"], "none.csv: no such file"),
        (["takes", "-o", "set", "--audio", "none"], "none"),
        (["takes", "-o", "takes"], "is no data set and not empty"),
    ],
)
def test_wrong_calls_make_nothing(arguments, told, takes, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    code, out, err = code_and_output(capsys, "ingest", "live-link-face", *arguments)
    # What depends on files that are there is 1, what is wrong in any case 2.
    assert code == (1 if arguments[0] == "x" or arguments[-2:] == ["-o", "takes"] else 2)
    assert told in err and err.count("\n") == 1 and not out
    assert sorted(tmp_path.rglob("*")) == before


def test_a_data_set_can_be_divided_anew(takes, tmp_path, capsys):
    code_and_output(capsys, "ingest", "live-link-face", takes, "-o", tmp_path / "set", "--jobs", 1)
    toml = tmp_path / "set" / "dataset.toml"
    text = toml.read_text(encoding="utf-8")
    assert "constant_tolerance = " in text
    start = text.index("constant_tolerance = ")
    toml.write_text(text.replace(text[start:].split("\n")[0], "constant_tolerance = 0.5"), encoding="utf-8")
    kept = open_data_set(tmp_path / "set").require_statistics().kept.sum()
    (tmp_path / "set" / "takes.csv").unlink()
    code, out, _ = code_and_output(capsys, "dataset", "split", tmp_path / "set", "--jobs", 1)
    assert code == 0 and out.splitlines()[0].split()[:2] == ["takes", "groups"]
    assert len(open_data_set(tmp_path / "set").records) == 3
    assert open_data_set(tmp_path / "set").require_statistics().kept.sum() < kept
    code, out, _ = code_and_output(capsys, "dataset", "split", tmp_path / "set", "--json", "--jobs", 1)
    assert json.loads(out)["splits"] == {"train": 3, "validation": 0, "test": 0, "excluded": 0}


def test_dividing_names_damaged_takes_and_strange_folders(takes, tmp_path, capsys):
    code_and_output(capsys, "ingest", "live-link-face", takes, "-o", tmp_path / "set", "--jobs", 1)
    (tmp_path / "set" / "takes" / "L0_1" / "take.json").write_text("{}")
    code, _, err = code_and_output(capsys, "dataset", "split", tmp_path / "set")
    assert code == 1 and "L0_1" in err and err.startswith("failed: ")
    code, _, err = code_and_output(capsys, "dataset", "split", takes)
    assert code == 1 and "is not a data set" in err
