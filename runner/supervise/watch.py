"""Watches who waits for whom: looks at the table when somebody says that it waits, or has ended.

What is found is certain: it is looked at twice, and only what was stuck in the same wait both times is told.
"""

from __future__ import annotations

import select

from runner.records import record, replace
from runner.supervise import waiting
from runner.supervise.shared import free_permits
from runner.supervise.table import EXTRA, GIVEN, IN_VAIN, LOOKS_FIRST, MARK, TAKEN, WAITS, Mark
from runner.supervise.waiting import MainsState, Scene, Wait
from runner.things import SharedCondition, SharedQueue, SharedSemaphore, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from runner.supervise.holders import Lost
    from runner.supervise.shared import SharedThings
    from runner.things import SharedPlan


@record(frozen=True, slots=True)
class Picture:
    """What was found: who waits for what, who has what, the circles, and whether all stand still.

    Processes are numbers (main's is the highest), things are names. `in_vain` are conditions that were notified when
    nobody waited.
    """

    waits: Mapping[int, tuple[str, str, str]]
    holders: Mapping[str, tuple[int, ...]]
    circles: tuple[tuple[int, ...], ...]
    standstill: bool
    joined: int | None
    in_vain: tuple[str, ...]
    ended: bool
    """Main has ended."""
    bereft: tuple[int, ...] = ()
    """Who waits for what somebody died with."""

    def to_json(self) -> dict[str, Any]:
        """The picture as the front gets it."""
        return {
            "waits": [[process, *wait] for process, wait in self.waits.items()],
            "holders": {name: list(holders) for name, holders in self.holders.items()},
            "circles": [list(circle) for circle in self.circles],
            "standstill": self.standstill,
            "joined": self.joined,
            "in_vain": list(self.in_vain),
            "main_ended": self.ended,
            "bereft": list(self.bereft),
        }


