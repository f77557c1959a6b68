"""Read and check a job: ``job.json``, tag ``cstalk-job/1``, written by the sender.

Knows what a job looks like, not what its task does; each task names its own settings with their defaults.
Knows nothing about `unreal`.
"""

import json
import os
import re

from cstalk_errors import JobError

FORMAT_TAG = "cstalk-job/1"
LARGEST_BYTES = 64 * 1024 * 1024

_NONCE = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)


def read_job(path):
    """The job as a dict with ``task``, ``nonce``, ``dry_run``, ``result``, ``items`` and ``settings``.

    Raises:
        JobError: the file cannot be read or is no such job.
    """
    try:
        if os.path.getsize(path) > LARGEST_BYTES:
            raise JobError(
                "%s: is over %d MB. Send fewer items at once." % (path, LARGEST_BYTES >> 20), "bad_job"
            )
        with open(path, encoding="utf-8") as file:
            job = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise JobError("%s: cannot be read (%s). Send it again." % (path, error), "bad_job") from error
    tag = job.get("format") if isinstance(job, dict) else None
    if tag != FORMAT_TAG:
        raise JobError(
            "%s: format is %.60r; expected %r. Install the scripts of the version that wrote it."
            % (path, tag, FORMAT_TAG),
            "bad_job",
        )
    kinds = {"task": str, "nonce": str, "dry_run": bool, "result": str, "items": list, "settings": dict}
    defaults = {"dry_run": False, "items": [], "settings": {}}
    read: dict = {name: job.get(name, defaults.get(name)) for name in kinds}
    for name, kind in kinds.items():
        if not isinstance(read[name], kind):
            raise JobError("%s: field %r is %.40r. Send it again." % (path, name, read[name]), "bad_job")
    if not _NONCE.fullmatch(read["nonce"]):
        raise JobError("%s: nonce %.40r is not 1-64 letters and digits." % (path, read["nonce"]), "bad_job")
    if not all(isinstance(item, dict) for item in read["items"]):
        raise JobError("%s: an item is no object. Send it again." % path, "bad_job")
    return read


def nonce_of(path):
    """The nonce of a job that may be damaged otherwise; "-" if it has none."""
    try:
        with open(path, encoding="utf-8") as file:
            nonce = json.load(file)["nonce"]
        return nonce if _NONCE.fullmatch(nonce) else "-"
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return "-"


def complete_settings(given, defaults):
    """The settings of a task: `given` over `defaults`, checked against the defaults' types.

    Raises:
        JobError: a name is unknown or a value has another type; all faults are named together.
    """
    faults = ["%r is unknown" % name for name in sorted(set(given) - set(defaults))]
    settings = dict(defaults)
    for name, default in defaults.items():
        if name not in given:
            continue
        value = given[name]
        number = isinstance(default, float)
        kinds = (int, float) if number else (type(default),)
        if not isinstance(value, kinds) or isinstance(value, bool) != isinstance(default, bool):
            faults.append(
                "%r is %.40r; expected %s" % (name, value, "float" if number else kinds[0].__name__)
            )
        else:
            settings[name] = value
    if faults:
        raise JobError(
            "Settings: %s. Known: %s." % ("; ".join(faults), ", ".join(sorted(defaults))), "bad_job"
        )
    return settings


def text_of(item, name, default=""):
    """A text field of an item.

    Raises:
        JobError: it is there and is no text.
    """
    value = item.get(name, default)
    if not isinstance(value, str):
        raise JobError("Item field %r is %.40r; expected text." % (name, value), "bad_job")
    return value
