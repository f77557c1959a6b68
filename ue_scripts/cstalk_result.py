"""Write what a job did: ``result.jsonl`` item by item, ``result.json`` whole and last.

A killed editor leaves the lines of what it finished. Knows nothing about `unreal`.
"""

import json
import os

FORMAT_TAG = "cstalk-result/1"


class ResultFile(object):
    """The result of one job, on its way to the disk."""

    def __init__(self, path):
        self.path = str(path)
        self.lines_path = os.path.splitext(self.path)[0] + ".jsonl"
        self.items = []

    def add(self, item):
        """Take the result of one item, and append it to the lines on the disk at once."""
        self.items.append(item)
        with open(self.lines_path, "a", encoding="ascii", newline="\n") as file:
            file.write(json.dumps(item, ensure_ascii=True, allow_nan=False) + "\n")
            file.flush()

    def write(self, fields):
        """Write the whole result: `fields`, the tag and the items. Temporary file, then rename."""
        result = dict(fields, format=FORMAT_TAG, items=self.items)
        write_json(self.path, result)
        return result


def write_json(path, data):
    """Write ASCII JSON, whole or not at all."""
    temporary = "%s.%d.part" % (path, os.getpid())
    try:
        with open(temporary, "w", encoding="ascii", newline="\n") as file:
            json.dump(data, file, ensure_ascii=True, allow_nan=False)
            file.write("\n")
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise
