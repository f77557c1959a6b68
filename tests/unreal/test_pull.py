"""Takes come out of the stand-in editor as files that `ingest` reads."""

import json

import numpy as np
import pytest
from stand_in.fake_unreal import project as content
from ue_files import write_file

from cstalk_ue.cli import run
from ingest import read_animator_json

TAKE = "/Game/Takes/Take_01"
FRAMES = 5


@pytest.fixture
def stand_in(editor):
    """An editor with two takes of one name, a performance, and something else."""
    times = [frame / 30 for frame in range(FRAMES)]
    curves = {
        "CTRL_expressions_jawOpen": (times, [0.0, 0.25, 0.5, 0.75, 1.0]),
        "HeadYaw": (times, [1.0] * FRAMES),
    }
    smile = {"CTRL_expressions_mouthCornerPullL": [0.5] * FRAMES}
    records = [
        content.sequence(TAKE, curves, frames=FRAMES - 1),
        content.sequence("/Game/Other/Take_01", curves, frames=FRAMES - 1),
        content.performance("/Game/Takes/Perf", smile, frames=FRAMES, audio="/Game/Takes/Sound"),
        content.sound("/Game/Takes/Sound", b"\0\1" * 480),
        content.other("/Game/Takes/Thing"),
    ]
    return editor(content=records)


@pytest.fixture
def call(stand_in, capsys):
    """Exit code, output and messages of ``cstalk-ue unreal pull``."""

    def call(*words):
        words = (*map(str, words), "--group", stand_in.settings.group, "--bind", "0.0.0.0")
        code = run(["unreal", "pull", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_a_take_comes_back_with_every_frame(call, tmp_path):
    code, out, err = call(TAKE, "-o", tmp_path / "takes")
    assert code == 0 and f"{TAKE}: Wrote 2 curves of 5 frames at 30 fps." in out and err == ""
    read = read_animator_json(tmp_path / "takes" / "Take_01.json")
    jaw = read.raw.values[:, list(read.raw.controls).index("CTRL_expressions_jawOpen")]
    assert np.allclose(jaw, [0, 0.25, 0.5, 0.75, 1], atol=1e-6)


def test_takes_of_one_name_get_different_files_and_bad_ones_are_named(call, tmp_path):
    folder = tmp_path / "takes"
    assets = [TAKE, "/Game/Other/Take_01", "/Game/Takes/Thing", "/Game/Takes/Gone", "/Game/Takes/Perf"]
    code, out, err = call(*assets, "-o", folder, "--json")
    assert code == 1
    assert {path.name for path in folder.iterdir()} == {
        "Take_01.json",
        "Take_01_2.json",
        "Perf.json",
        "Perf.wav",
    }
    takes = json.loads(out)["takes"]
    assert [take["asset"] for take in takes] == assets
    assert [take["status"] for take in takes] == ["done", "done", "failed", "failed", "done"]
    assert "failed: /Game/Takes/Gone" in err and "failed: /Game/Takes/Thing" in err


def test_what_we_pushed_can_be_pulled(call, stand_in, tmp_path, rng, capsys):
    file = write_file(tmp_path / "curves" / "line.curves.npz", rng, frames=6)
    words = ["--group", stand_in.settings.group, "--bind", "0.0.0.0"]
    assert run(["unreal", "push", str(file), *words]) == 0
    capsys.readouterr()
    assert call("/Game/CSTalk/line", "-o", tmp_path / "takes")[0] == 0
    read = read_animator_json(tmp_path / "takes" / "line.json")
    with np.load(file) as written:
        names = json.loads(written["meta"].tobytes())["curve_names"]
        column = names.index("CTRL_expressions_jawOpen")
        jaw = read.raw.values[:, list(read.raw.controls).index("CTRL_expressions_jawOpen")]
        assert np.allclose(jaw, written["curves"][:, column], atol=2e-4)


def test_with_nothing_named_and_nothing_selected_it_says_so(call, tmp_path):
    code, out, err = call("-o", tmp_path)
    assert code == 1 and out == "" and "No take is selected" in err and list(tmp_path.glob("*.json")) == []


def test_a_dry_run_writes_nothing(call, tmp_path):
    code, out, _ = call(TAKE, "-o", tmp_path / "takes", "--dry-run")
    assert code == 0 and "Would write" in out and not (tmp_path / "takes").exists()
