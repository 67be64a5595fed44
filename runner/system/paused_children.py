"""Resume child processes that a signal has paused, by sending them SIGCONT."""

from __future__ import annotations

import contextlib
import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def resume_paused(pids: Iterable[int]) -> list[int]:
    """Send SIGCONT to the children that were paused since the last call; return their pids.

    Return an empty list on systems without `waitid`. Safe in a signal handler.
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
