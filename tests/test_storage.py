"""A file is there whole or not at all."""

import concurrent.futures
import hashlib
import json
import math
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from cstalk_ue.errors import ExportError
from cstalk_ue.storage import sha256_file, sha256_text, whole_file, write_json

POSIX = pytest.mark.skipif(os.name != "posix", reason="file modes are a POSIX idea")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "folders" / "curves.csv"
    with whole_file(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        assert temporary.parent == path.parent
    assert path.read_text() == "whole"
    assert names_in(path.parent) == ["curves.csv"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_nothing_new(tmp_path, error):
    path = tmp_path / "curves.csv"
    with pytest.raises(error), whole_file(path) as temporary:
        temporary.write_text("half")
        raise error
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("error", [ValueError, OSError("no space left")])
def test_a_failure_leaves_the_old_file_as_it_was(tmp_path, error):
    path = tmp_path / "curves.csv"
    path.write_text("old")
    with pytest.raises((ValueError, ExportError)), whole_file(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["curves.csv"]


@POSIX
def test_whoever_reads_the_old_file_goes_on_reading_it(tmp_path):
    path = tmp_path / "curves.csv"
    path.write_text("old and longer")
    with path.open() as reader:
        assert reader.read(4) == "old "
        with whole_file(path) as temporary:
            temporary.write_text("new")
        assert reader.read() == "and longer"
    assert path.read_text() == "new"


def test_a_failed_write_says_which_file_and_why(tmp_path):
    said = r"curves\.csv: cannot be written \(disk on fire\)"
    with pytest.raises(ExportError, match=said), whole_file(tmp_path / "curves.csv"):
        raise OSError("disk on fire")


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(ExportError, match="cannot be written"), whole_file(tmp_path / "taken" / "x.csv"):
        pytest.fail("the block must not run")
    assert names_in(tmp_path) == ["taken"]


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_one_may_not_write_to_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ExportError, match="may write to"), whole_file(tmp_path / "x.csv"):
        pytest.fail("the block must not run")


def test_a_folder_of_that_name_stays(tmp_path):
    (tmp_path / "curves.csv").mkdir()
    with pytest.raises(ExportError, match=r"curves\.csv"), whole_file(tmp_path / "curves.csv") as temporary:
        temporary.write_text("whole")
    assert names_in(tmp_path) == ["curves.csv"]


@POSIX
@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_new_file_has_the_permissions_of_an_ordinary_one(tmp_path, mask):
    before = os.umask(mask)
    try:
        with whole_file(tmp_path / "curves.csv") as temporary:
            temporary.write_text("whole")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "curves.csv").stat().st_mode) == 0o666 & ~mask


@POSIX
def test_weights_have_the_permissions_of_an_ordinary_file(tmp_path):
    """safetensors writes a private file and moves it to the name it was given."""
    with whole_file(tmp_path / "model.safetensors") as temporary:
        save_file({"weights": np.zeros(3, dtype=np.float32)}, temporary)
    (tmp_path / "ordinary").touch()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes["model.safetensors"] == modes["ordinary"]


def test_many_writers_of_one_file_leave_one_whole_file(tmp_path):
    path = tmp_path / "curves.csv"

    def write(number: int) -> None:
        with whole_file(path) as temporary:
            temporary.write_text(f"{number}\n" * 5000)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert len(set(path.read_text().splitlines())) == 1
    assert len(path.read_text().splitlines()) == 5000
    assert names_in(tmp_path) == ["curves.csv"]


def test_a_name_as_long_as_the_disk_allows_can_be_written(tmp_path):
    path = tmp_path / ("語" * 80 + ".csv")
    with whole_file(path) as temporary:
        temporary.write_text("whole")
    assert names_in(tmp_path) == [path.name]


def test_json_is_utf8_with_a_final_newline(tmp_path):
    write_json(tmp_path / "x.json", {"line": "Où?", "values": [1, 2.5]})
    raw = (tmp_path / "x.json").read_bytes()
    assert "Où?".encode() in raw
    assert raw.endswith(b"}\n")
    assert json.loads(raw) == {"line": "Où?", "values": [1, 2.5]}


def test_json_that_no_reader_takes_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"level": math.nan})
    assert names_in(tmp_path) == []


def test_hashes_are_sha256_of_the_bytes(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1.
    assert sha256_file(tmp_path / "x") == ("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    assert sha256_text("abc") == sha256_file(tmp_path / "x")
    assert sha256_text("Où") == hashlib.sha256("Où".encode()).hexdigest()
