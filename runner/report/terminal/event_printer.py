"""Format events as lines for users with structlog: time, process, event and details."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from runner.model.event_types import (
    JobReported,
    JoinTimedOut,
    LineWritten,
    MainEnded,
    MainSlept,
    MainStopped,
    Noted,
    OfMain,
    OfProcess,
    OfShared,
    ProcessCreated,
    ProcessExited,
    ProcessJoined,
    ProcessKilled,
    ProcessShown,
    ProcessStarted,
    ProcessTerminating,
    RunFinished,
    RunStarted,
    SharedAcquired,
    SharedReleased,
    SharedTimedOut,
    SharedWaiting,
    StartFailed,
)
from runner.report.terminal.formatting import REASONS, duration, exit_code, harmless
from runner.report.terminal.loggers import event_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.events import Event
    from runner.model.json_types import Error

MAX_WIDTH = 100
"""The widest paragraph: longer lines are hard to read."""
MIN_WIDTH = 40
MAX_PROCESSES = 40
"""For a run with more processes, the first line shows its file and the number by which it is found later."""
_QUIET = (
    RunStarted
    | ProcessCreated
    | ProcessJoined
    | LineWritten
    | MainSlept
    | MainEnded
    | MainStopped
    | JobReported
    | OfShared
)
"""Shown only if every event was asked for."""

_MIN_ROOM = 24
"""The least columns for details next to a name; if there are fewer, they are printed below it."""
_INDENT = 13
_BOLD, _DIM, _RED, _GREEN, _YELLOW, _CYAN = "1", "2", "31", "32", "33", "36"


class Console:
    """Shows events as lines. `write` receives whole lines of text."""

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        names: tuple[str, ...] = (),
        verbose: bool,
        color: bool,
        width: int,
        wraps: bool,
    ) -> None:
        """`names` are those of the processes, so that the columns have their final width from the first line on.

        `width` is the width of the terminal, in characters; with `wraps`, as on a terminal, lines are wrapped to it:
        otherwise each event is one line.
        """
        self._verbose = verbose
        self._is_long = len(names) > MAX_PROCESSES
        widest_name = min(max(map(len, names), default=8), 24)
        self._log = event_log(_Columns(widest_name, width, color, wraps), _Lines(write))

    def tell(self, event: Event) -> None:
        """Show the event, unless it is a quiet one."""
        is_first = self._is_long and isinstance(event.fact, RunStarted)
        if self._verbose or is_first or not isinstance(event.fact, _QUIET) or _is_surprising(event):
            self._log.msg(event.event, fact=event)


def _is_surprising(event: Event) -> bool:
    """Return whether main has ended in another way than by reaching its end."""
    return isinstance(event.fact, MainEnded) and bool(event.fact.exit_code)


class _Lines:
    """structlog's sink."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def msg(self, text: str) -> None:
        self._write(f"{text}\n")


class _Columns:
    """The renderer: an event is a line in columns, a note a paragraph below what it explains."""

    def __init__(self, widest_name: int, width: int, color: bool, wraps: bool) -> None:
        self._widest_name = widest_name
        self._width = min(max(width, MIN_WIDTH), MAX_WIDTH)
        self._color = color
        self._margin = len("   0.000s    terminating  ") + widest_name
        self._room = width - self._margin if wraps else None
        """The room for details, in each line after the name; None if a line may have any width."""

    def __call__(self, event: Event) -> str:
        at = event.t
        match event.fact:
            case Noted(text=text):
                return self._note(text)
            case ProcessExited(ended_at=float() | int() as ended_at):
                at = ended_at
        what, details, style = _said(event)
        name = harmless(_subject(event))
        moment = self._painted(f"{at:8.3f}s", _DIM)
        subject = self._painted(f"{name:<{self._widest_name}}", _BOLD)
        if not details:
            return f"{moment}  {subject}  {self._painted(what, style)}"
        return f"{moment}  {subject}  {self._painted(f'{what:<11}', style)}  {self._folded(harmless(details))}"

    def _folded(self, details: str) -> str:
        if self._room is None or len(details) <= self._room:
            return details
        if self._room >= _MIN_ROOM:
            return f"\n{' ' * self._margin}".join(_wrapped(details, self._room))
        below = f"\n{' ' * _INDENT}"
        return below + below.join(_wrapped(details, self._width - _INDENT))

    def _note(self, text: str) -> str:
        margin = " " * 11
        lines = _wrapped(harmless(text), self._width - len(margin) - 6)
        head = self._painted("note", _CYAN)
        return f"{margin}{head}: " + f"\n{margin}      ".join(lines)

    def _painted(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._color and style else text


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 20), break_on_hyphens=False, break_long_words=False)


