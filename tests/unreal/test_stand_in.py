"""The stand-in editor has the real editor's protocol habits, seen here with nothing but sockets."""

import json
import socket
import struct
import subprocess
import sys
import time
import uuid

import pytest
from stand_in.fake_unreal import project


class Client:
    """A client of the bare protocol: one UDP socket, one listening socket, messages written by hand."""

    def __init__(self, settings, node: str = "") -> None:
        self.node = node or str(uuid.uuid4())
        self.group = (settings.group_address, settings.group_port)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
        self.udp.bind(("0.0.0.0", settings.group_port))
        membership = struct.pack("4s4s", socket.inet_aton(self.group[0]), socket.inet_aton("0.0.0.0"))
        self.udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(30)
        self.connection: socket.socket | None = None

    def send(self, kind: str, dest: str = "", **more) -> None:
        self.udp.sendto(self.message(kind, dest, **more), self.group)

    def message(self, kind: str, dest: str = "", **more) -> bytes:
        message = {"version": 1, "magic": "ue_py", "type": kind, "source": self.node} | more
        if dest:
            message["dest"] = dest
        return json.dumps(message, ensure_ascii=False).encode()

    def heard(self, seconds: float, kinds=("pong",)) -> list[dict]:
        """Everything of these kinds on the group within a time, whoever it is for."""
        messages, deadline = [], time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.udp.settimeout(left)
            try:
                received = self.udp.recv(65536)
                message = json.loads(received)
            except (TimeoutError, ValueError):
                continue
            if isinstance(message, dict) and message.get("type") in kinds and message["source"] != self.node:
                messages.append(message)
        return messages

    def first_pong(self, seconds: float = 30.0) -> dict:
        self.send("ping")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for pong in self.heard(0.05):
                return pong
        raise TimeoutError("no pong")

    def open(self, node: str) -> socket.socket:
        ip, port = self.listener.getsockname()
        self.send("open_connection", node, data={"command_ip": ip, "command_port": port})
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(30)
        return self.connection

    def command(self, text: str, mode: str = "ExecuteFile", dest: str = "", **changes) -> bytes:
        data = {"command": text, "unattended": True, "exec_mode": mode} | changes
        return self.message("command", dest, data={k: v for k, v in data.items() if v is not None})

    def read(self, seconds: float = 30.0) -> dict:
        """The answer, put together from however many pieces."""
        assert self.connection is not None
        received, deadline = b"", time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.connection.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                received += self.connection.recv(65536)
                return json.loads(received)
            except ValueError:
                continue
            except TimeoutError:
                break
        raise TimeoutError(f"{len(received)} bytes, and no answer")

    def run(self, text: str, mode: str = "ExecuteFile") -> dict:
        assert self.connection is not None
        self.connection.sendall(self.command(text, mode))
        return self.read()["data"]

    def close(self) -> None:
        for each in (self.udp, self.listener, self.connection):
            if each is not None:
                each.close()


@pytest.fixture
def client():
    """Make clients for an editor's settings; closed at the end."""
    made = []

    def make(settings, node: str = "") -> Client:
        made.append(Client(settings, node))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def connected(editor, client):
    """An editor with these behaviours and a client connected to it."""

    def make(*behaviours, **settings):
        stand_in = editor(behaviours, **settings)
        joined = client(stand_in.settings)
        joined.open(stand_in.node)
        return stand_in, joined

    return make


# Discovery


def test_a_pong_goes_to_the_group_for_the_asker_and_says_who_and_where(editor, client):
    stand_in = editor(engine_version="5.5")
    asker, bystander = client(stand_in.settings), client(stand_in.settings)
    pong = asker.first_pong()
    assert pong["dest"] == asker.node
    assert pong["source"] == stand_in.node
    assert (pong["version"], pong["magic"]) == (1, "ue_py")
    about = pong["data"]
    assert set(about) == {"user", "machine", "engine_version", "engine_root", "project_root", "project_name"}
    assert about["project_name"] == "StandIn"
    assert about["engine_version"].startswith("5.5.4-")
    assert about["project_root"].rstrip("/") == str(stand_in.project_root)
    assert [heard["dest"] for heard in bystander.heard(0.2)] == [asker.node]


