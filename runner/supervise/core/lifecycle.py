"""The state machine of one process: facts in, commands out. Pure: no clock, no pid, no file.

    planned ──Started──> running ──Terminate──> terminating ──grace over──> killed
       │                    │  └──────Kill──────────┼──────────────────────────^ │
       └─StartFailed─> unstarted                    └──────Exited─> ended <──────┘

`transition(life, fact, at)` gives the next state and the commands that carry it out. An order that no longer makes
sense (terminating what has ended) does nothing, as in `multiprocessing`; a fact that cannot be raises.
"""

from __future__ import annotations

from enum import Enum

from runner.model.records import field, record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

    from runner.model.plan import ProcessPlan
    from runner.model.words import EndedBy, EndSource, Outcome, StopReason

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

SIGTERM = 15
SIGKILL = 9
SIGXCPU = 24  # on Linux and on macOS

WAKES_S = (0.05, 0.5)
"""After SIGTERM, until a process that is to unwind is woken: if the signal comes right before a call that blocks,
Python sees to it only when the call returns."""

DECLARED_REASONS: frozenset[StopReason] = frozenset({"terminate_after", "main", "main_ended"})
"""Reasons for a stop that the file itself asks for."""


class Phase(Enum):
    """Where a process is in its life."""

    PLANNED = "planned"
    RUNNING = "running"
    TERMINATING = "terminating"
    KILLED = "killed"
    ENDED = "ended"
    UNSTARTED = "unstarted"

    @property
    def alive(self) -> bool:
        """Whether there is an operating-system process."""
        return self in _ALIVE


_ALIVE = (Phase.RUNNING, Phase.TERMINATING, Phase.KILLED)  # no set: hashing these is Python's code, comparing is not


# Facts and orders that come in.


@record(frozen=True, slots=True)
class Started:
    """The operating system has made the process."""


@record(frozen=True, slots=True)
class StartFailed:
    """The process could not be made; it may be possible later if the system only had no room for it now."""

    error: dict[str, Any]
    had_no_room: bool = False


@record(frozen=True, slots=True)
class Exited:
    """The process is gone. `exit_code` is negative for a signal, None where it cannot be known.

    `ended_by` is `return`, `exception`, `sys_exit`, `unreported` or `signal`; `returned` the repr of what the target
    returned or passed to `sys.exit`; `result` the returned value, where JSON gives it back unchanged; `left_at` when it
    recorded that it leaves.
    """

    exit_code: int | None
    ended_by: EndedBy
    returned: str | None = None
    error: dict[str, Any] | None = None
    cpu_seconds: float | None = None
    max_rss: int | None = None
    result: Any = None
    left_at: float | None = None


@record(frozen=True, slots=True)
class TimerFired:
    """The timer of this generation has come due; an older generation's is void."""

    generation: int


@record(frozen=True, slots=True)
class Terminate:
    """Stop the process: SIGTERM, and SIGKILL after the grace period."""

    reason: StopReason


@record(frozen=True, slots=True)
class Kill:
    """Stop the process with SIGKILL."""

    reason: StopReason


Fact: TypeAlias = Started | StartFailed | Exited | TimerFired | Terminate | Kill


# Commands that go out.


@record(frozen=True, slots=True)
class SendSignal:
    """Send the process this signal."""

    process: int
    signal: int


@record(frozen=True, slots=True)
class Wake:
    """Have a call return in which the process blocks, so that it sees to the signals that have come."""

    process: int


@record(frozen=True, slots=True)
class SetTimer:
    """Deliver `TimerFired(generation)` to `owner` (a process's number, `main` or `run`) in so many seconds."""

    owner: int | str
    seconds: float
    generation: int


@record(frozen=True, slots=True)
class Report:
    """Tell the event; `process` is None for the run's own."""

    event: ReportName
    process: int | None = None
    fields: dict[str, Any] = field(default_factory=dict)


Command: TypeAlias = SendSignal | Wake | SetTimer | Report


@record(frozen=True, slots=True)
class Life:
    """The state of one process's life. `stop_reason` is that of the first signal that was sent.

    `declared` are the reasons for a stop that the file asks for.
    """

    process: int
    plan: ProcessPlan
    grace_period: float
    declared: frozenset[StopReason] = DECLARED_REASONS
    phase: Phase = Phase.PLANNED
    generation: int = 0
    started_at: float | None = None
    stop_reason: StopReason | None = None
    sent: frozenset[int] = frozenset()
    wakes: int = 0
    expected: bool | None = None


class ImpossibleFact(Exception):
    """A fact that cannot be in this phase: the supervisor's own fault."""

    def __init__(self, life: Life, fact: Fact) -> None:
        super().__init__(f"{fact} while {life.plan.name} is {life.phase.value}: {life}")


def transition(life: Life, fact: Fact, at: float) -> tuple[Life, list[Command]]:
    """The state after `fact`, which came `at` this time, and what is to be done. Raises `ImpossibleFact`."""
    match fact:
        case Started() if life.phase is Phase.PLANNED:
            return _start(life, at)
        case StartFailed(error) if life.phase is Phase.PLANNED:
            report = Report("process.start_failed", life.process, {"error": error})
            return replace(life, phase=Phase.UNSTARTED, expected=False), [report]
        case Exited() if life.phase.alive:
            return _end(life, fact, at)
        case TimerFired(generation) if generation <= life.generation:
            return _due(life, generation)
        case Terminate(reason) if life.phase is Phase.RUNNING:
            return _terminate(life, reason)
        case Kill(reason) if life.phase in (Phase.RUNNING, Phase.TERMINATING):
            return _kill(life, reason)
        case Terminate() | Kill() if life.phase is not Phase.PLANNED:
            return life, []
        case _:
            raise ImpossibleFact(life, fact)


