"""Trace multiprocessing's locks and semaphores: record and report their waiters and holders.

The objects stay what they are. What blocks in all of them is a semaphore of the operating system (`SemLock`), in whose
place stands one of ours that goes through the same motions. Children import this module.
"""

from __future__ import annotations

import threading

from runner.supervise.tracing.permits import free_permits
from runner.supervise.tracing.table import BLOCKED, EXTRA, GOES_ON, MARK, TIMED, WAITS, WANTS, operation_bits
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
    from typing import Any, TypeAlias

    from runner.supervise.tracing.table import Cell
    from runner.supervise.tracing.thing_messages import Voice

    Acquire: TypeAlias = Callable[..., bool]

PATIENCE_S = 0.02
"""Who waits longer than this says so."""
WRAP = (1 << 32) - 1
_FEEDER = "QueueFeederThread"
_AS_THEY_ARE = ("_after_fork", "_count", "_get_value", "_is_mine", "_is_zero", "handle", "kind", "maxvalue", "name")


class TracedSemLock:
    """Stands in a lock's place of a `SemLock`; with `take`, `give` and `mark` a loop can do itself what it does.

    `mark[0] = WANTS`, `take`, `mark[0] = 1`, and then `mark[0] = WANTS`, `give`, `mark[0] = 0`: right as long as the
    process has no other permit of it.
    """

    __slots__ = ("__enter__", "__exit__", "acquire", "give", "mark", "release", "take", "untraced", *_AS_THEY_ARE)

    def __init__(self, untraced: Any, cell: Cell, acquire: Acquire, release: Callable[..., None]) -> None:
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


def bare(guard: Any) -> TracedSemLock:
    """What a loop needs that cannot afford a call of `acquire` and `release`."""
    traced: TracedSemLock = guard._semlock
    return traced


def trace_guard(guard: Any, cell: Cell, voice: Voice) -> None:
    """Trace a lock, an rlock or a semaphore: who has how many permits, who waits."""
    untraced = guard._semlock
    take, give, mark = untraced.acquire, untraced.release, cell[MARK : MARK + 1]
    held = 0
    left = 1
    """So many acquisitions until one is told again."""
    waited = 0.0
    told = False

    def acquire(block: bool = True, timeout: float | None = None) -> bool:
        nonlocal held, left
        mark[0] = WANTS | held if held else WANTS
        if not take(False) and not (block and wait(timeout)):
            mark[0] = held
            return False
        mark[0] = held = held + 1
        if held == 1 or waited:  # what it has already, and takes once more without a wait, is no news
            left -= 1
            if not left or waited:
                tell()
        return True

    def wait(timeout: float | None) -> bool:
        nonlocal waited
        try:
            waited = wait_for(take, cell, held, "acquire", timeout, voice)
        except BaseException:  # a signal's handler has raised
            cell[MARK] = held
            raise
        if waited < 0:
            waited = 0.0
            return False
        return True

    def tell() -> None:
        nonlocal left, told, waited
        left, waited, told = voice.acquired("acquire", waited, left), 0.0, True

    def release(guard: object = None, kind: object = None, error: object = None, traceback: object = None) -> None:
        nonlocal held, told
        mark[0] = WANTS | held
        try:
            give()
        except BaseException:  # another process has released it already, so that this one has it no more
            mark[0] = held = max(0, held - 1)
            raise
        if held:
            mark[0] = held = held - 1
        else:  # a semaphore, and a lock, may be released by one that never acquired it
            cell[EXTRA] = (cell[EXTRA] + 1) & WRAP
            mark[0] = 0
            voice.released_extra(free_permits(untraced))
        if told and not held:
            told = False
            voice.released()

    guard._semlock = TracedSemLock(untraced, cell, acquire, release)
    guard._make_methods()
    guard.__class__ = entered_by(type(guard), acquire, release)


