"""Kill a process when its parent ends, also on systems without parent-death signals (macOS)."""

from __future__ import annotations

import _thread
import os
import signal

from runner.system.clock import sleep
from runner.system.prctl import SET_PARENT_DEATH_SIGNAL, prctl

_SIGKILL = int(signal.SIGKILL)
POLL_INTERVAL_S = 0.2


def end_with(parent: int) -> None:
    """Kill this process when its parent, which has this pid, ends; at once if it has ended already."""
    if prctl(SET_PARENT_DEATH_SIGNAL, _SIGKILL) != 0:
        _thread.start_new_thread(_wait_for_its_end, (parent,))  # not a thread of `threading`, which would wait for it
    if os.getppid() != parent:
        os._exit(1)


def _wait_for_its_end(parent: int) -> None:
    while os.getppid() == parent:
        sleep(POLL_INTERVAL_S)
    os.kill(os.getpid(), _SIGKILL)
