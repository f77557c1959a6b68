"""What is put into a job comes out of it unchanged, and only a result of that very job is believed."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cstalk_ue.errors import EditorScriptError, UnrealError
from cstalk_ue.unreal import command_for
from cstalk_ue.unreal.jobs import Job

WHOLE = {
    "format": "cstalk-result/1",
    "ok": True,
    "message": "",
    "code": "",
    "engine_version": "5.6",
    "items": [],
}

names = st.text(st.characters(), max_size=300) | st.text(
    st.sampled_from("'\"\\\n\0{}%;\ud800é/."), max_size=300
)


@pytest.fixture
def job(tmp_path):
    return Job(tmp_path / "job", "import_curves", [{"name": "a"}, {"name": "b"}], {"tolerance": 0.1})


def answer(job, **changed):
    file = job.path.with_name("result.json")
    file.write_text(json.dumps(WHOLE | {"nonce": job.nonce} | changed))
    return file


@given(names, names)
def test_no_name_gets_out_of_the_job_file(name, file):
    with tempfile.TemporaryDirectory() as folder:
        item = {"name": name, "file": file, "asset": "/Game/x"}
        job = Job(Path(folder) / "job", "import_curves", [item], {})
        assert json.loads(job.path.read_bytes())["items"] == [item] and job.path.read_bytes().isascii()
        other = Job(Path(folder) / "job2", "import_curves", [{"name": "plain"}], {})
        commands = [command_for(Path("/scripts"), each.path) for each in (job, other)]
        assert commands[0].replace("/job/", "/job2/") == commands[1], "the command is the same for all names"


def test_a_result_is_read_once_it_is_there(job):
    assert job.result() is None
    answer(job, items=[{"name": "a", "status": "done"}], report={"x": 1})
    result = job.result()
    assert result.ok and result.items[0]["status"] == "done" and result.report == {"x": 1}


@pytest.mark.parametrize(
    "changed",
    [{"nonce": "another"}, {"format": "cstalk-result/2"}, {"items": [1]}, {"items": None}, {"ok": "yes"},
     {"code": 3}],
    ids=str,
)  # fmt: skip
def test_another_result_is_not_believed(job, changed):
    answer(job, **changed)
    with pytest.raises(EditorScriptError, match="is no cstalk-result/1 of this job"):
        job.result()


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 100_000], ids=["empty", "cut", "bytes", "deep"])
def test_a_damaged_result_is_one_sentence(job, text):
    answer(job).write_bytes(text)
    with pytest.raises(EditorScriptError, match=r"result\.json"):
        job.result()


def test_lines_of_an_editor_that_ended_count_up_to_the_last_whole_one(job):
    assert job.finished_items() == ()
    lines = job.path.with_name("result.jsonl")
    lines.write_bytes(b'{"name": "a", "status": "done"}\n{"name": "b", "sta')
    assert [item["name"] for item in job.finished_items()] == ["a"]
    lines.write_bytes(b'{"name": "a"}\n[1]\n{"name": "c"}\n')
    assert len(job.finished_items()) == 1


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UnrealError, match="cannot be written"):
        Job(tmp_path / "file" / "job", "self_test", [], {})
    Job(tmp_path / "job", "self_test", [], {})
    with pytest.raises(UnrealError, match="cannot be written"):
        Job(tmp_path / "job", "self_test", [], {})
