"""Why a run with shared things came out so: notes about who waits for whom, lost updates, extra releases. Pure."""

from __future__ import annotations

from runner.arguments import references
from runner.dtypes import DTYPES
from runner.events import MAIN_PROCESS
from runner.notes import Note, listed
from runner.things import SharedArray, SharedBarrier, SharedSemaphore, SharedValue, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from runner.plan import Json, Plan


class Why:
    """Explains what the supervisor found of a plan's shared things."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._names = [*(process.name for process in plan.processes), MAIN_PROCESS]
        self._things = {thing.name: thing for thing in plan.shared}
        self._extra: set[str] = set()
        """Of what it has been told that it was released once too often."""
        self.deadlock: list[str] | None = None
        """The names of those in the first circle."""

    def name(self, number: int) -> str:
        """The name of a process, or of main."""
        return self._names[number]

    def of_stuck(self, found: Mapping[str, Any]) -> Iterator[Note]:
        """Who waits for what died with somebody, circles, and a standstill of the whole run."""
        things = {number: thing for number, thing, *_ in found["waits"]}
        for number in found["bereft"]:
            yield Note("who_waits", self.name(number), _BEREFT.format(self.name(number), things[number]))
        for circle in found["circles"]:
            names = [self.name(number) for number in circle]
            self.deadlock = self.deadlock or names
            ends = _ENDS_RUN if found["standstill"] else ""
            yield Note("deadlock", names[0], self._of_circle(circle, found) + ends)
        if found["standstill"] and not found["circles"] and self.deadlock is None:
            yield from self._of_standstill(found)

    def _of_circle(self, circle: Sequence[int], found: Mapping[str, Any]) -> str:
        waits = {wait[0]: wait[1] for wait in found["waits"]}
        if len(circle) == 1:
            (number,) = circle
            thing = waits[number]
            kind = kind_of(self._things[thing])
            return _ITSELF.format(self.name(number), thing, _INSTEAD.get(kind, "It has to be released first."))
        links = []
        for number, other in zip(circle, (*circle[1:], circle[0]), strict=True):
            held = [thing for thing, holders in found["holders"].items() if number in holders]
            has = f" has {listed(held)} and" if held else ""
            if number not in waits:  # main, which joins
                links.append(f"{self.name(number)}{has} waits for the end of {self.name(other)}")
            else:
                links.append(f"{self.name(number)}{has} waits for {waits[number]}, which {self.name(other)} has")
        advice = _IN_ORDER if all(number in waits for number in circle) else _RELEASE_FIRST
        return _CIRCLE.format("; ".join(links), advice)

    def _of_standstill(self, found: Mapping[str, Any]) -> Iterator[Note]:
        """Nobody runs any more: one note for each thing that is waited for."""
        by_wait: dict[tuple[str, str, str], list[str]] = {}
        for number, thing, kind, operation in found["waits"]:
            by_wait.setdefault((thing, kind, operation), []).append(self.name(number))
        if not by_wait:
            return
        for place, ((thing, kind, operation), names) in enumerate(by_wait.items()):
            about, text = self._of_wait(thing, kind, operation, found["in_vain"])
            who = f"{listed(names)} {'waits' if len(names) == 1 else 'wait'} "
            yield Note(about, names[0], who + text + (_STANDS_STILL if place == len(by_wait) - 1 else ""))

    def _of_wait(self, thing: str, kind: str, operation: str, in_vain: Sequence[str]) -> tuple[str, str]:
        match operation, kind:
            case "get", _:
                return "missing_poison_pill", _NO_ITEM.format(thing)
            case "put", _:
                return "standstill", f"for room in {thing}, and nobody is left who gets an item out of it."
            case "flush", _:
                return "join_before_get", _NO_ROOM.format(thing)
            case "join", _:
                return "standstill", f"until every item of {thing} is done, and nobody is left who says `task_done`."
            case "notify", _:
                return "standstill", _NOT_AWAKE.format(thing)
            case "wait", "condition" if thing in in_vain:
                return "lost_wakeup", _LOST_WAKEUP.format(thing)
            case "wait", "condition":
                return "standstill", f"to be notified of {thing}, and nobody is left who does that."
            case "wait", "event":
                return "standstill", f"for {thing} to be set, and nobody is left who sets it."
            case "wait", "barrier":
                barrier = self._things[thing]
                parties = barrier.parties if isinstance(barrier, SharedBarrier) else 0
                return "standstill", _BARRIER.format(thing, parties)
        return "standstill", f"for {thing}, and nobody is left who releases it."

    def of_picture(self, found: Mapping[str, Any]) -> Iterator[Note]:
        """Who waits for whom when the time limit is over."""
        lines = []
        for number, thing, _, operation in found["waits"]:
            holders = [self.name(holder) for holder in found["holders"].get(thing, ())]
            has = f", which {listed(holders)} {'has' if len(holders) == 1 else 'have'}" if holders else ""
            lines.append(f"{self.name(number)} waits for {thing} ({operation}){has}")
        if lines:
            yield Note("who_waits", None, f"At the time limit: {'; '.join(lines)}.")

    def of_extra_release(self, number: int, thing: str, free: int) -> Iterator[Note]:
        """A semaphore has more permits than it was made with."""
        made = self._things[thing]
        if not isinstance(made, SharedSemaphore) or not made.permits or free <= made.permits or thing in self._extra:
            return
        self._extra.add(thing)
        text = _EXTRA_RELEASE.format(self.name(number), thing, free, made.permits)
        yield Note("extra_release", self.name(number), text)

    def of_the_end(self, added: Mapping[str, Any], values: Mapping[str, Json]) -> Iterator[Note]:
        """Updates that were lost, and numbers that wrapped around."""
        for place, (amount, processes, guards) in added.items():
            name = place.partition("[")[0]
            thing = self._things.get(name)
            if isinstance(thing, SharedValue | SharedArray) and self._only_adds(name, place, processes):
                names = [self.name(number) for number in sorted(processes)]
                yield from _of_sum(place, thing, amount, values.get(name), names, guards)

    def _only_adds(self, name: str, place: str, told: Sequence[int]) -> bool:
        """Whether the number in this place is the sum of what was told: nobody else changes it, and all have told.

        A change of which nobody knows the place may be one of this.
        """
        for number, process in enumerate(self._plan.processes):
            if name in references([*process.args, *process.kwargs.values()]):
                return False
            changes = {kind for kind, changed in _changes(process.do or ()) if changed in (place, f"{name}[?]")}
            if "write" in changes or (changes and number not in told):
                return False
        return True


def _changes(steps: Any) -> Iterator[tuple[str, str]]:
    """The steps, at any depth, that change a number, each with the place of it: `total`, `board[0]`, `board[?]`."""
    for step in steps:
        if step["step"] in ("add", "write"):
            at = step["at"] if isinstance(step["at"], int) else "?"
            yield step["step"], f"{step['to']['ref']}[{at}]" if step["kind"] == "array" else step["to"]["ref"]
        inner = _changes(step.get("do", ()))
        # Nobody tells of what a child of its own adds.
        yield from (("write", place) for _, place in inner) if step["step"] == "child" else inner


def _of_sum(
    place: str, thing: SharedValue | SharedArray, amount: float, value: Json, names: list[str], guards: Sequence[str]
) -> Iterator[Note]:
    if isinstance(thing, SharedArray):
        number = place.partition("[")[2].removesuffix("]")
        index = int(number) if number.isdecimal() else thing.length
        if not isinstance(value, list) or index >= min(len(value), thing.length):
            return
        value = value[index]
        initial: float = thing.initial[index] if thing.initial else 0
    else:
        initial = thing.initial
    if thing.dtype == "bool":  # whatever is added to it, it is true then
        return
    expected = initial + amount
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    low, high = DTYPES[thing.dtype].least, DTYPES[thing.dtype].highest
    span = None if low is None or high is None else high - low + 1
    wrapped = 0 if span is None or low is None else int((expected - low) // span)
    if wrapped:
        text = _OVERFLOW.format(place, thing.dtype, low, high, expected, value, _times(abs(wrapped)))
        yield Note("overflow", None, text)
    lost = expected - value
    if wrapped and span is not None and lost % span:
        yield Note("lost_updates", None, _LOST_TOO.format(listed(names), place, _unguarded(place, guards)))
    elif not wrapped and (lost > 0) == (amount > 0) and abs(lost) > abs(expected) * NEARLY:
        text = _LOST.format(place, value, expected, listed(names), abs(lost), _unguarded(place, guards))
        yield Note("lost_updates", None, text)


def _unguarded(place: str, guards: Sequence[str]) -> str:
    if guards:
        return f"though all of them held {listed(list(guards))}: it lets in more than one at a time"
    return f"nothing that all of them hold guards {place}"


def _times(wrapped: int) -> str:
    return "once" if wrapped == 1 else f"{wrapped:,} times"


NEARLY = 1e-9
"""Of a sum of floats, what rounding may have taken."""
_BEREFT = "{0} waits for {1}, and would do so for ever: the run is ended."
_ENDS_RUN = " Nobody else is left to change that, so the run is ended."
_STANDS_STILL = " So nothing can happen any more, and the run is ended."
_CIRCLE = "Deadlock: {0}. None of them can go on by itself. {1}"
_IN_ORDER = "If all take what they need in the same order, such a circle cannot close."
_RELEASE_FIRST = "Who joins a process has to release first what that one needs to come to its end."
_ITSELF = "Deadlock: {0} waits for {1}, and has it itself. {2}"
_INSTEAD = {"lock": "A lock cannot be acquired twice; an rlock can, by who has it."}
_NO_ITEM = (
    "for an item of {0}, and nobody is left who puts one in. When there is no more to come, put an item for each of "
    "them that says so (a poison pill), or get with a timeout."
)
_NO_ROOM = (
    "to end: what it has put into {0} is more than the queue's pipe takes, and a process ends only when all of it is "
    "in there. Nobody gets an item any more, because main joins first. Get the items, and join then."
)
_LOST_WAKEUP = (
    "to be notified of {0}, which was notified when nobody waited: that wake-up is lost, a condition remembers "
    "nothing. Look whether it has happened already before you wait (`wait_for`), or use an event, which stays set."
)
_NOT_AWAKE = (
    "inside {0}: somebody was ended while it waited there, and who notifies waits until all of them are awake, this "
    "one too."
)
_BARRIER = "at the barrier {0}, which opens when {1} are there, and nobody is left who could come."
_EXTRA_RELEASE = (
    "{0} released {1} without having acquired it: now there are {2} permits, and {1} was made with {3}, so that one "
    "more gets in than should. A bounded_semaphore raises ValueError instead."
)
_LOST = (
    "{0} is {1:,}, and should be {2:,}: of what {3} added, {4:,} is lost. Adding is to read, to add and to write back; "
    "who reads before another one has written back overwrites that one's addition, and {5}."
)
_LOST_TOO = "Of what {0} added to {1} some is lost, too, and {2}."
_OVERFLOW = (
    "{0} is of the type {1}, which holds {2:,} to {3:,}: the sum {4:,} wrapped around {6}, to {5:,}. "
    "Choose a wider dtype."
)
