"""Trace a queue's feeder thread: record the items it has sent, and report those it drops.

`put` returns before an item is sent: a thread of the process, the feeder, pickles it and writes it into the pipe.
Children import this module.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from multiprocessing import queues, util

from runner.supervise.tracing.locks import WRAP
from runner.supervise.tracing.table import SENDING, SENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from runner.supervise.tracing.table import Cell
    from runner.supervise.tracing.thing_messages import Voice


class Dropping:
    """What the feeder of a queue calls when it drops an item because of an exception."""

    __slots__ = ("_cell", "_report", "_voice")

    def __init__(self, cell: Cell, voice: Voice, report: Callable[[Exception, object], None]) -> None:
        self._cell = cell
        self._voice = voice
        self._report = report

    def __call__(self, error: Exception, item: object) -> None:
        self.note(error)
        self._report(error, item)

    def note(self, error: BaseException) -> None:
        """Note that an item was dropped."""
        self._cell[SENT] = (self._cell[SENT] + 1) & WRAP
        self._voice.dropped(error)


def trace_sending(queue: Any, cell: Cell, voice: Voice) -> None:
    """Note each item that is sent, and report each that is dropped because of an exception.

    Right before the write it is noted that there is one: when the item is in the pipe, other threads may come first.
    """
    send = queue._send_bytes

    def send_bytes(data: bytes) -> None:
        send(data)
        cell[SENT] = (cell[SENT] + 1) & WRAP

    def write(descriptor: int, data: bytes) -> int:
        cell[SENDING] = (cell[SENT] + 1) & WRAP
        return os.write(descriptor, data)

    queue._send_bytes = send_bytes
    queue._writer._send = partial(queue._writer._send, write=write)
    queue._on_queue_feeder_error = Dropping(cell, voice, queue._on_queue_feeder_error)
    queues.is_exiting = _is_exiting  # type: ignore[attr-defined]  # there is no public way


def _is_exiting() -> bool:
    """What a feeder asks while it handles an exception: if so, it drops the item, and ends, without a word."""
    exiting: bool = util.is_exiting()
    report, error = sys._getframe(1).f_locals.get("onerror"), sys.exc_info()[1]
    if exiting and error is not None and isinstance(report, Dropping):
        report.note(error)
    return exiting


def untrace_sending(queue: Any) -> None:
    """Have the queue send by itself."""
    del queue._writer._send
    queue._send_bytes = queue._writer.send_bytes
    del queue._on_queue_feeder_error
