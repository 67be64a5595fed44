"""Write notes on deadlocks and other problems with shared things: waiters, owners, extra releases. Pure."""

from __future__ import annotations

from runner.model.events import MAIN_PROCESS
from runner.model.messages import ItemDropped, ItemsUnsent, ReleasedExtra, Stuck, WaitsAtTimeLimit
from runner.model.shared_things import SharedBarrier, SharedSemaphore, kind_of
from runner.notes.manager import of_dead_manager
from runner.notes.note import Note, folded, listed
from runner.notes.waiting_for_room import MEETS, of_never_getting_room

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.model.event_types import ProcessExited
    from runner.model.messages import Explained, Wait
    from runner.model.plan import Plan
    from runner.model.words import NoteWord


class WaitingNotes:
    """Explains what the supervisor reports about a plan's shared things."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._names = [*(process.name for process in plan.processes), MAIN_PROCESS]
        self._things = {thing.name: thing for thing in plan.shared}
        self._lost_items: dict[str, str] = {}
        """The queues that lost an item, each with the process that had put the first one."""
        self.deadlock: tuple[str, ...] | None = None
        """The names of the processes in the first circle."""

    def name(self, number: int) -> str:
        """Return the name of a process, or of main."""
        return self._names[number]

    def about(self, message: Explained, ends: Mapping[int, ProcessExited]) -> Iterator[Note]:
        """Return the notes on a message of the supervisor about shared things.

        `ends` are the ends of processes, by their numbers.
        """
        match message:
            case Stuck():
                return self.of_stuck(message)
            case WaitsAtTimeLimit():
                return self.of_waits_at_time_limit(message)
            case ReleasedExtra():
                return self.of_extra_release(message)
            case ItemDropped():
                return self.of_dropped(message)
            case ItemsUnsent():
                return self.of_unsent(message, ends.get(message.process))
            case _:
                return iter([of_dead_manager(self._things.values(), message.exit_code)])

    def of_stuck(self, found: Stuck) -> Iterator[Note]:
        """Return the notes on processes that wait for ever, on circles, and on a standstill of the whole run."""
        bereft = frozenset(found.bereft)
        for wait in found.waits:
            if wait.process in bereft:
                yield self._of_bereft(wait, found)
        things = {wait.process: wait.thing for wait in found.waits}
        held = _held_by(found.holders) if found.circles else {}
        for circle in found.circles:
            names = [self.name(number) for number in circle]
            self.deadlock = self.deadlock or tuple(names)
            ends = _ENDS_RUN if found.standstill else ""
            yield Note("deadlock", names[0], self._of_circle(circle, things, held) + ends, " ".join(names))
        if found.standstill and not found.circles and self.deadlock is None:
            yield from self._of_standstill(found)

    def _of_bereft(self, wait: Wait, found: Stuck) -> Note:
        name, thing = self.name(wait.process), wait.thing
        holders = [self.name(holder) for holder in found.holders.get(thing, ())]
        has = "holds it, and never releases it" if len(holders) == 1 else "hold it, and never release it"
        why = f"{listed(holders)} {has}" if holders else _NO_GIVER
        text = _BEREFT.get(wait.operation, _BEREFT["acquire"]).format(name, thing, why)
        return Note("who_waits" if thing in found.died else "standstill", name, text + _SO_ENDED, thing)

    def _of_circle(self, circle: Sequence[int], waits: Mapping[int, str], held_by: Mapping[int, list[str]]) -> str:
        """Return a circle in words; `waits` is the thing that each process waits for, `held_by` the things that each
        process holds."""
        if len(circle) == 1:
            (number,) = circle
            thing = waits[number]
            kind = kind_of(self._things[thing])
            return _ITSELF.format(self.name(number), thing, _INSTEAD.get(kind, "It has to release it first."))
        links = []
        for number, other in zip(circle, (*circle[1:], circle[0]), strict=True):
            held = held_by.get(number)
            has = f" holds {listed(held)} and" if held else ""
            if number not in waits:  # main, which joins
                links.append(f"{self.name(number)}{has} waits for the end of {self.name(other)}")
            else:
                links.append(f"{self.name(number)}{has} waits for {waits[number]}, which {self.name(other)} holds")
        advice = _IN_ORDER if all(number in waits for number in circle) else _RELEASE_FIRST
        return _CIRCLE.format("; ".join(folded(links)), advice)

    def _of_standstill(self, found: Stuck) -> Iterator[Note]:
        """Return one note for each thing that is waited for, when no process runs any more."""
        bereft = frozenset(found.bereft)
        by_wait: dict[tuple[str, str, str], list[str]] = {}
        for wait in found.waits:
            if wait.process not in bereft:
                by_wait.setdefault((wait.thing, wait.kind, wait.operation), []).append(self.name(wait.process))
        if not by_wait:
            return
        shown = list(by_wait.items())[:MAX_WAITS]
        for place, ((thing, kind, operation), names) in enumerate(shown, 1):
            about, text = self._of_wait(thing, kind, operation, found)
            waiters = f"{listed(names)} {'waits' if len(names) == 1 else 'wait'} "
            end = _more_waits(len(by_wait) - place) + _STANDS_STILL if place == len(shown) else ""
            yield Note(about, names[0], waiters + text + end, thing)
        if found.without_room and found.room is not None:
            yield of_never_getting_room(self.name(found.without_room[0]), len(found.without_room), found.room)

    def _of_wait(self, thing: str, kind: str, operation: str, found: Stuck) -> tuple[NoteWord, str]:
        match operation, kind:
            case (("get" | "join"), _) if thing in self._lost_items:
                return "item_lost", _WAITS_FOR_LOST[operation].format(thing, self._lost_items[thing])
            case "get", _ if thing in found.died:
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
            case "wait", "condition" if thing in found.in_vain:
                return "lost_wakeup", _LOST_WAKEUP.format(thing)
            case "wait", "condition":
                return "standstill", f"to be notified of {thing}, and no process is left that notifies it."
            case "wait", "event":
                return "standstill", f"for {thing} to be set, and no process is left that sets it."
            case "wait", "barrier":
                barrier = self._things[thing]
                parties = barrier.parties if isinstance(barrier, SharedBarrier) else 0
                meets = _BARRIER if found.room is None else MEETS
                return "standstill", meets.format(thing, parties, found.room)
            case "enter", _:
                return "standstill", f"inside {thing}, whose own lock another process holds and does not release."
        return "standstill", f"for {thing}{self._had(thing, found.holders)}, {self._releasers(thing, found)}."

    def _releasers(self, thing: str, found: Stuck) -> str:
        """Return which processes could release a thing, and do not, as the end of a sentence."""
        waiters = {wait.process for wait in found.waits if wait.thing == thing}
        passed_over = waiters | set(found.holders.get(thing, ()))
        others = [self.name(giver) for giver in found.givers.get(thing, ()) if giver not in passed_over]
        return f"which only {listed(others)} can release" if others else "and no process is left that releases it"

    def _had(self, thing: str, holders_of: Mapping[str, Sequence[int]]) -> str:
        """Return the owners of a thing, as the end of a sentence."""
        holders = [self.name(holder) for holder in holders_of.get(thing, ())]
        return f", which {listed(holders)} {'holds' if len(holders) == 1 else 'hold'}" if holders else ""

    def of_waits_at_time_limit(self, found: WaitsAtTimeLimit) -> Iterator[Note]:
        """Return the waiters and owners when the time limit is over."""
        lines = []
        for wait in found.waits:
            had = self._had(wait.thing, found.holders)
            lines.append(f"{self.name(wait.process)} waits for {wait.thing} ({wait.operation}){had}")
        if lines:
            yield Note("who_waits", None, f"At the time limit: {'; '.join(folded(lines))}.")

    def of_dropped(self, lost: ItemDropped) -> Iterator[Note]:
        """Return the note on an item that the feeder thread of a process was not able to pickle or to write."""
        name = self.name(lost.process)
        self._lost_items.setdefault(lost.thing, name)
        yield Note("item_lost", name, _DROPPED.format(name, lost.thing, lost.error), lost.thing)

    def of_unsent(self, lost: ItemsUnsent, end: ProcessExited | None) -> Iterator[Note]:
        """Return the note on a process that ended before it had sent all items that it had put; it may have sent the
        last if it was `writing` it."""
        name, thing = self.name(lost.process), lost.thing
        if lost.writing and lost.items == 1:
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
        certain = lost.items - lost.writing
        item, was = ("An item", "was") if certain == 1 else (f"{certain:,} items", "were")
        text = _UNSENT.format(item, name, thing, was, _PERHAPS_ONE_MORE if lost.writing else "", why)
        yield Note("item_lost", name, text, f"{thing} at the end")

    def of_extra_release(self, extra: ReleasedExtra) -> Iterator[Note]:
        """Return the note on a semaphore that has more permits than it was created with."""
        made = self._things[extra.thing]
        if not isinstance(made, SharedSemaphore) or not made.permits or extra.free <= made.permits:
            return
        name = self.name(extra.process)
        yield Note(
            "extra_release", name, _EXTRA_RELEASE.format(name, extra.thing, extra.free, made.permits), extra.thing
        )


def _held_by(holders: Mapping[str, Sequence[int]]) -> dict[int, list[str]]:
    """Return the things that each process holds, from the processes that hold each thing."""
    held: dict[int, list[str]] = {}
    for thing, numbers in holders.items():
        for number in numbers:
            held.setdefault(number, []).append(thing)
    return held


def _more_waits(count: int) -> str:
    return f" There are {count:,} more waits like these." if count else ""


MAX_WAITS = 5
"""The waits of a standstill that are reported: more would fill the screen."""
_BEREFT = {
    "acquire": "{0} would wait for {1} for ever: {2}.",
    "get": "{0} would wait for an item of {1} for ever: no process can get an item any more.",
    "flush": (
        "{0} would never end: the items that it has put into {1} cannot be written to the queue's pipe any more."
    ),
    "enter": "{0} would wait inside {1} for ever: no process can use {1} any more.",
}
_NO_GIVER = "no process can release it any more"
_SO_ENDED = " So the run was stopped."
_ENDS_RUN = " No other process is left to change that, so the run was stopped."
_STANDS_STILL = " So nothing can happen any more, and the run was stopped."
_CIRCLE = "Deadlock: {0}. None of them can go on by itself. {1}"
_IN_ORDER = "If all processes acquire what they need in the same order, such a circle cannot close."
_RELEASE_FIRST = "Before a process joins another one, it has to release what the other one needs to end."
_ITSELF = "Deadlock: {0} waits for {1}, and holds it itself. {2}"
_INSTEAD = {"lock": "A lock cannot be acquired twice; an rlock can, by its owner."}
_UNDONE = "until every item of {0} is done, and no process is left that calls `task_done`."
_NO_ITEM = (
    "for an item of {0}, and no process is left that puts one. When no more items will come, put an "
    "item that says so (a poison pill) for each waiter, or get with a timeout."
)
_CUT_OFF = (
    "for an item of {0}, and a process that has ended still holds a lock of {0}: the item that it was"
    " sending or getting is lost, and no other item can come."
)
_DROPPED = (
    "An item that {0} put into {1} was lost: {2}. `put` only hands it to a thread of the process, the"
    " feeder, which pickles and sends it; if that fails, multiprocessing drops the item. Put items "
    "that can be pickled."
)
_UNSENT = "{0} that {1} had put into {2} {3} lost with the process{4}: {5}"
_PERHAPS_ONE_MORE = ", and perhaps one more, which it was writing"
_WRITING = "An item that {0} was writing into {1} when the process ended may have been lost with it."
_KILLED = "{0} ended it before its feeder thread had sent all that `put` had handed to it."
_LEFT = "it left by os._exit, which does not wait for the feeder thread that sends what was put."
_NOT_JOINED = (
    "it had called `cancel_join_thread`, and so ended without waiting for the feeder thread that "
    "sends what was put. Without that call the process lives until all items are in the queue's pipe."
)
_BEHIND = "its feeder thread had ended with the exception, and did not send the items that were put after that one."
_WAITS_FOR_LOST = {
    "get": "for an item of {0}: one that {1} had put was lost, and no process is left that puts another one.",
    "join": "until every item of {0} is done: one that {1} had put was lost, and will never be done.",
}
_NO_ROOM = (
    "to end: the items that it has put into {0} are more than the queue's pipe holds, and a process "
    "ends only when all of them are in the pipe. No process gets an item any more, because main joins"
    " first. Get the items, and join then."
)
_LOST_WAKEUP = (
    "to be notified of {0}, which was notified when no process waited: that wake-up is lost, because "
    "a condition remembers nothing. Check before you wait whether it has happened already "
    "(`wait_for`), or use an event, which stays set."
)
_NOT_AWAKE = (
    "inside {0}: a process was ended while it waited there, and the notifier waits until all waiters "
    "are awake, including this one."
)
_BARRIER = "at the barrier {0}, which opens when {1} are there, and no process is left that could come."
_EXTRA_RELEASE = (
    "{0} released {1} without having acquired it: now it has {2} permits, and was created with {3}, "
    "so that one more process gets in than should. A bounded_semaphore raises ValueError instead."
)
