"""Who waits for whom, and whether that can ever end. Pure.

A process is *hopeful* if it runs, or if what it waits for can come from somebody hopeful. Whoever is not is stuck: for
ever, since only those that run can change anything. A circle among the stuck is a deadlock; when nobody is hopeful any
more, the run as a whole has come to a standstill.
"""

from __future__ import annotations

from runner.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@record(frozen=True, slots=True)
class Wait:
    """What a process waits for: a row of the table, in an operation; `since` counts its waits."""

    row: int
    operation: str
    since: int = 0


@record(frozen=True, slots=True)
class MainsState:
    """What main does: it goes on by itself, joins a process without a timeout, or has ended (neither)."""

    goes_on: bool
    joined: int | None = None


@record(frozen=True, slots=True)
class Scene:
    """What everybody does at one moment. `main` is main's number, which is above those of all processes.

    `alive` are the processes that live; `waits` has those of them, and main, that wait without a timeout for a shared
    thing. `holders` are those that have permits of a row. What is in `open` may come by itself: something is free, or
    on its way. In rows of `signals` anybody may give what another one takes. `mains` says what main does beside.
    A permit of the rows in `semaphores` is mostly given back by who has it, and may be given by anybody.
    Who is `helped` has processes of its own, of which nobody knows what they do. Of the rows in `gone` a permit is gone
    with somebody who died with it.
    """

    main: int
    alive: frozenset[int]
    waits: Mapping[int, Wait]
    holders: Mapping[int, tuple[int, ...]]
    open: frozenset[int]
    signals: frozenset[int]
    mains: MainsState
    helped: frozenset[int] = frozenset()
    semaphores: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()

    def hopeful(self) -> frozenset[int]:
        """Who runs, or can come to run again."""
        hopeful = {process for process in self.alive if process not in self.waits or process in self.helped}
        hopeful |= {self.main} if self._main_goes_on else set()
        waiting = [number for number in (*sorted(self.alive), self.main) if number not in hopeful]
        grown = True
        while grown:
            new = {number for number in waiting if number not in hopeful and self._can_go_on(number, hopeful)}
            hopeful |= new
            grown = bool(new)
        return frozenset(hopeful)

    @property
    def _main_goes_on(self) -> bool:
        return self.mains.goes_on and self.main not in self.waits

    def _can_go_on(self, number: int, hopeful: set[int]) -> bool:
        if number == self.main and self.mains.joined is not None:
            return self.mains.joined not in self.alive or self.mains.joined in hopeful
        wait = self.waits.get(number)
        if wait is None:  # main has ended
            return False
        if wait.row in self.open:
            return True
        holders = self.holders.get(wait.row, ())
        if wait.operation != "acquire" or wait.row in self.signals or wait.row in self.semaphores:
            return bool(hopeful)
        # What the dead have had, anybody may give back.
        return any(holder in hopeful for holder in holders) if holders else bool(hopeful)

    def waited_for(self, number: int) -> tuple[int, ...]:
        """Those on whom it depends when a stuck one goes on: who has what it waits for, or whom main joins."""
        if number == self.main and self.mains.joined is not None:
            return (self.mains.joined,)
        wait = self.waits.get(number)
        if wait is None or wait.operation != "acquire" or wait.row in self.signals:
            return ()
        return self.holders.get(wait.row, ())


def stuck(scene: Scene) -> frozenset[int]:
    """Those that wait, and will for ever."""
    waiting = set(scene.waits) | ({scene.main} if scene.mains.joined is not None else set())
    return frozenset(waiting) - scene.hopeful()


def bereft(scene: Scene) -> dict[int, Wait]:
    """Those that wait for what somebody died with, and nobody else has: nobody gives it back, whoever may run.

    Of a queue that is the lock under which one after the other gets.
    """
    never = scene.gone - scene.open - scene.signals
    return {
        number: wait
        for number, wait in scene.waits.items()
        if wait.operation in ("acquire", "get") and wait.row in never and not scene.holders.get(wait.row)
    }


def circles(scene: Scene, among: Iterable[int]) -> list[tuple[int, ...]]:
    """The circles in which some of these wait for each other, each beginning with its lowest number."""
    among = frozenset(among)
    found: dict[frozenset[int], tuple[int, ...]] = {}
    for start in sorted(among):
        circle = _circle_through(scene, start, among)
        if circle is not None:
            found.setdefault(frozenset(circle), circle)
    return list(found.values())


def _circle_through(scene: Scene, start: int, among: frozenset[int]) -> tuple[int, ...] | None:
    """The shortest circle that leads from `start` back to it, if `start` is the lowest in it."""
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


def is_standstill(scene: Scene, ending: frozenset[int]) -> bool:
    """Whether nothing will happen any more: nobody is hopeful, and none of those that live will be ended by a timer."""
    waits = bool(scene.alive) or scene.main in scene.waits
    return waits and not scene.hopeful() and not ending & scene.alive
