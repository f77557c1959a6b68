"""Do something a little at each tick of the editor, until it is done.

One thing at a time: it is kept on the `unreal` module, so that it survives a reload of these scripts, and a
second one is refused while the first runs.
"""

import unreal

from cstalk_errors import JobError

_KEY = "_cstalk_running"


class Ticker(object):
    """Calls ``work.tick()`` at each tick while it returns True. Whatever it raises ends it."""

    def __init__(self, work):
        self.work = work
        self._handle = unreal.register_slate_post_tick_callback(self._on_tick)

    def stop(self):
        """Stop calling."""
        if self._handle is not None:
            unreal.unregister_slate_post_tick_callback(self._handle)
            self._handle = None
        if getattr(unreal, _KEY, None) is self:
            setattr(unreal, _KEY, None)

    def _on_tick(self, seconds):
        if self._handle is None:
            return  # a tick that was under way when it stopped
        try:
            more = self.work.tick()
        except Exception as error:
            unreal.log_error("CSTalk: stopped by an unexpected %s: %s" % (type(error).__name__, error))
            more = False
        if not more:
            self.stop()


def run_in_ticks(work):
    """Begin; `work` has ``tick()`` and ``cancel()``. It is cancelled when the editor closes.

    Raises:
        JobError: something is running already.
    """
    if running() is not None:
        raise JobError("Something is running already. Wait for it, or choose Cancel in the menu.")
    ticker = Ticker(work)
    setattr(unreal, _KEY, ticker)
    if not getattr(unreal, _KEY + "_shutdown", False):
        setattr(unreal, _KEY + "_shutdown", True)
        unreal.register_python_shutdown_callback(_on_shutdown)


def _on_shutdown() -> None:
    cancel()


def running():
    """What is running, or None."""
    ticker = getattr(unreal, _KEY, None)
    return ticker.work if ticker is not None else None


def cancel():
    """Cancel what is running. Returns whether anything was."""
    ticker = getattr(unreal, _KEY, None)
    if ticker is None:
        return False
    ticker.stop()
    ticker.work.cancel()
    return True
