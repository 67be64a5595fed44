"""A guardian process that kills the supervisor if the front dies while user code blocks the supervisor.

The supervisor notices the death itself when the code returns to Python. C code may block for ever, with all signals
blocked.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal

from runner.supervise.mp.forking import fork
from runner.system.clock import monotonic
from runner.system.orphans import children
from runner.system.parent_death import end_with
from runner.system.pidfds import pidfd_of
from runner.system.signals import handlers, unblock_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

PATIENCE_S = 1.5
"""The time for the supervisor to end by itself after the front's death: a little more than `interruptible` gives an
import."""
POLL_INTERVAL_S = 0.1
"""The interval of checks if the system does not report the ends of processes."""


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Within this context, the supervisor and its descendants are killed soon after the front's death.

    If no process can be started, the code runs without a guardian.
    """
    front, supervisor = os.getppid(), os.getpid()
    when_a_child_ends = signal.getsignal(signal.SIGCHLD)
    try:
        pid = fork()
    except OSError:
        pid = -1
    if pid == 0:
        _guard(front, supervisor)
    try:
        yield
    finally:
        if pid > 0 and os.getpid() == supervisor:  # and not in a process that the code has forked
            signal.signal(signal.SIGCHLD, when_a_child_ends)  # a signal handler of the code may end it
            with contextlib.suppress(ProcessLookupError, ChildProcessError):  # the code has reaped it
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _guard(front: int, supervisor: int) -> NoReturn:
    """Be the guardian, with all descriptors of the supervisor closed."""
    try:
        end_with(supervisor)
        os.setpgid(0, 0)  # signals that the code sends to its group must not reach this process
        for number in (*handlers(), signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        unblock_all()
        os.closerange(0, os.sysconf("SC_OPEN_MAX"))
        if _ends(front, None) and not _ends(supervisor, PATIENCE_S):
            _end_with_descendants(supervisor)
    finally:
        os._exit(0)


def _ends(pid: int, patience_s: float | None) -> bool:
    """Wait up to the given seconds for the end of a process; return whether it has ended."""
    deadline = float("inf") if patience_s is None else monotonic() + patience_s
    pidfd = pidfd_of(pid)
    poll = select.poll()
    if pidfd is not None:
        poll.register(pidfd, select.POLLIN)
    while _lives(pid) and monotonic() < deadline:
        poll.poll(None if pidfd is not None and patience_s is None else POLL_INTERVAL_S * 1000)
    return not _lives(pid)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except ProcessLookupError:
        return False
    except OSError:  # there is no /proc, or the process cannot be seen
        return True


def _end_with_descendants(supervisor: int) -> None:
    """Kill the supervisor last: until then it adopts its descendants, so that they can be found."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(supervisor, signal.SIGSTOP)
        killed = {os.getpid()}
        while left := set(_descendants(supervisor)) - killed:
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            killed |= left
        os.kill(supervisor, signal.SIGKILL)


def _descendants(pid: int) -> Iterator[int]:
    for child in children(pid):
        yield child
        yield from _descendants(child)
