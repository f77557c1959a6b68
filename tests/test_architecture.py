"""What may import what, what stays out of the package, and how cheap the package is to import."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

TIERS = (
    ("errors",),
    ("take", "emotion"),
    (
        "rig",
        "rig_maps",
        "arkit_maps",
        "face",
        "face_mesh",
        "face_measures",
        "audio",
        "audio_container",
        "chunks",
        "loudness",
        "dna",
        "config",
    ),
    ("storage", "processes", "csv_table"),
    ("model", "export", "unreal", "ingest", "performer"),
    (
        "train",
        "predict",
        "batch",
        "batch_files",
        "batch_line",
        "batch_processes",
        "manifest",
        "evaluate",
        "review",
    ),
    ("cli", "__main__"),
)
"""From the bottom up: a module imports from its own tier and those below it."""

ANYWHERE = ("version",)
PACKAGE_TIER = 1
"""`cstalk_ue` itself re-exports takes and emotions, so it belongs to their tier."""

HEAVY = ("torch", "transformers", "librosa", "pandas", "matplotlib")

SOURCES = sorted(
    path
    for folder in ("cstalk_ue", "ingest", "rigmaps", "ue_scripts")
    for path in (REPOSITORY / folder).rglob("*.py")
)
PACKAGE = [path for path in SOURCES if path.relative_to(REPOSITORY).parts[0] in ("cstalk_ue", "ingest")]


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


each_source = pytest.mark.parametrize("path", SOURCES, ids=name_of)
each_module = pytest.mark.parametrize("path", PACKAGE, ids=name_of)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, module) of every import, wherever it stands; a relative one begins with a dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            # `from cstalk_ue import rig` names a module only in its second half.
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def tier_of(module: str) -> int | None:
    """Position in `TIERS` of a dotted name; None for what is not ours or may be imported anywhere."""
    parts = module.split(".")
    if parts[0] == "ingest":
        name = "ingest"
    elif parts[0] == "cstalk_ue" and len(parts) > 1:
        name = parts[1]
    elif parts[0] == "cstalk_ue":
        return PACKAGE_TIER
    else:
        return None
    if name in ANYWHERE:
        return None
    for tier, names in enumerate(TIERS):
        if name in names:
            return tier
    return len(TIERS) if _is_module(name) else PACKAGE_TIER


def _is_module(name: str) -> bool:
    folder = REPOSITORY / "cstalk_ue" / name
    return folder.is_dir() or folder.with_suffix(".py").is_file()


def upward(module: str, tree: ast.AST) -> list[str]:
    """The imports of a module that go up, as ``line 3: cstalk_ue.cli``."""
    own = tier_of(module)
    if own is None:
        return [f"line {line}: {name}" for line, name in imports(tree) if tier_of(name) is not None]
    return [f"line {line}: {name}" for line, name in imports(tree) if (tier_of(name) or 0) > own]


def module_name(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# The order of imports


@each_module
def test_imports_go_one_way(path):
    assert upward(module_name(path), parsed(path)) == []


@pytest.mark.parametrize(
    ("module", "source", "refused"),
    [
        ("cstalk_ue.take", "from cstalk_ue.errors import CSTalkError", False),
        ("cstalk_ue.take", "from cstalk_ue.emotion import EmotionTrack", False),
        ("cstalk_ue.take", "from cstalk_ue.rig import clamp", True),
        ("cstalk_ue.take", "def f():\n    from cstalk_ue import rig", True),
        ("cstalk_ue.storage", "if TYPE_CHECKING:\n    import cstalk_ue.export.table_csv", True),
        ("cstalk_ue.errors", "from cstalk_ue import EmotionTrack", True),
        ("cstalk_ue.rig", "from cstalk_ue import RigCurves, __version__", False),
        ("cstalk_ue.model.builder", "import ingest.table", False),
        ("cstalk_ue.rig_maps", "from ingest import read_take", True),
        ("ingest.table", "from cstalk_ue.train import windows", True),
        ("cstalk_ue.errors", "from cstalk_ue.version import __version__", False),
        ("cstalk_ue.version", "from cstalk_ue.errors import CSTalkError", True),
        ("cstalk_ue.cli.model", "import torch, cstalk_ue.predict", False),
    ],
)
def test_an_import_that_goes_up_is_seen_wherever_it_stands(module, source, refused):
    assert bool(upward(module, ast.parse(source))) == refused


def test_every_module_has_its_place_in_the_order():
    placed = {name for tier in TIERS for name in tier} | {*ANYWHERE, "__init__", "assets"}
    present = {
        path.relative_to(REPOSITORY / "cstalk_ue").parts[0] for path in PACKAGE if "cstalk_ue" in path.parts
    }
    assert {name.removesuffix(".py") for name in present} - placed == set()


@each_source
def test_imports_are_absolute(path):
    assert [f"line {line}: {name}" for line, name in imports(parsed(path)) if name.startswith(".")] == []


def test_folders_with_code_are_packages():
    folders = {path.parent for path in SOURCES}
    assert sorted(name_of(folder) for folder in folders if not (folder / "__init__.py").exists()) == []


# Data and editor scripts stand apart


@each_module
def test_the_package_imports_neither_tables_nor_editor_scripts(path):
    names = {name.split(".")[0] for _, name in imports(parsed(path))}
    assert names & {"rigmaps", "ue_scripts"} == set()


def test_rig_tables_are_read_in_one_place():
    readers = [
        name_of(path)
        for path in PACKAGE
        if any(isinstance(node, ast.Constant) and node.value == "rigmaps" for node in ast.walk(parsed(path)))
    ]
    assert readers == ["cstalk_ue/rig.py"]


@pytest.mark.parametrize("path", sorted((REPOSITORY / "rigmaps").rglob("*.py")), ids=name_of)
def test_rigmaps_is_data_that_the_standard_library_can_rebuild(path):
    described = path.parent.name == "face"  # the landmark head that build_face.py makes tables of
    assert described or path.name in ("__init__.py", "build_tables.py", "build_face.py")
    names = {name.split(".")[0] for _, name in imports(parsed(path))}
    assert names <= sys.stdlib_module_names | {"rigmaps"}
    assert path.name != "__init__.py" or not names


@pytest.mark.parametrize("path", sorted((REPOSITORY / "ue_scripts").rglob("*.py")), ids=name_of)
def test_editor_scripts_need_only_the_editor(path):
    siblings = {script.stem for script in path.parent.glob("*.py")}
    names = {name.split(".")[0] for _, name in imports(parsed(path))}
    assert names - sys.stdlib_module_names - siblings - {"unreal"} == set()


# What stays out of the code

FORBIDDEN_MODULES = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve")


def forbidden(tree: ast.AST) -> list[str]:
    """Ways to run code from data, as ``line 3: torch.load``."""
    found = [
        f"line {line}: {name}" for line, name in imports(tree) if name.split(".")[0] in FORBIDDEN_MODULES
    ]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called in ("eval", "exec", "torch.load", "os.system", "os.popen"):
            found.append(f"line {node.lineno}: {called}")
        found += [
            f"line {node.lineno}: {word.arg}"
            for word in node.keywords
            if word.arg in ("shell", "allow_pickle") and ast.unparse(word.value) != "False"
        ]
    return found


@each_source
def test_no_code_is_run_from_data(path):
    assert forbidden(parsed(path)) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "def f():\n    from pickle import loads",
        "torch.load(path)",
        "eval(text)",
        "exec(text)",
        "os.system(line)",
        "subprocess.run(line, shell=True)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=trusted)",
    ],
)
def test_code_run_from_data_is_seen(source):
    assert len(forbidden(ast.parse(source))) == 1


@pytest.mark.parametrize("source", ["model.eval()", "subprocess.run(line, shell=False)", "text = 'eval(x)'"])
def test_what_only_looks_like_it_is_not(source):
    assert forbidden(ast.parse(source)) == []


# Cheap to import


@pytest.mark.parametrize(
    "code",
    [
        "import cstalk_ue",
        "import cstalk_ue.cli",
        "from cstalk_ue.cli import run; assert run(['--help']) == 0",
        "from cstalk_ue.cli import run; assert run(['--version']) == 0",
        "import ingest",
    ],
)
def test_nothing_heavy_is_loaded(code):
    report = f"import sys; print('loaded:', *(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded:"


# What stays out of the repository


@pytest.mark.parametrize(
    "pattern",
    [
        r"(^|[^[:alnum:]_.~])/(work|root)(/|$|[^[:alnum:]_-])",
        r"(p[y]pi|pytorch|anaconda|python[h]osted|npm[j]s)[.](org|com|python)",
        r"(index|find)-(url|links)",
    ],
)
def test_no_path_of_one_machine_and_no_package_host_is_written_down(pattern):
    if shutil.which("git") is None or not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout: no list of tracked files")
    found = subprocess.run(
        ["git", "grep", "--untracked", "-nIE", pattern], capture_output=True, text=True, cwd=REPOSITORY
    )
    assert found.returncode in (0, 1), found.stderr
    assert found.stdout.splitlines() == []
