"""The state machine of a whole run: main, the declared processes, and what a first and a second stop do. Pure.

Facts come in through `Schedule.handle`, commands go out; the shell carries them out and knows the time.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from runner.model import plan as steps
from runner.supervise.core import main as mains
from runner.supervise.core.commands import Command, DoAct, EndRun, Report, SetTimer, ShowObject
from runner.supervise.core.deadlocks import MainsState, Room
from runner.supervise.core.facts import (
    ActDone,
    Begun,
    Exited,
    Fact,
    Fired,
    OutputsClosed,
    Postponed,
    Started,
    StartFailed,
    StopRun,
    Stuck,
    TurnCame,
)
from runner.supervise.core.life import ImpossibleFact, Kill, Terminate
from runner.supervise.core.population import MAX_STARTS, Population
from runner.supervise.core.timers import LifeTimer, MainTimer, Retry, RunLimit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.model.json_types import Error
    from runner.model.plan import Plan
    from runner.model.words import StopReason
    from runner.supervise.core.life import End, LifeId
    from runner.supervise.core.process import Phase
    from runner.supervise.core.snapshot import Moment
    from runner.supervise.core.timers import Timer

KEPT_FACTS = 32
"""How many of the last facts are reported with an impossible one."""


class RunPhase(Enum):
    """The phase of the run."""

    RUNNING = "running"
    DRAINING = "main has ended; the remaining processes are awaited"
    STOPPING = "a stop was asked for"
    ENDED = "ended"


class Schedule:
    """The state of a whole run. It has no clock, no pid and no file."""

    def __init__(self, plan: Plan, room: int, outputs_room: int | None = None) -> None:
        """`room` is how many processes can live at once, `outputs_room` how many can have open outputs in the front.

        The latter is None if the front has room for all.
        """
        self._plan = plan
        self._main = mains.Main(plan.steps)
        self._phase = RunPhase.RUNNING
        self._stop_reason: StopReason | None = None
        self._population = Population(plan, room, outputs_room)
        self._last_facts: deque[tuple[float, Fact]] = deque(maxlen=KEPT_FACTS)

    # What the shell asks.

    @property
    def is_ready(self) -> bool:
        """Return whether the schedule goes one step further by itself: then deliver `TurnCame`."""
        return self._population.can_start or (
            self._phase is RunPhase.RUNNING and isinstance(self._main.phase, mains.Ready)
        )

    @property
    def is_stopping(self) -> bool:
        """Return whether a stop has been requested, or would come too late."""
        return self._phase in (RunPhase.STOPPING, RunPhase.ENDED)

    @property
    def was_stopped(self) -> bool:
        """Return whether a stop has been requested."""
        return self._stop_reason is not None

    @property
    def ended(self) -> bool:
        """Return whether the run is over."""
        return self._phase is RunPhase.ENDED

    @property
    def first_without_room(self) -> int | None:
        """Return the first process that waits for its start because as many live as there is room for; None if none
        does."""
        population = self._population
        return population.queue.waiting[0] if population.lacks_room and not self.is_stopping else None

    @property
    def room(self) -> int:
        """Return how many processes can live at once."""
        return self._population.queue.room

    def phase(self, process: int) -> Phase:
        """Return the phase of a process."""
        return self._population.phase(process)

    def moment(self) -> Moment:
        """Return what the deadlock watch needs to know about the run now."""
        from runner.supervise.core.snapshot import Moment  # here: only runs with shared things need it

        coming = self._coming_steps()
        population, queue = self._population, self._population.queue
        return Moment(
            alive=frozenset(population.alive),
            main=self._mains_state(coming),
            ending=population.ending,
            mains_steps=tuple(step.step for step in coming if isinstance(step, steps.Act)),
            requested=frozenset(queue.waiting),
            room=Room(queue.room, queue.free > 0 or queue.is_paused, queue.holders),
        )

    def _coming_steps(self) -> Sequence[steps.Step]:
        """Return the steps that main has left, from the one on that it is doing."""
        position = self._main.position - isinstance(self._main.phase, mains.Acting)
        return () if isinstance(self._main.phase, mains.Ended) else self._plan.steps[position:]

    def _mains_state(self, coming: Sequence[steps.Step]) -> MainsState:
        """Return the state of main, and the processes that it will start or end."""
        if isinstance(self._main.phase, mains.Ended):
            return MainsState(goes_on=False)
        pending = frozenset(step.process for step in coming if isinstance(step, steps.Start))
        ends = frozenset(step.process for step in coming if isinstance(step, steps.Terminate | steps.Kill))
        ends |= frozenset(number for number, process in enumerate(self._plan.processes) if process.daemon)
        match self._main.phase:
            case mains.Joining(process, None):
                return MainsState(False, process, pending, ends)
            case _:
                return MainsState(True, None, pending, ends)

    # Facts in, commands out.

    def handle(self, fact: Fact, at: float) -> list[Command]:
        """Return the commands that follow from `fact`, at this time in seconds of any clock that never goes back.

        Raise `ImpossibleFact`, with the last facts.
        """
        self._last_facts.append((at, fact))
        try:
            commands = self._handle(fact, at)
            commands += self._population.see_to_room(at)
        except ImpossibleFact as error:
            last = "\n".join(f"  {when:.6f} {each}" for when, each in self._last_facts)
            raise ImpossibleFact(f"{error}\nThe last facts:\n{last}") from None
        self._main = mains.pass_over_unstarted(self._main, self.phase)
        return commands + self._end_if_over()

    def _handle(self, fact: Fact, at: float) -> list[Command]:
        match fact:
            case TurnCame():
                return self._take_turn(at)
            case Started(life, pid, shown):
                return self._population.see_start(life, pid, shown, at)
            case StartFailed(life, error, again):
                return self._population.see_failed_start(life, error, again=again, at=at)
            case Postponed():
                self._population.see_postponed(at)
                return []
            case Exited(life, end):
                return self._see_exit(life, end, at)
            case OutputsClosed(closed):
                self._population.see_outputs_closed(closed)
                return []
            case Fired(timer):
                return self._fire(timer, at)
            case ActDone(exit_code, error):
                return self._see_act_done(exit_code, error, at)
            case StopRun(reason) | Stuck(reason):
                return self._stop(reason, at)
            case Begun():
                return [] if self._plan.time_limit is None else [SetTimer(RunLimit(), self._plan.time_limit)]
            case _:
                raise ImpossibleFact(f"no such fact: {fact}")

    def _take_turn(self, at: float) -> list[Command]:
        if self._population.can_start and not self._fills_the_row:
            return [self._population.start_row(at)]
        self._main, told = mains.proceed(self._main, at, self.phase)
        return [*self._obey(told, at), *self._drain_if_main_ended(at)]

    @property
    def _fills_the_row(self) -> bool:
        """Whether main has more starts to request before the row begins: a row that ended early left some."""
        is_short = len(self._population.queue.waiting) < MAX_STARTS
        return is_short and self._phase is RunPhase.RUNNING and mains.comes_to_a_start(self._main)

    def _obey(self, told: Iterable[mains.Command], at: float) -> list[Command]:
        """Return the commands for main's requests."""
        commands: list[Command] = []
        for order in told:
            match order:
                case steps.Start(process):
                    self._population.request(process, at)
                case steps.Terminate(process):
                    commands += self._population.end(process, Terminate("main"), at)
                case steps.Kill(process):
                    commands += self._population.end(process, Kill("main"), at)
                case steps.Act(step):
                    commands.append(DoAct(step))
                case steps.Show(process, label):
                    commands.append(ShowObject(process, label))
                case Report() | SetTimer():  # pragma: no branch  # mypy sees that these are all
                    commands.append(order)
        return commands

    def _see_act_done(self, exit_code: int | None, error: Error | None, at: float) -> list[Command]:
        if self._phase is not RunPhase.RUNNING:
            return []
        self._main, told = mains.see_act_done(self._main, exit_code, error, at)
        return [*self._obey(told, at), *self._drain_if_main_ended(at)]

    def _drain_if_main_ended(self, at: float) -> list[Command]:
        if not isinstance(self._main.phase, mains.Ended):
            return []
        self._phase = RunPhase.DRAINING
        return self._population.end_daemons(at)

    def _see_exit(self, life: LifeId, end: End, at: float) -> list[Command]:
        commands = self._population.see_exit(life, end, at)
        if self._phase is not RunPhase.RUNNING:
            return commands
        self._main, told = mains.see_end(self._main, life.process, at)
        return [*commands, *self._obey(told, at)]

    def _fire(self, timer: Timer, at: float) -> list[Command]:
        match timer:
            case RunLimit():
                return self._stop("time_limit", at)
            case MainTimer(generation) if self._phase is RunPhase.RUNNING:
                self._main, told = mains.fire(self._main, generation, at)
                return self._obey(told, at)
            case MainTimer():  # of a main that is stopped
                return []
            case LifeTimer():
                return self._population.fire(timer, at)
            case Retry(generation):  # pragma: no branch  # mypy sees that these are all
                self._population.queue.end_pause(generation)
                return []

    def _stop(self, reason: StopReason, at: float) -> list[Command]:
        """Terminate all processes, at the second request kill them; `lifecycle` counts the grace period."""
        match self._phase:
            case RunPhase.ENDED:
                return []
            case RunPhase.STOPPING:
                return self._population.stop(Kill(reason), at) if reason == "stop_requested" else []
            case RunPhase.RUNNING | RunPhase.DRAINING as before:  # pragma: no branch  # mypy sees that these are all
                self._phase = RunPhase.STOPPING
                self._stop_reason = reason
                told: list[Command] = [mains.stopped(self._main, at)] if before is RunPhase.RUNNING else []
                return [*told, *self._population.stop(Terminate(reason), at)]

    def _end_if_over(self) -> list[Command]:
        if self._phase not in (RunPhase.DRAINING, RunPhase.STOPPING) or not self._population.is_empty:
            return []
        self._phase = RunPhase.ENDED
        return [EndRun(self._stop_reason)]
