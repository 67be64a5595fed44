"""Detect deadlocks, standstills and waits that no process can end: which processes wait for ever, and why. Pure.

A process is *hopeful* if it runs, or if a hopeful process can provide what it waits for. All others are stuck for ever,
since only running processes change anything. A circle among the stuck processes is a deadlock; when no process is
hopeful any more, the run has come to a standstill.
"""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set


@record(frozen=True, slots=True)
class Wait:
    """What a process waits for: a row of the table, in an operation; `since` counts its waits.

    A process may be `threaded`: this thread of it waits, others may run.
    """

    row: int
    operation: str
    since: int = 0
    threaded: bool = False


@record(frozen=True, slots=True)
class MainsState:
    """The state of main: it goes on by itself, joins a process without a timeout, or has ended (neither).

    `pending` are the processes that it has yet to start, `ends` those that it will terminate or kill, including
    daemons.
    """

    goes_on: bool
    joined: int | None = None
    pending: frozenset[int] = frozenset()
    ends: frozenset[int] = frozenset()

    @property
    def ended(self) -> bool:
        """Whether main has ended."""
        return not self.goes_on and self.joined is None


@record(frozen=True, slots=True)
class Room:
    """The number of processes that have room at once, whether there is room now, and the processes that take the
    rest."""

    most: int | None
    is_free: bool
    holders: frozenset[int] = frozenset()


UNLIMITED = Room(None, is_free=True)


@record(frozen=True, slots=True)
class Scene:
    """What all processes do at one moment. `main` is main's number, which is above those of all processes.

    `alive` are the living processes, `waits` those of them, and main, that wait without a timeout for a shared thing.
    `open` are the rows, each with an operation, whose waiters may go on by themselves: a permit is free, an item is on
    its way.

    `givers` are the rows of guards, each with the processes, started or not, that can release it; in any other row,
    every process that goes on may provide what the waiters need. `holders` own permits of a row that its owners should
    release.

    `mains` is the state of main. `helped` are the processes that may be helped from elsewhere: they have children,
    which may release things on their behalf, or are about to go on. The run's own timers end those in `ending`,
    whatever they do.

    `requested` are the processes that wait for their starts, which need `room`.
    """

    main: int
    alive: frozenset[int]
    waits: Mapping[int, Wait]
    holders: Mapping[int, tuple[int, ...]]
    open: frozenset[tuple[int, str]]
    givers: Mapping[int, tuple[int, ...]]
    mains: MainsState
    helped: frozenset[int] = frozenset()
    ending: frozenset[int] = frozenset()
    requested: frozenset[int] = frozenset()
    room: Room = UNLIMITED

    def hopeful(self) -> frozenset[int]:
        """Return the processes that run, or can come to run; one that has not started can if it can get its room."""
        hopeful = {process for process in self.alive if process not in self.waits or process in self.helped}
        hopeful |= {self.main} if self._main_goes_on else set()
        waiting = [number for number in (*sorted(self.alive), self.main) if number not in hopeful]
        grown = True
        while grown:
            if self._has_room(hopeful):
                hopeful |= self.requested | (self.mains.pending if self.main in hopeful else set())
            new = {number for number in waiting if number not in hopeful and self._can_go_on(number, hopeful)}
            hopeful |= new
            grown = bool(new)
        return frozenset(hopeful)

    def _has_room(self, hopeful: set[int]) -> bool:
        """Return whether there is room for another process, or will be without the end of a waiting one."""
        return self.room.is_free or any(
            holder not in self.alive or holder in hopeful or self.is_ended_anyway(holder, hopeful)
            for holder in self.room.holders
        )

    @property
    def _main_goes_on(self) -> bool:
        return self.main in self.helped or (self.mains.goes_on and self.main not in self.waits)

    def _can_go_on(self, number: int, hopeful: set[int]) -> bool:
        if number == self.main and self.mains.joined is not None:
            joined = self.mains.joined
            lives_or_will = joined in self.alive or joined in self.requested
            return not lives_or_will or joined in hopeful or joined in self.ending
        wait = self.waits.get(number)
        if wait is None:  # main has ended
            return False
        if (wait.row, wait.operation) in self.open:
            return True
        if wait.row in self.givers:
            return any(giver in hopeful for giver in self.givers[wait.row])
        return bool(hopeful)

    def waited_for(self, number: int) -> tuple[int, ...]:
        """Return the processes on whose release a stuck one depends: the owners of what it waits for, or the process
        that main joins."""
        if number == self.main and self.mains.joined is not None:
            return (self.mains.joined,)
        wait = self.waits.get(number)
        return () if wait is None or wait.row not in self.givers else self.holders.get(wait.row, ())

    def _other_givers(self, number: int, row: int) -> tuple[int, ...]:
        return tuple(giver for giver in self.givers[row] if giver != number)

    def is_bereft(self, number: int, hopeful: frozenset[int]) -> bool:
        """Return whether a process waits for a guard that no process can release, whichever others run.

        A waiter for an owner that is stuck itself does not: the owner is reported instead. Nor does a process that will
        be ended anyway: the run goes on without it.
        """
        wait = self.waits[number]
        if number in hopeful or wait.row not in self.givers or self._other_givers(number, wait.row):
            return False
        return frozenset(self.holders.get(wait.row, ())) <= hopeful and not self.is_ended_anyway(number, hopeful)

    def is_ended_anyway(self, number: int, hopeful: Set[int]) -> bool:
        """Return whether a process will be ended while it waits: by a timer, or by main if main goes on."""
        return number in self.ending or (number in self.mains.ends and self.main in hopeful)


def stuck(scene: Scene) -> frozenset[int]:
    """Return the processes that wait, and will for ever unless they are ended."""
    waiting = set(scene.waits) | ({scene.main} if scene.mains.joined is not None else set())
    return frozenset(waiting) - scene.hopeful()


def bereft(scene: Scene) -> dict[int, Wait]:
    """Return the processes that wait for a guard that no process can release, with their waits."""
    hopeful = scene.hopeful()
    return {number: wait for number, wait in scene.waits.items() if scene.is_bereft(number, hopeful)}


def circles(scene: Scene, among: Iterable[int]) -> list[tuple[int, ...]]:
    """Return the circles in which some of these wait for each other, each beginning with its lowest number."""
    among = frozenset(among)
    found: dict[frozenset[int], tuple[int, ...]] = {}
    for start in sorted(among):
        circle = _circle_through(scene, start, among)
        if circle is not None:
            found.setdefault(frozenset(circle), circle)
    return list(found.values())


def _circle_through(scene: Scene, start: int, among: frozenset[int]) -> tuple[int, ...] | None:
    """Return the shortest circle that leads from `start` back to it, if `start` is the lowest in it."""
    ways: list[tuple[int, ...]] = [(start,)]
    seen = {start}
    while ways:
        way = ways.pop(0)
        for other in sorted(scene.waited_for(way[-1])):
            if other == start:
                return way if start == min(way) else None
            if other in among and other not in seen:
                seen.add(other)
                ways.append((*way, other))
    return None


def is_standstill(scene: Scene) -> bool:
    """Return whether nothing will happen any more: no process is hopeful, and none of the living ones will be ended."""
    waits = bool(scene.alive) or scene.main in scene.waits
    return waits and not scene.hopeful() and not scene.ending & scene.alive
