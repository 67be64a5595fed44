"""Collect the events and output of a run while it goes on, to store, draw and compare it later."""

from __future__ import annotations

import json
import sys
from collections import deque

from runner.history.runs import KeptRun
from runner.model.event_types import LineWritten, OfShared, ProcessExited, RunFinished
from runner.model.events import MAIN_PROCESS, Event, Output
from runner.model.lines import line_ends_in
from runner.model.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.history.runs import OutputPiece
    from runner.model.events import Item
    from runner.model.plan import Plan

MAX_EVENTS = 50_000
"""Further events about shared things are left out: a run is understood by the lives of its processes."""
MAX_RESULTS = 4 << 20
"""The characters of returned values; later values are left out."""
MAX_OUTPUT = 1 << 20
"""The bytes of output; of more, the last ones are kept."""
MAX_PIECES = 1 << 15
"""The pieces of output, as they were read; of more, the last ones are kept: a piece takes memory besides its bytes."""


class Collected:
    """Collects the items of one run, within bounds whatever the run produces."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._events: list[Event] = []
        self._left_out = 0
        self._room_for_results = MAX_RESULTS
        self._output: deque[Output] = deque()
        self._size = 0
        self._cut = 0

    @property
    def is_whole(self) -> bool:
        """Whether the run has come to its last event."""
        return bool(self._events) and isinstance(self._events[-1].fact, RunFinished)

    def add(self, item: Item) -> None:
        """Add one item."""
        if isinstance(item, Event):
            self._add(item)
        elif isinstance(item, Output) and item.lines:
            self._output.append(replace(item, data=b""))
            self._size += len(item.lines)
            while (self._size > MAX_OUTPUT and len(self._output) > 1) or len(self._output) > MAX_PIECES:
                gone = self._output.popleft().lines
                self._size -= len(gone)
                self._cut += line_ends_in(gone)

    def _add(self, event: Event) -> None:
        if isinstance(event.fact, LineWritten):
            return
        if len(self._events) >= MAX_EVENTS and isinstance(event.fact, OfShared):
            self._left_out += 1
            return
        self._events.append(self._bounded(event))

    def _bounded(self, event: Event) -> Event:
        """Return the event without the returned value, if earlier ones have used up the room for these."""
        match event.fact:
            case ProcessExited(result=result) as end if result is not None:
                self._room_for_results -= len(json.dumps(result))
                if self._room_for_results < 0:
                    return replace(event, fact=replace(end, result=None))
        return event

    def run(self, text: bytes, file: str, overrides: tuple[str, ...], *, began: float, version: str) -> KeptRun:
        """Return the run, now that it is over; it `began` then (monotonic), and `version` is that of run-jobs."""
        if not self._events or not isinstance(last := self._events[-1].fact, RunFinished):
            raise AssertionError("the run has no end")
        return KeptRun(
            run=self._events[0].run,
            file=file,
            title=self._plan.title,
            text=text.decode(errors="replace"),
            overrides=overrides,
            start_method=self._plan.start_method,
            began=self._events[0].time,
            duration=last.duration,
            outcome=last.outcome,
            exit_status=last.exit_status,
            events=tuple(event.to_json() for event in self._events),
            output=tuple(self._pieces(began)),
            python=sys.version.partition(" ")[0],
            version=version,
            events_cut=self._left_out,
            output_cut=self._cut,
        )

    def _pieces(self, began: float) -> Iterator[OutputPiece]:
        """Return the output, in whole lines."""
        names = [process.name for process in self._plan.processes]
        for output in self._output:
            name = MAIN_PROCESS if output.process is None else names[output.process]
            t = 0.0 if output.at is None else round(max(0.0, output.at - began), 6)
            text = output.lines[:-1].decode(errors="backslashreplace")
            yield t, name, output.stream, text, _moments(output, text, began)


def _moments(output: Output, text: str, began: float) -> tuple[float | None, ...]:
    """Return the times when those lines of the text were written that end in this piece of output, as far as known."""
    if not output.written_at:
        return ()
    known = output.written_at[: text.count("\n") + 1]
    return tuple([None if at is None else round(max(0.0, at - began), 6) for at in known])
