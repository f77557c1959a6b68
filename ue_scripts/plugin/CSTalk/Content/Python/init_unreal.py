"""Run by the editor at start, as a script and before its menus exist: registers the menu CSTalk.

An exception here would greet everybody who opens the project, so none gets out.
"""

import importlib


def _start():
    import unreal

    try:
        importlib.import_module("cstalk_menu").register_when_ready()
    except ImportError as error:
        unreal.log_error(
            "CSTalk: %s. The plugin's folder Content/Python is incomplete; "
            "run `cstalk-ue unreal install` again." % error
        )
    except Exception as error:
        unreal.log_error("CSTalk: no menu, unexpected %s: %s" % (type(error).__name__, error))


try:
    _start()
except Exception:  # not even a log to write to
    pass
