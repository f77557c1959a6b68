"""Check the editor scripts, and the fake editor, against the published signatures of UE 5.4, 5.5 and 5.6.

    python tests/stub_check.py [--listing UNREAL.PY] [--required]

Fetches `unreal-stub` and a type checker with pip into a folder of the user's cache, never into the
repository: the listings declare no licence. `--listing` takes the one that an editor writes in
developer mode, Intermediate/PythonStub/unreal.py.
Without a network the check is skipped and says so; `--required` makes that a failure. The check first proves
itself on tests/stubs/planted_mistakes.py.
"""

import argparse
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stubs import checker, fake_listing, listing_facts
from stubs.transform import transform

ROOT = Path(__file__).resolve().parents[1]
ENGINES = {"5.4": "0.1", "5.5": "0.2.1", "5.6": "0.3"}
"""Engine → version of the package `unreal-stub` that was generated from it."""
PLANTED = ROOT / "tests" / "stubs" / "planted_mistakes.py"
ANIMATOR = ROOT / "tests" / "stubs" / "metahuman_animator.pyi"
SCRIPTS = ROOT / "ue_scripts"


class NotToBeHadError(Exception):
    """Something has to be fetched and cannot be."""


def cache_folder() -> Path:
    """Where fetched things stay: outside the repository."""
    home = Path.home() / ".cache"
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or home
    return Path(base) / "cstalk-ue" / "signatures"


def pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--retries", "1", "-q", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NotToBeHadError(f"{arguments[-1]} cannot be fetched ({reason})")


def fetched_listing(version: str, cache: Path) -> str:
    """The text of one published listing."""
    wheels = cache / f"unreal-stub-{version}"
    if not list(wheels.glob("*.whl")):
        pip("download", "--no-deps", "--dest", str(wheels), f"unreal-stub=={version}")
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read("unreal/unreal.py").decode("utf-8-sig")


def type_checker(cache: Path) -> list[str]:
    """The command that runs a type checker, fetched with its own runtime if there is none."""
    folder = cache / "basedpyright"
    if not (folder / "basedpyright").is_dir():
        pip("install", "--target", str(folder), "basedpyright")
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); from basedpyright.pyright import main; main()"
    return [sys.executable, "-c", code]


def stub_of(engine: str, listing: str, cache: Path) -> Path:
    """The stub of one engine version, written if it is not there."""
    stub = cache / "stubs" / engine / "unreal" / "__init__.pyi"
    stub.parent.mkdir(parents=True, exist_ok=True)
    text = transform(listing)
    if "class MetaHumanPerformance(" not in text:
        text += ANIMATOR.read_text(encoding="utf-8")
    if not stub.exists() or stub.read_text(encoding="utf-8") != text:
        stub.write_text(text, encoding="utf-8")
    return stub


def check_engine(engine: str, stub: Path, command: list[str]) -> list[str]:
    """What the type checker complains about under one engine version, planted mistakes apart."""
    files = [PLANTED, *sorted(path for path in SCRIPTS.rglob("*.py"))]
    found = checker.complaints(command, files, stub.parents[1], [SCRIPTS])
    return [
        *checker.unproven(PLANTED, found),
        *(str(complaint) for complaint in found if complaint.file != PLANTED),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--listing", type=Path, help="an editor's own unreal.py, instead of the published")
    parser.add_argument("--required", action="store_true", help="fail where the check cannot be made")
    parser.add_argument("--cache", type=Path, default=cache_folder())
    options = parser.parse_args()
    try:
        command = type_checker(options.cache)
        if options.listing:
            listings = {options.listing.name: options.listing.read_text(encoding="utf-8-sig")}
        else:
            listings = {engine: fetched_listing(stub, options.cache) for engine, stub in ENGINES.items()}
    except (NotToBeHadError, OSError, subprocess.TimeoutExpired) as error:
        print(f"Signature check of the editor scripts skipped: {error}.")
        return 1 if options.required else 0
    stubs = {engine: stub_of(engine, listing, options.cache) for engine, listing in listings.items()}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(stubs, pool.map(lambda e: check_engine(e, stubs[e], command), stubs), strict=True))
    complaints: dict[str, list[str]] = {}
    for engine, stub in stubs.items():
        text = stub.read_text(encoding="utf-8")
        more = [*listing_facts.unknown_properties(text, SCRIPTS), *fake_listing.drift(text, engine)]
        for complaint in [*found[engine], *more]:
            complaints.setdefault(complaint, []).append(engine)
    for text, engines in complaints.items():
        print(f"{', '.join(engines)}: {text}")
    print(f"Editor scripts against {', '.join(listings)}: {len(complaints) or 'no'} complaints.")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
