"""The state machine of a whole run, built from the processes' lifecycles and main. Pure.

Facts come in through `Schedule.handle`, commands go out; the shell carries them out and knows the time.
"""

from __future__ import annotations

from enum import Enum

from runner.model import plan as steps
from runner.model.records import replace
from runner.model.verdict import OUTCOME_OF_STOP
from runner.supervise.core import lifecycle
from runner.supervise.core import main as mains
from runner.supervise.core.deadlocks import MainsState
from runner.supervise.core.facts import (
    ActDone,
    Begun,
    Command,
    DoAct,
    EndRun,
    Fact,
    Happened,
    MainsTurn,
    Postponed,
    StartProcesses,
    StopRun,
    TimerFired,
)
from runner.supervise.core.lifecycle import Kill, Phase, Report, SetTimer, Terminate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.plan import Plan
    from runner.model.words import StopReason


class RunPhase(Enum):
    """Where the run is."""

    RUNNING = "running"
    DRAINING = "main has ended; the remaining processes are awaited"
    STOPPING = "a stop was asked for"
    ENDED = "ended"


class Schedule:
    """The state of a whole run. It holds no clock, no pid and no file."""

    def __init__(self, plan: Plan, room: int) -> None:
        """`room` is how many processes can run at once."""
        self._plan = plan
        self._room = room
        self._main = mains.Main(plan.steps)
        self._phase = RunPhase.RUNNING
        self._stop_reason: StopReason | None = None
        declared = lifecycle.DECLARED_REASONS | set(filter(self._is_declared, OUTCOME_OF_STOP))
        self._lives = [
            lifecycle.Life(number, process, plan.grace_period, declared)
            for number, process in enumerate(plan.processes)
        ]
        self._alive: dict[int, None] = {}
        """Numbers of what is alive, in the order of their starts."""

    @property
    def main_is_ready(self) -> bool:
        """Whether main would take a step if given its turn."""
        return self._phase is RunPhase.RUNNING and isinstance(self._main.phase, mains.Ready)

    @property
    def is_stopping(self) -> bool:
        """Whether a stop has been asked for, or would come too late."""
        return self._phase in (RunPhase.STOPPING, RunPhase.ENDED)

    @property
    def was_stopped(self) -> bool:
        """Whether a stop has been asked for."""
        return self._stop_reason is not None

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self._phase is RunPhase.ENDED

    @property
    def mains_state(self) -> MainsState:
        """What main does, and which processes it will start or end."""
        match self._main.phase:
            case mains.Joining(process, None):
                return MainsState(False, process, *self._mains_plans())
            case mains.Ended():
                return MainsState(goes_on=False)
        return MainsState(True, None, *self._mains_plans())

    def _mains_plans(self) -> tuple[frozenset[int], frozenset[int]]:
        """The processes that main has yet to start, and those that it will end."""
        coming = self.mains_steps
        pending = frozenset(step.process for step in coming if isinstance(step, steps.Start))
        ends = frozenset(step.process for step in coming if isinstance(step, steps.Terminate | steps.Kill))
        daemons = frozenset(number for number, process in enumerate(self._plan.processes) if process.daemon)
        return frozenset(each for each in pending if self.phase(each) is Phase.PLANNED), ends | daemons

    @property
    def mains_steps(self) -> tuple[steps.Step, ...]:
        """The steps that main has left, from the one on that it is doing."""
        position = self._main.position - isinstance(self._main.phase, mains.Acting)
        return () if isinstance(self._main.phase, mains.Ended) else self._plan.steps[position:]

    @property
    def alive(self) -> frozenset[int]:
        """The processes that live."""
        return frozenset(self._alive)

    @property
    def ending(self) -> frozenset[int]:
        """Those of them that will be ended whatever they do: by their own timers, or because they are being stopped."""
        return frozenset(
            number
            for number in self._alive
            if self._lives[number].phase is not Phase.RUNNING
            or self._plan.processes[number].terminate_after is not None
            or self._plan.processes[number].timeout is not None
        )

    def phase(self, process: int) -> Phase:
        """Where a process is in its life."""
        return self._lives[process].phase

    def handle(self, fact: Fact, at: float) -> list[Command]:
        """What is to be done now that `fact` is known, `at` this time in seconds of any clock that never goes back."""
        match fact:
            case Begun():
                commands = self._begin()
            case MainsTurn():
                commands = self._give_main_its_turn(at)
            case Happened(process, what):
                commands = self._live(process, what, at)
            case Postponed(process):
                self._main = mains.see_postponed(self._main, process)
                commands = []
            case TimerFired("run", _):
                commands = self._stop("time_limit", at)
            case TimerFired("main", generation):
                self._main, told = mains.fire(self._main, generation)
                commands = self._obey(told, at)
            case TimerFired(int(process), generation):
                commands = self._live(process, lifecycle.TimerFired(generation), at)
            case ActDone(exit_code, error) if self._phase is RunPhase.RUNNING:
                self._main, told = mains.see_act_done(self._main, exit_code, error)
                commands = [*self._obey(told, at), *self._drain_if_main_ended(at)]
            case ActDone():  # of a run that is being stopped
                commands = []
            case StopRun(reason):
                commands = self._stop(reason, at)
            case _:
                raise AssertionError(f"no such fact: {fact}")
        return commands + self._end_if_over()

    def _begin(self) -> list[Command]:
        limit_s = self._plan.time_limit
        return [] if limit_s is None else [SetTimer("run", limit_s, 0)]

    def _give_main_its_turn(self, at: float) -> list[Command]:
        self._main, told = mains.proceed(self._main, at, self.phase)
        return [*self._obey(told, at), *self._drain_if_main_ended(at)]

    def _drain_if_main_ended(self, at: float) -> list[Command]:
        if not isinstance(self._main.phase, mains.Ended):
            return []
        self._phase = RunPhase.DRAINING
        return self._terminate_daemons(at)

    def _obey(self, told: list[mains.Command], at: float) -> list[Command]:
        starts = tuple(order.process for order in told if isinstance(order, steps.Start))
        commands = self._start(starts, at) if starts else []
        for order in told:
            match order:
                case steps.Terminate(process):
                    commands += self._live(process, Terminate("main"), at)
                case steps.Kill(process):
                    commands += self._live(process, Kill("main"), at)
                case steps.Act(step):
                    commands.append(DoAct(step))
                case Report() | SetTimer():
                    commands.append(order)
        return commands

    def _start(self, processes: tuple[int, ...], at: float) -> list[Command]:
        fit = self._room - len(self._alive)
        if fit > 0:
            if processes[fit:]:  # there may be room for the rest when these have been started, and one has ended
                self._main = mains.see_postponed(self._main, processes[fit])
            return [StartProcesses(processes[:fit])]
        message = f"the limit of open files (`ulimit -n`) allows no more than {self._room} at once: raise it"
        error = {"type": "OSError", "message": message, "traceback": None}
        failed = lifecycle.StartFailed(error)
        return [command for process in processes for command in self._live(process, failed, at)]

    def _live(self, process: int, fact: lifecycle.Fact, at: float) -> list[Command]:
        if isinstance(fact, lifecycle.StartFailed) and fact.had_no_room and self._phase is RunPhase.RUNNING:
            again = mains.see_no_room(self._main, process)
            if again is not None:
                self._main, later = again
                return self._obey(later, at)
        life = self._lives[process]
        self._lives[process], told = lifecycle.transition(life, fact, at)
        commands: list[Command] = list(told)
        match fact:
            case lifecycle.Started():
                self._alive[process] = None
                if self._main.failures:
                    self._main = replace(self._main, failures=0)
            case lifecycle.Exited():
                del self._alive[process]
                if self._phase is RunPhase.RUNNING:
                    self._main, said = mains.see_end(self._main, process, at)
                    commands += self._obey(said, at) if said else []
        return commands

    def _terminate_daemons(self, at: float) -> list[Command]:
        """What CPython does when a program's main has ended: daemons are terminated, the others awaited."""
        return self._for_all_alive(
            lambda number: (
                self._live(number, Terminate("main_ended"), at) if self._plan.processes[number].daemon else []
            )
        )

    def _stop(self, reason: StopReason, at: float) -> list[Command]:
        if self._phase is RunPhase.ENDED:
            return []
        if self._phase is RunPhase.STOPPING:
            if reason != "stop_requested":
                return []
            return self._for_all_alive(lambda number: self._live(number, Kill(reason), at))
        told: list[Command] = [mains.stopped(self._main, at)] if self._phase is RunPhase.RUNNING else []
        self._phase = RunPhase.STOPPING
        self._stop_reason = reason
        return told + self._for_all_alive(lambda number: self._live(number, Terminate(reason), at))

    def _for_all_alive(self, act: Callable[[int], list[Command]]) -> list[Command]:
        return [command for number in list(self._alive) for command in act(number)]

    def _end_if_over(self) -> list[Command]:
        if self._alive or self._phase not in (RunPhase.DRAINING, RunPhase.STOPPING):
            return []
        self._phase = RunPhase.ENDED
        return [EndRun(self._stop_reason)]

    def _is_declared(self, reason: StopReason) -> bool:
        """Whether the file says that processes are stopped for this reason."""
        expect = self._plan.expect
        if expect is None:
            return False
        if reason == "deadlock" and expect.deadlock is not None:
            return expect.deadlock
        return expect.outcome == OUTCOME_OF_STOP[reason] and reason != "stop_requested"
