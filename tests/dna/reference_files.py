"""The three synthetic DNA files, with what Epic's own reader and evaluator make of them, if at hand."""

from pathlib import Path

import pytest

FILES = ("small_v21", "small_v28", "small_v28_zyx")
each_file = pytest.mark.parametrize("reference", FILES, indirect=True)


def dna_folder(shared: Path) -> Path:
    folder = shared / "dna"
    if not folder.is_dir():
        pytest.skip("no ../shared/data/dna beside this checkout: no reference files to compare with")
    return folder
