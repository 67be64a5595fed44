"""The differences between two runs. Pure.

Values that differ between any two runs (pids, times, addresses) do not count, nor does the order of actions of
different processes: events are compared process by process.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher, unified_diff
from itertools import zip_longest

from runner.history.event_comparison import MEASURED, NUMBER_OF_A_RUN, EventChange, by_process, first_difference
from runner.history.event_queries import deadlock, durations, ends, notes, results
from runner.history.runs import line_of
from runner.model.masking import without_secrets
from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.history import KeptRun, RunLine
    from runner.history.event_queries import End, NoteSeen
    from runner.model.json_types import Json

SET = "--set"
"""The prefix of the names of settings that were given by `--set`; a path follows."""
MIN_DIFFERENCE_SHARE = 0.2
MIN_DIFFERENCE_S = 0.02
"""Times that differ by less than this share, or by less than this number of seconds, count as equal."""


@record(frozen=True, slots=True)
class OutcomeChange:
    """A process that ended differently; one of the two is None if that run had no such process."""

    process: str
    before: End | None
    after: End | None


@record(frozen=True, slots=True)
class ValueChange:
    """A name with another value; None is no value."""

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
class OutputChange:
    """The first line of a process's stream, counted from 1, that differs; None if there is no such line."""

    process: str
    stream: str
    line: int
    before: str | None
    after: str | None


@record(frozen=True, slots=True)
class Comparison:
    """The differences between two runs, `before` and `after`.

    `diff` are the hunks of a unified diff of the files, without secrets, `changed_lines` counts their changed lines.
    `settings` are the other inputs: the file, `--set`, the start method, the versions. `values` are final values and
    job reports, `measures` those of them that are times and rates, and `times` those of processes. `is_whole` means
    that no events and no lines were cut: otherwise the differences of events may be wrong, and output is not compared.
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
    """Return the differences of the later run.

    `field` returns the value of a field in a run's file, by its path. Without it only values that `--set` gave are
    known.
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
        values=tuple([change for change in found if not MEASURED.search(change.name)]),
        output=tuple(_output_changes(before, after)),
        first_event=first_difference(by_process(before.events), by_process(after.events)),
        notes_gone=tuple([note for key, note in old_notes.items() if key not in new_notes]),
        notes_new=tuple([note for key, note in new_notes.items() if key not in old_notes]),
        times=tuple(_time_changes(durations(before.events), durations(after.events))),
        measures=tuple([change for change in found if MEASURED.search(change.name) and _matters(change)]),
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
    """Return the settings of the two runs; for a field that `--set` changed in one of them, both values."""
    given = [dict(_overrides(run)) for run in (before, after)]
    paths = dict.fromkeys([*given[0], *given[1]])
    found: list[dict[str, Json]] = []
    for run, own in zip((before, after), given, strict=True):
        values = {path: own.get(path) if field is None else field(run, path) for path in paths}
        settings: dict[str, Json] = {"file": run.file, **{f"{SET} {path}": value for path, value in values.items()}}
        found.append(settings | {"start method": run.start_method, "python": run.python, "run-jobs": run.version})
    return found[0], found[1]


def _overrides(run: KeptRun) -> Iterator[tuple[str, str]]:
    """Return the paths and values of `--set`, without secrets. A title changes nothing."""
    for text in run.overrides:
        path, _, value = without_secrets(text).partition("=")
        if path != "title":
            yield path, value


def _value_changes(name: str, before: Json, after: Json) -> Iterator[ValueChange]:
    """Return the values that differ, as deep as both sides have the same structure: `counter.workers[0].increments`."""
    match before, after:
        case dict(), dict():
            for key in before | after:
                yield from _value_changes(f"{name}.{key}" if name else key, before.get(key), after.get(key))
        case list(), list() if len(before) == len(after):
            for index, (old, new) in enumerate(zip(before, after, strict=True)):
                yield from _value_changes(f"{name}[{index}]", old, new)
        case _ if repr(before) != repr(after):  # not by `!=`: NaN differs from itself, and True equals 1
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
    """Return whether two times, in seconds, differ by more than usual."""
    return abs(after - before) > max(MIN_DIFFERENCE_S, MIN_DIFFERENCE_SHARE * before)


def _output_changes(before: KeptRun, after: KeptRun) -> Iterator[OutputChange]:
    """Compare stream by stream: the order of lines of different streams means nothing."""
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
    """Return the lines of each stream of each process: without what differs between any two runs, and unchanged."""
    pids = {str(event["pid"]) for event in run.events if event.get("pid") is not None}
    found: dict[tuple[str, str], list[tuple[str | None, str | None]]] = {}
    for _, process, stream, line, _ in run.lines:
        plain = _NUMBER.sub(lambda number: "pid" if number[0] in pids else number[0], line)
        found.setdefault((process, stream), []).append((NUMBER_OF_A_RUN.sub(r"\1", plain), line))
    return found


def _matters(measure: ValueChange) -> bool:
    match measure:
        case ValueChange(name, int() | float() as before, int() | float() as after):
            least = 0 if name.endswith("per_second") else MIN_DIFFERENCE_S
            return abs(after - before) > max(least, MIN_DIFFERENCE_SHARE * before)
    return True  # one of them is not known


_NUMBER = re.compile(r"\b\d+\b", re.ASCII)
