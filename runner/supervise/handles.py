"""What a child gets of the shared things: the objects themselves, and what it takes to trace them there.

Children import this module.
"""

from __future__ import annotations

import os

from runner.supervise import condition_tracing, tracing
from runner.supervise.queue_tracing import trace_queue
from runner.supervise.sending import untrace_sending
from runner.supervise.table import unsent
from runner.supervise.voice import Voice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Protocol

    from runner.supervise.surroundings import Descriptor
    from runner.supervise.table import Table
    from runner.supervise.voice import Tell

    class Handle(Protocol):
        """A shared thing on its way to a child, and there."""

        def bind(self) -> object:
            """The thing as targets see it."""

        def trace(self, process: int, tell: Tell) -> None:
            """Have it noted, from now on, what this process does with it."""

        def untrace(self) -> None:
            """Have the thing as it is by itself: this is a process that nobody knows."""

        def unsent(self, process: int) -> int:
            """How many items of this process wait for room in a queue's pipe; it is noted that it waits for that."""

        row: int
        """The first of its rows in the table."""


class PlainHandle:
    """A thing that is not traced."""

    __slots__ = ("_thing",)
    row = -1

    def __init__(self, thing: Any) -> None:
        self._thing = thing

    def __reduce__(self) -> tuple[object, ...]:
        return PlainHandle, (self._thing,)

    def bind(self) -> object:
        """The thing."""
        return self._thing

    def trace(self, process: int, tell: Tell) -> None:
        """Nothing to do."""

    def untrace(self) -> None:
        """Nothing to do."""

    def unsent(self, process: int) -> int:
        """None."""
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
        """A numpy array over the shared memory: each time the same one."""
        if self._array is None:
            import mmap

            import numpy as np

            # A map of its own, not a SharedMemory, which complains at interpreter exit while an array looks at it.
            self._array = np.frombuffer(mmap.mmap(self._memory.number, self._size), self._dtype, self._length)
        return self._array

    def trace(self, process: int, tell: Tell) -> None:
        """Nothing to do."""

    def untrace(self) -> None:
        """Nothing to do."""

    def unsent(self, process: int) -> int:
        """None."""
        return 0


class TracedHandle:
    """A thing that notes in the rows of the table, from `row` on, who waits for it and who has it."""

    __slots__ = ("_kind", "_table", "_thing", "row")

    def __init__(self, thing: Any, kind: str, table: Table, row: int) -> None:
        self._thing = thing
        self._kind = kind
        self._table = table
        self.row = row

    def __reduce__(self) -> tuple[object, ...]:
        return TracedHandle, (self._thing, self._kind, self._table, self.row)

    def bind(self) -> object:
        """The thing."""
        return self._thing

    def trace(self, process: int, tell: Tell) -> None:
        """Have it noted what this process does with it: once in each process."""
        thing = self._thing
        first, second = self.row, self.row + 1

        def place(row: int) -> tuple[Any, Voice]:
            return self._table.cell(row, process), Voice(row, tell)

        match self._kind:
            case "condition":
                tracing.trace_guard(thing._lock, *place(first))
                thing._make_methods()  # its `acquire` is that of its lock
                condition_tracing.trace_condition(thing, *place(second))
            case "event" | "barrier":
                condition_tracing.trace_condition(thing._cond, *place(first))
                condition_tracing.trace_entry(thing._cond._lock, *place(first))
                thing._cond._make_methods()
            case "queue" | "joinable_queue":
                trace_queue(thing, *place(first), Voice(first, tell))
                if self._kind == "joinable_queue":
                    condition_tracing.trace_condition(thing._cond, *place(second), "join")
            case "value":
                tracing.trace_guard(thing.get_lock(), *place(first))
                tracing.adopt_lock(thing)
            case _:
                tracing.trace_guard(thing, *place(first))

    def unsent(self, process: int) -> int:
        """How many items of a queue wait here for room in its pipe; it is noted that the process waits for that."""
        if self._kind not in ("queue", "joinable_queue") or self._thing._joincancelled:
            return 0
        items = unsent(self._table.cell(self.row, process))
        if items:
            tracing.note_flushing(self._table.cell(self.row, process))
        return items

    def untrace(self) -> None:
        """Have the thing as it is by itself."""
        thing = self._thing
        match self._kind:
            case "condition":
                tracing.untrace_guard(thing._lock)
                thing._make_methods()
                condition_tracing.untrace_condition(thing)
            case "event" | "barrier":
                condition_tracing.untrace_entry(thing._cond._lock)
                thing._cond._make_methods()
                condition_tracing.untrace_condition(thing._cond)
            case "queue" | "joinable_queue":
                del thing.get
                untrace_sending(thing)
                thing._sem._make_methods()
                if self._kind == "joinable_queue":
                    condition_tracing.untrace_condition(thing._cond)
            case "value":
                tracing.untrace_guard(thing.get_lock())
                tracing.adopt_lock(thing)
            case _:
                tracing.untrace_guard(thing)


ROWS = {"condition": 2, "joinable_queue": 2}
"""Of the table, where it is not one: the lock and who waits to be notified; the items and who waits for the last."""


def trace_all(handles: Iterable[Handle], process: int, tell: Tell) -> None:
    """Trace them in this process, and in no copy of it that the target forks."""
    traced = list(handles)
    for handle in traced:
        handle.trace(process, tell)

    def untrace_all() -> None:
        while traced:  # once: a copy may fork, too
            traced.pop().untrace()

    os.register_at_fork(after_in_child=untrace_all)
