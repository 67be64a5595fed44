"""Process file descriptors, which become readable when the process ends. Not available on all systems."""

from __future__ import annotations

import os
import select
import signal
from errno import EMFILE, ENFILE


def _work() -> bool:
    """Return whether the system can open a process and signal it through a descriptor; tested once."""
    if not hasattr(os, "pidfd_open"):
        return False
    try:
        pidfd = os.pidfd_open(os.getpid())
    except OSError as error:
        return error.errno in (EMFILE, ENFILE)  # whatever error a filter of system calls returns: there are none
    try:
        signal.pidfd_send_signal(pidfd, 0)  # signal 0 sends nothing
    except OSError:
        return False
    finally:
        os.close(pidfd)
    return True


WORK = _work()


def pidfd_of(pid: int) -> int | None:
    """Return a descriptor of a process; None if the system has none, or if the process is gone.

    Raise `OSError` if no descriptor is free.
    """
    if not WORK:
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def ends_within(pidfd: int, patience_s: float | None) -> bool:
    """Wait at most this long for the process's end; return whether it has ended."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(None if patience_s is None else patience_s * 1000))
