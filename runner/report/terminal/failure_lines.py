"""Format a run's failures as text, grouped by error and place, the most frequent first."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from runner.model.event_types import MainEnded, ProcessExited, StartFailed
from runner.report.terminal.formatting import REASONS, harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.json_types import Error
    from runner.notes.failure_groups import Failure, Failures

MAX_GROUPS = 8
"""Further groups are counted: the text has to fit on a screen."""
MAX_NAMES = 4
MAX_MESSAGE = 200
MAX_TRACEBACK = 12
"""The lines of a traceback: the last ones show the exception, and where it was raised."""
MAX_TRACEBACKS = 3
MAX_WIDTH = 100
MIN_WIDTH = 40
_INDENT = "  "


def failure_lines(failures: Failures, width: int, *, tracebacks: bool) -> list[str]:
    """Return how many processes failed, and the groups; with `tracebacks` that of the first process of some groups.

    There are no lines if nothing failed.
    """
    width = max(MIN_WIDTH, min(width, MAX_WIDTH))
    lines: list[str] = []
    if failures.main is not None:
        lines += textwrap.wrap(f"Main failed: {_with_place(failures.main)}", width, subsequent_indent=_INDENT)
    groups = failures.groups()
    if not groups:
        return lines
    processes = "1 process" if failures.processes == 1 else f"{failures.processes:,} processes"
    lines.append(f"{failures.count:,} of {processes} did not end as expected:")
    widest = max(len(f"{group.count:,}") for group in groups)
    for place, group in enumerate(groups[:MAX_GROUPS]):
        lines += _group(group, widest, width, has_traceback=tracebacks and place < MAX_TRACEBACKS)
    if len(groups) > MAX_GROUPS:
        rest = sum(group.count for group in groups[MAX_GROUPS:])
        lines.append(f"{_INDENT}{rest:>{widest},}  in {len(groups) - MAX_GROUPS} more ways")
    return lines


def _group(group: Failure, widest: int, width: int, *, has_traceback: bool) -> Iterator[str]:
    head = f"{_INDENT}{group.count:>{widest},}  "
    margin = " " * len(head)
    text = f"{_with_place(group)}: {_named(group)}"
    yield from textwrap.wrap(text, width, initial_indent=head, subsequent_indent=margin, break_on_hyphens=False)
    traceback = _traceback(group).splitlines() if has_traceback else []
    if len(traceback) > MAX_TRACEBACK:
        yield f"{margin}| …"
    yield from (f"{margin}| {harmless(line)}" for line in traceback[-MAX_TRACEBACK:])


def _traceback(group: Failure) -> str:
    return (group.error.get("traceback") if group.error else None) or ""


def _named(group: Failure) -> str:
    """Return the names of the first processes of a group."""
    names = list(map(harmless, group.processes[:MAX_NAMES]))
    more = group.count - len(names)
    if more:
        return f"{', '.join(names)} and {more:,} more"
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _with_place(group: Failure) -> str:
    place = f", at {harmless(group.place)}" if group.place else ""
    return f"{_what(group)}{place}"


def _what(group: Failure) -> str:
    """Return how they ended."""
    end = group.end
    if group.error is not None:
        return f"{'not started: ' if isinstance(end, StartFailed) else ''}{_error(group, group.error)}"
    match end:
        case ProcessExited(outcome="lost"):
            return "lost, which means that the exit code is unknown"
        case ProcessExited(outcome="terminated" | "killed" | "timed_out", stop_reason=reason) if reason in REASONS:
            return f"{end.outcome}, because {REASONS[reason]}"
        case ProcessExited(signal=str(signal)):
            return f"killed by {signal} (exit code {end.of.exit_code})"
        case ProcessExited(ended_by="sys_exit") if str(end.returned) not in ("None", str(end.of.exit_code)):
            return f"exit code {end.of.exit_code}, by sys.exit({_short(str(end.returned))})"
        case ProcessExited():
            return f"{end.outcome} with exit code {end.of.exit_code}"
        case MainEnded(exit_code):
            return f"failed with exit code {exit_code}"
        case StartFailed():  # pragma: no branch  # kept without its error
            return "not started"


def _error(group: Failure, error: Error) -> str:
    message = _short(error["message"]) if error["message"] else ""
    others = "" if group.has_one_message else " (and other messages)"
    return f"{harmless(error['type'])}{': ' if message else ''}{message}{others}"


def _short(text: str) -> str:
    shown = harmless(text.strip())
    return shown if len(shown) <= MAX_MESSAGE else f"{shown[:MAX_MESSAGE]}…"
