"""The states of the declared processes of a run, and what facts and orders change in them. Pure.

It does not depend on main and on the run's phase: `schedule` decides when a process is requested, and when all are
stopped.
"""

from __future__ import annotations

from runner.model.verdict import OUTCOME_OF_STOP
from runner.supervise.core import process as processes
from runner.supervise.core.commands import Command, SetTimer, StartLives
from runner.supervise.core.life import DECLARED_REASONS, Due, ImpossibleFact, Kill, LifeId, Terminate
from runner.supervise.core.process import Phase, Process
from runner.supervise.core.start_queue import StartQueue
from runner.supervise.core.timers import Retry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.model.json_types import Error
    from runner.model.plan import Plan
    from runner.model.words import StopReason
    from runner.supervise.core.life import End
    from runner.supervise.core.timers import LifeTimer

MAX_STARTS = 64
"""The most processes that are started in a row. After a fork every page that the supervisor writes to is copied:
starting several in a row, and handling the consequences only then, costs half of taking turns."""


OVER = (Phase.PLANNED, Phase.ENDED, Phase.UNSTARTED)
"""The phases in which a process has no state of its own: there may be very many such processes."""


class Population:
    """The processes of one run, by their numbers."""

    def __init__(self, plan: Plan, room: int, outputs_room: int | None) -> None:
        """`room` and `outputs_room` are those of `StartQueue`."""
        self._plan = plan
        self._declared = DECLARED_REASONS | {reason for reason in OUTCOME_OF_STOP if _is_declared(plan, reason)}
        self._states: dict[int, Process] = {}
        """The processes that have been requested and are not over."""
        self._over = bytearray(len(plan.processes))
        """The phases of the processes that are in `OVER`, by their index; 0 for the others."""
        self.alive: dict[int, None] = {}
        """The living processes, in the order of their starts."""
        self.queue = StartQueue(room, outputs_room)
        self._stop_order: Terminate | Kill | None = None
        """The order that ends a life which begins while all are being stopped."""

    def phase(self, number: int) -> Phase:
        """Return the phase of a process."""
        state = self._states.get(number)
        return OVER[self._over[number]] if state is None else state.phase

    @property
    def can_start(self) -> bool:
        """Whether a row of starts can begin now."""
        return self.queue.can_start and self._stop_order is None

    @property
    def is_empty(self) -> bool:
        """Return whether nothing lives, and nothing waits for its start."""
        return not self.alive and not self.queue

    @property
    def lacks_room(self) -> bool:
        """Return whether processes wait because as many live as there is room for."""
        return bool(self.queue.waiting) and self.queue.free <= 0

    @property
    def ending(self) -> frozenset[int]:
        """Return the living processes that will be ended whatever they do: by their own timers, or because they are
        being stopped."""
        return frozenset(
            number
            for number in self.alive
            if self._states[number].phase is not Phase.RUNNING
            or self._plan.processes[number].terminate_after is not None
            or self._plan.processes[number].timeout is not None
        )

    def _apply(self, number: int, fact: processes.Fact, at: float) -> list[Command]:
        """Apply a fact to a process."""
        state = self._states.get(number)
        if state is None:
            plan, grace_period_s = self._plan.processes[number], self._plan.grace_period
            state = Process(number, plan, grace_period_s, self._declared, self.phase(number))
        state, commands = processes.transition(state, fact, at)
        if state.phase.is_over:
            self._states.pop(number, None)
            self._over[number] = OVER.index(state.phase)
        else:
            self._states[number] = state
        return commands

    # Starts.

    def request(self, number: int, at: float) -> None:
        """Request the start of a process."""
        self._apply(number, processes.Requested(), at)
        self.queue.add(number)

    def start_row(self, at: float) -> StartLives:
        """Return the next row of starts; only when `can_start`."""
        row = self.queue.take_row(MAX_STARTS)
        for number in row:
            self._apply(number, processes.Chosen(), at)
        return StartLives(tuple([self._states[number].next_life for number in row]))

    def see_start(self, life: LifeId, pid: int, shown: str, at: float) -> list[Command]:
        """Handle that a life has begun; it is stopped at once if all are being stopped."""
        self.queue.see_started(life.process)
        self.alive[life.process] = None
        commands = self._apply(life.process, processes.LifeBegan(pid, shown), at)
        if self._stop_order is not None:
            commands += self._apply(life.process, self._stop_order, at)
            self._clear_queue(at)
        return commands

    def see_failed_start(self, life: LifeId, error: Error, *, again: bool, at: float) -> list[Command]:
        """Handle that a process could not be created; with `again` another try follows after a pause, unless there were
        enough."""
        number = life.process
        if again and self._stop_order is None:
            is_paused = self.queue.is_paused
            pause = None if is_paused else self._pause(for_room=False)
            if is_paused or pause is not None:
                self.queue.see_failed(number, again=True)
                commands = self._apply(number, processes.PutBack(), at)
                return commands if pause is None else [*commands, pause]
        self.queue.see_failed(number, again=False)
        commands = self._apply(number, processes.Failed(error), at)
        self._clear_queue(at)
        return commands

    def see_postponed(self, at: float) -> None:
        """Handle that the row ended early: processes that were not attempted wait again."""
        for number in self.queue.see_postponed():
            self._apply(number, processes.PutBack(), at)
        self._clear_queue(at)

    def _pause(self, *, for_room: bool) -> SetTimer | None:
        """Return the timer of a pause before another try; None if there have been enough of them."""
        pause_s = self.queue.pause(for_room=for_room)
        return None if pause_s is None else SetTimer(Retry(self.queue.generation), pause_s)

    def see_to_room(self, at: float) -> list[Command]:
        """Let the starts that wait for room fail, if no end of a living process can make room for them.

        Processes that ended ones have left may keep their outputs open.
        """
        if self.alive or self.queue.starting or self.queue.is_paused or not self.lacks_room:
            return []
        pause = self._pause(for_room=True)
        if pause is not None:
            return [pause]
        error = self._no_room("processes that were left keep the outputs of others open")
        return self._withdraw(self.queue.give_up(), error, at)

    # Ends.

    def end(self, number: int, order: Terminate | Kill, at: float) -> list[Command]:
        """End a process as main asks for it; a process that waits for its start waits no more."""
        if self.phase(number) is not Phase.WAITING:
            return self._apply(number, order, at)
        error = self._no_room("main ended it before there was room for it")
        self.queue.withdraw(number)
        return self._withdraw([number], error, at)

    def end_daemons(self, at: float) -> list[Command]:
        """Do what CPython does when a program's main has ended: terminate daemons, wait for the others."""
        daemons = [each for each in (*self.alive, *self.queue.waiting) if self._plan.processes[each].daemon]
        return [command for each in daemons for command in self.end(each, Terminate("main_ended"), at)]

    def stop(self, order: Terminate | Kill, at: float) -> list[Command]:
        """End all living processes; nothing is started any more."""
        self._stop_order = order
        self._clear_queue(at)
        return [command for number in list(self.alive) for command in self._apply(number, order, at)]

    def see_exit(self, life: LifeId, end: End, at: float) -> list[Command]:
        """Handle the end of a life. Raise `ImpossibleFact` if it does not live."""
        number = life.process
        if not self._lives(life):
            raise ImpossibleFact(f"{life} has ended, which does not live: {self._states.get(number)}")
        commands = self._apply(number, end, at)
        del self.alive[number]
        self.queue.see_end(number)
        return commands

    def see_outputs_closed(self, numbers: Iterable[int]) -> None:
        """Handle that the front has closed the outputs of these processes, which may still live."""
        for number in numbers:
            self.queue.see_outputs_closed(number)

    def fire(self, timer: LifeTimer, at: float) -> list[Command]:
        """Handle a life's timer."""
        return self._apply(timer.life.process, Due(timer.generation), at) if self._lives(timer.life) else []

    def _lives(self, life: LifeId) -> bool:
        state = self._states.get(life.process)
        return state is not None and state.life is not None and state.life.id == life

    def _clear_queue(self, at: float) -> None:
        """When all are being stopped, have nothing wait for its start any more."""
        if self._stop_order is not None:
            self._withdraw(self.queue.give_up(), None, at)

    def _withdraw(self, numbers: Iterable[int], error: Error | None, at: float) -> list[Command]:
        return [command for each in numbers for command in self._apply(each, processes.Withdrawn(error), at)]

    def _no_room(self, why: str) -> Error:
        """Return the error of a process that was not started because there was no room for it."""
        limit = "the system lets this user have no more processes"
        if self.lacks_room:
            limit = f"the limit of open files (`ulimit -n`) allows no more than {self.queue.room} at once: raise it"
        return {"type": "OSError", "message": f"{why}: {limit}", "traceback": None}


def _is_declared(plan: Plan, reason: StopReason) -> bool:
    """Return whether the file declares that processes are stopped for this reason."""
    expect = plan.expect
    if expect is None:
        return False
    if reason == "deadlock" and expect.deadlock is not None:
        return expect.deadlock
    return expect.outcome == OUTCOME_OF_STOP[reason] and reason != "stop_requested"
