"""Report the time at which each line of a `print` step is written.

Children that have `print` steps import this module. The front reads the records from a pipe that all children share.
They do not pass through the supervisor.
"""

from __future__ import annotations

import os
import select
import sys
from time import monotonic_ns

from runner.link.line_times import HEAD, TOLD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_MS = 1_000
"""How long a process waits for room in the pipe. After that it sends nothing more: the front may never read again."""


class LineClock:
    """Reports the lines of each text right before it is printed."""

    __slots__ = ("_begun", "_begun_at", "_descriptor", "_encoding", "_errors", "_length", "_number", "_pid")

    def __init__(self, number: int, descriptor: int) -> None:
        self._number = number
        self._pid = os.getpid()
        self._descriptor = descriptor
        """The pipe to the front; -1 when no more records are sent."""
        encoding, errors = (getattr(sys.stdout, name, None) for name in ("encoding", "errors"))
        self._encoding: str = encoding or "utf-8"
        self._errors: str = errors or "strict"
        self._begun = b""
        """The beginning of the line that is not ended yet."""
        self._length = 0
        self._begun_at = 0

    def printing(self, value: Callable[[], object], end: str) -> Callable[[], None]:
        """Return a function that prints a value and reports its lines."""
        see = self.see

        def print_and_report() -> None:
            text = f"{value()!s}{end}"
            see(text)
            print(text, end="")

        return print_and_report

    def see(self, text: str) -> None:
        """Report the lines that this text ends."""
        if self._descriptor < 0:
            return
        data, at = text.encode(self._encoding, self._errors), monotonic_ns()
        if not self._length and data.find(b"\n") == len(data) - 1 and data:  # the common case: one line
            self._tell(at, len(data) - 1, data[:-1])
            return
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._tell(at, self._length + len(line), self._begun + line if self._length else line)
            self._length = 0
        if rest:
            self._begun = (self._begun + rest if self._length else rest)[:HEAD]
            self._length += len(rest)
            self._begun_at = at

    def end(self) -> None:
        """Report a last line that has no end."""
        if self._length and self._descriptor >= 0 and os.getpid() == self._pid:  # not in a forked copy
            self._tell(self._begun_at, self._length, self._begun)

    def _tell(self, at: int, length: int, line: bytes) -> None:
        record = TOLD % (self._number, at, length, line if length <= HEAD else line[:HEAD])
        try:
            os.write(self._descriptor, record)
        except BlockingIOError:
            self._write_later(record)
        except OSError:  # the front is gone, or the pipe was closed
            self._descriptor = -1

    def _write_later(self, record: bytes) -> None:
        """Wait for the front to read: the lines that were reported before wait for it, too."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        while poll.poll(TIMEOUT_MS):
            try:
                os.write(self._descriptor, record)
            except BlockingIOError:  # another process has used the room
                continue
            except OSError:
                break
            return
        self._descriptor = -1
