"""The facts that the schedule receives."""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from runner.model.json_types import Error
    from runner.model.words import StopReason
    from runner.supervise.core.life import End, LifeId
    from runner.supervise.core.timers import Timer


@record(frozen=True, slots=True)
class Begun:
    """The run has begun."""


@record(frozen=True, slots=True)
class TurnCame:
    """The schedule may go one step further (a row of starts, or main's next step); only when `Schedule.is_ready`."""


@record(frozen=True, slots=True)
class Started:
    """The operating system has created the process; `repr` is that of its object."""

    life: LifeId
    pid: int
    repr: str


@record(frozen=True, slots=True)
class StartFailed:
    """The process could not be created; with `again`, the system only lacked the resources for it now."""

    life: LifeId
    error: Error
    again: bool = False


@record(frozen=True, slots=True)
class Postponed:
    """The row of starts ended early: its lives that were not attempted wait for another row."""


@record(frozen=True, slots=True)
class Exited:
    """The process is gone."""

    life: LifeId
    end: End


@record(frozen=True, slots=True)
class OutputsClosed:
    """The front has closed the outputs of these processes: their descriptors are free again."""

    processes: tuple[int, ...]


@record(frozen=True, slots=True)
class Stuck:
    """Processes wait for ever, for this reason: the deadlock watch has found it."""

    reason: StopReason


@record(frozen=True, slots=True)
class Fired:
    """A timer that `SetTimer` set has come due."""

    timer: Timer


@record(frozen=True, slots=True)
class StopRun:
    """Stop the run in order: SIGTERM to the living processes, SIGKILL after the grace period.

    A second one asks for SIGKILL at once.
    """

    reason: StopReason


@record(frozen=True, slots=True)
class ActDone:
    """Main's helper has done its step. With an exit code or an error, main ends there."""

    exit_code: int | None = None
    error: Error | None = None


Fact: TypeAlias = (
    Begun | TurnCame | Started | StartFailed | Postponed | Exited | OutputsClosed | Stuck | Fired | StopRun | ActDone
)
