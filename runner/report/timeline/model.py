"""The data model of a timeline: lanes, with spans, instants, arrows and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.model.exit_codes import signal_name
from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, TypeAlias

    SpanKind: TypeAlias = Literal["running", "sleeping", "joining", "holding", "waiting", "deadlocked"]
    InstantKind: TypeAlias = Literal[
        "created", "start", "start_failed", "joined", "shown", "wrote", "read", "SIGTERM", "SIGKILL"
    ]
    ArrowKind: TypeAlias = Literal["start", "join", "stop", "hand_over", "deadlock"]

MAIN = 0
"""The number of main's lane, which is always the first."""

SPAN_WORDS: dict[SpanKind, str] = {
    "running": "runs",
    "sleeping": "main sleeps",
    "joining": "main waits in join",
    "holding": "holds a shared thing",
    "waiting": "waits for a shared thing",
    "deadlocked": "waits for ever",
}
"""All kinds of spans in words, from the lowest layer to the top."""


@record(frozen=True, slots=True)
class Span:
    """What a lane does from `start` to `end`; `thing` is the shared thing, or the process that main joins.

    If `is_open`, no event reported its end: it lasted until the process, or the run, ended.
    """

    kind: SpanKind
    start: float
    end: float
    label: str
    detail: str
    thing: str | None = None
    is_open: bool = False


@record(frozen=True, slots=True)
class Instant:
    """A momentary event on a lane."""

    kind: InstantKind
    at: float
    label: str
    detail: str


@record(frozen=True, slots=True)
class End:
    """How a lane ended. `expected` is None for main, whose end the file does not declare."""

    at: float
    outcome: str
    exit_code: int | None
    expected: bool | None
    detail: str


@record(frozen=True, slots=True)
class Arrow:
    """An action of one lane on another; `source` is None if a rule has acted, not main."""

    kind: ArrowKind
    source: int | None
    leaves: float
    target: int
    arrives: float
    detail: str


@record(frozen=True, slots=True)
class Remark:
    """A note of the run, with its time and the process that it is about."""

    at: float
    about: str
    process: str | None
    text: str


@record(frozen=True, slots=True)
class Lane:
    """Main, or a process; its spans begin in order, those that began together with the longest first."""

    name: str
    pid: int | None
    spans: tuple[Span, ...]
    instants: tuple[Instant, ...]
    end: End | None


@record(frozen=True, slots=True)
class Timeline:
    """A run from 0 to `end`, in seconds; `lanes` are main's and the processes', in order of creation.

    `outcome` is None if the events end before the run did.
    """

    file: str | None
    outcome: str | None
    end: float
    lanes: tuple[Lane, ...]
    arrows: tuple[Arrow, ...]
    remarks: tuple[Remark, ...]
    deadlock: tuple[str, ...]


def ending(lane: Lane) -> str:
    """Return how a lane ended, in a few characters for the right end of its bar; empty for main if it ended
    normally."""
    end = lane.end
    if end is None:
        return "not started" if not lane.spans else "no end seen"
    if end.expected is None:
        return f"exit code {end.exit_code}" if end.exit_code else "" if end.outcome == "ended" else end.outcome
    sign = "✓" if end.expected else "✗"
    if end.exit_code is None:
        return f"{sign} {end.outcome}"
    if end.exit_code < 0:
        return f"{sign} {end.exit_code} {signal_name(-end.exit_code)}"
    return f"{sign} {end.exit_code}" if end.exit_code else sign


def deadlock_arrows(lanes: Sequence[Lane]) -> list[Arrow]:
    """Return the arrows of a deadlock: from each lane that waits for ever to each owner of what it waits for."""
    stuck = [(number, span) for number, lane in enumerate(lanes) for span in lane.spans if span.kind == "deadlocked"]
    if not stuck:
        return []
    since, until = max(span.start for _, span in stuck), min(span.end for _, span in stuck)
    at = since + (until - since) * 0.75  # if all of them wait, the picture needs no more words
    holders: dict[str | None, dict[int, None]] = {}
    for number, lane in enumerate(lanes):
        for span in lane.spans:
            if span.kind == "holding" and span.is_open:
                holders.setdefault(span.thing, {})[number] = None
    names = [lane.name for lane in lanes]
    pairs = [(waiter, span.thing, holder) for waiter, span in stuck for holder in holders.get(span.thing, ())]
    return [
        Arrow("deadlock", waiter, at, holder, at, f"{names[waiter]} waits for {thing}, {names[holder]} holds it")
        for waiter, thing, holder in pairs
        if holder != waiter
    ]
