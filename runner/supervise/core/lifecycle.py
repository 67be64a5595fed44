"""The state machine of one life, which is one operating-system process: timeout, SIGTERM, grace period, SIGKILL, end.

Pure: no clock, no pid, no file.

    running ──Terminate──> terminating ──grace period over──> killed
       │  └──────Kill───────────┼────────────────────────────^  │
       └─────────End────────────┴───────────> ended <───────────┘

`begin` gives a life its first state; `transition(life, fact, at)` gives the next one and the commands that carry it
out. An order that no longer makes sense (terminating what has ended) does nothing, as in `multiprocessing`; a fact that
is impossible raises.
"""

from __future__ import annotations

from runner.model import process_reports as reports
from runner.model.records import replace
from runner.supervise.core.commands import Report, SendSignal, SetTimer, Wake
from runner.supervise.core.life import SIGKILL, SIGTERM, Due, End, ImpossibleFact, Kill, Life, LifePhase, Terminate
from runner.supervise.core.outcomes import end_of, is_expected, judge, limit_reached
from runner.supervise.core.timers import LifeTimer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.words import StopReason
    from runner.supervise.core.commands import Command
    from runner.supervise.core.life import Fact

WAKES_S = (0.05, 0.5)
"""After SIGTERM, until a process that is to unwind is woken: if the signal comes right before a call that blocks,
Python handles it only when the call returns."""


def begin(life: Life, pid: int, shown: str) -> tuple[Life, list[Command]]:
    """Return the state of a life that has just started, and the commands that follow from its start.

    `shown` is the repr of its object.
    """
    commands: list[Command] = [Report(reports.Started(life.started_at, life.id.process, pid, shown))]
    end_after_s = life.plan.timeout if life.plan.terminate_after is None else life.plan.terminate_after
    if end_after_s is not None:
        life = replace(life, generation=1)
        commands.append(SetTimer(LifeTimer(life.id, 1), end_after_s))
    return life, commands


def transition(life: Life, fact: Fact, at: float) -> tuple[Life, list[Command]]:
    """Return the state after `fact`, which came at this time, and the commands. Raise `ImpossibleFact`."""
    match fact:
        case End() if life.phase is not LifePhase.ENDED:
            return _end(life, fact, at)
        case Due(generation) if generation <= life.generation:
            return _due(life, generation, at)
        case Terminate(reason) if life.phase is LifePhase.RUNNING:
            return _terminate(life, reason, at)
        case Kill(reason) if life.phase in (LifePhase.RUNNING, LifePhase.TERMINATING):
            return _kill(life, reason, at)
        case Terminate() | Kill():
            return life, []
        case _:
            raise ImpossibleFact(f"{fact} while {life.plan.name} is {life.phase.value}: {life}")


def _due(life: Life, generation: int, at: float) -> tuple[Life, list[Command]]:
    if generation < life.generation:
        return life, []
    if life.phase is LifePhase.RUNNING:
        return _terminate(life, "timeout" if life.plan.terminate_after is None else "terminate_after", at)
    if life.phase is not LifePhase.TERMINATING:
        return life, []
    if life.wakes == len(_wakes_s(life)):
        return _kill(life, "grace_period", at)
    life = replace(life, wakes=life.wakes + 1, generation=life.generation + 1)
    return life, [Wake(life.id), _wait_for_its_end(life)]


def _wakes_s(life: Life) -> tuple[float, ...]:
    if life.plan.on_terminate != "unwind":
        return ()
    return tuple(seconds for seconds in WAKES_S if seconds < life.grace_period)


def _wait_for_its_end(life: Life) -> SetTimer:
    """Return the timer of the next wake, or of the end of the grace period."""
    moments = (0.0, *_wakes_s(life), life.grace_period)
    return SetTimer(LifeTimer(life.id, life.generation), moments[life.wakes + 1] - moments[life.wakes])


def _terminate(life: Life, reason: StopReason, at: float) -> tuple[Life, list[Command]]:
    life = replace(
        life,
        phase=LifePhase.TERMINATING,
        generation=life.generation + 1,
        stop_reason=reason,
        sent=life.sent | {SIGTERM},
    )
    return life, [
        SendSignal(life.id, SIGTERM),
        Report(reports.Terminating(at, life.id.process, "SIGTERM", reason)),
        _wait_for_its_end(life),
    ]


def _kill(life: Life, reason: StopReason, at: float) -> tuple[Life, list[Command]]:
    life = replace(life, phase=LifePhase.KILLED, stop_reason=life.stop_reason or reason, sent=life.sent | {SIGKILL})
    return life, [
        SendSignal(life.id, SIGKILL),
        Report(reports.Killed(at, life.id.process, reason)),
    ]


def _end(life: Life, end: End, at: float) -> tuple[Life, list[Command]]:
    limit = limit_reached(life, end)
    ended_at, ended_at_from = end_of(end, life.started_at, at)
    outcome = judge(life, end.exit_code, limit, ended_at - life.started_at)
    exited = reports.Exited(
        at,
        life.id.process,
        exit_code=end.exit_code,
        repr=end.repr,
        outcome=outcome,
        expected=is_expected(life, end.exit_code, outcome),
        ended_by=end.ended_by,
        stop_reason=life.stop_reason,
        duration=ended_at - life.started_at,
        cpu_seconds=end.cpu_seconds,
        max_rss=end.max_rss,
        returned=end.returned,
        error=end.error,
        limit=limit,
        result=end.result,
        ended_at=ended_at,
        ended_at_from=ended_at_from,
    )
    return replace(life, phase=LifePhase.ENDED), [Report(exited)]
