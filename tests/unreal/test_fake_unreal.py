"""The fake `unreal` takes and refuses what the engine does, and counts what it would suffer from."""

import array
import json
import sys
import threading
import wave

import pytest
from stand_in import fake_unreal
from stand_in.api import listing
from stand_in.fake_unreal import ModalOpened, menus, project
from stand_in.fake_unreal.skeleton import metahuman_actor

FLOAT = "RCT_FLOAT"
SKELETON = project.FACE_SKELETON


@pytest.fixture
def engine(unreal_world):
    """Make a world and its module: ``unreal, world = engine(version="5.4")``."""

    def make(*behaviours, **settings):
        world = unreal_world(behaviours=dict(behaviours), **settings)
        return sys.modules["unreal"], world

    return make


def new_sequence(unreal, name: str = "Line", folder: str = "/Game/Lines"):
    factory = unreal.AnimSequenceFactory()
    factory.target_skeleton = unreal.EditorAssetLibrary.load_asset(SKELETON)
    tools = unreal.AssetToolsHelpers.get_asset_tools()
    return tools.create_asset(name, folder, unreal.AnimSequence, factory)


def curve_id(unreal, name: str):
    made = unreal.AnimationCurveIdentifier()
    made.set_curve_identifier(name, unreal.RawCurveTrackTypes.RCT_FLOAT)
    return made


def write(unreal, sequence, curves, *, frames: int | None = None, transact: bool = False):
    """Write curves as the facts advise: name -> values at 30 fps."""
    controller = sequence.controller
    controller.open_bracket("test", transact)
    count = frames if frames is not None else max(map(len, curves.values()))
    controller.set_number_of_frames(unreal.FrameNumber(count - 1), transact)
    for name, values in curves.items():
        assert controller.add_curve(curve_id(unreal, name), 4, transact)
        keys = [unreal.RichCurveKey(time=i / 30, value=value) for i, value in enumerate(values)]
        assert controller.set_curve_keys(curve_id(unreal, name), keys, transact)
    controller.close_bracket(transact)


# The binding


def test_an_unknown_keyword_a_wrong_type_and_a_missing_argument_are_type_errors(engine):
    unreal, _ = engine()
    tools, factory = unreal.AssetToolsHelpers.get_asset_tools(), unreal.AnimSequenceFactory()
    with pytest.raises(TypeError, match="'skeleton' is an invalid keyword argument"):
        tools.create_asset("A", "/Game", unreal.AnimSequence, factory, skeleton=None)
    with pytest.raises(TypeError, match="Required argument 'factory'"):
        tools.create_asset("A", "/Game", unreal.AnimSequence)
    with pytest.raises(TypeError, match="Cannot nativize 'int' as 'String'"):
        tools.create_asset(3, "/Game", unreal.AnimSequence, factory)
    with pytest.raises(TypeError, match="Cannot nativize 'str' as 'Factory'"):
        tools.create_asset("A", "/Game", unreal.AnimSequence, "factory")
    with pytest.raises(TypeError, match="Cannot nativize 'str' as 'Class'"):
        tools.create_asset("A", "/Game", "AnimSequence", factory)
    with pytest.raises(TypeError, match="takes at most 5"):
        tools.create_asset("A", "/Game", unreal.AnimSequence, factory, "None", 6)
    with pytest.raises(TypeError, match="Cannot nativize 'Skeleton'"):
        factory.preview_skeletal_mesh = unreal.EditorAssetLibrary.load_asset(SKELETON)


@pytest.mark.parametrize("wrong", [1.0, True, "1", None, 2**31], ids=str)
def test_a_frame_number_is_a_whole_number_of_32_bits(engine, wrong):
    unreal, _ = engine()
    with pytest.raises(TypeError):
        unreal.FrameNumber(wrong)


def test_a_bool_is_no_number_and_a_number_no_bool(engine):
    unreal, _ = engine()
    with pytest.raises(TypeError):
        unreal.RichCurveKey(time=True)
    with pytest.raises(TypeError):
        new_sequence(unreal).controller.open_bracket("x", 0)


def test_text_that_is_not_unicode_is_refused(engine):
    unreal, _ = engine()
    with pytest.raises(TypeError, match="surrogates not allowed"):
        unreal.EditorAssetLibrary.does_asset_exist("/Game/\ud800")


def test_what_does_not_exist_cannot_be_read_or_written(engine):
    unreal, _ = engine()
    sequence = new_sequence(unreal)
    for name in ("not_there", "initialize_model", "frame_rate"):
        with pytest.raises(AttributeError):
            getattr(sequence, name)
        with pytest.raises(AttributeError):
            setattr(sequence, name, 1)
        with pytest.raises(Exception, match="Failed to find property"):
            sequence.get_editor_property(name)
        with pytest.raises(Exception, match="Failed to find property"):
            sequence.set_editor_property(name, 1)
    with pytest.raises(AttributeError):
        sequence.controller.initialize_model()
    with pytest.raises(AttributeError):
        sequence.controller = None
    with pytest.raises(AttributeError):
        assert unreal.RawCurveTrackTypes.RCT_BOOL
    with pytest.raises(AttributeError):
        assert unreal.NotAClass


