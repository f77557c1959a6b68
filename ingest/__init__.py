"""Capture files → our types, one module per format. Reading needs no torch and changes no values."""

from ingest.metahuman_animator import AnimatorCurves, read_animator_json

__all__ = ["AnimatorCurves", "read_animator_json"]
