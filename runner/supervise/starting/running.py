"""One started process: how to detect its end, signal it and wait for it."""

from __future__ import annotations

import contextlib
import os
import signal
import struct

from runner.model.records import record, replace
from runner.supervise.child.own_memory import max_rss_bytes
from runner.supervise.core.lifecycle import Exited
from runner.system import pidfds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from runner.model.words import EndedBy

_SIGNED = struct.Struct("q")


@record(frozen=True, slots=True)
class Started:
    """A process that main began to start `at` this time (monotonic): the read ends of its stdout and stderr."""

    process: int
    at: float
    outputs: tuple[int, int]


@record(frozen=True, slots=True)
class NotStarted:
    """A process that could not be made, and why."""

    process: int
    at: float
    error: BaseException


@record(frozen=True, slots=True)
class Ended:
    """What the operating system says of a process's end; `exit_code` is None where it cannot be known."""

    exit_code: int | None
    cpu_seconds: float | None
    max_rss: int | None


LEAVES_WITHIN_S = 1.0
"""After a process has recorded that it leaves, on a busy machine too. An interpreter that was started anew frees its
objects then, and some of them may take longer."""


def exited(ended: Ended, record: dict[str, Any], alive_at: float = 0.0) -> Exited:
    """The end as the schedule hears of it: what the system says of it, and what the process recorded.

    If the process was still alive some time after it had recorded that it leaves, that is not the moment of its end.
    """
    code, left_at = ended.exit_code, record.get("left_at")
    if left_at is not None and left_at + LEAVES_WITHIN_S < alive_at:
        left_at = None
    ended_by: EndedBy = "signal" if code is not None and code < 0 else record.get("ended_by", "unreported")
    return Exited(
        code,
        ended_by,
        returned=record.get("returned"),
        error=record.get("error"),
        cpu_seconds=ended.cpu_seconds if ended.cpu_seconds is not None else record.get("cpu_seconds"),
        max_rss=ended.max_rss if ended.max_rss is not None else record.get("max_rss"),
        result=record.get("result"),
        left_at=left_at,
    )


class Recorded:
    """A `Popen` that tells what the supervisor has recorded of its process, and never waits by itself."""

    returncode: int | None

    def poll(self, flag: int = 0) -> int | None:
        """The exit code, if the process has ended."""
        return self.returncode


class Running:
    """A started process, until its descriptors are closed.

    `watched` gets readable when it ends. It is None where only SIGCHLD reports that: multiprocessing's own sentinel
    gets readable too early or too late if the target closes it or leaves a process of its own.
    """

    __slots__ = ("_pidfd", "_popen", "has_ended", "pid", "watched")

    def __init__(self, popen: Any) -> None:
        """`popen` is what `multiprocessing` made, of a class of ours."""
        self._popen = popen
        self.pid: int = popen.pid
        self._pidfd: int | None = popen.pidfd
        self.watched: int | None = popen.sentinel if popen.method == "forkserver" else popen.pidfd
        self.has_ended = False

    def send(self, sent: int) -> bool:
        """Send a signal; a stopped process is woken so that SIGTERM reaches it.

        Gives False for a process that has become another user's: it cannot be signalled.
        """
        try:
            for each in (sent,) if sent in (signal.SIGKILL, signal.SIGCONT) else (sent, signal.SIGCONT):
                if self._pidfd is not None:
                    signal.pidfd_send_signal(self._pidfd, each)
                else:
                    os.kill(self.pid, each)
        except ProcessLookupError:  # it has ended already
            return True
        except PermissionError:
            return False
        return True

    def reap(self) -> Ended | None:
        """What the system says of the process's end, once; None while it lives. The descriptors stay open.

        Under forkserver `watched` may be another one afterwards.
        """
        ended = self._read_sentinel() if self._popen.method == "forkserver" else _wait(self.pid)
        if ended is not None:
            self.has_ended = True
            self._popen.returncode = ended.exit_code
            if self._popen.method == "fork" and ended.max_rss is not None:
                ended = replace(ended, max_rss=self._popen.own_memory(ended.max_rss))
        return ended

    def _read_sentinel(self) -> Ended | None:
        if self.watched != self._popen.sentinel:
            return _wait(self.pid)
        data = os.read(self._popen.sentinel, _SIGNED.size)
        if len(data) == _SIGNED.size:
            return Ended(_SIGNED.unpack(data)[0], None, None)
        # The forkserver is dead. Its child became ours (we adopt orphans) and dies with it. Where there are no pidfds
        # it may be neither, and cannot be waited for.
        if self._pidfd is None:
            self.send(signal.SIGKILL)
            return Ended(None, None, None)
        self.watched = self._pidfd
        return None

    def end(self) -> None:
        """SIGKILL, and wait until it is gone; not for one that is out of reach."""
        if not self.send(signal.SIGKILL):
            return
        if self._pidfd is not None:
            pidfds.ends_within(self._pidfd, None)
        with contextlib.suppress(ChildProcessError):  # a forkserver waits for its own
            os.waitpid(self.pid, 0)
        self.has_ended = True

    def close(self) -> None:
        """Close its descriptors."""
        descriptors = set() if self._pidfd is None else {self._pidfd}
        if self._popen.finalizer is not None:
            self._popen.finalizer()
        else:
            descriptors.add(self._popen.sentinel)
        for descriptor in descriptors:
            os.close(descriptor)


def pidfd_of(pid: int) -> int | None:
    """What gets readable at the end of a process that has been started; None where there are none.

    Raises `OSError` where no descriptor is left. A process that cannot be watched must not live: it is gone by then.
    """
    try:
        return pidfds.pidfd_of(pid)  # None, too, for a forkserver's child that has ended already
    except OSError:
        end_unwatched(pid)
        raise


def end_unwatched(pid: int) -> None:
    """Kill a process that has been started and cannot be watched."""
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):  # a forkserver's
        os.waitpid(pid, 0)


def _wait(pid: int) -> Ended | None:
    try:
        reaped, status, usage = os.wait4(pid, os.WNOHANG)
    except ChildProcessError:  # it has been reaped elsewhere
        return Ended(None, None, None)
    if reaped == 0:
        return None
    return Ended(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, max_rss_bytes(usage.ru_maxrss))
