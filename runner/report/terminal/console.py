"""Events as lines for a person, rendered by structlog: when, which process, what happened, and what matters of it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from runner.report.terminal.log import event_log
from runner.report.terminal.words import REASONS, duration, exit_code, harmless

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.events import Event

MOST_WIDTH = 100
"""Of a paragraph: longer lines are hard to read."""
LEAST_WIDTH = 40
MOST_PROCESSES = 40
"""Of a run with more processes the first line says what is run, and by which number it is found later."""
_QUIET = frozenset(
    {
        "run.started",
        "process.created",
        "process.joined",
        "process.wrote",
        "main.slept",
        "main.ended",
        "main.stopped",
        "job.result",
        "shared.waiting",
        "shared.acquired",
        "shared.timed_out",
        "shared.released",
    }
)
"""What is shown only to who asks for every event."""

_LEAST_ROOM = 24
"""Columns beside a name, with less than which details stand below it."""
_INDENT = 13
_BOLD, _DIM, _RED, _GREEN, _YELLOW, _CYAN = "1", "2", "31", "32", "33", "36"


class Console:
    """Shows events as lines. `write` gets whole lines of text."""

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
        """`names` are those of the processes, so that the columns stand still from the first line on.

        `width` is that of the terminal, in characters; with `wraps`, as on a terminal, lines keep to it, too: otherwise
        each event is one line.
        """
        self._verbose = verbose
        self._is_long = len(names) > MOST_PROCESSES
        widest_name = min(max(map(len, names), default=8), 24)
        self._log = event_log(_Columns(widest_name, width, color, wraps), _Lines(write))

    def tell(self, event: Event) -> None:
        """Show the event, if it is one to show."""
        is_first = self._is_long and event.event == "run.started"
        if self._verbose or is_first or event.event not in _QUIET or _is_surprising(event):
            self._log.msg(event.event, fact=event)


def _is_surprising(event: Event) -> bool:
    """Whether main has ended otherwise than by coming to its end."""
    return event.event == "main.ended" and bool(event.fields["exit_code"])


class _Lines:
    """structlog's end of the line."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def msg(self, text: str) -> None:
        self._write(f"{text}\n")


class _Columns:
    """The renderer: an event as a line in columns, a note as a paragraph below what it explains."""

    def __init__(self, widest_name: int, width: int, color: bool, wraps: bool) -> None:
        self._widest_name = widest_name
        self._width = min(max(width, LEAST_WIDTH), MOST_WIDTH)
        self._color = color
        self._margin = len("   0.000s    terminating  ") + widest_name
        self._room = width - self._margin if wraps else None
        """For details, in each line beside the name; None if a line may have any width."""

    def __call__(self, event: Event) -> str:
        if event.event == "note":
            return self._note(str(event.fields["text"]))
        what, details, style = _said(event)
        name = harmless(str(event.fields.get("process") or event.fields.get("job") or event.event.partition(".")[0]))
        ended_at = event.fields.get("ended_at")
        at = ended_at if isinstance(ended_at, int | float) else event.t
        moment = self._painted(f"{at:8.3f}s", _DIM)
        who = self._painted(f"{name:<{self._widest_name}}", _BOLD)
        if not details:
            return f"{moment}  {who}  {self._painted(what, style)}"
        return f"{moment}  {who}  {self._painted(f'{what:<11}', style)}  {self._folded(harmless(details))}"

    def _folded(self, details: str) -> str:
        if self._room is None or len(details) <= self._room:
            return details
        if self._room >= _LEAST_ROOM:
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


def _said(event: Event) -> tuple[str, str, str]:
    """What happened, in a word or two; what matters of it; and the style of the word."""
    said: dict[str, Any] = event.fields
    match event.event:
        case "run.started":
            processes = "1 process" if said["processes"] == 1 else f"{said['processes']:,} processes"
            return "started", f"{said['file']}, {processes}, {said['start_method']}, run {event.run}", ""
        case "process.created":
            daemon = ", a daemon" if said["daemon"] else ""
            return "created", f"{said['target']}{daemon}", ""
        case "process.started":
            return "started", f"pid {said['pid']}", _GREEN
        case "process.start_failed":
            return "not started", _error(said["error"]), _RED
        case "process.join_timed_out":
            return "join ended", f"after its timeout of {duration(said['timeout'])}", _YELLOW
        case "process.joined":
            return "joined", f"waited {duration(said['waited'])}", ""
        case "process.terminating":
            return "terminating", f"{said['signal']} sent: {REASONS.get(said['reason'], said['reason'])}", _YELLOW
        case "process.killed":
            return "killing", f"SIGKILL sent: {REASONS.get(said['reason'], said['reason'])}", _RED
        case "process.exited":
            return _exited(said)
        case "process.shown":
            return str(said["label"]), f"{said['repr']} alive: {str(said['alive']).lower()}", _CYAN
        case "process.wrote":
            return str(said["stream"]), str(said["text"]), ""
        case "run.finished":
            style = _GREEN if said["exit_status"] == 0 else _RED
            return str(said["outcome"]), f"in {duration(said['duration'])}", style
    return _said_of_main_and_sharing(event.event, said)


def _said_of_main_and_sharing(event: str, said: dict[str, Any]) -> tuple[str, str, str]:
    match event:
        case "main.slept":
            return "slept", duration(said["seconds"]), ""
        case "main.ended":
            error = f"; {_error(said['error'])}" if said["error"] else ""
            return ("ended", f"exit code {said['exit_code']}{error}", _RED) if said["exit_code"] else ("ended", "", "")
        case "main.stopped":
            return "stopped", f"in its join of {said['joining']}" if said["joining"] else "", ""
        case "shared.waiting":
            at_most = "" if said["timeout"] is None else f", at most {duration(said['timeout'])}"
            return "waiting", f"{said['thing']} ({said['operation']}){at_most}", _YELLOW
        case "shared.acquired":
            waited = f", after {duration(said['waited'])}" if said["waited"] else ""
            skipped = f"; {said['skipped']:,} before it not told" if said["skipped"] else ""
            return "acquired", f"{said['thing']} ({said['operation']}){waited}{skipped}", ""
        case "shared.timed_out":
            return "gave up", f"{said['thing']} ({said['operation']}), after {duration(said['waited'])}", _YELLOW
        case "shared.released":
            return "released", f"{said['thing']}, after {duration(said['held'])}", ""
    return event.rpartition(".")[2], "", ""


def _exited(said: dict[str, Any]) -> tuple[str, str, str]:
    error = f"; {_error(said['error'])}" if said["error"] else ""
    lasted = "" if said["duration"] is None else f", after {duration(said['duration'])}"
    unexpected = "" if said["expected"] else "; not expected"
    details = f"{exit_code(said['exit_code'])}{lasted}{error}{unexpected}"
    return str(said["outcome"]), details, _GREEN if said["expected"] else _RED


def _error(said: dict[str, str]) -> str:
    return f"{said['type']}: {said['message']}" if said["message"] else said["type"]
