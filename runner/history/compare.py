"""The differences between two runs. Pure.

What differs between any two runs (pids, moments, addresses) does not count, nor does the order of what different
processes do: events are compared process by process.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher, unified_diff
from itertools import zip_longest

from runner.history.facts import deadlock, durations, ends, moment, notes, results
from runner.history.runs import line_of
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
from runner.model.masking import without_secrets
from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from runner.history import KeptRun, RunLine
    from runner.history.facts import End, EventData, NoteSeen
    from runner.model.event_types import Fact
    from runner.model.plan import Json

SET = "--set"
"""How the names of settings begin that were said by it; a path follows."""
LEAST_SHARE = 0.2
LEAST_S = 0.02
"""Times that differ by less than this share, or by less than so many seconds, are the same."""


@record(frozen=True, slots=True)
class OutcomeChange:
    """A process that ended otherwise; one of the two is None if that run had no such process."""

    process: str
    before: End | None
    after: End | None


@record(frozen=True, slots=True)
class ValueChange:
    """Something that has a name and another value now; None is no value."""

    name: str
    before: Json
    after: Json


@record(frozen=True, slots=True)
class TimeChange:
    """How long a process ran, in seconds."""

    process: str
    before: float
    after: float


@record(frozen=True, slots=True)
class EventChange:
    """An event and the one in its place; one of them is None if there is none there.

    `process` is whose events they are among, None for main's. `fields` are those that differ, where the events are of
    one kind.
    """

    process: str | None
    before: EventData | None
    after: EventData | None
    fields: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class OutputChange:
    """The first line of a process's stream, counted from 1, that is not the same; None is no such line."""

    process: str
    stream: str
    line: int
    before: str | None
    after: str | None


@record(frozen=True, slots=True)
class Comparison:
    """What is otherwise about a run (`after`) than about another (`before`). What is the same is not in it.

    `diff` are the hunks of a unified diff of the files, without secrets, `changed_lines` counts what is changed in
    them. `settings` are what else was said or there: the file, `--set`, the start method, the versions. `values` are
    final values and what jobs report, `measures` those of them that are times and rates, and `times` those of
    processes. `is_whole` says that no events and no lines were cut: otherwise what is said of events may be wrong, and
    of the output nothing is.
    """

    before: RunLine
    after: RunLine
    diff: tuple[str, ...]
    changed_lines: int
    settings: tuple[ValueChange, ...]
    outcomes: tuple[OutcomeChange, ...]
    deadlock: ValueChange | None
    values: tuple[ValueChange, ...]
    output: tuple[OutputChange, ...]
    first_event: EventChange | None
    notes_gone: tuple[NoteSeen, ...]
    notes_new: tuple[NoteSeen, ...]
    times: tuple[TimeChange, ...]
    measures: tuple[ValueChange, ...]
    is_whole: bool


def compare(before: KeptRun, after: KeptRun, field: Callable[[KeptRun, str], str | None] | None = None) -> Comparison:
    """What is otherwise about the later run.

    `field` gives the value of a field in a run's file, by its path. Without it only values that `--set` gave are known.
    """
    old_lines, new_lines = (run.text.removesuffix("\n").split("\n") for run in (before, after))
    found = list(_value_changes("", results(before.events), results(after.events)))
    old_notes, new_notes = notes(before.events), notes(after.events)
    return Comparison(
        before=line_of(before),
        after=line_of(after),
        diff=tuple([without_secrets(line) for line in unified_diff(old_lines, new_lines, n=1, lineterm="")][2:]),
        changed_lines=_changed_lines(old_lines, new_lines),
        settings=tuple(_value_changes("", *_settings(before, after, field))),
        outcomes=tuple(_outcome_changes(ends(before.events), ends(after.events))),
        deadlock=next(_value_changes("deadlock", deadlock(before.events), deadlock(after.events)), None),
        values=tuple([change for change in found if not _MEASURED.search(change.name)]),
        output=tuple(_output_changes(before, after)),
        first_event=_first_event(_by_process(before.events), _by_process(after.events)),
        notes_gone=tuple([note for key, note in old_notes.items() if key not in new_notes]),
        notes_new=tuple([note for key, note in new_notes.items() if key not in old_notes]),
        times=tuple(_time_changes(durations(before.events), durations(after.events))),
        measures=tuple([change for change in found if _MEASURED.search(change.name) and _matters(change)]),
        is_whole=not any(run.events_cut or run.output_cut for run in (before, after)),
    )


