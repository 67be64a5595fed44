"""Build the timeline of a run from its events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.model.event_types import (
    JoinTimedOut,
    LineWritten,
    MainEnded,
    MainSlept,
    MainStopped,
    Noted,
    OfMain,
    OfProcess,
    OfShared,
    ProcessCreated,
    ProcessExited,
    ProcessJoined,
    ProcessKilled,
    ProcessShown,
    ProcessStarted,
    ProcessTerminating,
    RunFinished,
    RunStarted,
    SharedAcquired,
    SharedReleased,
    SharedWaiting,
    StartFailed,
)
from runner.model.events import MAIN_PROCESS
from runner.notes.counts import merged
from runner.report.terminal.words import REASONS, duration, error_in_words, exit_code, shortened
from runner.report.timeline.model import MAIN, Arrow, End, Instant, Lane, Remark, Span, Timeline, deadlock_arrows

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from typing import Literal

    from runner.model.events import Event
    from runner.model.words import StopReason
    from runner.report.timeline.model import ArrowKind, InstantKind, SpanKind

HAND_OVER_S = 0.01
"""Who gets a thing within this time of its release has it from there. Who lets go may say so later than who gets it."""

HELD = frozenset({"lock", "rlock", "semaphore", "bounded_semaphore", "condition", "value"})
"""The kinds of shared things that a process can hold."""


def timeline_of(events: Sequence[Event]) -> Timeline:
    """The timeline of these events, of which some may be missing."""
    drawing = _Drawing()
    for event in sorted(merged(events), key=lambda event: event.t):  # a wait is reported late, with its own time
        drawing.take(event)
    return drawing.timeline()


class _Growing:
    """A lane to be, and what is not over on it."""

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
        """Since when, by thing and operation: several threads may wait for one thing."""
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
        """The lane as it is at the end: what is not over lasts until the process's end, or the run's."""
        end = run_end if self.end is None else max(self.end.at, self.began or 0.0)
        spans = list(self.spans)
        if self.began is not None:
            spans.append(self._running(end))
        for thing, starts in self.holds.items():
            detail = "and never let go"
            spans += [self._open("holding", start, end, f"holds {thing}", detail, thing) for start in starts]
        kind: SpanKind = "deadlocked" if self.name in deadlock else "waiting"
        label = "waits for ever for" if self.name in deadlock else "waits for"
        for (thing, operation), waits in self.waits.items():
            detail = f"in {operation}, and never had it"
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


class _Drawing:
    """What the events up to now come to."""

    def __init__(self) -> None:
        main = _Growing(MAIN, MAIN_PROCESS)
        main.began = 0.0
        self._main = main
        self._lanes: dict[str | None, _Growing] = {None: main}
        self._arrows: list[Arrow] = []
        self._remarks: list[Remark] = []
        self._let_go: dict[str, tuple[_Growing, float]] = {}
        """The last process to release a thing, and when, as long as no process has acquired it since."""
        self._got: dict[str, tuple[_Growing, float]] = {}
        """The last process to acquire a thing after waiting, and when, as long as no release of it is known."""
        self._file: str | None = None
        self._outcome: str | None = None
        self._end = 0.0
        self._deadlock: tuple[str, ...] = ()

    def take(self, event: Event) -> None:
        """Draw what an event tells; they come in the order of their moments."""
        fact, at = event.fact, event.t
        self._end = max(self._end, at)
        if isinstance(fact, OfProcess):
            self._of_process(fact, at, self._lane(fact.of.process, fact.of.job))
        elif isinstance(fact, OfShared):
            self._of_shared(fact, at, self._lane(fact.of.process, fact.of.job))
        elif isinstance(fact, OfMain):
            self._of_main(fact, at)
        match fact:
            case LineWritten():
                self._first_line(fact, at, self._lane(fact.process, fact.job))
            case RunStarted(file):
                self._file = file
            case RunFinished(outcome, deadlock=deadlock):
                self._outcome = outcome
                self._deadlock = deadlock or ()
            case Noted(about, process, text):
                self._remarks.append(Remark(at, about, process, text))

    def _of_main(self, fact: OfMain, at: float) -> None:
        match fact:
            case MainSlept(seconds):
                self._main.span("sleeping", max(0.0, at - seconds), at, "sleeps")
            case MainEnded(code, error):
                detail = "; ".join([exit_code(code or 0), *([error_in_words(error)] if error else [])])
                self._main.end = End(at, "ended", code or 0, None, detail)
            case MainStopped(joining, waited):  # pragma: no branch
                if joining is not None:
                    start = max(0.0, at - (waited or 0.0))
                    self._main.span("joining", start, at, f"joins {joining}", "and the run is stopped")
                self._main.end = End(at, "cut short", None, None, "the run was stopped before main's end")

    def _lane(self, name: str, job: str | None) -> _Growing:
        """The lane of a process; what main itself writes and waits for has no job."""
        key = None if name == MAIN_PROCESS and job is None else name
        if key not in self._lanes:
            self._lanes[key] = _Growing(len(self._lanes), name)
        return self._lanes[key]

    def _of_process(self, fact: OfProcess, at: float, lane: _Growing) -> None:
        main, name = self._main, lane.name
        match fact:
            case ProcessCreated(of, target, daemon):
                lane.target = f"{target}, a daemon" if daemon else target
                lane.mark("created", at, "created", of.repr)
            case ProcessStarted(of):
                lane.pid, lane.began = of.pid, at
                main.mark("start", at, f"starts {name}")
                self._arrow("start", main, at, lane, at, f"main starts {name}")
            case StartFailed(error=error):
                lane.end = End(at, "not started", None, False, error_in_words(error))
                lane.mark("start_failed", at, "could not be started", lane.end.detail)
            case ProcessJoined(waited=waited):
                self._joined(at, waited, lane)
            case JoinTimedOut(timeout=timeout):
                main.span(
                    "joining", max(0.0, at - timeout), at, f"joins {name}", f"its timeout, and {name} runs on", name
                )
            case ProcessTerminating(reason=reason):
                self._stopped("SIGTERM", at, reason, lane)
            case ProcessKilled(reason=reason):
                self._stopped("SIGKILL", at, reason, lane)
            case ProcessExited(of) as end:
                lane.pid = of.pid
                ended_at = at if end.ended_at is None else end.ended_at
                lane.end = End(ended_at, end.outcome, of.exit_code, end.expected, _ended(end))
            case ProcessShown(of, label):  # pragma: no branch
                lane.mark("shown", at, f"shown as {label}", of.repr)

    def _first_line(self, line: LineWritten, read_at: float, lane: _Growing) -> None:
        if lane.has_written:
            return
        lane.has_written = True
        text = f"on {line.stream}: {shortened(line.text)}"
        if line.written_at is not None:
            lane.mark("wrote", line.written_at, "first line", f"first line, {text}")
        else:
            lane.mark("read", read_at, "first line read", f"first line read, which was written before, {text}")

    def _joined(self, at: float, waited: float, lane: _Growing) -> None:
        main, name = self._main, lane.name
        if not waited:
            main.mark("joined", at, f"joins {name}, which had ended")
            return
        main.span("joining", max(0.0, at - waited), at, f"joins {name}", "", name)
        if lane.end and at - waited <= lane.end.at:
            self._arrow("join", lane, lane.end.at, main, at, f"{name} has ended, and main goes on")

    def _stopped(self, signal: Literal["SIGTERM", "SIGKILL"], at: float, reason: StopReason, lane: _Growing) -> None:
        why = REASONS.get(reason, reason)
        lane.mark(signal, at, f"{signal} sent", f"{signal} sent: {why}")
        by = self._main if reason == "main" else None
        self._arrow("stop", by, at, lane, at, f"{signal} to {lane.name}: {why}")

    def _of_shared(self, fact: OfShared, at: float, lane: _Growing) -> None:
        thing, kind = fact.of.thing, fact.of.kind
        if isinstance(fact, SharedReleased):
            self._lets_go(thing, at, lane, held=fact.held or 0.0)
            return
        operation = fact.operation
        waits = lane.waits.setdefault((thing, operation), [])
        gives_way = kind == "condition" and operation == "wait"  # a waiter has it again after the wait
        if isinstance(fact, SharedWaiting):
            waits.append(at)
            if gives_way:
                self._lets_go(thing, at, lane, held=0.0)
            return
        has_it = isinstance(fact, SharedAcquired)
        start = waits.pop() if waits else max(0.0, at - (fact.waited or 0.0))
        if at > start:
            more = f"in {operation}" if has_it else f"in {operation}, and gave up"
            lane.span("waiting", start, at, f"waits for {thing}", more, thing)
        if kind in HELD and operation != "notify" and (has_it or gives_way):
            skipped = fact.skipped if isinstance(fact, SharedAcquired) else 0
            self._has(thing, kind, start, at, lane, skipped=skipped or 0)

    def _lets_go(self, thing: str, at: float, lane: _Growing, *, held: float) -> None:
        """It may never have had it: any process can release a semaphore, and not each acquisition is reported."""
        since = lane.holds[thing].pop() if lane.holds.get(thing) else max(0.0, at - held)
        if since < at:
            lane.hold(thing, since, at)
        taker, taken = self._got.pop(thing, (lane, at))
        if taker is not lane and since < taken and at - taken <= HAND_OVER_S:
            self._hand_over(thing, lane, taken, taker, taken)
        else:
            self._let_go[thing] = lane, at

    def _has(self, thing: str, kind: str, start: float, at: float, lane: _Growing, *, skipped: int) -> None:
        holds = lane.holds.setdefault(thing, [])
        if skipped or kind == "lock":  # what it had before it has let go, and that was not told
            holds.clear()
        holds.append(at)
        self._got.pop(thing, None)
        giver, let_go = self._let_go.pop(thing, (lane, at))
        if giver is not lane and start <= let_go and at - let_go <= HAND_OVER_S:
            self._hand_over(thing, giver, let_go, lane, at)
        elif start < at:
            self._got[thing] = lane, at

    def _hand_over(self, thing: str, giver: _Growing, let_go: float, taker: _Growing, at: float) -> None:
        detail = f"{giver.name} lets go of {thing}, {taker.name} has it"
        self._arrow("hand_over", giver, let_go, taker, at, detail)

    def _arrow(
        self, kind: ArrowKind, source: _Growing | None, leaves: float, target: _Growing, arrives: float, detail: str
    ) -> None:
        number = None if source is None else source.number
        self._arrows.append(Arrow(kind, number, leaves, target.number, arrives, f"{detail} ({_clock(arrives)})"))

    def timeline(self) -> Timeline:
        """The timeline as it is when no more events come."""
        if self._outcome is not None and self._main.end is None:
            self._main.end = End(self._end, "cut short", None, None, "the run ended before main did")
        deadlocked = frozenset(self._deadlock)
        lanes = tuple(lane.lane(self._end, deadlocked) for lane in self._lanes.values())
        arrows = (*self._arrows, *deadlock_arrows(lanes))
        remarks, deadlock = tuple(self._remarks), self._deadlock
        return Timeline(self._file, self._outcome, self._end, lanes, arrows, remarks, deadlock)


def _clock(at: float) -> str:
    return f"at {at:.3f} s"


def _about(name: str, what: str, at: float) -> str:
    return f"{name}: {what} ({_clock(at)})"


def _lasting(name: str, what: str, start: float, end: float, more: str) -> str:
    text = f"{name} {what}: {duration(end - start)}, from {start:.3f} s to {end:.3f} s"
    return f"{text}; {more}" if more else text


def _ended(end: ProcessExited) -> str:
    """An end in words: "failed, exit code 1, an error; ValueError: no; not expected"."""
    error = [error_in_words(end.error)] if end.error else []
    limit = [f"by its limit `{end.limit}`"] if end.limit else []
    expected = "expected" if end.expected else "not expected"
    return "; ".join([f"{end.outcome}, {exit_code(end.of.exit_code)}", *error, *limit, expected])
