"""Match output lines with the times that processes reported for their `print` steps. Pure."""

from __future__ import annotations

from collections import deque

from runner.link.line_times import HEAD, LOOK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_WAITING = 1 << 17
"""The most reported lines that have not come: if a process has more, its reports are ignored from then on."""


class _Stream:
    """The stdout of one process."""

    __slots__ = ("head", "is_believed", "length", "told")

    def __init__(self) -> None:
        self.told: deque[tuple[bytes, bytes]] = deque()
        """The lines that have not come: when they were written, and how they look."""
        self.is_believed = True
        self.head = b""
        """The beginning of the line that has no end yet."""
        self.length = 0

    def begin(self, piece: bytes) -> None:
        """Begin a line, or continue it."""
        if len(self.head) < HEAD:
            self.head = (self.head + piece)[:HEAD]
        self.length += len(piece)

    def written_at(self, length: int, head: bytes) -> float | None:
        """Return when a line was written; None if it is not the next one that was reported."""
        if not self.told or self.told[0][1] != LOOK % (length, head):
            return None
        return int(self.told.popleft()[0]) / 1e9

    def end(self) -> float | None:
        """Return the same for the line that has begun, and ends now."""
        at = self.written_at(self.length, self.head)
        self.head, self.length = b"", 0
        return at


class LineMatching:
    """Finds the times of lines. A process reports its lines in order, each before it writes it."""

    def __init__(self, telling: Iterable[int]) -> None:
        """`telling` are the numbers of the processes that report their lines."""
        self._streams = {b"%d" % number: _Stream() for number in telling}
        self._unread = b""

    def take(self, data: bytes) -> None:
        """Read reports."""
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            number, _, rest = line.partition(b" ")
            stream = self._streams.get(number)
            at, _, look = rest.partition(b" ")
            if stream is None or not stream.is_believed or not at.isdigit():
                continue
            stream.told.append((at, look))
            if len(stream.told) > MAX_WAITING:
                stream.told.clear()
                stream.is_believed = False

    def moments(self, number: int, data: bytes) -> tuple[float | None, ...]:
        """Return when each line that ends in this piece of a process's stdout was written (monotonic), as far as known.

        Return an empty tuple for a process that reports nothing. An empty piece ends the line that has begun.
        """
        stream = self._streams.get(b"%d" % number)
        if stream is None:
            return ()
        if not data:
            return (stream.end(),) if stream.length else ()
        first, *lines = data.split(b"\n")
        stream.begin(first)
        if not lines:
            return ()
        rest = lines.pop()
        found = (stream.end(), *(stream.written_at(len(line), line[:HEAD]) for line in lines))
        stream.begin(rest)
        return found