def test_names_are_not_strings_and_ignore_case(engine):
    unreal, _ = engine()
    name = unreal.Name("CTRL_expressions_jawOpen")
    assert name == "ctrl_EXPRESSIONS_jawopen"
    assert len({name, unreal.Name("ctrl_expressions_jawopen")}) == 1
    assert str(name) == "CTRL_expressions_jawOpen"
    with pytest.raises(TypeError):
        json.dumps(name)
    with pytest.raises(TypeError):
        name + "x"
    with pytest.raises(AttributeError):
        name.lower()
    assert not isinstance(name, str)


def test_a_name_of_a_thousand_characters_crashes_the_editor(engine):
    unreal, _ = engine()
    unreal.Name("x" * 1023)
    with pytest.raises(fake_unreal.EditorCrashed, match="1023"):
        unreal.Name("x" * 1024)


def test_arrays_are_not_lists_and_keep_their_type(engine):
    unreal, _ = engine()
    made = unreal.Array(unreal.Name)
    made.append("a")
    assert isinstance(made[0], unreal.Name)
    assert not isinstance(made, list)
    assert list(made) == ["A"]
    with pytest.raises(TypeError):
        made.append(3)
    with pytest.raises(TypeError):
        json.dumps(unreal.Array(float))


def test_only_the_game_thread_may_call(engine):
    unreal, world = engine()
    raised = []

    def other_thread():
        try:
            unreal.EditorAssetLibrary.does_asset_exist("/Game/A")
        except RuntimeError as error:
            raised.append(str(error))

    thread = threading.Thread(target=other_thread)
    thread.start()
    thread.join()
    assert "outside the main game thread" in raised[0]
    assert world.faults == ["EditorAssetLibrary.does_asset_exist was called outside the game thread"]


def test_the_key_changed_its_positions_in_5_5(engine):
    unreal, _ = engine(version="5.4")
    key = unreal.RichCurveKey(1.0, 2.0)
    assert (key.time, key.value) == (1.0, 2.0)
    assert not hasattr(key, "interp_mode")
    with pytest.raises(TypeError):
        unreal.RichCurveKey(interp_mode=unreal.RichCurveInterpMode.RCIM_LINEAR)
    unreal, _ = engine(version="5.5")
    with pytest.raises(TypeError):
        unreal.RichCurveKey(1.0, 2.0)
    key = unreal.RichCurveKey(time=1, value=2)
    assert (key.time, key.value, key.interp_mode.name) == (1.0, 2.0, "RCIM_LINEAR")
    for unwanted in ("1", None):
        with pytest.raises(TypeError):
            unreal.RichCurveKey(time=unwanted)


@pytest.mark.parametrize(("version", "has"), [("5.4", False), ("5.5", False), ("5.6", True), ("5.7", True)])
def test_versions_differ_in_what_they_have(engine, version, has):
    unreal, _ = engine(version=version)
    library = unreal.ControlRigSequencerLibrary
    assert hasattr(library, "load_anim_sequence_into_control_rig_section_with_range") is has
    assert hasattr(library, "export_anim_sequence_from_sequencer") is has
    assert hasattr(library, "load_anim_sequence_into_control_rig_section")
    assert hasattr(unreal, "ToolMenuSectionAlign") is (version != "5.4")
    assert unreal.SystemLibrary.get_engine_version().startswith(version)
    menu = unreal.ToolMenus.get().extend_menu("Mine")
    if has:
        menu.add_section("s", "label", alignment=unreal.ToolMenuSectionAlign.FIRST)
    else:
        with pytest.raises(TypeError):
            menu.add_section("s", "label", alignment=None)


def test_an_unknown_version_is_refused(unreal_world):
    with pytest.raises(ValueError, match=r"5\.4, 5\.5, 5\.6, 5\.7"):
        unreal_world(version="4.27")


# Sequences


def test_a_new_sequence_has_one_frame_at_30_fps(engine):
    unreal, world = engine()
    model = new_sequence(unreal).data_model_interface
    assert (model.get_number_of_frames(), model.get_number_of_keys()) == (1, 2)
    assert model.get_frame_rate().numerator == 30
    assert world.faults == []


