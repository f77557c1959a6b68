"""Messages are read as the protocol says, and answers are put together however they were cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.errors import EditorProtocolError, UnrealError
from cstalk_ue.unreal.messages import Message, Reassembly, decode

GOOD = {"version": 1, "magic": "ue_py", "type": "pong", "source": "a", "dest": "b", "data": {"x": 1}}

texts = st.text(max_size=30)
values = st.recursive(st.none() | st.booleans() | st.integers() | texts, lambda v: st.lists(v, max_size=3) |
                      st.dictionaries(texts, v, max_size=3), max_leaves=8)  # fmt: skip
objects = st.dictionaries(texts, values, max_size=4)


def test_a_message_is_what_epics_client_writes():
    raw = Message("open_connection", "me", "you", {"command_ip": "127.0.0.1", "command_port": 6776}).encode()
    assert json.loads(raw) == {
        "version": 1, "magic": "ue_py", "type": "open_connection", "source": "me", "dest": "you",
        "data": {"command_ip": "127.0.0.1", "command_port": 6776},
    }  # fmt: skip
    assert json.loads(Message("ping", "me").encode()) == {
        "version": 1, "magic": "ue_py", "type": "ping", "source": "me",
    }  # fmt: skip
    assert "ü".encode() in Message("command", "me", "you", {"command": "ü"}).encode()


def test_a_message_survives_the_way_there_and_back():
    message = Message("command", "me", "you", {"command": 'print("ü\n\U0001f600")', "unattended": True})
    assert decode(message.encode()) == message


def test_text_that_is_no_unicode_is_refused():
    with pytest.raises(UnrealError, match="Unicode"):
        Message("command", "me", "you", {"command": "\ud800"}).encode()


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2}, {"version": True}, {"version": "1"}, {"version": None}, {"magic": "ue"}, {"type": 3},
        {"source": ""}, {"source": None}, {"source": 7}, {"source": "a\x1b[2J"}, {"source": "a" * 999},
        {"dest": 7}, {"dest": []}, {"data": "x"}, {"data": []},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_message_of_ours_is_dropped(changed):
    assert decode(json.dumps(GOOD).encode()) is not None
    assert decode(json.dumps(GOOD | changed).encode()) is None


@pytest.mark.parametrize("field", ["version", "magic", "type", "source"])
def test_a_message_without_a_field_is_dropped(field):
    assert decode(json.dumps({name: value for name, value in GOOD.items() if name != field}).encode()) is None


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"ue_py"', b"[" * 100_000, b"1" * 9999], ids=len
)
def test_garbage_is_dropped(raw):
    assert decode(raw) is None


@given(st.binary(max_size=200))
def test_no_bytes_raise(raw):
    decode(raw)


@given(st.dictionaries(st.sampled_from(list(GOOD)), values))
def test_no_object_raises(fields):
    decode(json.dumps(fields).encode())
    decode(json.dumps(GOOD | fields).encode())


def test_a_control_character_inside_a_string_does_not_lose_an_answer():
    raw = b'{"version": 1, "magic": "ue_py", "type": "pong", "source": "a", "data": {"x": "1\n2"}}'
    assert decode(raw) == Message("pong", "a", None, {"x": "1\n2"})


@pytest.mark.parametrize(
    ("source", "dest", "accepted"),
    [
        ("you", "me", True),
        ("you", None, True),
        ("you", "her", False),
        ("me", None, False),
        ("me", "me", False),
    ],
)
def test_a_node_accepts_what_is_for_it_and_not_from_it(source, dest, accepted):
    assert Message("ping", source, dest).is_for("me") == accepted


# Reassembly


@given(st.lists(objects, min_size=1, max_size=4), st.lists(st.integers(1, 40), min_size=1), st.booleans())
def test_objects_come_out_as_they_went_in_however_the_stream_was_cut(sent, sizes, escaped):
    """Cuts fall into escapes and into characters of several bytes; space between objects is dropped."""
    raw = b"\r\n ".join(
        json.dumps(fields, ensure_ascii=escaped).encode("utf-8", "surrogatepass") for fields in sent
    )
    reassembly, got, position, turn = Reassembly(1 << 20), [], 0, 0
    while position < len(raw):
        size = sizes[turn % len(sizes)]
        got += reassembly.take(raw[position : position + size])
        position, turn = position + size, turn + 1
    assert [json.loads(one) for one in got] == sent
    assert reassembly.pending_bytes == 0


def test_a_cut_inside_every_place_of_an_answer_is_healed():
    raw = json.dumps({"a": 'ü€\U0001f600 \\" {[}] \\\\', "b": {"c": "}"}}, ensure_ascii=False).encode()
    for cut in range(1, len(raw)):
        reassembly = Reassembly(1000)
        assert reassembly.take(raw[:cut]) == []
        assert reassembly.pending_bytes == cut
        assert reassembly.take(raw[cut:]) == [raw]


@pytest.mark.parametrize("raw", [b"x{}", b"}", b"[{}]", b'"{}"', b"\x00{}", b"{}x"])
def test_a_stream_with_something_between_objects_is_refused(raw):
    with pytest.raises(EditorProtocolError, match="expected a JSON object"):
        Reassembly(1000).take(raw)


def test_an_answer_over_the_cap_is_refused_before_it_is_complete():
    reassembly = Reassembly(1000)
    with pytest.raises(EditorProtocolError, match="over 1000 bytes"):
        for _ in range(11):
            reassembly.take(b'{"a": "' + b"x" * 93)


def test_many_small_pieces_of_a_large_answer_take_no_long_time():
    """Every byte is looked at once: 4 MB in 4,000 pieces."""
    raw = json.dumps({"a": 'x"' * 1_300_000}).encode()
    reassembly = Reassembly(1 << 23)
    got = [one for start in range(0, len(raw), 1000) for one in reassembly.take(raw[start : start + 1000])]
    assert got == [raw]
