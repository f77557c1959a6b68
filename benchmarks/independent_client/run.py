"""An independent client, the npm package `unreal-remote-execution`, drives the stand-in editor.

    python benchmarks/independent_client/run.py [--package FOLDER]

A one-off check, not part of the tests: our client and our stand-in share their authors' idea of the
protocol, and this one does not. Needs node and npm; without them it says so and ends well. The package is
fetched into a temporary folder and forgotten; with ``--package`` it is taken from a folder where it is
installed already.

Two editors are started. The client has to find both, connect to the chosen one, run the three kinds of
commands, receive a traceback and a long reply, do one of our import jobs, and connect a second time. Version
1.1.0 damages characters that lie across two chunks of a reply; these are counted and no failure, since our
replies are one short line of ASCII.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests")]

from stand_in.launch import StandIn, free_port, why_no_multicast  # noqa: E402

from cstalk_ue.export.curves_npz import write_curves_npz  # noqa: E402
from cstalk_ue.rig import control_limits, control_names, neutral_head  # noqa: E402
from cstalk_ue.take import FacePerformance, RigCurves  # noqa: E402
from cstalk_ue.unreal import command_for  # noqa: E402

PACKAGE = "unreal-remote-execution"
VERSION = "1.1.0"
NONCE = "independent1"
ASSET = "/Game/Lines/Independent"


def installed(folder: Path) -> Path:
    """The package's module, fetched into this folder if it is not there."""
    module = folder / "node_modules" / PACKAGE / "dist" / "index.mjs"
    if not module.is_file():
        npm = shutil.which("npm")
        assert npm is not None
        options = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", str(folder)]
        subprocess.run([npm, "install", *options, f"{PACKAGE}@{VERSION}"], check=True, capture_output=True)
    return module


def import_job(folder: Path) -> Path:
    """A job that imports one curve file of three seconds."""
    lowest, highest = control_limits()
    face = RigCurves(np.linspace(lowest, highest, 90), control_names(), 30.0, 0.0)
    curves = folder / "line.curves.npz"
    write_curves_npz(curves, FacePerformance(face, neutral_head(90, 30.0)), provenance={"source": "line.wav"})
    job = {
        "format": "cstalk-job/1",
        "task": "import_curves",
        "nonce": NONCE,
        "dry_run": False,
        "result": str(folder / "result.json"),
        "items": [{"file": str(curves), "asset": ASSET}],
        "settings": {},
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="ascii")
    return folder / "job.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", type=Path, help=f"folder whose node_modules has {PACKAGE}")
    options = parser.parse_args()
    why_not = why_no_multicast()
    for program in ("node",) if options.package else ("node", "npm"):
        why_not = why_not or ("" if shutil.which(program) else f"{program} is not installed")
    if why_not:
        print(f"skipped: {why_not}")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port = free_port()
        editors = [StandIn(folder, port=port, project_name=name) for name in ("First", "Second")]
        try:
            return drive(folder, [editor.start() for editor in editors], installed(options.package or folder))
        finally:
            for editor in editors:
                editor.kill()


def drive(folder: Path, editors: list[StandIn], module: Path) -> int:
    """Let the client loose on the editors; 0 if all went well."""
    chosen = editors[1]
    settings = {
        "module": str(module.resolve()),
        "group_address": chosen.settings.group_address,
        "group_port": chosen.settings.group_port,
        "bind_address": chosen.settings.bind_address,
        "ports": [free_port(), free_port()],
        "names": [editor.settings.project_name for editor in editors],
        "command": command_for(REPOSITORY / "ue_scripts", import_job(folder)),
        "nonce": NONCE,
    }
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    script = Path(__file__).with_name("drive.mjs")
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, str(script), str(folder / "settings.json")],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    checks = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    checks.append(
        {
            "check": "the asset is saved in the chosen editor only",
            "ok": ASSET in chosen.assets() and ASSET not in editors[0].assets(),
            "seen": f"{len(chosen.asset(ASSET).curves) if ASSET in chosen.assets() else 0} curves",
        }
    )
    faults = [fault for editor in editors for fault in editor.faults() + editor.texts("lost")]
    checks.append({"check": "nothing was lost or done wrongly", "ok": not faults, "seen": "; ".join(faults)})
    for each in checks:
        print(f"{'ok    ' if each['ok'] else 'FAILED'} {each['check']}: {each['seen']}")
    if done.stderr.strip():
        print(done.stderr.strip())
    return 0 if done.returncode == 0 and len(checks) >= 12 and all(each["ok"] for each in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