class Watch:
    """Looks at the shared things of one run."""

    def __init__(self, shared: SharedThings, has_children: Callable[[int], bool], lost: Lost) -> None:
        """`has_children` says whether a process has processes of its own, which nobody knows."""
        self._shared = shared
        self._lost = lost
        self._has_children = has_children
        self._told: set[frozenset[int]] = set()
        """Circles that have been told."""
        self.is_unsure = False
        """To be looked at again: that a pipe is full, or that a process's own child has ended, nobody says."""

    def look(self, alive: frozenset[int], main: MainsState, ending: frozenset[int]) -> Picture | None:
        """What is new, if anything is; `ending` are processes that a timer will end."""
        first = self._scene(alive, main)
        self.is_unsure = any(wait.operation == "flush" for wait in first.waits.values())
        if bereft := waiting.bereft(first):
            second = self._scene(alive, main)
            again = waiting.bereft(second)
            if lasting := [number for number, wait in bereft.items() if again.get(number) == wait]:
                return replace(self._picture(second, [], False, main), bereft=tuple(lasting))
        stuck = waiting.stuck(first)
        if not stuck and not waiting.is_standstill(first, ending):
            return None
        helped = frozenset(filter(self._has_children, stuck))
        self.is_unsure = bool(helped) or self.is_unsure
        second = replace(self._scene(alive, main), helped=helped)
        same = all(first.waits.get(number) == second.waits.get(number) for number in stuck)
        if not same or not stuck <= waiting.stuck(second):
            return None
        circles = [each for each in waiting.circles(second, stuck) if frozenset(each) not in self._told]
        standstill = waiting.is_standstill(second, ending)
        if standstill and not waiting.is_standstill(
            first, ending
        ):  # who has come to wait may be in a circle of its own
            standstill, self.is_unsure = False, True
        if not circles and not standstill:
            return None
        self._told |= set(map(frozenset, circles))
        return self._picture(second, circles, standstill, main)

    @property
    def has_found_circles(self) -> bool:
        """Whether processes wait for each other."""
        return bool(self._told)

    def picture(self, alive: frozenset[int], main: MainsState) -> Picture:
        """Who waits for whom now."""
        return self._picture(self._scene(alive, main), [], False, main)

    def _picture(self, scene: Scene, circles: list[tuple[int, ...]], standstill: bool, main: MainsState) -> Picture:
        waits = {
            number: (self._thing(wait.row).name, kind_of(self._thing(wait.row)), wait.operation)
            for number, wait in scene.waits.items()
        }
        held = {self._thing(row).name: holders for row, holders in scene.holders.items() if holders}
        in_vain = [
            thing.name
            for row, thing in enumerate(self._shared.rows)
            if isinstance(thing, SharedCondition) and self._has_lost_a_wake_up(row, scene)
        ]
        ended = not main.goes_on and main.joined is None and scene.main not in scene.waits
        return Picture(waits, held, tuple(circles), standstill, main.joined, tuple(in_vain), ended)

    def _has_lost_a_wake_up(self, row: int, scene: Scene) -> bool:
        """Whether it was notified in vain, and somebody waits who has not looked first whether it has to."""
        cells = self._cells(row)
        waiting_ = (number for number, wait in scene.waits.items() if wait.row == row)
        return any(cell[IN_VAIN] for cell in cells) and not all(cells[number][LOOKS_FIRST] for number in waiting_)

    def _thing(self, row: int) -> SharedPlan:
        return self._shared.rows[row]

    def _began(self, row: int, process: int) -> int:
        """How often a process has begun to wait."""
        return 0 if self._shared.table is None else self._shared.table.cell(row, process)[WAITS]

    def _cells(self, row: int) -> list[tuple[int, ...]]:
        return [] if self._shared.table is None else self._shared.table.cells(row)

    def _scene(self, alive: frozenset[int], main: MainsState) -> Scene:
        """What everybody does now: first what each says of itself, then what is free."""
        waits: dict[int, Wait] = {}
        bereft: dict[int, Wait] = {}
        going_on: set[int] = set()
        holders: dict[int, tuple[int, ...]] = {}
        gone = frozenset(row for row, thing in enumerate(self._shared.rows) if thing.name in self._lost.gone)
        living = alive | {self._shared.main}
        for row in range(len(self._shared.rows)):
            marks = self._marks_of(row, living)
            holders[row] = tuple(process for process, mark in marks.items() if mark.held and not mark.reads)
            for process, mark in marks.items():
                if mark.blocked and row in gone and not mark.timed:  # whatever its other threads do
                    bereft[process] = Wait(row, mark.operation, self._began(row, process))
                elif mark.blocked and mark.goes_on:
                    going_on.add(process)
                elif mark.blocked:
                    waits[process] = Wait(row, mark.operation, self._began(row, process))
        waits = {process: wait for process, wait in waits.items() if process not in going_on} | bereft
        waited_for = {wait.row for wait in waits.values()}
        return Scene(
            main=self._shared.main,
            alive=alive,
            waits=waits,
            holders=holders,
            open=frozenset(row for row in waited_for if self._is_open(row, waits, alive)),
            signals=frozenset(filter(self._is_signal, waited_for)),
            mains=main,
            semaphores=frozenset(
                row for row, thing in enumerate(self._shared.rows) if isinstance(thing, SharedSemaphore)
            ),
            gone=gone,
        )

    def _marks_of(self, row: int, processes: frozenset[int]) -> dict[int, Mark]:
        """What those of these processes have noted that have noted anything."""
        marks = [] if self._shared.table is None else self._shared.table.marks(row)
        return {process: Mark.of(mark) for process, mark in enumerate(marks) if mark and process in processes}

    def _is_signal(self, row: int) -> bool:
        """Whether others release it than those that have acquired it."""
        thing = self._thing(row)
        return (isinstance(thing, SharedSemaphore) and not thing.permits) or any(
            cell[EXTRA] for cell in self._cells(row)
        )

    def _is_open(self, row: int, waits: Mapping[int, Wait], alive: frozenset[int]) -> bool:
        """Whether something is free in a row, or on its way to somebody who has not noted it yet."""
        thing, cells = self._thing(row), self._cells(row)
        made = self._shared.objects[thing.name]
        operations = {wait.operation for wait in waits.values() if wait.row == row}
        given, taken = (sum(cell[place] for cell in cells) % 2**32 for place in (GIVEN, TAKEN))
        if "flush" in operations:
            return bool(select.select([], [made._writer.fileno()], [], 0)[1])
        if "get" in operations and thing.name in self._lost.gone:
            return free_permits(made._rlock) > 0
        if isinstance(thing, SharedQueue) and not operations & {"join", "notify"}:
            if "get" in operations and given != taken and self._may_come(row, made, alive):
                return True
            room = free_permits(made._sem)
            size = made._maxsize
            return "put" in operations and (room > 0 or size - room != (given - taken) % 2**32)
        if operations == {"acquire"}:
            return self._has_free_permits(thing, cells)
        condition = made if isinstance(thing, SharedCondition) else made._cond
        if operations == {"notify"}:
            return free_permits(condition._woken_count) + free_permits(condition._lock) > 0
        return given != taken or free_permits(condition._wait_semaphore) > 0

    def _may_come(self, row: int, queue: Any, alive: frozenset[int]) -> bool:
        """Whether an item that was put may still come: it is in the pipe, or in somebody's buffer who lives."""
        if select.select([queue._reader.fileno()], [], [], 0)[0]:
            return True
        cells = self._cells(row)
        return any(cells[process][GIVEN] for process in alive | {self._shared.main})

    def _has_free_permits(self, thing: SharedPlan, cells: list[tuple[int, ...]]) -> bool:
        held = [Mark.of(cell[MARK]).held for cell in cells]
        is_semaphore = isinstance(thing, SharedSemaphore)
        permits = thing.permits if isinstance(thing, SharedSemaphore) else 1
        given_back = sum(cell[EXTRA] for cell in cells)
        has = sum(held) if is_semaphore else sum(map(bool, held))  # some may be taken again by who has them
        has += self._lost.permits.get(thing.name, 0)
        free = free_permits(self._shared.lock_of(thing))
        return free > 0 or permits + given_back - has != free
