"""The state machine of one declared process: when it has a life, and what becomes of it. Pure.

    planned ──Requested──> waiting ──Chosen──> starting ──LifeBegan──> running ──> stopping
                            │  ^                 │  │                     │           │
                        Withdrawn  └──PutBack────┘  Failed                └────End────┤
                            └──────────> unstarted <┘                               ended

A process is not its life: it waits for room before it has one, and another attempt would be another life.
"""

from __future__ import annotations

from enum import Enum

from runner.model.process_reports import StartFailed
from runner.model.records import record, replace
from runner.supervise.core import lifecycle
from runner.supervise.core.commands import Report
from runner.supervise.core.life import Due, End, ImpossibleFact, Kill, Life, LifeId, LifePhase, Terminate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from runner.model.json_types import Error
    from runner.model.plan import ProcessPlan
    from runner.model.words import StopReason
    from runner.supervise.core.commands import Command


class Phase(Enum):
    """The phase of a declared process."""

    PLANNED = "planned"
    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    ENDED = "ended"
    UNSTARTED = "unstarted"

    @property
    def is_over(self) -> bool:
        """Return whether the process has reached a final phase."""
        return self is Phase.ENDED or self is Phase.UNSTARTED


@record(frozen=True, slots=True)
class Requested:
    """The start of the process is requested."""


@record(frozen=True, slots=True)
class Chosen:
    """There is room for the process: it is being started now."""


@record(frozen=True, slots=True)
class LifeBegan:
    """The operating system has created the process, with this pid; `repr` is that of its object."""

    pid: int
    repr: str


@record(frozen=True, slots=True)
class PutBack:
    """The process was not started for now: no attempt was made, or the system lacked the resources."""


@record(frozen=True, slots=True)
class Failed:
    """The process could not be created."""

    error: Error


@record(frozen=True, slots=True)
class Withdrawn:
    """The process is not to be started any more. The error is reported, if there is one."""

    error: Error | None = None


Fact: TypeAlias = Requested | Chosen | LifeBegan | PutBack | Failed | Withdrawn | End | Due | Terminate | Kill


@record(frozen=True, slots=True)
class Process:
    """The state of one declared process. `attempts` counts the lives that it has had."""

    number: int
    plan: ProcessPlan
    grace_period: float
    declared: frozenset[StopReason]
    phase: Phase = Phase.PLANNED
    attempts: int = 0
    life: Life | None = None

    @property
    def next_life(self) -> LifeId:
        """Return the identity of the life that the next start gives the process."""
        return LifeId(self.number, self.attempts + 1)


def transition(process: Process, fact: Fact, at: float) -> tuple[Process, list[Command]]:
    """Return the state after `fact`, which came at this time, and the commands. Raise `ImpossibleFact`."""
    match fact, process.phase:
        case Requested(), Phase.PLANNED:
            return replace(process, phase=Phase.WAITING), []
        case Chosen(), Phase.WAITING:
            return replace(process, phase=Phase.STARTING), []
        case PutBack(), Phase.STARTING:
            return replace(process, phase=Phase.WAITING), []
        case LifeBegan(pid, shown), Phase.STARTING:
            return _begin(process, pid, shown, at)
        case Failed(error), Phase.STARTING:
            return replace(process, phase=Phase.UNSTARTED), [_not_started(process, error, at)]
        case Withdrawn(error), Phase.WAITING:
            return replace(process, phase=Phase.UNSTARTED), [] if error is None else [_not_started(process, error, at)]
        case ((End() | Due() | Terminate() | Kill()), Phase.RUNNING | Phase.STOPPING):
            return _live(process, fact, at)
        case ((Due() | Terminate() | Kill()), Phase.ENDED | Phase.UNSTARTED):
            return process, []
        case _:
            raise ImpossibleFact(f"{fact} while {process.plan.name} is {process.phase.value}: {process}")


def _begin(process: Process, pid: int, shown: str, at: float) -> tuple[Process, list[Command]]:
    life = Life(process.next_life, process.plan, process.grace_period, process.declared, started_at=at)
    life, commands = lifecycle.begin(life, pid, shown)
    return replace(process, phase=Phase.RUNNING, attempts=process.attempts + 1, life=life), commands


_PHASES = {
    LifePhase.RUNNING: Phase.RUNNING,
    LifePhase.TERMINATING: Phase.STOPPING,
    LifePhase.KILLED: Phase.STOPPING,
    LifePhase.ENDED: Phase.ENDED,
}


def _live(process: Process, fact: End | Due | Terminate | Kill, at: float) -> tuple[Process, list[Command]]:
    before = process.life
    assert before is not None, f"{process} lives without a life"
    life, commands = lifecycle.transition(before, fact, at)
    if life is before:
        return process, commands
    phase = _PHASES[life.phase]
    return replace(process, phase=phase, life=None if phase is Phase.ENDED else life), commands


def _not_started(process: Process, error: Error, at: float) -> Report:
    return Report(StartFailed(at, process.number, error))
