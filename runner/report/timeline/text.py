"""Draw the timeline in a terminal: one line for each lane, with block characters, below a time scale."""

from __future__ import annotations

import math
import sys
from itertools import groupby
from typing import TYPE_CHECKING
from unicodedata import category, east_asian_width

from runner.model.records import record
from runner.report.terminal.formatting import duration, harmless
from runner.report.timeline.model import MAIN, SPAN_WORDS, ending

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runner.report.timeline.model import InstantKind, Lane, Span, SpanKind, Timeline

MIN_WIDTH = 50
MAX_LANES = 40
"""If there are more lanes, main's, those that did not end as expected, and the first ones are drawn."""
_WIDEST_NAME = 24
_MIN_BAR = 20
_PER_TICK = 10
"""The least columns of the bar for each time on the scale: the longest name has seven letters."""

_SIGNS: dict[SpanKind, tuple[str, str]] = {
    "running": ("▄", "32"),
    "sleeping": ("▁", "2"),
    "joining": ("┄", "34"),
    "holding": ("█", "36"),
    "waiting": ("░", "33"),
    "deadlocked": ("▒", "31"),
}
"""A sign and a style for each kind of span, from the lowest layer to the top."""
_MARKS: dict[InstantKind, tuple[str, str, str]] = {
    "SIGTERM": ("▼", "1;33", "SIGTERM sent"),
    "SIGKILL": ("◆", "1;31", "SIGKILL sent"),
}
_DIM, _RED, _GREEN, _BOLD = "2", "31", "32", "1"


