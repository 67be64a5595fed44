"""A run as lanes in time, made of its events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.model.events import MAIN_PROCESS
from runner.notes.counts import merged
from runner.report.terminal.words import REASONS, duration, error_in_words, exit_code, shortened
from runner.report.timeline.model import MAIN, Arrow, End, Instant, Lane, Remark, Span, Timeline, deadlock_arrows

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from typing import Any, Literal

    from runner.model.events import Event
    from runner.report.timeline.model import ArrowKind, InstantKind, SpanKind

HAND_OVER_S = 0.01
"""Who gets a thing within this time of its release has it from there. Who lets go may say so later than who gets it."""

HELD = frozenset({"lock", "rlock", "semaphore", "bounded_semaphore", "condition", "value"})
"""The kinds of shared things that somebody can have."""


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
        """Who was the last to let go of a thing, and when, as long as nobody has taken it."""
        self._got: dict[str, tuple[_Growing, float]] = {}
        """Who was the last to get a thing after waiting, and when, as long as nobody is known to have given it."""
        self._file: str | None = None
        self._outcome: str | None = None
        self._end = 0.0
        self._deadlock: tuple[str, ...] = ()

    def take(self, event: Event) -> None:
        """Draw what an event tells; they come in the order of their moments."""
        said: dict[str, Any] = event.fields
        self._end = max(self._end, event.t)
        match event.event.partition("."):
            case "process", _, what:
                self._of_process(what, event.t, said, self._lane(said))
            case "shared", _, what:
                self._of_shared(what, event.t, said, self._lane(said))
            case "run", _, "started":
                self._file = str(said["file"])
            case "run", _, "finished":
                self._outcome = str(said["outcome"])
                self._deadlock = tuple(said.get("deadlock") or ())
            case "main", _, "slept":
                seconds = said["seconds"]
                self._main.span("sleeping", max(0.0, event.t - seconds), event.t, "sleeps")
            case "main", _, "ended":
                error = [error_in_words(said["error"])] if said.get("error") else []
                detail = "; ".join([exit_code(said.get("exit_code") or 0), *error])
                self._main.end = End(event.t, "ended", said.get("exit_code") or 0, None, detail)
            case "main", _, "stopped":
                if said["joining"] is not None:
                    start = max(0.0, event.t - said["waited"])
                    self._main.span("joining", start, event.t, f"joins {said['joining']}", "and the run is stopped")
                self._main.end = End(event.t, "cut short", None, None, "the run was stopped before main's end")
            case "note", _, _:
                self._remarks.append(Remark(event.t, said["about"], said["process"], said["text"]))

    def _lane(self, said: dict[str, Any]) -> _Growing:
        """The lane of who an event is about: main's own writing and waiting have no job."""
        name = str(said["process"])
        is_main = name == MAIN_PROCESS and said.get("job") is None
        key = None if is_main else name
        if key not in self._lanes:
            self._lanes[key] = _Growing(len(self._lanes), name)
        return self._lanes[key]

    def _of_process(self, what: str, at: float, said: dict[str, Any], lane: _Growing) -> None:
        main, name = self._main, lane.name
        match what:
            case "created":
                lane.target = f"{said['target']}, a daemon" if said["daemon"] else str(said["target"])
                lane.mark("created", at, "created", said["repr"])
            case "started":
                lane.pid, lane.began = said["pid"], at
                main.mark("start", at, f"starts {name}")
                self._arrow("start", main, at, lane, at, f"main starts {name}")
            case "start_failed":
                lane.end = End(at, "not started", None, False, error_in_words(said["error"]))
                lane.mark("start_failed", at, "could not be started", lane.end.detail)
            case "joined" | "join_timed_out":
                self._joined(at, said, lane, has_ended=what == "joined")
            case "terminating":
                self._stopped("SIGTERM", at, said, lane)
            case "killed":
                self._stopped("SIGKILL", at, said, lane)
            case "exited":
                lane.pid = said["pid"]
                at = said.get("ended_at", at)
                lane.end = End(at, said["outcome"], said["exit_code"], said["expected"], _ended(said))
            case "wrote" if not lane.has_written:
                lane.has_written = True
                self._first_line(at, said, lane)
            case "shown":
                lane.mark("shown", at, f"shown as {said['label']}", said["repr"])

    def _first_line(self, read_at: float, said: dict[str, Any], lane: _Growing) -> None:
        text, written_at = f"on {said['stream']}: {shortened(said['text'])}", said.get("written_at")
        if written_at is not None:
            lane.mark("wrote", written_at, "first line", f"first line, {text}")
        else:
            lane.mark("read", read_at, "first line read", f"first line read, which was written before, {text}")

    def _joined(self, at: float, said: dict[str, Any], lane: _Growing, *, has_ended: bool) -> None:
        main, name = self._main, lane.name
        waited = said["waited"] if has_ended else said["timeout"]
        if has_ended and not waited:
            main.mark("joined", at, f"joins {name}, which had ended")
            return
        more = "" if has_ended else f"its timeout, and {name} runs on"
        main.span("joining", max(0.0, at - waited), at, f"joins {name}", more, name)
        if has_ended and lane.end and at - waited <= lane.end.at:
            self._arrow("join", lane, lane.end.at, main, at, f"{name} has ended, and main goes on")

    def _stopped(self, signal: Literal["SIGTERM", "SIGKILL"], at: float, said: dict[str, Any], lane: _Growing) -> None:
        why = REASONS.get(said["reason"], said["reason"])
        lane.mark(signal, at, f"{signal} sent", f"{signal} sent: {why}")
        by = self._main if said["reason"] == "main" else None
        self._arrow("stop", by, at, lane, at, f"{signal} to {lane.name}: {why}")

    def _of_shared(self, what: str, at: float, said: dict[str, Any], lane: _Growing) -> None:
        thing, kind = str(said["thing"]), str(said["kind"])
        if what == "released":
            self._lets_go(thing, at, lane, held=said["held"] or 0.0)
            return
        operation = str(said["operation"])
        waits = lane.waits.setdefault((thing, operation), [])
        gives_way = kind == "condition" and operation == "wait"  # who waits lets go meanwhile, and has it again then
        if what == "waiting":
            waits.append(at)
            if gives_way:
                self._lets_go(thing, at, lane, held=0.0)
            return
        start = waits.pop() if waits else max(0.0, at - (said["waited"] or 0.0))
        if at > start:
            more = f"in {operation}, and gave up" if what == "timed_out" else f"in {operation}"
            lane.span("waiting", start, at, f"waits for {thing}", more, thing)
        if kind in HELD and operation != "notify" and (what == "acquired" or gives_way):
            self._has(thing, kind, start, at, lane, skipped=said.get("skipped", 0))

    def _lets_go(self, thing: str, at: float, lane: _Growing, *, held: float) -> None:
        """It may never have had it: a semaphore's permit is anybody's to give, and not all that is taken is told."""
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


def _ended(said: dict[str, Any]) -> str:
    """An end in words: "failed, exit code 1, an error; ValueError: no; not expected"."""
    error = [error_in_words(said["error"])] if said["error"] else []
    limit = [f"by its limit `{said['limit']}`"] if said.get("limit") else []
    expected = "expected" if said["expected"] else "not expected"
    return "; ".join([f"{said['outcome']}, {exit_code(said['exit_code'])}", *error, *limit, expected])
