"""A command comes back with its own answer, or with an error in time; nothing is left open behind."""

import socket
import threading
import time

import pytest
from small_editor import SmallEditor, free_port_settings, send_in_pieces

from cstalk_ue.errors import EditorProtocolError, EditorTimeoutError, UnrealError
from cstalk_ue.unreal import EditorConnection, EditorNode, OutputLine, open_editor
from cstalk_ue.unreal.remote_execution import LARGEST_COMMAND_BYTES


def node_of(editor):
    return EditorNode(editor.node_id, editor.project, editor.root)


def run(editor, command="print(1)", timeout_seconds=30.0, **changed):
    with open_editor(node_of(editor), free_port_settings(editor.port, **changed)) as connection:
        return connection.run(command, timeout_seconds)


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.005)


@pytest.fixture
def sockets(monkeypatch):
    """Every socket made during the test; the client's have to be closed at its end."""
    made = []
    real = socket.socket

    class Recorded(real):
        def __init__(self, *arguments, **words):
            super().__init__(*arguments, **words)
            if threading.current_thread() is threading.main_thread():
                made.append(self)

    monkeypatch.setattr(socket, "socket", Recorded)
    return made


def open_ones(sockets, editor):
    return [one for one in sockets if one.fileno() != -1 and one is not editor.udp]


# The good case


def test_a_command_is_run_and_its_result_comes_back(multicast_port, sockets):
    def answer(editor, stream, message):
        editor.reply(stream, message, result="7", output=[("Info", "a\nb"), ("Warning", "ü€\U0001f600")])

    with SmallEditor(multicast_port, answer=answer) as editor:
        result = run(editor, "print('ü')")
        assert result.success and result.result == "7" and result.lines == ["a", "b", "ü€\U0001f600"]
        assert result.output[1] == OutputLine("Warning", "ü€\U0001f600")
        (command,) = editor.commands
        assert command["data"] == {"command": "print('ü')", "unattended": True, "exec_mode": "ExecuteFile"}
        assert command["dest"] == editor.node_id and command["magic"] == "ue_py" and command["version"] == 1
        wait_until(lambda: "close_connection" in editor.seen_kinds())
        assert open_ones(sockets, editor) == []


def test_many_commands_go_over_one_connection(multicast_port):
    with (
        SmallEditor(multicast_port) as editor,
        open_editor(node_of(editor), free_port_settings(multicast_port)) as connection,
    ):
        for number in range(20):
            assert connection.run(f"print({number})", 3.0).success
        assert [one["data"]["command"] for one in editor.commands] == [f"print({n})" for n in range(20)]


def test_a_command_that_fails_in_the_editor_is_a_result(multicast_port):
    def answer(editor, stream, message):
        editor.reply(stream, message, success=False, result="Traceback ...\nNameError: x")

    with SmallEditor(multicast_port, answer=answer) as editor:
        result = run(editor)
    assert not result.success and "NameError" in result.result


def test_we_listen_on_this_machine_only_before_we_announce(multicast_port):
    """The very first announcement is followed by a connection: nothing has to be repeated."""
    with SmallEditor(multicast_port) as editor:
        assert run(editor, ping_seconds=60.0).success
    (announced,) = [one["data"] for one in editor.seen if one["type"] == "open_connection"]
    assert announced["command_ip"] == "127.0.0.1" and announced["command_port"] not in (0, 6776)


def test_only_the_addressed_editor_connects(multicast_port):
    with SmallEditor(multicast_port, name="A") as a, SmallEditor(multicast_port, name="B") as b:
        assert run(b).success
    assert a.commands == [] and a.seen == [] and len(b.commands) == 1


def test_each_connection_has_a_new_id_and_says_goodbye(multicast_port):
    """An editor that believes in a connection that died ignores the same id on the same port."""
    with SmallEditor(multicast_port) as editor:
        for _ in range(3):
            assert run(editor).success
        wait_until(lambda: editor.seen_kinds().count("close_connection") == 3)
        assert len({one["source"] for one in editor.seen}) == 3
        assert editor.connected_to is None


