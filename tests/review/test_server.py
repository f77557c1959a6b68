"""The server answers our own page and nobody else; whatever is sent, it gives one sentence and lives on."""

import http.client
import json
import socket
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_checkpoint import save_tiny, write_wav

from cstalk_ue.batch import BatchSettings, run_batch
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.export import read_curves_npz
from cstalk_ue.manifest import lines_of_paths, read_manifest
from cstalk_ue.review.lines import ReviewLine
from cstalk_ue.review.server import LARGEST_BODY, ReviewServer, Site
from cstalk_ue.review.tuning import TuningSession

POLICY = "default-src 'none'; connect-src 'self'"
PAGE = (
    f'<!doctype html><meta http-equiv="Content-Security-Policy" content="{POLICY.replace(chr(39), "&#39;")}">'
)


def payload(index, face, emotion):
    """Stands in for the real payload: enough to know the curves again."""
    return {"line": index, "values": face.face.values.tolist(), "emotion": str(emotion)}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A model, two predicted lines and one without sound."""
    folder = tmp_path_factory.mktemp("served")
    model = save_tiny(folder / "tiny")
    wavs = [write_wav(folder / f"{name}.wav", 1, seed=n) for n, name in enumerate("ab")]
    lines = lines_of_paths(wavs, EmotionTrack.parse("sad").scaled(1)).lines
    run_batch(lines, folder / "curves", BatchSettings(model=str(model)))
    curves = [folder / "curves" / f"{name}.curves.npz" for name in "ab"]
    tunable = [
        ReviewLine(line.name, path, audio=line.audio) for line, path in zip(lines, curves, strict=True)
    ]
    return folder, model, [*tunable, ReviewLine("mute", curves[0])]


@pytest.fixture(scope="module")
def server(place):
    folder, model, lines = place
    session = TuningSession(lines, model=str(model), manifest=folder / "review.csv")

    def audio(index):
        return ("audio/wav", lines[index].audio.read_bytes()) if index < 2 else None

    site = Site(
        page=lambda token: PAGE + token,
        line=lambda index: {"line": index},
        ghost=lambda index: {"ghost": index} if index else None,
        audio=audio,
        payload=payload,
    )
    server = ReviewServer(site, session)
    thread = threading.Thread(target=server.serve_until_stopped)
    thread.start()
    yield server
    server.shutdown()
    thread.join(10)
    assert not thread.is_alive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.server_port), 5)


def ask(server, method, path, body=None, *, drop=(), **changes):
    """Status, headers and body of one request; `changes` replace headers, `drop` leaves some out."""
    host = f"127.0.0.1:{server.server_port}"
    headers = {"Host": host, "X-Review-Token": server.token}
    if method == "POST":
        headers |= {"Origin": f"http://{host}", "Content-Type": "application/json"}
    data = json.dumps(body) if isinstance(body, dict) else body
    data = data.encode() if isinstance(data, str) else data
    if data is not None:
        headers["Content-Length"] = str(len(data))
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            if name not in drop:
                connection.putheader(name, value)
        connection.endheaders(data)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def told(answer, status):
    """The sentence of a refusal; checks that it is one, and that it says nothing about our insides."""
    assert answer[0] == status, answer
    message = json.loads(answer[2])["error"]
    assert message.endswith((".", "?")) and "Traceback" not in message and "\n" not in message
    return message


# Who is answered


def test_the_page_comes_with_its_policy(server):
    status, headers, body = ask(server, "GET", f"/?token={server.token}", drop=("X-Review-Token",))
    assert status == 200 and body.decode().endswith(server.token)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Security-Policy"] == f"{POLICY}; frame-ancestors 'none'"
    assert server.url == f"http://127.0.0.1:{server.server_port}/?token={server.token}"


def test_every_answer_is_guarded(server):
    for answer in (
        ask(server, "GET", "/line/0"),
        ask(server, "GET", "/audio/0"),
        ask(server, "GET", "/nothing"),
    ):
        headers = answer[1]
        assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer" and headers["X-Frame-Options"] == "DENY"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "Access-Control-Allow-Origin" not in headers and "Python" not in headers["Server"]


def test_it_listens_on_this_machine_only(server):
    assert server.server_address[0] == "127.0.0.1" and len(server.token) >= 32


@pytest.mark.parametrize("path", ["/", "/line/0", "/audio/0", "/nothing"])
@pytest.mark.parametrize("token", ["", "x", "é", "half"])
def test_nobody_without_the_token_learns_anything(server, path, token):
    token = server.token[:-1] if token == "half" else token
    message = told(ask(server, "GET", path, X_Review_Token=token.encode("utf-8")), 403)
    assert "token" in message
    assert "token" in told(
        ask(server, "GET", f"{path}?token={token.encode().hex()}", drop=("X-Review-Token",)), 403
    )


def test_only_the_page_takes_its_token_from_the_address(server):
    query = f"?token={server.token}"
    told(ask(server, "GET", f"/line/0{query}", drop=("X-Review-Token",)), 403)
    told(ask(server, "GET", f"/{query}&token={server.token}", drop=("X-Review-Token",)), 403)
    told(ask(server, "POST", f"/tune{query}", {"line": 0, "emotion": "sad"}, drop=("X-Review-Token",)), 403)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""]
)
def test_a_name_that_was_bent_to_this_machine_is_refused(server, host):
    host = host.format(port=server.server_port)
    assert "own address" in told(ask(server, "GET", "/line/0", Host=host), 403)


def test_both_names_of_this_machine_are_ours(server):
    for name in ("127.0.0.1", "localhost"):
        host = f"{name}:{server.server_port}"
        assert ask(server, "GET", "/line/0", Host=host)[0] == 200
        body = {"line": 0, "emotion": "sad"}
        assert ask(server, "POST", "/tune", body, Host=host, Origin=f"http://{host}")[0] == 200


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://127.0.0.1", "https://127.0.0.1:{port}"]
)
@pytest.mark.parametrize("path", ["/tune", "/save", "/state"])
def test_a_post_from_elsewhere_is_refused(server, place, path, origin):
    body = {"line": 0, "emotion": "angry"}
    if origin is None:
        answer = ask(server, "POST", path, body, drop=("Origin",))
    else:
        answer = ask(server, "POST", path, body, Origin=origin.format(port=server.server_port))
    assert "page itself" in told(answer, 403)
    assert not (place[0] / "review.csv").exists()


# What is answered


def test_lines_and_sounds_come_by_number(server, place):
    assert json.loads(ask(server, "GET", "/line/1")[2]) == {"line": 1}
    status, headers, body = ask(server, "GET", "/audio/1")
    assert (status, headers["Content-Type"], body) == (200, "audio/wav", (place[0] / "b.wav").read_bytes())
    assert "number" in told(ask(server, "GET", "/audio/2"), 404)
    assert json.loads(ask(server, "GET", "/ghost/1")[2]) == {"ghost": 1}
    assert "number" in told(ask(server, "GET", "/ghost/0"), 404)


NOWHERE = """
    /line/3 /line/999999999 /line/9999999999 /line/-1 /line/0/ /line/ /line/%D9%A3 /line/0%2e /line/0;x
    /audio/../audio/0 /../../etc/passwd /..%2f..%2fetc/passwd //etc/passwd /a.wav /curves/a.curves.npz /%00
    /line\\0 /line/0/../1 /review.csv /index.html /favicon.ico /tune http://127.0.0.1/line/0 * /[ http://[
    /?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1
