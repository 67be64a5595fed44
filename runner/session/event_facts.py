"""Convert the supervisor's reports on processes, main and shared things into the facts of events. Pure."""

from __future__ import annotations

from runner.model import messages
from runner.model.event_types import (
    JoinTimedOut,
    MainEnded,
    MainSlept,
    MainStopped,
    ProcessCreated,
    ProcessExited,
    ProcessJoined,
    ProcessKilled,
    ProcessShown,
    ProcessStarted,
    ProcessState,
    ProcessTerminating,
    RunStarted,
    SharedAcquired,
    SharedReleased,
    SharedTimedOut,
    SharedWaiting,
    StartFailed,
    Use,
)
from runner.model.events import MAIN_PROCESS
from runner.model.exit_codes import signal_name
from runner.model.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.event_types import OfMain, OfProcess, OfShared
    from runner.model.plan import Plan


def run_started(plan: Plan) -> RunStarted:
    """Return the fact that the run of a plan has begun."""
    return RunStarted(plan.file, plan.start_method, len(plan.processes))


def initial_state(begun: messages.Begun, plan: Plan, process: int) -> ProcessState:
    """Return the state of a process before its start."""
    planned = plan.processes[process]
    shown = begun.reprs.get(str(process))
    if shown is None:
        shown = begun.samples[planned.daemon].replace(repr(messages.SAMPLE_NAME), repr(planned.name), 1)
    return ProcessState(planned.job, planned.name, None, "initial", alive=False, exit_code=None, repr=shown)


def created(plan: Plan, process: int, of: ProcessState) -> ProcessCreated:
    """Return the fact that a process was created, in this state."""
    planned = plan.processes[process]
    return ProcessCreated(of, planned.target or planned.cls or "do", planned.daemon)


def of_process(message: messages.OfProcess, of: ProcessState, began: float) -> OfProcess:
    """Return the fact about a process, which was in state `of` before; the run `began` at that time (monotonic).

    Measured values have microseconds: more digits are noise of a subtraction. A target's own value is not rounded.
    """
    match message:
        case messages.Started(pid=pid, repr=shown):
            return ProcessStarted(replace(of, pid=pid, state="started", alive=True, repr=shown))
        case messages.StartFailed(error=error):
            return StartFailed(of, error)
        case messages.Joined(waited=waited):
            return ProcessJoined(of, round(waited, 6))
        case messages.JoinTimedOut(timeout=timeout):
            return JoinTimedOut(of, round(timeout, 6))
        case messages.Shown(state=state, label=label):
            return ProcessShown(of if state is None else _shown(of, state), label)
        case messages.Terminating(signal=signal, reason=reason):
            return ProcessTerminating(of, signal, reason)
        case messages.Killed(reason=reason):
            return ProcessKilled(of, reason)
        case _:
            return _exited(of, message, began)


def _shown(of: ProcessState, state: messages.ObjectState) -> ProcessState:
    return replace(
        of,
        pid=state.pid,
        state=state.state,
        alive=state.alive,
        exit_code=state.exit_code,
        repr=state.repr,
    )


def _exited(of: ProcessState, end: messages.Exited, began: float) -> ProcessExited:
    code = end.exit_code
    return ProcessExited(
        of=replace(of, state="stopped", alive=False, exit_code=code, repr=end.repr),
        outcome=end.outcome,
        expected=end.expected,
        ended_by=end.ended_by,
        stop_reason=end.stop_reason,
        duration=round(end.duration, 6),
        cpu_seconds=None if end.cpu_seconds is None else round(end.cpu_seconds, 6),
        max_rss=end.max_rss,
        returned=end.returned,
        error=end.error,
        limit=end.limit,
        result=end.result,
        signal=signal_name(-code) if code is not None and code < 0 else None,
        ended_at=round(max(0.0, end.ended_at - began), 6),
        ended_at_from=end.ended_at_from,
    )


def of_main(message: messages.OfMain, plan: Plan) -> OfMain:
    """Return the fact about main."""
    match message:
        case messages.MainSlept(seconds=seconds):
            return MainSlept(seconds)
        case messages.MainEnded(exit_code=exit_code, error=error):
            return MainEnded(exit_code, error)
        case _:
            joining = None if message.joining is None else plan.processes[message.joining].name
            return MainStopped(joining, None if message.waited is None else round(message.waited, 6))


def of_use(message: messages.OfUse, plan: Plan, pid: int | None) -> OfShared:
    """Return the fact about the use of a shared thing by a process with this pid, or by main, which has none here."""
    is_main = message.process == len(plan.processes)
    planned = None if is_main else plan.processes[message.process]
    job, name = (None, MAIN_PROCESS) if planned is None else (planned.job, planned.name)
    of = Use(job, name, None if is_main else pid, message.thing, message.kind)
    match message:
        case messages.Waiting(operation=operation, timeout=timeout):
            return SharedWaiting(of, operation, timeout)
        case messages.Acquired(operation=operation, waited=waited, skipped=skipped):
            return SharedAcquired(of, operation, waited, skipped)
        case messages.TimedOut(operation=operation, waited=waited):
            return SharedTimedOut(of, operation, waited)
        case _:
            return SharedReleased(of, message.held)
