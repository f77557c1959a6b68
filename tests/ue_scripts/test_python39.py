"""The scripts in the oldest Python that a supported editor may bring, where one is at hand."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ue_files import write_file

SCRIPTS = Path(__file__).resolve().parents[2] / "ue_scripts"
EACH = sorted(SCRIPTS.rglob("*.py"))


@pytest.fixture(scope="module")
def python39() -> str:
    """A Python 3.9."""
    installed = sorted(Path.home().glob(".pyenv/versions/3.9.*/bin/python3.9"))
    found = [str(path) for path in installed] + [path for path in [shutil.which("python3.9")] if path]
    for path in found:
        done = subprocess.run([path, "--version"], capture_output=True, text=True)
        if done.returncode == 0 and "3.9." in done.stdout:
            return path
    pytest.skip("no Python 3.9 here")


@pytest.mark.parametrize("path", EACH, ids=lambda path: path.relative_to(SCRIPTS).as_posix())
def test_the_syntax_is_3_9_and_only_the_editor_is_needed(path):
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    siblings = {each.stem for each in EACH}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names | siblings | {"unreal"}


def test_all_scripts_compile(python39):
    code = "import sys\nfor p in sys.argv[1:]: compile(open(p, encoding='utf-8').read(), p, 'exec')"
    done = subprocess.run([python39, "-c", code, *map(str, EACH)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


CORE = """
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import cstalk_asset_path, cstalk_board, cstalk_conversion, cstalk_dump, cstalk_job, cstalk_lines_table
import cstalk_names, cstalk_process, cstalk_settings
from cstalk_plan import Plan
from cstalk_readback import content_hash, largest_error
settings = {"tolerance": 1e-4, "empty_zero_curves": True, "clamp": False, "head": True, "expected": []}
plan = Plan(sys.argv[2], settings)
keys = {name: (times, values) for name, _, times, values in plan.curves}
worst = max(largest_error(plan.times, values, *keys[name]) for name, values in plan.dense.items())
assert 0 < worst <= 1e-4 + 1e-12, worst
dump = cstalk_dump.dump_of(plan.dense, plan.frames, 30.0, {})
print(content_hash([(name, times, values) for name, _, times, values in plan.curves]), len(dump["curves"]))
"""


def test_the_core_works_there_and_gives_the_same_hash(python39, tmp_path, rng):
    path = write_file(tmp_path / "a.curves.npz", rng, frames=300)
    told = [
        subprocess.run([python, "-c", CORE, str(SCRIPTS), str(path)], capture_output=True, text=True)
        for python in (python39, sys.executable)
    ]
    assert [done.returncode for done in told] == [0, 0], told[0].stderr + told[1].stderr
    assert told[0].stdout == told[1].stdout
