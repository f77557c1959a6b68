"""Self-test, the face board's controls, and the bake, in the fake editor."""

import sys

import pytest
from stand_in import fake_unreal
from stand_in.fake_unreal import project
from stand_in.fake_unreal.skeleton import metahuman_actor

BOARD = "/Game/Boards/Face_ControlBoard_CtrlRig"
CONTROLS = [
    {
        "name": "CTRL_C_jaw",
        "type": "VECTOR2D",
        "min": [-1, 0],
        "max": [1, 1],
        "curves": ["", "CTRL_expressions_jawOpen"],
    },
    {
        "name": "CTRL_L_brow_down",
        "type": "FLOAT",
        "min": 0,
        "max": 1,
        "curves": ["CTRL_expressions_browDownL"],
    },
]
OURS = [
    {"name": "CTRL_C_jaw.tx", "min": -1, "max": 1},
    {"name": "CTRL_C_jaw.ty", "min": -1, "max": 1},
    {"name": "CTRL_R_brow_down.ty", "min": 0, "max": 1},
]


def load(path):
    return sys.modules["unreal"].EditorAssetLibrary.load_asset(path)


# Self-test


@pytest.mark.parametrize("version", ["5.4", "5.5", "5.6", "5.7"])
def test_the_self_test_says_what_this_editor_has(send, world, tmp_path, version):
    fake_unreal.install(tmp_path / "other", version=version)
    for _ in range(2):
        result = send("self_test")
        assert result["ok"], result["items"]
    report = result["report"]
    assert report["engine_version"].startswith(version)
    assert report["python"] == sys.version.split()[0]
    by_range = "ControlRigSequencerLibrary.load_anim_sequence_into_control_rig_section_with_range"
    assert report["apis"][by_range] == (version >= "5.6")
    assert not report["apis"]["AnimationDataController.initialize_model"]
    assert "written, read back and saved in UE " + version in result["items"][0]["message"]


def test_the_self_test_replaces_nobody_elses_asset(send, world):
    path = "/Game/CSTalk/SelfTest/CSTalk_SelfTest"
    project.fill(world, [project.sequence(path, {"Smile": ([0], [1])}, frames=5)])
    assert "not ours" in send("self_test")["items"][0]["message"]


def test_a_dry_self_test_makes_nothing(send, world):
    result = send("self_test", dry_run=True)
    assert result["ok"]
    assert world.calls["AssetTools.create_asset"] == 0


def test_wrong_curves_fail_the_self_test(send, world):
    world.behaviours["corrupt-values"] = 0.01
    result = send("self_test")
    assert not result["ok"]
    assert "read back 0.0100002 off" in result["items"][0]["message"]


# The face board


def test_the_board_is_listed_and_compared(send, world):
    project.fill(world, [project.board(BOARD, CONTROLS)])
    result = send("dump_controls", controls=OURS, rig=BOARD)
    assert result["ok"], result
    report = result["report"]
    assert [(c["name"], c["type"]) for c in report["controls"]] == [
        ("CTRL_C_jaw", "VECTOR2D"),
        ("CTRL_L_brow_down", "FLOAT"),
    ]
    assert report["controls"][0]["max"] == [1, 1]
    assert report["missing"] == ["CTRL_R_brow_down.ty"]
    assert report["extra"] == ["CTRL_L_brow_down"]
    assert report["limits_differ"] == [{"name": "CTRL_C_jaw.ty", "ours": [-1, 1], "board": [0, 1]}]


def test_several_boards_are_listed_and_the_setting_decides(send, world):
    other = "/MetaHumanCharacter/Face/Face_ControlBoard_CtrlRig"
    project.fill(world, [project.board(BOARD, CONTROLS), project.board(other, [])])
    result = send("dump_controls")
    message = result["items"][0]["message"]
    assert BOARD in message
    assert other in message
    assert send("dump_controls", rig=BOARD)["ok"]
    assert "No Control Rig" in send("dump_controls", rig="/Game/No")["items"][0]["message"]


# Bake


@pytest.fixture
def stage(world):
    """A line, a level sequence, a board, and a MetaHuman in the level."""
    line = {"CTRL_expressions_jawOpen": ([0, 1], [0, 1]), "CTRL_expressions_browDownL": ([0], [0.5])}
    project.fill(
        world,
        [
            project.board(BOARD, CONTROLS),
            project.sequence("/Game/L/A", line, frames=30),
            project.level_sequence("/Game/Cine/Shot"),
        ],
    )
    actor = metahuman_actor("BP_Ada", load(project.FACE_MESH))
    world.actors.append(actor)
    return actor


@pytest.fixture
def bake(world, stage, tmp_path, capsys):
    """Bake the line; this one task is undone by one step."""

    def bake(dry_run=False, **item):
        import cstalk_bake
        import cstalk_job
        from cstalk_job_file import complete_settings

        task = cstalk_bake.Task(complete_settings({"rig": BOARD}, cstalk_bake.SETTINGS), dry_run)
        given = {"asset": "/Game/L/A", "sequence": "/Game/Cine/Shot", "actor": "BP_Ada", **item}
        return cstalk_job.do_one(task, given)

    return bake


@pytest.mark.parametrize("version", ["5.5", "5.6"])
def test_a_line_becomes_keys_of_the_board(bake, world, version, monkeypatch):
    monkeypatch.setattr(world, "version", tuple(int(part) for part in version.split(".")))
    for _ in range(2):
        result = bake()
        assert result["status"] == "done", result
    assert (world.modals, world.faults) == ([], [])
    (track,) = [track for binding in load("/Game/Cine/Shot")._bindings for track in binding["tracks"]]
    channels = {str(c.channel_name): c for c in track.get_sections()[0].get_all_channels()}
    assert len(channels["CTRL_C_jaw.Y"]._keys) == 31
    assert channels["CTRL_L_brow_down"]._keys[7] == 0.5


def test_a_dry_bake_opens_nothing(bake, world):
    assert bake(dry_run=True)["message"].startswith("Would key")
    assert world.open_sequence is None
    assert world.undo_steps == 0


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"asset": "/Game/L/No"}, "is not there"),
        ({"sequence": "/Game/L/A"}, "is no Level Sequence"),
        ({"sequence": ""}, "is no Level Sequence"),
        ({"actor": "Nobody"}, "0 MetaHuman faces with the label 'Nobody'"),
        ({"actor": ""}, "0 MetaHuman faces selected"),
    ],
)
def test_what_is_missing_for_a_bake_is_told(bake, item, told):
    result = bake(**item)
    assert result["status"] == "failed"
    assert told in result["message"]


def test_a_rig_without_backwards_solve_is_told(bake, world):
    world.behaviours["no-backwards-solve"] = True
    assert "baked nothing" in bake()["message"]
