"""Format the comparison of two runs as text."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

from runner.history.compare import SET
from runner.model.event_types import EVENTS
from runner.model.events import Event
from runner.model.exit_codes import signal_name
from runner.report.terminal.console import Console
from runner.report.terminal.listing import columns, end_of, local, start_of
from runner.report.terminal.words import duration, harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence, Sized

    from runner.history.compare import Comparison, OutputChange, ValueChange
    from runner.history.facts import End, EventData, NoteSeen
    from runner.model.plan import Json

LEAST_WIDTH = 60
MOST_WIDTH = 100
"""Of a paragraph: longer lines are hard to read."""
MOST_ROWS = 20
MOST_OF_A_DIFF = 80
"""Of more lines than these, the rest is counted."""
_SHOWN_BEFORE = 8
"""Of what two long values have in common, so many characters are shown before the first that differs."""
_INDENT = "  "
_BOLD, _DIM, _RED, _GREEN, _CYAN = "1", "2", "31", "32", "36"


def comparison_lines(
    comparison: Comparison, width: int, color: bool, timelines: tuple[list[str], list[str]] | None = None
) -> list[str]:
    """The verdict in a sentence, the two runs, and a section for each thing that differs.

    `timelines` are those of the earlier run and of the later one, which are put below each other.
    """
    page = _Page(max(width, LEAST_WIDTH), color)
    lines = [page.painted(line, _BOLD) for line in page.wrapped(verdict(comparison))]
    lines += [page.painted(line, _DIM) for line in _runs(comparison)]
    if not comparison.is_whole:
        lines += page.wrapped("Not all events or lines of these runs were kept: what is said of them may not be all.")
    for title, section in _SECTIONS.items():
        if body := list(section(page, comparison)):
            lines += ["", page.painted(title, _BOLD), *[f"{_INDENT}{line}".rstrip() for line in body]]
    if timelines:
        before, after = timelines
        lines += ["", page.painted("before", _BOLD), *before, "", page.painted("after", _BOLD), *after]
    return lines


def verdict(comparison: Comparison) -> str:
    """What matters of a comparison, in one sentence."""
    causes = list(_causes(comparison))
    effects = list(_effects(comparison)) or (["the events differ"] if comparison.first_event else [])
    times = " but times" if any(_time_rows(comparison)) else ""
    match bool(causes), bool(effects):
        case False, False:
            said = [f"nothing changed{times}"]
        case True, False:
            said = [*causes, f"nothing else changed{times}"]
        case False, True:
            said = ["the file is the same", *effects]
        case _:
            said = [*causes, *effects]
    sentence = "; ".join(said)
    return f"{sentence[0].upper()}{sentence[1:]}."


class _Page:
    """What the sections are written on."""

    def __init__(self, width: int, color: bool) -> None:
        self.width = width
        self.color = color

    def painted(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.color and style else text

    def wrapped(self, text: str, margin: int = 0) -> list[str]:
        room = max(min(self.width, MOST_WIDTH) - margin, 20)
        return textwrap.wrap(harmless(text), room, break_on_hyphens=False, break_long_words=False)

    def changes(self, rows: Iterable[tuple[str, str, str]]) -> list[str]:
        """Names with what they were and what they are, below each other."""
        all_rows = list(rows)
        shown = all_rows[:MOST_ROWS]
        names = [end_of(harmless(name), self.width * 2 // 5) for name, _, _ in shown]
        widest = max(map(len, names), default=0)
        room = self.width - len(_INDENT) - widest - len("   → ")
        pairs = [" → ".join(parts_that_differ(before, after, room)) for _, before, after in shown]
        lines = [f"{name:<{widest}}  {pair}" for name, pair in zip(names, pairs, strict=True)]
        return lines + _more(len(all_rows) - len(shown))


def _causes(comparison: Comparison) -> Iterator[str]:
    """What the user changed."""
    settings = [change.name for change in comparison.settings]
    lines = "1 line" if comparison.changed_lines == 1 else f"{comparison.changed_lines} lines"
    if "file" in settings:
        yield "these are two files"
        lines += " of them differ" + ("s" if comparison.changed_lines == 1 else "")
    else:
        lines += " of the file changed"
    if comparison.changed_lines:
        yield lines
    if any(name.startswith(SET) for name in settings):
        yield "an edit was made"
    yield from (_SETTINGS[name] for name in settings if name in _SETTINGS)


def _effects(comparison: Comparison) -> Iterator[str]:
    """What came of it."""
    before, after = comparison.before.outcome, comparison.after.outcome
    if before != after:
        yield f"the run ended as {after}, no longer as {before}"
    if found := comparison.deadlock:
        yield "the deadlock is gone" if not found.after else f"there is {'another' if found.before else 'a'} deadlock"
    both = [one for one in comparison.outcomes if one.before and one.after]
    new = [one for one in comparison.outcomes if not one.before]
    gone = [one for one in comparison.outcomes if not one.after]
    yield from _counted(both, "1 process ended otherwise", "processes ended otherwise")
    yield from _counted(new, "1 process is new", "processes are new")
    yield from _counted(gone, "1 process is gone", "processes are gone")
    yield from _counted(comparison.values, "1 value differs", "values differ")
    printed = {change.process for change in comparison.output}
    yield from _counted(printed, "1 process printed something else", "processes printed something else")
    yield from _counted(comparison.notes_new, "1 note is new", "notes are new")
    yield from _counted(comparison.notes_gone, "1 note is gone", "notes are gone")


def _counted(things: Sized, one: str, many: str) -> Iterator[str]:
    """What is said of one thing, or of many; nothing of none."""
    if things:
        yield one if len(things) == 1 else f"{len(things)} {many}"


def _runs(comparison: Comparison) -> list[str]:
    rows = []
    for name, run in (("before", comparison.before), ("after", comparison.after)):
        when = f"{local(run.began):%d %b %Y %H:%M:%S}"
        rows.append([name, run.run, when, run.outcome, f"in {duration(run.duration)}"])
    return columns(rows)


def _diff(page: _Page, comparison: Comparison) -> list[str]:
    shown = [start_of(harmless(line), page.width - len(_INDENT)) for line in comparison.diff[:MOST_OF_A_DIFF]]
    lines = [page.painted(line, _DIFF.get(line[0], "")) for line in shown]
    return lines + _more(len(comparison.diff) - len(shown))


def _outcomes(page: _Page, comparison: Comparison) -> list[str]:
    before, after = comparison.before, comparison.after
    rows = []
    if before.outcome != after.outcome:
        old, new = (f"{run.outcome} (exit status {run.exit_status})" for run in (before, after))
        rows.append(("the run", old, new))
    for one in comparison.outcomes:
        old, new = _end(one.before), _end(one.after)
        if old == new:
            old, new = old + _expected(one.before), new + _expected(one.after)
        rows.append((one.process, old, new))
    if found := comparison.deadlock:
        rows.append(_row(found))
    return page.changes(rows)


def _end(end: End | None) -> str:
    if end is None:
        return "no such process"
    code = end.exit_code
    said = [
        "" if code is None else f"exit code {code}" if code >= 0 else signal_name(-code),
        end.error or "",
        f"its limit of {end.limit}" if end.limit else "",
    ]
    details = ", ".join(filter(None, said))
    return f"{end.outcome} ({details})" if details else end.outcome


def _expected(end: End | None) -> str:
    return "" if end is None or end.expected is None else ", expected" if end.expected else ", not expected"


def _row(change: ValueChange) -> tuple[str, str, str]:
    return change.name, _value(change.before), _value(change.after)


def _setting(change: ValueChange) -> tuple[str, str, str]:
    """A field without a value is not set: there is a default, or nothing."""
    before, after = ("not set" if value is None else _value(value) for value in (change.before, change.after))
    return change.name, before, after


def _value(value: Json) -> str:
    match value:
        case None:
            return "none"
        case str():
            return value
        case bool() | list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case int():
            return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def _printed(change: OutputChange) -> tuple[str, str, str]:
    stream = "" if change.stream == "stdout" else f", {change.stream}"
    before, after = ("no such line" if line is None else line for line in (change.before, change.after))
    return f"{change.process}{stream}, line {change.line:,}", before, after


def _first_event(page: _Page, comparison: Comparison) -> Iterator[str]:
    change = comparison.first_event
    if change is None:
        return
    yield from _event(page, "before", change.before)
    yield from _event(page, "after", change.after)
    if change.before and change.after:
        before, after = change.before, change.after
        fields = [name for name in change.fields if name not in _IN_SECTIONS or "pid" in after]
        names = [name for name in fields if name not in _FOLLOWING] or fields
        yield from page.changes((name, _value(before.get(name)), _value(after.get(name))) for name in names)


def _event(page: _Page, name: str, event: EventData | None) -> list[str]:
    """The event as it is told while it happens."""
    if event is None:
        return [f"{name:<6}     nothing in its place"]
    if event["event"] not in EVENTS:  # of a later version
        return [f"{name:<6}{event['event']}"]
    text: list[str] = []
    names = (str(event.get("process") or event.get("job") or "run"),)
    console = Console(text.append, names=names, verbose=True, color=page.color, width=page.width - 8, wraps=True)
    console.tell(Event.from_json(event))
    first, *rest = "".join(text).splitlines()
    return [f"{name:<6}{first}", *[f"{'':<6}{line}" for line in rest]]


def _notes(page: _Page, notes: Sequence[NoteSeen]) -> Iterator[str]:
    for note in notes[:MOST_ROWS]:
        first, *rest = page.wrapped(note.text, margin=len(f"{_INDENT}note: ")) or [""]
        yield f"{page.painted('note', _CYAN)}: {first}"
        yield from (f"      {line}" for line in rest)
    yield from _more(len(notes) - MOST_ROWS)


def _time_rows(comparison: Comparison) -> Iterator[tuple[str, str, str]]:
    before, after = duration(comparison.before.duration), duration(comparison.after.duration)
    if before != after:
        yield "the run", before, after
    for time in comparison.times:
        yield time.process, duration(time.before), duration(time.after)
    for measure in comparison.measures:
        yield measure.name, _measured(measure.name, measure.before), _measured(measure.name, measure.after)


def _measured(name: str, value: Json) -> str:
    if isinstance(value, int | float) and not name.endswith("per_second"):
        return duration(value)
    return _value(value)


def _more(count: int) -> list[str]:
    return [f"and {count} more"] if count > 0 else []


def parts_that_differ(before: str, after: str, room: int) -> list[str]:
    """Both texts, or where they are too long what they are from shortly before their first difference on."""
    before, after = harmless(before), harmless(after)
    different = (index for index, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
    skipped = next(different, min(len(before), len(after))) - _SHOWN_BEFORE
    if len(before) + len(after) > room and skipped > 0:
        before, after = f"…{before[skipped:]}", f"…{after[skipped:]}"
    half = room // 2
    return [start_of(before, max(half, room - len(after))), start_of(after, max(half, room - len(before)))]


_SETTINGS = {
    "start method": "the start method changed",
    "python": "Python's version changed",
    "run-jobs": "the version of run-jobs changed",
}
_DIFF = {"-": _RED, "+": _GREEN, "@": _CYAN}
_IN_SECTIONS = frozenset({"values", "result"})
"""Fields of events that have a section of their own, but for the `result` in the end of a process."""
_FOLLOWING = frozenset({"state", "alive", "repr", "result"})
"""Fields that mostly follow from others."""
_SECTIONS: dict[str, Callable[[_Page, Comparison], Iterable[str]]] = {
    "settings": lambda page, comparison: page.changes(map(_setting, comparison.settings)),
    "file": _diff,
    "outcomes": _outcomes,
    "values": lambda page, comparison: page.changes(map(_row, comparison.values)),
    "output": lambda page, comparison: page.changes(map(_printed, comparison.output)),
    "first event that differs": _first_event,
    "notes that are gone": lambda page, comparison: _notes(page, comparison.notes_gone),
    "notes that are new": lambda page, comparison: _notes(page, comparison.notes_new),
    "times": lambda page, comparison: page.changes(_time_rows(comparison)),
}
