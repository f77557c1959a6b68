"""Curve files into the fake editor: written, read back, kept from overwriting other people's work."""

import sys

import numpy as np
import pytest
from ue_files import write_file

from cstalk_ue.export.curves_npz import read_curves_npz
from cstalk_ue.rig import HEAD_CURVES

ASSET = "/Game/Lines/Line_01"
SKELETON = "/Game/MetaHumans/Common/Face/Face_Archetype_Skeleton"


def unreal():
    return sys.modules["unreal"]


def sequence(path=ASSET):
    return unreal().EditorAssetLibrary.load_asset(path)


def curve(name, path=ASSET):
    """Key times and values as the editor gives them."""
    return [list(each) for each in unreal().AnimationLibrary.get_float_keys(sequence(path), name)]


def tag(name, path=ASSET):
    return unreal().EditorAssetLibrary.get_metadata_tag(sequence(path), "cstalk." + name)


def reopened(world):
    """Close the editor and open it again: what was not saved is gone."""
    world.assets.clear()


def edit(name="CTRL_expressions_jawOpen", path=ASSET):
    """What an animator does."""
    controller = sequence(path).controller
    curve_id = unreal().AnimationCurveIdentifier()
    curve_id.set_curve_identifier(name, unreal().RawCurveTrackTypes.RCT_FLOAT)
    controller.open_bracket("edit", False)
    controller.add_curve(curve_id, 4, False)
    controller.set_curve_key(curve_id, unreal().RichCurveKey(time=0.1, value=0.77), False)
    controller.close_bracket(False)


@pytest.fixture
def file(tmp_path, rng):
    return write_file(tmp_path / "Line 1.curves.npz", rng, frames=90)


@pytest.fixture
def push(send, file):
    """Send the one file and give the result of its item."""

    def push(asset=ASSET, path=file, force=False, **settings):
        result = send("import_curves", [{"file": str(path), "asset": asset, "force": force}], **settings)
        (item,) = result["items"]
        assert result["ok"] == (item["status"] in ("done", "skipped"))
        return item

    return push


def test_every_frame_of_every_curve_arrives(push, file, world):
    item = push()
    assert (item["status"], item["message"], item["name"]) == ("done", "Made.", "Line 1")
    assert item["curves_written"] == 260
    assert item["keys_written"] < item["keys_dense"] == 90 * 258
    assert item["max_error"] <= 1.0001e-4
    reopened(world)
    written = read_curves_npz(file)
    times = np.arange(90, dtype="f4") / np.float32(30)
    raw = written.raw.select(name for name in written.raw.controls if name not in HEAD_CURVES)
    for part in (raw, written.performance.head):
        for name in part.controls:
            keys, values = curve(name)
            assert (
                np.interp(times, keys, values) == pytest.approx(part.curve(name), abs=2e-4) if keys else True
            )
    model = sequence().data_model_interface
    assert (model.get_number_of_keys(), model.get_number_of_frames()) == (90, 89)
    assert sequence().get_skeleton().get_path_name().startswith(SKELETON)


def test_the_switches_are_metadata_with_one_key(push, world):
    push()
    assert curve("MHFDSVersion") == [[0.0], [1.0]]
    flags = {c.name: c.flags for c in sequence()._data.curves.values()}
    assert {name for name, flag in flags.items() if flag == 16} == {"MHFDSVersion", "DisableFaceOverride"}
    assert set(flags.values()) == {4, 16}


def test_tolerance_0_keys_every_frame(push):
    item = push(tolerance=0.0)
    keyed = item["keys_written"] / 90
    assert keyed == int(keyed)
    assert item["max_error"] == 0


def test_one_save_and_one_bracket(push, world):
    push()
    assert world.calls["EditorAssetLibrary.save_loaded_asset"] == 1
    assert world.calls["AnimationDataController.open_bracket"] == 1
    assert world.calls["AnimationLibrary.add_float_curve_keys"] == 0


@pytest.mark.parametrize("frames", [1, 2])
def test_short_lines(push, tmp_path, rng, frames):
    item = push(path=write_file(tmp_path / "a.curves.npz", rng, frames=frames))
    assert item["status"] == "done"
    assert sequence().data_model_interface.get_number_of_keys() == 2


@pytest.mark.parametrize("version", ["5.4", "5.5", "5.6", "5.7"])
def test_every_engine_version(push, world, tmp_path, version):
    from stand_in import fake_unreal

    fake_unreal.install(tmp_path / "other", version=version)
    assert push()["status"] == "done"
    assert fake_unreal.current().modals == []
    assert fake_unreal.current().faults == []


def test_lower_cased_names_are_the_same_names(push, world):
    world.behaviours["lower-names"] = True
    assert push(skeleton=SKELETON)["status"] == "done"
    assert push(skeleton=SKELETON)["status"] == "skipped"