def test_an_editor_without_a_project_names_none(editor, client):
    stand_in = editor(project_name="", start=False)
    stand_in.start()
    assert "project_name" not in client(stand_in.settings).first_pong()["data"]


def test_several_editors_answer_and_only_the_addressed_one_connects(editor, client):
    first, second = editor(), editor()
    joined = client(first.settings)
    joined.send("ping")
    assert {pong["source"] for pong in joined.heard(0.5)} == {first.node, second.node}
    joined.open(second.node)
    assert joined.run("import unreal; print(unreal.Paths.get_project_file_path())")["output"][0][
        "output"
    ].endswith("StandIn2.uproject")
    assert second.texts("connected")
    assert not first.texts("connected")


def test_what_is_not_for_it_is_dropped(editor, client):
    stand_in = editor()
    joined = client(stand_in.settings)
    for change in (
        {"version": 2},
        {"magic": "other"},
        {"dest": "somebody-else"},
        {"source": None},
        {"source": stand_in.node},
        {"type": "pong"},
    ):
        joined.send("ping", **change)
    assert joined.heard(0.25) == []
    assert joined.first_pong()["source"] == stand_in.node


def test_rubbish_on_the_group_leaves_only_a_line_in_the_log(editor, client):
    stand_in = editor()
    joined = client(stand_in.settings)
    for rubbish in (b"", b"\xff\x00", b"[1]", b"{", b"null", b"{}" * 2):
        joined.udp.sendto(rubbish, joined.group)
    joined.send("open_connection", stand_in.node, data={"command_ip": "localhost", "command_port": 1})
    joined.send("open_connection", stand_in.node, data={"command_ip": "::1", "command_port": 1})
    joined.send("open_connection", stand_in.node)
    assert joined.first_pong()["source"] == stand_in.node
    assert "Failed to read remote execution message" in stand_in.log()
    assert not stand_in.events("connected")


def test_a_project_without_remote_execution_is_silent(editor, client):
    stand_in = editor(["remote-execution-off"])
    joined = client(stand_in.settings)
    joined.send("ping")
    assert joined.heard(0.3) == []


def test_strangers_on_the_group_can_be_imitated(editor, client):
    joined = client(editor(["stray-datagrams"]).settings)
    joined.send("ping")
    heard = joined.heard(0.5, ("pong", "command_result"))
    assert len(heard) >= 6
    assert {message["source"] for message in heard} >= {"stranger", "broken"}


# Commands


def test_files_statements_and_expressions(connected):
    _, joined = connected()
    answer = joined.run("x = 'é'\nprint(x)\nprint('two\\nlines')")
    assert answer["success"] is True
    assert answer["result"] == "None"
    assert answer["command"].startswith("x = ")
    assert answer["output"] == [{"type": "Info", "output": text} for text in ("é", "two", "lines")]
    assert joined.run("1 + 2", "EvaluateStatement")["result"] == "3"
    assert joined.run("'a' * 2", "EvaluateStatement")["result"] == "'aa'"
    shown = joined.run("6 * 7", "ExecuteStatement")
    assert shown["result"] == "None"
    assert shown["output"] == [{"type": "Info", "output": "42"}]


def test_a_failure_is_a_traceback(connected):
    _, joined = connected()
    answer = joined.run("import unreal\nunreal.log_warning('careful')\nraise ValueError('ö')")
    assert answer["success"] is False
    assert "ValueError: ö" in answer["result"]
    assert answer["output"][0] == {"type": "Warning", "output": "careful"}
    assert answer["output"][1]["type"] == "Error"
    assert joined.run("raise SystemExit")["success"] is False
    assert joined.run("1", "EvaluateStatement")["success"] is True


def test_names_of_files_do_not_persist_those_of_statements_do(connected):
    _, joined = connected()
    joined.run("kept = 1", "ExecuteFile")
    assert joined.run("kept", "EvaluateStatement")["success"] is False
    joined.run("kept = 1", "ExecuteStatement")
    assert joined.run("kept", "EvaluateStatement")["result"] == "1"
    assert joined.run("print(kept)", "ExecuteFile")["success"] is False