def test_frames_are_one_fewer_than_keys(engine):
    unreal, _ = engine()
    sequence = new_sequence(unreal)
    write(unreal, sequence, {"a": [0.0] * 90})
    model = sequence.data_model_interface
    assert (model.get_number_of_frames(), model.get_number_of_keys()) == (89, 90)
    assert sequence.get_play_length() == pytest.approx(89 / 30)
    assert sequence.sequence_length == pytest.approx(89 / 30)
    assert unreal.AnimationLibrary.get_num_frames(sequence) == 89


def test_a_sequence_that_no_factory_made_takes_nothing(engine):
    unreal, world = engine()
    controller = unreal.AnimSequence().controller
    controller.open_bracket("x", False)
    assert controller.add_curve(curve_id(unreal, "a"), 4, False) is False
    assert "no factory made" in world.faults[0]


def test_curves_come_back_as_float32(engine):
    unreal, world = engine()
    sequence = new_sequence(unreal)
    write(unreal, sequence, {"CTRL_a": [0.1, 0.2, 0.3]})
    [name] = unreal.AnimationLibrary.get_animation_curve_names(sequence, unreal.RawCurveTrackTypes.RCT_FLOAT)
    times, values = unreal.AnimationLibrary.get_float_keys(sequence, name)
    assert list(values) == list(array.array("f", [0.1, 0.2, 0.3]))
    assert list(values) != [0.1, 0.2, 0.3]
    assert list(times) == list(array.array("f", [0, 1 / 30, 2 / 30]))
    assert unreal.AnimationLibrary.get_float_value_at_time(sequence, "ctrl_A", 1.5 / 30) == pytest.approx(
        0.25
    )
    assert unreal.AnimationLibrary.get_float_value_at_time(sequence, "CTRL_a", 9.0) == pytest.approx(0.3)
    assert (world.faults, world.undo_steps, world.notifications) == ([], 0, 1)


def test_names_can_come_back_in_lower_case(engine):
    unreal, _ = engine(("lower-names", True))
    sequence = new_sequence(unreal)
    write(unreal, sequence, {"CTRL_expressions_jawOpen": [0.0, 1.0]})
    [name] = unreal.AnimationLibrary.get_animation_curve_names(sequence, unreal.RawCurveTrackTypes.RCT_FLOAT)
    assert str(name) == "ctrl_expressions_jawopen"


def test_a_curve_has_to_be_added_once_before_its_keys(engine):
    unreal, world = engine()
    controller = new_sequence(unreal).controller
    controller.open_bracket("x", False)
    a = curve_id(unreal, "a")
    assert controller.set_curve_keys(a, [unreal.RichCurveKey()], False) is False
    assert controller.add_curve(a, 4, False) is True
    assert controller.add_curve(curve_id(unreal, "A"), 4, False) is False
    assert controller.add_curve(unreal.AnimationCurveIdentifier(), 4, False) is False
    assert controller.set_curve_keys(a, [unreal.RichCurveKey(time=0.0, value=1.0)], False) is True
    assert controller.set_curve_keys(a, [], False) is True
    assert controller.remove_curve(a, False) is True
    assert controller.remove_curve(a, False) is False
    controller.close_bracket(False)
    assert world.faults == []


def test_edits_outside_a_bracket_are_faults_and_refresh_each_time(engine):
    unreal, world = engine()
    controller = new_sequence(unreal).controller
    controller.set_number_of_frames(unreal.FrameNumber(10), False)
    controller.remove_all_bone_tracks(False)
    assert world.faults == [
        "Line: set_number_of_frames outside a bracket",
        "Line: remove_all_bone_tracks outside a bracket",
    ]
    assert world.notifications == 2
    controller.close_bracket(False)
    assert "without open_bracket" in world.faults[2]


def test_undo_is_on_unless_turned_off(engine):
    unreal, world = engine()
    write(unreal, new_sequence(unreal, "A"), {"a": [0.0, 1.0], "b": [0.0, 1.0]}, transact=False)
    assert world.undo_steps == 0
    write(unreal, new_sequence(unreal, "B"), {"a": [0.0, 1.0], "b": [0.0, 1.0]}, transact=True)
    assert world.undo_steps == 6
    new_sequence(unreal, "C").controller.open_bracket("x")
    assert world.undo_steps == 7


def test_the_library_makes_an_undo_record_and_a_refresh_for_each_key(engine):
    unreal, world = engine()
    sequence = new_sequence(unreal)
    unreal.AnimationLibrary.add_float_curve_keys(sequence, "a", [i / 30 for i in range(50)], [0.0] * 50)
    assert (world.undo_steps, world.notifications) == (50, 50)