def test_a_connection_works_although_the_last_one_never_said_goodbye(multicast_port):
    with SmallEditor(multicast_port) as editor:
        lost = open_editor(node_of(editor), free_port_settings(multicast_port))
        lost.__enter__()
        lost._stream.close()  # as if the client had been killed
        lost._group.close()
        wait_until(lambda: editor.connected_to is not None)
        assert run(editor).success


def test_a_closed_connection_can_be_opened_anew_with_another_id(multicast_port):
    with SmallEditor(multicast_port) as editor:
        connection = open_editor(node_of(editor), free_port_settings(multicast_port))
        for _ in range(2):
            with connection:
                assert connection.run("print(1)", 30.0).success
        assert len({one["source"] for one in editor.commands}) == 2


# Connecting


def test_a_busy_editor_connects_when_it_is_asked_again(multicast_port):
    with SmallEditor(multicast_port, ignored_opens=4) as editor:
        assert run(editor).success
        assert editor.seen_kinds().count("open_connection") >= 5


def test_an_editor_that_never_connects_ends_in_time_and_is_told(multicast_port, sockets):
    with SmallEditor(multicast_port, ignored_opens=999) as editor:
        start = time.monotonic()
        with pytest.raises(EditorTimeoutError, match=r"Game did not connect .* within 0\.4 s"):
            run(editor, connect_seconds=0.4)
        assert time.monotonic() - start < 20
        wait_until(lambda: "close_connection" in editor.seen_kinds())
        assert open_ones(sockets, editor) == []


def test_nobody_is_let_in_after_the_editor(multicast_port):
    with (
        SmallEditor(multicast_port) as editor,
        open_editor(node_of(editor), free_port_settings(multicast_port)) as connection,
    ):
        wait_until(lambda: editor.connected_to)
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", editor.connected_to[2]), timeout=1)
        assert connection.run("print(1)", 30.0).success


def test_an_address_we_cannot_listen_on_is_named(multicast_port, sockets):
    with SmallEditor(multicast_port) as editor:
        with pytest.raises(UnrealError, match=r"Cannot listen on 192\.0\.2\.77"):
            run(editor, command_address="192.0.2.77")
        assert open_ones(sockets, editor) == []


def test_entering_twice_is_refused(multicast_port):
    with (
        SmallEditor(multicast_port) as editor,
        open_editor(node_of(editor), free_port_settings(multicast_port)) as connection,
    ):
        with pytest.raises(UnrealError, match="open already"):
            connection.__enter__()
        assert connection.run("print(1)", 30.0).success


# Answers, cut and strange


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_answer_in_pieces_is_put_together(multicast_port, size):
    """One byte at a time also cuts every character of several bytes."""
    text = 'ü€\U0001f600\\"{' * (5 if size == 1 else 3000)

    def answer(editor, stream, message):
        send_in_pieces(stream, editor.reply_bytes(message, output=[("Info", text)]), size)

    with SmallEditor(multicast_port, answer=answer) as editor:
        assert run(editor, timeout_seconds=10).output[0].text == text


def test_a_large_answer_is_whole(multicast_port):
    """Epic's own client reads 8 KB of it."""
    text = "ü" * 1_000_000

    def answer(editor, stream, message):
        editor.reply(stream, message, output=[("Info", text)])

    with SmallEditor(multicast_port, answer=answer) as editor:
        assert run(editor, timeout_seconds=10).output[0].text == text


def test_an_answer_over_the_cap_is_refused(multicast_port):
    def answer(editor, stream, message):
        editor.reply(stream, message, output=[("Info", "x" * 200_000)])

    with (
        SmallEditor(multicast_port, answer=answer) as editor,
        pytest.raises(EditorProtocolError, match="over 50000 bytes"),
    ):
        run(editor, largest_reply_bytes=50_000)


def test_a_cut_answer_is_a_timeout_that_says_so(multicast_port):
    def answer(editor, stream, message):
        send_in_pieces(stream, editor.reply_bytes(message)[:-30])

    with (
        SmallEditor(multicast_port, answer=answer) as editor,
        pytest.raises(EditorTimeoutError, match=r"within 0\.4 s; it began and stopped after \d+ bytes"),
    ):
        run(editor, timeout_seconds=0.4)