def _changed_lines(before: list[str], after: list[str]) -> int:
    matcher = SequenceMatcher(None, before, after)
    return sum(
        max(old_end - old, new_end - new)
        for kind, old, old_end, new, new_end in matcher.get_opcodes()
        if kind != "equal"
    )


def _settings(
    before: KeptRun, after: KeptRun, field: Callable[[KeptRun, str], str | None] | None
) -> tuple[dict[str, Json], dict[str, Json]]:
    """What the two runs were run with; of a field that `--set` changed in one of them, both values."""
    given = [dict(_overrides(run)) for run in (before, after)]
    paths = dict.fromkeys([*given[0], *given[1]])
    found: list[dict[str, Json]] = []
    for run, own in zip((before, after), given, strict=True):
        values = {path: own.get(path) if field is None else field(run, path) for path in paths}
        settings: dict[str, Json] = {"file": run.file, **{f"{SET} {path}": value for path, value in values.items()}}
        found.append(settings | {"start method": run.start_method, "python": run.python, "run-jobs": run.version})
    return found[0], found[1]


def _overrides(run: KeptRun) -> Iterator[tuple[str, str]]:
    """The paths and values of `--set`, without secrets. A title changes nothing."""
    for text in run.overrides:
        path, _, value = without_secrets(text).partition("=")
        if path != "title":
            yield path, value


def _value_changes(name: str, before: Json, after: Json) -> Iterator[ValueChange]:
    """The values that differ, as deep as both sides are alike: `counter.workers[0].increments`."""
    match before, after:
        case dict(), dict():
            for key in before | after:
                yield from _value_changes(f"{name}.{key}" if name else key, before.get(key), after.get(key))
        case list(), list() if len(before) == len(after):
            for index, (old, new) in enumerate(zip(before, after, strict=True)):
                yield from _value_changes(f"{name}[{index}]", old, new)
        case _ if repr(before) != repr(after):  # not by `!=`: NaN is other than itself, and True the same as 1
            yield ValueChange(name, before, after)


def _outcome_changes(before: dict[str, End], after: dict[str, End]) -> Iterator[OutcomeChange]:
    for process in before | after:
        if before.get(process) != after.get(process):
            yield OutcomeChange(process, before.get(process), after.get(process))


def _time_changes(before: dict[str, float], after: dict[str, float]) -> Iterator[TimeChange]:
    for process, old in before.items():
        new = after.get(process, old)
        if are_other_times(old, new):
            yield TimeChange(process, old, new)


def are_other_times(before: float, after: float) -> bool:
    """Whether two times, in seconds, differ by more than what they always do."""
    return abs(after - before) > max(LEAST_S, LEAST_SHARE * before)


def _output_changes(before: KeptRun, after: KeptRun) -> Iterator[OutputChange]:
    """Stream by stream: in which order lines of different ones came says nothing."""
    if before.output_cut or after.output_cut:
        return
    old, new = _by_stream(before), _by_stream(after)
    in_one_run = ends(before.events).keys() ^ ends(after.events).keys()
    for process, stream in [key for key in old | new if key[0] not in in_one_run]:
        lines = zip_longest(old.get((process, stream), ()), new.get((process, stream), ()), fillvalue=(None, None))
        for number, ((was, old_line), (now, new_line)) in enumerate(lines, 1):
            if was != now:
                yield OutputChange(process, stream, number, old_line, new_line)
                break


