"""A stand-in for the Unreal editor: a process with the editor's protocol habits, and a fake `unreal`.

Start one with ``python -m tests.stand_in.editor --project-name X --project-root DIR --state DIR --control``;
in tests, with the fixture ``editor`` of tests/unreal/conftest.py, or the class `stand_in.launch.StandIn`.
The fake alone, in the test's own process: ``stand_in.fake_unreal.install()``.

Its modules are imported as ``stand_in....``, like the other helpers beside them in tests/. Standard library
only, Python 3.9 syntax: the scripts that run in it are meant for every Python that an editor brings.
"""

import sys
from pathlib import Path

if __name__ != "stand_in":
    # Run as tests.stand_in.editor; below, there is one name for each module only.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
