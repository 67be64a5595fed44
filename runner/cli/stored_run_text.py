"""Show a stored run in the terminal: its outcome, timeline, notes and output."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from runner.cli.pictures import events_of, timeline_lines
from runner.model.event_types import JobReported, Noted
from runner.model.results import Recorder
from runner.model.rewritten_lines import latest_text
from runner.notes.failure_groups import Failures
from runner.notes.note_counts import merged
from runner.report.terminal.failure_lines import failure_lines
from runner.report.terminal.formatting import duration, harmless
from runner.report.terminal.summary import MAX_ROWS, result_lines, summary, value_lines

if TYPE_CHECKING:
    from runner.history import KeptRun
    from runner.history.runs import OutputLine

MAX_LINES = 200
"""The lines of output that are shown."""
_MARGIN = "  "
_NO_PROCESS_FAILED = "Every process ended as expected. The jobs report why the run did not succeed:"


def shown(run: KeptRun, *, color: bool, width: int) -> list[str]:
    """Return everything about a run, as lines."""
    began = run.began.partition(".")[0].replace("T", " ")
    head = f"{run.run}  {run.title or run.file}: {run.outcome} in {duration(run.duration)}, {began} UTC"
    lines = [head, "", *timeline_lines(run, color=color, width=width)]
    notes = notes_of(run, width, color=color)
    lines += ["", *notes] if notes else []
    if printed := run.lines:
        lines += ["", "What was printed:", *_output(printed, run.output_cut)]
    return [*lines, *_ends(run, width, color)]


def notes_of(run: KeptRun, width: int, *, color: bool) -> list[str]:
    """Return the notes of a run, as paragraphs, each with its time."""
    lines: list[str] = []
    for event in merged(events_of(run)):
        if isinstance(event.fact, Noted):
            head = f"{event.t:8.3f}s  "
            room, said = max(30, min(width, 100) - len(head)), harmless(event.fact.text)
            text = textwrap.wrap(said, room, break_on_hyphens=False, break_long_words=False)
            lines += [head + text[0], *(" " * len(head) + line for line in text[1:])]
    return [f"\x1b[36m{line[:11]}\x1b[0m{line[11:]}" for line in lines] if color else lines


def why(run: KeptRun, width: int, *, color: bool) -> list[str]:
    """Return the reasons for a run's outcome: what failed, grouped by error and place, then the notes."""
    failed = _failed(run, width, tracebacks=True)
    notes = notes_of(run, width, color=color)
    if not failed and run.outcome == "succeeded":
        return notes or [f"{run.file}: nothing surprising happened ({run.outcome})"]
    lines = [f"{run.file}: {run.outcome.replace('_', ' ')}, exit status {run.exit_status}"]
    if run.events_cut:
        lines.append("Not all events of this run were stored: there may be more than is counted here.")
    lines += failed
    if not failed and not notes:
        lines += [_NO_PROCESS_FAILED, *_results(run)]
    return [*lines, "", *notes] if notes else lines


def _failed(run: KeptRun, width: int, *, tracebacks: bool) -> list[str]:
    failures = Failures()
    for event in events_of(run):
        failures.see(event)
    return failure_lines(failures, width, tracebacks=tracebacks)


def _results(run: KeptRun) -> list[str]:
    return [
        f"{_MARGIN}{line}"
        for event in events_of(run)
        if isinstance(event.fact, JobReported)
        for line in result_lines(event.fact.job, event.fact.result)
    ]


def _output(printed: list[OutputLine], cut: int) -> list[str]:
    widest = max(len(name) for _, name, *_ in printed)
    shown = printed[-MAX_LINES:]
    lines = [f"{_MARGIN}{name:<{widest}} │ {harmless(latest_text(text))}" for _, name, _, text, _ in shown]
    left_out = cut + len(printed) - len(shown)
    return [f"{_MARGIN}({left_out:,} lines before these are left out)", *lines] if left_out else lines


def _ends(run: KeptRun, width: int, color: bool) -> list[str]:
    recorder = Recorder(keep_events=False, keep_output=False)
    for event in events_of(run):
        recorder.add(event)
    result = recorder.result()
    lines = summary(result, width=width, color=color).splitlines()
    if len(result.processes) > MAX_ROWS:
        lines += ["", *_failed(run, width, tracebacks=False), ""]
    for job, values in result.results.items():
        lines += result_lines(job, values)
    return lines + value_lines(result.values)
