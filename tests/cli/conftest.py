"""Lets the tests of the command line use the tiny model that lies one folder up."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
