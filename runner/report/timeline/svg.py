"""Draw the timeline as a self-contained SVG picture, readable on light and dark backgrounds.

Times are percentages of an inner picture, `plot`: widening it stretches time, but neither text nor signs. Each element
with facts has the class `fact`, with the number of its lane and its time.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from runner.model.records import record
from runner.report.terminal.formatting import duration, harmless
from runner.report.timeline.model import SPAN_WORDS, ending
from runner.report.timeline.svg_style import style
from runner.report.timeline.text import fitted, ticks, width_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.report.timeline.model import Arrow, Instant, InstantKind, Lane, Span, Timeline

_WIDTH, _RIGHT, _PAD = 1000, 130, 16
_BAR, _HELD, _GAP = 22, 15, 16
"""The heights of a lane's bar, of the bar of what it holds, and of the gap below a lane."""
_LETTER = 6.6
_WIDEST_NAME = 24
_THINGS = 8
"""The number of shared things with a colour of their own."""

_MARKS: dict[InstantKind, tuple[str, str]] = {
    "created": ("M-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0z", "created"),
    "start": ("M-2.5,7a2.5,2.5 0 1,0 5,0a2.5,2.5 0 1,0 -5,0z", ""),
    "joined": ("M-2.5,-7a2.5,2.5 0 1,0 5,0a2.5,2.5 0 1,0 -5,0z", ""),
    "wrote": ("M-1.5,4h3v6h-3z", "its first line"),
    "read": ("M-1,4.5h2v5h-2z", "its first line is read"),
    "shown": ("M0,-5l5,5l-5,5l-5,-5z", "shown by main"),
    "start_failed": ("M-5,-5l10,10m0,-10l-10,10", "could not be started"),
    "SIGTERM": ("M-6,-17h12l-6,9z", "SIGTERM sent"),
    "SIGKILL": ("M-5,-18l10,10m0,-10l-10,10", "SIGKILL sent"),
}
"""The outline of each sign around the middle of a lane's bar, and its words in the legend."""
_ARROWS = {
    "start": "main starts",
    "join": "join has its end",
    "stop": "a signal",
    "hand_over": "hands over",
    "deadlock": "waits for its owner",
}


_BELOW = frozenset({"start", "join"})
"""The arrows that run below the bars: there are as many of them as processes, and all from main or to it."""
_CROWD = 16
"""If there are more lanes, the arrows from main and to it are only a shade."""


@record(frozen=True, slots=True)
class _Row:
    """The place of a lane: its number, its top and bottom, and the height of each thing held."""

    lane: Lane
    number: int
    top: int
    bottom: int
    held: dict[Span, int]

    @property
    def middle(self) -> int:
        return self.top + _BAR // 2


@record(frozen=True, slots=True)
class _Frame:
    """The measures that all parts of the picture share."""

    rows: tuple[_Row, ...]
    seconds: float
    left: int
    things: dict[str, int]

    @property
    def plot(self) -> int:
        return _WIDTH - self.left - _RIGHT

    def share(self, seconds: float) -> str:
        """Return a time as a percentage of the plot."""
        return f"{seconds / self.seconds * 100 if self.seconds else 0.0:.4f}".rstrip("0").rstrip(".") + "%"


def svg(timeline: Timeline, title: str | None) -> str:
    """Return the picture, with the title above it; the same for the same timeline."""
    top = _PAD + (40 if title else 0)
    frame = _frame(timeline, top + 30)
    bottom = frame.rows[-1].bottom + 8
    legend, height = _legend(timeline, frame, bottom + 24)
    size = f'width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
    facts = f'data-left="{frame.left}" data-right="{_RIGHT}" data-seconds="{frame.seconds:.6f}"'
    kind = "timeline crowd" if len(timeline.lanes) > _CROWD else "timeline"
    label = f'role="group" aria-label="{_text(title or "timeline")}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" {size} {facts} {label}>',
        f"<style>{style(_THINGS)}</style>",
        f"<defs>{''.join(_definitions())}</defs>",
        '<rect class="paper" width="100%" height="100%"/>',
        *_heading(timeline, title),
        f'<svg class="plot" x="{frame.left}" width="{frame.plot}" height="{height}" overflow="visible">',
        *_scale(frame, top + 18, bottom),
        *(_arrow(arrow, frame) for arrow in timeline.arrows if arrow.kind in _BELOW),
        *(line for row in frame.rows for line in _row(row, frame)),
        *(_arrow(arrow, frame) for arrow in timeline.arrows if arrow.kind not in _BELOW),
        "</svg>",
        *_names(frame, top + 8, height),
        *legend,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _frame(timeline: Timeline, top: int) -> _Frame:
    rows: list[_Row] = []
    for number, lane in enumerate(timeline.lanes):
        levels = _levels([span for span in lane.spans if span.kind == "holding"])
        held = {span: top + _BAR + 3 + level * (_HELD + 2) for span, level in levels.items()}
        bottom = top + _BAR + (max(levels.values()) + 1) * (_HELD + 2) + 1 if levels else top + _BAR
        rows.append(_Row(lane, number, top, bottom, held))
        top = bottom + _GAP
    named = (span.thing for lane in timeline.lanes for span in lane.spans if span.kind != "joining" and span.thing)
    things = {thing: number for number, thing in enumerate(dict.fromkeys(named))}
    widest = max(min(width_of(harmless(lane.name)), _WIDEST_NAME) for lane in timeline.lanes)
    return _Frame(tuple(rows), timeline.end, round(widest * 7.6) + 2 * _PAD, things)


