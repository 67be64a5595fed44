"""Convert the timeline to Chrome's trace format, for Perfetto and chrome://tracing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.report.timeline.build import timeline_of
from runner.report.timeline.model import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.model.events import Event
    from runner.model.json_types import Json
    from runner.report.timeline.model import Arrow, Instant, Lane, Span, Timeline

_RUN = 1
"""The run's pid in the trace: its lanes are threads of one process."""
_TRACKS_OF_A_LANE = 1000
"""The distance of two lanes' tids: a lane's further tracks come right after its first one."""
_FROM_AN_END = frozenset({"join", "hand_over"})
"""Arrows that begin where a bar ends: a microsecond earlier, as a viewer attaches them to the bar at that time."""


def trace(events: Sequence[Event]) -> dict[str, Json]:
    """Return the trace as a JSON object. Its times are whole microseconds since the run began."""
    timeline = timeline_of(events)
    entries: list[Json] = [dict(each) for each in _entries(timeline)]
    about: dict[str, Json] = {"file": timeline.file, "outcome": timeline.outcome, "deadlock": list(timeline.deadlock)}
    return {"traceEvents": entries, "displayTimeUnit": "ms", "otherData": about}


def _entries(timeline: Timeline) -> Iterator[dict[str, Json]]:
    yield _entry("M", "process_name", 0, args={"name": timeline.file or "run"})
    for number, lane in enumerate(timeline.lanes):
        yield from _lane(number, lane)
    for number, arrow in enumerate(timeline.arrows):
        yield from _flow(number, arrow)
    numbers = {lane.name: number for number, lane in enumerate(timeline.lanes)}
    for remark in timeline.remarks:
        tid = _tid(numbers.get(remark.process or "", MAIN))
        yield _entry("i", f"note: {remark.about}", tid, remark.at, s="t", args={"text": remark.text})


def _lane(number: int, lane: Lane) -> Iterator[dict[str, Json]]:
    """Return a lane's tracks: what it does on the first, what it holds on the others."""
    does = _tracks([span for span in lane.spans if span.kind != "holding"]) or [[]]
    holds = _tracks([span for span in lane.spans if span.kind == "holding"])
    names = [lane.name, *_numbered(f"{lane.name} · too", len(does) - 1), *_numbered(f"{lane.name} · holds", len(holds))]
    for place, (name, spans) in enumerate(zip(names, [*does, *holds], strict=True)):
        tid = _tid(number) + place
        yield _entry("M", "thread_name", tid, args={"name": name})
        yield _entry("M", "thread_sort_index", tid, args={"sort_index": tid})
        yield from (_complete(tid, span) for span in spans)
    yield from (_instant(_tid(number), instant) for instant in lane.instants)


def _numbered(name: str, count: int) -> list[str]:
    return [name if number == 1 else f"{name} {number}" for number in range(1, count + 1)]


def _tracks(spans: Sequence[Span]) -> list[list[Span]]:
    """Return the spans on as few tracks as needed for each to lie inside its surrounding span, or apart from it."""
    tracks: list[list[Span]] = []
    around: list[list[int]] = []
    """For each track, the ends of the spans that are open, the innermost last."""
    for span in sorted(spans, key=lambda span: (_us(span.start), -_us(span.end))):
        for ends in around:
            while ends and ends[-1] <= _us(span.start):
                ends.pop()
        fitting = (place for place, ends in enumerate(around) if not ends or _us(span.end) <= ends[-1])
        place = next(fitting, len(tracks))
        if place == len(tracks):
            tracks.append([])
            around.append([])
        tracks[place].append(span)
        around[place].append(_us(span.end))
    return tracks


def _complete(tid: int, span: Span) -> dict[str, Json]:
    start = _us(span.start)
    args: dict[str, Json] = {"detail": span.detail, "thing": span.thing}
    return _entry("X", span.label, tid, span.start, cat=span.kind, dur=_us(span.end) - start, args=args)


def _instant(tid: int, instant: Instant) -> dict[str, Json]:
    return _entry("i", instant.label, tid, instant.at, s="t", cat=instant.kind, args={"detail": instant.detail})


def _flow(number: int, arrow: Arrow) -> Iterator[dict[str, Json]]:
    """Return both ends of an arrow; an arrow of a rule comes from no lane, and has none."""
    if arrow.source is None:
        return
    args: dict[str, Json] = {"detail": arrow.detail}
    leaves = max(0.0, arrow.leaves - 1e-6) if arrow.kind in _FROM_AN_END else arrow.leaves
    source, target = _tid(arrow.source), _tid(arrow.target)
    yield _entry("s", arrow.kind, source, leaves, cat="arrow", id=number, args=args)
    yield _entry("f", arrow.kind, target, arrow.arrives, cat="arrow", id=number, bp="e", args=args)


def _entry(phase: str, name: str, tid: int, at: float = 0.0, **more: Json) -> dict[str, Json]:
    return {"ph": phase, "name": name, "pid": _RUN, "tid": tid, "ts": _us(at), **more}


def _tid(lane: int) -> int:
    return 1 + lane * _TRACKS_OF_A_LANE  # 0 would be the idle thread of a processor


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)
