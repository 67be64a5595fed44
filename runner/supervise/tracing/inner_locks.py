"""Trace the locks inside queues, events and barriers: record their owners and waiters.

If a process is killed while it owns such a lock, no other process can use the thing any more. Children import this
module.
"""

from __future__ import annotations

from runner.supervise.tracing.locks import TracedSemLock, wait_for
from runner.supervise.tracing.table import MARK, WANTS, operation_bits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from runner.model.multiprocessing_protocols import Guard
    from runner.supervise.tracing.table import Cell
    from runner.supervise.tracing.thing_messages import ThingReporter

    Waiting: TypeAlias = Callable[..., float]
    """Acquires a lock; returns the seconds that this took if it was reported as a wait, 0 if not, and -1 after a
    timeout."""


def trace_inner(lock: Guard, cell: Cell, operation: str, thing_reporter: ThingReporter) -> Waiting:
    """Trace a lock that only the methods of one thing acquire; `operation` is the word for its waiters.

    A wait with a timeout always ends, and the thing itself reports it, so it is not reported here.
    """
    untraced = lock._semlock
    take, give, mark = untraced.acquire, untraced.release, cell[MARK : MARK + 1]
    wants = WANTS | operation_bits(operation)
    held = 0

    def wait(block: bool = True, timeout: float | None = None) -> float:
        nonlocal held
        mark[0] = wants | held
        waited = -1.0
        try:
            if take(False):
                waited = 0.0
            elif block and timeout is None:
                waited = wait_for(take, cell, held, operation, None, thing_reporter)
            elif block:
                waited = 0.0 if take(True, timeout) else -1.0
        finally:  # a signal handler may have raised
            held += waited >= 0
            mark[0] = held
        return waited

    def acquire(block: bool = True, timeout: float | None = None) -> bool:
        waited = wait(block, timeout)
        if waited > 0:
            thing_reporter.went_on(operation, waited)
        return waited >= 0

    def release(kind: object = None, error: object = None, traceback: object = None) -> None:
        nonlocal held
        mark[0] = wants | held
        give()
        held -= 1
        mark[0] = held

    lock._semlock = TracedSemLock(untraced, cell, acquire, release)
    lock._make_methods()
    return wait


def untrace_inner(lock: Guard) -> None:
    """Undo `trace_inner`."""
    lock._semlock = lock._semlock.untraced
    lock._make_methods()