@pytest.mark.parametrize(
    ("rates", "expected"),
    [([60], 60), ([15], 15), ([25], 30), ([24], 30), ([120, 24], 24), ([0], 30), ([150, 25], 25)],
    ids=str,
)
def test_a_rate_changes_only_to_a_multiple_or_a_factor(engine, rates, expected):
    unreal, world = engine()
    sequence = new_sequence(unreal)
    controller = sequence.controller
    controller.open_bracket("x", False)
    controller.set_number_of_frames(unreal.FrameNumber(30), False)
    for rate in rates:
        controller.set_frame_rate(unreal.FrameRate(rate, 1), False)
    controller.close_bracket(False)
    model = sequence.data_model_interface
    assert model.get_frame_rate().numerator == expected
    assert model.get_number_of_frames() == expected
    assert world.faults == []


def test_a_project_can_have_another_rate_for_new_sequences(engine):
    unreal, _ = engine(("default-fps", "24"))
    assert new_sequence(unreal).data_model_interface.get_frame_rate().numerator == 24


def test_no_frames_are_refused_and_fewer_frames_cut_keys(engine):
    unreal, _ = engine()
    sequence = new_sequence(unreal)
    write(unreal, sequence, {"a": [0.0] * 10})
    controller = sequence.controller
    controller.open_bracket("x", False)
    controller.set_number_of_frames(unreal.FrameNumber(0), False)
    assert sequence.data_model_interface.get_number_of_frames() == 9
    controller.set_number_of_frames(unreal.FrameNumber(3), False)
    controller.close_bracket(False)
    assert len(unreal.AnimationLibrary.get_float_keys(sequence, "a")[0]) == 4


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ([(0.0, float("nan"))], "not a number"),
        ([(0.1, 0.0), (0.0, 0.0)], "not in order"),
        ([(0.0, 0.0), (0.0, 1.0)], "not in order"),
        ([(0.0, 0.0), (9.0, 0.0)], "outside the sequence"),
        ([(-0.1, 0.0)], "outside the sequence"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_keys_that_would_not_play_are_faults(engine, keys, fault):
    unreal, world = engine()
    controller = new_sequence(unreal).controller
    controller.open_bracket("x", False)
    controller.set_number_of_frames(unreal.FrameNumber(30), False)
    controller.add_curve(curve_id(unreal, "a"), 4, False)
    controller.set_curve_keys(
        curve_id(unreal, "a"), [unreal.RichCurveKey(time=t, value=v) for t, v in keys], False
    )
    controller.close_bracket(False)
    assert [fault in found for found in world.faults] == [True]


def test_bad_luck_can_be_had(engine):
    unreal, _ = engine(("refuse-curve", "Bad"), ("corrupt-values", "0.01"))
    sequence = new_sequence(unreal)
    controller = sequence.controller
    controller.open_bracket("x", False)
    assert controller.add_curve(curve_id(unreal, "bad"), 4, False) is False
    controller.close_bracket(False)
    write(unreal, sequence, {"good": [0.0, 1.0]})
    assert list(unreal.AnimationLibrary.get_float_keys(sequence, "good")[1]) == pytest.approx([0.01, 1.01])


# Assets


def test_save_writes_that_asset_only_and_a_new_editor_finds_it(engine):
    unreal, world = engine(("dirty-skeleton", True))
    first, second = new_sequence(unreal, "First"), new_sequence(unreal, "Second")
    write(unreal, first, {"a": [0.0, 0.5]})
    write(unreal, second, {"a": [0.0, 0.5]})
    unreal.EditorAssetLibrary.set_metadata_tag(first, "cstalk.Source", "é\n'\"")
    assert unreal.EditorAssetLibrary.save_loaded_asset(first, False) is True
    assert [event["text"] for event in world.events if event["kind"] == "save"] == ["/Game/Lines/First"]
    unreal, world = engine()
    assert unreal.EditorAssetLibrary.does_asset_exist("/Game/Lines/first")
    assert not unreal.EditorAssetLibrary.does_asset_exist("/Game/Lines/Second")
    again = unreal.EditorAssetLibrary.load_asset("AnimSequence'/Game/Lines/First.First'")
    assert isinstance(again, unreal.AnimSequence)
    assert again.get_skeleton().get_path_name() == f"{SKELETON}.Face_Archetype_Skeleton"
    assert list(unreal.AnimationLibrary.get_float_keys(again, "A")[1]) == [0.0, 0.5]
    assert unreal.EditorAssetLibrary.get_metadata_tag(again, "cstalk.source") == "é\n'\""
    assert unreal.EditorAssetLibrary.get_metadata_tag(again, "absent") == ""


def test_saving_with_an_open_bracket_is_a_fault_and_a_locked_file_refuses(engine):
    unreal, world = engine(("read-only", "/Game/Locked"))
    sequence = new_sequence(unreal, folder="/Game/Locked")
    sequence.controller.open_bracket("x", False)
    assert unreal.EditorAssetLibrary.save_loaded_asset(sequence, False) is False
    assert world.faults == ["Line: saved with an open bracket"]


def test_while_the_registry_loads_assets_look_missing(engine):
    unreal, _ = engine(("registry-ticks", "5"))
    registry = unreal.AssetRegistryHelpers.get_asset_registry()
    kind = unreal.TopLevelAssetPath("/Script/Engine", "Skeleton")
    assert registry.is_loading_assets()
    assert not unreal.EditorAssetLibrary.does_asset_exist(SKELETON)
    assert unreal.EditorAssetLibrary.load_asset(SKELETON) is None
    assert len(registry.get_assets_by_class(kind)) == 0
    registry.wait_for_completion()
    assert not registry.is_loading_assets()
    assert unreal.EditorAssetLibrary.does_asset_exist(SKELETON)
    found = registry.get_assets_by_class(kind)
    assert {str(data.asset_name) for data in found} == {"Face_Archetype_Skeleton", "metahuman_base_skel"}
    assert found[0].get_asset().get_class() == unreal.Skeleton.static_class()


def test_while_the_game_plays_nothing_works(engine):
    unreal, _ = engine(("play-in-editor", True))
    assert not unreal.EditorAssetLibrary.does_asset_exist(SKELETON)
    factory = unreal.AnimSequenceFactory()
    tools = unreal.AssetToolsHelpers.get_asset_tools()
    assert tools.create_asset("A", "/Game", unreal.AnimSequence, factory) is None


def test_a_redirector_leads_on(engine):
    unreal, _ = engine(content=[*project.DEFAULT, project_redirector("/Game/Old", SKELETON)])
    assert unreal.EditorAssetLibrary.load_asset("/Game/Old").get_path_name().startswith(SKELETON)


def project_redirector(path, target):
    return {"class": "ObjectRedirector", "path": path, "target": target}


def test_selected_actors_have_components(engine):
    unreal, world = engine()
    mesh = unreal.EditorAssetLibrary.load_asset(project.FACE_MESH)
    world.selected_actors.append(metahuman_actor("Ada", mesh))
    [actor] = unreal.get_editor_subsystem(unreal.EditorActorSubsystem).get_selected_level_actors()
    parts = actor.get_components_by_class(unreal.SkeletalMeshComponent)
    assert [part.get_name() for part in parts] == ["Body", "Face"]
    assert parts[1].get_skeletal_mesh_asset().skeleton.get_name() == "Face_Archetype_Skeleton"


# Dialogs


@pytest.mark.parametrize(
    ("version", "unattended", "asks"),
    [
        ("5.4", True, False),
        ("5.5", True, True),
        ("5.6", True, True),
        ("5.7", True, False),
        ("5.4", False, True),
    ],
)
def test_creating_over_an_asset_asks_and_5_5_and_5_6_ask_always(engine, version, unattended, asks):
    unreal, world = engine(version=version)
    new_sequence(unreal)
    world.unattended = unattended
    if asks:
        with pytest.raises(ModalOpened, match="already exists"):
            new_sequence(unreal, "LINE")
    else:
        assert new_sequence(unreal, "LINE") is None
    assert world.faults == ["create_asset over /Game/Lines/LINE"]
    assert bool(world.modals) is asks


def test_a_factory_without_a_skeleton_asks_for_one(engine):
    unreal, world = engine()
    world.unattended = True
    tools = unreal.AssetToolsHelpers.get_asset_tools()
    with pytest.raises(ModalOpened, match="Pick Skeleton"):
        tools.create_asset("A", "/Game", unreal.AnimSequence, unreal.AnimSequenceFactory())


def test_deleting_asks_or_fails_silently(engine):
    unreal, world = engine()
    with pytest.raises(ModalOpened):
        unreal.EditorAssetLibrary.delete_asset(SKELETON)
    unreal, world = engine(("delete-fails-silently", True))
    assert unreal.EditorAssetLibrary.delete_asset(SKELETON) is False
    assert unreal.EditorAssetLibrary.does_asset_exist(SKELETON)
    assert len(world.faults) == 1


@pytest.mark.parametrize(
    "name", ["", "a b", "a/b", "..", "a.b", "a\n", "ä", "a'b", "é" * 3, "\x00"], ids=ascii
)
def test_only_plain_names_can_be_created(engine, name):
    unreal, world = engine()
    world.unattended = True
    made = new_sequence(unreal, name)
    plain = name.isalnum()
    assert (made is not None) is plain
    assert bool(world.faults) is not plain


def test_a_person_can_click_dialogs_away(engine):
    unreal, world = engine()
    world.person = True
    chosen = unreal.EditorDialog.show_message("Title", "Text", unreal.AppMsgType.OK)
    assert chosen is unreal.AppReturnType.OK
    assert world.modals == []
    world.person, world.unattended = False, False
    with pytest.raises(ModalOpened, match="Title: Text"):
        unreal.EditorDialog.show_message("Title", "Text", unreal.AppMsgType.YES_NO)


# Sound


def test_a_sound_is_exported_as_it_is(engine, tmp_path):
    pcm = array.array("h", [0, 1000, -1000, 32767]).tobytes()
    unreal, _ = engine(content=[project.sound("/Game/Voice", pcm, rate=24000)])
    task = unreal.AssetExportTask()
    task.object = unreal.EditorAssetLibrary.load_asset("/Game/Voice")
    task.filename = str(tmp_path / "v.wav")
    task.exporter = unreal.SoundExporterWAV()
    with pytest.raises(ModalOpened):
        unreal.Exporter.run_asset_export_task(task)
    task.automated = True
    assert unreal.Exporter.run_asset_export_task(task) is True
    with wave.open(task.filename) as file:
        assert (file.getframerate(), file.readframes(9)) == (24000, pcm)
    assert unreal.Exporter.run_asset_export_task(task) is False
    task.replace_identical = True
    assert unreal.Exporter.run_asset_export_task(task) is True
    task.object = unreal.EditorAssetLibrary.load_asset("/Game/Nothing")
    assert unreal.Exporter.run_asset_export_task(task) is False


# Control rigs and sequences


def board_in(unreal):
    sequence = unreal.AssetToolsHelpers.get_asset_tools().create_asset(
        "Shot", "/Game", unreal.LevelSequence, unreal.LevelSequenceFactoryNew()
    )
    rig = unreal.EditorAssetLibrary.load_asset(project.FACE_BOARD)
    face = unreal.EditorAssetLibrary.load_asset(project.FACE_MESH)
    actor = metahuman_actor("Ada", face)
    binding = unreal.MovieSceneSequenceExtensions.add_possessable(sequence, actor._components[1])
    track = unreal.ControlRigSequencerLibrary.find_or_create_control_rig_track(
        unreal.get_editor_subsystem(unreal.UnrealEditorSubsystem).get_editor_world(),
        sequence,
        rig.get_control_rig_class(),
        binding,
    )
    return sequence, actor, binding, track


def test_controls_are_keyed_only_while_the_sequence_is_open(engine):
    unreal, world = engine()
    sequence, _, _, track = board_in(unreal)
    library = unreal.ControlRigSequencerLibrary
    rig = library.get_control_rigs(sequence)[0].control_rig
    frames = [unreal.FrameNumber(0), unreal.FrameNumber(1)]
    library.set_local_control_rig_floats(sequence, rig, "CTRL_L_brow_down", frames, [0.0, 1.0])
    assert list(track.get_section_to_key().get_all_channels()) == []
    assert "while the sequence is not open" in world.faults[0]
    assert unreal.LevelSequenceEditorBlueprintLibrary.open_level_sequence(sequence)
    library.set_local_control_rig_floats(sequence, rig, "CTRL_L_brow_down", frames, [0.0, 1.0])
    library.set_local_control_rig_vector2_ds(
        sequence, rig, "CTRL_C_jaw", frames[:1], [unreal.Vector2D(0.5, 1.0)]
    )
    library.set_local_control_rig_floats(sequence, rig, "CTRL_C_jaw", frames, [0.0, 1.0])
    assert "Control Rig Wrong Type" in world.log_lines[-1][1]
    channels = {
        str(channel.channel_name): channel for channel in track.get_section_to_key().get_all_channels()
    }
    assert set(channels) == {"CTRL_L_brow_down", "CTRL_C_jaw.X", "CTRL_C_jaw.Y"}
    assert channels["CTRL_L_brow_down"].get_keys()[1].get_value() == 1.0
    assert list(library.get_local_control_rig_floats(sequence, rig, "CTRL_L_brow_down", frames)) == [0.0, 1.0]


@pytest.mark.parametrize("version", ["5.5", "5.6"])
def test_an_animation_is_loaded_into_the_board_and_out_again(engine, version):
    unreal, _ = engine(version=version)
    sequence, actor, binding, track = board_in(unreal)
    animation = new_sequence(unreal)
    write(unreal, animation, {"CTRL_expressions_jawOpen": [0.0, 0.25, 0.5]})
    unreal.LevelSequenceEditorBlueprintLibrary.open_level_sequence(sequence)
    section, face, zero = track.get_section_to_key(), actor._components[1], unreal.FrameNumber(0)
    library = unreal.ControlRigSequencerLibrary
    if version == "5.6":
        done = library.load_anim_sequence_into_control_rig_section_with_range(
            section, animation, face, unreal.FrameNumber(10), False, zero, zero
        )
    else:
        done = library.load_anim_sequence_into_control_rig_section(
            section, animation, face, unreal.FrameNumber(10)
        )
    assert done is True
    keys = section.get_channel("CTRL_C_jaw.Y").get_keys()
    assert [key.get_time().frame_number.value for key in keys] == [10, 11, 12]
    assert [key.get_value() for key in keys] == pytest.approx([0.0, 0.25, 0.5], abs=1e-6)  # float32 times
    target = new_sequence(unreal, "Back")
    world_object = unreal.get_editor_subsystem(unreal.UnrealEditorSubsystem).get_editor_world()
    options = unreal.AnimSeqExportOption()
    assert unreal.SequencerTools.export_anim_sequence(world_object, sequence, target, options, binding, False)
    back = unreal.AnimationLibrary.get_float_keys(target, "CTRL_expressions_jawOpen")[1]
    assert list(back) == pytest.approx([0.0, 0.25, 0.5], abs=1e-6)


def test_controls_tell_their_type_and_limits(engine):
    unreal, _ = engine()
    hierarchy = unreal.EditorAssetLibrary.load_asset(project.FACE_BOARD).hierarchy
    controller = hierarchy.get_controller()
    keys = hierarchy.get_controls()
    assert [str(key.name) for key in keys] == ["CTRL_C_jaw", "CTRL_L_brow_down", "CTRL_R_brow_down"]
    settings = controller.get_control_settings(keys[0])
    assert settings.control_type is unreal.RigControlType.VECTOR2D
    low = unreal.RigHierarchy.get_vector2d_from_control_value(settings.minimum_value)
    assert (low.x, low.y) == (-1.0, 0.0)


# MetaHuman Animator


def performance_of(unreal):
    tools = unreal.AssetToolsHelpers.get_asset_tools()
    factory = unreal.MetaHumanPerformanceFactoryNew()
    return tools.create_asset("Take", "/Game", unreal.MetaHumanPerformance, factory)


def animator(engine):
    pcm = bytes(2 * 24000)
    return engine(content=[*project.DEFAULT, project.sound("/Game/Voice", pcm, rate=24000)])


def test_attribute_writes_on_a_performance_skip_the_setters(engine):
    unreal, world = animator(engine)
    take, voice = performance_of(unreal), unreal.EditorAssetLibrary.load_asset("/Game/Voice")
    take.input_type = unreal.DataInputType.AUDIO
    take.audio = voice
    assert take.can_process() is False
    assert "skips its setter" in world.faults[0]
    take.set_editor_property("input_type", unreal.DataInputType.AUDIO)
    take.set_editor_property("audio", voice)
    assert take.can_process() is True


def test_audio_before_the_input_type_is_a_fault_and_mood_names_are_the_real_ones(engine):
    unreal, world = animator(engine)
    take = performance_of(unreal)
    take.set_editor_property("audio", unreal.EditorAssetLibrary.load_asset("/Game/Voice"))
    assert world.faults == ["Take: audio is set before input_type is AUDIO"]
    assert hasattr(unreal.AudioDrivenAnimationMood, "HAPPINESS")
    assert not hasattr(unreal.AudioDrivenAnimationMood, "HAPPY")


def test_an_export_asks_drops_keys_and_takes_any_skeleton_unless_told_otherwise(engine):
    curves = {"CTRL_expressions_jawOpen": [0.0, 0.1, 0.2, 0.3, 0.0], "CTRL_expressions_jawLeft": [0.0] * 5}
    unreal, _ = engine(content=[*project.DEFAULT, project.performance("/Game/Take", curves, frames=5)])
    take = unreal.EditorAssetLibrary.load_asset("/Game/Take")
    settings = unreal.MetaHumanPerformanceExportAnimationSettings()
    settings.package_path, settings.asset_name = "/Game/Out", "Dense"
    with pytest.raises(ModalOpened):
        unreal.MetaHumanPerformanceExportUtils.export_animation_sequence(take, settings)
    settings.show_export_dialog = False
    settings.target_skeleton_or_skeletal_mesh = unreal.EditorAssetLibrary.load_asset(project.FACE_MESH)
    reduced = unreal.MetaHumanPerformanceExportUtils.export_animation_sequence(take, settings)
    assert len(unreal.AnimationLibrary.get_float_keys(reduced, "CTRL_expressions_jawOpen")[0]) == 3
    assert len(unreal.AnimationLibrary.get_float_keys(reduced, "CTRL_expressions_jawLeft")[0]) == 0
    settings.asset_name, settings.remove_redundant_keys = "Dense2", False
    dense = unreal.MetaHumanPerformanceExportUtils.export_animation_sequence(take, settings)
    assert dense.data_model_interface.get_number_of_keys() == 5
    assert len(unreal.AnimationLibrary.get_float_keys(dense, "CTRL_expressions_jawLeft")[0]) == 5
    names = unreal.AnimationLibrary.get_animation_curve_names(dense, unreal.RawCurveTrackTypes.RCT_FLOAT)
    assert {"HeadYaw", "HeadControlSwitch"} <= {str(name) for name in names}
    with pytest.raises(ModalOpened, match="already exists"):
        unreal.MetaHumanPerformanceExportUtils.export_animation_sequence(take, settings)


def test_without_the_plugin_its_classes_are_absent(engine):
    unreal, _ = engine(("no-animator", True))
    assert not hasattr(unreal, "MetaHumanPerformance")


# Menus, progress, undo


def test_the_main_menu_comes_later_and_entries_run_python(engine):
    unreal, world = engine()
    tools = unreal.ToolMenus.get()
    assert tools.find_menu("LevelEditor.MainMenu") is None
    world.ticks = 3
    menu = tools.find_menu("LevelEditor.MainMenu").add_sub_menu("Me", "Section", "Mine", "My Menu")
    entry = unreal.ToolMenuEntry(name="go", type=unreal.MultiBlockType.MENU_ENTRY)
    entry.set_label("Go")
    entry.set_string_command(unreal.ToolMenuStringCommandType.PYTHON, "", "went = 1 + 1")
    menu.add_menu_entry("Section", entry)
    tools.refresh_all_widgets()
    assert menus.listed()["LevelEditor.MainMenu.Mine"] == ["Go"]
    menus.press("LevelEditor.MainMenu.Mine", "go")
    assert world.console_names["went"] == 2
    tools.unregister_owner_by_name("Me")
    assert tools.find_menu("LevelEditor.MainMenu.Mine") is None
    menu.add_menu_entry("Section", unreal.ToolMenuEntry(name="x"))
    assert "type is not set" in world.faults[0]


def test_a_slow_task_is_entered_and_can_be_cancelled(engine):
    unreal, world = engine(("cancel-slow-task", "2"))
    with pytest.raises(Exception, match="has not been entered"):
        unreal.ScopedSlowTask(3, "x").enter_progress_frame()
    with unreal.ScopedSlowTask(3, "Work") as task:
        task.make_dialog(True)
        task.enter_progress_frame(1, "one")
        assert not task.should_cancel()
        task.enter_progress_frame()
        assert task.should_cancel()
        task.enter_progress_frame(2)
    assert world.faults == ["slow task 'Work': 4 of 3 units of work are done"]
    with pytest.raises(TypeError):
        unreal.ScopedSlowTask("3")


def test_a_transaction_is_one_undo_step(engine):
    unreal, world = engine()
    with unreal.ScopedEditorTransaction("Convert"):
        write(unreal, new_sequence(unreal), {"a": [0.0, 1.0]}, transact=True)
    assert (world.transactions, world.undo_steps, world.undo_records) == (["Convert"], 1, 5)


def test_tick_callbacks_come_and_go(engine):
    unreal, world = engine()
    handle = unreal.register_slate_post_tick_callback(lambda seconds: None)
    assert len(world.tick_callbacks) == 1
    with pytest.raises(TypeError):
        unreal.unregister_slate_post_tick_callback(3)
    unreal.unregister_slate_post_tick_callback(handle)
    assert world.tick_callbacks == {}
    with pytest.raises(TypeError):
        unreal.register_slate_post_tick_callback("not callable")


def test_folders_of_the_project_are_relative_to_the_engine(engine, tmp_path):
    unreal, _ = engine(project_root=tmp_path, project_name="P")
    saved = unreal.Paths.project_saved_dir()
    assert saved.startswith("..")
    assert unreal.Paths.convert_relative_path_to_full(saved) == f"{tmp_path.as_posix()}/Saved/"
    assert unreal.Paths.get_project_file_path().endswith("/P.uproject")


# The list of the API


def test_the_list_of_the_api_is_made_from_the_fake():
    entries = listing()
    assert json.loads(json.dumps(entries)) == entries
    by_name = {}
    for entry in entries:
        by_name.setdefault((entry["class"], entry["member"]), []).append(entry)
    [create] = by_name["AssetTools", "create_asset"]
    assert create["versions"] == ["5.4", "5.5", "5.6", "5.7"]
    assert create["signature"] == (
        "(asset_name: str, package_path: str, asset_class: Class, factory: Factory, "
        "calling_context: Name='None') -> Object"
    )
    keys = {tuple(entry["versions"]): entry["signature"] for entry in by_name["RichCurveKey", "__init__"]}
    assert keys["5.4",] == "(time: float=0.0, value: float=0.0) -> None"
    assert keys["5.5", "5.6", "5.7"].startswith(
        "(interp_mode: RichCurveInterpMode=RichCurveInterpMode.RCIM_LINEAR"
    )
    assert by_name["MetaHumanPerformance", "can_process"][0]["in_stubs"] is False
    assert len(entries) > 400
