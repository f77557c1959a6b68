"""Takes out of the fake editor: dumps that `ingest` reads, with their sound."""

import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from stand_in.fake_unreal import project
from ue_files import write_file

from cstalk_ue.export.curves_npz import read_curves_npz
from cstalk_ue.rig_maps import raw_curve_names
from ingest import read_animator_json

JAW, BROW = "CTRL_expressions_jawOpen", "CTRL_expressions_browDownL"
PCM = np.arange(4800, dtype="<i2").tobytes()


def load(path):
    return sys.modules["unreal"].EditorAssetLibrary.load_asset(path)


@pytest.fixture
def export(send, tmp_path):
    """Export these assets, or the selection."""

    def export(*assets, **settings):
        items = [asset if isinstance(asset, dict) else {"asset": asset} for asset in assets]
        return send("export_takes", items, folder=str(tmp_path / "takes"), **settings)

    return export


def test_sparse_keys_become_every_frame(export, world):
    curves = {
        JAW: ([0, 1], [0, 1]),
        BROW: ([0.5], [-0.25]),
        "Other": ([0], [3]),
        "CTRL_expressions_jawLeft": ([], []),
    }
    project.fill(world, [project.sequence("/Game/T/Take", curves, frames=60, fps=(60, 1))])
    (item,) = export("/Game/T/Take")["items"]
    assert (item["status"], item["frames"], item["fps"]) == ("done", 61, 60)
    read = read_animator_json(Path(item["file"]))
    assert read.raw.fps == 60
    assert read.raw.curve(JAW) == pytest.approx(np.arange(61) / 60, abs=1e-6)
    assert set(read.raw.curve(BROW).tolist()) == {-0.25}
    assert set(read.keyed) == {JAW, BROW}
    assert read.ignored == ("Other",)
    assert read.metadata["engineVersion"].startswith("5.6")
    assert read.metadata["playLengthSeconds"] == 1


def test_what_was_pushed_comes_back(send, export, tmp_path, rng):
    file = write_file(tmp_path / "a.curves.npz", rng, frames=40)
    send("import_curves", [{"file": str(file), "asset": "/Game/L/A"}])
    (item,) = export("/Game/L/A")["items"]
    read = read_animator_json(Path(item["file"]))
    written = read_curves_npz(file)
    for name in raw_curve_names():
        assert read.raw.curve(name) == pytest.approx(written.raw.curve(name), abs=2e-4), name
    for name in read.head.controls:
        assert read.head.curve(name) == pytest.approx(written.performance.head.curve(name), abs=2e-4), name


def test_a_performance_is_exported_with_every_key_and_its_sound(export, world):
    values = {JAW: np.linspace(0, 1, 30).astype("f4"), "HeadYaw": np.linspace(-5, 5, 30).astype("f4")}
    project.fill(
        world,
        [
            project.sound("/Game/S/Voice", PCM),
            project.performance("/Game/P/Perf", values, frames=30, audio="/Game/S/Voice"),
        ],
    )
    (item,) = export("/Game/P/Perf")["items"]
    assert item["status"] == "done", item["message"]
    read = read_animator_json(Path(item["file"]))
    assert read.raw.curve(JAW)[: len(values[JAW])] == pytest.approx(values[JAW], abs=1e-6)
    assert read.metadata["audio"] == "Perf.wav"
    assert read.metadata["source"] == "MetaHumanPerformance"
    with wave.open(item["audio"]) as sound:
        assert sound.readframes(sound.getnframes()) == PCM
    assert export("/Game/P/Perf")["items"][0]["status"] == "done"
    made = [path for path in world.assets if "_dense" in path]
    assert sorted(made) == ["/game/cstalk/export/perf_dense", "/game/cstalk/export/perf_dense_2"]


def test_an_item_may_name_the_sound(export, world):
    project.fill(
        world, [project.sound("/Game/S/V", PCM), project.sequence("/Game/T/A", {JAW: ([0], [1])}, frames=5)]
    )
    assert export({"asset": "/Game/T/A", "sound": "/Game/S/V"})["items"][0]["audio"].endswith("A.wav")
    assert export({"asset": "/Game/T/A", "sound": "/Game/S/V"}, audio=False)["items"][0]["audio"] == ""
    (item,) = export({"asset": "/Game/T/A", "sound": "/Game/T/A"})["items"]
    assert "is no SoundWave" in item["message"]


def test_the_selection_is_taken_without_items(export, world):
    project.fill(world, [project.sequence(f"/Game/{n}/Take", {JAW: ([0], [1])}, frames=5) for n in "AB"])
    world.selected_assets = [load("/Game/A/Take"), load("/Game/B/Take"), load(project.FACE_MESH)]
    items = export()["items"]
    assert [Path(item["file"]).name for item in items] == ["Take.json", "Take_2.json"]
    world.selected_assets = []
    assert "No take is selected" in export()["message"]


@pytest.mark.parametrize("asset", ["/Game/No", "/Game/O", "/Game/Body", "", "'"])
def test_what_is_no_take_is_told(export, world, asset):
    records = [project.other("/Game/O"), project.sequence("/Game/Body", {"Smile": ([0], [1])}, frames=5)]
    project.fill(world, records)
    (item,) = export({"asset": asset})["items"]
    assert item["status"] == "failed"
    assert item["message"].endswith(".")


def test_dry_run_writes_nothing(export, send, world, tmp_path):
    project.fill(world, [project.sequence("/Game/T/A", {JAW: ([0], [1])}, frames=5)])
    result = send("export_takes", [{"asset": "/Game/T/A"}], folder=str(tmp_path / "takes"), dry_run=True)
    assert result["items"][0]["message"].startswith("Would write")
    assert not (tmp_path / "takes").exists()


def test_a_folder_is_needed(send):
    assert send("export_takes", [{"asset": "/Game/T/A"}])["code"] == "bad_job"
