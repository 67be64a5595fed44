"""What the supervisor sees of the use of shared things: who says what, who died with a permit, who waits for ever."""

from __future__ import annotations

from runner.records import record
from runner.supervise.holders import Holders
from runner.supervise.table import OPERATIONS
from runner.things import kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from runner.supervise.schedule import Schedule
    from runner.supervise.shared import SharedThings
    from runner.wire import Message


@record(frozen=True, slots=True)
class Seen:
    """Something to tell the front; `stops` is why the run is to be stopped, if it is."""

    message: Message
    stops: str | None = None


_FIELDS = {"waiting": ("timeout",), "acquired": ("waited", "skipped"), "timed_out": ("waited",)}
"""What is told beside the operation."""

_OF_A_TARGET = (
    "drawn",
    "exit_functions_run",
    "finally",
    "forked_with",
    "globals",
    "left_for_exit",
    "remaining",
    "worked",
)
"""What processes report of their targets, for `runner.surprises`."""


class Sharing:
    """Sees to the shared things of one run."""

    def __init__(self, shared: SharedThings, schedule: Schedule, has_children: Callable[[int], bool]) -> None:
        """`has_children` says whether a process has processes of its own."""
        self._shared = shared
        self._schedule = schedule
        self._holders = Holders(shared)
        self._ended_well: set[int] = set()
        self._died_with: dict[int, str] = {}
        """The first guard of which each process died with a permit."""
        self._readers: dict[str, int] = {}
        """Who died with a queue's lock for reading; it is told when somebody misses it, for many are ended in `get`."""
        self._added: dict[str, list[Any]] = {}
        """What was added to a thing: how much, by how many processes, and what all of them held."""
        self._is_news = False
        """Something has happened that may leave somebody waiting for ever."""
        self._watch: Any = None
        if shared.table is not None:
            from runner.supervise.watch import Watch

            self._watch = Watch(shared, has_children, self._holders.lost)

    @property
    def uncertain(self) -> bool:
        """Whether it is to be looked again who died with a permit."""
        return self._holders.uncertain

    def hear(self, told: Iterable[tuple[int, list[Any]]]) -> Iterator[Seen]:
        """What processes say of what they do with shared things; what is not understood is dropped."""
        for process, message in told:
            match message:
                case _ if process > self._shared.main:
                    continue
                case ["added", str(name), int() | float() as amount, list(guards)]:
                    self._add(process, name, amount, list(map(str, guards)))
                case ["unsent", int(row), int(items)] if 0 <= row < len(self._shared.rows):
                    self._is_news = True
                    yield Seen({"said": "unsent", "by": process, "what": [self._shared.rows[row].name, items]})
                case [str(what), *said] if what in _OF_A_TARGET:
                    yield Seen({"said": what, "by": process, "what": said})
                case [str(what), int(row), *rest] if 0 <= row < len(self._shared.rows):
                    yield from self._hear_of(process, what, row, rest)

    def _add(self, process: int, name: str, amount: float, guards: list[str]) -> None:
        entry = self._added.setdefault(name, [0, [], guards])
        entry[0] += amount
        entry[1].append(process)
        entry[2] = [guard for guard in entry[2] if guard in guards]

    def _hear_of(self, process: int, what: str, row: int, rest: list[Any]) -> Iterator[Seen]:
        self._is_news = self._is_news or what == "waiting"
        thing = self._shared.rows[row]
        of_thing = {"thing": thing.name, "kind": kind_of(thing)}
        match what, rest:
            case (("waiting" | "acquired" | "timed_out"), [str(operation), float(at), *more]) if (
                operation in OPERATIONS and len(more) == len(_FIELDS[what]) and all(map(_is_number, more))
            ):
                fields = of_thing | {"operation": operation} | dict(zip(_FIELDS[what], more, strict=True))
                yield Seen({"shared": what, "by": process, "t": at, "fields": fields})
            case "released", [float(at), float(held)]:
                yield Seen({"shared": what, "by": process, "t": at, "fields": of_thing | {"held": held}})
            case "dropped", [float(at), str(error)]:
                yield Seen({"dropped": process, "t": at, "thing": thing.name, "error": error})
            case "extra", [float(at), int(free)]:
                yield Seen({"released_extra": process, "t": at, "thing": thing.name, "free": free})

    @property
    def is_to_be_looked_at(self) -> bool:
        """Whether it is to be looked again soon though nobody may say anything."""
        return self._watch is not None and bool(self._watch.is_unsure)

    def see_main_move(self) -> None:
        """Main has taken a step."""
        self._is_news = True

    def see_end(self, process: int, *, ended_well: bool) -> Iterator[Seen]:
        """A process has ended, with a permit or without.

        Who ended well may have left a permit for another one to release: of a semaphore nothing is said then, and a
        lock is not given up for lost.
        """
        self._is_news = True
        if ended_well:
            self._ended_well.add(process)
        for queue in self._shared.read_by(process):
            self._readers[queue] = process
            self._holders.lost.gone.add(queue)
        if not self._schedule.is_stopping:
            for queue, items in self._shared.unsent_by(process):
                yield Seen({"unsent": items, "by": process, "thing": queue})
        yield from self._died(self._holders.see_end(process))

    def look_again(self, *, for_the_last_time: bool = False) -> Iterator[Seen]:
        """Who died with a permit, as far as that was not certain."""
        yield from self._died(self._holders.look_again(for_the_last_time=for_the_last_time))

    def _died(self, found: Iterator[tuple[int, str]]) -> Iterator[Seen]:
        for process, guard in found:
            ended_well = process in self._ended_well
            if ended_well and guard in self._shared.semaphores:
                continue
            self._died_with.setdefault(process, guard)
            if not ended_well:
                self._holders.lost.gone.add(guard)
            if not self._schedule.is_stopping:  # otherwise it was ended with it, as all are
                yield Seen({"holder_died": process, "guard": guard})

    def look(self, *, anyway: bool = False) -> Iterator[Seen]:
        """Who waits for ever, if anything has happened that can have led to that."""
        if self._watch is None or self._schedule.is_stopping or not (self._is_news or anyway):
            return
        if self.uncertain:  # who waits may do so for what somebody died with: that is looked at first
            return
        self._is_news = False
        schedule = self._schedule
        picture = self._watch.look(schedule.alive, schedule.mains_state, schedule.ending)
        if picture is not None:
            for queue in dict.fromkeys(picture.waits[number][0] for number in picture.bereft):
                if queue in self._readers:
                    yield Seen({"holder_died": self._readers[queue], "guard": f"the lock of {queue} for reading"})
            why = "deadlock" if self._watch.has_found_circles else "standstill"
            stops = "holder_died" if picture.bereft else why if picture.standstill else None
            yield Seen({"stuck": picture.to_json()}, stops)

    def picture(self) -> Iterator[Seen]:
        """Who waits for whom, now that the time limit is over."""
        if self._watch is not None:
            picture = self._watch.picture(self._schedule.alive, self._schedule.mains_state)
            yield Seen({"picture": picture.to_json()})

    def in_the_end(self) -> dict[str, Any]:
        """What there is to tell when the run is over."""
        import base64

        return {
            "values": {name: base64.b64encode(data).decode() for name, data in self._shared.values().items()},
            "last_values": self._shared.last_values(),
            "holders": self._died_with,
            "added": self._added,
        }


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, int | float)
