"""End records: each child writes how it ended to a shared pipe, which the supervisor reads.

A child that leaves by `os._exit(0)` writes no end record, so this differs from returning. Children import this module.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys

from runner.model.safe_repr import MAX_MESSAGE, repr_of, text_of, traceback_of, type_name
from runner.model.sys_exit import exit_status
from runner.supervise.child.own_memory import max_rss_bytes
from runner.system.clock import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.json_types import EndRecord, Error, Json
    from runner.supervise.child.context import ChildContext

RECORD_CHUNK = 512 - 16
"""The bytes of an end record in one write: with its head at most POSIX's least PIPE_BUF, so that writes never
interleave."""

_MORE = {b".": b"+", b"!": b"&"}
"""The mark of a chunk that is followed by more, for each mark of a last chunk."""
_LAST = {mark: last for last, more in _MORE.items() for mark in (last, more)}
_LEFT = b"@"
"""The mark of the time at which a process left: its last message."""
_LAST[_LEFT] = _LEFT
_MARKS = frozenset(_LAST)
_WAYS_TO_END = ("return", "sys_exit", "exception")
_READ = 1 << 14
"""The size of one read: for a larger buffer the system would allocate and free memory each time."""
MAX_TRACEBACK = 16_000

_RETURNED_NONE = b'{"ended_by":"return"}'
"""The record of most children: encoding it in each child would copy the pages of `json`."""


before_leaving: Callable[[], object] | None = None
"""Called by a child right before it records that it leaves, if set."""


def record_return(around: ChildContext, value: object) -> None:
    """Record that the target has returned this value."""
    if value is not None:
        from runner.supervise.child.json_values import json_value

        _record(around, "return", returned=repr_of(value), result=json_value(value))
    elif around.parent is not None:
        _write(around, _RETURNED_NONE)
    else:
        _record(around, "return")


def record_exit(around: ChildContext, code: object) -> int:
    """Record `sys.exit(code)`, write a code that is not a number to stderr, and return the exit code that the system
    sees."""
    status = system_exit_code(code)
    _record(around, "sys_exit", returned=None if code is None else repr_of(code))
    return status


def system_exit_code(code: object) -> int:
    """Return the exit code that the system sees for `sys.exit(code)`; write a code that is not a number to stderr."""
    if code is not None and not isinstance(code, int):
        _say(f"{text_of(code)}\n")
    return exit_status(code)


def record_exception(around: ChildContext, error: BaseException) -> None:
    """Record an exception with its traceback, without our frames."""
    message = text_of(error)
    traceback = traceback_of(error)
    if len(traceback) > MAX_TRACEBACK:
        half = MAX_TRACEBACK // 2
        traceback = traceback[:half] + "\n  …\n" + traceback[-half:]
    said: Error = {"type": type_name(error), "message": message[:MAX_MESSAGE], "traceback": traceback}
    _record(around, "exception", error=said)


def record_leaving(around: ChildContext) -> None:
    """Record that the process leaves now: Python has nothing left that it could still wait for."""
    if before_leaving is not None:
        before_leaving()
    _write(around, b"%.6f" % monotonic(), last=_LEFT)


def say_exception(name: str, error: BaseException) -> None:
    """Write to stderr what multiprocessing would write about an exception in a process."""
    _say(f"Process {name}:\n{traceback_of(error)}")


class EndRecords:
    """The end records that children wrote to the common pipe, joined from their chunks."""

    def __init__(self) -> None:
        self._unread = b""
        self._chunks: dict[tuple[int, bytes], bytes] = {}
        """Incomplete chunks, keyed by process and kind. End records and other messages are buffered separately, because
        a thread may send one while another is being written."""
        self._whole: dict[int, EndRecord] = {}
        self._left: dict[int, float] = {}
        """The time (monotonic) at which each process left."""
        self._messages: list[tuple[int, list[Json]]] = []

    def read(self, descriptor: int) -> None:
        """Read what the pipe holds; never block."""
        while data := _read_now(descriptor):
            *lines, self._unread = (self._unread + data).split(b"\n")
            for line in lines:
                self._add(line)

    def _add(self, line: bytes) -> None:
        """Add a chunk: `NUMBER.JSON` of an end record, or `NUMBER!JSON` of another message; with `+` or `&` more chunks
        follow.

        `NUMBER@SECONDS` is the time of leaving. Other text, which a child wrote there by mistake, is dropped.
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
            self._add_message(process, whole)
        elif mark == _LEFT:
            self._see_leaving(process, whole)
        elif (record := _parsed(whole)) is not None:
            self._whole[process] = record

    def _see_leaving(self, process: int, seconds: bytes) -> None:
        with contextlib.suppress(ValueError):
            self._left[process] = float(seconds)

    def _add_message(self, process: int, said: bytes) -> None:
        try:
            message = json.loads(said)
        except (ValueError, RecursionError):
            return
        if isinstance(message, list) and message:
            self._messages.append((process, message))

    def take_messages(self) -> list[tuple[int, list[Json]]]:
        """Return the messages other than end records that have come since the last call, in order, each with the
        process's number."""
        messages, self._messages = self._messages, []
        return messages

    def take(self, process: int) -> EndRecord:
        """Return the process's record, with `left_at` if it reached its very end; empty if it recorded nothing."""
        for last in _MORE:
            self._chunks.pop((process, last), None)
        record, left_at = self._whole.pop(process, {}), self._left.pop(process, None)
        return record if left_at is None else record | {"left_at": left_at}


def _parsed(record: bytes) -> EndRecord | None:
    try:
        parsed = json.loads(record)
    except (ValueError, RecursionError):
        return None
    is_end = isinstance(parsed, dict) and parsed.get("ended_by") in _WAYS_TO_END
    return parsed if is_end else None


def _read_now(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _READ)
    except BlockingIOError:
        return b""


def _record(
    around: ChildContext,
    ended_by: str,
    returned: str | None = None,
    result: Json = None,
    error: Error | None = None,
) -> None:
    """Record for the supervisor how the target ended. The end of a target that closed the pipe is unreported."""
    record: dict[str, object] = {"ended_by": ended_by}
    if returned is not None:
        record["returned"] = returned
    if result is not None:
        record["result"] = result
    if error is not None:
        record["error"] = error
    if around.parent is None:  # wait4 is not called for this process, and so cannot report its usage
        record |= _usage(around.peak_before)
    _write(around, json.dumps(record).encode())


def tell(around: ChildContext, text: str) -> None:
    """Send the supervisor a message that is not an end record: a JSON array."""
    _write(around, text.encode(), last=b"!")


def _write(around: ChildContext, body: bytes, last: bytes = b".") -> None:
    if os.getpid() != around.pid:  # a copy that the target has forked: its end is not the process's
        return
    try:
        # A target may have closed the pipe, and opened another file in its place.
        if os.fstat(around.records).st_mode & 0o170000 != 0o010000:
            return
        for start in range(0, len(body), RECORD_CHUNK):
            more = _MORE[last] if start + RECORD_CHUNK < len(body) else last
            # On a line of its own, in case a target has written an incomplete line there by mistake.
            os.write(around.records, b"\n%d%b%b\n" % (around.number, more, body[start : start + RECORD_CHUNK]))
    except OSError:
        return


def _usage(peak_before: int) -> dict[str, float]:
    """Return the processor time that this process has used, and its peak memory beyond the peak before its first
    step."""
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    own = max(0, max_rss_bytes(usage.ru_maxrss) - peak_before)
    return {"cpu_seconds": usage.ru_utime + usage.ru_stime, "max_rss": own}


def _say(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except Exception:  # the target has closed the stream or replaced it
        return