"""


@pytest.mark.parametrize("path", NOWHERE.split())
def test_no_path_reaches_a_file(server, path):
    answer = ask(server, "GET", path)
    assert answer[0] in (400, 404)
    told(answer, answer[0])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD", "TRACE", "PATCH"])
def test_other_methods_are_refused(server, method):
    status, headers, _ = ask(server, method, "/line/0")
    assert status == 501 and "Access-Control-Allow-Methods" not in headers


def test_a_line_is_tuned(server):
    first = json.loads(ask(server, "POST", "/tune", {"line": 0, "emotion": "angry:0.5"})[2])
    half = json.loads(ask(server, "POST", "/tune", {"line": 0, "emotion": "angry", "intensity": 0.5})[2])
    other = json.loads(ask(server, "POST", "/tune", {"line": 1, "emotion": "angry:0.5"})[2])
    assert first["values"] == half["values"] != other["values"]
    assert first["emotion"] == half["emotion"] == "angry:0.5" and first["milliseconds"] > 0


def test_its_own_track_gives_the_curves_on_disk(server, place):
    state = json.loads(ask(server, "POST", "/state", {"line": 0})[2])
    assert (state["problem"], state["emotion"], state["saved"]) == ("", "sad", False)
    assert state["manifest"] == str(place[0] / "review.csv")
    tuned = json.loads(ask(server, "POST", "/tune", {"line": 0, "emotion": state["emotion"]})[2])
    written = read_curves_npz(place[2][0].curves).performance.face.values
    assert (np.array(tuned["values"], np.float32) == written).all()


def test_one_connection_serves_many_requests(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    for index in (0, 1, 0):
        connection.request("GET", f"/line/{index}", headers={"X-Review-Token": server.token})
        assert json.loads(connection.getresponse().read()) == {"line": index}
        kept = connection.sock
        assert kept is not None
    connection.close()


# What is refused


NO_OBJECT = (b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 50000, b'{"line": ' + b"9" * 5000 + b"}")
WRONG_FIELDS = (
    '{"emotion": "sad"}',
    '{"line": "0", "emotion": "sad"}',
    '{"line": true, "emotion": "sad"}',
    '{"line": 0.0, "emotion": "sad"}',
    '{"line": 0}',
    '{"line": 0, "emotion": null}',
    '{"line": 0, "emotion": ["sad"]}',
    '{"line": 0, "emotion": "\\ud800"}',
    '{"line": 0, "emotion": "sad", "intensity": "1"}',
    '{"line": 0, "emotion": "sad", "intensity": 1.01}',
    '{"line": 0, "emotion": "sad", "intensity": true}',
    '{"line": 0, "emotion": "sad", "intensity": NaN}',
)
NO_LINE = ('{"line": 3, "emotion": "sad"}', '{"line": -1, "emotion": "sad"}', '{"line": 1%s}' % ("0" * 30))
WRONG_TRACK = (
    '{"line": 0, "emotion": "sadd"}',
    '{"line": 0, "emotion": ""}',
    '{"line": 0, "emotion": "2=sad 1=sad"}',
    '{"line": 2, "emotion": "sad"}',
)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        *((body, 400) for body in (*NO_OBJECT, *WRONG_FIELDS)),
        *((body, 404) for body in NO_LINE),
        *((body, 422) for body in WRONG_TRACK),
    ],
)
@pytest.mark.parametrize("path", ["/tune", "/save"])
def test_a_wrong_body_is_told(server, place, path, body, status):
    told(ask(server, "POST", path, body), status)
    assert not (place[0] / "review.csv").exists()


@pytest.mark.parametrize("extra", [{"decision": 1}, {"note": 1}, {"note": {}}])
def test_wrong_decisions_and_notes_are_told(server, extra):
    told(ask(server, "POST", "/save", {"line": 0, "emotion": "sad", **extra}), 400)
    told(ask(server, "POST", "/save", {"line": 0, "emotion": "sad", "decision": "maybe"}), 422)


def test_size_type_and_length_are_checked_before_the_body_is_read(server):
    body = b'{"line": 0, "emotion": "' + b" " * LARGEST_BODY + b'sad"}'
    assert "64 KB" in told(ask(server, "POST", "/tune", body), 413)
    assert "64 KB" in told(ask(server, "POST", "/tune", b"{}", Content_Length="999999999"), 413)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        assert "application/json" in told(ask(server, "POST", "/tune", b"{}", Content_Type=kind), 415)
    for length in ("-1", "x", "+2", "2e1", "", "99999999999999"):
        told(ask(server, "POST", "/tune", b"{}", Content_Length=length), 411)
    told(ask(server, "POST", "/tune", b"{}", drop=("Content-Length",)), 411)
    told(ask(server, "POST", "/tune", b"{}", Transfer_Encoding="chunked"), 411)
    assert (
        ask(
            server,
            "POST",
            "/tune",
            {"line": 0, "emotion": "sad"},
            Content_Type="application/json; charset=utf-8",
        )[0]
        == 200
    )


def test_what_breaks_inside_is_not_shown(server, monkeypatch, capfd):
    def broken(*_):
        raise ZeroDivisionError("secret path /home/x")

    monkeypatch.setattr(server.session, "regenerate", broken)
    message = told(ask(server, "POST", "/tune", {"line": 0, "emotion": "sad"}), 500)
    assert "secret" not in message and "ZeroDivisionError" in message
    monkeypatch.undo()
    assert "secret" in capfd.readouterr().err
    assert ask(server, "POST", "/tune", {"line": 0, "emotion": "sad"})[0] == 200


def test_a_superseded_drag_is_answered_409(server):
    ask(server, "POST", "/tune", {"line": 0, "emotion": "sad"})
    answers = {}

    def drag(text):
        answers[text] = ask(server, "POST", "/tune", {"line": 0, "emotion": text})

    with server.session._network:
        threads = []
        for text in ("angry:0.1", "angry:0.2", "angry:0.3"):
            before = server.session._newest[0]
            threads.append(threading.Thread(target=drag, args=(text,)))
            threads[-1].start()
            while server.session._newest[0] == before:
                time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    assert "newer" in told(answers["angry:0.1"], 409) and "newer" in told(answers["angry:0.2"], 409)
    assert answers["angry:0.3"][0] == 200


# Saving


@pytest.fixture
def manifest(server):
    path = server.session.manifest
    yield path
    path.unlink(missing_ok=True)


def test_what_was_tuned_is_what_predict_makes_of_the_saved_manifest(server, place, manifest, tmp_path):
    body = {"line": 1, "emotion": "0=neutral 0.5=happy:0.6+surprised:0.3", "intensity": 0.7}
    tuned = json.loads(ask(server, "POST", "/tune", body)[2])
    saved = json.loads(ask(server, "POST", "/save", {**body, "decision": "approved", "note": "jaw ok"})[2])
    assert saved["manifest"] == str(manifest) and saved["updated"] is False
    assert json.loads(ask(server, "POST", "/save", body)[2])["updated"] is True
    lines = read_manifest(manifest, default=EmotionTrack.parse("neutral")).lines
    run_batch(lines, tmp_path, BatchSettings(model=str(place[1])))
    made = read_curves_npz(tmp_path / "b.curves.npz").performance.face.values
    assert (np.array(tuned["values"], np.float32) == made).all()
    assert "approved,jaw ok" in manifest.read_text(encoding="utf-8")
    state = json.loads(ask(server, "POST", "/state", {"line": 1})[2])
    assert state["saved"] and state["differs"] and state["intensity"] == 0.7


def test_saves_at_once_lose_no_row(server, manifest):
    threads = [
        threading.Thread(target=ask, args=(server, "POST", "/save", {"line": n % 2, "emotion": f"sad:0.{n}"}))
        for n in range(1, 9)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    lines = read_manifest(manifest, default=EmotionTrack.parse("neutral")).lines
    assert sorted(line.name for line in lines) == ["a", "b"] and not any(line.problem for line in lines)


def test_a_manifest_that_cannot_be_written_is_told(server, manifest):
    manifest.write_text("path\na.wav\n", encoding="utf-8")
    assert "'file'" in told(ask(server, "POST", "/save", {"line": 0, "emotion": "sad"}), 422)
    assert manifest.read_text(encoding="utf-8") == "path\na.wav\n"


# Bytes that are no HTTP


@contextmanager
def raw(server):
    with socket.create_connection(("127.0.0.1", server.server_port), 10) as connection:
        yield connection


@given(st.binary(max_size=300))
@settings(max_examples=40)
def test_any_bytes_leave_the_server_alive(server, data):
    with raw(server) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"Traceback" not in answer and b" 200 " not in answer.split(b"\r\n")[0]
    assert ask(server, "GET", "/line/0")[0] == 200


def test_who_hangs_up_disturbs_nobody(server, capfd):
    for _ in range(5):
        with raw(server) as connection:
            connection.sendall(
                b"POST /tune HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Review-Token: %s\r\nOrigin: http://127.0.0.1:%d\r\n"
                b"Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"
                % (server.server_port, server.token.encode(), server.server_port)
            )
    assert ask(server, "GET", "/line/0")[0] == 200
    assert "Traceback" not in capfd.readouterr().err


def test_a_second_request_hidden_behind_a_refused_one_is_not_read(server):
    with raw(server) as connection:
        connection.sendall(
            b"POST /tune HTTP/1.1\r\nHost: evil\r\nContent-Length: 5\r\n\r\nGET /line/0 HTTP/1.1\r\n"
            b"Host: 127.0.0.1:%d\r\nX-Review-Token: %s\r\n\r\n" % (server.server_port, server.token.encode())
        )
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.count(b"HTTP/1.1") == 1 and b" 403 " in answer


def test_ctrl_c_ends_it_and_frees_the_port(place, monkeypatch):
    folder, model, lines = place
    session = TuningSession(lines, model=str(model), manifest=folder / "other.csv")
    server = ReviewServer(
        Site(lambda token: "", lambda i: {}, lambda i: None, lambda i: None, payload), session
    )

    def interrupted(poll_interval):
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "serve_forever", interrupted)
    server.serve_until_stopped()
    ReviewServer(server.site, session, port=server.server_port).server_close()
