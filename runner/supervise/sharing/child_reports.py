"""Process the children's reports on shared things, and report what the deadlock watch finds."""

from __future__ import annotations

from runner.model import messages
from runner.model.records import record
from runner.model.shared_things import SharedSemaphore, kind_of
from runner.supervise.sharing.dead_holders import Holders
from runner.supervise.sharing.guards import INNER, Guards
from runner.supervise.tracing.table import OPERATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Protocol

    from runner.model.json_types import Json
    from runner.model.messages import Told
    from runner.model.plan import Plan
    from runner.model.words import StopReason, TargetWord
    from runner.supervise.core.snapshot import Moment, Picture
    from runner.supervise.sharing.things import SharedThings

    class Run(Protocol):
        """The questions to the run's schedule."""

        @property
        def is_stopping(self) -> bool:
            """Whether a stop has been asked for, or would come too late."""

        @property
        def was_stopped(self) -> bool:
            """Whether a stop has been asked for."""

        def moment(self) -> Moment:
            """Return what the watch needs to know about the run now."""


@record(frozen=True, slots=True)
class SharedReport:
    """A message for the front; `stops` is the reason to stop the run, if there is one."""

    message: Told
    stops: StopReason | None = None


_USES = {"waiting": (messages.Waiting, 1), "acquired": (messages.Acquired, 2), "timed_out": (messages.TimedOut, 1)}
"""The fields of a report after the operation."""

