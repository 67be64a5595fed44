"""The state of locks and semaphores: which permits are free, held or missing."""

from __future__ import annotations

from runner.model.plan import Act
from runner.model.shared_things import SharedCondition, SharedLock, SharedRLock, SharedSemaphore, SharedValue
from runner.supervise.sharing.releases import may_release
from runner.supervise.tracing.permits import free_permits
from runner.supervise.tracing.table import EXTRA, HELD, MARK, WAITS, WANTS, Mark
from runner.system.sleeping import SeenWaits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from runner.model.plan import Plan
    from runner.model.shared_things import SharedPlan
    from runner.supervise.sharing.rows import Row
    from runner.supervise.sharing.things import SharedThings
    from runner.supervise.tracing.table import Table


INNER = {
    "reading": "the lock of {} for reading",
    "writing": "the lock of {} for writing",
    "inner": "the lock inside {}",
}
"""What the locks are called that a thing has inside."""


def missing_permits(permits: int, free: int, marks: Sequence[int], dead: int) -> tuple[int, bool]:
    """How many permits no process has any more, and whether that is certain.

    `marks` are those of all processes, `dead` is the one that died. It is uncertain while a living process acquires or
    releases.
    """
    living = [mark for process, mark in enumerate(marks) if process != dead]
    return permits - free - sum(mark & HELD for mark in living), not any(mark & WANTS for mark in living)


class Guards:
    """The guards of a run's shared things, by what the system and the processes say of them."""

    def __init__(self, shared: SharedThings, plan: Plan, sleeps: Callable[[int], bool | None]) -> None:
        """`sleeps` says whether a process of this number sleeps; None where that cannot be known."""
        self._shared = shared
        self._sleeps = sleeps
        self._programs = [process.do for process in plan.processes if process.do is not None]
        self._programs.append(tuple(step.step for step in plan.steps if isinstance(step, Act)))
        self._declared: dict[str, bool] = {}
        """Of guards that have been asked about: whether a program releases them that has not acquired them."""
        self._seen = SeenWaits()

    @property
    def rows(self) -> Sequence[Row]:
        """The rows of the table."""
        return self._shared.rows

    def marks(self, row: int, processes: Iterable[int]) -> dict[int, Mark]:
        """The marks of those of these processes that have noted anything in a row."""
        among = frozenset(processes)
        marks = enumerate(self._marks(row))
        return {process: Mark.of(mark) for process, mark in marks if mark and process in among}

    def _marks(self, row: int) -> list[int]:
        return [] if self._shared.table is None else self._shared.table.marks(row)

    def is_signal(self, row: int) -> bool:
        """Whether other processes release it than those that have acquired it."""
        thing = self.rows[row].thing
        if not isinstance(thing, SharedLock | SharedSemaphore):
            return False
        if thing.name not in self._declared:
            released = any(may_release(steps, thing.name) for steps in self._programs)
            self._declared[thing.name] = released or (isinstance(thing, SharedSemaphore) and not thing.permits)
        return self._declared[thing.name] or self._extra(row) > 0

    def _extra(self, row: int) -> int:
        """How often it was released by a process that had not acquired it."""
        table = self._shared.table
        return 0 if table is None else sum(cell[EXTRA] for cell in table.cells(row))

    def free(self, row: int) -> int:
        """How many permits of the lock that a row is about are free now."""
        made = self._shared.objects[self.rows[row].thing.name]
        match self.rows[row].role:
            case "reading":
                return free_permits(made._rlock._semlock)
            case "writing":
                return free_permits(made._wlock._semlock)
            case "inner":
                return free_permits(made._cond._lock._semlock)
        return free_permits(self._lock(self.rows[row].thing)._semlock)

    def _lock(self, thing: SharedPlan) -> Any:
        """What is acquired when a guard is: of a condition or a value its lock."""
        made = self._shared.objects[thing.name]
        match thing:
            case SharedCondition():
                return made._lock
            case SharedValue():
                return made.get_lock()
        return made

    def noted_by(self, process: int) -> list[int]:
        """The rows of guards that a process holds or wants, by its own marks."""
        table = self._shared.table
        guards = (number for number, row in enumerate(self.rows) if row.is_guard)
        return [] if table is None else [row for row in guards if table.cell(row, process)[MARK] & (HELD | WANTS)]

    def missing(self, row: int, dead: int) -> tuple[int, bool]:
        """How many permits of a guard no process has any more, and whether that is certain."""
        thing, free = self.rows[row].thing, self.free(row)
        permits = thing.permits if isinstance(thing, SharedSemaphore) else 1
        if not isinstance(thing, SharedSemaphore) and free:
            return 0, True
        return missing_permits(permits + self._extra(row), free, self._held(row, dead), dead)

    def _held(self, row: int, dead: int) -> list[int]:
        """The marks, without those that are sure to wait, each holder of what can be taken again counted once."""
        marks = [
            mark & ~WANTS if Mark.of(mark).blocked and self._is_asleep(process, row, dead) else mark
            for process, mark in enumerate(self._marks(row))
        ]
        if isinstance(self.rows[row].thing, SharedRLock | SharedCondition | SharedValue):
            return [mark & WANTS | bool(mark & HELD) for mark in marks]
        return marks

    def _is_asleep(self, process: int, row: int, dead: int) -> bool:
        """Whether a process that has noted that it waits does so, and has not just been given it."""
        asleep = self._sleeps(process)
        if asleep is not None:
            return asleep
        return self._seen.lasts((process, row, dead), _table_of(self._shared).cell(row, process)[WAITS])

    def clear_mark(self, row: int, process: int) -> None:
        """Forget what a dead process noted in a row."""
        _table_of(self._shared).cell(row, process)[MARK] = 0


def _table_of(shared: SharedThings) -> Table:
    if shared.table is None:
        raise AssertionError("nothing is traced")
    return shared.table
