"""The commands that the schedule returns, for the supervisor to carry out."""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from runner.model.json_types import StepData
    from runner.model.messages import OfMain, OfProcess
    from runner.model.words import StopReason
    from runner.supervise.core.life import LifeId
    from runner.supervise.core.timers import Timer


@record(frozen=True, slots=True)
class StartLives:
    """Start these lives in a row, and deliver `Started` or `StartFailed` for each at once.

    The row may end before its last life: then deliver `Postponed`.
    """

    lives: tuple[LifeId, ...]


@record(frozen=True, slots=True)
class SendSignal:
    """Send the process this signal."""

    life: LifeId
    signal: int


@record(frozen=True, slots=True)
class Wake:
    """Interrupt a call in which the process blocks, so that it handles the signals that have come."""

    life: LifeId


@record(frozen=True, slots=True)
class SetTimer:
    """Deliver `Fired(timer)` after this many seconds."""

    timer: Timer
    seconds: float


@record(frozen=True, slots=True)
class DoAct:
    """Have main's helper do this step, and deliver `ActDone` then."""

    step: StepData


@record(frozen=True, slots=True)
class Report:
    """Send the front this message; `Started` goes with the outputs of the process."""

    message: OfProcess | OfMain


@record(frozen=True, slots=True)
class ShowObject:
    """Report how multiprocessing shows the object of the process now."""

    process: int
    label: str


@record(frozen=True, slots=True)
class EndRun:
    """Nothing is alive and nothing will start: the run is over, and was stopped for this reason if it was stopped."""

    stop: StopReason | None


Command: TypeAlias = StartLives | SendSignal | Wake | SetTimer | DoAct | Report | ShowObject | EndRun
