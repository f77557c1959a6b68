"""Editors are found by asking again and again, told apart, and nobody else is taken for one."""

import errno
import os
import socket
import struct
import sys
import time

import pytest
from small_editor import SmallEditor, free_port_settings

from cstalk_ue.errors import EditorNotFoundError, UnrealError, UsageError
from cstalk_ue.unreal import EditorNode, RemoteExecutionSettings, UnrealEditors, choose_editor, find_editors
from cstalk_ue.unreal import matches as fits
from cstalk_ue.unreal.messages import Message
from cstalk_ue.unreal.multicast import MulticastSocket, _explain

GAME = EditorNode("A1", "Game", "/games/Game/", "5.6")
OTHER = EditorNode("B2", "Other", "C:/Jobs/Other/", "5.5")
EMPTY = EditorNode("C3", engine_version="5.4")


def test_an_editor_is_found_with_all_it_says(multicast_port):
    with SmallEditor(multicast_port, name="Ünï") as editor:
        (node,) = find_editors(free_port_settings(multicast_port), 20.0, settle_seconds=0.2)
    assert node == EditorNode(
        editor.node_id, "Ünï", "/games/Game", "5.6.0-1", engine_root="/ue", machine="ws1", user="artist"
    )


def test_a_search_with_nobody_there_ends_in_time(multicast_port):
    start = time.monotonic()
    assert find_editors(free_port_settings(multicast_port), 0.3) == []
    assert 0.25 < time.monotonic() - start < 20


def test_several_editors_are_found_at_once_and_keep_apart(multicast_port):
    with (
        SmallEditor(multicast_port, name="B") as b,
        SmallEditor(multicast_port, name="A") as a,
        SmallEditor(multicast_port, name="") as c,
    ):
        nodes = find_editors(free_port_settings(multicast_port), 0.6)
    assert [(node.project_name, node.node_id) for node in nodes] == [
        ("", c.node_id), ("A", a.node_id), ("B", b.node_id),
    ]  # fmt: skip


def test_an_editor_that_is_busy_at_first_is_found_by_asking_again(multicast_port):
    with SmallEditor(multicast_port, silent_pings=4) as editor:
        (node,) = find_editors(free_port_settings(multicast_port), 20.0, settle_seconds=0.1)
    assert node.node_id == editor.node_id
    assert editor.seen_kinds().count("ping") >= 5


def test_a_search_with_a_settling_time_does_not_wait_for_the_end(multicast_port):
    with SmallEditor(multicast_port):
        start = time.monotonic()
        assert find_editors(free_port_settings(multicast_port), 30.0, settle_seconds=0.1)
        assert time.monotonic() - start < 25


def test_an_open_search_can_be_asked_again_and_takes_its_own_id(multicast_port):
    settings = free_port_settings(multicast_port)
    with UnrealEditors(settings) as editors:
        assert editors.search(0.15) == []
        with SmallEditor(multicast_port) as editor:
            (node,) = editors.search(20.0, settle_seconds=0.05)
            assert node.node_id == editor.node_id
            find_editors(settings, 20.0, settle_seconds=0.05)
            assert len({message["source"] for message in editor.seen}) == 2


def test_nothing_but_a_pong_to_us_is_taken_for_an_editor(multicast_port):
    """Garbage, other magic, pongs to others or from ourselves, and pings of other clients are dropped."""

    class Noisy(SmallEditor):
        def pong(self, dest, **changed):
            self.say(b"\xff\x00garbage")
            self.say(b"{")
            self.say(b"")
            self.say([1, 2])
            super().pong(dest, source="X1", magic="other")
            super().pong(dest, source="X2", version=2)
            super().pong("somebody else", source="X3")
            super().pong(dest, source=dest)
            super().pong(dest, source="X4", type="ping")
            super().pong(dest, source="X5\x1b[2J")
            super().pong(dest, source="X6", data="text")
            super().pong(dest, source="X7", data={})
            super().pong(dest, source="X8", data={"project_name": "Game", "user": 3})
            super().pong(dest)

    with Noisy(multicast_port) as editor:
        nodes = find_editors(free_port_settings(multicast_port), 0.5)
    assert [node.node_id for node in nodes] == [editor.node_id]


