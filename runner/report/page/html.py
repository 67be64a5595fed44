"""Generate a self-contained HTML page of a run, without network access or other files.

All text of a run is escaped, never markup, and the script finds its data in the page itself.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from runner.model.event_types import (
    JobReported,
    RunFinished,
)
from runner.model.masking import without_secrets
from runner.model.records import record
from runner.report.page.process_table import escaped, process_table
from runner.report.terminal.formatting import duration
from runner.report.terminal.summary import result_lines, value_lines
from runner.report.timeline.build import timeline_of
from runner.report.timeline.svg import svg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.events import Event
    from runner.report.timeline.model import Remark, Timeline


@record(frozen=True, slots=True)
class OutputLine:
    """A line that a process wrote to `stream` (`stdout` or `stderr`), read at `t`, in seconds since the run began.

    `written_at` is when it was written; None if only the time of reading is known.
    """

    t: float
    process: str
    stream: str
    text: str
    written_at: float | None = None


@record(frozen=True, slots=True)
class ReportedRun:
    """The contents of the page. `output` is in the order in which it was read; `python` is a version."""

    title: str | None
    file: str
    file_text: str
    events: tuple[Event, ...]
    output: tuple[OutputLine, ...]
    duration: float
    outcome: str
    exit_status: int
    python: str
    start_method: str


def page(run: ReportedRun) -> str:
    """Return the page, the same for the same run."""
    timeline = timeline_of(run.events)
    title = escaped(run.title or run.file)
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_NOTHING_ELSE}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<link rel="icon" href="data:,">',
        f"<title>{title} · run-jobs</title>",
        f"<style>\n{_asset('page.css')}</style>",
        "</head>",
        "<body>",
        '<a class="skip" href="#content">Skip to the content</a>',
        *_header(run, title),
        '<main id="content" tabindex="-1">',
        *_timeline(timeline),
        *process_table(run.events),
        *_results(run.events),
        *_notes(timeline.remarks),
        *_output(run.output),
        *_file(run),
        "</main>",
        f"<script>\n{_asset('page.js')}</script>",
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


_NOTHING_ELSE = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
"""What the page may load: only its own contents."""


def _asset(name: str) -> str:
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        return file.read()


def _header(run: ReportedRun, title: str) -> Iterator[str]:
    facts = {
        "file": escaped(run.file),
        "duration": duration(run.duration),
        "exit status": str(run.exit_status),
        "Python": escaped(run.python),
        "start method": escaped(run.start_method),
    }
    how = "good" if run.exit_status == 0 else "bad"
    yield f'<header><h1>{title}</h1><p class="outcome {how}">{escaped(run.outcome)}</p>'
    yield "<dl>"
    yield from (f"<div><dt>{name}</dt><dd>{fact}</dd></div>" for name, fact in facts.items())
    yield "</dl></header>"


def _timeline(timeline: Timeline) -> Iterator[str]:
    yield '<section aria-labelledby="timeline-heading"><h2 id="timeline-heading">Timeline</h2>'
    yield '<div class="tools" role="group" aria-label="Zoom">'
    for name, sign, label in (("out", "−", "Zoom out"), ("in", "+", "Zoom in")):
        yield f'<button type="button" id="zoom-{name}" aria-label="{label}" title="{label}">{sign}</button>'
    yield '<button type="button" id="zoom-all">whole run</button>'
    yield f'<p class="hint">{_HINT}</p></div>'
    yield f'<div id="timeline" role="region" aria-label="Timeline of the run">\n{svg(timeline, None)}</div>'
    yield '<p id="facts" role="status" aria-live="polite">Point at something in the timeline to read about it.</p>'
    yield "</section>"


_HINT = (
    "<kbd>Tab</kbd> into the timeline, <kbd>←</kbd> <kbd>→</kbd> along a lane, <kbd>↑</kbd> "
    "<kbd>↓</kbd> to another, <kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd> or <kbd>Ctrl</kbd> and the wheel"
    " to zoom, <kbd>Esc</kbd> to close the facts"
)


def _results(events: tuple[Event, ...]) -> Iterator[str]:
    """Return what jobs report, and the last values of shared things."""
    lines: list[str] = []
    for event in events:
        match event.fact:
            case JobReported(job, result=result):
                lines += result_lines(job, result)
            case RunFinished(values=values):
                lines += value_lines(values or {}, MAX_VALUE)
    if lines:
        yield '<section aria-labelledby="results-heading"><h2 id="results-heading">Results</h2>'
        yield f'<pre class="results" tabindex="0">{_joined(lines)}</pre></section>'


def _joined(lines: list[str]) -> str:
    return "\n".join(map(escaped, lines))


MAX_VALUE = 2_000
"""The characters of a value that are shown."""


def _notes(remarks: tuple[Remark, ...]) -> Iterator[str]:
    if not remarks:
        return
    yield '<section aria-labelledby="notes-heading"><h2 id="notes-heading">Notes</h2><ol class="notes">'
    for remark in remarks:
        about = escaped(remark.process or "the run")
        yield f"<li><span>{remark.at:.3f} s</span> <b>{about}</b> {_code(escaped(remark.text))}</li>"
    yield "</ol></section>"


def _code(text: str) -> str:
    """Mark words in backticks as code, in text that is already escaped."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)


