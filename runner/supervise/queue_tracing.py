"""Has a queue of `multiprocessing` note who waits for an item or for room, and how many were put and got.

Children import this module.
"""

from __future__ import annotations

from time import monotonic

from runner.supervise.table import GIVEN, MARK, TAKEN
from runner.supervise.tracing import PATIENCE_S, WRAP, announce, blocked, wait_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from runner.supervise.table import Cell
    from runner.supervise.voice import Voice


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
    queue.get = _traced_get(queue, cell, gets)


def _traced_get(queue: Any, cell: Cell, voice: Voice) -> Callable[..., object]:
    import select
    from multiprocessing.reduction import ForkingPickler

    get, lock, receive = queue.get, queue._rlock, queue._recv_bytes
    ready = select.poll()
    ready.register(queue._reader.fileno(), select.POLLIN)
    left = 1

    def has_got(waited: float) -> None:
        nonlocal left
        left -= 1
        if waited or not left:
            left = voice.acquired("get", waited, left)

    def get_traced(block: bool = True, timeout: float | None = None) -> object:
        if queue._closed:
            return get(block, timeout)  # which says so
        if block and timeout is None:
            return get_at_last()
        return get_in_time(timeout or 0.0) if block else got(get(False), 0.0)

    def got(item: object, waited: float) -> object:
        has_got(waited)
        return item

    def get_at_last() -> object:
        """As multiprocessing's own, but for who waits longer than `PATIENCE_S`."""
        began = monotonic()
        told = False
        if not lock.acquire(False):  # another one is in `get`
            told = wait_for(lock.acquire, cell, 0, "get", None, voice) > 0
        try:
            if not told and not ready.poll(PATIENCE_S * 1000):
                announce(cell, 0, "get", None, voice, began)
                told = True
            data = receive()
        finally:
            lock.release()
            if told:  # before it is told that something was taken, and also if a signal's handler has raised
                cell[MARK] = 0
        queue._sem.release()
        has_got(monotonic() - began if told else 0.0)
        return ForkingPickler.loads(data)

    def get_in_time(timeout: float) -> object:
        from queue import Empty

        began = monotonic()
        try:
            return got(get(True, min(timeout, PATIENCE_S)), 0.0)
        except Empty:
            if timeout <= PATIENCE_S:
                raise
        announce(cell, 0, "get", timeout, voice, began)
        try:
            return got(get(True, timeout - (monotonic() - began)), monotonic() - began)
        except Empty:
            voice.timed_out("get", monotonic() - began)
            raise
        finally:
            cell[MARK] = 0

    return get_traced
