"""Where the editor scripts are, on the path as in the editor, and a way to forget them."""

import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "ue_scripts"

if str(SCRIPTS) not in sys.path:
    sys.path.insert(0, str(SCRIPTS))


def forget_scripts() -> None:
    """The next import runs them anew, in the editor that is there then."""
    for name in [name for name in sys.modules if name.startswith("cstalk_") and name != "cstalk_ue"]:
        if not name.startswith("cstalk_ue."):
            del sys.modules[name]
