"""A lane of the timeline under construction: its spans, its instants, and the sentences about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.report.terminal.formatting import duration
from runner.report.timeline.model import End, Instant, Lane, Span

if TYPE_CHECKING:
    from collections.abc import Container

    from runner.report.timeline.model import InstantKind, SpanKind


class GrowingLane:
    """A lane under construction, and its spans that have not ended."""

    def __init__(self, number: int, name: str) -> None:
        self.number = number
        self.name = name
        self.pid: int | None = None
        self.target = ""
        self.began: float | None = None
        self.has_written = False
        self.spans: list[Span] = []
        self.instants: list[Instant] = []
        self.end: End | None = None
        self.waits: dict[tuple[str, str], list[float]] = {}
        """The time when each wait began, by thing and operation: several threads may wait for one thing."""
        self.holds: dict[str, list[float]] = {}

    def mark(self, kind: InstantKind, at: float, label: str, detail: str = "") -> None:
        self.instants.append(Instant(kind, at, label, _about(self.name, detail or label, at)))

    def span(
        self, kind: SpanKind, start: float, end: float, label: str, more: str = "", thing: str | None = None
    ) -> None:
        self.spans.append(Span(kind, start, end, label, _lasting(self.name, label, start, end, more), thing))

    def hold(self, thing: str, start: float, end: float) -> None:
        self.span("holding", start, end, f"holds {thing}", thing=thing)

    def lane(self, run_end: float, deadlock: Container[str]) -> Lane:
        """Return the lane at the end: spans that have not ended last until the process's end, or the run's."""
        end = run_end if self.end is None else max(self.end.at, self.began or 0.0)
        spans = list(self.spans)
        if self.began is not None:
            spans.append(self._running(end))
        for thing, starts in self.holds.items():
            detail = "and never released it"
            spans += [self._open("holding", start, end, f"holds {thing}", detail, thing) for start in starts]
        kind: SpanKind = "deadlocked" if self.name in deadlock else "waiting"
        label = "waits for ever for" if self.name in deadlock else "waits for"
        for (thing, operation), waits in self.waits.items():
            detail = f"in {operation}, and never acquired it"
            spans += [self._open(kind, start, end, f"{label} {thing}", detail, thing) for start in waits]
        spans.sort(key=lambda span: (span.start, -span.end))
        return Lane(self.name, self.pid, tuple(spans), tuple(self.instants), self.end)

    def _running(self, end: float) -> Span:
        pid = "" if self.pid is None else f"pid {self.pid}"
        how = self.end.detail if self.end else "no end of it was seen"
        more = "; ".join(filter(None, (self.target, pid, how)))
        start = self.began or 0.0
        return Span("running", start, end, "runs", _lasting(self.name, "ran", start, end, more), None, self.end is None)

    def _open(self, kind: SpanKind, start: float, end: float, label: str, more: str, thing: str) -> Span:
        end = max(start, end)
        return Span(kind, start, end, label, _lasting(self.name, label, start, end, more), thing, is_open=True)


def clock(at: float) -> str:
    return f"at {at:.3f} s"


def _about(name: str, what: str, at: float) -> str:
    return f"{name}: {what} ({clock(at)})"


def _lasting(name: str, what: str, start: float, end: float, more: str) -> str:
    text = f"{name} {what}: {duration(end - start)}, from {start:.3f} s to {end:.3f} s"
    return f"{text}; {more}" if more else text
