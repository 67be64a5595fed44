"""Undo changes by preloaded modules to the forkserver's signal handlers and streams.

The forkserver imports this module last. Its children get the handlers back, except for the signals that stop a run, and
the streams as they are.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys

from runner.supervise.mp.std_streams import flush_whatever_is_there
from runner.system.signals import handlers, ignore_signals, restore, stop_timers, unblock_all

_set_aside = {number: found for number, found in handlers().items() if callable(found)}


def _give_back() -> None:
    """Set the handlers again in a child, once: the processes that the child forks run this, too."""
    restore(_set_aside)
    _set_aside.clear()


def _leave_out(pid: int) -> None:
    """Have the forkserver's interpreter flush no stream at its end: an exception there would be shown as a
    traceback."""
    if os.getpid() == pid:
        for name in ("stdout", "stderr"):
            try:
                getattr(sys, name).flush()
            except Exception:  # of whatever a preload has put there
                setattr(sys, name, None)


atexit.register(_leave_out, os.getpid())
flush_whatever_is_there()
stop_timers()
ignore_signals(_set_aside)
for number in (signal.SIGTERM, signal.SIGHUP):  # the forkserver handles SIGINT itself
    signal.signal(number, signal.SIG_DFL)
unblock_all()
os.register_at_fork(after_in_child=_give_back)