# The second time


def test_the_same_file_is_skipped_also_after_a_restart(push, world):
    first = push()
    reopened(world)
    second = push()
    assert (second["status"], second["message"]) == ("skipped", "It is already there, unchanged.")
    assert second["content_hash"] == first["content_hash"]
    assert world.calls["EditorAssetLibrary.save_loaded_asset"] == 1


def test_another_file_or_other_settings_rewrite_in_place(push, world, tmp_path, rng):
    push()
    longer = write_file(tmp_path / "b.curves.npz", rng, frames=120)
    item = push(path=longer)
    assert (item["status"], item["message"], item["created"]) == ("done", "Written again.", False)
    assert sequence().data_model_interface.get_number_of_keys() == 120
    assert push(path=longer, tolerance=1e-3)["status"] == "done"
    assert push(path=longer, tolerance=1e-3)["status"] == "skipped"
    assert push()["status"] == "done"
    assert sequence().data_model_interface.get_number_of_keys() == 90
    assert world.calls["AssetTools.create_asset"] == 1


def test_an_asset_edited_by_hand_is_left_alone(push, world):
    push()
    edit()
    item = push()
    assert item["status"] == "conflict"
    assert "edited by hand" in item["message"]
    assert 0.77 in np.round(curve("CTRL_expressions_jawOpen")[1], 5)
    assert push(force=True)["status"] == "done"
    assert 0.77 not in np.round(curve("CTRL_expressions_jawOpen")[1], 5)
    edit("NewCurve")
    assert push()["status"] == "conflict"


def test_a_sequence_that_is_not_ours_is_left_alone(push, world):
    from stand_in.fake_unreal import project

    foreign = project.sequence(ASSET, {"Smile": ([0, 1], [0, 1])}, frames=48, fps=(24, 1))
    project.fill(world, [foreign])
    assert push()["status"] == "conflict"
    assert curve("Smile")[1] == [0, 1]
    item = push(force=True)
    assert item["status"] == "done"
    names = [
        str(name).lower()
        for name in unreal().AnimationLibrary.get_animation_curve_names(
            sequence(), unreal().RawCurveTrackTypes.RCT_FLOAT
        )
    ]
    assert "smile" not in names
    rate = sequence().data_model_interface.get_frame_rate()
    assert (rate.numerator, rate.denominator) == (30, 1)


@pytest.mark.parametrize("fps", [(60, 1), (15, 1), (25, 1), (30000, 1001)])
def test_a_sequence_of_any_rate_becomes_30(push, world, fps):
    from stand_in.fake_unreal import project

    project.fill(world, [project.sequence(ASSET, {"Smile": ([0], [0])}, frames=7, fps=fps)])
    item = push(force=True)
    assert item["status"] == "done", item["message"]


def test_another_kind_of_asset_is_never_touched(push, world):
    from stand_in.fake_unreal import project

    project.fill(world, [project.other(ASSET)])
    for force in (False, True):
        item = push(force=force)
        assert item["status"] == "failed"
        assert "is a Blueprint; expected an AnimSequence or nothing" in item["message"]


def test_what_could_not_be_saved_is_written_again(push, world):
    world.behaviours["read-only"] = "/Game/Lines"
    item = push()
    assert item["status"] == "failed"
    assert "could not be saved" in item["message"]
    del world.behaviours["read-only"]
    assert push()["status"] == "done"
    assert push()["status"] == "skipped"


def test_a_refused_curve_leaves_an_asset_that_the_next_push_completes(push, world, monkeypatch):
    controller = unreal().AnimationDataController
    with monkeypatch.context() as patch:
        patch.setattr(controller, "set_curve_keys", lambda *args: False)
        item = push()
        assert item["status"] == "failed"
        assert "refuses" in item["message"]
    assert tag("content_hash") == "unfinished"
    assert world.calls["EditorAssetLibrary.save_loaded_asset"] == 0
    assert push()["status"] == "done"


def test_keys_that_arrive_changed_are_not_saved(push, world, monkeypatch):
    library = unreal().AnimationLibrary
    read = library.get_float_keys

    def off(sequence, name):
        times, values = read(sequence, name)
        return times, [value + 0.01 for value in values]

    with monkeypatch.context() as patch:
        patch.setattr(library, "get_float_keys", off)
        item = push()
    assert item["status"] == "failed"
    assert "reads back" in item["message"]
    assert world.calls["EditorAssetLibrary.save_loaded_asset"] == 0


# Around it


