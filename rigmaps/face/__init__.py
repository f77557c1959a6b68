"""The landmark head as a description; `python -m rigmaps.build_face` makes its tables."""