def _output(lines: tuple[OutputLine, ...]) -> Iterator[str]:
    yield '<section aria-labelledby="output-heading"><h2 id="output-heading">Output</h2>'
    if not lines:
        yield "<p>No process wrote anything.</p></section>"
        return
    numbers = {name: number for number, name in enumerate(dict.fromkeys(line.process for line in lines))}
    yield '<form class="tools" id="filter"><fieldset><legend>Show what these wrote</legend>'
    for name, number in numbers.items():
        yield f'<label><input type="checkbox" value="{number}" checked> {escaped(name)}</label>'
    yield '<button type="button" value="all">all</button> <button type="button" value="none">none</button></fieldset>'
    yield '<label>Lines with <input type="search" id="with" autocomplete="off" spellcheck="false"></label>'
    yield f'<output id="count">{len(lines)} of {len(lines)} lines</output></form>'
    yield '<ol class="output" tabindex="0" role="region" aria-labelledby="output-heading">'
    for line in lines:
        label = f'{_moment(line)} <b class="who-{numbers[line.process] % 8}">{escaped(line.process)}</b>'
        stream = ' class="stderr" title="stderr"' if line.stream == "stderr" else ""
        yield f'<li data-process="{numbers[line.process]}"{stream}>{label} <samp>{escaped(line.text)}</samp></li>'
    yield "</ol></section>"


def _moment(line: OutputLine) -> str:
    """Return when a line was written or, marked as such, when it was read."""
    if line.written_at is not None:
        return f"<span>{line.written_at:.3f} s</span>"
    return f'<span title="when it was read: it was written before">read {line.t:.3f} s</span>'


def _file(run: ReportedRun) -> Iterator[str]:
    yield '<section aria-labelledby="file-heading"><h2 id="file-heading">File</h2>'
    yield '<ol class="file" tabindex="0" role="region" aria-labelledby="file-heading">'
    yield from (f"<li><code>{_highlighted(without_secrets(line))}</code></li>" for line in run.file_text.splitlines())
    yield "</ol></section>"


_YAML = re.compile(
    r"""(?P<lead>[ ]*(?:-[ ]+)*)(?P<key>(?:"[^"]*"|'[^']*'|[^\s"'#][^#"']*?):(?=\s|$))?"""
    r"""(?P<rest>(?:"[^"]*"|'(?:[^']|'')*'|(?<=\S)[#]|[^#])*)(?P<comment>[#].*)?""",
    re.DOTALL,
)


def _highlighted(line: str) -> str:
    """Highlight the key and the comment of a line of YAML; constructs over several lines are ignored."""
    found = _YAML.fullmatch(line)
    assert found is not None, "whatever is no key and no comment is the rest"
    key, comment = escaped(found["key"] or ""), escaped(found["comment"] or "")
    marked = (
        escaped(found["lead"]),
        f"<b>{key}</b>" if key else "",
        escaped(found["rest"]),
        f"<i>{comment}</i>" if comment else "",
    )
    return "".join(marked)