def test_no_answer_is_a_timeout_after_which_nothing_is_sent_any_more(multicast_port, sockets):
    """The answer may still come, and would be taken for that of the next command."""
    with SmallEditor(multicast_port, answer=lambda *_: None) as editor:
        with open_editor(node_of(editor), free_port_settings(multicast_port)) as connection:
            start = time.monotonic()
            with pytest.raises(EditorTimeoutError, match=r"Game did not answer within 0\.3 s"):
                connection.run("print(1)", 0.3)
            assert time.monotonic() - start < 20
            assert not connection.is_open and open_ones(sockets, editor) == []
            with pytest.raises(UnrealError, match="is closed"):
                connection.run("print(2)", 0.3)
        wait_until(lambda: "close_connection" in editor.seen_kinds())
        assert editor.seen_kinds().count("close_connection") == 1 and len(editor.commands) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"source": "somebody"}, {"dest": "somebody"}, {"type": "command"}, {"magic": "x"}, {"version": 2},
        {"data": {"command": "another"}}, {"data": {"command": None}},
    ],
    ids=str,
)  # fmt: skip
def test_an_answer_to_somebody_or_something_else_is_ignored(multicast_port, changed):
    def answer(editor, stream, message):
        editor.reply(stream, message, result="wrong", **changed)
        editor.reply(stream, message, result="right")

    def only_wrong(editor, stream, message):
        editor.reply(stream, message, **changed)

    with SmallEditor(multicast_port, answer=answer) as editor:
        assert run(editor).result == "right"
    with (
        SmallEditor(multicast_port, answer=only_wrong) as editor,
        pytest.raises(EditorTimeoutError, match="1 answer to something else came"),
    ):
        run(editor, timeout_seconds=0.3)


def test_a_second_answer_is_not_taken_for_one_to_the_next_command(multicast_port):
    """Even if the next command is the same."""
    count = iter(range(99))

    def answer(editor, stream, message):
        number = str(next(count))
        editor.reply(stream, message, result=number)
        editor.reply(stream, message, result=f"{number} again")

    with (
        SmallEditor(multicast_port, answer=answer) as editor,
        open_editor(node_of(editor), free_port_settings(multicast_port)) as connection,
    ):
        for number in range(3):
            assert connection.run("print(1)", 30.0).result == str(number)
            time.sleep(0.1)


def test_part_of_an_answer_nobody_asked_for_closes_the_connection(multicast_port):
    def answer(editor, stream, message):
        send_in_pieces(stream, editor.reply_bytes(message) + b'{"version": 1, ')

    with (
        SmallEditor(multicast_port, answer=answer) as editor,
        open_editor(node_of(editor), free_port_settings(multicast_port)) as connection,
    ):
        assert connection.run("print(1)", 30.0).success
        with pytest.raises(EditorProtocolError, match="nobody asked for"):
            connection.run("print(2)", 3.0)
        assert not connection.is_open and len(editor.commands) == 1


@pytest.mark.parametrize("raw", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x16\x03\x01", b"}"])
def test_something_else_than_an_editor_is_noticed_at_once(multicast_port, raw):
    def answer(editor, stream, message):
        send_in_pieces(stream, raw)

    with (
        SmallEditor(multicast_port, answer=answer) as editor,
        pytest.raises(EditorProtocolError, match="expected a JSON object"),
    ):
        run(editor, timeout_seconds=20)


@pytest.mark.parametrize(
    "data",
    [{"success": "yes"}, {"success": None}, {"result": None}, {"output": "text"}, {"output": None}],
    ids=str,
)
def test_an_answer_without_its_parts_is_refused(multicast_port, data):
    def answer(editor, stream, message):
        editor.reply(stream, message, data=data | {"command": message["data"]["command"]})

    with (
        SmallEditor(multicast_port, answer=answer) as editor,
        pytest.raises(EditorProtocolError, match="lacks"),
    ):
        run(editor)


@pytest.mark.parametrize("politely", [True, False])
def test_an_editor_that_ends_is_noticed_at_once(multicast_port, politely, sockets):
    def answer(editor, stream, message):
        if not politely:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        editor.disconnect()

    with SmallEditor(multicast_port, answer=answer) as editor:
        start = time.monotonic()
        with pytest.raises(EditorProtocolError, match="closed the connection before it answered"):
            run(editor, timeout_seconds=20)
        assert time.monotonic() - start < 60
        assert open_ones(sockets, editor) == []


