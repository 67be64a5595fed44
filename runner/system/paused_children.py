"""Resume child processes that a signal has paused, by sending them SIGCONT."""

from __future__ import annotations

import contextlib
import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def wake_paused(pids: Iterable[int]) -> list[int]:
    """Send SIGCONT to those of our children that have been paused since the last call; returns their pids.

    None is found where the system does not have `waitid`. Safe in a signal handler.
    """
    if not hasattr(os, "waitid"):
        return []
    woken = []
    for pid in pids:
        with contextlib.suppress(ChildProcessError, ProcessLookupError):  # it has been reaped
            if os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG) is not None:
                os.kill(pid, signal.SIGCONT)
                woken.append(pid)
    return woken
