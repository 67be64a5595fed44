"""Scan the table of waiters for deadlocks when a process reports a wait or ends.

A deadlock that is found is certain: all its processes have been in the same wait at two scans, and have slept in
between, so that none of them has received anything meanwhile.
"""

from __future__ import annotations

import select

from runner.model.records import replace
from runner.model.shared_things import SharedCondition, kind_of
from runner.supervise.core import deadlocks
from runner.supervise.core.deadlocks import MainsState, Scene, Wait
from runner.supervise.core.snapshot import Picture
from runner.supervise.sharing.release_analysis import can_release, may_release
from runner.supervise.tracing.permits import are_free
from runner.supervise.tracing.table import IN_VAIN, LOOKS_FIRST, WAITS, unsent
from runner.system.thread_states import SeenWaits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from runner.model.multiprocessing_protocols import Connection
    from runner.model.plan import ProcessPlan
    from runner.supervise.core.snapshot import Moment
    from runner.supervise.sharing.guards import Guards
    from runner.supervise.sharing.rows import Row
    from runner.supervise.sharing.things import SharedThings
    from runner.supervise.tracing.table import Mark

SOON_S, LATER_S = 0.005, 0.05
"""Seconds until the next scan: SOON_S while a process is about to wait, or to go on; LATER_S at most, and while
something may change that no process reports (room in a pipe, a reader that has read a part of an item, the end of a
process's child)."""


