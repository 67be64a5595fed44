"""The timeline as a picture: one SVG that needs nothing else, readable on light and on dark paper.

Moments are percentages of an inner picture, `plot`: who makes that wider stretches time, and neither text nor signs.
Whatever has facts to tell is an element of the class `fact`, with the number of its lane and its moment.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from runner.records import record
from runner.report.timeline import SPAN_WORDS, ending
from runner.report.timeline_text import fitted, ticks, width_of
from runner.report.words import duration, harmless

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.report.timeline import Arrow, Instant, InstantKind, Lane, Span, Timeline

_WIDTH, _RIGHT, _PAD = 1000, 130, 16
_BAR, _HELD, _GAP = 22, 15, 16
"""How high the bar of a lane is, the bar of what it holds, and what is free below a lane."""
_LETTER = 6.6
_WIDEST_NAME = 24
_THINGS = 8
"""So many shared things have a colour of their own."""

_MARKS: dict[InstantKind, tuple[str, str]] = {
    "created": ("M-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0z", "created"),
    "start": ("M-2.5,7a2.5,2.5 0 1,0 5,0a2.5,2.5 0 1,0 -5,0z", ""),
    "joined": ("M-2.5,-7a2.5,2.5 0 1,0 5,0a2.5,2.5 0 1,0 -5,0z", ""),
    "wrote": ("M-1.5,4h3v6h-3z", "its first line"),
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
    "deadlock": "waits for who has it",
}


_BELOW = frozenset({"start", "join"})
"""The arrows that run below the bars: there are so many of them as processes, and all from main or to it."""
_CROWD = 16
"""Where more lanes are than these, the arrows from main and to it are only a shade."""


@record(frozen=True, slots=True)
class _Row:
    """Where a lane is: its number, the top and the bottom of all of it, and at which height each thing held is."""

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
    """What all parts of the picture keep to."""

    rows: tuple[_Row, ...]
    seconds: float
    left: int
    things: dict[str, int]

    @property
    def plot(self) -> int:
        return _WIDTH - self.left - _RIGHT

    def share(self, seconds: float) -> str:
        """A time as a percentage of the plot."""
        return f"{seconds / self.seconds * 100 if self.seconds else 0.0:.4f}".rstrip("0").rstrip(".") + "%"


def svg(timeline: Timeline, title: str | None) -> str:
    """The picture, with the title above it; the same for the same timeline."""
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
        f"<style>{_style()}</style>",
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
    """For each span the first level on which nothing else is at that time."""
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
    """A bar, with its words in it where they have room."""
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
    """That a process was made right before it was started is not worth a sign over its bar."""
    begins = row.lane.spans[0].start if row.lane.spans else frame.seconds
    return instant.kind == "created" and begins - instant.at < frame.seconds / 100


def _mark(instant: Instant, row: _Row, frame: _Frame) -> str:
    path = f'<path class="mark {instant.kind}" d="{_MARKS[instant.kind][0]}"/>'
    place = f'<svg x="{frame.share(instant.at)}" y="{row.middle}" overflow="visible">{path}</svg>'
    return _fact(row.number, instant.at, instant.detail, place)


def _arrow(arrow: Arrow, frame: _Frame) -> str:
    """A straight line through time; those of a deadlock, which stand still, make a bow."""
    target = frame.rows[arrow.target]
    source = None if arrow.source is None else frame.rows[arrow.source]
    is_down = source is None or source.top <= target.top
    y1 = target.top - 13 if source is None else source.bottom if is_down else source.top
    y2 = target.top if is_down else target.bottom
    x1, x2 = frame.share(arrow.leaves), frame.share(arrow.arrives)
    style = f'class="arrow {arrow.kind}" marker-end="url(#tl-{arrow.kind})"'
    line = f'<line {style} x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
    if source and arrow.kind == "deadlock":
        apart = 5 if is_down else -5  # what arrives at a lane ends beside what leaves it
        y1, y2, bow = source.middle + apart, target.middle - apart, 26 * (source.number - target.number)
        curve = f'd="M0,{y1}C{-bow},{y1} {-bow},{y2} 0,{y2}"'
        line = f'<svg x="{x1}" overflow="visible"><path class="halo" {curve}/><path {style} {curve}/></svg>'
    return _fact(arrow.target, arrow.arrives, arrow.detail, line)


def _fact(lane: int, at: float, detail: str, drawn: str) -> str:
    return f'<g class="fact" data-lane="{lane}" data-at="{at:.6f}"><title>{_text(detail)}</title>{drawn}</g>'


def _legend(timeline: Timeline, frame: _Frame, y: int) -> tuple[list[str], int]:
    """What the signs that occur mean, in rows as wide as the picture; and how high the whole picture is with it."""
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
    """A sign and its words, for each kind that occurs."""
    spans = {span.kind for lane in timeline.lanes for span in lane.spans}
    for kind in [kind for kind in SPAN_WORDS if kind in spans]:
        yield f'<rect class="span {kind}" y="-6" width="20" height="12" rx="2"/>', SPAN_WORDS[kind]
    instants = {one.kind for row in frame.rows for one in row.lane.instants if not _is_hidden(one, row, frame)}
    for name in [name for name in _MARKS if name in instants and _MARKS[name][1]]:
        path, words = _MARKS[name]
        lift = {"SIGTERM": 12, "SIGKILL": 12, "wrote": -7}.get(name, 0)
        yield f'<path class="mark {name}" transform="translate(12,{lift})" d="{path}"/>', words
    for arrow in [arrow for arrow in _ARROWS if any(each.kind == arrow for each in timeline.arrows)]:
        line = f'<line class="arrow {arrow}" marker-end="url(#tl-{arrow})" x1="2" x2="20" y1="0" y2="0"/>'
        yield line, _ARROWS[arrow]
    for thing, number in list(frame.things.items())[:_THINGS]:
        yield f'<rect class="span holding thing-{number}" y="-6" width="20" height="12" rx="2"/>', harmless(thing)


def _text(text: str) -> str:
    return escape(harmless(text))


def _definitions() -> Iterator[str]:
    """The stripes of who waits, and the heads of the arrows."""
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


_LIGHT = {
    "paper": "#ffffff",
    "ink": "#1b2027",
    "faint": "#59636e",
    "grid": "#e2e6ea",
    "on-thing": "#ffffff",
    "runs": "#b9e0c4",
    "runs-edge": "#3f8f5d",
    "main": "#dfe3e8",
    "main-edge": "#8a94a0",
    "sleeps": "#e4dcf5",
    "sleeps-edge": "#8d7bc0",
    "joins": "#c4d8f4",
    "joins-edge": "#5b8bd0",
    "good": "#14733b",
    "bad": "#c1121f",
    "warn": "#b45309",
}
_DARK = {
    "paper": "#0f141a",
    "ink": "#e8edf2",
    "faint": "#9aa6b2",
    "grid": "#262e37",
    "on-thing": "#0f141a",
    "runs": "#28603c",
    "runs-edge": "#4fa873",
    "main": "#333c47",
    "main-edge": "#76838f",
    "sleeps": "#43395f",
    "sleeps-edge": "#8f80bd",
    "joins": "#2b4a73",
    "joins-edge": "#5f93d6",
    "good": "#5fd38a",
    "bad": "#ff7b72",
    "warn": "#f0a742",
}
_LIGHT_THINGS = ("#0b6fb8", "#c2410c", "#0f7b4f", "#a3347f", "#8a6100", "#5b4bc4", "#0e7490", "#5f6b3a")
_DARK_THINGS = ("#6cb6ff", "#ff9e64", "#56d19a", "#f28bd0", "#e3b341", "#b3a4ff", "#4fd0e0", "#b5c77d")


def _style() -> str:
    return (
        f".timeline{{{_colors(_LIGHT, _LIGHT_THINGS)}}}"
        f"@media (prefers-color-scheme:dark){{.timeline{{{_colors(_DARK, _DARK_THINGS)}}}}}"
        + "".join(
            f".timeline .thing-{number}{{--thing:var(--thing-{number})}}"
            f".timeline .waiting.thing-{number}{{fill:url(#tl-wait-{number})}}"
            for number in range(_THINGS)
        )
        + _RULES
    )


def _colors(named: dict[str, str], things: Sequence[str]) -> str:
    every = named | {f"thing-{number}": color for number, color in enumerate(things)}
    return ";".join(f"--{name}:{color}" for name, color in every.items())


_RULES = """
.timeline{--thing:var(--faint);font:13px system-ui,"Segoe UI","Noto Sans","Noto Sans CJK KR",sans-serif}
.timeline text{fill:var(--ink);dominant-baseline:central}
.timeline .paper{fill:var(--paper)}
.timeline .title{font-size:17px;font-weight:650}
.timeline .name{font-weight:600}
.timeline .small,.timeline .scale text{fill:var(--faint);font-size:12px}
.timeline .scale line{stroke:var(--grid)}
.timeline .label{font-size:12px;pointer-events:none}
.timeline .tight{display:none}
.timeline .span{stroke-width:1}
.timeline .running{fill:var(--runs);stroke:var(--runs-edge)}
.timeline [data-lane="0"] .running{fill:var(--main);stroke:var(--main-edge)}
.timeline .sleeping{fill:var(--sleeps);stroke:var(--sleeps-edge)}
.timeline .joining{fill:var(--joins);stroke:var(--joins-edge)}
.timeline .holding{fill:var(--thing);stroke:var(--thing)}
.timeline .holding+.label{fill:var(--on-thing);font-size:11px;font-weight:600}
.timeline .waiting{fill:url(#tl-wait);stroke:var(--thing)}
.timeline .deadlocked{fill:url(#tl-dead);stroke:var(--bad)}
.timeline .waiting+.label,.timeline .deadlocked+.label{paint-order:stroke;stroke:var(--paper);stroke-width:4}
.timeline .deadlocked+.label{font-weight:600}
.timeline .ground{fill:var(--paper)}
.timeline .stripe{fill:var(--thing);opacity:.55}
.timeline #tl-dead .stripe{fill:var(--bad);opacity:.5}
.timeline .end{font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:3}
.timeline .good{fill:var(--good)}
.timeline .bad{fill:var(--bad)}
.timeline .open{fill:var(--faint)}
.timeline .mark{fill:var(--ink)}
.timeline .created{fill:var(--paper);stroke:var(--faint);stroke-width:1.4}
.timeline .mark.SIGTERM{fill:var(--warn)}
.timeline .mark.SIGKILL,.timeline .start_failed{fill:none;stroke:var(--bad);stroke-width:3}
.timeline .arrow{fill:none;stroke:var(--faint);stroke-width:1.2}
.timeline .head{fill:var(--faint)}
.timeline .arrow.start{opacity:.6}
.timeline .arrow.join{stroke-dasharray:3 3}
.timeline.crowd .plot .start,.timeline.crowd .plot .arrow.join{opacity:.07;marker-end:none}
.timeline.crowd .plot .arrow.join{stroke-dasharray:none}
.timeline .arrow.stop{stroke:var(--warn)}
.timeline .head.stop{fill:var(--warn)}
.timeline .arrow.hand_over{stroke:var(--ink);stroke-width:1.8}
.timeline .head.hand_over{fill:var(--ink)}
.timeline .arrow.deadlock{stroke:var(--bad);stroke-width:2}
.timeline .halo{fill:none;stroke:var(--paper);stroke-width:6}
.timeline .head.deadlock{fill:var(--bad)}
"""
