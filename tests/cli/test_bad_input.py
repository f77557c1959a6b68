"""Wrong input gives one sentence, the designed exit code and no half-made file."""

import importlib.util
import sys
import tempfile
from pathlib import Path

import pytest

TABLE = Path(__file__).resolve().parents[2] / "benchmarks" / "bad_input_table.py"
if not TABLE.is_file():
    pytest.skip("no benchmarks folder beside the tests: the cases are there", allow_module_level=True)
_spec = importlib.util.spec_from_file_location("bad_input_table", TABLE)
table = importlib.util.module_from_spec(_spec)
# dataclasses look their module up by name
sys.modules["bad_input_table"] = table
_spec.loader.exec_module(table)


@pytest.mark.parametrize("case", table.cases(), ids=lambda case: case.what)
def test_wrong_input_is_told_in_one_line(case, tmp_path):
    if "cuda" in case.call:
        import torch

        if torch.cuda.is_available():
            pytest.skip("this machine has CUDA")
    table.prepare(tmp_path)
    seen = table.run_case(case, tmp_path)  # asserts that no input was changed
    assert seen.code == case.code
    assert case.told in seen.errors
    assert seen.errors.endswith("\n") and seen.errors.count("\n") == 1
    assert "Traceback" not in seen.errors + seen.out and str(tmp_path) not in seen.errors
    assert not any(file.endswith(".part") for file in seen.new_files)
    good = {"curves/good.curves.npz", "curves/good.provenance.json"}
    if case.code == 1:
        assert set(seen.new_files) in (set(), good)
    if case.code == 2:
        assert seen.new_files == () and seen.out == ""


def test_the_page_lists_every_case():
    page = table.PAGE.read_text(encoding="utf-8")
    assert len(table.cases()) >= 20
    for case in table.cases():
        assert f"| {case.what} | `{case.call}` |" in page and case.told in page
    assert tempfile.gettempdir() not in page and str(TABLE.parents[1]) not in page