def test_what_an_editor_says_is_fit_for_a_terminal(multicast_port):
    class Rude(SmallEditor):
        def pong(self, dest, **changed):
            data = {
                "project_name": "a\x1b[31m\nb",
                "project_root": "x" * 9000,
                "machine": "\u202e",
                "user": "\x07",
            }
            super().pong(dest, data=data | {"engine_version": "5.6", "engine_root": ""})

    with Rude(multicast_port):
        (node,) = find_editors(free_port_settings(multicast_port), 20.0, settle_seconds=0.1)
    assert node.project_name == "a�[31m�b" and node.machine == node.user == "�"
    assert len(node.project_root) <= 1024


def test_a_flood_of_made_up_editors_is_bounded(multicast_port):
    class Flood(SmallEditor):
        def pong(self, dest, **changed):
            for number in range(300):
                super().pong(dest, source=f"X{number}")

    with Flood(multicast_port):
        assert 0 < len(find_editors(free_port_settings(multicast_port), 0.5)) <= 200


# The socket


def test_options_are_set_so_that_all_can_share_and_nothing_leaves(multicast_port):
    with MulticastSocket(free_port_settings(multicast_port)) as group:
        option = group._socket.getsockopt
        assert option(socket.SOL_SOCKET, socket.SO_REUSEADDR)
        assert not hasattr(socket, "SO_REUSEPORT") or option(socket.SOL_SOCKET, socket.SO_REUSEPORT)
        assert option(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 0
        assert option(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.1 can be joined there, which shows the option")
def test_the_adapter_that_is_joined_is_the_one_that_is_sent_on(multicast_port):
    with MulticastSocket(free_port_settings(multicast_port, bind_address="127.0.0.1")) as group:
        assert group._socket.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, 4) == struct.pack(
            "4B", 127, 0, 0, 1
        )


def test_the_socket_is_closed_on_the_way_out_and_on_an_error(multicast_port, monkeypatch):
    made = []
    real = socket.socket

    class Recorded(real):
        def __init__(self, *arguments, **words):
            super().__init__(*arguments, **words)
            made.append(self)

    monkeypatch.setattr(socket, "socket", Recorded)
    find_editors(free_port_settings(multicast_port), 0.1)
    with pytest.raises(UnrealError):
        find_editors(free_port_settings(multicast_port, bind_address="192.0.2.77"), 0.1)
    assert len(made) >= 2 and all(one.fileno() == -1 for one in made)


def test_an_address_that_is_not_ours_is_named(multicast_port):
    with pytest.raises(UnrealError, match=r"--bind: 192\.0\.2\.77 is no address of this machine"):
        find_editors(free_port_settings(multicast_port, bind_address="192.0.2.77"), 0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets a second program in all the same")
def test_a_port_that_somebody_does_not_share_is_named(multicast_port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as greedy:
        greedy.bind(("0.0.0.0", multicast_port))
        with pytest.raises(UnrealError, match=f"UDP port {multicast_port} is taken"):
            find_editors(free_port_settings(multicast_port), 0.1)


@pytest.mark.parametrize("only", ["SO_REUSEADDR", "SO_REUSEPORT"])
@pytest.mark.skipif(sys.platform == "win32", reason="no SO_REUSEPORT there")
def test_the_port_is_shared_with_a_program_that_sets_either_option(multicast_port, only):
    """Epic's client sets one of them, others the other; an editor's port has to take all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, getattr(socket, only), 1)
        other.bind(("0.0.0.0", multicast_port))
        with MulticastSocket(free_port_settings(multicast_port)) as group:
            group.send(Message("ping", "me"))


def test_tests_send_nothing_that_could_leave_this_machine(multicast):
    """With its usual TTL of 1, a datagram to the group would reach the network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for address in ("239.0.0.1", "192.0.2.1"):
            with pytest.raises(ConnectionRefusedError, match="do not use the network"):
                udp.sendto(b"x", (address, 9))
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
        assert udp.sendto(b"x", ("239.0.0.1", 9)) == 1


def test_offline_the_loopback_adapter_is_used(multicast_port, monkeypatch):
    """Without a route to the group the first send fails; the second goes over 127.0.0.1."""
    real, failed = socket.socket.sendto, []

    def no_route(self, data, *rest):
        if self.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, 4) != socket.inet_aton("127.0.0.1"):
            failed.append(data)
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        return real(self, data, *rest)

    with SmallEditor(multicast_port) as editor:
        editor.udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        monkeypatch.setattr(socket.socket, "sendto", no_route)
        assert find_editors(free_port_settings(multicast_port), 20.0, settle_seconds=0.1)
    assert len(failed) == 1


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EADDRINUSE, "taken or blocked"), (errno.EADDRNOTAVAIL, "no address of this machine"),
        (errno.ENODEV, "ip route add 239.0.0.1 dev lo"), (errno.ENETUNREACH, "--bind 127.0.0.1"),
        (errno.EPERM, "firewall"),
    ],
)  # fmt: skip
def test_each_error_of_the_socket_says_what_to_do(number, says):
    assert says in _explain(OSError(number, os.strerror(number)), RemoteExecutionSettings())


