"""Draw a finished run as a timeline, a trace or an HTML page."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from runner.cli.streams import fail, has_color, width_of_terminal
from runner.cli.usage import FAULT
from runner.model.event_types import EVENTS
from runner.model.events import Event
from runner.model.records import replace
from runner.model.rewritten_lines import latest_text
from runner.report.timeline.build import timeline_of

if TYPE_CHECKING:
    import argparse

    from runner.history.runs import KeptRun


def events_of(run: KeptRun) -> list[Event]:
    """Return the events of a stored run; those that only a later version has are left out."""
    return [Event.from_json(data) for data in run.events if data["event"] in EVENTS]


def timeline_lines(run: KeptRun, *, color: bool, width: int | None = None, until: float = 0.0) -> list[str]:
    """Return the timeline of a run, for a terminal; its scale extends at least to `until`, in seconds."""
    from runner.report.timeline.text import lines

    timeline = timeline_of(events_of(run))
    timeline = replace(timeline, end=max(timeline.end, until))
    return lines(timeline, width or width_of_terminal(), color)


def make_pictures(options: argparse.Namespace, run: KeptRun) -> int:
    """Draw what the options ask for; return the exit status."""
    if options.timeline == "-":
        lines = timeline_lines(run, color=has_color(sys.stderr))
        print("\n" + "\n".join(lines), file=sys.stderr)
    elif options.timeline:
        from runner.report.timeline.svg import svg

        if status := _write("--timeline", options.timeline, svg(timeline_of(events_of(run)), run.title)):
            return status
    if options.trace:
        from runner.report.timeline.chrome_trace import trace

        text = json.dumps(trace(events_of(run)), ensure_ascii=False)
        if status := _write("--trace", options.trace, text):
            return status
    return _write("--report", options.report, page_of(run)) if options.report else 0


def page_of(run: KeptRun) -> str:
    """Return the page of a run."""
    from runner.report.page.html import OutputLine, ReportedRun, page

    return page(
        ReportedRun(
            title=run.title,
            file=run.file,
            file_text=run.text,
            events=tuple(events_of(run)),
            output=tuple(
                OutputLine(t, process, stream, latest_text(text), written_at)
                for t, process, stream, text, written_at in run.lines
            ),
            duration=run.duration,
            outcome=run.outcome,
            exit_status=run.exit_status,
            python=run.python,
            start_method=run.start_method,
        )
    )


def _write(option: str, path: str, text: str) -> int:
    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        return fail(f"{option}: `{path}` cannot be written: {(error.strerror or '').lower()}", FAULT)
    return 0
