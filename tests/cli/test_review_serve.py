"""`cstalk-ue review --serve` as a process: it says where it is, answers there, and Ctrl-C ends it cleanly."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from interrupts import hear_interrupts
from tiny_checkpoint import save_tiny, write_wav

from cstalk_ue.cli import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny model and a line that it made."""
    folder = tmp_path_factory.mktemp("serve")
    save_tiny(folder / "tiny")
    write_wav(folder / "a.wav", 1)
    assert (
        run(["predict", str(folder / "a.wav"), "-o", str(folder / "out"), "--model", str(folder / "tiny")])
        == 0
    )
    return folder


@pytest.mark.skipif(os.name == "nt", reason="Windows has no Ctrl-C for one child process")
def test_a_session_from_start_to_ctrl_c(folder):
    command = [sys.executable, "-m", "cstalk_ue", "review", "out", "--audio", ".", "--serve", "--no-browser"]
    process = subprocess.Popen(
        [*command, "--model", "tiny", "--manifest", "my.csv"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )
    try:
        said = process.stdout.readline() + process.stdout.readline()
        url = re.match(r"Review: (http://127\.0\.0\.1:(\d+)/)\?token=(\S+)\n", said)
        assert url and f"{folder / 'my.csv'}. Ctrl-C" in said, said + process.stderr.read()
        with urllib.request.urlopen(url[0].split()[1]) as answer:
            assert b"const Tune =" in answer.read()
        headers = {
            "X-Review-Token": url[3],
            "Origin": url[1].rstrip("/"),
            "Content-Type": "application/json",
        }
        body = json.dumps({"line": 0, "emotion": "sad:0.5"}).encode()
        for what in ("tune", "save"):
            with urllib.request.urlopen(urllib.request.Request(url[1] + what, body, headers)) as answer:
                assert json.load(answer)["milliseconds"] > 0
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(url[1])
    finally:
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=120)[1]
    assert process.returncode == 0 and "Traceback" not in errors, errors
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url[2])), 5)
    assert "a.wav,sad:0.5,1," in (folder / "my.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--port", "8000"], "--port belongs to --serve"),
        (["--no-browser"], "--no-browser belongs to --serve"),
        (["--manifest", "x.csv"], "--manifest belongs to --serve"),
        (["--model", "bundled"], "--model belongs to --serve"),
        (["--serve", "-o", "x.html"], "-o cannot be used with --serve"),
        (["--serve", "--video", "x.mp4"], "--video cannot be used with --serve"),
        (["--serve", "--model", "performer"], "no network to tune"),
        (["--serve", "--model", "nowhere"], "no such checkpoint folder"),
        (["--serve", "--port", "70000"], "--port"),
    ],
)
def test_calls_that_make_no_sense_are_refused(folder, capsys, options, told):
    assert run(["review", str(folder / "out"), "--audio", str(folder), *options]) == 2
    assert told in capsys.readouterr().err
    assert not Path("x.html").exists()


def test_a_port_that_is_taken_is_told(folder, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        options = ["--model", str(folder / "tiny"), "--audio", str(folder), "--serve", "--no-browser"]
        assert run(["review", str(folder / "out"), *options, "--port", port]) == 2
    assert f"--port {port}: cannot be used" in capsys.readouterr().err


def test_a_manifest_that_cannot_be_read_is_told_at_the_start(folder, capsys):
    bad = folder / "bad.csv"
    bad.write_text("path\na.wav\n", encoding="utf-8")
    options = ["--model", str(folder / "tiny"), "--serve", "--no-browser", "--manifest", str(bad)]
    assert run(["review", str(folder / "out"), *options]) == 2
    assert "'file'" in capsys.readouterr().err