def _start(life: Life, at: float) -> tuple[Life, list[Command]]:
    commands: list[Command] = [Report("process.started", life.process)]
    end_after_s = life.plan.timeout if life.plan.terminate_after is None else life.plan.terminate_after
    if end_after_s is not None:
        life = replace(life, generation=life.generation + 1)
        commands.append(SetTimer(life.process, end_after_s, life.generation))
    return replace(life, phase=Phase.RUNNING, started_at=at), commands


def _due(life: Life, generation: int) -> tuple[Life, list[Command]]:
    if generation < life.generation:
        return life, []
    if life.phase is Phase.RUNNING:
        return _terminate(life, "timeout" if life.plan.terminate_after is None else "terminate_after")
    if life.phase is not Phase.TERMINATING:
        return life, []
    if life.wakes == len(_wakes_s(life)):
        return _kill(life, "grace_period")
    life = replace(life, wakes=life.wakes + 1, generation=life.generation + 1)
    return life, [Wake(life.process), _wait_for_its_end(life)]


def _wakes_s(life: Life) -> tuple[float, ...]:
    if life.plan.on_terminate != "unwind":
        return ()
    return tuple(seconds for seconds in WAKES_S if seconds < life.grace_period)


def _wait_for_its_end(life: Life) -> SetTimer:
    """The timer of the next wake, or of the end of the grace period."""
    moments = (0.0, *_wakes_s(life), life.grace_period)
    return SetTimer(life.process, moments[life.wakes + 1] - moments[life.wakes], life.generation)


def _terminate(life: Life, reason: StopReason) -> tuple[Life, list[Command]]:
    life = replace(
        life,
        phase=Phase.TERMINATING,
        generation=life.generation + 1,
        stop_reason=reason,
        sent=life.sent | {SIGTERM},
    )
    return life, [
        SendSignal(life.process, SIGTERM),
        Report("process.terminating", life.process, {"signal": "SIGTERM", "reason": reason}),
        _wait_for_its_end(life),
    ]


def _kill(life: Life, reason: StopReason) -> tuple[Life, list[Command]]:
    life = replace(life, phase=Phase.KILLED, stop_reason=life.stop_reason or reason, sent=life.sent | {SIGKILL})
    return life, [
        SendSignal(life.process, SIGKILL),
        Report("process.killed", life.process, {"reason": reason}),
    ]


def _end(life: Life, fact: Exited, at: float) -> tuple[Life, list[Command]]:
    limit = limit_reached(life, fact)
    started_at = at if life.started_at is None else life.started_at
    ended_at, ended_at_from = end_of(fact, started_at, at)
    outcome = judge(life, fact.exit_code, limit, ended_at - started_at)
    expected = is_expected(life, fact.exit_code, outcome)
    fields = {
        "outcome": outcome,
        "expected": expected,
        "ended_by": fact.ended_by,
        "stop_reason": life.stop_reason,
        "duration": ended_at - started_at,
        "cpu_seconds": fact.cpu_seconds,
        "max_rss": fact.max_rss,
        "returned": fact.returned,
        "error": fact.error,
        "limit": limit,
        "result": fact.result,
        "ended_at": ended_at,
        "ended_at_from": ended_at_from,
    }
    return replace(life, phase=Phase.ENDED, expected=expected), [Report("process.exited", life.process, fields)]


def end_of(fact: Exited, started_at: float, noticed_at: float) -> tuple[float, EndSource]:
    """When a process ended, as the child recorded it or as the supervisor noticed it, and which of the two it is."""
    if fact.left_at is not None and fact.ended_by != "signal" and started_at <= fact.left_at <= noticed_at:
        return fact.left_at, "child"
    return noticed_at, "supervisor"


def limit_reached(life: Life, fact: Exited) -> str | None:
    """The name of its own limit that ended the process, as far as that can be known."""
    limits = life.plan.limits
    if limits is None:
        return None
    if limits.memory is not None and fact.error is not None and fact.error["type"] == "MemoryError":
        return "memory"
    if limits.cpu_seconds is None:
        return None
    if fact.exit_code == -SIGXCPU:
        return "cpu_seconds"
    # The system's second word, to who ignores the first.
    is_killed = fact.exit_code == -SIGKILL and SIGKILL not in life.sent
    return "cpu_seconds" if is_killed and (fact.cpu_seconds or 0) > limits.cpu_seconds else None


def judge(life: Life, exit_code: int | None, limit: str | None, duration_s: float) -> Outcome:
    """How a process ended, given its exit code, the signals that we sent it, its limit and how long it ran.

    A process that ended in time has not timed out, even if its timeout was over before its end was noticed.
    """
    if exit_code is None:
        return "lost"
    if life.stop_reason == "timeout" and duration_s >= (life.plan.timeout or 0):
        return "timed_out"
    if exit_code == -SIGKILL and SIGKILL in life.sent:
        return "killed"
    if exit_code == -SIGTERM and SIGTERM in life.sent:
        return "terminated"
    if limit == "memory":
        return "out_of_memory"
    return "succeeded" if exit_code == 0 else "failed"


def is_expected(life: Life, exit_code: int | None, outcome: Outcome) -> bool:
    """Whether the process ended as the file declares."""
    expect = life.plan.expect
    if expect is not None and (expect.exit_code is not None or expect.outcome is not None):
        return expect.exit_code in (None, exit_code) and expect.outcome in (None, outcome)
    if outcome in {"terminated", "killed"}:
        return life.stop_reason in life.declared
    return outcome == "succeeded"
