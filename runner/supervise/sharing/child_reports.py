"""Process the children's reports on shared things, and decide when a deadlock ends the run."""

from __future__ import annotations

from runner.model.plan import Act
from runner.model.records import record
from runner.model.shared_things import SharedSemaphore, kind_of
from runner.supervise.sharing.guards import INNER, Guards
from runner.supervise.sharing.holders import Holders
from runner.supervise.tracing.table import OPERATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from runner.link.wire import Message
    from runner.model.plan import Plan
    from runner.model.words import StopReason
    from runner.supervise.core.schedule import Schedule
    from runner.supervise.core.snapshot import Moment, Picture
    from runner.supervise.sharing.things import SharedThings


@record(frozen=True, slots=True)
class Seen:
    """Something to tell the front; `stops` is why the run is to be stopped, if it is."""

    message: Message
    stops: StopReason | None = None


_FIELDS = {"waiting": ("timeout",), "acquired": ("waited", "skipped"), "timed_out": ("waited",)}
"""What is told beside the operation."""

_OF_A_TARGET = (
    "drawn",
    "exit_functions_run",
    "finally",
    "forked_with",
    "globals",
    "left_for_exit",
    "lives_on",
    "read_stdin",
    "remaining",
    "unfinalized",
    "unwritten",
    "worked",
)
"""What processes report of their targets, for `runner.notes.targets`."""


class Sharing:
    """Sees to the shared things of one run."""

    def __init__(
        self,
        shared: SharedThings,
        schedule: Schedule,
        plan: Plan,
        has_children: Callable[[int], bool],
        sleeps: Callable[[int], bool | None],
    ) -> None:
        """`has_children` says whether a process has processes of its own, `sleeps` whether it sleeps.

        None is for a process of which the latter cannot be known.
        """
        self._shared = shared
        self._schedule = schedule
        self._guards = Guards(shared, plan, sleeps)
        self._holders = Holders(self._guards)
        self._ended_well: set[int] = set()
        self._died_with: dict[int, str] = {}
        """The first guard of which each process died with a permit."""
        self._dead: dict[int, int] = {}
        """The rows of guards that died with a process, and the process."""
        self._told_inner: set[int] = set()
        self._added: dict[str, list[Any]] = {}
        """What was added to a thing: how much, by how many processes, and what all of them held."""
        self._is_news = False
        """Something has happened that may leave a process waiting for ever."""
        self._watch: Any = None
        if shared.table is not None:
            from runner.supervise.sharing.deadlock_watch import Watch

            self._watch = Watch(shared, self._guards, plan.processes, has_children, sleeps)

    @property
    def uncertain(self) -> bool:
        """Whether it is to be looked again which process died with a permit."""
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
                    yield Seen({"said": "unsent", "by": process, "what": [self._shared.rows[row].thing.name, items]})
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
        thing = self._shared.rows[row].thing
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
    def look_again_in_s(self) -> float | None:
        """After how long to look again though no process may report anything; None if that is not necessary."""
        return None if self._watch is None or self._schedule.is_stopping else self._watch.again_in_s

    def see_main_move(self) -> None:
        """Main has taken a step."""
        self._is_news = True

    def see_end(self, process: int, *, ended_well: bool) -> Iterator[Seen]:
        """A process has ended, with a permit or without.

        A process that ended well may have left a permit of a semaphore for another one to release: nothing is said.
        """
        self._is_news = True
        if ended_well:
            self._ended_well.add(process)
        if not self._schedule.was_stopped:
            for queue, items, writing in self._shared.unsent_by(process):
                yield Seen({"unsent": items, "by": process, "thing": queue, "writing": writing})
        yield from self._died(self._holders.see_end(process))

    def look_again(self, *, for_the_last_time: bool = False) -> Iterator[Seen]:
        """The processes that died with a permit, as far as that was not certain."""
        yield from self._died(self._holders.look_again(for_the_last_time=for_the_last_time))

    def _died(self, found: Iterator[tuple[int, int]]) -> Iterator[Seen]:
        for process, number in found:
            row = self._shared.rows[number]
            ended_well = process in self._ended_well
            if self._guards.is_signal(number) or (ended_well and isinstance(row.thing, SharedSemaphore)):
                continue
            self._dead[number] = process
            if row.role in INNER:  # told when a process waits for it: many are ended while they get
                continue
            self._died_with.setdefault(process, row.thing.name)
            if not self._schedule.was_stopped:  # otherwise it was ended with it, as all are
                yield Seen({"holder_died": process, "guard": row.thing.name})

    def look(self, *, anyway: bool = False) -> Iterator[Seen]:
        """Who waits for ever, if anything has happened that can have led to that."""
        if self._watch is None or self._schedule.is_stopping or not (self._is_news or anyway):
            return
        if self.uncertain:  # a process may wait for what another one died with: that is looked at first
            return
        self._is_news = False
        picture = self._watch.look(self._moment())
        if picture is None:
            return
        dead = self._dead_among(picture)
        yield from self._inner_locks(dead)
        died = sorted({self._shared.rows[row].thing.name for row in dead})
        yield Seen({"stuck": picture.to_json() | {"died": died}}, self._why_it_stops(picture, dead))

    def _why_it_stops(self, picture: Picture, dead: Mapping[int, int]) -> StopReason | None:
        """Why the run is to be stopped, if it is."""
        if not picture.bereft and not picture.standstill:
            return None
        if dead and not picture.circles:
            return "holder_died"
        if not picture.standstill:
            return "waits_for_ever"
        return "deadlock" if self._watch.has_found_circles else "standstill"

    def _moment(self) -> Moment:
        schedule = self._schedule
        acts = tuple(step.step for step in schedule.mains_steps if isinstance(step, Act))
        from runner.supervise.core.snapshot import Moment

        return Moment(schedule.alive, schedule.mains_state, schedule.ending, acts)

    def _dead_among(self, picture: Picture) -> dict[int, int]:
        """The guards that processes wait for in vain, or that keep others from what they wait for, and their dead."""
        lasting = picture.waits if picture.standstill else picture.bereft
        waited_for = {picture.waits[number][0] for number in lasting}
        return {row: process for row, process in self._dead.items() if self._shared.rows[row].thing.name in waited_for}

    def _inner_locks(self, dead: Mapping[int, int]) -> Iterator[Seen]:
        """The locks inside of things that died with a process, each once."""
        for number, process in dead.items():
            row = self._shared.rows[number]
            if row.role in INNER and number not in self._told_inner:
                self._told_inner.add(number)
                yield Seen({"holder_died": process, "guard": INNER[row.role].format(row.thing.name)})

    def picture(self) -> Iterator[Seen]:
        """Who waits for whom, now that the time limit is over."""
        if self._watch is not None:
            yield Seen({"picture": self._watch.picture(self._moment()).to_json()})

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
