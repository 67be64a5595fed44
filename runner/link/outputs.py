"""Read the processes' output from their pipes."""

from __future__ import annotations

import contextlib
import os
import selectors
import time

from runner.link.closed_outputs import FreedRoom
from runner.link.line_time_matching import LineMatching
from runner.model.events import Output
from runner.system.open_files import WIDE_PIPE, room_for, widen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PIPE = 1 << 16
"""The bytes that a pipe holds, and that are read at once: the system would allocate and free more memory each time,
which takes five times as long as the reading. A larger pipe makes nothing faster, and counts against the limit for all
pipes of the user."""


DESCRIPTORS_EACH = 3
"""Two pipes, and the other ends for half of the processes that have room."""


class Source:
    """One stream of one process."""

    __slots__ = ("descriptor", "held", "process", "stream")

    def __init__(self, process: int | None, stream: str, descriptor: int) -> None:
        self.process = process
        self.stream = stream
        self.descriptor = descriptor
        self.held = -1

    def hold(self) -> None:
        """Keep the pipe's other end open, too: as long as we do, the process's end does not end the stream.

        That would wake us at the very moment when the supervisor should see the end.
        """
        self.held = _write_end(self.descriptor)

    def read(self) -> bytes | None:
        """Return one piece of what is there now; empty at the end, None if there is nothing yet."""
        try:
            return os.read(self.descriptor, _PIPE)
        except BlockingIOError:
            return None

    def let_end(self) -> None:
        """Let the stream end when all processes that write to it have ended."""
        if self.held >= 0:
            os.close(self.held)
            self.held = -1


class Outputs:
    """All streams that are open, by process."""

    def __init__(self, free_descriptors: int) -> None:
        self.room = room_for(free_descriptors, DESCRIPTORS_EACH)
        """The number of processes for which there are descriptors."""
        self._sources: dict[int | None, list[Source]] = {}
        self._wrote: dict[int | None, dict[str, None]] = {}
        """The streams with output since they were last finished."""
        self._selector: selectors.BaseSelector | None = None
        self._lines: LineMatching | None = None
        self._line_times = -1
        """The pipe on which processes report when they write their lines."""
        self._main = -1
        self._freed: FreedRoom | None = None
        self._tell_freed: Callable[[tuple[int, ...]], object] = lambda _: None

    def tell_freed_room(self, tell: Callable[[tuple[int, ...]], object]) -> None:
        """Have this called with the processes whose outputs have been closed, when the supervisor should learn of
        them."""
        self._freed, self._tell_freed = FreedRoom(self.room), tell

    def _see_freed(self, processes: tuple[int, ...]) -> None:
        if processes:
            self._tell_freed(processes)

    def receive_line_times(self, telling: Sequence[int], *, main: int) -> tuple[int, ...]:
        """Have these processes report when they write their lines; return the end of the pipe for them, if any does.

        `main` is main's number, which writes to the supervisor's streams.
        """
        if not telling:
            return ()
        self._lines, self._main = LineMatching(telling), main
        self._line_times, theirs = os.pipe()
        for end in (self._line_times, theirs):
            os.set_blocking(end, False)
        widen(theirs)
        return (theirs,)

    def attend(self, selector: selectors.BaseSelector) -> None:
        """Have this selector report what can be read, from now on."""
        self._selector = selector
        for sources in self._sources.values():
            for source in sources:
                selector.register(source.descriptor, selectors.EVENT_READ, source)

    def add(self, process: int | None, stdout: int, stderr: int) -> None:
        """Read these pipes of a process (None: of the supervisor) from now on, and close them in the end."""
        sources = [Source(process, "stdout", stdout), Source(process, "stderr", stderr)]
        self._sources[process] = sources
        if self._freed is not None:
            self._see_freed(self._freed.see_opened())
        for source in sources:
            if len(self._sources) <= self.room // 2:
                source.hold()
            os.set_blocking(source.descriptor, False)
            if self._selector is not None:
                self._selector.register(source.descriptor, selectors.EVENT_READ, source)

    def read(self, source: Source) -> Iterator[Output]:
        """Yield one piece of what can be read now; at its end close the stream."""
        if source not in self._sources.get(source.process, ()):
            return
        data = source.read()
        if data:
            yield self._output(source, data, time.monotonic())
        elif data is not None:
            self._close(source)

    def finish(self, process: int | None, ended_at: float) -> Iterator[Output]:
        """Yield everything that a process wrote before its end, and the mark of its end; a grandchild may write on."""
        for source in self._sources.get(process, ()):
            # The process is gone: the pipe contains all that it wrote; later output is a descendant's.
            left = WIDE_PIPE
            while left > 0 and (data := source.read()):
                left -= len(data)
                yield self._output(source, data, ended_at)
        for stream in self._wrote.pop(process, ()):
            yield Output(process, stream, b"", ended_at, self._written_at(process, stream, b""))

    def let_end(self, process: int | None) -> Iterator[Output]:
        """Close the streams of a process that has ended, unless a descendant has them: those end with it."""
        for source in list(self._sources.get(process, ())):
            source.let_end()
            yield from self.read(source)

    def _output(self, source: Source, data: bytes, at: float) -> Output:
        self._wrote.setdefault(source.process, {})[source.stream] = None
        return Output(source.process, source.stream, data, at, self._written_at(source.process, source.stream, data))

    def _written_at(self, process: int | None, stream: str, data: bytes) -> tuple[float | None, ...]:
        """Return when each line that ends in this piece was written: the process reports that before it writes the
        line."""
        if self._lines is None or stream != "stdout":
            return ()
        with contextlib.suppress(BlockingIOError):
            while told := os.read(self._line_times, _PIPE):
                self._lines.take(told)
        return self._lines.moments(self._main if process is None else process, data)

    def drain(self) -> Iterator[Output]:
        """Yield what is left to read at the run's end, without waiting."""
        for process in list(self._sources):
            yield from self.finish(process, time.monotonic())
        self.close()

    def _close(self, source: Source) -> None:
        if self._selector is not None:
            self._selector.unregister(source.descriptor)
        source.let_end()
        os.close(source.descriptor)
        self._sources[source.process].remove(source)
        if not self._sources[source.process]:
            del self._sources[source.process]
            if self._freed is not None and source.process is not None:
                self._see_freed(self._freed.see_closed(source.process))

    def close(self) -> None:
        """Close all streams."""
        self._selector = None
        if self._line_times >= 0:
            os.close(self._line_times)
            self._line_times, self._lines = -1, None
        for sources in list(self._sources.values()):
            for source in list(sources):
                self._close(source)


def _write_end(pipe: int) -> int:
    """Return the write end of a pipe from its read end; -1 if the system does not provide it (it is Linux's way)."""
    try:
        return os.open(f"/proc/self/fd/{pipe}", os.O_WRONLY)
    except OSError:
        return -1
