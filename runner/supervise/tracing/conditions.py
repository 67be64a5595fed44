"""Trace conditions: record their waiters, and notifications that no process was waiting for.

Events, barriers and joinable queues have a condition inside. Children import this module.
"""

from __future__ import annotations

from runner.supervise.tracing.locks import WRAP, blocked
from runner.supervise.tracing.permits import free_permits
from runner.supervise.tracing.table import IN_VAIN, LOOKS_FIRST

__all__ = ["trace_condition", "untrace_condition"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.multiprocessing_protocols import Condition, Guard
    from runner.supervise.tracing.locks import Acquire
    from runner.supervise.tracing.table import Cell
    from runner.supervise.tracing.thing_messages import ThingReporter


def trace_wait(semaphore: Guard, cell: Cell, thing_reporter: ThingReporter, operation: str) -> None:
    """Trace a semaphore on which processes wait to be woken, in a condition and in things that contain one."""
    take = semaphore.acquire
    left = 1

    def acquire(block: bool = True, timeout: float | None = None) -> bool:
        nonlocal left
        waited = 0.0 if take(False) else blocked(take, cell, operation, timeout, thing_reporter) if block else -1.0
        if waited < 0:
            return False
        left -= 1
        if waited or not left:
            left = thing_reporter.acquired(operation, waited, left)
        return True

    semaphore.acquire = acquire


def trace_condition(condition: Condition, cell: Cell, thing_reporter: ThingReporter, operation: str = "wait") -> None:
    """Trace the waiters of a condition, and notifications that no process waits for."""
    trace_wait(condition._wait_semaphore, cell, thing_reporter, operation)
    condition._woken_count.acquire = _acquire_to_notify(condition._woken_count.acquire, cell, thing_reporter)
    notify, wait_until = condition.notify, condition.wait_for
    sleeping, woken = condition._sleeping_count._semlock, condition._woken_count._semlock

    def noting(n: int = 1) -> None:
        in_vain = free_permits(sleeping) <= free_permits(woken)
        notify(n)
        if in_vain:
            cell[IN_VAIN] = (cell[IN_VAIN] + 1) & WRAP

    def looking_first(predicate: Callable[[], object], timeout: float | None = None) -> object:
        cell[LOOKS_FIRST] = 1
        try:
            return wait_until(predicate, timeout)
        finally:
            cell[LOOKS_FIRST] = 0

    condition.notify, condition.wait_for = noting, looking_first


def _acquire_to_notify(take: Acquire, cell: Cell, thing_reporter: ThingReporter) -> Acquire:
    """Trace the notifier's wait for the notified processes to wake: if one of them was killed meanwhile, it waits for
    ever."""

    def acquire(block: bool = True, timeout: float | None = None) -> bool:
        if take(False):
            return True
        waited = blocked(take, cell, "notify", timeout, thing_reporter) if block else -1.0
        if waited > 0:
            thing_reporter.went_on("notify", waited)
        return waited >= 0

    return acquire


def untrace_condition(condition: Condition) -> None:
    """Undo `trace_condition`."""
    condition._wait_semaphore._make_methods()
    condition._woken_count._make_methods()
    del condition.wait_for
    del condition.notify