def test_a_file_on_disk_is_run_with_its_arguments(connected, tmp_path):
    script = tmp_path / "a script.py"
    script.write_text("import sys\nprint(sys.argv[1:])", encoding="utf-8")
    _, joined = connected()
    assert joined.run(f'"{script}" one two')["output"][0]["output"] == "['one', 'two']"


def test_a_malformed_command_gets_no_answer(connected):
    stand_in, joined = connected()
    malformed = (
        {"exec_mode": None},
        {"unattended": None},
        {"command": None},
        {"exec_mode": "Execute"},
        {"unattended": 1},
    )
    for number, change in enumerate(malformed, 1):
        joined.connection.sendall(joined.command("print(1)", **change))
        stand_in.wait_for("lost", number)
    with pytest.raises(TimeoutError):
        joined.read(0.2)
    assert joined.run("print(2)")["output"][0]["output"] == "2"


def test_a_command_for_somebody_else_gets_no_answer(connected):
    stand_in, joined = connected()
    joined.connection.sendall(joined.command("print(1)", dest="somebody-else"))
    stand_in.wait_for("lost")
    with pytest.raises(TimeoutError):
        joined.read(0.2)


def test_a_command_in_two_pieces_is_lost(connected):
    stand_in, joined = connected()
    command = joined.command("print(1)")
    joined.connection.sendall(command[:20])
    stand_in.wait_for("lost", 1)
    joined.connection.sendall(command[20:])
    stand_in.wait_for("lost", 2)
    with pytest.raises(TimeoutError):
        joined.read(0.2)
    assert not stand_in.events("command")
    assert stand_in.log().count("Failed to read remote execution message") == 2


def test_two_commands_in_one_read_are_lost(connected):
    stand_in, joined = connected("slow-tick=0.2")
    joined.connection.sendall(joined.command("print(1)") + joined.command("print(2)"))
    stand_in.wait_for("lost")
    with pytest.raises(TimeoutError):
        joined.read(0.3)
    assert not stand_in.events("command")


# Connections


def test_a_second_opener_replaces_the_first(editor, client):
    stand_in = editor()
    first, second = client(stand_in.settings), client(stand_in.settings)
    first.open(stand_in.node)
    second.open(stand_in.node)
    assert first.connection.recv(1) == b""
    assert second.run("print('mine')")["success"]
    assert len(stand_in.events("replaced")) == 1


def test_a_dead_connection_is_not_noticed_and_the_same_address_is_ignored(connected):
    stand_in, joined = connected()
    joined.connection.close()
    ip, port = joined.listener.getsockname()
    again = {"command_ip": ip, "command_port": port}
    joined.send("open_connection", stand_in.node, data=again)
    stand_in.wait_for("ignored")
    joined.listener.settimeout(0.3)
    with pytest.raises(TimeoutError):
        joined.listener.accept()
    joined.listener.settimeout(30)
    joined.send("close_connection", stand_in.node)
    joined.open(stand_in.node)
    assert joined.run("print(1)")["success"]


def test_only_the_one_who_opened_can_close(editor, client):
    stand_in = editor()
    first, second = client(stand_in.settings), client(stand_in.settings)
    first.open(stand_in.node)
    second.send("close_connection", stand_in.node)
    second.first_pong()
    assert first.run("print(1)")["success"]
    first.send("close_connection", stand_in.node)
    assert first.connection.recv(1) == b""


def test_nobody_listening_does_no_harm(editor, client):
    stand_in = editor()
    joined = client(stand_in.settings)
    ip, port = joined.listener.getsockname()
    joined.listener.close()
    joined.send("open_connection", stand_in.node, data={"command_ip": ip, "command_port": port})
    assert joined.first_pong()["source"] == stand_in.node
    assert "cannot connect" in stand_in.log()


# Answers


def test_an_answer_can_come_in_small_pieces_that_split_characters(connected):
    _, joined = connected("split-reply=3")
    assert joined.run("print('ä€😀' * 20)")["output"][0]["output"] == "ä€😀" * 20


def test_an_answer_can_be_cut(connected):
    _, joined = connected("cut-reply=50")
    joined.connection.sendall(joined.command("print(1)"))
    with pytest.raises(TimeoutError, match="50 bytes"):
        joined.read(0.3)


