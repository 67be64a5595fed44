"""The handles that children receive for shared things: the objects, and functions that trace them.

Children import this module.
"""

from __future__ import annotations

import os

from runner.supervise.tracing import conditions, locks, own_processes
from runner.supervise.tracing.inner_locks import trace_inner, untrace_inner
from runner.supervise.tracing.queues import trace_queue, untrace_queue
from runner.supervise.tracing.table import unsent
from runner.supervise.tracing.thing_messages import Place
from runner.system.orphans import ARE_LISTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from runner.model.multiprocessing_protocols import Condition, Made
    from runner.supervise.tracing.descriptor import Descriptor
    from runner.supervise.tracing.table import Table
    from runner.supervise.tracing.thing_messages import Tell

    class Handle(Protocol):
        """A shared thing, in the process that starts a child and in the child."""

        def bind(self) -> object:
            """Return the thing as targets see it."""

        def trace(self, process: int, tell: Tell) -> None:
            """Record from now on what this process does with the thing."""

        def untrace(self) -> None:
            """Stop tracing the thing: this is a process that the supervisor does not know."""

        def unsent(self, process: int) -> int:
            """Return how many items of this process wait for room in a queue's pipe, and record this wait."""

        row: int
        """The first row of the thing in the table."""


class PlainHandle:
    """A thing that is not traced."""

    __slots__ = ("_thing",)
    row = -1

    def __init__(self, thing: object) -> None:
        self._thing = thing

    def __reduce__(self) -> tuple[object, ...]:
        return PlainHandle, (self._thing,)

    def bind(self) -> object:
        """Return the thing."""
        return self._thing

    def trace(self, process: int, tell: Tell) -> None:
        """Do nothing."""

    def untrace(self) -> None:
        """Do nothing."""

    def unsent(self, process: int) -> int:
        """Return 0."""
        return 0


class ArrayHandle:
    """An array in shared memory."""

    row = -1
    __slots__ = ("_array", "_dtype", "_length", "_memory", "_size")

    def __init__(self, memory: Descriptor, size: int, dtype: str, length: int) -> None:
        self._memory = memory
        self._size = size
        self._dtype = dtype
        self._length = length
        self._array: object = None

    def __reduce__(self) -> tuple[object, ...]:
        return ArrayHandle, (self._memory, self._size, self._dtype, self._length)

    def bind(self) -> object:
        """Return a numpy array over the shared memory: the same one each time."""
        if self._array is None:
            import mmap

            import numpy as np

            # A map of its own, not a SharedMemory, which complains at interpreter exit while an array still uses it.
            self._array = np.frombuffer(mmap.mmap(self._memory.number, self._size), self._dtype, self._length)
        return self._array

    def trace(self, process: int, tell: Tell) -> None:
        """Do nothing."""

    def untrace(self) -> None:
        """Do nothing."""

    def unsent(self, process: int) -> int:
        """Return 0."""
        return 0


class TracedHandle:
    """A thing that records its waiters and owners in the rows of the table, from `row` on."""

    __slots__ = ("_kind", "_table", "_thing", "row")

    def __init__(self, thing: Made, kind: str, table: Table, row: int) -> None:
        self._thing = thing
        self._kind = kind
        self._table = table
        self.row = row

    def __reduce__(self) -> tuple[object, ...]:
        return TracedHandle, (self._thing, self._kind, self._table, self.row)

    def bind(self) -> object:
        """Return the thing."""
        return self._thing

    def trace(self, process: int, tell: Tell) -> None:
        """Record from now on what this process does with the thing: once in each process."""
        thing = self._thing
        places = [
            Place(row, self._table.cell(row, process), tell)
            for row in range(self.row, self.row + len(roles_of(self._kind)))
        ]
        first = places[0]
        match self._kind:
            case "condition":
                locks.trace_guard(thing._lock, first.cell, first.thing_reporter())
                thing._make_methods()  # its `acquire` is that of its lock
                conditions.trace_condition(thing, places[1].cell, places[1].thing_reporter())
            case "event" | "barrier":
                _trace_inner_condition(thing._cond, "wait", *places)
            case "queue" | "joinable_queue":
                trace_queue(thing, *places[:3])
                if self._kind == "joinable_queue":
                    _trace_inner_condition(thing._cond, "join", *places[3:])
            case "value":
                locks.trace_guard(thing.get_lock(), first.cell, first.thing_reporter())
                locks.adopt_lock(thing)
            case _:
                locks.trace_guard(thing, first.cell, first.thing_reporter())

    def unsent(self, process: int) -> int:
        """Return how many items of a queue wait here for room in its pipe, and record this wait."""
        if self._kind not in ("queue", "joinable_queue") or self._thing._joincancelled:
            return 0
        items = unsent(self._table.cell(self.row, process))
        if items:
            locks.note_flushing(self._table.cell(self.row, process))
        return items

    def untrace(self) -> None:
        """Stop tracing the thing."""
        thing = self._thing
        match self._kind:
            case "condition":
                locks.untrace_guard(thing._lock)
                thing._make_methods()
                conditions.untrace_condition(thing)
            case "event" | "barrier":
                _untrace_inner_condition(thing._cond)
            case "queue" | "joinable_queue":
                untrace_queue(thing)
                if self._kind == "joinable_queue":
                    _untrace_inner_condition(thing._cond)
            case "value":
                locks.untrace_guard(thing.get_lock())
                locks.adopt_lock(thing)
            case _:
                locks.untrace_guard(thing)


def _trace_inner_condition(condition: Condition, operation: str, notified: Place, inner: Place) -> None:
    conditions.trace_condition(condition, notified.cell, notified.thing_reporter(), operation)
    trace_inner(condition._lock, inner.cell, "enter", inner.thing_reporter())
    condition._make_methods()


def _untrace_inner_condition(condition: Condition) -> None:
    untrace_inner(condition._lock)
    condition._make_methods()
    conditions.untrace_condition(condition)


ROLES = {
    "condition": ("guard", "notified"),
    "event": ("notified", "inner"),
    "barrier": ("notified", "inner"),
    "queue": ("items", "reading", "writing"),
    "joinable_queue": ("items", "reading", "writing", "notified", "inner"),
}
"""The meaning of each row of a kind of thing: a `guard` that steps acquire, the processes that wait to be `notified`,
the `items` of a queue and the room in it, and the locks inside the thing."""


def roles_of(kind: str) -> tuple[str, ...]:
    """Return the roles of the rows of a thing of this kind."""
    return ROLES.get(kind, ("guard",))


def trace_all(handles: Iterable[Handle], process: int, tell: Tell) -> None:
    """Trace the things in this process, but not in copies of it that the target forks."""
    traced = list(handles)
    for handle in traced:
        handle.trace(process, tell)

    def untrace_all() -> None:
        while traced:  # once: a copy may fork, too
            traced.pop().untrace()

    os.register_at_fork(after_in_child=untrace_all)
    table = next((handle._table for handle in traced if isinstance(handle, TracedHandle)), None)
    if table is not None and not ARE_LISTED:
        own_processes.watch(table.family(process))