_OF_A_TARGET: tuple[TargetWord, ...] = (
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
"""The reports of processes on their targets, for `runner.notes.targets`."""


class ThingReports:
    """Watches the shared things of one run, from what the children report."""

    def __init__(
        self,
        shared: SharedThings,
        run: Run,
        plan: Plan,
        has_children: Callable[[int], bool],
        sleeps: Callable[[int], bool | None],
        now: Callable[[], float],
    ) -> None:
        """`has_children` returns whether a process has processes of its own, `sleeps` whether it sleeps.

        `sleeps` returns None if that cannot be known. `now` returns the time at which something is noticed.
        """
        self._shared = shared
        self._run = run
        self._now = now
        self._guards = Guards(shared, plan, sleeps)
        self._holders = Holders(self._guards)
        self._ended_well: set[int] = set()
        self._died_with: dict[int, str] = {}
        """The first guard that each dead process had acquired and never released."""
        self._dead: dict[int, int] = {}
        """The rows of guards whose owner died, and the process."""
        self._told_inner: set[int] = set()
        self._added: dict[str, tuple[float, list[int], list[str]]] = {}
        """The additions to each thing: their sum, the processes that added, and the guards that all of them held."""
        self._is_news = False
        """Whether something has happened that may leave a process waiting for ever."""
        self._watch: DeadlockWatch | None = None
        if shared.table is not None:
            from runner.supervise.sharing.deadlock_watch import DeadlockWatch

            self._watch = DeadlockWatch(shared, self._guards, plan.processes, has_children, sleeps)

    @property
    def uncertain(self) -> bool:
        """Whether it must be checked again which process died with a permit."""
        return self._holders.uncertain

    def hear(self, told: Iterable[tuple[int, list[Json]]]) -> Iterator[SharedReport]:
        """Process the children's reports on their use of shared things; drop reports that are not understood."""
        for process, message in told:
            match message:
                case _ if process > self._shared.main:
                    continue
                case ["added", str(name), int() | float() as amount, list(guards)]:
                    self._add(process, name, amount, list(map(str, guards)))
                case ["unsent", int(row), int(items)] if 0 <= row < len(self._shared.rows):
                    self._is_news = True
                    said = (self._shared.rows[row].thing.name, items)
                    yield SharedReport(messages.TargetReported(self._now(), process, "unsent", said))
                case [str(what), *rest] if what in _OF_A_TARGET:
                    yield SharedReport(messages.TargetReported(self._now(), process, what, tuple(rest)))
                case [str(what), int(row), *rest] if 0 <= row < len(self._shared.rows):
                    yield from self._hear_of(process, what, row, rest)

    def _add(self, process: int, name: str, amount: float, guards: list[str]) -> None:
        before, processes, common = self._added.get(name, (0, [], guards))
        processes.append(process)
        self._added[name] = before + amount, processes, [guard for guard in common if guard in guards]

    def _hear_of(self, process: int, what: str, row: int, rest: list[Json]) -> Iterator[SharedReport]:
        self._is_news = self._is_news or what == "waiting"
        thing = self._shared.rows[row].thing
        match what, rest:
            case (("waiting" | "acquired" | "timed_out"), [str(operation), float(at), *more]):
                use, count = _USES[what]
                if operation in OPERATIONS and len(more) == count and all(map(_is_number, more)):
                    yield SharedReport(use(at, process, thing.name, kind_of(thing), operation, *more))
            case "released", [float(at), float(held)]:
                yield SharedReport(messages.Released(at, process, thing.name, kind_of(thing), held))
            case "dropped", [float(at), str(error)]:
                yield SharedReport(messages.ItemDropped(at, process, thing.name, error))
            case "extra", [float(at), int(free)]:
                yield SharedReport(messages.ReleasedExtra(at, process, thing.name, free))

    @property
    def check_again_in_s(self) -> float | None:
        """After how long to look again though no process may report anything; None if that is not necessary."""
        return None if self._watch is None or self._run.is_stopping else self._watch.again_in_s

    def note_main_step(self) -> None:
        """Note that main has taken a step."""
        self._is_news = True

    def see_end(self, process: int, *, ended_well: bool) -> Iterator[SharedReport]:
        """Note that a process has ended, with a permit or without.

        A process that ended well may have left a permit of a semaphore for another one to release: that is not
        reported.
        """
        self._is_news = True
        if ended_well:
            self._ended_well.add(process)
        if not self._run.was_stopped:
            for queue, items, writing in self._shared.unsent_by(process):
                yield SharedReport(messages.ItemsUnsent(self._now(), process, queue, items, writing))
        yield from self._died(self._holders.see_end(process))

    def check_again(self, *, for_the_last_time: bool = False) -> Iterator[SharedReport]:
        """Return the processes that died with a permit, as far as that was uncertain before."""
        yield from self._died(self._holders.check_again(for_the_last_time=for_the_last_time))

    def _died(self, found: Iterator[tuple[int, int]]) -> Iterator[SharedReport]:
        for process, number in found:
            row = self._shared.rows[number]
            ended_well = process in self._ended_well
            if self._guards.is_signal(number) or (ended_well and isinstance(row.thing, SharedSemaphore)):
                continue
            self._dead[number] = process
            if row.role in INNER:  # reported when a process waits for it: many processes are terminated while they get
                continue
            self._died_with.setdefault(process, row.thing.name)
            if not self._run.was_stopped:  # otherwise it was terminated with its guard, like all processes
                yield SharedReport(messages.HolderDied(self._now(), process, row.thing.name))

    def look(self, *, anyway: bool = False) -> Iterator[SharedReport]:
        """Return the processes that wait for ever, if anything has happened that can have led to that."""
        if self._watch is None or self._run.is_stopping or not (self._is_news or anyway):
            return
        if self.uncertain:  # a process may wait for a guard whose owner died: that is checked first
            return
        self._is_news = False
        picture = self._watch.look(self._run.moment())
        if picture is None:
            return
        dead = self._dead_among(picture)
        yield from self._inner_locks(dead)
        died = tuple(sorted({self._shared.rows[row].thing.name for row in dead}))
        yield SharedReport(self._stuck(picture, died), self._why_it_stops(picture, dead))

    def _stuck(self, picture: Picture, died: tuple[str, ...]) -> messages.Stuck:
        return messages.Stuck(
            at=self._now(),
            waits=_waits(picture),
            holders=dict(picture.holders),
            givers=dict(picture.givers),
            circles=picture.circles,
            standstill=picture.standstill,
            in_vain=picture.in_vain,
            bereft=picture.bereft,
            died=died,
            without_room=picture.without_room,
            room=picture.room,
        )

    def _why_it_stops(self, picture: Picture, dead: Mapping[int, int]) -> StopReason | None:
        """Return the reason to stop the run, if there is one."""
        if not picture.bereft and not picture.standstill:
            return None
        if dead and not picture.circles:
            return "holder_died"
        if not picture.standstill:
            return "waits_for_ever"
        return "deadlock" if self._watch is not None and self._watch.has_found_circles else "standstill"

    def _dead_among(self, picture: Picture) -> dict[int, int]:
        """Return the guards that were never released, that processes wait for or that block others, and their dead
        owners."""
        lasting = picture.waits if picture.standstill else picture.bereft
        waited_for = {picture.waits[number][0] for number in lasting}
        return {row: process for row, process in self._dead.items() if self._shared.rows[row].thing.name in waited_for}

    def _inner_locks(self, dead: Mapping[int, int]) -> Iterator[SharedReport]:
        """Return the locks inside things whose owner died, each once."""
        for number, process in dead.items():
            row = self._shared.rows[number]
            if row.role in INNER and number not in self._told_inner:
                self._told_inner.add(number)
                yield SharedReport(messages.HolderDied(self._now(), process, INNER[row.role].format(row.thing.name)))

    def picture(self) -> Iterator[SharedReport]:
        """Return the waiters and owners, now that the time limit is over."""
        if self._watch is not None:
            picture = self._watch.picture(self._run.moment())
            yield SharedReport(messages.WaitsAtTimeLimit(self._now(), _waits(picture), dict(picture.holders)))

    def in_the_end(self) -> messages.LastValues:
        """Return the last reports, at the end of the run."""
        import base64

        return messages.LastValues(
            arrays={name: base64.b64encode(data).decode() for name, data in self._shared.values().items()},
            things=self._shared.last_values(),
            added={
                name: messages.Added(amount, tuple(processes), tuple(guards))
                for name, (amount, processes, guards) in self._added.items()
            },
            holders=tuple(self._died_with.items()),
        )


def _waits(picture: Picture) -> tuple[messages.Wait, ...]:
    return tuple(messages.Wait(process, *wait) for process, wait in picture.waits.items())


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, int | float)
