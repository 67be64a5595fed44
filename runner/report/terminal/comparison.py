"""Format the comparison of two runs as text."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from runner.history.compare import SET
from runner.model.event_types import EVENTS
from runner.model.events import Event
from runner.report.terminal.difference_words import (
    end_in_words,
    expected_in_words,
    measured_in_words,
    output_row,
    parts_that_differ,
    row_of,
    setting_row,
    value_in_words,
)
from runner.report.terminal.event_printer import Console
from runner.report.terminal.formatting import duration, harmless
from runner.report.terminal.listing import columns, end_of, local, start_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence, Sized

    from runner.history.compare import Comparison
    from runner.history.event_queries import EventData, NoteSeen

MIN_WIDTH = 60
MAX_WIDTH = 100
"""The widest paragraph: longer lines are hard to read."""
MAX_ROWS = 20
MAX_DIFF = 80
"""The most lines of a diff; the rest is counted."""
_INDENT = "  "
_BOLD, _DIM, _RED, _GREEN, _CYAN = "1", "2", "31", "32", "36"


def comparison_lines(
    comparison: Comparison, width: int, color: bool, timelines: tuple[list[str], list[str]] | None = None
) -> list[str]:
    """Return the verdict in a sentence, the two runs, and a section for each kind of difference.

    `timelines` are those of the earlier run and of the later one, which are printed below each other.
    """
    page = _Page(max(width, MIN_WIDTH), color)
    lines = [page.painted(line, _BOLD) for line in page.wrapped(verdict(comparison))]
    lines += [page.painted(line, _DIM) for line in _runs(comparison)]
    if not comparison.is_whole:
        lines += page.wrapped(
            "Not all events or lines of these runs were stored, so this comparison may be incomplete."
        )
    for title, section in _SECTIONS.items():
        if body := list(section(page, comparison)):
            lines += ["", page.painted(title, _BOLD), *[f"{_INDENT}{line}".rstrip() for line in body]]
    if timelines:
        before, after = timelines
        lines += ["", page.painted("before", _BOLD), *before, "", page.painted("after", _BOLD), *after]
    return lines


def verdict(comparison: Comparison) -> str:
    """Return the essence of a comparison, in one sentence."""
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
    """The page that the sections are written on."""

    def __init__(self, width: int, color: bool) -> None:
        self.width = width
        self.color = color

    def painted(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.color and style else text

    def wrapped(self, text: str, margin: int = 0) -> list[str]:
        room = max(min(self.width, MAX_WIDTH) - margin, 20)
        return textwrap.wrap(harmless(text), room, break_on_hyphens=False, break_long_words=False)

    def changes(self, rows: Iterable[tuple[str, str, str]]) -> list[str]:
        """Write names with their earlier and their later values, below each other."""
        all_rows = list(rows)
        shown = all_rows[:MAX_ROWS]
        names = [end_of(harmless(name), self.width * 2 // 5) for name, _, _ in shown]
        widest = max(map(len, names), default=0)
        room = self.width - len(_INDENT) - widest - len("   → ")
        pairs = [" → ".join(parts_that_differ(before, after, room)) for _, before, after in shown]
        lines = [f"{name:<{widest}}  {pair}" for name, pair in zip(names, pairs, strict=True)]
        return lines + _more(len(all_rows) - len(shown))


def _causes(comparison: Comparison) -> Iterator[str]:
    """Return what the user changed."""
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
    """Return the effects of the change."""
    before, after = comparison.before.outcome, comparison.after.outcome
    if before != after:
        yield f"the run ended as {after}, not as {before}"
    if found := comparison.deadlock:
        yield "the deadlock is gone" if not found.after else f"there is {'another' if found.before else 'a'} deadlock"
    both = [one for one in comparison.outcomes if one.before and one.after]
    new = [one for one in comparison.outcomes if not one.before]
    gone = [one for one in comparison.outcomes if not one.after]
    yield from _counted(both, "1 process ended differently", "processes ended differently")
    yield from _counted(new, "1 process is new", "processes are new")
    yield from _counted(gone, "1 process is gone", "processes are gone")
    yield from _counted(comparison.values, "1 value differs", "values differ")
    printed = {change.process for change in comparison.output}
    yield from _counted(printed, "1 process printed something else", "processes printed something else")
    yield from _counted(comparison.notes_new, "1 note is new", "notes are new")
    yield from _counted(comparison.notes_gone, "1 note is gone", "notes are gone")


def _counted(things: Sized, one: str, many: str) -> Iterator[str]:
    """Return the words for one thing, or for many; none for zero."""
    if things:
        yield one if len(things) == 1 else f"{len(things)} {many}"


def _runs(comparison: Comparison) -> list[str]:
    rows = []
    for name, run in (("before", comparison.before), ("after", comparison.after)):
        when = f"{local(run.began):%d %b %Y %H:%M:%S}"
        rows.append([name, run.run, when, run.outcome, f"in {duration(run.duration)}"])
    return columns(rows)


def _diff(page: _Page, comparison: Comparison) -> list[str]:
    shown = [start_of(harmless(line), page.width - len(_INDENT)) for line in comparison.diff[:MAX_DIFF]]
    lines = [page.painted(line, _DIFF.get(line[0], "")) for line in shown]
    return lines + _more(len(comparison.diff) - len(shown))


def _outcomes(page: _Page, comparison: Comparison) -> list[str]:
    before, after = comparison.before, comparison.after
    rows = []
    if before.outcome != after.outcome:
        old, new = (f"{run.outcome} (exit status {run.exit_status})" for run in (before, after))
        rows.append(("the run", old, new))
    for one in comparison.outcomes:
        old, new = end_in_words(one.before), end_in_words(one.after)
        if old == new:
            old, new = old + expected_in_words(one.before), new + expected_in_words(one.after)
        rows.append((one.process, old, new))
    if found := comparison.deadlock:
        rows.append(row_of(found))
    return page.changes(rows)


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
        yield from page.changes(
            (name, value_in_words(before.get(name)), value_in_words(after.get(name))) for name in names
        )


def _event(page: _Page, name: str, event: EventData | None) -> list[str]:
    """Write the event as it is shown during a run."""
    if event is None:
        return [f"{name:<6}     nothing in its place"]
    if event["event"] not in EVENTS:  # from a later version
        return [f"{name:<6}{event['event']}"]
    text: list[str] = []
    names = (str(event.get("process") or event.get("job") or "run"),)
    console = Console(text.append, names=names, verbose=True, color=page.color, width=page.width - 8, wraps=True)
    console.tell(Event.from_json(event))
    first, *rest = "".join(text).splitlines()
    return [f"{name:<6}{first}", *[f"{'':<6}{line}" for line in rest]]


def _notes(page: _Page, notes: Sequence[NoteSeen]) -> Iterator[str]:
    for note in notes[:MAX_ROWS]:
        first, *rest = page.wrapped(note.text, margin=len(f"{_INDENT}note: ")) or [""]
        yield f"{page.painted('note', _CYAN)}: {first}"
        yield from (f"      {line}" for line in rest)
    yield from _more(len(notes) - MAX_ROWS)


def _time_rows(comparison: Comparison) -> Iterator[tuple[str, str, str]]:
    before, after = duration(comparison.before.duration), duration(comparison.after.duration)
    if before != after:
        yield "the run", before, after
    for time in comparison.times:
        yield time.process, duration(time.before), duration(time.after)
    for measure in comparison.measures:
        yield (
            measure.name,
            measured_in_words(measure.name, measure.before),
            measured_in_words(measure.name, measure.after),
        )


def _more(count: int) -> list[str]:
    return [f"and {count} more"] if count > 0 else []


_SETTINGS = {
    "start method": "the start method changed",
    "python": "Python's version changed",
    "run-jobs": "the version of run-jobs changed",
}
_DIFF = {"-": _RED, "+": _GREEN, "@": _CYAN}
_IN_SECTIONS = frozenset({"values", "result"})
"""Fields of events that have a section of their own, except the `result` in the end of a process."""
_FOLLOWING = frozenset({"state", "alive", "repr", "result"})
"""Fields that usually follow from others."""
_SECTIONS: dict[str, Callable[[_Page, Comparison], Iterable[str]]] = {
    "settings": lambda page, comparison: page.changes(map(setting_row, comparison.settings)),
    "file": _diff,
    "outcomes": _outcomes,
    "values": lambda page, comparison: page.changes(map(row_of, comparison.values)),
    "output": lambda page, comparison: page.changes(map(output_row, comparison.output)),
    "first event that differs": _first_event,
    "notes that are gone": lambda page, comparison: _notes(page, comparison.notes_gone),
    "notes that are new": lambda page, comparison: _notes(page, comparison.notes_new),
    "times": lambda page, comparison: page.changes(_time_rows(comparison)),
}
