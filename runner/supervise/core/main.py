"""The state machine of main, which runs the plan's steps as a program's main would. Pure.

Main takes one step at a time, so that the supervisor can handle other events in between.
"""

from __future__ import annotations

from runner.model.plan import Act, Join, Kill, Show, Sleep, Start, Step, Terminate
from runner.model.records import record, replace
from runner.supervise.core.lifecycle import Phase, Report, SetTimer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    PhaseOf: TypeAlias = Callable[[int], Phase]
    """Where a process is in its life, by its number."""

MOST_STARTS = 64
"""How many processes main starts in one turn at most. After a fork every page that the supervisor writes to is copied:
to start several in a row, and only then to see to what follows, costs half of taking turns."""

PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Before main tries again to start what the system had no room for (`EAGAIN`: too many processes)."""


@record(frozen=True, slots=True)
class Ready:
    """Main can take its next step."""


@record(frozen=True, slots=True)
class Sleeping:
    """Main sleeps until its timer of this generation; `seconds` is None where no step asks for it."""

    generation: int
    seconds: float | None = None


@record(frozen=True, slots=True)
class Joining:
    """Main waits for a process's end, or for its timer of this generation."""

    process: int
    timeout: float | None
    generation: int
    since: float


@record(frozen=True, slots=True)
class Acting:
    """Main's hand does something with shared things, and may have to wait for them."""


@record(frozen=True, slots=True)
class Ended:
    """Main has gone through all of its steps, or has left before with an exit code."""

    exit_code: int = 0


@record(frozen=True, slots=True)
class Main:
    """Where main is: its steps, the next one's number, and what it waits for."""

    steps: tuple[Step, ...]
    position: int = 0
    phase: Ready | Sleeping | Joining | Acting | Ended = Ready()
    generation: int = 0
    failures: int = 0
    """How often in a row the system had no room."""


Order: TypeAlias = Start | Terminate | Kill
"""What main asks for a process."""

Command: TypeAlias = Order | Act | Report | SetTimer


def proceed(main: Main, at: float, phase_of: PhaseOf) -> tuple[Main, list[Command]]:
    """Take the next step, or several starts in a row; main must be ready."""
    if not isinstance(main.phase, Ready):
        raise AssertionError(f"main cannot go on while {main.phase}")
    if main.position == len(main.steps):
        return end(main)
    step = main.steps[main.position]
    main = replace(main, position=main.position + 1)
    match step:
        case Start():
            row = [step, *_starts_in_a_row(main)]
            main = replace(main, position=main.position + len(row) - 1)
            # When main has gone back, some of them have been made.
            return main, [each for each in row if phase_of(each.process) is Phase.PLANNED]
        case Terminate() | Kill():
            return main, [step]
        case Sleep(seconds):
            main = replace(main, generation=main.generation + 1)
            sleeping = replace(main, phase=Sleeping(main.generation, seconds))
            return sleeping, [SetTimer("main", seconds, main.generation)]
        case Act():
            return replace(main, phase=Acting()), [step]
        case Show(process, label):
            return main, [Report("process.shown", process, {"label": label})]
        case Join(process, timeout):  # pragma: no branch  # mypy sees that these are all
            return _join(main, process, timeout, at, phase_of)


def _starts_in_a_row(main: Main) -> list[Start]:
    """The starts that come next, as many as go into this turn."""
    row: list[Start] = []
    for step in main.steps[main.position : main.position + MOST_STARTS - 1]:
        if not isinstance(step, Start):
            break
        row.append(step)
    return row


def _join(main: Main, process: int, timeout: float | None, at: float, phase_of: PhaseOf) -> tuple[Main, list[Command]]:
    phase = phase_of(process)
    if phase is Phase.UNSTARTED:  # there is nothing to wait for, and its failed start has been reported
        return main, []
    if phase is Phase.ENDED:
        return main, [Report("process.joined", process, {"waited": 0.0})]
    main = replace(main, generation=main.generation + 1)
    main = replace(main, phase=Joining(process, timeout, main.generation, at))
    return main, [] if timeout is None else [SetTimer("main", timeout, main.generation)]


def fire(main: Main, generation: int) -> tuple[Main, list[Command]]:
    """Main's timer of this generation has come due; one that is no longer waited for is void."""
    match main.phase:
        case Sleeping(waited_for, seconds) if waited_for == generation:
            slept = [] if seconds is None else [Report("main.slept", None, {"seconds": seconds})]
            return replace(main, phase=Ready()), list(slept)
        case Joining(process, timeout, waited_for) if waited_for == generation:
            report = Report("process.join_timed_out", process, {"timeout": timeout})
            return replace(main, phase=Ready()), [report]
        case _:
            return main, []


def see_act_done(main: Main, exit_code: int | None, error: dict[str, Any] | None) -> tuple[Main, list[Command]]:
    """Main's hand is done; with an exit code or an error main ends there."""
    if exit_code is None and error is None:
        return replace(main, phase=Ready()), []
    return end(main, 1 if exit_code is None else exit_code, error)


def end(main: Main, exit_code: int = 0, error: dict[str, Any] | None = None) -> tuple[Main, list[Command]]:
    """Main is over."""
    return replace(main, phase=Ended(exit_code)), [Report("main.ended", None, {"exit_code": exit_code, "error": error})]


def see_postponed(main: Main, process: int) -> Main:
    """The row of starts ended before this process: main takes it up there at its next turn."""
    position = _position_in_the_row(main, process)
    return main if position is None else replace(main, position=position)


def see_no_room(main: Main, process: int) -> tuple[Main, list[Command]] | None:
    """The system had no room for a process: go back to its start, after a pause; None when that was often enough."""
    position = _position_in_the_row(main, process)
    if position is None:  # the system had no room for an earlier one in the row either
        return main, []
    if main.failures == len(PAUSES_S):
        return None
    pause_s = PAUSES_S[main.failures]
    main = replace(main, position=position, generation=main.generation + 1, failures=main.failures + 1)
    return replace(main, phase=Sleeping(main.generation)), [SetTimer("main", pause_s, main.generation)]


def _position_in_the_row(main: Main, process: int) -> int | None:
    """Where in the row that main has just passed this process is started; None if main has gone back behind it."""
    for position in range(main.position - 1, max(main.position - MOST_STARTS, 0) - 1, -1):
        if main.steps[position] == Start(process):
            return position
    return None


def stopped(main: Main, at: float) -> Report:
    """What main was about when the run is stopped before its end: whom it has been joining, and how long."""
    joining, waited = (main.phase.process, at - main.phase.since) if isinstance(main.phase, Joining) else (None, None)
    return Report("main.stopped", None, {"joining": joining, "waited": waited})


def see_end(main: Main, process: int, at: float) -> tuple[Main, list[Command]]:
    """A process is over; a join of it is done."""
    match main.phase:
        case Joining(joined, _, _, since) if joined == process:
            return replace(main, phase=Ready()), [Report("process.joined", process, {"waited": at - since})]
        case _:
            return main, []
