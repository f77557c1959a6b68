"""The program does what was asked, says it once, and ends with 0, 1 or 2."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from tiny_checkpoint import save_tiny, write_wav

from cstalk_ue.cli import _COMMANDS, run
from cstalk_ue.export import read_curves_npz, read_table_csv

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_wav(tmp_path / "a.wav", seed=1)
    write_wav(tmp_path / "b.wav", seed=2)
    return tmp_path


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-m", "cstalk_ue", *arguments], env=environment, capture_output=True, text=True,
        encoding="utf-8", check=False,
    )  # fmt: skip


def test_help_is_instant():
    """No command is imported to say what there is, and of all libraries only click and numpy."""
    code = (
        "import sys; from cstalk_ue.cli import run; code = run(['--help']); heavy = {'torch', "
        "'transformers', 'librosa', 'numba', 'pandas', 'soundfile', 'matplotlib', 'cstalk_ue.batch', "
        "'cstalk_ue.cli.predict'}; print('HEAVY', sorted(heavy & set(sys.modules)), code)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    seen = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert "HEAVY [] 0" in seen.stdout
    for name, (_, text) in _COMMANDS.items():
        assert name in seen.stdout and text.split()[0] in seen.stdout


def commands() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, (module, _) in _COMMANDS.items():
        if importlib.util.find_spec(module) is None:
            continue
        found.append((name,))
        command = getattr(importlib.import_module(module), name)
        if isinstance(command, click.Group):
            found += [(name, part) for part in command.commands]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_explains_itself(words, capsys):
    assert run([*words, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"Usage: cstalk-ue {' '.join(words)}" in text and "Show this message" in text


def test_help_of_predict_shows_defaults_and_exit_codes(capsys):
    run(["predict", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for default in ("curves", "neutral", "bundled", "auto", "npz", "30.0", "resume", "blinks", "1.0", "head"):
        assert f"[default: {default}" in text, default
    assert "Exit code: 0 all is done, 1 some lines failed and are named, 2 the call is wrong" in text


def test_no_command_and_a_wrong_one(capsys):
    assert run([]) in (0, 2)  # click 8.1 says 0
    assert "Commands:" in "".join(capsys.readouterr())
    assert run(["predikt"]) == 2
    assert capsys.readouterr().err == "Error: No such command 'predikt'. See cstalk-ue --help.\n"


def test_the_real_program_converts_and_resumes(here, model):
    """Messages go to standard error, one summary to standard output."""
    asked = ("-o", "out", "--model", str(model), "--emotion", "happy:0.4+sad:0.2")
    first = call("predict", "a.wav", "b.wav", *asked)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("2 done, 0 already finished, 0 failed, 1 s of speech in ")
    assert first.stdout.endswith("Curves are in out\n")
    write_wav(here / "b.wav", seed=9)
    (here / "c.wav").write_text("no sound")
    second = call("predict", "a.wav", "b.wav", "c.wav", *asked, "--json")
    assert second.returncode == 1
    report = json.loads(second.stdout)
    assert (report["done"], report["skipped"], report["failed"]) == (1, 1, 1)
    assert [line["status"] for line in report["lines"]] == ["skipped", "done", "failed"]
    assert report["lines"][0]["outputs"] == ["a.curves.npz"]
    assert second.stderr.count("\n") == 1 and second.stderr.startswith("failed: c.wav: is no sound file")
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize(
    ("emotion", "written"),
    [
        ("angry", "angry"),
        ("ANGRY:0.7", "angry:0.7"),
        ("happy:0.4+surprised:0.3", "surprised:0.3+happy:0.4"),
        ("happy+sad", "sad:0.5+happy:0.5"),
        ("0.0=neutral 0.2=angry:0.8", "0=neutral 0.2=angry:0.8"),
    ],
)
def test_emotions_constant_mixed_and_keyed(here, model, capsys, emotion, written):
    assert run(["predict", "a.wav", "--model", str(model), "--emotion", emotion]) == 0
    assert read_curves_npz(here / "curves" / "a.curves.npz").provenance["emotion"] == written


def test_intensity_scales_every_line_of_a_manifest_too(here, model, capsys):
    (here / "m.csv").write_text("file,emotion,intensity\na.wav,angry,\nb.wav,,0.5\n")
    assert (
        run(
            [
                "predict",
                "--manifest",
                "m.csv",
                "--emotion",
                "sad",
                "--intensity",
                "0.5",
                "--model",
                str(model),
            ]
        )
        == 0
    )
    written = [read_curves_npz(here / "curves" / f"{n}.curves.npz").provenance["emotion"] for n in "ab"]
    assert written == ["angry:0.5", "sad:0.25"]


def test_intensity_zero_is_neutral_byte_for_byte(here, model, capsys):
    run(["predict", "a.wav", "--model", str(model), "--emotion", "angry", "--intensity", "0", "-o", "x"])
    run(["predict", "a.wav", "--model", str(model), "-o", "y"])
    assert (here / "x" / "a.curves.npz").read_bytes() == (here / "y" / "a.curves.npz").read_bytes()


def test_formats_rates_and_switches(here, model, capsys):
    arguments = [
        "--format",
        "csv, llf,csv",
        "--fps",
        "24",
        "--no-blinks",
        "--no-gaze",
        "--no-head",
        "--seed",
        "5",
    ]
    assert run(["predict", "a.wav", "--model", str(model), *arguments]) == 0
    assert sorted(path.name for path in (here / "curves").iterdir()) == [
        "a.csv",
        "a.provenance.json",
        "a_llf.csv",
    ]
    performance = read_table_csv(here / "curves" / "a.csv")
    assert performance.fps == 24 and performance.frames == 12
    assert not performance.head.values[:, :3].std(axis=0).any()


@pytest.mark.parametrize(
    "name", ["two words.wav", "größe 台詞.wav", 'it\'s "quoted".wav', "-dash.wav", "a.b.c.wav", "%s{x}.wav"]
)
def test_any_file_name_will_do(here, model, capsys, name):
    try:
        write_wav(here / "in put" / name)
    except OSError:
        pytest.skip("this file system does not hold such a name")
    assert run(["predict", "-o", "out put", "--model", str(model), "--", f"in put/{name}"]) == 0
    stem = Path(name).stem
    assert sorted(p.name for p in (here / "out put").iterdir()) == [
        f"{stem}.curves.npz",
        f"{stem}.provenance.json",
    ]
    (here / "in put" / name).rename(here / name)
    assert run(["predict", "-o", "out put", "--model", str(model), "--json", "--", name]) == 0
    seen = capsys.readouterr()
    assert seen.err == "" and '"skipped": 1' in seen.out


def test_a_dash_without_the_separator_is_an_option(here, capsys):
    write_wav(here / "-dash.wav")
    assert run(["predict", "-dash.wav"]) == 2
    assert capsys.readouterr().err.startswith("Error: No such option")


def test_folders_keep_their_shape_and_notes_go_to_standard_error(here, model, capsys):
    write_wav(here / "in" / "s1" / "a.wav")
    (here / "in" / "empty").mkdir()
    (here / "m.csv").write_text("file,actor\nin/s1/a.wav,Jo\n")
    assert run(["predict", "in", "in/empty", "--model", str(model), "--json"]) == 0
    seen = capsys.readouterr()
    assert json.loads(seen.out)["lines"][0]["outputs"] == ["s1/a.curves.npz"]
    assert seen.err == f"Note: {Path('in/empty')}: holds no WAV, FLAC, OGG or AIFF file.\n"
    assert run(["predict", "--manifest", "m.csv", "--model", str(model)]) == 0
    assert "columns not used: actor" in capsys.readouterr().err


def test_phones_are_for_the_performer(here, model, capsys):
    (here / "p.csv").write_text("start,end,phone\n0,0.2,AA\n0.2,0.5,M\n")
    assert run(["predict", "a.wav", "--phones", "p.csv", "--model", "performer"]) == 0
    assert capsys.readouterr().err == ""
    assert run(["predict", "a.wav", "--phones", "p.csv", "--model", str(model)]) == 0
    assert (
        capsys.readouterr().err == "Note: --phones is not used; only --model performer reads timed phones.\n"
    )


def test_restart_does_all_again(here, model, capsys):
    for words, told in (
        ([], "1 done, 0 already"),
        ([], "0 done, 1 already"),
        (["--restart"], "1 done, 0 already"),
    ):
        assert run(["predict", "a.wav", "--model", str(model), *words]) == 0
        assert capsys.readouterr().out.startswith(told)


def test_models_are_listed_and_described(here, model, capsys):
    assert run(["model", "list", str(model.parent), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert (
        rows[0]["model"] == "performer"
        and rows[-1]["model"] == str(model)
        and rows[-1]["encoder"] == "logmel"
    )
    assert run(["model", "list", str(model.parent)]) == 0
    assert "tiny-" in capsys.readouterr().out
    assert run(["model", "info", str(model), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert sum(facts["controls_by_region"].values()) == facts["controls"] and facts["id"].startswith("tiny-")
    assert run(["model", "info", "performer"]) == 0
    assert "performer" in capsys.readouterr().out
    assert run(["model", "info", "nowhere"]) == 1
    assert capsys.readouterr().err.startswith("Error: nowhere: no such checkpoint folder")
    assert run(["model", "list", "nowhere"]) == 2


def test_training_without_a_corpus_is_told(here, capsys):
    assert run(["train", "bundled", "-o", "run"]) == 2
    assert "--speech" in capsys.readouterr().err
    assert run(["train", "bundled", "--speech", ".", "-o", "run"]) == 2
    assert (
        capsys.readouterr().err
        == "Error: .: has no index.csv. Give the folder of a corpus with timed phones.\n"
    )
    assert not (here / "run").exists()


def test_only_what_was_rejected_is_converted_again(here, model, capsys):
    (here / "review.csv").write_text(
        "file,decision,note,curves\na.wav,approved,,\nb.wav,rejected,too calm,\n"
    )
    asked = ["predict", "--manifest", "review.csv", "-o", "out", "--model", str(model)]
    assert run([*asked, "--decision", "rejected"]) == 0
    assert sorted(path.name for path in (here / "out").glob("*.npz")) == ["b.curves.npz"]
    assert capsys.readouterr().err == ""
    assert run([*asked]) == 0
    assert run(["predict", "a.wav", "--decision", "rejected"]) == 2
    assert "--decision belongs to a --manifest" in capsys.readouterr().err
    (here / "review.csv").write_text("file,decision\na.wav,\n")
    assert run([*asked, "--decision", "rejected"]) == 2
    assert "lists no rejected line" in capsys.readouterr().err
