"""The studio's settings file."""

import json

import pytest
from cstalk_errors import JobError
from cstalk_settings import DEFAULTS, FILE_NAME, read_settings


def write(folder, **settings):
    (folder / FILE_NAME).write_text(json.dumps({"format": "cstalk-settings/1", **settings}), encoding="utf-8")


def test_what_is_absent_has_its_default(tmp_path):
    assert read_settings(str(tmp_path)) == DEFAULTS
    write(tmp_path, python="p", tolerance=0, from_a_newer_version=[1])
    assert read_settings(str(tmp_path)) == {**DEFAULTS, "python": "p", "tolerance": 0}


@pytest.mark.parametrize("text", ["", "[]", '{"format": "cstalk-settings/2"}', "\xff", "[" * 100000])
def test_other_files_are_one_clear_error(tmp_path, text):
    (tmp_path / FILE_NAME).write_text(text, encoding="latin-1")
    with pytest.raises(JobError, match=r"unreal install` again"):
        read_settings(str(tmp_path))


@pytest.mark.parametrize("wrong", [{"python": 3}, {"tolerance": "0"}, {"tolerance": True}, {"model": None}])
def test_a_value_of_another_type_is_named(tmp_path, wrong):
    write(tmp_path, **wrong)
    with pytest.raises(JobError, match=next(iter(wrong))):
        read_settings(str(tmp_path))