def _by_stream(run: KeptRun) -> dict[tuple[str, str], list[tuple[str | None, str | None]]]:
    """The lines of each stream of each process: without what differs between any two runs, and as they are."""
    pids = {str(event["pid"]) for event in run.events if event.get("pid") is not None}
    found: dict[tuple[str, str], list[tuple[str | None, str | None]]] = {}
    for _, process, stream, line, _ in run.lines:
        plain = _NUMBER.sub(lambda number: "pid" if number[0] in pids else number[0], line)
        found.setdefault((process, stream), []).append((_NUMBER_OF_A_RUN.sub(r"\1", plain), line))
    return found


def _matters(measure: ValueChange) -> bool:
    match measure:
        case ValueChange(name, int() | float() as before, int() | float() as after):
            least = 0 if name.endswith("per_second") else LEAST_S
            return abs(after - before) > max(least, LEAST_SHARE * before)
    return True  # one of them is not known


def _by_process(events: Iterable[EventData]) -> dict[str | None, list[EventData]]:
    """Each process's events, and those of main; what main does with a process is among both."""
    found: dict[str | None, list[EventData]] = {}
    for event in events:
        kind, process = str(event["event"]), event.get("process")
        if kind in _BY_CHANCE:
            continue  # when others come between them is chance, and so is which process of a job has the first note
        if isinstance(process, str):
            found.setdefault(process, []).append(event)
        if process is None or kind in _BY_MAIN or event.get("reason") == "main":
            found.setdefault(None, []).append(event)
    return found


def _names_of(*kinds: type[Fact]) -> frozenset[str]:
    return frozenset(NAMES[kind] for kind in kinds)


def _first_event(
    before: dict[str | None, list[EventData]], after: dict[str | None, list[EventData]]
) -> EventChange | None:
    """The earliest of the places where a process's events, or main's, are no longer the same."""
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
    """When it was first; of a process's event and the same one among main's, the process's goes first."""
    moments = [moment(event) for event in (change.before, change.after) if event is not None]
    return min(moments), change.process is None


def _what_counts(process: str | None, event: EventData) -> dict[str, Json]:
    """An event without what differs between any two runs; among main's, what it did, and to which process.

    A field without a value does not count: a run of an earlier version does not have the fields that are new.
    """
    if process is None and event.get("process") is not None:
        return {"event": event["event"], "process": event["process"]}
    return {name: _normal(value) for name, value in event.items() if name not in _VARYING and value is not None}


def _normal(value: Json) -> Json:
    if isinstance(value, str):
        return _NUMBER_OF_A_RUN.sub(r"\1", value)
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if isinstance(value, dict):
        return {name: _normal(item) for name, item in value.items() if not _MEASURED.search(name)}
    return repr(value) if isinstance(value, float) else value  # NaN is other than itself


_MEASURED = re.compile(r"(?:^|[._])(?:elapsed|seconds|per_second)$")
"""How the names of times and rates end."""
_NUMBER_OF_A_RUN = re.compile(r"((?:\bpid=|\bparent=|\b0x)(?=[0-9a-f]))[0-9a-f]+")
"""Pids and addresses in what Python shows of objects."""
_NUMBER = re.compile(r"\b\d+\b", re.ASCII)
_BY_CHANCE = _names_of(LineWritten, Noted, SharedWaiting, SharedAcquired, SharedTimedOut, SharedReleased)
_BY_MAIN = _names_of(ProcessCreated, ProcessStarted, StartFailed, ProcessJoined, JoinTimedOut, ProcessShown)
_VARYING = frozenset(
    {"v", "seq", "time", "t", "run", "file", "pid", "duration", "cpu_seconds", "max_rss", "waited", "seconds"}
    | {"text", "deadlock", "ended_at", "ended_at_from"}
)
"""Fields in which any two runs differ, or which are compared by themselves; the text of a note has times in it."""
