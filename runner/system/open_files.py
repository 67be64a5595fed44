"""Limits on open files, pipe sizes and waits, and the number of processes that they allow."""

from __future__ import annotations

import contextlib
import errno
import os

SPARE = 16
"""Descriptors set aside for everything else that is opened while processes run."""
FIRST = 256
"""The numbers to count open descriptors among: a new descriptor gets the lowest free number."""
MOST = 1 << 20
"""The number of descriptors if the system says, wrongly, that there is no limit."""

TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)
RAISE_IT = "raise the limit: `ulimit -n 64` does for a small run"

MAX_POLL_S = 2_000_000.0
"""The longest wait in one system call: epoll and poll take milliseconds as a 31-bit number."""


def raise_open_files() -> tuple[int, int] | None:
    """Raise the soft limit to the hard one; return the limits as they were, None if nothing changed."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return None
    with contextlib.suppress(ValueError, OSError):  # macOS reports "unlimited", but has a limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return soft, hard


def free_descriptors() -> int:
    """Return how many descriptors can still be opened."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _most(soft) - _open_descriptors()


def lacks_files(error: BaseException) -> bool:
    """Return whether an exception comes from the limit of open files; that of an import has only the system's
    message."""
    if isinstance(error, OSError):
        return error.errno in TOO_MANY_FILES
    return isinstance(error, ImportError) and any(os.strerror(one) in str(error) for one in TOO_MANY_FILES)


def allows_any(each: int) -> bool:
    """Return whether a process that takes `each` descriptors can be started, once the soft limit is the hard one."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return room_for(_most(hard) - _open_descriptors(), each) > 0


def _most(limit: int) -> int:
    return min(limit, MOST) if limit >= 0 else MOST  # "no limit" is -1, or on some systems a very large number


def _open_descriptors() -> int:
    """Return the number of open descriptors, counted among the first ones if the system does not list them."""
    with contextlib.suppress(OSError):
        return len(os.listdir("/dev/fd"))
    count = 0
    for descriptor in range(FIRST):
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            count += 1
    return count


def room_for(free: int, each: int) -> int:
    """Return how many processes can run at once with `free` descriptors, if each takes `each`."""
    return max(0, (free - SPARE) // each)


WIDE_PIPE = 1 << 20


def widen(pipe: int) -> None:
    """Let a pipe hold 1 MiB instead of 64 KiB, so that its two ends switch less often. The system may refuse."""
    import fcntl

    set_size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if set_size is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, set_size, WIDE_PIPE)
