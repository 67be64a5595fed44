"""Process file descriptors, which become readable when the process ends. Not available on all systems."""

from __future__ import annotations

import os
import select
import signal
from errno import EMFILE, ENFILE


def _work() -> bool:
    """Whether a process can be opened and signalled in this way; asked once."""
    if not hasattr(os, "pidfd_open"):
        return False
    try:
        pidfd = os.pidfd_open(os.getpid())
    except OSError as error:
        return error.errno in (EMFILE, ENFILE)  # whatever a filter of system calls answers means that there are none
    try:
        signal.pidfd_send_signal(pidfd, 0)  # which sends nothing
    except OSError:
        return False
    finally:
        os.close(pidfd)
    return True


WORK = _work()


def pidfd_of(pid: int) -> int | None:
    """A descriptor of a process; None where there are none, and for a process that is gone.

    Raises `OSError` where no descriptor is left.
    """
    if not WORK:
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def ends_within(pidfd: int, patience_s: float | None) -> bool:
    """Wait for the process's end, for so long at most; gives whether it came."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(None if patience_s is None else patience_s * 1000))