def _levels(spans: Sequence[Span]) -> dict[Span, int]:
    """Return for each span the lowest level that is free during its time."""
    free: list[float] = []
    levels: dict[Span, int] = {}
    for span in spans:
        level = next((level for level, at in enumerate(free) if at <= span.start), len(free))
        free[level : level + 1] = [span.end]
        levels[span] = level
    return levels


def _heading(timeline: Timeline, title: str | None) -> Iterator[str]:
    if title:
        yield f'<text class="title" x="{_PAD}" y="{_PAD + 14}">{_text(title)}</text>'
        how = timeline.outcome or "not finished"
        yield f'<text class="small" x="{_PAD}" y="{_PAD + 33}">{_text(how)} in {duration(timeline.end)}</text>'


def _scale(frame: _Frame, y: int, bottom: int) -> Iterator[str]:
    yield f'<g class="scale" data-y="{y}" data-bottom="{bottom}">'
    for at in ticks(frame.seconds, 8):
        x = frame.share(at)
        yield f'<line x1="{x}" x2="{x}" y1="{y - 6}" y2="{bottom}"/><text x="{x}" dx="4" y="{y}">{duration(at)}</text>'
    yield "</g>"


def _names(frame: _Frame, top: int, height: int) -> Iterator[str]:
    yield f'<g class="names"><rect class="paper" width="{frame.left - 6}" y="{top}" height="{height}"/>'
    for row in frame.rows:
        name = harmless(row.lane.name)
        shown = fitted(name, min(width_of(name), _WIDEST_NAME))
        yield f'<text class="name" x="{_PAD}" y="{row.middle}"><title>{_text(name)}</title>{_text(shown)}</text>'
    yield "</g>"


def _row(row: _Row, frame: _Frame) -> Iterator[str]:
    yield f'<g class="lane" data-lane="{row.number}">'
    yield from (_span(span, row, frame) for span in row.lane.spans)
    yield from (_mark(instant, row, frame) for instant in row.lane.instants if not _is_hidden(instant, row, frame))
    end, words = row.lane.end, ending(row.lane)
    if words:
        known = {True: "good", False: "bad", None: "open"}[end.expected if end else None]
        x = frame.share(end.at if end and row.lane.spans else frame.seconds if row.lane.spans else 0.0)
        yield f'<text class="end {known}" x="{x}" dx="9" y="{row.middle}">{_text(words)}</text>'
    yield "</g>"


def _span(span: Span, row: _Row, frame: _Frame) -> str:
    """Return a bar, with its words in it if they fit."""
    y, height = (row.held[span], _HELD) if span.kind == "holding" else (row.top, _BAR)
    x, width = frame.share(span.start), frame.share(span.end - span.start)
    color = f" thing-{frame.things[span.thing] % _THINGS}" if span.thing in frame.things else ""
    bar = f'<rect class="span {span.kind}{color}" x="{x}" y="{y}" width="{width}" height="{height}" rx="2"/>'
    words = "" if span.kind == "running" else harmless((span.thing if span.kind == "holding" else None) or span.label)
    needed = width_of(words) * _LETTER + 10
    room = (span.end - span.start) / frame.seconds * frame.plot if frame.seconds else 0.0
    tight = "" if needed <= room else " tight"
    place = f'x="{x}" dx="5" y="{y + height // 2}" data-room="{needed:.0f}"'
    label = f'<text class="label{tight}" {place}>{_text(words)}</text>' if words else ""
    return _fact(row.number, span.start, span.detail, bar + label)


def _is_hidden(instant: Instant, row: _Row, frame: _Frame) -> bool:
    """Return whether to hide a sign: a process created right before its start needs no sign over its bar."""
    begins = row.lane.spans[0].start if row.lane.spans else frame.seconds
    return instant.kind == "created" and begins - instant.at < frame.seconds / 100


