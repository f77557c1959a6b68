"""Run one job in the editor: ``run("<folder>/job.json")``. The only entry point of remote commands.

Reads the job, does its items one by one, writes result.jsonl and result.json beside it, and prints exactly
one line, ``CSTALK-RESULT <nonce> ok|error``: the editor sends back all that is printed in one socket send,
and cuts what does not fit. Never raises. What the tasks do is in their own modules.
"""

import importlib
import os
import sys
import time
import traceback

from cstalk_errors import ItemError, JobError
from cstalk_job_file import complete_settings, nonce_of, read_job
from cstalk_result import ResultFile
from cstalk_version import VERSION

__all__ = ["TASKS", "VERSION", "run"]

TASKS = {
    "import_curves": "cstalk_import",
    "export_takes": "cstalk_export",
    "self_test": "cstalk_selftest",
    "dump_controls": "cstalk_controls",
    "bake_control_rig": "cstalk_bake",
}
"""Each module has SETTINGS, and a class Task with `items_of`, `do` and `report`."""

_LONGEST_TRACE = 4000


def run(job_path):
    """Do the job in this file and return its result, the content of result.json."""
    started = time.time()
    result = ResultFile(os.path.join(os.path.dirname(os.path.abspath(job_path)), "result.json"))
    fields: dict = {"ok": False, "message": "", "code": "", "nonce": nonce_of(job_path)}
    fields.update(
        {
            "task": "",
            "dry_run": False,
            "report": None,
            "engine_version": engine_version(),
            "scripts_version": VERSION,
        }
    )
    try:
        job = read_job(job_path)
        result = ResultFile(job["result"])
        fields.update({name: job[name] for name in ("nonce", "task", "dry_run")})
        _do(job, result, fields)
    except JobError as error:
        fields.update({"ok": False, "code": error.code, "message": str(error)})
    except (
        BaseException
    ) as error:  # a stray SystemExit must not leave the sender waiting, or close the editor
        fields.update({"ok": False, "code": "error", "message": _unexpected(error), "trace": _trace()})
    fields["seconds"] = round(time.time() - started, 3)
    written: dict = dict(fields, items=result.items)
    try:
        written = result.write(fields)
    except BaseException as error:
        written["ok"] = False
        written["message"] = "%s: cannot be written (%s)." % (result.path, error)
    print("CSTALK-RESULT %s %s" % (written["nonce"], "ok" if written["ok"] else "error"))
    sys.stdout.flush()
    return written


def engine_version():
    """Such as ``5.6.0-43139311+++UE5+Release-5.6``; "" outside the editor."""
    try:
        import unreal

        return str(unreal.SystemLibrary.get_engine_version())
    except Exception:
        return ""


def _do(job, result, fields):
    """Do all items of a job, and fill in how it went."""
    if job["task"] not in TASKS:
        raise JobError(
            "Task %.40r is unknown; expected one of %s." % (job["task"], ", ".join(TASKS)), "bad_job"
        )
    module = importlib.import_module(TASKS[job["task"]])
    settings = complete_settings(job["settings"], dict(module.SETTINGS, **REGISTRY_SETTINGS))
    wait_for_registry(settings["registry_seconds"], settings["registry_block"])
    task = module.Task(settings, job["dry_run"])
    for item in task.items_of(job["items"]):
        result.add(do_one(task, item))
    counts = {}
    for item in result.items:
        counts[item["status"]] = counts.get(item["status"], 0) + 1
    fields["report"] = task.report()
    fields["ok"] = set(counts) <= {"done", "skipped"}
    fields["message"] = (
        ", ".join("%d %s" % (counts[status], status) for status in sorted(counts)) or "nothing to do"
    )


def do_one(task, item):
    """The result of one item; whatever goes wrong is part of it."""
    started = time.time()
    result: dict = {"name": name_of(item), "asset": str(item.get("asset") or ""), "status": "failed"}
    try:
        result.update(task.do(item))
    except ItemError as error:
        result.update(status=error.status, message=str(error))
    except JobError as error:  # a field of this item has the wrong type
        result.update(status="failed", message=str(error))
    except Exception as error:
        result.update(status="failed", message=_unexpected(error), trace=_trace())
    result["seconds"] = round(time.time() - started, 3)
    return result


def name_of(item):
    """What to call an item: its name, else its file without suffix, else its asset."""
    if item.get("name"):
        return str(item["name"])
    file = os.path.basename(str(item.get("file") or ""))
    return (
        file[: -len(".curves.npz")] if file.endswith(".curves.npz") else file or str(item.get("asset") or "")
    )


REGISTRY_SETTINGS = {
    "registry_seconds": 5.0,  # how long to wait for the editor's list of assets
    "registry_block": False,  # wait as long as it takes; for commandlets, which nobody sends jobs to
}


def wait_for_registry(seconds, block=False):
    """Wait until the editor knows all its assets; before that, existing ones look missing.

    The list may need the editor to tick, which it cannot while a command runs; so the wait is short and the
    sender asks again.

    Raises:
        JobError: still loading, code ``still_loading``.
    """
    import unreal

    registry = unreal.AssetRegistryHelpers.get_asset_registry()
    if block:
        registry.wait_for_completion()
    deadline = time.monotonic() + seconds
    while registry.is_loading_assets():
        if time.monotonic() >= deadline:
            raise JobError(
                "The editor is still loading its list of assets. Send the job again in a few seconds.",
                "still_loading",
            )
        time.sleep(0.1)


def _unexpected(error):
    return "Unexpected %s: %.300s" % (type(error).__name__, error)


def _trace():
    return traceback.format_exc()[-_LONGEST_TRACE:]
