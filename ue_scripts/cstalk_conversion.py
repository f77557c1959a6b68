"""The conversion of sounds as a row of short steps, so that the editor never stands still.

exporting -> converting -> importing -> finished; or failed, or cancelled. `tick` does one short thing; what
it does in the editor is handed in, so this file knows nothing about `unreal`.
"""

import json
import os
import shutil
import time
from typing import Any

_SECONDS_BETWEEN_COUNTS = 1.0


class Line(object):
    """One sound: ``sound`` is its path, ``asset`` where its curves go, ``file`` the name of its files."""

    def __init__(self, sound, file, asset, emotion, intensity):
        self.sound, self.file, self.asset = sound, file, asset
        self.emotion, self.intensity = emotion, intensity
        self.problem = ""


class Conversion(object):
    """Some lines on their way.

    Args:
        lines: `Line` objects.
        folder: a work folder of this conversion alone; ``sounds`` and ``curves`` are made in it.
        editor: what happens in the editor: ``export(sound, path)``, ``write(curves file, asset)`` -> a result
            with "status" and "message", ``tell(text)``, ``complain(text)``. May raise.
        start: ``start(lines with their sounds)`` -> a process with poll, kill, told and complaint.
    """

    def __init__(self, lines, folder, editor, start):
        self.lines, self.folder, self._editor, self._start = list(lines), folder, editor, start
        self.sounds, self.curves = os.path.join(folder, "sounds"), os.path.join(folder, "curves")
        self.state, self._next = "exporting", 0
        self._process: Any = None
        self._seen, self._count_at = 0, 0.0
        self.results = []

    @property
    def running(self):
        return self.state in ("exporting", "converting", "importing")

    def cancel(self):
        """Stop; what is written stays."""
        if self.running:
            if self._process is not None:
                self._process.kill()
            self.state = "cancelled"
            self._editor.tell(
                "Cancelled; %d of %d lines are written." % (self._count("done"), len(self.lines))
            )

    def tick(self):
        """One short step. Returns whether there is more to do; never raises."""
        try:
            if self.state == "exporting":
                self._export_one()
            elif self.state == "converting":
                self._look()
            elif self.state == "importing":
                self._write_one()
        except Exception as error:
            self._fail("Unexpected %s: %.300s" % (type(error).__name__, error))
        return self.running

    def _export_one(self):
        if self._next == 0:
            os.makedirs(self.sounds, exist_ok=True)
            os.makedirs(self.curves, exist_ok=True)
        if self._next < len(self.lines):
            line = self.lines[self._next]
            self._next += 1
            try:
                self._editor.export(line.sound, self.sound_of(line))
            except Exception as error:
                self._problem(line, str(error))
            return
        good = [line for line in self.lines if not line.problem]
        if not good:
            self._fail("None of %d sounds could be exported." % len(self.lines))
            return
        self._process = self._start(good)
        self.state = "converting"
        self._editor.tell("Converting %d lines in the background." % len(good))

    def _look(self):
        code = self._process.poll()
        if code is None:
            self._tell_progress()
            return
        if code not in (0, 1):  # 1: some lines failed, and the report names them
            self._fail(self._process.complaint())
            return
        told = self._reported()
        for line in self.lines:
            if not line.problem and not os.path.exists(self.curves_of(line)):
                self._problem(line, told.get(line.file.lower()) or self._process.complaint())
        self._next, self.state = 0, "importing"

    def _tell_progress(self):
        if time.monotonic() < self._count_at:
            return
        self._count_at = time.monotonic() + _SECONDS_BETWEEN_COUNTS
        finished = sum(1 for line in self.lines if os.path.exists(self.curves_of(line)))
        if finished != self._seen:
            self._seen = finished
            self._editor.tell("%d of %d lines are converted." % (finished, len(self.lines)))

    def _reported(self):
        """What the process says about the lines that failed, by name."""
        try:
            lines = json.loads(self._process.told())["lines"]
            return {
                str(line["name"]).lower(): str(line["message"])
                for line in lines
                if line["status"] == "failed"
            }
        except (ValueError, LookupError, TypeError, RecursionError):
            return {}

    def _write_one(self):
        while self._next < len(self.lines) and self.lines[self._next].problem:
            self._next += 1
        if self._next == len(self.lines):
            self.state = "finished"
            self._editor.tell(self.summary())
            if self._count("done") + self._count("skipped") == len(self.lines):
                shutil.rmtree(self.folder, ignore_errors=True)  # what is left tells what went wrong
            return
        line = self.lines[self._next]
        self._next += 1
        result = self._editor.write(self.curves_of(line), line.asset)
        self.results.append(result)
        if result["status"] not in ("done", "skipped"):
            self._editor.complain("%s: %s" % (line.asset, result["message"]))
        elif self._next % 10 == 0:
            self._editor.tell("%d of %d lines are written." % (self._next, len(self.lines)))

    def sound_of(self, line):
        return os.path.join(self.sounds, line.file + ".wav")

    def curves_of(self, line):
        return os.path.join(self.curves, line.file + ".curves.npz")

    def summary(self):
        """How it went, in one sentence."""
        told = ["%d done" % self._count("done")]
        failed = len([line for line in self.lines if line.problem]) + self._count("failed")
        for count, word in (
            (self._count("skipped"), "unchanged"),
            (self._count("conflict"), "left alone, since they were edited or are not ours"),
            (failed, "failed"),
        ):
            if count:
                told.append("%d %s" % (count, word))
        return "Finished: %s." % ", ".join(told)

    def _count(self, status):
        return len([result for result in self.results if result["status"] == status])

    def _problem(self, line, message):
        line.problem = message
        self._editor.complain("%s: %s" % (line.sound, message))

    def _fail(self, message):
        if self._process is not None:
            self._process.kill()
        self.state = "failed"
        self._editor.complain("The conversion stopped: %s" % message)
