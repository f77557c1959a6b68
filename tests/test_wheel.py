"""The wheel holds everything the program needs and nothing else, and works without the checkout."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from cstalk_ue.version import __version__

REPOSITORY = Path(__file__).resolve().parents[1]
BUNDLED = Path("cstalk_ue/assets/bundled")
LARGEST_MEGABYTES = 30


def run(*arguments: object, **options) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(
        [str(each) for each in arguments], capture_output=True, text=True, timeout=300, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, REPOSITORY)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A folder with the wheel in it, nowhere near the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", folder, wheel)
    return folder


def files_of(pattern: str) -> set[str]:
    """Files of the checkout, as the wheel would name them."""
    found = {path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob(pattern) if path.is_file()}
    assert found, f"{pattern}: nothing of that kind in the checkout"
    return {name for name in found if "__pycache__" not in name}


def run_installed(folder: Path, *arguments: str) -> str:
    """Run Python away from the checkout on the installed folder and the dependencies alone.

    ``-S`` ignores the .pth files of site-packages, through which an editable install would find the checkout.
    """
    dependencies = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    path = os.pathsep.join([str(folder), *sorted(dependencies)])
    return run(sys.executable, "-S", *arguments, cwd=folder, env={**os.environ, "PYTHONPATH": path})


@pytest.mark.parametrize(
    "pattern",
    [
        "cstalk_ue/**/*.py",
        "ingest/**/*.py",
        "ue_scripts/**/*.py",
        "ue_scripts/**/*.uplugin",
        "rigmaps/*.py",
        "rigmaps/*.csv",
        "rigmaps/SOURCES.md",
        "cstalk_ue/performer/tables/*.csv",
        "cstalk_ue/train/sentences.csv",
        "cstalk_ue/review/page/*",
    ],
)
def test_code_and_tables_are_in_the_wheel(names, pattern):
    assert files_of(pattern) - names == set()


def test_the_bundled_model_is_in_the_wheel(names):
    if not (REPOSITORY / BUNDLED / "model.safetensors").exists():
        pytest.skip(f"no {BUNDLED}/model.safetensors in this checkout")
    assert files_of(f"{BUNDLED}/*") - names == set()


def test_the_samples_are_in_the_wheel(names):
    expected = {f"cstalk_ue/assets/{name}" for name in files_of("samples/*")}
    assert expected - names == set()


def test_the_licences_are_in_the_wheel(names):
    for name in ("LICENSE", "NOTICE.md"):
        assert f"cstalk_ue-{__version__}.dist-info/licenses/{name}" in names


def test_nothing_else_is_in_the_wheel(names):
    tops = {name.split("/")[0] for name in names}
    assert tops == {"cstalk_ue", "ingest", "rigmaps", "ue_scripts", f"cstalk_ue-{__version__}.dist-info"}
    unwanted = ("tests", "__pycache__", "benchmarks", "docs")
    assert [name for name in names if set(name.split("/")) & set(unwanted)] == []
    assert [name for name in names if Path(name).suffix in (".bin", ".pt", ".pth", ".pkl", ".pyc")] == []


def test_the_wheel_is_small_enough_to_carry(wheel):
    assert wheel.stat().st_size < LARGEST_MEGABYTES * 1e6


def test_the_installed_program_says_its_version(installed):
    assert run_installed(installed, "-m", "cstalk_ue", "--version").split()[-1] == __version__


def test_the_installed_program_lists_its_models(installed):
    listed = run_installed(installed, "-m", "cstalk_ue", "model", "list")
    if (REPOSITORY / BUNDLED / "model.safetensors").exists():
        assert str(installed / BUNDLED) in listed or "bundled" in listed


def test_the_installed_package_reads_its_own_tables(installed):
    code = (
        "import cstalk_ue, ingest, cstalk_ue.rig as rig; print(cstalk_ue.__file__, len(rig.control_names()))"
    )
    assert run_installed(installed, "-c", code).split() == [
        str(installed / "cstalk_ue" / "__init__.py"),
        "185",
    ]
