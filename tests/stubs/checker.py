"""Run pyright over the scripts with one stub of `unreal`, and prove that it finds what it must."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MARK = "# MISTAKE"


@dataclass(frozen=True)
class Complaint:
    """One error of the type checker; `line` counts from 1."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line}: {self.message}"


def complaints(
    command: Sequence[str], files: Sequence[Path], stubs: Path, folders: Sequence[Path]
) -> list[Complaint]:
    """The errors in `files`, which import `unreal` from `stubs` and each other from `folders`."""
    settings = {
        "include": [str(path) for path in files],
        "stubPath": str(stubs),
        "extraPaths": [str(path) for path in folders],
        "pythonVersion": "3.9",
        "typeCheckingMode": "standard",
        "reportMissingModuleSource": False,
        "reportUnusedExpression": False,
        "reportAttributeAccessIssue": "error",
    }
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "pyrightconfig.json"
        project.write_text(json.dumps(settings), encoding="utf-8")
        done = subprocess.run(
            [*command, "--outputjson", "--project", str(project)], capture_output=True, text=True, timeout=600
        )
    try:
        found = json.loads(done.stdout)["generalDiagnostics"]
    except (ValueError, KeyError):
        raise RuntimeError(f"the type checker failed: {done.stderr or done.stdout}") from None
    return [
        Complaint(Path(each["file"]), each["range"]["start"]["line"] + 1, each["message"].splitlines()[0])
        for each in found
        if each["severity"] == "error"
    ]


def unproven(planted: Path, found: Sequence[Complaint]) -> list[str]:
    """What shows that the check itself does not work: marked lines not found, good lines complained about."""
    lines = planted.read_text(encoding="utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, 1) if MARK in line}
    seen = {complaint.line for complaint in found if complaint.file == planted}
    return [f"planted mistake in line {number} was not found" for number in sorted(marked - seen)] + [
        f"good line {number} of the planted file was refused" for number in sorted(seen - marked)
    ]