def _mark(instant: Instant, row: _Row, frame: _Frame) -> str:
    path = f'<path class="mark {instant.kind}" d="{_MARKS[instant.kind][0]}"/>'
    place = f'<svg x="{frame.share(instant.at)}" y="{row.middle}" overflow="visible">{path}</svg>'
    return _fact(row.number, instant.at, instant.detail, place)


def _arrow(arrow: Arrow, frame: _Frame) -> str:
    """Return a straight line through time; arrows of a deadlock, which have no duration, are curved."""
    target = frame.rows[arrow.target]
    source = None if arrow.source is None else frame.rows[arrow.source]
    is_down = source is None or source.top <= target.top
    y1 = target.top - 13 if source is None else source.bottom if is_down else source.top
    y2 = target.top if is_down else target.bottom
    x1, x2 = frame.share(arrow.leaves), frame.share(arrow.arrives)
    style = f'class="arrow {arrow.kind}" marker-end="url(#tl-{arrow.kind})"'
    line = f'<line {style} x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
    if source and arrow.kind == "deadlock":
        apart = 5 if is_down else -5  # arrows to a lane end next to those from it
        y1, y2, bow = source.middle + apart, target.middle - apart, 26 * (source.number - target.number)
        curve = f'd="M0,{y1}C{-bow},{y1} {-bow},{y2} 0,{y2}"'
        line = f'<svg x="{x1}" overflow="visible"><path class="halo" {curve}/><path {style} {curve}/></svg>'
    return _fact(arrow.target, arrow.arrives, arrow.detail, line)


def _fact(lane: int, at: float, detail: str, drawn: str) -> str:
    return f'<g class="fact" data-lane="{lane}" data-at="{at:.6f}"><title>{_text(detail)}</title>{drawn}</g>'


def _legend(timeline: Timeline, frame: _Frame, y: int) -> tuple[list[str], int]:
    """Return the legend of the signs that occur, in rows as wide as the picture; and the total height."""
    lines, x = ['<g class="legend">'], _PAD
    for sign, words in _entries(timeline, frame):
        needed = round(width_of(words) * _LETTER) + 46
        if x + needed > _WIDTH:
            x, y = _PAD, y + 22
        lines.append(f'<g transform="translate({x},{y})">{sign}<text x="28">{_text(words)}</text></g>')
        x += needed
    if timeline.deadlock:
        y += 24
        circle = " → ".join(map(harmless, (*timeline.deadlock, timeline.deadlock[0])))
        lines.append(f'<text class="end bad" x="{_PAD}" y="{y}">deadlock: {_text(circle)}</text>')
    return [*lines, "</g>"], y + 20


def _entries(timeline: Timeline, frame: _Frame) -> Iterator[tuple[str, str]]:
    """Return a sign and its words, for each kind that occurs."""
    spans = {span.kind for lane in timeline.lanes for span in lane.spans}
    for kind in [kind for kind in SPAN_WORDS if kind in spans]:
        yield f'<rect class="span {kind}" y="-6" width="20" height="12" rx="2"/>', SPAN_WORDS[kind]
    instants = {one.kind for row in frame.rows for one in row.lane.instants if not _is_hidden(one, row, frame)}
    for name in [name for name in _MARKS if name in instants and _MARKS[name][1]]:
        path, words = _MARKS[name]
        lift = {"SIGTERM": 12, "SIGKILL": 12, "wrote": -7, "read": -7}.get(name, 0)
        yield f'<path class="mark {name}" transform="translate(12,{lift})" d="{path}"/>', words
    for arrow in [arrow for arrow in _ARROWS if any(each.kind == arrow for each in timeline.arrows)]:
        line = f'<line class="arrow {arrow}" marker-end="url(#tl-{arrow})" x1="2" x2="20" y1="0" y2="0"/>'
        yield line, _ARROWS[arrow]
    for thing, number in list(frame.things.items())[:_THINGS]:
        yield f'<rect class="span holding thing-{number}" y="-6" width="20" height="12" rx="2"/>', harmless(thing)


def _text(text: str) -> str:
    return escape(harmless(text))


def _definitions() -> Iterator[str]:
    """Return the stripes of waiting spans, and the heads of the arrows."""
    for name in ("wait", *(f"wait-{number}" for number in range(_THINGS)), "dead"):
        thing = name.replace("wait-", "thing-")
        yield (
            f'<pattern id="tl-{name}" class="{thing}" width="7" height="7" patternUnits="userSpaceOnUse"'
            ' patternTransform="rotate(45)"><rect class="ground" width="7" height="7"/>'
            '<rect class="stripe" width="2.6" height="7"/></pattern>'
        )
    for name in _ARROWS:
        yield (
            f'<marker id="tl-{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9"'
            f' markerUnits="userSpaceOnUse" orient="auto"><path class="head {name}" d="M0,0.5L8,4L0,7.5z"/></marker>'
        )
