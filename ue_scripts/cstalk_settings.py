"""The studio's settings, ``cstalk_settings.json`` beside these scripts, tag ``cstalk-settings/1``.

``cstalk-ue unreal install`` writes it; a person may edit it. Knows nothing about `unreal`.
"""

import json
import os

from cstalk_errors import JobError

FORMAT_TAG = "cstalk-settings/1"
FILE_NAME = "cstalk_settings.json"

DEFAULTS = {
    "python": "",  # our Python, which has the package cstalk_ue
    "model": "bundled",  # as `cstalk-ue predict --model`
    "destination": "/Game/CSTalk",  # where curves go; below it, the folders of the sounds
    "skeleton": "",  # path of the face skeleton; "" searches
    "manifest": "",  # CSV with file, emotion and intensity, for "convert with the manifest"
    "import_folder": "",  # folder of *.curves.npz, for "import curve files"
    "export_folder": "",  # where takes go; "" is Saved/CSTalk/Takes in the project
    "review_page": "",  # page to open; "" is the newest .html in the work folder
    "work_folder": "",  # sounds and curves on their way; "" is Saved/CSTalk in the project
    "tolerance": 1e-4,  # see cstalk_import.py
}


def read_settings(folder=None):
    """The settings over their defaults; unknown names are ignored, a newer version may have put them there.

    Raises:
        JobError: the file cannot be read, has another tag, or a value of another type.
    """
    path = os.path.join(folder or os.path.dirname(os.path.abspath(__file__)), FILE_NAME)
    try:
        with open(path, encoding="utf-8-sig") as file:
            given = json.load(file)
    except FileNotFoundError:
        given = {"format": FORMAT_TAG}
    except (OSError, ValueError, RecursionError) as error:
        raise JobError(
            "%s: cannot be read (%s). Run `cstalk-ue unreal install` again." % (path, error)
        ) from error
    tag = given.get("format") if isinstance(given, dict) else None
    if tag != FORMAT_TAG:
        raise JobError(
            "%s: format is %.60r; expected %r. Run `cstalk-ue unreal install` again."
            % (path, tag, FORMAT_TAG)
        )
    settings = dict(DEFAULTS)
    for name, default in DEFAULTS.items():
        value = given.get(name, default)
        number = (
            isinstance(default, float) and isinstance(value, (int, float)) and not isinstance(value, bool)
        )
        if not number and type(value) is not type(default):
            raise JobError("%s: %r is %.60r; expected as %r. Correct it." % (path, name, value, default))
        settings[name] = value
    return settings