def entered_by(kind: type[Any], acquire: Acquire, release: Callable[..., None]) -> type[Any]:
    """A guard's class under whose `with` stand these two: by way of the class's own methods it takes twice as long.

    Both may be given the guard itself first, as `contextlib.ExitStack` does, which asks the class for them.
    """
    return type(
        kind.__name__,
        (kind,),
        {
            "__module__": kind.__module__,
            "__qualname__": kind.__qualname__,
            "__enter__": staticmethod(acquire),
            "__exit__": staticmethod(release),
            # The process that it is handed on to does not trace it.
            "__reduce_ex__": lambda guard, _: (object.__new__, (kind,), guard.__getstate__()),
        },
    )


def adopt_lock(value: Any) -> None:
    """Have a value use its lock as that is now; `value.value` acquires it, too."""
    lock = value.get_lock()
    value.acquire, value.release = lock.acquire, lock.release


def blocked(take: Acquire, cell: Cell, operation: str, timeout: float | None, voice: Voice) -> float:
    """`wait_for` of what one does not hold: nothing is left in the mark."""
    try:
        return wait_for(take, cell, 0, operation, timeout, voice)
    finally:
        cell[MARK] = 0


def wait_for(take: Acquire, cell: Cell, held: int, operation: str, timeout: float | None, voice: Voice) -> float:
    """Wait with `take`, which could not have it at once; gives how long that took, or -1 when time was over.

    What takes no longer than `PATIENCE_S` counts as nothing (0), and is not told.
    """
    began = monotonic()
    patience_s = PATIENCE_S if timeout is None else min(PATIENCE_S, timeout)
    if take(True, patience_s):
        return 0.0
    if timeout is not None and timeout <= PATIENCE_S:
        return -1.0
    announce(cell, held, operation, timeout, voice, began)
    try:
        took = take(True, None if timeout is None else timeout - (monotonic() - began))
    except BaseException:  # a signal's handler has raised
        cell[MARK] = held
        raise
    if took:
        return monotonic() - began
    voice.timed_out(operation, monotonic() - began)
    return -1.0


def announce(cell: Cell, held: int, operation: str, timeout: float | None, voice: Voice, began: float) -> None:
    """Note that the process waits, and say so."""
    timed = 0 if timeout is None else TIMED
    goes_on = GOES_ON if timed or _has_other_threads() or _has_handlers() else 0
    cell[WAITS] = (cell[WAITS] + 1) & WRAP
    cell[MARK] = WANTS | BLOCKED | goes_on | timed | operation_bits(operation) | held
    voice.waiting(operation, timeout, began)


def _has_handlers() -> bool:
    """Whether a signal, or a timer that sends one, may have the process do something else."""
    import signal

    if signal.getitimer(signal.ITIMER_REAL)[0]:
        return True
    ours = (signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler, None)
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    return any(handler not in ours and not _is_our_own(handler) for handler in handlers)


def _is_our_own(handler: object) -> bool:
    """Whether a handler is one of this package, as that of `on_terminate: unwind` is: it releases nothing."""
    return str(getattr(handler, "__module__", "")).startswith("runner.")


def note_flushing(cell: Cell) -> None:
    """Note that the process has ended its work, and waits for room for what it has put into a queue."""
    cell[WAITS] = (cell[WAITS] + 1) & WRAP
    goes_on = GOES_ON if _has_other_threads() or _has_handlers() else 0
    cell[MARK] = WANTS | BLOCKED | goes_on | operation_bits("flush")


def _has_other_threads() -> bool:
    """Whether another thread than ours, and than those that fill queues, may let a waiter go on."""
    if threading.active_count() == 1:
        return False
    return any(not thread.name.startswith(_FEEDER) for thread in threading.enumerate()[1:])


def untrace_guard(guard: Any) -> None:
    """Undo `trace_guard`."""
    guard.__class__ = type(guard).__base__
    guard._semlock = guard._semlock.untraced
    guard._make_methods()
