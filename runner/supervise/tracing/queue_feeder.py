"""Trace a queue's feeder thread: record the items it has sent, and report those it drops.

`put` returns before an item is sent: a thread of the process, the feeder, pickles it and writes it to the pipe.
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

    from runner.model.multiprocessing_protocols import Queue
    from runner.supervise.tracing.table import Cell
    from runner.supervise.tracing.thing_messages import ThingReporter


class DroppedItems:
    """Called by the feeder of a queue when it drops an item because of an exception."""

    __slots__ = ("_cell", "_report", "_voice")

    def __init__(self, cell: Cell, thing_reporter: ThingReporter, report: Callable[[Exception, object], None]) -> None:
        self._cell = cell
        self._voice = thing_reporter
        self._report = report

    def __call__(self, error: Exception, item: object) -> None:
        self.note(error)
        self._report(error, item)

    def note(self, error: BaseException) -> None:
        """Record that an item was dropped."""
        self._cell[SENT] = (self._cell[SENT] + 1) & WRAP
        self._voice.dropped(error)


def trace_sending(queue: Queue, cell: Cell, thing_reporter: ThingReporter) -> None:
    """Record each item that is sent, and report each that is dropped because of an exception.

    An item is recorded right before it is written: once it is in the pipe, other threads may run first.
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
    queue._on_queue_feeder_error = DroppedItems(cell, thing_reporter, queue._on_queue_feeder_error)
    queues.is_exiting = _is_exiting  # type: ignore[attr-defined]  # there is no public way


def _is_exiting() -> bool:
    """Return whether the process is exiting. A feeder calls this while it handles an exception: if true, it drops the
    item and ends silently."""
    exiting: bool = util.is_exiting()
    report, error = sys._getframe(1).f_locals.get("onerror"), sys.exc_info()[1]
    if exiting and error is not None and isinstance(report, DroppedItems):
        report.note(error)
    return exiting


def untrace_sending(queue: Queue) -> None:
    """Stop tracing the feeder."""
    del queue._writer._send
    queue._send_bytes = queue._writer.send_bytes
    del queue._on_queue_feeder_error
