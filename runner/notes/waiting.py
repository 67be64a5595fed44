"""Write notes on deadlocks and other problems with shared things: waiters, holders, extra releases. Pure."""

from __future__ import annotations

from runner.model.events import MAIN_PROCESS
from runner.model.exit_codes import signal_name
from runner.model.shared_things import SharedBarrier, SharedManaged, SharedSemaphore, kind_of
from runner.notes.lives import Note, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from runner.model.event_types import ProcessExited
    from runner.model.plan import Plan
    from runner.model.words import NoteWord


class Why:
    """Explains what the supervisor found of a plan's shared things."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._names = [*(process.name for process in plan.processes), MAIN_PROCESS]
        self._things = {thing.name: thing for thing in plan.shared}
        self._lost_items: dict[str, str] = {}
        """Queues of which an item was lost, each with the process that had put the first one."""
        self.deadlock: tuple[str, ...] | None = None
        """The names of those in the first circle."""

    def name(self, number: int) -> str:
        """The name of a process, or of main."""
        return self._names[number]

    def about(self, message: Mapping[str, Any], ends: Mapping[int, ProcessExited]) -> Iterator[Note] | None:
        """The notes on what the supervisor says of shared things; None if it is about something else.

        `ends` are how processes have ended, by their numbers.
        """
        match message:
            case {"stuck": found}:
                return self.of_stuck(found)
            case {"picture": found}:
                return self.of_picture(found)
            case {"released_extra": number, "thing": thing, "free": free}:
                return self.of_extra_release(number, thing, free)
            case {"dropped": number, "thing": thing, "error": error}:
                return self.of_dropped(number, thing, error)
            case {"unsent": items, "by": number, "thing": thing, "writing": writing}:
                return self.of_unsent(number, thing, items, ends.get(number), writing=writing)
            case {"manager_died": exit_code}:
                return self.of_manager(exit_code)
        return None

    def of_stuck(self, found: Mapping[str, Any]) -> Iterator[Note]:
        """Processes that wait for what no process can release, circles, and a standstill of the whole run."""
        bereft = frozenset(found["bereft"])
        for number, thing, _, operation in found["waits"]:
            if number in bereft:
                yield self._of_bereft(number, thing, operation, found)
        things = {number: thing for number, thing, *_ in found["waits"]}
        held = _held_by(found["holders"]) if found["circles"] else {}
        for circle in found["circles"]:
            names = [self.name(number) for number in circle]
            self.deadlock = self.deadlock or tuple(names)
            ends = _ENDS_RUN if found["standstill"] else ""
            yield Note("deadlock", names[0], self._of_circle(circle, things, held) + ends, " ".join(names))
        if found["standstill"] and not found["circles"] and self.deadlock is None:
            yield from self._of_standstill(found)

    def _of_bereft(self, number: int, thing: str, operation: str, found: Mapping[str, Any]) -> Note:
        name = self.name(number)
        holders = [self.name(holder) for holder in found["holders"].get(thing, ())]
        has = "has it, and never releases it" if len(holders) == 1 else "have it, and never release it"
        why = f"{listed(holders)} {has}" if holders else _NO_GIVER
        text = _BEREFT.get(operation, _BEREFT["acquire"]).format(name, thing, why)
        return Note("who_waits" if thing in found["died"] else "standstill", name, text + _SO_ENDED, thing)

    def _of_circle(self, circle: Sequence[int], waits: Mapping[int, str], held_by: Mapping[int, list[str]]) -> str:
        """A circle in words; `waits` has the thing that each process waits for, `held_by` those that each has."""
        if len(circle) == 1:
            (number,) = circle
            thing = waits[number]
            kind = kind_of(self._things[thing])
            return _ITSELF.format(self.name(number), thing, _INSTEAD.get(kind, "It has to be released first."))
        links = []
        for number, other in zip(circle, (*circle[1:], circle[0]), strict=True):
            held = held_by.get(number)
            has = f" has {listed(held)} and" if held else ""
            if number not in waits:  # main, which joins
                links.append(f"{self.name(number)}{has} waits for the end of {self.name(other)}")
            else:
                links.append(f"{self.name(number)}{has} waits for {waits[number]}, which {self.name(other)} has")
        advice = _IN_ORDER if all(number in waits for number in circle) else _RELEASE_FIRST
        return _CIRCLE.format("; ".join(_folded(links)), advice)

    def _of_standstill(self, found: Mapping[str, Any]) -> Iterator[Note]:
        """No process runs any more: one note for each thing that is waited for."""
        bereft = frozenset(found["bereft"])
        by_wait: dict[tuple[str, str, str], list[str]] = {}
        for number, thing, kind, operation in found["waits"]:
            if number in bereft:
                continue
            by_wait.setdefault((thing, kind, operation), []).append(self.name(number))
        if not by_wait:
            return
        shown = list(by_wait.items())[:MOST_WAITS]
        for place, ((thing, kind, operation), names) in enumerate(shown, 1):
            about, text = self._of_wait(thing, kind, operation, found)
            waiters = f"{listed(names)} {'waits' if len(names) == 1 else 'wait'} "
            end = _more_waits(len(by_wait) - place) + _STANDS_STILL if place == len(shown) else ""
            yield Note(about, names[0], waiters + text + end, thing)

    def _of_wait(self, thing: str, kind: str, operation: str, found: Mapping[str, Any]) -> tuple[NoteWord, str]:
        match operation, kind:
            case (("get" | "join"), _) if thing in self._lost_items:
                return "item_lost", _WAITS_FOR_LOST[operation].format(thing, self._lost_items[thing])
            case "get", _ if thing in found.get("died", ()):
                return "missing_poison_pill", _CUT_OFF.format(thing)
            case "get", _:
                return "missing_poison_pill", _NO_ITEM.format(thing)
            case "put", _:
                return "standstill", f"for room in {thing}, and no process is left that gets an item out of it."
            case "flush", _:
                return "join_before_get", _NO_ROOM.format(thing)
            case "join", _:
                return (
                    "standstill",
                    _UNDONE.format(thing),
                )
            case "notify", _:
                return "standstill", _NOT_AWAKE.format(thing)
            case "wait", "condition" if thing in found["in_vain"]:
                return "lost_wakeup", _LOST_WAKEUP.format(thing)
            case "wait", "condition":
                return "standstill", f"to be notified of {thing}, and no process is left that notifies it."
            case "wait", "event":
                return "standstill", f"for {thing} to be set, and no process is left that sets it."
            case "wait", "barrier":
                barrier = self._things[thing]
                parties = barrier.parties if isinstance(barrier, SharedBarrier) else 0
                return "standstill", _BARRIER.format(thing, parties)
            case "enter", _:
                return "standstill", f"inside {thing}, whose own lock another process has and does not release."
        return "standstill", f"for {thing}{self._had(thing, found)}, {self._releasers(thing, found)}."

    def _releasers(self, thing: str, found: Mapping[str, Any]) -> str:
        """Which processes could release a thing, and do not, as the end of what is said of it."""
        waiters = {number for number, waited_for, *_ in found["waits"] if waited_for == thing}
        passed_over = waiters | set(found["holders"].get(thing, ()))
        others = [self.name(giver) for giver in found["givers"].get(thing, ()) if giver not in passed_over]
        return f"which only {listed(others)} can release" if others else "and no process is left that releases it"

    def _had(self, thing: str, found: Mapping[str, Any]) -> str:
        """By whom a thing is had, as the end of what is said of it."""
        holders = [self.name(holder) for holder in found["holders"].get(thing, ())]
        return f", which {listed(holders)} {'has' if len(holders) == 1 else 'have'}" if holders else ""

    def of_picture(self, found: Mapping[str, Any]) -> Iterator[Note]:
        """Who waits for whom when the time limit is over."""
        lines = []
        for number, thing, _, operation in found["waits"]:
            lines.append(f"{self.name(number)} waits for {thing} ({operation}){self._had(thing, found)}")
        if lines:
            yield Note("who_waits", None, f"At the time limit: {'; '.join(_folded(lines))}.")

    def of_manager(self, exit_code: int) -> Iterator[Note]:
        """The manager's process has ended while the run goes on."""
        things = listed([name for name, thing in self._things.items() if isinstance(thing, SharedManaged)])
        end = f"was killed by {signal_name(-exit_code)}" if exit_code < 0 else f"ended with exit code {exit_code}"
        yield Note("manager_died", None, _MANAGER_DIED.format(things, end))

    def of_dropped(self, number: int, thing: str, error: str) -> Iterator[Note]:
        """The thread that sends what a process has put was not able to pickle or to write an item."""
        name = self.name(number)
        self._lost_items.setdefault(thing, name)
        yield Note("item_lost", name, _DROPPED.format(name, thing, error), thing)

    def of_unsent(
        self, number: int, thing: str, items: int, end: ProcessExited | None, *, writing: bool = False
    ) -> Iterator[Note]:
        """A process has ended that had not sent all that it had put; the last may be sent if it was `writing` it."""
        name = self.name(number)
        if writing and items == 1:
            yield Note("item_lost", name, _WRITING.format(name, thing), f"{thing} at the end")
            return
        was_dropped = self._lost_items.get(thing) == name
        self._lost_items.setdefault(thing, name)
        if end is not None and end.signal is not None:
            why = _KILLED.format(end.signal)
        elif end is not None and end.ended_by == "unreported":
            why = _LEFT
        else:
            why = _BEHIND if was_dropped else _NOT_JOINED
        certain = items - writing
        item, was = ("An item", "was") if certain == 1 else (f"{certain:,} items", "were")
        text = _UNSENT.format(item, name, thing, was, _PERHAPS_ONE_MORE if writing else "", why)
        yield Note("item_lost", name, text, f"{thing} at the end")

    def of_extra_release(self, number: int, thing: str, free: int) -> Iterator[Note]:
        """A semaphore has more permits than it was made with."""
        made = self._things[thing]
        if not isinstance(made, SharedSemaphore) or not made.permits or free <= made.permits:
            return
        text = _EXTRA_RELEASE.format(self.name(number), thing, free, made.permits)
        yield Note("extra_release", self.name(number), text, thing)


