"""Takes away, in each Python that starts with this folder on its path, what Python lacks on macOS.

`python -m tests.as_on_macos` sets PYTHONPATH so: for pytest, the command, the supervisor, the forkserver and each
process of a run. The names are those that typeshed gives for Linux and not for macOS, of 3.11 to 3.14.
"""

from __future__ import annotations

import _multiprocessing  # type: ignore[import-not-found]  # it has no stubs either
import _signal  # type: ignore[import-not-found]  # the C half, which has no stubs: `signal` takes its names from there
import _socket
import errno
import fcntl
import mmap
import os
import posix
import re
import resource
import select
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

LACKING = {
    os: "(CLONE|EFD|GRND|MFD|PIDFD|POSIX_FADV|RWF|SPLICE|TFD|XATTR)_.*|O_(DIRECT|LARGEFILE|NOATIME|PATH|RSYNC|TMPFILE)"
    "|P_PIDFD|RTLD_DEEPBIND|SCHED_(BATCH|DEADLINE|IDLE|NORMAL|RESET_ON_FORK)|POSIX_SPAWN_CLOSEFROM"
    "|copy_file_range|eventfd.*|fdatasync|getrandom|[gs]etres[gu]id|(get|list|remove|set)xattr|memfd_create|pidfd_open"
    "|pipe2|posix_(fadvise|fallocate)|sched_([gs]et(affinity|param|scheduler)|rr_get_interval)|setns|splice|timerfd_.*"
    "|unshare" + ("|waitid.*" if sys.version_info < (3, 13) else ""),
    _signal: "SIG(CLD|POLL|PWR|RTMAX|RTMIN|STKFLT)|pidfd_send_signal|sigtimedwait|sigwaitinfo|struct_siginfo",
    select: "EPOLL.*|POLL(MSG|RDHUP)|epoll",
    _socket: "SO_(DOMAIN|MARK|PASS.*|PEER.*|PRIORITY|PROTOCOL)|SCM_CREDENTIALS|SOCK_(CLOEXEC|NONBLOCK)"
    "|MSG_(CMSG_CLOEXEC|CONFIRM|ERRQUEUE|FASTOPEN|MORE|NOSIGNAL)|AF_(ALG|CAN|NETLINK|PACKET|TIPC|VSOCK)",
    resource: "RLIMIT_(MSGQUEUE|NICE|OFILE|RTPRIO|RTTIME|SIGPENDING)|RUSAGE_THREAD|prlimit",
    fcntl: "DN_.*|F_(ADD|GET)_SEALS|F_SEAL_.*|F_[GS]ET(PIPE_SZ|SIG|OWN_EX)|F_NOTIFY|F_OWNER_.*",
    mmap: "MADV_(DO|DONT)(DUMP|FORK)|MADV_(NO)?HUGEPAGE|MADV_REMOVE|MAP_(DENYWRITE|EXECUTABLE|POPULATE|STACK)",
    time: "CLOCK_(BOOTTIME|TAI)",
}
"""Whole names, as patterns. (Newer SDKs of macOS do have MSG_NOSIGNAL.)"""
SHARED_MEMORY = "/dev/shm"
"""macOS has shared memory, and no folder that lists it."""
UNLIMITED = (resource.RLIMIT_DATA, resource.RLIMIT_AS)
"""Limits that macOS takes, and does not hold a process to."""
KIB = 1024


def remove_names() -> None:
    """Have the modules lack what they lack on macOS."""
    for module, pattern in LACKING.items():
        names = [name for name in vars(module) if re.fullmatch(pattern, name)]
        for each in (module, posix) if module is os else (module,):
            for name in set(names) & vars(each).keys():
                delattr(each, name)
        if module is os:
            os.__all__ = [name for name in os.__all__ if name not in names]
    if sys.version_info >= (3, 13):
        os.process_cpu_count = os.cpu_count


class SemLock(_multiprocessing.SemLock):  # type: ignore[misc]  # for the same reason
    """macOS cannot tell a semaphore's value: so only one that has one permit at most is released within bounds."""

    most: int

    def __new__(cls, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> SemLock:
        made: SemLock = super().__new__(cls, kind, value, _most_checked(maxvalue), name, unlink)
        made.most = maxvalue
        return made

    @classmethod
    def _rebuild(cls, handle: int, kind: int, maxvalue: int, name: str | None) -> SemLock:
        made: SemLock = super()._rebuild(handle, kind, _most_checked(maxvalue), name)
        made.most = maxvalue
        return made

    @property
    def maxvalue(self) -> int:
        """As it was made with."""
        return self.most

    def _get_value(self) -> int:
        raise NotImplementedError


def _most_checked(maxvalue: int) -> int:
    return maxvalue if maxvalue == 1 else _multiprocessing.SemLock.SEM_VALUE_MAX


def hidden(call: Callable[..., Any]) -> Callable[..., Any]:
    """The same call, for which there is no folder of shared memory."""

    def called(path: Any = ".", *args: Any, **kwargs: Any) -> Any:
        if not isinstance(path, int) and os.fsdecode(path).startswith(SHARED_MEMORY):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return call(path, *args, **kwargs)

    return called


def in_bytes(call: Callable[..., Any]) -> Callable[..., Any]:
    """The same call, whose usage of resources counts memory in bytes: Linux counts KiB."""

    def called(*args: Any) -> Any:
        answer = call(*args)
        *before, usage = answer if type(answer) is tuple else (answer,)
        numbers = list(usage)
        numbers[2] *= KIB
        usage = resource.struct_rusage(numbers)
        return (*before, usage) if before else usage

    return called


def set_limit(which: int, limits: tuple[int, int], own: Callable[..., None] = resource.setrlimit) -> None:
    """Set a limit that the system holds processes to, and no other."""
    if which not in UNLIMITED:
        own(which, limits)


def take_away() -> None:
    """Make this Python one as on macOS."""
    # How this Python was built is in a module of this name, and in none for macOS.
    built = f"_sysconfigdata_{sys.abiflags}_{sys.platform}_{sys.implementation._multiarch}"
    os.environ.setdefault("_PYTHON_SYSCONFIGDATA_NAME", built)
    sys.platform = "darwin"
    remove_names()
    _multiprocessing.SemLock = SemLock
    for name in ("listdir", "scandir", "stat", "unlink", "remove"):
        setattr(os, name, hidden(getattr(os, name)))
    for module, name in ((os, "wait3"), (os, "wait4"), (resource, "getrusage")):
        _replace(module, name, in_bytes)
    resource.setrlimit = set_limit


def _replace(module: ModuleType, name: str, change: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    setattr(module, name, change(getattr(module, name)))


take_away()
