"""Find, reap and kill orphans: descendants of this process whose parents have ended."""

from __future__ import annotations

import contextlib
import os
import signal

from runner.system.clock import monotonic, sleep
from runner.system.pidfds import ends_within, pidfd_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

TRACKER = b"from multiprocessing.resource_tracker import main"
"""The command line of a process that removes what others left behind once they have ended, and then ends itself."""
PATIENCE_S = 1.0
"""The time for such a process to do so."""
POLL_INTERVAL_S = 0.01
"""The interval for checking whether a process has ended, if the system does not report it."""


ARE_LISTED = os.path.isdir("/proc/self/task")
"""Whether the system lists the children of a process."""


def children(pid: int | None = None) -> set[int]:
    """Return the pids of our children, or of another process's, of all its threads, if the system lists them."""
    tasks = f"/proc/{'self' if pid is None else pid}/task"
    pids: set[int] = set()
    with contextlib.suppress(OSError):
        for thread in os.listdir(tasks):
            with contextlib.suppress(OSError), open(f"{tasks}/{thread}/children", "rb") as file:
                pids.update(map(int, file.read().split()))
    return pids


def reap_orphans(ours: Container[int]) -> None:
    """Reap exited orphans. Stop at the first pid in `ours`: our own processes are reaped elsewhere."""
    if not hasattr(os, "waitid"):
        for pid in children():
            if pid not in ours:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
        return
    with contextlib.suppress(ChildProcessError):
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid in ours:
                return
            os.waitpid(ended.si_pid, 0)


def kill_orphans(spared: set[int]) -> None:
    """SIGKILL all children except the spared ones, including those that become our children by this, and reap them.

    multiprocessing's resource trackers come last, and may finish their work. A process that now belongs to another user
    cannot be killed, and is not waited for.
    """
    while adopted := children() - spared:
        trackers = {pid for pid in adopted if _is_tracker(pid)}
        if trackers == adopted:
            for pid in trackers:
                let_end(pid, PATIENCE_S)
        for pid in adopted - trackers or trackers:
            try:
                os.kill(pid, signal.SIGKILL)  # until we reap it, no other process can have its number
                os.waitpid(pid, 0)
            except PermissionError:
                spared = spared | {pid}
            except (ChildProcessError, ProcessLookupError):  # a thread, or a signal handler, has reaped it
                continue


def _is_tracker(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return TRACKER in file.read()
    except OSError:
        return False


def let_end(pid: int, patience_s: float) -> bool:
    """Give a child time to end by itself; return whether it has ended."""
    pidfd = pidfd_of(pid)
    if pidfd is None:
        try:
            return reaped_within(pid, patience_s) is not None
        except ChildProcessError:
            return True
    try:
        return ends_within(pidfd, patience_s)
    finally:
        os.close(pidfd)


def reaped_within(pid: int, patience_s: float) -> int | None:
    """Reap a child that ends within this time; return its exit code, or None if it lives.

    Raise `ChildProcessError` if it has been reaped elsewhere.
    """
    deadline = monotonic() + patience_s
    while True:
        reaped, status = os.waitpid(pid, os.WNOHANG)
        if reaped:
            return os.waitstatus_to_exitcode(status)
        if monotonic() >= deadline:
            return None
        sleep(POLL_INTERVAL_S)
