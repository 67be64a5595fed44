"""The state machine of main, which runs the plan's steps as a program's main would. Pure.

Main takes one step at a time, so that the supervisor can handle other events in between.
"""

from __future__ import annotations

from runner.model import process_reports as reports
from runner.model.plan import Act, Join, Kill, Show, Sleep, Start, Step, Terminate
from runner.model.records import record, replace
from runner.supervise.core.commands import Report, SetTimer
from runner.supervise.core.process import Phase
from runner.supervise.core.timers import MainTimer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from runner.model.json_types import Error

    PhaseOf: TypeAlias = Callable[[int], Phase]
    """Returns the phase of a process, by its number."""

MAX_REQUESTS = 64
"""The most starts that main requests in one turn: more would only wait, and take memory."""


@record(frozen=True, slots=True)
class Ready:
    """Main can take its next step."""


@record(frozen=True, slots=True)
class Sleeping:
    """Main sleeps until its timer of this generation."""

    generation: int
    seconds: float


@record(frozen=True, slots=True)
class Joining:
    """Main waits for a process's end, or for its timer of this generation."""

    process: int
    timeout: float | None
    generation: int
    since: float


@record(frozen=True, slots=True)
class Acting:
    """Main's helper does something with shared things, and may have to wait for them."""


@record(frozen=True, slots=True)
class Ended:
    """Main has done all of its steps, or has exited before with an exit code."""

    exit_code: int = 0


@record(frozen=True, slots=True)
class Main:
    """The state of main: its steps, the next one's number, and what it waits for."""

    steps: Sequence[Step]
    position: int = 0
    phase: Ready | Sleeping | Joining | Acting | Ended = Ready()
    generation: int = 0


Order: TypeAlias = Start | Terminate | Kill
"""A request of main for a process."""

Command: TypeAlias = Order | Act | Show | Report | SetTimer


def proceed(main: Main, at: float, phase_of: PhaseOf) -> tuple[Main, list[Command]]:
    """Take the next step, or several starts in a row; main must be ready."""
    if not isinstance(main.phase, Ready):
        raise AssertionError(f"main cannot go on while {main.phase}")
    if main.position == len(main.steps):
        return end(main, at)
    step = main.steps[main.position]
    main = replace(main, position=main.position + 1)
    match step:
        case Start():
            row = [step, *_starts_in_a_row(main)]
            return replace(main, position=main.position + len(row) - 1), list(row)
        case Terminate() | Kill() | Show():
            return main, [step]
        case Sleep(seconds):
            main = replace(main, generation=main.generation + 1)
            sleeping = replace(main, phase=Sleeping(main.generation, seconds))
            return sleeping, [SetTimer(MainTimer(main.generation), seconds)]
        case Act():
            return replace(main, phase=Acting()), [step]
        case Join(process, timeout):  # pragma: no branch  # mypy sees that these are all
            return _join(main, process, timeout, at, phase_of)


def comes_to_a_start(main: Main) -> bool:
    """Return whether main would start a process with its next step."""
    is_ready = isinstance(main.phase, Ready) and main.position < len(main.steps)
    return is_ready and isinstance(main.steps[main.position], Start)


def _starts_in_a_row(main: Main) -> list[Start]:
    """Return the starts that come next, as many as fit into this turn."""
    row: list[Start] = []
    for step in main.steps[main.position : main.position + MAX_REQUESTS - 1]:
        if not isinstance(step, Start):
            break
        row.append(step)
    return row


def _join(main: Main, process: int, timeout: float | None, at: float, phase_of: PhaseOf) -> tuple[Main, list[Command]]:
    phase = phase_of(process)
    if phase is Phase.UNSTARTED:  # there is nothing to wait for, and its failed start has been reported
        return main, []
    if phase is Phase.ENDED:
        return main, [Report(reports.Joined(at, process, 0.0))]
    main = replace(main, generation=main.generation + 1)
    main = replace(main, phase=Joining(process, timeout, main.generation, at))
    return main, [] if timeout is None else [SetTimer(MainTimer(main.generation), timeout)]


def fire(main: Main, generation: int, at: float) -> tuple[Main, list[Command]]:
    """Handle main's timer of this generation; one that is no longer waited for is void."""
    match main.phase:
        case Sleeping(waited_for, seconds) if waited_for == generation:
            return replace(main, phase=Ready()), [Report(reports.MainSlept(at, seconds))]
        case Joining(process, float() | int() as timeout, waited_for) if waited_for == generation:
            return replace(main, phase=Ready()), [Report(reports.JoinTimedOut(at, process, timeout))]
        case _:
            return main, []


def see_act_done(main: Main, exit_code: int | None, error: Error | None, at: float) -> tuple[Main, list[Command]]:
    """Handle that main's helper is done; with an exit code or an error main ends there."""
    if exit_code is None and error is None:
        return replace(main, phase=Ready()), []
    return end(main, at, 1 if exit_code is None else exit_code, error)


def end(main: Main, at: float, exit_code: int = 0, error: Error | None = None) -> tuple[Main, list[Command]]:
    """End main."""
    return replace(main, phase=Ended(exit_code)), [Report(reports.MainEnded(at, exit_code, error))]


def stopped(main: Main, at: float) -> Report:
    """Return the report of a main that is stopped before its end: the process that it has been joining, and for how
    long."""
    joining, waited = (main.phase.process, at - main.phase.since) if isinstance(main.phase, Joining) else (None, None)
    return Report(reports.MainStopped(at, joining, waited))


def see_end(main: Main, process: int, at: float) -> tuple[Main, list[Command]]:
    """Handle that a process has ended: a join of it is done."""
    match main.phase:
        case Joining(joined, _, _, since) if joined == process:
            return replace(main, phase=Ready()), [Report(reports.Joined(at, process, at - since))]
        case _:
            return main, []


def pass_over_unstarted(main: Main, phase_of: PhaseOf) -> Main:
    """Skip a join of a process that will never be started; its failed start is reported."""
    match main.phase:
        case Joining(process) if phase_of(process) is Phase.UNSTARTED:
            return replace(main, phase=Ready())
        case _:
            return main
