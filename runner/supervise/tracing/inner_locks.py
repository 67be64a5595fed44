"""Trace the locks inside queues, events and barriers: record their holders and waiters.

A process that is killed while it has one leaves the thing dead for all others. Children import this module.
"""

from __future__ import annotations

from runner.supervise.tracing.locks import TracedSemLock, wait_for
from runner.supervise.tracing.table import MARK, WANTS, operation_bits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from runner.supervise.tracing.table import Cell
    from runner.supervise.tracing.thing_messages import Voice

    Waiting: TypeAlias = Callable[..., float]
    """Acquires a lock; gives how long that took if it was reported as a wait, 0 if not, and -1 if time was over."""


def trace_inner(lock: Any, cell: Cell, operation: str, voice: Voice) -> Waiting:
    """Trace a lock that only the methods of one thing acquire; `operation` is what a waiter is said to do.

    A wait with a timeout never lasts for ever, and is told of the thing: here nothing is said of it.
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
                waited = wait_for(take, cell, held, operation, None, voice)
            elif block:
                waited = 0.0 if take(True, timeout) else -1.0
        finally:  # a signal's handler may have raised
            held += waited >= 0
            mark[0] = held
        return waited

    def acquire(block: bool = True, timeout: float | None = None) -> bool:
        waited = wait(block, timeout)
        if waited > 0:
            voice.went_on(operation, waited)
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


def untrace_inner(lock: Any) -> None:
    """Undo `trace_inner`."""
    lock._semlock = lock._semlock.untraced
    lock._make_methods()
