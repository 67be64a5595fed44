"""Write events as JSON lines with structlog. Each line is written completely or not at all."""

from __future__ import annotations

import errno
import json
import os
import stat
from typing import TYPE_CHECKING

from runner.report.terminal.loggers import event_log
from runner.report.terminal.writing import write_some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.model.events import Event

STDOUT = "-"


def open_events(path: str) -> int:
    """Return a descriptor to write events to, private to the user; `-` is our stdout. Raise `OSError`.

    Links are not followed: otherwise whoever can create one there could have us write over any file of ours.
    """
    if path == STDOUT:
        return os.dup(1)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    return os.open(path, flags, 0o600)


class JsonLines:
    """Writes events to a descriptor. Events that cannot be written are counted, and reported once: the run goes on."""

    def __init__(
        self, descriptor: int, warn: Callable[[str], None], reader_gone: Callable[[], None] | None = None
    ) -> None:
        """`reader_gone` is called when the events have no reader any more, if that should end the run."""
        self._file = _WholeLines(descriptor, warn, reader_gone)
        self._log = event_log(_line, self._file)

    def tell(self, event: Event) -> None:
        """Write the event's line: at once if it is the first after a rest, else with others at the next rest."""
        self._log.msg(event.event, fact=event)

    def rest(self) -> None:
        """Write what is buffered: no more events come for now."""
        self._file.rest()

    def close(self) -> None:
        """Write the rest, and close the descriptor; report how many events are missing, if any are."""
        self._file.close()


_PAGE = 4096
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


def _line(event: Event) -> str:
    return _encode(event.to_json())


def _blocks(lines: list[str]) -> Iterator[bytes]:
    """Yield the lines in blocks of about a page: if this process is killed while it writes a larger block, half a line
    may be left."""
    block = b""
    for line in lines:
        data = line.encode(errors="backslashreplace") + b"\n"
        if block and len(block) + len(data) > _PAGE:
            yield block
            block = b""
        block += data
    if block:
        yield block


class _WholeLines:
    """structlog's sink: takes rendered lines, and writes each completely or not at all."""

    def __init__(self, descriptor: int, warn: Callable[[str], None], reader_gone: Callable[[], None] | None) -> None:
        self._descriptor = descriptor
        self._warn = warn
        self._tell_reader_gone = reader_gone
        self._waiting: list[str] = []
        self._missing = 0
        self._is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._reader_gone = False
        self._has_rested = True

    def msg(self, line: str) -> None:
        """Take one line."""
        self._waiting.append(line)
        if self._has_rested:
            self._has_rested = False
            self._flush()

    def rest(self) -> None:
        """Write the buffered lines."""
        self._has_rested = True
        self._flush()

    def _flush(self) -> None:
        lines, self._waiting = self._waiting, []
        for block in _blocks(lines):
            if self._reader_gone:
                self._missing += block.count(b"\n")
            else:
                self._write(block)

    def _write(self, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):
                written += write_some(self._descriptor, [data[written:]])
        except OSError as error:
            self._reader_gone = error.errno == errno.EPIPE
            if self._reader_gone and self._tell_reader_gone is not None:
                self._tell_reader_gone()
            elif not self._missing:
                self._warn(f"events cannot be written: {(error.strerror or str(error)).lower()}; the run goes on")
            whole = data.rfind(b"\n", 0, written) + 1
            self._take_back(written - whole)
            self._missing += data.count(b"\n", whole)

    def _take_back(self, half_a_line: int) -> None:
        """Truncate the file to its last whole line."""
        if self._is_file and half_a_line:
            end = os.lseek(self._descriptor, 0, os.SEEK_CUR) - half_a_line
            os.ftruncate(self._descriptor, end)
            os.lseek(self._descriptor, end, os.SEEK_SET)

    def close(self) -> None:
        """Write what is buffered, and close the descriptor."""
        self._flush()
        os.close(self._descriptor)
        if self._missing and not (self._reader_gone and self._tell_reader_gone):
            events = "1 event is" if self._missing == 1 else f"{self._missing} events are"
            self._warn(f"{events} missing from the events file")
