"""End records: each child writes how it ended to a shared pipe, which the supervisor reads.

A child that leaves by `os._exit(0)` writes no end record, so this differs from returning. Children import this module.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys

from runner.model.safe_repr import MOST_OF_A_MESSAGE, repr_of, text_of, traceback_of, type_name
from runner.model.sys_exit import exit_status
from runner.supervise.child.own_memory import max_rss_bytes
from runner.system.clock import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from runner.model.plan import Json
    from runner.supervise.child.context import Surroundings

RECORD_CHUNK = 512 - 16
"""Bytes of an end record in one write: with its head at most POSIX's least PIPE_BUF, so that writes never mingle."""

_MORE = {b".": b"+", b"!": b"&"}
"""The mark of a chunk that has more to come, by that of the last one."""
_LAST = {mark: last for last, more in _MORE.items() for mark in (last, more)}
_LEFT = b"@"
"""The mark of the moment at which a process left: its last word."""
_LAST[_LEFT] = _LEFT
_MARKS = frozenset(_LAST)
_WAYS_TO_END = ("return", "sys_exit", "exception")
_READ = 1 << 14
"""More at once would be memory that the system gives and takes back each time."""
MOST_OF_A_TRACEBACK = 16_000

_RETURNED_NONE = b'{"ended_by":"return"}'
"""What most children record: not made anew by each, which would copy the pages of `json`."""


before_leaving: Callable[[], object] | None = None
"""What a child does right before it records that it leaves, if there is such a thing."""


def record_return(around: Surroundings, value: object) -> None:
    """Record that the target has returned this value."""
    if value is not None:
        from runner.supervise.child.json_values import json_value

        _record(around, "return", returned=repr_of(value), result=json_value(value))
    elif around.parent is not None:
        _write(around, _RETURNED_NONE)
    else:
        _record(around, "return")


def record_exit(around: Surroundings, code: object) -> int:
    """Record `sys.exit(code)`, and say on stderr what is no number; gives the exit code that the system sees."""
    status = take_exit(code)
    _record(around, "sys_exit", returned=None if code is None else repr_of(code))
    return status


def take_exit(code: object) -> int:
    """The exit code that the system sees of `sys.exit(code)`; what is no number is said on stderr."""
    if code is not None and not isinstance(code, int):
        _say(f"{text_of(code)}\n")
    return exit_status(code)


def record_exception(around: Surroundings, error: BaseException) -> None:
    """Record an exception, its traceback without our frames."""
    message = text_of(error)
    traceback = traceback_of(error)
    if len(traceback) > MOST_OF_A_TRACEBACK:
        half = MOST_OF_A_TRACEBACK // 2
        traceback = traceback[:half] + "\n  …\n" + traceback[-half:]
    said = {"type": type_name(error), "message": message[:MOST_OF_A_MESSAGE], "traceback": traceback}
    _record(around, "exception", error=said)


def record_leaving(around: Surroundings) -> None:
    """Record that the process leaves now: nothing of Python's that it could still wait for is left."""
    if before_leaving is not None:
        before_leaving()
    _write(around, b"%.6f" % monotonic(), last=_LEFT)


def say_exception(name: str, error: BaseException) -> None:
    """Write on stderr what multiprocessing would of an exception in a process."""
    _say(f"Process {name}:\n{traceback_of(error)}")


