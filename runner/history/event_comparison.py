"""Find the first event in which two runs differ, process by process. Pure."""

from __future__ import annotations

import re
from itertools import zip_longest

from runner.history.event_queries import moment
from runner.model.event_types import (
    NAMES,
    JoinTimedOut,
    LineWritten,
    Noted,
    ProcessCreated,
    ProcessJoined,
    ProcessShown,
    ProcessStarted,
    SharedAcquired,
    SharedReleased,
    SharedTimedOut,
    SharedWaiting,
    StartFailed,
)
from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.history.event_queries import EventData
    from runner.model.event_types import Fact
    from runner.model.json_types import Json


@record(frozen=True, slots=True)
class EventChange:
    """An event and the one in its place; one of them is None if there is none there.

    `process` is the process whose events they are among, None for main's. `fields` are those that differ, if the events
    are of one kind.
    """

    process: str | None
    before: EventData | None
    after: EventData | None
    fields: tuple[str, ...] = ()


MEASURED = re.compile(r"(?:^|[._])(?:elapsed|seconds|per_second)$")
"""The suffixes of the names of times and rates."""


NUMBER_OF_A_RUN = re.compile(r"((?:\bpid=|\bparent=|\b0x)(?=[0-9a-f]))[0-9a-f]+")
"""Pids and addresses in what Python shows of objects."""


def first_difference(
    before: dict[str | None, list[EventData]], after: dict[str | None, list[EventData]]
) -> EventChange | None:
    """Return the earliest of the places where a process's events, or main's, begin to differ."""
    found: list[EventChange] = []
    for process in before | after:
        for old, new in zip_longest(before.get(process, ()), after.get(process, ())):
            change = _event_change(process, old, new)
            if change is not None:
                found.append(change)
                break
    return min(found, key=_moment, default=None)


def _event_change(process: str | None, before: EventData | None, after: EventData | None) -> EventChange | None:
    old, new = (None if event is None else _what_counts(process, event) for event in (before, after))
    if old == new:
        return None
    if old is None or new is None or old["event"] != new["event"]:
        return EventChange(process, before, after)
    fields = [name for name in old | new if old.get(name) != new.get(name)]
    return EventChange(process, before, after, tuple(fields))


def _moment(change: EventChange) -> tuple[float, bool]:
    """Return the time of the earlier one; a process's event goes before the same one among main's."""
    moments = [moment(event) for event in (change.before, change.after) if event is not None]
    return min(moments), change.process is None


def _what_counts(process: str | None, event: EventData) -> dict[str, Json]:
    """Return an event without what differs between any two runs; among main's, its action, and the process.

    A field without a value does not count: a run of an earlier version lacks the newer fields.
    """
    if process is None and event.get("process") is not None:
        return {"event": event["event"], "process": event["process"]}
    return {name: _normal(value) for name, value in event.items() if name not in _VARYING and value is not None}


def _normal(value: Json) -> Json:
    if isinstance(value, str):
        return NUMBER_OF_A_RUN.sub(r"\1", value)
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if isinstance(value, dict):
        return {name: _normal(item) for name, item in value.items() if not MEASURED.search(name)}
    return repr(value) if isinstance(value, float) else value  # NaN differs from itself


def by_process(events: Iterable[EventData]) -> dict[str | None, list[EventData]]:
    """Return each process's events, and those of main; main's actions on a process are among both."""
    found: dict[str | None, list[EventData]] = {}
    for event in events:
        kind, process = str(event["event"]), event.get("process")
        if kind in _BY_CHANCE:
            continue  # the events between them are chance, and so is the process of a job that has the first note
        if isinstance(process, str):
            found.setdefault(process, []).append(event)
        if process is None or kind in _BY_MAIN or event.get("reason") == "main":
            found.setdefault(None, []).append(event)
    return found


def _names_of(*kinds: type[Fact]) -> frozenset[str]:
    return frozenset(NAMES[kind] for kind in kinds)


_BY_CHANCE = _names_of(LineWritten, Noted, SharedWaiting, SharedAcquired, SharedTimedOut, SharedReleased)


_BY_MAIN = _names_of(ProcessCreated, ProcessStarted, StartFailed, ProcessJoined, JoinTimedOut, ProcessShown)


_VARYING = frozenset(
    {"v", "seq", "time", "t", "run", "file", "pid", "duration", "cpu_seconds", "max_rss", "waited", "seconds"}
    | {"text", "deadlock", "ended_at", "ended_at_from"}
)
"""Fields in which any two runs differ, or which are compared separately; the text of a note contains times."""