def test_a_second_client_throws_the_first_out_which_then_says_so(multicast_port):
    with SmallEditor(multicast_port) as editor:
        settings = free_port_settings(multicast_port)
        with (
            open_editor(node_of(editor), settings) as first,
            open_editor(node_of(editor), settings) as second,
        ):
            with pytest.raises(EditorProtocolError, match="another program"):
                first.run("print(1)", 5.0)
            assert second.run("print(2)", 3.0).success
        assert [one["data"]["command"] for one in editor.commands] == ["print(2)"]


# What is refused, and every way out


def test_a_command_that_an_editor_may_lose_is_not_sent(multicast_port):
    with (
        SmallEditor(multicast_port) as editor,
        open_editor(node_of(editor), free_port_settings(multicast_port)) as connection,
    ):
        for command in ("#" * LARGEST_COMMAND_BYTES, "€" * (LARGEST_COMMAND_BYTES // 3)):
            with pytest.raises(UnrealError, match="Pass data in a file"):
                connection.run(command, 3.0)
        assert connection.run("#" * (LARGEST_COMMAND_BYTES - 400), 3.0).success
        assert len(editor.commands) == 1


def test_two_commands_at_once_are_refused(multicast_port):
    go_on = threading.Event()

    def answer(editor, stream, message):
        go_on.wait(5)
        editor.reply(stream, message, result="first")

    with (
        SmallEditor(multicast_port, answer=answer) as editor,
        open_editor(node_of(editor), free_port_settings(multicast_port)) as connection,
    ):
        results = []
        thread = threading.Thread(target=lambda: results.append(connection.run("print(1)", 5.0)))
        thread.start()
        wait_until(lambda: editor.commands)
        with pytest.raises(UnrealError, match="already"):
            connection.run("print(2)", 5.0)
        go_on.set()
        thread.join(5)
        assert [one.result for one in results] == ["first"] and connection.is_open
        assert len(editor.commands) == 1


def test_ctrl_c_while_waiting_closes_everything(multicast_port, sockets, monkeypatch):
    with SmallEditor(multicast_port, answer=lambda *_: None) as editor:
        with (
            pytest.raises(KeyboardInterrupt),
            open_editor(node_of(editor), free_port_settings(multicast_port)) as connection,
        ):

            def stopped(chunk):
                raise KeyboardInterrupt

            editor.answer = lambda editor, stream, message: editor.reply(stream, message)
            monkeypatch.setattr(connection._reassembly, "take", stopped)
            connection.run("print(1)", 5.0)
        wait_until(lambda: "close_connection" in editor.seen_kinds())
        assert open_ones(sockets, editor) == []


def test_ctrl_c_while_connecting_closes_everything(multicast_port, sockets, monkeypatch):
    def stopped(self, group, listener):
        raise KeyboardInterrupt

    monkeypatch.setattr(EditorConnection, "_wait_for_editor", stopped)
    with SmallEditor(multicast_port) as editor:
        with pytest.raises(KeyboardInterrupt):
            run(editor)
        wait_until(lambda: "close_connection" in editor.seen_kinds())
        assert open_ones(sockets, editor) == []


def test_an_error_in_the_block_closes_everything(multicast_port, sockets):
    with SmallEditor(multicast_port) as editor:
        with (
            pytest.raises(ZeroDivisionError),
            open_editor(node_of(editor), free_port_settings(multicast_port)),
        ):
            raise ZeroDivisionError
        wait_until(lambda: "close_connection" in editor.seen_kinds())
        assert open_ones(sockets, editor) == []


def test_closing_again_is_harmless(multicast_port):
    with SmallEditor(multicast_port) as editor:
        with open_editor(node_of(editor), free_port_settings(multicast_port)) as connection:
            connection.close()
            connection.close()
        wait_until(lambda: "close_connection" in editor.seen_kinds())
        time.sleep(0.05)
        assert editor.seen_kinds().count("close_connection") == 1