def test_dry_run_tells_and_touches_nothing(send, world, file):
    item = {"file": str(file), "asset": ASSET}
    (told,) = send("import_curves", [item], dry_run=True)["items"]
    assert (told["status"], told["message"]) == ("done", f"Would make it on {SKELETON}.")
    assert not unreal().EditorAssetLibrary.does_asset_exist(ASSET)
    send("import_curves", [item])
    before = dict(world.calls)
    assert send("import_curves", [item], dry_run=True)["items"][0]["status"] == "skipped"
    (told,) = send("import_curves", [item], dry_run=True, tolerance=0.0)["items"]
    assert (told["status"], told["message"]) == ("done", "Would write it again.")
    edit()
    assert send("import_curves", [item], dry_run=True)["items"][0]["status"] == "conflict"
    for name in (
        "EditorAssetLibrary.save_loaded_asset",
        "AssetTools.create_asset",
        "EditorAssetLibrary.set_metadata_tag",
    ):
        assert world.calls[name] == before[name]


def test_bad_files_do_not_stop_good_ones(send, world, tmp_path, rng):
    good = [write_file(tmp_path / f"{n}.curves.npz", rng, frames=5) for n in range(3)]
    bad = [
        tmp_path / "gone.curves.npz",
        tmp_path / "damaged.curves.npz",
        write_file(tmp_path / "x.npz", rng, fps=25),
    ]
    bad[1].write_bytes(good[0].read_bytes()[:-100])
    items = [{"file": str(path), "asset": f"/Game/L/A{n}"} for n, path in enumerate([*bad, *good])]
    items.append({"file": str(good[0]), "asset": "/Engine/L/A"})
    items.append({"file": str(good[0]), "asset": None})
    items.append({"file": 3, "asset": "/Game/L/B"})
    result = send("import_curves", items)
    assert [item["status"] for item in result["items"]] == ["failed"] * 3 + ["done"] * 3 + ["failed"] * 3
    assert result["message"] == "3 done, 6 failed"


def test_a_file_that_changed_on_the_way_is_refused(send, file, world):
    item = {"file": str(file), "asset": ASSET, "source_hash": "0" * 64}
    (told,) = send("import_curves", [item])["items"]
    assert told["status"] == "failed"
    assert "has changed since it was sent" in told["message"]


def test_model_and_emotion_are_noted(send, file, world):
    send("import_curves", [{"file": str(file), "asset": ASSET}])
    assert (tag("emotion"), tag("model"), tag("version")) == ("angry:0.7", "bundled", "0.1.0")
    send("import_curves", [{"file": str(file), "asset": ASSET + "b", "emotion": "x'\"\n" + "é" * 900}])
    assert len(tag("emotion", ASSET + "b")) <= 500
    assert tag("emotion", ASSET + "b").isascii()


@pytest.mark.parametrize(
    "setting", ["/Game/No", "/Game/MetaHumans/Common/Face/Face_Archetype_Skeleton.x'y", "x" * 2000]
)
def test_a_wrong_skeleton_is_one_clear_error(push, world, setting):
    item = push(skeleton=setting)
    assert item["status"] in ("failed", "done")
    if item["status"] == "failed":
        assert "Setting 'skeleton'" in item["message"]
        assert len(item["message"]) < 400


def test_several_skeletons_are_listed_and_the_setting_decides(push, world):
    from stand_in.fake_unreal import project

    second = "/MetaHumanCharacter/Face/Face_Archetype_Skeleton"
    project.fill(world, [project.skeleton(second)])
    item = push()
    assert item["status"] == "failed"
    assert SKELETON in item["message"]
    assert second in item["message"]
    assert push(skeleton=second)["status"] == "done"
    assert sequence().get_skeleton().get_path_name().startswith(second)
    again = push(skeleton=SKELETON, tolerance=1e-3)
    assert again["status"] == "failed"
    assert "expected " + SKELETON in again["message"]


def test_the_selected_face_decides_between_several(push, world):
    from stand_in.fake_unreal import project

    project.fill(world, [project.skeleton("/MetaHumanCharacter/Face/Face_Archetype_Skeleton")])
    world.selected_assets = [sequence(project.FACE_MESH)]
    assert push()["status"] == "done"
    assert sequence().get_skeleton().get_path_name().startswith(SKELETON)


def test_without_any_face_the_remedy_is_told(push, world, tmp_path):
    from stand_in import fake_unreal

    fake_unreal.install(tmp_path / "empty", content=())
    item = push()
    assert item["status"] == "failed"
    assert "Add a MetaHuman" in item["message"]


def test_while_assets_are_still_being_found_nothing_is_written(send, world, file):
    world.behaviours["registry-ticks"] = 10
    result = send("import_curves", [{"file": str(file), "asset": ASSET}], registry_seconds=0.0)
    assert (result["code"], result["items"]) == ("still_loading", [])


def test_play_in_editor_is_told(push, world):
    world.behaviours["play-in-editor"] = True
    item = push()
    assert item["status"] == "failed"
