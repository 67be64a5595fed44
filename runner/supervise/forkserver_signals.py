"""Keeps the signal handlers and timers of preloaded modules away from the forkserver, which imports this module last.

Its children find the handlers again, but for the signals that stop a run.
"""

from __future__ import annotations

import os
import signal

from runner.supervise.signals import handlers, let_all_through, restore, set_aside, stop_timers

_set_aside = {number: found for number, found in handlers().items() if callable(found)}


def _give_back() -> None:
    """Set the handlers again in a child, once: the processes that the child forks run this, too."""
    restore(_set_aside)
    _set_aside.clear()


stop_timers()
set_aside(_set_aside)
for number in (signal.SIGTERM, signal.SIGHUP):  # the forkserver sees to SIGINT itself
    signal.signal(number, signal.SIG_DFL)
let_all_through()
os.register_at_fork(after_in_child=_give_back)
