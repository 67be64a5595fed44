"""Trace queues: record their waiters, and the number of items put and got.

Children import this module.
"""

from __future__ import annotations

import os
from functools import partial

from runner.supervise.tracing.inner_locks import trace_inner, untrace_inner
from runner.supervise.tracing.locks import PATIENCE_S, WRAP, announce, blocked
from runner.supervise.tracing.queue_feeder import trace_sending, untrace_sending
from runner.supervise.tracing.table import MARK, PUT
from runner.system.clock import monotonic
from runner.system.open_files import MAX_POLL_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.multiprocessing_protocols import Queue
    from runner.supervise.tracing.inner_locks import Waiting
    from runner.supervise.tracing.table import Cell
    from runner.supervise.tracing.thing_messages import Place, ThingReporter


def get_by(deadline: float, get: Callable[[bool, float], object]) -> object:
    """Return the next item of a queue, by its `get`. Raise `queue.Empty` after the deadline (monotonic)."""
    from queue import Empty

    while (left := deadline - monotonic()) > MAX_POLL_S:
        try:
            return get(True, MAX_POLL_S)
        except Empty:
            continue
    return get(True, left)


def trace_queue(queue: Queue, items: Place, reading: Place, writing: Place) -> None:
    """Trace the processes that wait for an item or for room in a queue, and the owners of its read and write locks.

    Each place is a row of the table. A reporter counts the messages that it leaves out, so each of the two operations
    has its own.
    """
    cell, puts = items.cell, items.thing_reporter()
    room = queue._sem
    take = room.acquire
    left = 1

    def acquire(block: bool = True, timeout: float | None = None) -> bool:
        nonlocal left
        waited = 0.0 if take(False) else blocked(take, cell, "put", timeout, puts) if block else -1.0
        if waited < 0:
            return False
        cell[PUT] = (cell[PUT] + 1) & WRAP
        left -= 1
        if waited or not left:
            left = puts.acquired("put", waited, left)
        return True

    room.acquire = acquire
    gets = items.thing_reporter()
    wait_to_read = trace_inner(queue._rlock, reading.cell, "get", gets)
    trace_inner(queue._wlock, writing.cell, "flush", writing.thing_reporter())
    trace_sending(queue, cell, puts)
    queue.get = TracedGet(queue, cell, gets, wait_to_read)


def untrace_queue(queue: Queue) -> None:
    """Undo `trace_queue`."""
    del queue.get, queue._reader._recv
    queue._sem._make_methods()
    untrace_inner(queue._rlock)
    untrace_inner(queue._wlock)
    untrace_sending(queue)


class TracedGet:
    """Replaces a queue's `get`.

    If the process that put an item has died, a part of the item may be in the pipe: a getter waits for the rest,
    whatever its timeout. So the reading is traced.
    """

    def __init__(self, queue: Queue, cell: Cell, thing_reporter: ThingReporter, wait_to_read: Waiting) -> None:
        """`wait_to_read` acquires the lock that admits one reader at a time."""
        import select

        self._queue = queue
        self._wait_to_read = wait_to_read
        self._get = queue.get
        self._cell = cell
        self._voice = thing_reporter
        self._ready = select.poll()
        self._ready.register(queue._reader.fileno(), select.POLLIN)
        self._left = 1
        self._blocked = False
        """Whether the getter has recorded that it waits for bytes; the read lock keeps other threads out."""
        queue._reader._recv = partial(queue._reader._recv, read=self._read)

    def __call__(self, block: bool = True, timeout: float | None = None) -> object:
        """Return the next item. Raise `queue.Empty` as the queue's own `get` does."""
        if self._queue._closed:
            return self._get(block, timeout)  # which reports it
        if block and timeout is None:
            return self._get_at_last()
        try:
            return self._get_in_time(timeout or 0.0) if block else self._got(self._get(False), 0.0)
        finally:
            self._go_on()

    def _read(self, descriptor: int, most: int) -> bytes:
        """Return what `os.read` returns, for an item or its length; a long wait for it is recorded."""
        if not self._ready.poll(PATIENCE_S * 1000) and not self._blocked:
            self._blocked = True
            announce(self._cell, 0, "get", None, self._voice, monotonic() - PATIENCE_S)
        return os.read(descriptor, most)

    def _go_on(self) -> bool:
        """Record that the getter does not wait for bytes any more; return whether it had recorded that it does."""
        blocked, self._blocked = self._blocked, False
        if blocked:
            self._cell[MARK] = 0
        return blocked

    def _got(self, item: object, waited: float) -> object:
        self._left -= 1
        if waited or not self._left:
            self._left = self._voice.acquired("get", waited, self._left)
        return item

    def _get_at_last(self) -> object:
        """Get as multiprocessing does; a getter that waits longer than `PATIENCE_S` records and reports its wait."""
        from multiprocessing.reduction import ForkingPickler

        began = monotonic()
        told = self._wait_to_read() > 0
        try:
            data = self._queue._recv_bytes()
        finally:  # the mark is cleared before the item is reported, and also if a signal handler raises
            told = self._go_on() or told
            self._queue._rlock.release()
        self._queue._sem.release()
        return self._got(ForkingPickler.loads(data), monotonic() - began if told else 0.0)

    def _get_in_time(self, timeout: float) -> object:
        from queue import Empty

        began = monotonic()
        try:
            return self._got(self._get(True, min(timeout, PATIENCE_S)), 0.0)
        except Empty:
            if timeout <= PATIENCE_S:
                raise
        announce(self._cell, 0, "get", timeout, self._voice, began)
        try:
            return self._got(get_by(began + timeout, self._get), monotonic() - began)
        except Empty:
            self._voice.timed_out("get", monotonic() - began)
            raise
        finally:
            self._cell[MARK] = 0
