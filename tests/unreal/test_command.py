"""The command is one constant in fixed code, whatever the paths are; and it does what it says."""

import ast
import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cstalk_ue.errors import EditorScriptError, UnrealError
from cstalk_ue.unreal import CommandResult, OutputLine, command_for, read_sentinel
from cstalk_ue.version import __version__

SCRIPTS = Path("/games/Game/Plugins/CSTalk/Content/Python")
JOB = Path("/temporary/cstalk-x1y2/job.json")

HOSTILE = [
    'a"b', "a'b", '"""', "'''", "a\\", "a\\\\", 'a\\"', "a\nb", "a\r\nb", "a\tb\x0b\x0c", "\u2028\u2029",
    "\x00", "ü€\U0001f600", "\ud800", "\udcff\udc80", "\udc00\ud800", '"); import os; os.abort() #', "{0}",
    "%s", "${x}", "\\u0022", "\\x22", "\\N{QUOTATION MARK}", "#", "\x1a", "\x7f", "-" * 300, "../../etc",
    "C:\\Jobs\\new\\table",
]  # fmt: skip

anything = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(HOSTILE)


class _Odd:
    """A path of any text at all, also of what this system cannot hold."""

    def __init__(self, text):
        self.text = text

    def __str__(self):
        return self.text


class _Blank(ast.NodeTransformer):
    """Takes the one argument of json.loads out."""

    def __init__(self):
        self.constants = []

    def visit_Call(self, node):
        self.generic_visit(node)
        if ast.unparse(node.func) == "json.loads":
            (constant,) = node.args
            assert (
                isinstance(constant, ast.Constant) and isinstance(constant.value, str) and not node.keywords
            )
            self.constants.append(constant.value)
            node.args = [ast.Constant("blank")]
        return node


def shape_and_data(command):
    """The code without its one constant, and the three things in that constant."""
    blank = _Blank()
    tree = blank.visit(ast.parse(command))
    (constant,) = blank.constants
    return ast.dump(tree), json.loads(constant)


SHAPE, _ = shape_and_data(command_for(SCRIPTS, JOB))


def check(folder, job):
    command = command_for(_Odd(folder), _Odd(job))
    assert command.isascii() and len(command) < 2048
    shape, data = shape_and_data(command)
    assert shape == SHAPE, "the code differs by more than its constant"
    assert data == [folder, job, __version__]
    assert len(command.splitlines()) == len(command_for(SCRIPTS, JOB).splitlines())


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_hostile_path_gets_out_of_the_literal(text):
    check(f"/games/{text}/Python", f"/temporary-{text}/job.json")
    check(text, text)


@given(anything, anything)
def test_no_path_gets_out_of_the_literal(folder, job):
    try:
        check(folder, job)
    except UnrealError as error:
        assert "too long" in str(error)
        assume(False)


def test_paths_that_are_too_long_are_refused():
    """A Windows path has 260 characters; two of them fit, unless they are all Chinese."""
    check("C:\\" + "a" * 257, "C:\\" + "b" * 257)
    with pytest.raises(UnrealError, match="too long for a command"):
        command_for(_Odd("\u4e2d" * 200), _Odd("\u4e2d" * 200))


def test_the_editor_does_not_take_it_for_a_file():
    """A command whose first word ends in .py is a file name with arguments."""
    assert command_for(SCRIPTS, JOB).split()[0] == "import"


# What it does

STUB = """
import cstalk_sibling
VERSION = {version!r}
def run(job):
    print("ran", cstalk_sibling.NAME, job)
"""


def write_scripts(folder, name, version):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cstalk_job.py").write_text(STUB.format(version=version))
    (folder / "cstalk_sibling.py").write_text(f"NAME = {name!r}")
    (folder / "cstalk_version.py").write_text(f"VERSION = {version!r}")
    with (folder / "cstalk_job.py").open("a") as file:
        file.write("import cstalk_version\n")
    return folder


