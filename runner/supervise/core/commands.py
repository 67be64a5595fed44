"""The commands that the schedule returns, for the supervisor to carry out."""

from __future__ import annotations

from runner.model.records import field, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TypeAlias

    from runner.model.json_types import StepData
    from runner.model.words import StopReason
    from runner.supervise.core.life import LifeId
    from runner.supervise.core.timers import Timer

    ReportName: TypeAlias = Literal[
        "process.started",
        "process.start_failed",
        "process.joined",
        "process.join_timed_out",
        "process.shown",
        "process.terminating",
        "process.killed",
        "process.exited",
        "main.slept",
        "main.ended",
        "main.stopped",
    ]
    """The events that the core reports."""


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
    """Report the event; `process` is None for the run's own events."""

    event: ReportName
    process: int | None = None
    fields: Mapping[str, object] = field(default_factory=dict)


@record(frozen=True, slots=True)
class EndRun:
    """Nothing is alive and nothing will start: the run is over, and was stopped for this reason if it was stopped."""

    stop: StopReason | None


Command: TypeAlias = StartLives | SendSignal | Wake | SetTimer | DoAct | Report | EndRun