# Settings


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"group_address": "127.0.0.1"}, "no multicast address"), ({"group_address": "x"}, "no IPv4 address"),
        ({"group_port": 0}, "port 0"), ({"group_port": 65536}, "65536"), ({"bind_address": "::1"}, "no IPv4"),
        ({"bind_address": "239.0.0.1"}, "is a group"), ({"command_address": "0.0.0.0"}, "cannot connect"),
        ({"command_address": "localhost"}, "no IPv4"), ({"ping_seconds": 0}, "ping_seconds"),
        ({"connect_seconds": float("nan")}, "connect_seconds"),
        ({"largest_reply_bytes": -1}, "largest_reply"),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_settings_are_refused(changed, says):
    with pytest.raises(UsageError, match=says):
        RemoteExecutionSettings(**changed)


@pytest.mark.parametrize(
    ("platform", "address"),
    [("win32", "127.0.0.1"), ("linux", "0.0.0.0"), ("darwin", "0.0.0.0")],
)
def test_the_default_address_suits_the_system_and_commands_come_from_here_only(
    platform, address, monkeypatch
):
    monkeypatch.setattr(sys, "platform", platform)
    settings = RemoteExecutionSettings()
    assert settings.bind_address == address and settings.command_address == "127.0.0.1"
    assert settings.group == "239.0.0.1:6766"


# Choosing


def test_the_only_editor_needs_no_name():
    assert choose_editor([GAME]) is GAME


@pytest.mark.parametrize(
    "project",
    ["Game", "game", "/games/Game", "/games/Game/", "/games/Game/Game.uproject", "/games/x/../Game", "A1"],
)
def test_an_editor_is_chosen_by_name_folder_file_or_node(project):
    if os.name == "nt" and "/" in project:
        pytest.skip("paths of another system")
    assert choose_editor([OTHER, GAME, EMPTY], project) is GAME


@pytest.mark.parametrize(
    "project", ["C:\\Jobs\\Other", "c:/jobs/other/", "C:\\JOBS\\OTHER\\Other.uproject", "OTHER"]
)
def test_windows_paths_are_equal_regardless_of_case_and_slashes(project):
    assert choose_editor([OTHER, GAME, EMPTY], project) is OTHER


@pytest.mark.parametrize(
    "project", ["Gam", "", "/games", "/games/Game/Other.uproject", "C:/Jobs/Othe", "a1", "Jobs", ".."]
)
def test_what_only_looks_like_it_does_not_fit(project):
    assert not [node for node in (GAME, OTHER, EMPTY) if fits(node, project)]


def test_a_folder_is_recognised_through_a_link_and_from_where_one_stands(tmp_path, monkeypatch):
    real = tmp_path / "real"
    real.mkdir()
    link = tmp_path / "link"
    try:
        link.symlink_to(real, target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
    node = EditorNode("A", "Game", f"{real}/")
    monkeypatch.chdir(real)
    assert fits(node, str(link)) and fits(node, link) and fits(node, ".") and fits(node, "../link")


def test_several_that_fit_are_all_named():
    twin = EditorNode("A2", "Game", "/other/Game", "5.4")
    with pytest.raises(EditorNotFoundError) as caught:
        choose_editor([GAME, twin, OTHER], "Game")
    text = str(caught.value)
    assert (
        "A1" in text and "A2" in text and "B2" not in text and "/other/Game" in text and "--project" in text
    )
    with pytest.raises(EditorNotFoundError, match="2 editors fit"):
        choose_editor([GAME, OTHER])


def test_none_that_fits_names_those_that_answer():
    with pytest.raises(EditorNotFoundError, match=r"'Gone' open; these answer: Game .*; no project, .* C3"):
        choose_editor([GAME, EMPTY], "Gone")
    with pytest.raises(EditorNotFoundError, match="unreal status"):
        choose_editor([], "Gone")
