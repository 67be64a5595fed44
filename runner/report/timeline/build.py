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
from runner.notes.note_counts import merged
from runner.report.terminal.formatting import REASONS, error_in_words, exit_code, shortened
from runner.report.timeline.growing_lane import GrowingLane, clock
from runner.report.timeline.model import MAIN, Arrow, End, Remark, Timeline, deadlock_arrows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from runner.model.events import Event
    from runner.model.words import StopReason
    from runner.report.timeline.model import ArrowKind

HAND_OVER_S = 0.01
"""A process that acquires a thing within this time of its release has it from the releasing process. The release may be
reported later than the acquisition."""

HELD = frozenset({"lock", "rlock", "semaphore", "bounded_semaphore", "condition", "value"})
"""The kinds of shared things that a process can hold."""


def timeline_of(events: Sequence[Event]) -> Timeline:
    """Return the timeline of these events, some of which may be missing."""
    drawing = _TimelineBuilder()
    for event in sorted(merged(events), key=lambda event: event.t):  # a wait is reported late, with its own time
        drawing.take(event)
    return drawing.timeline()


class _TimelineBuilder:
    """The timeline of the events up to now."""

    def __init__(self) -> None:
        main = GrowingLane(MAIN, MAIN_PROCESS)
        main.began = 0.0
        self._main = main
        self._lanes: dict[str | None, GrowingLane] = {None: main}
        self._arrows: list[Arrow] = []
        self._remarks: list[Remark] = []
        self._let_go: dict[str, tuple[GrowingLane, float]] = {}
        """The last process to release a thing, and when, unless a process has acquired it since."""
        self._got: dict[str, tuple[GrowingLane, float]] = {}
        """The last process to acquire a thing after waiting, and when, until a release of it is known."""
        self._file: str | None = None
        self._outcome: str | None = None
        self._end = 0.0
        self._deadlock: tuple[str, ...] = ()

    def take(self, event: Event) -> None:
        """Draw an event; events come in the order of their times."""
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

    def _lane(self, name: str, job: str | None) -> GrowingLane:
        """Return the lane of a process; what main itself writes and waits for has no job."""
        key = None if name == MAIN_PROCESS and job is None else name
        if key not in self._lanes:
            self._lanes[key] = GrowingLane(len(self._lanes), name)
        return self._lanes[key]

    def _of_process(self, fact: OfProcess, at: float, lane: GrowingLane) -> None:
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

    def _first_line(self, line: LineWritten, read_at: float, lane: GrowingLane) -> None:
        if lane.has_written:
            return
        lane.has_written = True
        text = f"on {line.stream}: {shortened(line.text)}"
        if line.written_at is not None:
            lane.mark("wrote", line.written_at, "first line", f"first line, {text}")
        else:
            lane.mark("read", read_at, "first line read", f"first line read, which was written before, {text}")

    def _joined(self, at: float, waited: float, lane: GrowingLane) -> None:
        main, name = self._main, lane.name
        if not waited:
            main.mark("joined", at, f"joins {name}, which had ended")
            return
        main.span("joining", max(0.0, at - waited), at, f"joins {name}", "", name)
        if lane.end and at - waited <= lane.end.at:
            self._arrow("join", lane, lane.end.at, main, at, f"{name} has ended, and main goes on")

    def _stopped(self, signal: Literal["SIGTERM", "SIGKILL"], at: float, reason: StopReason, lane: GrowingLane) -> None:
        why = REASONS.get(reason, reason)
        lane.mark(signal, at, f"{signal} sent", f"{signal} sent: {why}")
        by = self._main if reason == "main" else None
        self._arrow("stop", by, at, lane, at, f"{signal} to {lane.name}: {why}")

    def _of_shared(self, fact: OfShared, at: float, lane: GrowingLane) -> None:
        thing, kind = fact.of.thing, fact.of.kind
        if isinstance(fact, SharedReleased):
            self._lets_go(thing, at, lane, held=fact.held or 0.0)
            return
        operation = fact.operation
        waits = lane.waits.setdefault((thing, operation), [])
        gives_way = kind == "condition" and operation == "wait"  # a waiter acquires it again after the wait
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

    def _lets_go(self, thing: str, at: float, lane: GrowingLane, *, held: float) -> None:
        """End the span of a released thing, which may never have begun: any process can release a semaphore, and not
        every acquisition is reported."""
        since = lane.holds[thing].pop() if lane.holds.get(thing) else max(0.0, at - held)
        if since < at:
            lane.hold(thing, since, at)
        taker, taken = self._got.pop(thing, (lane, at))
        if taker is not lane and since < taken and at - taken <= HAND_OVER_S:
            self._hand_over(thing, lane, taken, taker, taken)
        else:
            self._let_go[thing] = lane, at

    def _has(self, thing: str, kind: str, start: float, at: float, lane: GrowingLane, *, skipped: int) -> None:
        holds = lane.holds.setdefault(thing, [])
        if skipped or kind == "lock":  # the earlier owner has released it, which was not reported
            holds.clear()
        holds.append(at)
        self._got.pop(thing, None)
        giver, let_go = self._let_go.pop(thing, (lane, at))
        if giver is not lane and start <= let_go and at - let_go <= HAND_OVER_S:
            self._hand_over(thing, giver, let_go, lane, at)
        elif start < at:
            self._got[thing] = lane, at

    def _hand_over(self, thing: str, giver: GrowingLane, let_go: float, taker: GrowingLane, at: float) -> None:
        detail = f"{giver.name} releases {thing}, {taker.name} acquires it"
        self._arrow("hand_over", giver, let_go, taker, at, detail)

    def _arrow(
        self,
        kind: ArrowKind,
        source: GrowingLane | None,
        leaves: float,
        target: GrowingLane,
        arrives: float,
        detail: str,
    ) -> None:
        number = None if source is None else source.number
        self._arrows.append(Arrow(kind, number, leaves, target.number, arrives, f"{detail} ({clock(arrives)})"))

    def timeline(self) -> Timeline:
        """Return the timeline when no more events come."""
        if self._outcome is not None and self._main.end is None:
            self._main.end = End(self._end, "cut short", None, None, "the run ended before main did")
        deadlocked = frozenset(self._deadlock)
        lanes = tuple(lane.lane(self._end, deadlocked) for lane in self._lanes.values())
        arrows = (*self._arrows, *deadlock_arrows(lanes))
        remarks, deadlock = tuple(self._remarks), self._deadlock
        return Timeline(self._file, self._outcome, self._end, lanes, arrows, remarks, deadlock)


def _ended(end: ProcessExited) -> str:
    """Return an end in words: "failed, exit code 1, an error; ValueError: no; not expected"."""
    error = [error_in_words(end.error)] if end.error else []
    limit = [f"by its limit `{end.limit}`"] if end.limit else []
    expected = "expected" if end.expected else "not expected"
    return "; ".join([f"{end.outcome}, {exit_code(end.of.exit_code)}", *error, *limit, expected])
