"""The facts that the schedule receives, and the commands that it returns."""

from __future__ import annotations

from runner.model.records import record
from runner.supervise.core.lifecycle import Report, SendSignal, SetTimer, Wake

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from runner.model.words import StopReason
    from runner.supervise.core import lifecycle


# Facts and orders that come in.


@record(frozen=True, slots=True)
class Begun:
    """The run begins."""


@record(frozen=True, slots=True)
class MainsTurn:
    """Main may take its next step, or several starts in a row; only when `Schedule.main_is_ready`."""


@record(frozen=True, slots=True)
class Happened:
    """A fact of one process's life."""

    process: int
    fact: lifecycle.Fact


@record(frozen=True, slots=True)
class Postponed:
    """Of the processes that were to be started in a row, this one and those after it wait for main's next turn."""

    process: int


@record(frozen=True, slots=True)
class TimerFired:
    """A timer that `SetTimer` asked for has come due."""

    owner: int | str
    generation: int


@record(frozen=True, slots=True)
class StopRun:
    """Stop the run in order: SIGTERM to what lives, SIGKILL after the grace period. A second one: SIGKILL at once."""

    reason: StopReason


@record(frozen=True, slots=True)
class ActDone:
    """Main's hand has done what it was to do; it leaves with this exit code, or this has been raised."""

    exit_code: int | None = None
    error: dict[str, Any] | None = None


Fact: TypeAlias = Begun | MainsTurn | Happened | Postponed | TimerFired | StopRun | ActDone


# Commands that go out, beside those of a life.


@record(frozen=True, slots=True)
class StartProcesses:
    """Start the processes, in a row, and deliver `Started` or `StartFailed` for each at once.

    The row may end before its last process: then deliver `Postponed` with the first one that was not attempted.
    """

    processes: tuple[int, ...]


@record(frozen=True, slots=True)
class DoAct:
    """Have main's hand do this step, and deliver `ActDone` then."""

    step: dict[str, Any]


@record(frozen=True, slots=True)
class EndRun:
    """Nothing is alive and nothing will start: the run is over, and was stopped for this reason if it was stopped."""

    stop: StopReason | None


Command: TypeAlias = StartProcesses | DoAct | EndRun | SendSignal | Wake | SetTimer | Report