@pytest.fixture
def clean_modules():
    """An interpreter as before, whatever was imported."""

    def take_out():
        names = [name for name in sys.modules if name.startswith("cstalk_")]
        return {name: sys.modules.pop(name) for name in names if name.split(".")[0] != "cstalk_ue"}

    path, before = list(sys.path), take_out()
    yield
    take_out()
    sys.path[:] = path
    sys.modules.update(before)


def obey(command, apart=False):
    """What it prints; `apart` with globals and locals in two places, as an editor may run it."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(command, "<string>", "exec"), {}, *([{}] if apart else []))
    return printed.getvalue()


@pytest.mark.parametrize("apart", [False, True])
def test_it_runs_the_job_with_the_scripts_of_the_folder(tmp_path, clean_modules, apart):
    folder = write_scripts(tmp_path / 'it\'s "Ünï"', "mine", __version__)
    assert obey(command_for(folder, JOB), apart) == f"ran mine {JOB}\n"
    assert obey(command_for(folder, JOB), apart) == f"ran mine {JOB}\n"
    assert sys.path.count(str(folder)) == 1


def test_scripts_of_another_version_are_forgotten_with_their_siblings(tmp_path, clean_modules):
    """An update of the plugin under a running editor; nothing of the old one is used."""
    folder = write_scripts(tmp_path / "old", "old", "0.0.1")
    sys.path.insert(0, str(folder))
    __import__("cstalk_job")
    newer = write_scripts(tmp_path / "newer", "newer", __version__)
    assert obey(command_for(newer, JOB), apart=True) == f"ran newer {JOB}\n"
    assert Path(sys.modules["cstalk_sibling"].__file__).parent == newer


def test_scripts_of_this_version_stay_as_they_are(tmp_path, clean_modules):
    folder = write_scripts(tmp_path / "a", "first", __version__)
    obey(command_for(folder, JOB))
    module = sys.modules["cstalk_sibling"]
    obey(command_for(folder, JOB))
    assert sys.modules["cstalk_sibling"] is module


def test_it_is_python_of_the_oldest_editor(tmp_path):
    ast.parse(command_for(SCRIPTS, JOB), feature_version=(3, 9))
    script = write_scripts(tmp_path / "s", "mine", __version__)
    done = subprocess.run(
        [sys.executable, "-I", "-c", command_for(script, JOB)], capture_output=True, text=True, timeout=30
    )
    assert done.stdout == f"ran mine {JOB}\n" and done.stderr == ""


# The answer


def result(*lines, success=True, result="None"):
    return CommandResult(success, result, tuple(OutputLine("Info", line) for line in lines))


def test_the_sentinel_of_the_job_is_found_among_other_lines():
    assert read_sentinel(result("loading", "CSTALK-RESULT n1 ok\n"), "n1") is True
    assert read_sentinel(result("a\nCSTALK-RESULT n1 error\r\nb"), "n1") is False
    assert read_sentinel(result("CSTALK-RESULT other ok", "CSTALK-RESULT n1 ok"), "n1") is True


@pytest.mark.parametrize(
    "lines",
    [
        [], ["CSTALK-RESULT n2 ok"], ["CSTALK-RESULT n1"], ["CSTALK-RESULT n1 fine"],
        ["x CSTALK-RESULT n1 ok"],
        ["CSTALK-RESULT n1 ok", "CSTALK-RESULT n1 error"], ["CSTALK-RESULT n1 ok x"],
    ],
    ids=str,
)  # fmt: skip
def test_anything_else_is_no_answer(lines):
    with pytest.raises(EditorScriptError, match="did not do the job"):
        read_sentinel(result(*lines), "n1")


def test_a_traceback_is_quoted_by_its_last_line():
    trace = (
        "Traceback (most recent call last):\n  File ...\nModuleNotFoundError: No module named 'cstalk_job'\n"
    )
    with pytest.raises(EditorScriptError, match="No module named 'cstalk_job'") as caught:
        read_sentinel(result("CSTALK-RESULT n1 ok", success=False, result=trace), "n1")
    assert "\n" not in str(caught.value)
