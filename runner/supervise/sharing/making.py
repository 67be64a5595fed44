"""Create the multiprocessing objects for the shared things that a file declares."""

from __future__ import annotations

import multiprocessing

from runner.model.arguments import resolve
from runner.model.shared_things import (
    SharedBarrier,
    SharedCondition,
    SharedEvent,
    SharedLock,
    SharedManaged,
    SharedQueue,
    SharedRLock,
    SharedSemaphore,
    SharedValue,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.managers import SyncManager

    from runner.model.shared_things import SharedPlan


def make(thing: SharedPlan, manager: SyncManager | None) -> object:
    """Create the object for this declaration, under the start method that is set; for an array, shared memory."""
    match thing:
        case SharedLock():
            return multiprocessing.Lock()
        case SharedRLock():
            return multiprocessing.RLock()
        case SharedSemaphore(_, permits, bounded):
            return (multiprocessing.BoundedSemaphore if bounded else multiprocessing.Semaphore)(permits)
        case SharedEvent(_, is_set):
            event = multiprocessing.Event()
            if is_set:
                event.set()
            return event
        case SharedCondition():
            return multiprocessing.Condition()
        case SharedBarrier(_, parties):
            return multiprocessing.Barrier(parties)
        case SharedQueue(_, size, joinable):
            return (multiprocessing.JoinableQueue if joinable else multiprocessing.Queue)(size)
        case SharedValue():
            return _number(thing)
        case SharedManaged():
            return _in_a_manager(thing, manager)
    raise AssertionError(f"this is not made here: {thing}")


def _number(thing: SharedValue) -> object:
    import ctypes  # here: each library that the supervisor loads makes every fork slower

    from runner.model.dtypes import DTYPES

    ctype = getattr(ctypes, DTYPES[thing.dtype].ctype)
    return (multiprocessing.Value if thing.locked else multiprocessing.RawValue)(ctype, thing.initial)


def _in_a_manager(thing: SharedManaged, manager: SyncManager | None) -> object:
    if manager is None:
        raise AssertionError("there is no manager for what should live in one")
    initial = resolve(thing.initial, _nothing_known_later)
    if isinstance(initial, dict):
        return manager.dict(initial) if thing.of == "dict" else manager.Namespace(**initial)
    return manager.list(initial if isinstance(initial, list) else [])


def _nothing_known_later(name: str) -> object:
    raise AssertionError(f"an initial value refers to `{name}`")