def _held_by(holders: Mapping[str, Sequence[int]]) -> dict[int, list[str]]:
    """The things that each process has, of the processes that have each thing."""
    held: dict[int, list[str]] = {}
    for thing, numbers in holders.items():
        for number in numbers:
            held.setdefault(number, []).append(thing)
    return held


def _folded(parts: list[str]) -> list[str]:
    """The parts of a sentence: the first ones and the last, and the number of those between them."""
    left_out = len(parts) - MOST_PARTS
    return parts if left_out <= 1 else [*parts[: MOST_PARTS - 1], f"… ({left_out:,} more like these)", parts[-1]]


def _more_waits(count: int) -> str:
    return f" There are {count:,} more waits like these." if count else ""


MOST_WAITS = 5
"""Of a standstill: more would fill the screen."""
MOST_PARTS = 8
"""Of a circle, or of processes that wait: more would fill the screen."""
_BEREFT = {
    "acquire": "{0} would wait for {1} for ever: {2}.",
    "get": "{0} would wait for an item of {1} for ever: no process can get one any more.",
    "flush": "{0} would never end: what it has put into {1} cannot be written to the queue's pipe any more.",
    "enter": "{0} would wait inside {1} for ever: no process can use {1} any more.",
}
_NO_GIVER = "no process can release it any more"
_SO_ENDED = " So the run is ended."
_ENDS_RUN = " Nobody else is left to change that, so the run is ended."
_STANDS_STILL = " So nothing can happen any more, and the run is ended."
_CIRCLE = "Deadlock: {0}. None of them can go on by itself. {1}"
_IN_ORDER = "If all take what they need in the same order, such a circle cannot close."
_RELEASE_FIRST = "Who joins a process has to release first what that one needs to come to its end."
_ITSELF = "Deadlock: {0} waits for {1}, and has it itself. {2}"
_INSTEAD = {"lock": "A lock cannot be acquired twice; an rlock can, by who has it."}
_UNDONE = "until every item of {0} is done, and no process is left that calls `task_done`."
_NO_ITEM = (
    "for an item of {0}, and no process is left that puts one in. When there is no more to come, put an item for each "
    "of them that says so (a poison pill), or get with a timeout."
)
_CUT_OFF = (
    "for an item of {0}, and a process that has ended still has a lock of {0}: the item that it was sending or getting "
    "is lost, and no other one can come."
)
_MANAGER_DIED = (
    "The manager's process, in which {0} lived, {1}: what was in there is lost, and each use of it from now on raises "
    "EOFError, FileNotFoundError or a ConnectionError. The manager is no process of the file's: something sent it the "
    "signal, such as a target or the system when memory was short."
)
_DROPPED = (
    "An item that {0} put into {1} was lost: {2}. `put` only hands it to a thread of the process, the feeder, which "
    "pickles it and sends it; where that fails, multiprocessing drops the item. Put what can be pickled."
)
_UNSENT = "{0} that {1} had put into {2} {3} lost with the process{4}: {5}"
_PERHAPS_ONE_MORE = ", and perhaps one more, which it was writing"
_WRITING = "An item that {0} was writing into {1} when the process ended may have been lost with it."
_KILLED = "{0} ended it before its feeder thread had sent all that `put` had handed to it."
_LEFT = "it left by os._exit, which does not wait for the feeder thread that sends what was put."
_NOT_JOINED = (
    "it had called `cancel_join_thread`, and so ended without waiting for the feeder thread that sends what was put. "
    "Without that call the process lives until all of it is in the queue's pipe."
)
_BEHIND = "its feeder thread had ended with the exception, and did not send what was put behind that item."
_WAITS_FOR_LOST = {
    "get": "for an item of {0}: one that {1} had put there was lost, and no process is left that puts another one.",
    "join": "until every item of {0} is done: one that {1} had put was lost, and will never be done.",
}
_NO_ROOM = (
    "to end: what it has put into {0} is more than the queue's pipe takes, and a process ends only when all of it is "
    "in there. Nobody gets an item any more, because main joins first. Get the items, and join then."
)
_LOST_WAKEUP = (
    "to be notified of {0}, which was notified when no process waited: that wake-up is lost, a condition remembers "
    "nothing. Look whether it has happened already before you wait (`wait_for`), or use an event, which stays set."
)
_NOT_AWAKE = (
    "inside {0}: a process was ended while it waited there, and the notifier waits until all waiters are awake, this "
    "one too."
)
_BARRIER = "at the barrier {0}, which opens when {1} are there, and no process is left that could come."
_EXTRA_RELEASE = (
    "{0} released {1} without having acquired it: now there are {2} permits, and {1} was made with {3}, so that one "
    "more gets in than should. A bounded_semaphore raises ValueError instead."
)