def _subject(event: Event) -> str:
    """Return the name of the process that the event is about, or `main`, or `run`."""
    fact = event.fact
    if isinstance(fact, OfProcess | OfShared):
        return fact.of.process
    if isinstance(fact, JobReported):
        return fact.job
    return fact.process if isinstance(fact, LineWritten) else event.event.partition(".")[0]


def _said(event: Event) -> tuple[str, str, str]:
    """Return the event in a word or two; its essential details; and the style of the word."""
    fact = event.fact
    if isinstance(fact, OfProcess):
        return _said_of_process(fact)
    if isinstance(fact, OfShared):
        return _said_of_sharing(fact)
    if isinstance(fact, OfMain):
        return _said_of_main(fact)
    match fact:
        case RunStarted(file, start_method, count):
            processes = "1 process" if count == 1 else f"{count:,} processes"
            return "started", f"{file}, {processes}, {start_method}, run {event.run}", ""
        case LineWritten(stream=stream, text=text):
            return stream, text, ""
        case RunFinished(outcome, exit_status, lasted):
            return outcome, f"in {duration(lasted)}", _GREEN if exit_status == 0 else _RED
    return event.event.rpartition(".")[2], "", ""


def _said_of_process(fact: OfProcess) -> tuple[str, str, str]:
    match fact:
        case ProcessCreated(target=target, daemon=daemon):
            return "created", f"{target}{', a daemon' if daemon else ''}", ""
        case ProcessStarted(of):
            return "started", f"pid {of.pid}", _GREEN
        case StartFailed(error=error):
            return "not started", _error(error), _RED
        case JoinTimedOut(timeout=timeout):
            return "join ended", f"after its timeout of {duration(timeout)}", _YELLOW
        case ProcessJoined(waited=waited):
            return "joined", f"waited {duration(waited)}", ""
        case ProcessTerminating(signal=signal, reason=reason):
            return "terminating", f"{signal} sent: {REASONS.get(reason, reason)}", _YELLOW
        case ProcessKilled(reason=reason):
            return "killing", f"SIGKILL sent: {REASONS.get(reason, reason)}", _RED
        case ProcessExited() as end:
            return _exited(end)
        case ProcessShown(of, label):  # pragma: no branch
            return label, f"{of.repr} alive: {str(of.alive).lower()}", _CYAN


def _said_of_main(fact: OfMain) -> tuple[str, str, str]:
    match fact:
        case MainSlept(seconds):
            return "slept", duration(seconds), ""
        case MainEnded(exit_code, error):
            what = f"; {_error(error)}" if error else ""
            return ("ended", f"exit code {exit_code}{what}", _RED) if exit_code else ("ended", "", "")
        case MainStopped(joining):  # pragma: no branch
            return "stopped", f"in its join of {joining}" if joining else "", ""


def _said_of_sharing(fact: OfShared) -> tuple[str, str, str]:
    thing = fact.of.thing
    match fact:
        case SharedWaiting(operation=operation, timeout=timeout):
            at_most = "" if timeout is None else f", at most {duration(timeout)}"
            return "waiting", f"{thing} ({operation}){at_most}", _YELLOW
        case SharedAcquired(operation=operation, waited=waited, skipped=skipped):
            after = f", after {duration(waited)}" if waited else ""
            unreported = f"; {skipped:,} before it not reported" if skipped else ""
            return "acquired", f"{thing} ({operation}){after}{unreported}", ""
        case SharedTimedOut(operation=operation, waited=waited):
            return "gave up", f"{thing} ({operation}), after {duration(waited)}", _YELLOW
        case SharedReleased(held=held):  # pragma: no branch
            return "released", f"{thing}, after {duration(held)}", ""


def _exited(end: ProcessExited) -> tuple[str, str, str]:
    error = f"; {_error(end.error)}" if end.error else ""
    lasted = "" if end.duration is None else f", after {duration(end.duration)}"
    unexpected = "" if end.expected else "; not expected"
    details = f"{exit_code(end.of.exit_code)}{lasted}{error}{unexpected}"
    return end.outcome, details, _GREEN if end.expected else _RED


def _error(error: Error) -> str:
    return f"{error['type']}: {error['message']}" if error["message"] else error["type"]
