"""Processes that have become ours without our having started them: descendants whose parents have ended."""

from __future__ import annotations

import contextlib
import os
import signal


def children() -> set[int]:
    """The pids of all our children, whichever thread has them, where the system tells (Linux)."""
    pids: set[int] = set()
    with contextlib.suppress(OSError):
        for thread in os.listdir("/proc/self/task"):
            with contextlib.suppress(OSError), open(f"/proc/self/task/{thread}/children", "rb") as file:
                pids.update(map(int, file.read().split()))
    return pids


def end_adopted(spared: set[int]) -> None:
    """SIGKILL all children but the spared ones, those that come to us by that included, and wait for them.

    One that has become another user's is out of reach, and not waited for.
    """
    while adopted := children() - spared:
        for pid in adopted:
            try:
                os.kill(pid, signal.SIGKILL)  # ours until we wait for it: the number cannot be another's
                os.waitpid(pid, 0)
            except PermissionError:
                spared = spared | {pid}
            except ChildProcessError:  # a thread of somebody's has waited for it
                continue
