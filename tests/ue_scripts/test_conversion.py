"""The conversion as steps: whatever happens, the editor goes on and the person is told in a sentence."""

import json
from pathlib import Path

import pytest
from cstalk_conversion import Conversion, Line


class Editor:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.complaints: list[str] = []
        self.written: list[str] = []
        self.status = "done"
        self.unexportable: set[str] = set()

    def export(self, sound, path):
        if sound in self.unexportable:
            raise RuntimeError(f"{sound} is broken.")
        Path(path).write_bytes(b"RIFF")

    def write(self, file, asset):
        self.written.append(asset)
        return {"status": self.status, "message": "edited by hand."}

    def tell(self, text):
        self.said.append(text)

    def complain(self, text):
        self.complaints.append(text)


class Process:
    """Ends after some looks with a code, having made the curves of some lines."""

    def __init__(self, makes, code=0, looks=3, report=(), complaint="It failed."):
        self.makes, self.code, self.looks, self.report, self.sentence = makes, code, looks, report, complaint
        self.killed = False

    def poll(self):
        self.looks -= 1
        if self.looks > 0:
            return None
        for path in self.makes:
            Path(path).write_bytes(b"npz")
        return self.code

    def kill(self):
        self.killed = True

    def told(self):
        return json.dumps({"lines": list(self.report)})

    def complaint(self):
        return self.sentence


@pytest.fixture
def editor() -> Editor:
    return Editor()


@pytest.fixture
def begin(tmp_path, editor):
    """Begin a conversion of three lines; `missing` are not converted."""

    def begin(missing=(), **how) -> Conversion:
        lines = [Line(f"/Game/S{n}", f"line_{n}", f"/Game/C/S{n}", "angry", "1") for n in range(3)]

        def start(good):
            conversion.started = [line.file for line in good]
            makes = [conversion.curves_of(line) for line in good if line.file not in missing]
            conversion.process = Process(makes, **how)
            return conversion.process

        conversion = Conversion(lines, str(tmp_path / "work"), editor, start)
        return conversion

    return begin


def run(conversion, limit=100) -> int:
    for count in range(limit):
        if not conversion.tick():
            return count
    raise AssertionError("never ends")


def test_all_lines_are_exported_converted_and_written(begin, editor):
    conversion = begin()
    run(conversion)
    assert conversion.state == "finished"
    assert not Path(conversion.folder).exists()
    assert editor.written == [f"/Game/C/S{n}" for n in range(3)]
    assert editor.said[-1] == "Finished: 3 done."
    assert editor.complaints == []


def test_one_tick_does_one_thing(begin, editor, tmp_path):
    conversion = begin()
    conversion.tick()
    assert len(list((tmp_path / "work" / "sounds").iterdir())) == 1
    while conversion.state != "importing":
        conversion.tick()
    assert editor.written == []
    conversion.tick()
    assert len(editor.written) == 1


def test_a_sound_that_cannot_be_exported_is_left_out(begin, editor):
    editor.unexportable = {"/Game/S1"}
    conversion = begin()
    run(conversion)
    assert conversion.started == ["line_0", "line_2"]
    assert editor.complaints == ["/Game/S1: /Game/S1 is broken."]
    assert editor.said[-1] == "Finished: 2 done, 1 failed."


def test_without_any_sound_nothing_is_started(begin, editor):
    editor.unexportable = {f"/Game/S{n}" for n in range(3)}
    conversion = begin()
    run(conversion)
    assert conversion.state == "failed"
    assert not hasattr(conversion, "started")
    assert editor.complaints[-1] == "The conversion stopped: None of 3 sounds could be exported."


def test_a_line_that_fails_is_named_with_its_reason(begin, editor):
    report = [{"name": "line_1", "status": "failed", "message": "line_1.wav: is silent."}]
    conversion = begin(missing=["line_1"], code=1, report=report)
    run(conversion)
    assert Path(conversion.sound_of(conversion.lines[1])).exists()
    assert editor.complaints == ["/Game/S1: line_1.wav: is silent."]
    assert editor.said[-1] == "Finished: 2 done, 1 failed."


@pytest.mark.parametrize("code", [2, 137, -9])
def test_a_program_that_fails_is_one_sentence(begin, editor, code):
    conversion = begin(missing=["line_0", "line_1", "line_2"], code=code, complaint="model 'x' is unknown.")
    run(conversion)
    assert conversion.state == "failed"
    assert editor.complaints == ["The conversion stopped: model 'x' is unknown."]
    assert editor.written == []


def test_conflicts_are_left_alone_and_told(begin, editor):
    editor.status = "conflict"
    run(begin())
    assert len(editor.complaints) == 3
    assert editor.said[-1] == "Finished: 0 done, 3 left alone, since they were edited or are not ours."


@pytest.mark.parametrize("ticks", [0, 1, 4, 5, 8])
def test_cancel_ends_it_whenever_it_comes(begin, editor, ticks):
    conversion = begin()
    for _ in range(ticks):
        conversion.tick()
    conversion.cancel()
    assert conversion.state == "cancelled"
    assert conversion.tick() is False
    if hasattr(conversion, "process"):
        assert conversion.process.killed
    assert editor.said[-1].startswith("Cancelled;")


def test_an_unexpected_error_ends_it_and_the_process(begin, editor):
    conversion = begin()
    while conversion.state != "importing":
        conversion.tick()
    editor.write = None
    run(conversion)
    assert conversion.state == "failed"
    assert "Unexpected TypeError" in editor.complaints[0]
