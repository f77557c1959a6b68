"""A back door for tests: JSON lines on standard input and output, beside remote execution.

Requests: ``{"id": 1, "python": "..."}`` runs on the game thread at the next tick; ``{"click": true}`` closes
a dialog; ``{"quit": true}`` closes the editor in good order. When standard input ends, whoever started us is
gone, and we end too, even from within a dialog.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import traceback
from typing import Any, TextIO

from stand_in.commands import Console

Request = dict


class Control:
    """Reads requests in a thread of its own; answers on the game thread."""

    def __init__(self, console: Console, requests: TextIO, answers: TextIO) -> None:
        self._console, self._requests, self._answers = console, requests, answers
        self._waiting: queue.Queue[Request] = queue.Queue()
        self.clicked = threading.Event()
        self.quit = False
        threading.Thread(target=self._listen, daemon=True).start()

    def say(self, **fields: Any) -> None:
        self._answers.write(json.dumps(fields) + "\n")
        self._answers.flush()

    def poll(self) -> None:
        while not self._waiting.empty():
            request = self._waiting.get()
            if request.get("quit"):
                self.quit = True
                continue
            try:
                value = self._console.run_and_value(request["python"])
                answer = {"id": request["id"], "ok": True, "value": value}
                json.dumps(answer)
            except TypeError as error:
                if "JSON" not in str(error):
                    answer = {"id": request["id"], "ok": False, "value": traceback.format_exc()}
                else:
                    answer = {"id": request["id"], "ok": True, "value": str(value)}
            except BaseException:
                answer = {"id": request["id"], "ok": False, "value": traceback.format_exc()}
            sys.stdout.flush()
            self.say(**answer)

    def _listen(self) -> None:
        for line in self._requests:
            request = json.loads(line)
            if request.get("click"):
                self.clicked.set()
            else:
                self._waiting.put(request)
        os._exit(0)