def test_an_answer_larger_than_the_socket_takes_is_cut(connected):
    stand_in, joined = connected()
    joined.connection.sendall(joined.command("print('x' * 30_000_000)"))
    [cut] = stand_in.wait_for("cut")
    assert cut["text"].endswith(" bytes")
    with pytest.raises(TimeoutError):
        joined.read(1.0)


def test_an_answer_can_be_missing(connected):
    stand_in, joined = connected("no-reply")
    joined.connection.sendall(joined.command("print(1)"))
    stand_in.wait_for("command")
    with pytest.raises(TimeoutError):
        joined.read(0.2)


def test_the_answer_holds_all_that_is_logged_meanwhile(connected):
    _, joined = connected("noisy=200", "crlf-output")
    output = joined.run("print('first')")["output"]
    assert output[0]["output"] == "first\r\n"
    assert len(output) == 201


# Being busy


def test_while_a_command_runs_there_are_no_pongs_and_they_come_late(connected):
    _, joined = connected()
    joined.connection.sendall(joined.command("import time; time.sleep(0.8)"))
    time.sleep(0.1)
    joined.send("ping")
    assert joined.heard(0.4) == []
    assert joined.read()["data"]["success"]
    assert len(joined.heard(0.3)) == 1


def test_a_dialog_stops_the_editor_until_somebody_clicks(connected):
    stand_in, joined = connected()
    joined.connection.sendall(
        joined.command("import unreal; print(unreal.EditorAssetLibrary.delete_asset('/Game/A'))")
    )
    assert stand_in.wait_for("modal")[0]["text"] == "Delete /Game/A?"
    joined.send("ping")
    assert joined.heard(0.3) == []
    with pytest.raises(TimeoutError):
        stand_in.python("1", timeout=0.2)
    stand_in.click()
    assert joined.read()["data"]["output"][0]["output"] == "False"
    assert len(joined.heard(0.3)) == 1


def test_a_dialog_of_somebody_else_is_as_bad(connected):
    stand_in, joined = connected("modal-on-command=2", "modal-closes=0.3")
    joined.run("print(1)")
    started = time.monotonic()
    joined.run("print(2)")
    assert time.monotonic() - started > 0.25
    assert stand_in.modals() == ["Somebody else's dialog"]


@pytest.mark.parametrize(("behaviours", "least"), [(["slow-tick=0.3"], 0.15), (["throttled"], 0.15)])
def test_ticks_can_be_slow(editor, client, behaviours, least):
    stand_in = editor(behaviours)
    joined = client(stand_in.settings)
    joined.first_pong()
    joined.open(stand_in.node)
    started = time.monotonic()
    for _ in range(2):
        joined.run("print(1)")
    assert time.monotonic() - started > least


def test_the_game_thread_can_be_busy_before_and_after(editor, client):
    stand_in = editor(["busy-at-start=0.5", "busy-after-command=0.5"])
    joined = client(stand_in.settings)
    joined.send("ping")
    assert joined.heard(0.2) == []
    joined.first_pong()
    joined.open(stand_in.node)
    joined.run("print(1)")
    joined.send("ping")
    assert joined.heard(0.2) == []


# Life and content


SAVE_ONE = """
import unreal
factory = unreal.AnimSequenceFactory()
factory.target_skeleton = unreal.EditorAssetLibrary.load_asset("{skeleton}")
tools = unreal.AssetToolsHelpers.get_asset_tools()
made = tools.create_asset("{name}", "/Game/L", unreal.AnimSequence, factory)
unreal.EditorAssetLibrary.set_metadata_tag(made, "Mine", "yes")
if {save}:
    unreal.EditorAssetLibrary.save_loaded_asset(made, False)
"""


def save_one(name: str, save: bool = True) -> str:
    return SAVE_ONE.format(skeleton=project.FACE_SKELETON, name=name, save=save)


