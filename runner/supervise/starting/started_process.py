"""One started process: signal it, detect its end, and combine what the system and the process itself report of it."""

from __future__ import annotations

import contextlib
import os
import signal
import struct

from runner.model.records import record, replace
from runner.supervise.child.own_memory import max_rss_bytes
from runner.supervise.core.life import End
from runner.system import pidfds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ClassVar

    from runner.model.json_types import EndRecord
    from runner.model.words import EndedBy
    from runner.supervise.core.life import LifeId

_SIGNED = struct.Struct("q")


@record(frozen=True, slots=True)
class Started:
    """A process that main began to start `at` this time (monotonic): the read ends of its stdout and stderr."""

    life: LifeId
    at: float
    outputs: tuple[int, int]


@record(frozen=True, slots=True)
class NotStarted:
    """A process that could not be created, and why."""

    life: LifeId
    at: float
    error: BaseException


@record(frozen=True, slots=True)
class Ended:
    """A process's end as the operating system reports it; `exit_code` is None if it cannot be known."""

    exit_code: int | None
    cpu_seconds: float | None
    max_rss: int | None


LEAVES_WITHIN_S = 1.0
"""The time from the record of leaving to the end, on a busy machine too. A new interpreter frees its objects then, and
some of them may take longer."""


def end_of(ended: Ended, record: EndRecord, shown: str, alive_at: float = 0.0) -> End:
    """Return the end as a fact for the schedule: the system's report combined with the process's end record.

    `shown` is the repr of the object after the end.

    If the process was still alive some time after it had recorded that it leaves, that is not the time of its end.
    """
    code, left_at = ended.exit_code, record.get("left_at")
    if left_at is not None and left_at + LEAVES_WITHIN_S < alive_at:
        left_at = None
    ended_by: EndedBy = "signal" if code is not None and code < 0 else record.get("ended_by", "unreported")
    return End(
        code,
        ended_by,
        returned=record.get("returned"),
        error=record.get("error"),
        cpu_seconds=ended.cpu_seconds if ended.cpu_seconds is not None else record.get("cpu_seconds"),
        max_rss=ended.max_rss if ended.max_rss is not None else record.get("max_rss"),
        result=record.get("result"),
        left_at=left_at,
        repr=shown,
    )


class Recorded:
    """A `Popen` that returns what the supervisor has recorded about its process, and never waits by itself."""

    method: ClassVar[str]
    pid: int
    pidfd: int | None
    returncode: int | None
    sentinel: int

    def own_memory(self, peak: int) -> int:
        """Return the part of the process's peak memory that is its own."""
        return peak

    def poll(self, flag: int = 0) -> int | None:
        """Return the exit code, if the process has ended."""
        return self.returncode


class Running:
    """A started process, until its descriptors are closed.

    `watched` becomes readable when it ends. It is None if only SIGCHLD reports that: multiprocessing's own sentinel
    becomes readable too early or too late if the target closes it or leaves a process of its own.
    """

    __slots__ = ("_pidfd", "_popen", "has_ended", "life", "pid", "watched")

    def __init__(self, life: LifeId, popen: Recorded) -> None:
        """`popen` is what `multiprocessing` made, of a class of ours."""
        self.life = life
        self._popen = popen
        self.pid: int = popen.pid
        self._pidfd: int | None = popen.pidfd
        self.watched: int | None = popen.sentinel if popen.method == "forkserver" else popen.pidfd
        self.has_ended = False

    @property
    def sentinel(self) -> int:
        """The descriptor that multiprocessing has of the process."""
        return self._popen.sentinel

    @property
    def exit_code(self) -> int | None:
        """The exit code that was recorded."""
        return self._popen.returncode

    def send(self, sent: int) -> bool:
        """Send a signal; a stopped process is resumed so that SIGTERM reaches it.

        Return False for a process that now belongs to another user: it cannot be signalled.
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
        """Return the process's end as the system reports it, once; None while it lives. The descriptors stay open.

        Under forkserver `watched` may be another descriptor afterwards.
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
        # The forkserver is dead. Its child became ours (we adopt orphans) and dies with it. Without pidfds it may be
        # neither, and cannot be waited for.
        if self._pidfd is None:
            self.send(signal.SIGKILL)
            return Ended(None, None, None)
        self.watched = self._pidfd
        return None

    def end(self) -> None:
        """SIGKILL the process and wait until it is gone, unless it cannot be signalled."""
        if not self.send(signal.SIGKILL):
            return
        if self._pidfd is not None:
            pidfds.ends_within(self._pidfd, None)
        with contextlib.suppress(ChildProcessError):  # a forkserver reaps its own children
            os.waitpid(self.pid, 0)
        self.has_ended = True

    def close(self) -> None:
        """Close its descriptors."""
        descriptors = set() if self._pidfd is None else {self._pidfd}
        finalizer: Callable[[], object] | None = vars(self._popen)["finalizer"]
        if finalizer is not None:
            finalizer()
        else:
            descriptors.add(self._popen.sentinel)
        for descriptor in descriptors:
            os.close(descriptor)


def pidfd_of(pid: int) -> int | None:
    """Return a descriptor that becomes readable at the end of a started process; None if the system has none.

    Raise `OSError` if no descriptor is free. A process that cannot be watched must not live, so it is killed first.
    """
    try:
        return pidfds.pidfd_of(pid)  # None, too, for a forkserver's child that has ended already
    except OSError:
        end_unwatched(pid)
        raise


def end_unwatched(pid: int) -> None:
    """Kill a process that has been started and cannot be watched."""
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):  # a forkserver's child
        os.waitpid(pid, 0)


def _wait(pid: int) -> Ended | None:
    try:
        reaped, status, usage = os.wait4(pid, os.WNOHANG)
    except ChildProcessError:  # it has been reaped elsewhere
        return Ended(None, None, None)
    if reaped == 0:
        return None
    return Ended(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, max_rss_bytes(usage.ru_maxrss))
