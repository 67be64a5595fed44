"""The state of locks and semaphores: which permits are free, held or missing."""

from __future__ import annotations

from runner.model.plan import Act
from runner.model.shared_things import SharedCondition, SharedLock, SharedRLock, SharedSemaphore, SharedValue
from runner.supervise.sharing.release_analysis import may_release
from runner.supervise.tracing.permits import free_permits
from runner.supervise.tracing.table import EXTRA, HELD, MARK, WAITS, WANTS, Mark
from runner.system.thread_states import SeenWaits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence, Set

    from runner.model.multiprocessing_protocols import Guard
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
"""The words for the locks inside a thing."""


def missing_permits(permits: int, free: int, marks: Sequence[int], dead: int) -> tuple[int, bool]:
    """Return how many permits are lost, so that no process can release them, and whether that is certain.

    `marks` are those of all processes, `dead` is the process that died. It is uncertain while a living process acquires
    or releases.
    """
    living = [mark for process, mark in enumerate(marks) if process != dead]
    return permits - free - sum(mark & HELD for mark in living), not any(mark & WANTS for mark in living)


class Guards:
    """The guards of a run's shared things, as the system and the marks of the processes show them."""

    def __init__(self, shared: SharedThings, plan: Plan, sleeps: Callable[[int], bool | None]) -> None:
        """`sleeps` returns whether a process of this number sleeps; None if that cannot be known."""
        self._shared = shared
        self._sleeps = sleeps
        self._programs = [process.do for process in plan.processes if process.do is not None]
        self._programs.append(tuple(step.step for step in plan.steps if isinstance(step, Act)))
        self._declared: dict[str, bool] = {}
        """For each guard asked about: whether processes release it that have not acquired it."""
        self._seen = SeenWaits()

    @property
    def rows(self) -> Sequence[Row]:
        """The rows of the table."""
        return self._shared.rows

    def marks(self, row: int, processes: Iterable[int]) -> dict[int, Mark]:
        """Return the marks of those of these processes that have recorded anything in a row."""
        among = frozenset(processes)
        marks = enumerate(self._marks(row))
        return {process: Mark.of(mark) for process, mark in marks if mark and process in among}

    def _marks(self, row: int) -> list[int]:
        return [] if self._shared.table is None else self._shared.table.marks(row)

    def is_signal(self, row: int) -> bool:
        """Return whether other processes release the guard than those that have acquired it."""
        thing = self.rows[row].thing
        if not isinstance(thing, SharedLock | SharedSemaphore):
            return False
        if thing.name not in self._declared:
            released = any(may_release(steps, thing.name) for steps in self._programs)
            self._declared[thing.name] = released or (isinstance(thing, SharedSemaphore) and not thing.permits)
        return self._declared[thing.name] or self._extra(row) > 0

    def _extra(self, row: int) -> int:
        """Return how often the guard was released by a process that had not acquired it."""
        table = self._shared.table
        return 0 if table is None else sum(cell[EXTRA] for cell in table.cells(row))

    def free(self, row: int) -> int:
        """Return how many permits of the row's lock are free now."""
        made = self._shared.objects[self.rows[row].thing.name]
        match self.rows[row].role:
            case "reading":
                return free_permits(made._rlock._semlock)
            case "writing":
                return free_permits(made._wlock._semlock)
            case "inner":
                return free_permits(made._cond._lock._semlock)
        return free_permits(self._lock(self.rows[row].thing)._semlock)

    def _lock(self, thing: SharedPlan) -> Guard:
        """Return the lock that is acquired with a guard: for a condition or a value its own lock."""
        made = self._shared.objects[thing.name]
        lock: Guard = made
        match thing:
            case SharedCondition():
                lock = made._lock
            case SharedValue():
                lock = made.get_lock()
        return lock

    def guards_noted_by(self, process: int) -> list[int]:
        """Return the rows of guards that a process owns or wants, by its own marks."""
        table = self._shared.table
        guards = (number for number, row in enumerate(self.rows) if row.is_guard)
        return [] if table is None else [row for row in guards if table.cell(row, process)[MARK] & (HELD | WANTS)]

    def missing(self, row: int, dead: int, ended: Set[int] = frozenset()) -> tuple[int, bool]:
        """Return how many permits of a guard are lost, so that no process can release them, and whether that is
        certain. The processes in `ended` acquire nothing any more."""
        thing, free = self.rows[row].thing, self.free(row)
        permits = thing.permits if isinstance(thing, SharedSemaphore) else 1
        if not isinstance(thing, SharedSemaphore) and free:
            return 0, True
        return missing_permits(permits + self._extra(row), free, self._held(row, dead, ended), dead)

    def _held(self, row: int, dead: int, ended: Set[int]) -> list[int]:
        """Return the marks without those of certain waiters, counting each owner of a reentrant lock once."""
        marks = [
            mark & ~WANTS if self._acquires_nothing(process, mark, row, dead, ended) else mark
            for process, mark in enumerate(self._marks(row))
        ]
        if isinstance(self.rows[row].thing, SharedRLock | SharedCondition | SharedValue):
            return [mark & WANTS | bool(mark & HELD) for mark in marks]
        return marks

    def _acquires_nothing(self, process: int, mark: int, row: int, dead: int, ended: Set[int]) -> bool:
        """Return whether a process with this mark is certain not to acquire the guard now."""
        if process in ended:
            return process != dead
        return Mark.of(mark).blocked and self._is_asleep(process, row, dead)

    def _is_asleep(self, process: int, row: int, dead: int) -> bool:
        """Return whether a process that has recorded a wait is asleep in it, and has not just received what it waits
        for."""
        asleep = self._sleeps(process)
        if asleep is not None:
            return asleep
        return self._seen.lasts((process, row, dead), _table_of(self._shared).cell(row, process)[WAITS])

    def clear_mark(self, row: int, process: int) -> None:
        """Clear what a dead process recorded in a row."""
        _table_of(self._shared).cell(row, process)[MARK] = 0


def _table_of(shared: SharedThings) -> Table:
    if shared.table is None:
        raise AssertionError("nothing is traced")
    return shared.table