@record(frozen=True, slots=True)
class _Sheet:
    """The measures that all lines share: the widths of names, bars and ends, the duration of the run, and whether there
    is colour."""

    name: int
    bar: int
    end: int
    seconds: float
    color: bool

    def painted(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.color and style and text else text

    def column(self, at: float) -> int:
        """Return the column of the bar for a time."""
        return min(int(at / self.seconds * self.bar), self.bar - 1) if self.seconds else 0


def lines(timeline: Timeline, width: int, color: bool) -> list[str]:
    """Return the timeline as lines of at most `width` columns, which counts as 50 at least."""
    width = max(width, MIN_WIDTH)
    shown = _shown(timeline.lanes)
    sheet = _sheet(timeline, shown, width, color)
    drawn = [*_scale(sheet), *(_row(lane, sheet) for lane in shown)]
    left_out = len(timeline.lanes) - len(shown)
    if left_out:
        drawn.append(sheet.painted(f"{left_out} more process{'es' if left_out > 1 else ''} not shown", _DIM))
    return [line.rstrip() for line in (*drawn, *_deadlock(timeline, sheet, width), "", *_legend(shown, sheet, width))]


def _shown(lanes: Sequence[Lane]) -> list[Lane]:
    if len(lanes) <= MAX_LANES:
        return list(lanes)
    order = sorted(range(len(lanes)), key=lambda number: (number != MAIN, _is_as_expected(lanes[number]), number))
    return [lanes[number] for number in sorted(order[:MAX_LANES])]


def _is_as_expected(lane: Lane) -> bool:
    return lane.end is not None and lane.end.expected is not False


def _sheet(timeline: Timeline, shown: Sequence[Lane], width: int, color: bool) -> _Sheet:
    widest_end = max(len(ending(lane)) for lane in shown)
    most = max(1, min(_WIDEST_NAME, width - _MIN_BAR - widest_end - 4))
    name = min(max(width_of(harmless(lane.name)) for lane in shown), most)
    return _Sheet(name, width - name - widest_end - 4, widest_end, timeline.end, color)


def _scale(sheet: _Sheet) -> list[str]:
    """Return the names of the times, each above its sign on the ruler."""
    names, ruler = "", ["─"] * sheet.bar
    for at in ticks(sheet.seconds, sheet.bar // _PER_TICK):
        column = sheet.column(at)
        if column + len(duration(at)) <= sheet.bar + 2 + sheet.end:  # the space above the ends is free, too
            names = f"{names:<{column}}{duration(at)}"
        ruler[column] = "┬" if column else "┌"
    margin = " " * (sheet.name + 2)
    return [margin + sheet.painted(line, _DIM) for line in (names, "".join(ruler))]


def _row(lane: Lane, sheet: _Sheet) -> str:
    name = fitted(harmless(lane.name), sheet.name)
    expected = None if lane.end is None else lane.end.expected
    style = {True: _GREEN, False: _RED, None: _DIM}[expected]
    return f"{sheet.painted(name, _BOLD)}  {_bar(lane, sheet)}  {sheet.painted(ending(lane), style)}"


def _bar(lane: Lane, sheet: _Sheet) -> str:
    """Return the signs of a lane, those of one style painted at once."""
    cells = [(" ", "")] * sheet.bar
    for column, kind in enumerate(_kinds(lane, sheet)):
        if kind is not None:
            cells[column] = _SIGNS[kind]
    for instant in lane.instants:
        if instant.kind in _MARKS:
            sign, style, _ = _MARKS[instant.kind]
            cells[sheet.column(instant.at)] = sign, style
    groups = groupby(cells, key=lambda cell: cell[1])
    return "".join(sheet.painted("".join(sign for sign, _ in group), style) for style, group in groups)


def _kinds(lane: Lane, sheet: _Sheet) -> list[SpanKind | None]:
    """Return the kind shown in each column: the one that takes half of the time there; each kind is shown at least
    once."""
    lasts: dict[SpanKind, list[float]] = {}
    for span in lane.spans:
        columns = lasts.setdefault(span.kind, [0.0] * sheet.bar)
        for column, share in _shares(span, sheet):
            columns[column] += share
    alive = lasts.get("running", [0.0] * sheet.bar)
    seen: list[SpanKind | None] = [None] * sheet.bar
    for kind in [kind for kind in _SIGNS if kind in lasts]:
        columns = lasts[kind]
        chosen = [column for column, share in enumerate(columns) if share and share * 2 >= alive[column]]
        for column in chosen or [columns.index(max(columns))]:
            seen[column] = kind
    return seen


def _shares(span: Span, sheet: _Sheet) -> Iterator[tuple[int, float]]:
    """Return how much of each column a span takes; of its first one something, however short it is."""
    for column in range(sheet.column(span.start), sheet.column(span.end) + 1):
        one = sheet.seconds / sheet.bar
        share = min(span.end, (column + 1) * one) - max(span.start, column * one)
        yield column, max(share, sys.float_info.min)


def _deadlock(timeline: Timeline, sheet: _Sheet, width: int) -> list[str]:
    """Return the circle of waiters, around to where it began."""
    names = [harmless(name) for name in timeline.deadlock]
    short = [fitted(name, min(width_of(name), _WIDEST_NAME)) for name in names]
    parts = [*(f"{name} → " for name in short), *short[:1]]
    if not names:
        return []
    return _packed([(sheet.painted("deadlock", _RED) + "  ", 10), *((part, width_of(part)) for part in parts)], width)


def _legend(shown: Sequence[Lane], sheet: _Sheet, width: int) -> list[str]:
    """Return the legend of the signs that occur."""
    spans = {span.kind for lane in shown for span in lane.spans}
    instants = {instant.kind for lane in shown for instant in lane.instants}
    entries = [(*_SIGNS[kind], SPAN_WORDS[kind]) for kind in _SIGNS if kind in spans]
    entries += [mark for kind, mark in _MARKS.items() if kind in instants]
    return _packed(
        [(f"{sheet.painted(sign, style)} {words}   ", len(words) + 5) for sign, style, words in entries], width
    )


def _packed(parts: Iterable[tuple[str, int]], width: int) -> list[str]:
    """Return texts with their widths, as many on a line as fit."""
    packed, room = [""], width
    for text, needed in parts:
        if needed > room:
            packed.append("")
            room = width
        packed[-1] += text
        room -= needed
    return packed


def ticks(seconds: float, most: int) -> list[float]:
    """Return round times at even distances, from 0 on, for the scale of a picture: at most `most` after the first."""
    if seconds <= 0:
        return [0.0]
    least = seconds / most
    decimal = 10.0 ** math.floor(math.log10(least))
    minutes = (60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400)
    steps = minutes if least > 30 else (decimal, 2 * decimal, 5 * decimal, 10 * decimal)
    step = next((step for step in steps if step >= least), 86400 * math.ceil(least / 86400))
    return [round(number * step, 9) for number in range(int(seconds / step + 1e-9) + 1)]


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes: East Asian letters take two, combining accents none."""
    return sum(0 if category(one) in ("Mn", "Me") else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def fitted(text: str, room: int) -> str:
    """Return the text in this number of columns: padded, or with a gap in its middle, as its end is distinctive."""
    wide = width_of(text)
    if wide <= room:
        return text + " " * (room - wide)
    head, tail = _head(text, room // 2), _head(text[::-1], room - room // 2 - 1)[::-1]
    return head + "…" + " " * (room - 1 - width_of(head) - width_of(tail)) + tail


def _head(text: str, room: int) -> str:
    """Return as much of the text's beginning as fits."""
    while width_of(text) > room:
        text = text[:-1]
    return text
