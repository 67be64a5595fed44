"""Trace multiprocessing's locks and semaphores: record and report their waiters and owners.

The objects keep their classes. All of them block on a semaphore of the operating system (`SemLock`), which is replaced
by one of ours with the same behaviour. Children import this module.
"""

from __future__ import annotations

import threading

from runner.supervise.tracing.permits import free_permits
from runner.supervise.tracing.table import BLOCKED, EXTRA, INDEPENDENT, MARK, TIMED, WAITS, WANTS, operation_bits
from runner.system.clock import monotonic

__all__ = [
    "WANTS",
    "TracedSemLock",
    "adopt_lock",
    "announce",
    "bare",
    "blocked",
    "note_flushing",
    "trace_guard",
    "untrace_guard",
    "wait_for",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias, TypeVar

    from runner.model.multiprocessing_protocols import Guard, Made, SemLock, Value
    from runner.supervise.tracing.table import Cell
    from runner.supervise.tracing.thing_messages import ThingReporter

    Acquire: TypeAlias = Callable[..., bool]
    Kind = TypeVar("Kind")

PATIENCE_S = 0.02
"""A wait that is longer than this is reported."""
WRAP = (1 << 32) - 1
_FEEDER = "QueueFeederThread"
_AS_THEY_ARE = ("_after_fork", "_count", "_get_value", "_is_mine", "_is_zero", "handle", "kind", "maxvalue", "name")


class TracedSemLock:
    """Replaces a lock's `SemLock`; with `take`, `give` and `mark` a loop can do by itself what this class does.

    `mark[0] = WANTS`, `take`, `mark[0] = 1`, and then `mark[0] = WANTS`, `give`, `mark[0] = 0`: this is correct as long
    as the process owns no other permit of it.
    """

    __slots__ = ("__enter__", "__exit__", "acquire", "give", "mark", "release", "take", "untraced", *_AS_THEY_ARE)

    def __init__(self, untraced: SemLock, cell: Cell, acquire: Acquire, release: Callable[..., None]) -> None:
        self.untraced = untraced
        self.take: Acquire = untraced.acquire
        self.give: Callable[[], None] = untraced.release
        self.mark = cell[MARK : MARK + 1]
        self.acquire = acquire
        self.release = release
        self.__enter__ = acquire
        self.__exit__ = release
        for name in _AS_THEY_ARE:
            setattr(self, name, getattr(untraced, name))


def bare(guard: Made) -> TracedSemLock:
    """Return the parts for a loop that cannot afford calls of `acquire` and `release`."""
    traced: TracedSemLock = guard._semlock
    return traced


def trace_guard(guard: Guard, cell: Cell, thing_reporter: ThingReporter) -> None:
    """Trace a lock, an rlock or a semaphore: its owners with their permits, and its waiters."""
    untraced = guard._semlock
    take, give, mark = untraced.acquire, untraced.release, cell[MARK : MARK + 1]
    held = 0
    left = 1
    """The number of acquisitions until the next one is reported."""
    waited = 0.0
    told = False

    def acquire(block: bool = True, timeout: float | None = None) -> bool:
        nonlocal held, left
        mark[0] = WANTS | held if held else WANTS
        if not take(False) and not (block and wait(timeout)):
            mark[0] = held
            return False
        mark[0] = held = held + 1
        if (
            held == 1 or waited
        ):  # a permit that the process owns already and acquires again without a wait is not reported
            left -= 1
            if not left or waited:
                tell()
        return True

    def wait(timeout: float | None) -> bool:
        nonlocal waited
        try:
            waited = wait_for(take, cell, held, "acquire", timeout, thing_reporter)
        except BaseException:  # a signal handler has raised
            cell[MARK] = held
            raise
        if waited < 0:
            waited = 0.0
            return False
        return True

    def tell() -> None:
        nonlocal left, told, waited
        left, waited, told = thing_reporter.acquired("acquire", waited, left), 0.0, True

    def release(guard: object = None, kind: object = None, error: object = None, traceback: object = None) -> None:
        nonlocal held, told
        mark[0] = WANTS | held
        try:
            give()
        except BaseException:  # another process has released it already, so this one does not own it any more
            mark[0] = held = max(0, held - 1)
            raise
        if held:
            mark[0] = held = held - 1
        else:  # a semaphore or a lock may be released by a process that never acquired it
            cell[EXTRA] = (cell[EXTRA] + 1) & WRAP
            mark[0] = 0
            thing_reporter.released_extra(free_permits(untraced))
        if told and not held:
            told = False
            thing_reporter.released()

    guard._semlock = TracedSemLock(untraced, cell, acquire, release)
    guard._make_methods()
    guard.__class__ = entered_by(type(guard), acquire, release)


def entered_by(kind: type[Kind], acquire: Acquire, release: Callable[..., None]) -> type[Kind]:
    """Return a class whose `with` calls these two functions: calls through the class's own methods take twice as long.

    Both must accept the guard itself as first argument: `contextlib.ExitStack` looks them up in the class.
    """
    return type(
        kind.__name__,
        (kind,),
        {
            "__module__": kind.__module__,
            "__qualname__": kind.__qualname__,
            "__enter__": staticmethod(acquire),
            "__exit__": staticmethod(release),
            # The process that receives it does not trace it.
            "__reduce_ex__": lambda guard, _: (object.__new__, (kind,), guard.__getstate__()),
        },
    )


def adopt_lock(value: Value) -> None:
    """Have a value use its traced lock; `value.value` acquires it, too."""
    lock = value.get_lock()
    value.acquire, value.release = lock.acquire, lock.release


def blocked(take: Acquire, cell: Cell, operation: str, timeout: float | None, thing_reporter: ThingReporter) -> float:
    """Call `wait_for` for a thing that the process does not own: the mark is cleared afterwards."""
    try:
        return wait_for(take, cell, 0, operation, timeout, thing_reporter)
    finally:
        cell[MARK] = 0


def wait_for(
    take: Acquire, cell: Cell, held: int, operation: str, timeout: float | None, thing_reporter: ThingReporter
) -> float:
    """Wait with `take`, which has failed at once; return the seconds waited, or -1 after a timeout.

    A wait of at most `PATIENCE_S` counts as 0 and is not reported.
    """
    began = monotonic()
    patience_s = PATIENCE_S if timeout is None else min(PATIENCE_S, timeout)
    if take(True, patience_s):
        return 0.0
    if timeout is not None and timeout <= PATIENCE_S:
        return -1.0
    announce(cell, held, operation, timeout, thing_reporter, began)
    try:
        took = take(True, None if timeout is None else timeout - (monotonic() - began))
    except BaseException:  # a signal handler has raised
        cell[MARK] = held
        raise
    if took:
        return monotonic() - began
    thing_reporter.timed_out(operation, monotonic() - began)
    return -1.0


def announce(
    cell: Cell, held: int, operation: str, timeout: float | None, thing_reporter: ThingReporter, began: float
) -> None:
    """Record that the process waits, and report it."""
    timed = 0 if timeout is None else TIMED
    goes_on = INDEPENDENT if timed or _has_other_threads() or _has_handlers() else 0
    cell[WAITS] = (cell[WAITS] + 1) & WRAP
    cell[MARK] = WANTS | BLOCKED | goes_on | timed | operation_bits(operation) | held
    thing_reporter.waiting(operation, timeout, began)


def _has_handlers() -> bool:
    """Return whether a signal, or a timer that sends one, may make the process do something else."""
    import signal

    if signal.getitimer(signal.ITIMER_REAL)[0]:
        return True
    ours = (signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler, None)
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    return any(handler not in ours and not _is_our_own(handler) for handler in handlers)


def _is_our_own(handler: object) -> bool:
    """Return whether a handler belongs to this package, such as that of `on_terminate: unwind`: it releases nothing."""
    return str(getattr(handler, "__module__", "")).startswith("runner.")


def note_flushing(cell: Cell) -> None:
    """Record that the process has finished its work, and waits for room for the items that it has put into a queue."""
    cell[WAITS] = (cell[WAITS] + 1) & WRAP
    goes_on = INDEPENDENT if _has_other_threads() or _has_handlers() else 0
    cell[MARK] = WANTS | BLOCKED | goes_on | operation_bits("flush")


def _has_other_threads() -> bool:
    """Return whether threads other than ours and the queues' feeders exist, which may let a waiter go on."""
    if threading.active_count() == 1:
        return False
    return any(not thread.name.startswith(_FEEDER) for thread in threading.enumerate()[1:])


def untrace_guard(guard: Guard) -> None:
    """Undo `trace_guard`."""
    (guard.__class__,) = type(guard).__bases__
    guard._semlock = guard._semlock.untraced
    guard._make_methods()