class Endings:
    """The ends that children recorded on the common pipe, put together from their chunks."""

    def __init__(self) -> None:
        self._unread = b""
        self._chunks: dict[tuple[int, bytes], bytes] = {}
        """Of each process what has no end yet, of its end and of what is none apart: threads may tell meanwhile."""
        self._whole: dict[int, dict[str, Any]] = {}
        self._left: dict[int, float] = {}
        """When each process left (monotonic)."""
        self._told: list[tuple[int, list[Any]]] = []

    def read(self, descriptor: int) -> None:
        """Take what is there; never blocks."""
        while data := _read_now(descriptor):
            *lines, self._unread = (self._unread + data).split(b"\n")
            for line in lines:
                self._add(line)

    def _add(self, line: bytes) -> None:
        """A chunk `NUMBER.JSON` of an end, or `NUMBER!JSON` of what is none; with `+` or `&` there is more to come.

        `NUMBER@SECONDS` is the moment of leaving.
        What a child wrote there by mistake is dropped.
        """
        head = line[:12].lstrip(b"0123456789")[:1]
        number, mark, chunk = line.partition(head) if head in _MARKS else (b"", b"", b"")
        if not number.isdigit():
            return
        process = int(number)
        last = _LAST[mark]
        whole = self._chunks.pop((process, last), b"") + chunk
        if mark != last:
            self._chunks[process, last] = whole
        elif mark == b"!":
            self._hear(process, whole)
        elif mark == _LEFT:
            self._see_leaving(process, whole)
        elif (record := _parsed(whole)) is not None:
            self._whole[process] = record

    def _see_leaving(self, process: int, seconds: bytes) -> None:
        with contextlib.suppress(ValueError):
            self._left[process] = float(seconds)

    def _hear(self, process: int, said: bytes) -> None:
        try:
            message = json.loads(said)
        except (ValueError, RecursionError):
            return
        if isinstance(message, list) and message:
            self._told.append((process, message))

    def take_told(self) -> list[tuple[int, list[Any]]]:
        """What processes told meanwhile that is no end, in order, each with the process's number."""
        told, self._told = self._told, []
        return told

    def take(self, process: int) -> dict[str, Any]:
        """What the process recorded, with `left_at` if it came to its very end; empty if it recorded nothing."""
        for last in _MORE:
            self._chunks.pop((process, last), None)
        record, left_at = self._whole.pop(process, {}), self._left.pop(process, None)
        return record if left_at is None else record | {"left_at": left_at}


def _parsed(record: bytes) -> dict[str, Any] | None:
    try:
        parsed = json.loads(record)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) and parsed.get("ended_by") in _WAYS_TO_END else None


def _read_now(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _READ)
    except BlockingIOError:
        return b""


def _record(
    around: Surroundings,
    ended_by: str,
    returned: str | None = None,
    result: Json = None,
    error: dict[str, str] | None = None,
) -> None:
    """Tell the supervisor how the target ended. A target that closed the pipe goes unreported."""
    told: dict[str, object] = {"ended_by": ended_by}
    if returned is not None:
        told["returned"] = returned
    if result is not None:
        told["result"] = result
    if error is not None:
        told["error"] = error
    if around.parent is None:  # this process is not waited for by wait4, which would tell
        told |= _usage(around.peak_before)
    _write(around, json.dumps(told).encode())


def tell(around: Surroundings, text: str) -> None:
    """Tell the supervisor something that is no end: a JSON array."""
    _write(around, text.encode(), last=b"!")


def _write(around: Surroundings, body: bytes, last: bytes = b".") -> None:
    if os.getpid() != around.pid:  # a copy that the target has forked: its end is not the process's
        return
    try:
        # A target may have closed the pipe, and opened something else in its place.
        if os.fstat(around.records).st_mode & 0o170000 != 0o010000:
            return
        for start in range(0, len(body), RECORD_CHUNK):
            more = _MORE[last] if start + RECORD_CHUNK < len(body) else last
            # On a line of its own, whatever half a line a target has written there by mistake.
            os.write(around.records, b"\n%d%b%b\n" % (around.number, more, body[start : start + RECORD_CHUNK]))
    except OSError:
        return


def _usage(peak_before: int) -> dict[str, float]:
    """The processor time that this process has used, and its peak of memory beyond the one before its first step."""
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    own = max(0, max_rss_bytes(usage.ru_maxrss) - peak_before)
    return {"cpu_seconds": usage.ru_utime + usage.ru_stime, "max_rss": own}


def _say(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except Exception:  # closed, or anything put in its place, by the target
        return
