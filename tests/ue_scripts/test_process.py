"""Our Python beside the editor: its environment, its end."""

import os
import sys
import time

import pytest
from cstalk_process import Process, clean_environment

ENGINE = f"{os.sep}UE 5.6{os.sep}Engine"
USR = f"{os.sep}usr{os.sep}bin"


def test_the_editors_python_does_not_leak_into_ours():
    given = {
        "PYTHONHOME": "x",
        "PythonPath": "y",
        "UE_PYTHONPATH": "z",
        "VIRTUAL_ENV": "v",
        "PATH": os.pathsep.join([f"{ENGINE}{os.sep}Binaries", USR, ENGINE + "2"]),
        "LD_LIBRARY_PATH": f"{ENGINE}{os.sep}Binaries{os.sep}Linux",
        "HOME": "h",
    }
    clean = clean_environment(given, ENGINE)
    assert clean.pop("PYTHONUTF8") == "1"
    assert clean.pop("PYTHONUNBUFFERED") == "1"
    assert clean == {"PATH": os.pathsep.join([USR, ENGINE + "2"]), "HOME": "h"}


def ended(process: Process) -> int:
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    code = process.poll()
    assert code is not None, "still running"
    return code


def test_output_and_the_last_error_are_kept(tmp_path):
    code = (
        "import sys; print('{}'); print('Note: x', file=sys.stderr); sys.exit('Error: a.wav: is no sound.')"
    )
    process = Process([sys.executable, "-c", code], str(tmp_path), dict(os.environ))
    assert ended(process) == 1
    assert process.told() == "{}\n".replace("\n", os.linesep)
    assert process.complaint() == "a.wav: is no sound."


def test_killing_ends_the_children_too(tmp_path):
    mark = tmp_path / "alive"
    child = f"import time\nwhile True:\n open({str(mark)!r}, 'a').write('x')\n time.sleep(0.02)"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]).wait()"
    process = Process([sys.executable, "-c", parent], str(tmp_path), dict(os.environ))
    deadline = time.monotonic() + 20
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    ended(process)
    time.sleep(0.1)
    size = mark.stat().st_size
    time.sleep(0.2)
    assert mark.stat().st_size == size
    process.kill()  # once more does nothing


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_silence_is_told_too(tmp_path, text):
    process = Process(
        [sys.executable, "-c", f"import sys; sys.stderr.write({text!r})"], str(tmp_path), dict(os.environ)
    )
    ended(process)
    assert process.complaint() == "It ended without a word."
