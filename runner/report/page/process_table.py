"""Generate the table of processes on the page of a run."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from runner.model.event_types import (
    ProcessCreated,
    ProcessExited,
    ProcessStarted,
    StartFailed,
)
from runner.model.exit_codes import meaning, signal_name
from runner.model.records import record
from runner.report.terminal.formatting import duration, harmless, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.events import Event


def process_table(events: tuple[Event, ...]) -> Iterator[str]:
    yield '<section aria-labelledby="processes-heading"><h2 id="processes-heading">Processes</h2>'
    yield '<div class="wide" tabindex="0" role="region" aria-labelledby="processes-heading"><table>'
    headings = "".join(f'<th scope="col"{_side(name)}>{name}</th>' for name in _COLUMNS)
    yield f"<thead><tr>{headings}</tr></thead><tbody>"
    yield from (_process(name, known) for name, known in _known(events).items())
    yield "</tbody></table></div></section>"


_COLUMNS = ("process", "pid", "outcome", "time", "cpu", "memory", "exit code", "expected")


_NUMBERS = frozenset({"pid", "time", "cpu", "memory"})


@record(frozen=True, slots=True)
class _ProcessFacts:
    """What the events report about one process; `end` is that of a process that has ended."""

    pid: int | None
    outcome: str
    expected: bool | None
    end: ProcessExited | None = None


def _known(events: tuple[Event, ...]) -> dict[str, _ProcessFacts]:
    """Return what the events report about each process."""
    known: dict[str, _ProcessFacts] = {}
    for event in events:
        match event.fact:
            case ProcessCreated(of):
                known[of.process] = _ProcessFacts(None, "not started", None)
            case ProcessStarted(of):
                known[of.process] = _ProcessFacts(of.pid, "no end seen", None)
            case StartFailed(of):
                known[of.process] = _ProcessFacts(None, "start failed", expected=False)
            case ProcessExited(of) as end:
                known[of.process] = _ProcessFacts(of.pid, end.outcome, end.expected, end)
    return known


def _process(name: str, known: _ProcessFacts) -> str:
    end = known.end
    code = None if end is None else end.of.exit_code
    ran = known.pid is not None
    cells = (
        str(known.pid) if ran else "",
        known.outcome,
        duration(end.duration if end else None) if ran else "",
        duration(end.cpu_seconds if end else None) if ran else "",
        size(end.max_rss if end else None) if ran else "",
        "" if code is None else f"{code} {signal_name(-code) if code < 0 else meaning(code)}",
        {True: "✓ yes", False: "✗ no", None: ""}[known.expected],
    )
    how = {True: ' class="good"', False: ' class="bad"', None: ""}[known.expected]
    row = "".join(
        f"<td{how if column in _JUDGED else _side(column)}>{escaped(cell)}</td>"
        for column, cell in zip(_COLUMNS[1:], cells, strict=True)
    )
    return f'<tr><th scope="row">{escaped(name)}</th>{row}</tr>'


_JUDGED = frozenset({"outcome", "expected"})


def _side(column: str) -> str:
    return ' class="number"' if column in _NUMBERS else ""


def escaped(text: str) -> str:
    """Return text escaped for the page: control characters are made visible, except tabs."""
    return "\t".join(escape(harmless(part)) for part in text.split("\t"))
