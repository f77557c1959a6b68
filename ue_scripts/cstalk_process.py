"""Our own Python beside the editor: start it, look how it is doing, end it with all its children.

The editor brings its own Python along in the environment, which would break ours: what points there is taken
out. Nothing here waits. Knows nothing about `unreal`.
"""

import os
import signal
import subprocess

_NOT_OURS = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONEXECUTABLE",
    "PYTHONPLATLIBDIR",
    "PYTHONUSERBASE",
)
_NOT_OURS += ("UE_PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
_LISTS = ("PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")


def clean_environment(environment, engine_folder):
    """The editor's environment without its Python and without the folders of the engine.

    Args:
        environment: such as ``os.environ``.
        engine_folder: what lies below is the editor's; "" removes no folders.
    """
    clean = {name: value for name, value in environment.items() if name.upper() not in _NOT_OURS}
    for name in list(clean):
        if name.upper() in _LISTS and engine_folder:
            kept = [each for each in clean[name].split(os.pathsep) if not _below(each, engine_folder)]
            clean[name] = os.pathsep.join(kept)
            if not any(kept):
                del clean[name]
    clean["PYTHONUTF8"] = "1"
    clean["PYTHONUNBUFFERED"] = "1"
    return clean


def _below(path, folder):
    path, folder = (os.path.normcase(os.path.normpath(each)) for each in (path, folder))
    return path == folder or path.startswith(folder + os.sep)


class Process(object):
    """One running command, its output in two files of `folder`: ``output.txt`` and ``errors.txt``."""

    def __init__(self, command, folder, environment):
        self.output, self.errors = os.path.join(folder, "output.txt"), os.path.join(folder, "errors.txt")
        own_group: dict = {"start_new_session": True}
        if os.name == "nt":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | getattr(subprocess, "CREATE_NO_WINDOW", 0)
            own_group = {"creationflags": flags}
        with open(self.output, "wb") as output, open(self.errors, "wb") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                cwd=folder,
                env=environment,
                **own_group,
            )

    def poll(self):
        """The exit code, or None while it runs."""
        return self._process.poll()

    def kill(self):
        """End it and what it started; does nothing once it has ended."""
        if self._process.poll() is not None:
            return
        try:
            if os.name == "nt":
                number = str(self._process.pid)
                subprocess.Popen(
                    ["taskkill", "/T", "/F", "/PID", number],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            else:
                os.killpg(self._process.pid, signal.SIGKILL)
        except OSError:
            self._process.kill()

    def told(self):
        """The standard output so far."""
        return _text(self.output)

    def complaint(self):
        """The last line of the error output: one sentence, by our habit."""
        lines = [line.strip() for line in _text(self.errors).replace("\r", "\n").splitlines() if line.strip()]
        last = lines[-1] if lines else "It ended without a word."
        return last[len("Error: ") :] if last.startswith("Error: ") else last


def _text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
