"""Has a queue of `multiprocessing` note who waits for an item or for room, and how many were put and got.

Children import this module.
"""

from __future__ import annotations

from time import monotonic

from runner.limits import MOST_POLL_S
from runner.supervise.sending import trace_sending
from runner.supervise.table import GIVEN, MARK, TAKEN
from runner.supervise.tracing import PATIENCE_S, WRAP, announce, blocked, wait_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from runner.supervise.table import Cell
    from runner.supervise.voice import Voice


HAS_LOCK = 1
"""In the mark of who gets: it has the lock for reading, under which one process after the other gets."""


def get_by(deadline: float, get: Callable[[bool, float], object]) -> object:
    """The next item of a queue, by its `get`. Raises `queue.Empty` when the deadline (monotonic) is over."""
    from queue import Empty

    while (left := deadline - monotonic()) > MOST_POLL_S:
        try:
            return get(True, MOST_POLL_S)
        except Empty:
            continue
    return get(True, left)


def trace_queue(queue: Any, cell: Cell, puts: Voice, gets: Voice) -> None:
    """Trace who waits for an item or for room in a queue, and how many items were put and got.

    A voice counts what it leaves out: each of the two operations has one of its own.
    """
    room = queue._sem
    take, give = room.acquire, room.release
    left = 1

    def acquire(block: bool = True, timeout: float | None = None) -> bool:
        nonlocal left
        waited = 0.0 if take(False) else blocked(take, cell, "put", timeout, puts) if block else -1.0
        if waited < 0:
            return False
        cell[GIVEN] = (cell[GIVEN] + 1) & WRAP
        left -= 1
        if waited or not left:
            left = puts.acquired("put", waited, left)
        return True

    def release() -> None:
        cell[MARK] = 0  # first: who has got something does not wait any more
        cell[TAKEN] = (cell[TAKEN] + 1) & WRAP
        give()

    room.acquire, room.release = acquire, release
    trace_sending(queue, cell, puts)
    queue.get = TracedGet(queue, cell, gets)


class TracedGet:
    """Stands in the place of a queue's `get`."""

    def __init__(self, queue: Any, cell: Cell, voice: Voice) -> None:
        import select

        self._queue = queue
        self._get = queue.get
        self._cell = cell
        self._voice = voice
        self._ready = select.poll()
        self._ready.register(queue._reader.fileno(), select.POLLIN)
        self._left = 1

    def __call__(self, block: bool = True, timeout: float | None = None) -> object:
        """The next item. Raises `queue.Empty` as the queue's own `get`."""
        if self._queue._closed:
            return self._get(block, timeout)  # which says so
        if block and timeout is None:
            return self._get_at_last()
        return self._get_in_time(timeout or 0.0) if block else self._got(self._get(False), 0.0)

    def _got(self, item: object, waited: float) -> object:
        self._left -= 1
        if waited or not self._left:
            self._left = self._voice.acquired("get", waited, self._left)
        return item

    def _get_at_last(self) -> object:
        """As multiprocessing's own, but for who waits longer than `PATIENCE_S`."""
        from multiprocessing.reduction import ForkingPickler

        cell, lock = self._cell, self._queue._rlock
        began = monotonic()
        told = False
        if not lock.acquire(False):  # another one is in `get`
            told = wait_for(lock.acquire, cell, 0, "get", None, self._voice) > 0
        try:
            if told:
                cell[MARK] |= HAS_LOCK
            elif not self._ready.poll(PATIENCE_S * 1000):
                announce(cell, HAS_LOCK, "get", None, self._voice, began)
                told = True
            data = self._queue._recv_bytes()
        finally:
            if told:  # before it is told that something was taken, and also if a signal's handler has raised
                cell[MARK] = 0
            lock.release()
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
