"""Captures → takes on our rig → a data set: one reader per format, then labels, sync, quality and splits.

Reading needs no torch and never changes a recording.
"""

from ingest.captured import CapturedTake
from ingest.data_set import DataSet, TakeRecord, open_data_set
from ingest.found import FoundTake
from ingest.live_link_face import find_live_link_face, read_live_link_face
from ingest.metahuman_animator import AnimatorCurves, find_animator, read_animator, read_animator_json
from ingest.table import find_tables, read_table
from ingest.take_files import StoredTake

__all__ = [
    "AnimatorCurves",
    "CapturedTake",
    "DataSet",
    "FoundTake",
    "StoredTake",
    "TakeRecord",
    "find_animator",
    "find_live_link_face",
    "find_tables",
    "open_data_set",
    "read_animator",
    "read_animator_json",
    "read_live_link_face",
    "read_table",
]