class DeadlockWatch:
    """Scans the shared things of one run."""

    def __init__(
        self,
        shared: SharedThings,
        guards: Guards,
        plans: Sequence[ProcessPlan],
        has_children: Callable[[int], bool],
        sleeps: Callable[[int], bool | None],
    ) -> None:
        """`has_children` returns whether a process has processes of its own, which are not traced.

        `sleeps` returns whether a process sleeps; None if that cannot be known.
        """
        self._shared = shared
        self._guards = guards
        self._plans = plans
        self._has_children = has_children
        self._sleeps = sleeps
        self._reported_circles: set[frozenset[int]] = set()
        """The circles that have been reported."""
        self._releases: dict[tuple[int, int, int, int, bool], bool] = {}
        """Whether a process can release the guard of a row: by its step, what it owns, and whether it waits there."""
        self._seen = SeenWaits()
        self.again_in_s: float | None = None
        """Seconds until the next scan even if no process reports anything; None if none is necessary."""
        self._soon_s = SOON_S

    def look(self, moment: Moment) -> Picture | None:
        """Return what is new, if anything is."""
        first = self._scene(moment)
        self.again_in_s = LATER_S if any(_may_change_unseen(wait, first) for wait in first.waits.values()) else None
        stuck = deadlocks.stuck(first)
        if not stuck and not deadlocks.is_standstill(first):
            return None
        helped = frozenset(filter(self._has_children, stuck))
        awake = frozenset(number for number in stuck & first.waits.keys() if not self._is_asleep(number, first))
        second = replace(self._scene(moment), helped=helped | awake)
        lasting = deadlocks.stuck(second)
        moved = any(first.waits.get(number) != second.waits.get(number) for number in lasting)
        if awake or moved:
            self.again_in_s, self._soon_s = self._soon_s, min(2 * self._soon_s, LATER_S)
        else:
            self.again_in_s, self._soon_s = LATER_S if helped else self.again_in_s, SOON_S
        if moved:
            return None
        circles = [each for each in deadlocks.circles(second, lasting) if frozenset(each) not in self._reported_circles]
        standstill = deadlocks.is_standstill(second) and deadlocks.is_standstill(first)
        bereft = tuple(deadlocks.bereft(second))
        if not circles and not standstill and not bereft:
            return None
        self._reported_circles |= set(map(frozenset, circles))
        picture = self._picture(second, moment.main)
        if standstill and moment.requested:
            picture = replace(picture, without_room=tuple(sorted(moment.requested)), room=moment.room.most)
        return replace(picture, circles=tuple(circles), standstill=standstill, bereft=bereft)

    def _is_asleep(self, number: int, scene: Scene) -> bool:
        """Return whether a process that has recorded a wait is asleep in it, and has not just received what it waits
        for."""
        wait = scene.waits[number]
        asleep = None if wait.threaded else self._sleeps(number)
        return self._seen.lasts(number, wait) if asleep is None else asleep

    @property
    def has_found_circles(self) -> bool:
        """Whether processes wait for each other."""
        return bool(self._reported_circles)

    def picture(self, moment: Moment) -> Picture:
        """Return the current waiters and owners."""
        return self._picture(self._scene(moment), moment.main)

    def _picture(self, scene: Scene, main: MainsState) -> Picture:
        """Return the waiters and owners of a scene; `look` adds what was found about it."""
        things = [row.thing for row in self._rows]
        in_vain = tuple(
            row.thing.name
            for number, row in enumerate(self._rows)
            if isinstance(row.thing, SharedCondition) and self._has_lost_a_wake_up(number, scene)
        )
        return Picture(
            waits={
                number: (things[wait.row].name, kind_of(things[wait.row]), wait.operation)
                for number, wait in scene.waits.items()
            },
            holders=self._of_guards(scene.holders),
            givers=self._of_guards(scene.givers),
            joined=main.joined,
            in_vain=in_vain,
            ended=main.ended and scene.main not in scene.waits,
        )

    def _of_guards(self, processes: Mapping[int, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        """Return the processes of the rows that steps acquire, by the names of the things."""
        guards = {row: among for row, among in processes.items() if among and self._rows[row].role == "guard"}
        return {self._rows[row].thing.name: among for row, among in guards.items()}

    def _has_lost_a_wake_up(self, row: int, scene: Scene) -> bool:
        """Return whether the condition was notified without a waiter, and a process waits now that did not check first
        whether it has to."""
        cells = self._cells(row)
        waiters = (number for number, wait in scene.waits.items() if wait.row == row)
        return any(cell[IN_VAIN] for cell in cells) and not all(cells[number][LOOKS_FIRST] for number in waiters)

    @property
    def _rows(self) -> Sequence[Row]:
        return self._guards.rows

    def _began(self, row: int, process: int) -> int:
        """Return how often a process has begun to wait."""
        return 0 if self._shared.table is None else self._shared.table.cell(row, process)[WAITS]

    def _cells(self, row: int) -> list[tuple[int, ...]]:
        return [] if self._shared.table is None else self._shared.table.cells(row)

    def _scene(self, moment: Moment) -> Scene:
        """Return what all processes do now: first their own marks, then what is free."""
        living = moment.alive | {self._shared.main}
        marks = [self._guards.marks(row, living) for row in range(len(self._rows))]
        waits = self._waits(marks)
        asked = {(wait.row, wait.operation) for wait in waits.values()}
        opened = frozenset(each for each in asked if self._is_open(*each))
        guards = {row for row, _ in asked if self._rows[row].is_guard}
        givers = {row: tuple(self._givers(row, marks[row], waits, moment)) for row in guards}
        return Scene(
            main=self._shared.main,
            alive=moment.alive,
            # Another thread of the process may provide what this one waits for, unless no process can.
            waits={
                process: wait
                for process, wait in waits.items()
                if not wait.threaded
                or (not givers.get(wait.row, (process,)) and (wait.row, wait.operation) not in opened)
            },
            holders={
                row: tuple(process for process, mark in noted.items() if mark.held)
                for row, noted in enumerate(marks)
                if not self._guards.is_signal(row)
            },
            open=opened,
            givers=givers,
            mains=moment.main,
            ending=moment.ending,
            requested=moment.requested,
            room=moment.room,
        )

    def _waits(self, marks: Sequence[Mapping[int, Mark]]) -> dict[int, Wait]:
        """Return what each process waits for, if it waits without a timeout."""
        waits: dict[int, Wait] = {}
        going_on: set[int] = set()
        feeding: dict[int, Wait] = {}
        """What the feeder threads wait for, which write the items of a process to a queue's pipe."""
        for row, noted in enumerate(marks):
            for process, mark in noted.items():
                wait = Wait(row, mark.operation, self._began(row, process), mark.goes_on)
                if mark.blocked and self._rows[row].role == "writing":
                    feeding[process] = wait
                elif mark.blocked and mark.timed:
                    going_on.add(process)
                elif mark.blocked:
                    waits[process] = wait
        flushing = {process for process, wait in waits.items() if wait.operation == "flush"} & feeding.keys()
        waits |= {process: feeding[process] for process in flushing}
        return {process: wait for process, wait in waits.items() if process not in going_on}

    def _givers(self, row: int, marks: Mapping[int, Mark], waits: Mapping[int, Wait], moment: Moment) -> Iterable[int]:
        """Return the processes that can release a guard: living ones, those that have yet to start, and main."""
        thing, role = self._rows[row].thing, self._rows[row].role
        for process in sorted(moment.alive | moment.requested | moment.main.pending | {self._shared.main}):
            mark = marks.get(process)
            held = 0 if mark is None else max(mark.held, mark.in_between)
            is_waiter = process in waits and waits[process].row == row
            if role != "guard":
                gives = held > 0
            elif process == self._shared.main:
                gives = may_release(moment.mains_steps, thing.name, held=held, waits=is_waiter)
            else:
                gives = self._can_release(process, row, held, is_waiter)
            if gives:
                yield process

    def _can_release(self, process: int, row: int, held: int, waits: bool) -> bool:
        """Return whether a process can release a guard. Each scan asks this for each of a thousand waiters."""
        known = (process, row, self._position(process), held, waits)
        if known not in self._releases:
            plan, thing = self._plans[process], self._rows[row].thing
            self._releases[known] = can_release(plan, thing, position=known[2], held=held, waits=waits)
        return self._releases[known]

    def _position(self, process: int) -> int:
        return 0 if self._shared.table is None else self._shared.table.position(process)[0]

    def _is_open(self, row: int, operation: str) -> bool:
        """Return whether what a row's waiters wait for is available."""
        made = self._shared.objects[self._rows[row].thing.name]
        if self._rows[row].is_guard:
            return self._guards.free(row) > 0
        match operation:
            case "get":
                return _is_ready(made._reader, select.POLLIN) or self._main_sends(row)
            case "put":
                return are_free(made._sem._semlock)
            case "flush":
                return _is_ready(made._writer, select.POLLOUT)
        condition = made if isinstance(self._rows[row].thing, SharedCondition) else made._cond
        return are_free((condition._woken_count if operation == "notify" else condition._wait_semaphore)._semlock)

    def _main_sends(self, row: int) -> bool:
        """Return whether an item that main has put is on its way: main's helper sends it, even after the end of
        main."""
        table, main = self._shared.table, self._shared.main
        if table is None or not unsent(table.cell(row, main)):
            return False
        rows = [other for other, of in enumerate(self._rows) if of.thing is self._rows[row].thing]
        locks = [other for other in rows if self._rows[other].role in ("writing", "inner")]
        return not any(table.mark(lock, main).blocked for lock in locks)


def _may_change_unseen(wait: Wait, scene: Scene) -> bool:
    """Return whether what a process waits for may come and go without a report.

    The bytes in a queue's pipe may be a part of an item whose sender has been killed: the getter reads them and waits
    for the rest.
    """
    return wait.operation == "flush" or (wait.operation == "get" and (wait.row, "get") in scene.open)


def _is_ready(end: Connection, event: int) -> bool:
    """Return whether an end of a pipe can be read from, or written to."""
    poll = select.poll()
    poll.register(end.fileno(), event)
    return bool(poll.poll(0))
