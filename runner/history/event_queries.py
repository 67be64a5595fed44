"""Extract facts from a stored run's events: the ends of its processes, its results and its notes. Pure."""

from __future__ import annotations

from runner.model.event_json import from_kept
from runner.model.event_types import NAMES, JobReported, Noted, ProcessCreated, ProcessExited, RunFinished, StartFailed
from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias, TypeVar

    from runner.model.event_types import Fact
    from runner.model.json_types import Error, Json

    _T = TypeVar("_T", bound=Fact)

    EventData: TypeAlias = Mapping[str, Json]
    """An event as `Event.to_json` returns it."""

NOT_STARTED = "not started"
START_FAILED = "start failed"


@record(frozen=True, slots=True)
class End:
    """How a process ended: its outcome, or that it was not started. `error` is the type of the exception."""

    outcome: str
    exit_code: int | None = None
    error: str | None = None
    limit: str | None = None
    expected: bool | None = None


@record(frozen=True, slots=True)
class NoteSeen:
    """A note of a run, without its time."""

    about: str
    process: str | None
    text: str


def _of(kind: type[_T], events: Iterable[EventData]) -> Iterator[_T]:
    """Return the facts of the events of one kind."""
    name = NAMES[kind]
    facts = (from_kept(event) for event in events if event["event"] == name)
    return (fact for fact in facts if isinstance(fact, kind))


def results(events: Sequence[EventData]) -> dict[str, Json]:
    """Return the final values of shared things, and each job's report."""
    found: dict[str, Json] = {report.job: report.result for report in _of(JobReported, events)}
    for finished in _of(RunFinished, events):
        found |= finished.values or {}
    return found


def deadlock(events: Iterable[EventData]) -> Json:
    """Return the names of the cycle, from the alphabetically first: the beginning of a cycle means nothing."""
    for finished in _of(RunFinished, events):
        if names := finished.deadlock:
            first = names.index(min(names))
            return ", ".join(names[first:] + names[:first])
    return None


def ends(events: Sequence[EventData]) -> dict[str, End]:
    """Return how each process ended, in the order in which they were created."""
    found = {created.of.process: End(NOT_STARTED) for created in _of(ProcessCreated, events)}
    for failed in _of(StartFailed, events):
        found[failed.of.process] = End(START_FAILED, error=_type(failed.error), expected=False)
    for end in _of(ProcessExited, events):
        found[end.of.process] = End(end.outcome, end.of.exit_code, _type(end.error), end.limit, end.expected)
    return found


def _type(error: Error | None) -> str | None:
    return None if error is None else error["type"]


def notes(events: Iterable[EventData]) -> dict[tuple[str, str | None], NoteSeen]:
    """Return the notes by their `about` and their job; of several the first.

    Which process of a job is the first to have one is chance.
    """
    found: dict[tuple[str, str | None], NoteSeen] = {}
    for note in _of(Noted, events):
        found.setdefault((note.about, note.job or note.process), NoteSeen(note.about, note.process, note.text))
    return found


def ended_at(events: Iterable[EventData]) -> dict[str, float]:
    """Return when each process ended, in seconds since the run began."""
    exited = NAMES[ProcessExited]
    return {str(event["process"]): moment(event) for event in events if event["event"] == exited}


def moment(event: EventData) -> float:
    """Return when an event happened; for an end, not when it was noticed, as far as the stored run has that."""
    at = event.get("ended_at", event["t"])
    return at if isinstance(at, int | float) else 0.0


def durations(events: Iterable[EventData]) -> dict[str, float]:
    """Return how many seconds each process ran, as far as that is known."""
    return {end.of.process: end.duration for end in _of(ProcessExited, events) if end.duration is not None}