def test_what_is_saved_outlives_a_kill_and_what_is_not_does_not(connected):
    stand_in, joined = connected()
    assert joined.run(save_one("Kept"))["success"]
    assert joined.run(save_one("Lost", save=False))["success"]
    stand_in.restart()
    listed = stand_in.python("list(unreal.EditorAssetLibrary.list_assets('/Game/L'))")
    assert listed == ["/Game/L/Kept.Kept"]
    assert stand_in.asset("/Game/L/Kept").tags == {"mine": "yes"}
    assert stand_in.saves() == ["/Game/L/Kept"]
    assert stand_in.python("unreal.EditorAssetLibrary.load_asset('/game/l/KEPT').get_name()") == "Kept"


def test_it_can_die_after_so_many_saves(connected):
    stand_in, joined = connected("die-after-saves=2")
    joined.run(save_one("A"))
    joined.connection.sendall(joined.command(save_one("B") + save_one("C")))
    assert stand_in.wait_for_end() == 9
    assert stand_in.saves() == ["/Game/L/A", "/Game/L/B"]
    stand_in.restart(behaviours=[])
    assert stand_in.is_running


@pytest.mark.parametrize("in_a_dialog", [False, True])
def test_it_ends_with_whoever_started_it(editor, in_a_dialog):
    stand_in = editor()
    if in_a_dialog:
        with pytest.raises(TimeoutError):
            stand_in.python("unreal.EditorAssetLibrary.delete_asset('/Game/A')", timeout=0.2)
    stand_in._process.stdin.close()
    assert stand_in.wait_for_end() == 0


def test_scripts_see_no_packages_and_nothing_of_this_repository(editor):
    stand_in = editor()
    for name in ("cstalk_ue", "numpy", "ue_scripts", "faces", "pytest"):
        with pytest.raises(RuntimeError, match="ModuleNotFoundError"):
            stand_in.python(f"import {name}")


def test_start_up_scripts_run_before_the_menu_and_the_registry_are_ready(editor):
    stand_in = editor(["registry-ticks=20"], start=False)
    folder = stand_in.project_root / "Plugins" / "Some" / "Content" / "Python"
    folder.mkdir(parents=True)
    (folder / "helper.py").write_text("x = 3", encoding="utf-8")
    (folder / "init_unreal.py").write_text(
        "import helper, unreal\n"
        "print('menu', unreal.ToolMenus.get().find_menu('LevelEditor.MainMenu'))\n"
        "print('loading', unreal.AssetRegistryHelpers.get_asset_registry().is_loading_assets())\n"
        "unreal.register_slate_post_tick_callback(lambda seconds: 1 / 0)\n",
        encoding="utf-8",
    )
    stand_in.start()
    stand_in.wait_for("fault")
    assert "Info: menu None" in stand_in.log()
    assert "Info: loading True" in stand_in.log()
    assert "a tick callback raises ZeroDivisionError" in stand_in.faults()[0]
    while not stand_in.python("bool(unreal.ToolMenus.get().find_menu('LevelEditor.MainMenu'))"):
        pass


def test_quitting_in_good_order_calls_those_who_asked_for_it(editor, tmp_path):
    stand_in = editor()
    left = tmp_path / "left.txt"
    stand_in.python(f"unreal.register_python_shutdown_callback(lambda: open({str(left)!r}, 'w').close())")
    stand_in.quit()
    assert left.is_file()
    assert stand_in.exit_code == 0


def test_it_runs_on_the_oldest_python_of_an_editor(editor, python39):
    stand_in = editor(python=python39)
    assert stand_in.python("import sys; sys.version_info[:2]") == [3, 9]


def test_an_unknown_behaviour_is_refused(tmp_path):
    command = [
        sys.executable,
        "-m",
        "tests.stand_in.editor",
        "--project-name",
        "X",
        "--project-root",
        str(tmp_path),
    ]
    command += ["--state", str(tmp_path), "--behaviour", "nonsense"]
    done = subprocess.run(command, cwd=project.__file__.split("tests")[0], capture_output=True, text=True)
    assert done.returncode != 0
    assert "behaviour 'nonsense' is unknown" in done.stderr


def test_it_starts_in_well_under_a_second(editor):
    started = time.monotonic()
    editor()
    assert time.monotonic() - started < 20  # 0.3 s alone; the rest is for a busy machine
