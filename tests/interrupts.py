"""Children of a test run that was started in the background ignore Ctrl-C; with this they hear it."""

import signal


def hear_interrupts() -> None:
    """For `preexec_fn` of a child that a test interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
