"""The one command that is ever sent to an editor, and its one line of answer.

The command is constant text around one string literal. That literal is JSON in ASCII, itself escaped as a
string, and holds three things: the folder of our scripts, the job file, our version. No name from a manifest
is ever part of the code; all else is in the job file.
"""

import json
import re
from pathlib import Path

from cstalk_ue.errors import EditorScriptError, UnrealError
from cstalk_ue.unreal.command_result import CommandResult
from cstalk_ue.version import __version__

LARGEST_BYTES = 2048

# Several short lines, without names inside comprehensions: the editor may run them with globals apart from
# locals. The first word must not end in ".py", or the editor takes the command for a file name. Scripts of
# another version, such as from before an update of the plugin, are forgotten and imported anew.
_BEFORE = "import importlib, json, sys\n_cstalk = json.loads("
_AFTER = """)
while _cstalk[0] in sys.path:
    sys.path.remove(_cstalk[0])
sys.path.insert(0, _cstalk[0])
if getattr(sys.modules.get("cstalk_version"), "VERSION", None) != _cstalk[2]:
    for _cstalk_name in list(sys.modules):
        if _cstalk_name.startswith("cstalk_") and not _cstalk_name.startswith("cstalk_ue"):
            del sys.modules[_cstalk_name]
    importlib.invalidate_caches()
importlib.import_module("cstalk_job").run(_cstalk[1])
"""

_SENTINEL = re.compile(r"CSTALK-RESULT (\S+) (ok|error)")
_LONGEST_QUOTE = 500


def command_for(scripts_folder: Path, job: Path) -> str:
    """Python source, in ASCII, that runs a job file with the scripts of a folder.

    Raises:
        UnrealError: the paths are so long that the command would be over 2 KB.
    """
    data = json.dumps([str(scripts_folder), str(job), __version__], ensure_ascii=True)
    # All of JSON's escapes are Python's too, as long as all is ASCII: json.dumps makes a literal of both
    # languages, and the quote that ends it cannot stand inside it unescaped.
    command = f"{_BEFORE}{json.dumps(data, ensure_ascii=True)}{_AFTER}"
    if len(command) >= LARGEST_BYTES:
        raise UnrealError(
            f"{scripts_folder} and {job}: the paths are too long for a command ({len(command)} bytes; it "
            f"has to be under {LARGEST_BYTES}). Use a project and a temporary folder with shorter paths."
        )
    return command


def read_sentinel(result: CommandResult, nonce: str) -> bool:
    """Whether a job ended well, by the one line its script prints; details are in the result file.

    Raises:
        EditorScriptError: the command failed, or the line of this job is not there.
    """
    answers = [(match[1], match[2]) for line in result.lines if (match := _SENTINEL.fullmatch(line.strip()))]
    mine = [verdict for found, verdict in answers if found == nonce]
    if result.success and len(mine) == 1:
        return mine[0] == "ok"
    said = result.result if not result.success else "\n".join(result.lines)
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "nothing")
    raise EditorScriptError(
        f"The editor did not do the job: {last[:_LONGEST_QUOTE]!r}. "
        "Install the scripts of this version ('cstalk-ue unreal install') and look at the editor's log."
    )
