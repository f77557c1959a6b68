"""Where the editor scripts are: ours, and those of the plugin in a project.

Knows files only. The scripts are never imported here; they run in the editor.
"""

import importlib.util
from pathlib import Path

from cstalk_ue.errors import UnrealError
from cstalk_ue.storage import sha256_file

PLUGIN_FOLDER = Path("Plugins") / "CSTalk"
"""Of the plugin, in a project."""
PYTHON_FOLDER = Path("Content") / "Python"
"""Of its scripts, in the plugin; the editor finds them there."""


def own_scripts() -> Path:
    """The folder of the scripts that came with this package.

    Raises:
        UnrealError: they are not there.
    """
    spec = importlib.util.find_spec("ue_scripts")
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    folder = Path(folders[0]).resolve() if folders else None
    if folder is None or not (folder / "cstalk_job.py").is_file():
        raise UnrealError("The editor scripts (ue_scripts) are not installed. Install cstalk-ue again.")
    return folder


def scripts_for(project_root: str) -> Path:
    """The scripts that an editor with this project should run.

    Those of the plugin if they are the same as ours, since its menu runs them already; else ours.
    """
    ours = own_scripts()
    theirs = Path(project_root) / PLUGIN_FOLDER / PYTHON_FOLDER
    return theirs if project_root and _same_scripts(ours, theirs) else ours


def _same_scripts(ours: Path, theirs: Path) -> bool:
    try:
        return theirs.is_absolute() and all(
            sha256_file(theirs / script.name) == sha256_file(script) for script in ours.glob("cstalk_*.py")
        )
    except OSError:
        return False
