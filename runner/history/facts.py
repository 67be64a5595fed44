"""What the events of a kept run say: how its processes ended, what it came to, what was explained. Pure."""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    from runner.model.plan import Json

    EventData: TypeAlias = Mapping[str, Json]
    """An event as `Event.to_json` gives it."""

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
    """A note of a run, without when it was made."""

    about: str
    process: str | None
    text: str


def results(events: Iterable[EventData]) -> dict[str, Json]:
    """The final values of shared things, and what each job reports."""
    found: dict[str, Json] = {}
    for event in events:
        match event:
            case {"event": "run.finished", "values": dict(values)}:
                found |= values
            case {"event": "job.result", "job": str(job), "result": result}:
                found[job] = result
    return found


def deadlock(events: Iterable[EventData]) -> Json:
    """The names of the cycle, from the first in the alphabet on: where a cycle begins says nothing."""
    for event in events:
        match event:
            case {"event": "run.finished", "deadlock": list(names)} if names:
                first = names.index(min(names, key=str))
                return ", ".join(map(str, names[first:] + names[:first]))
    return None


def ends(events: Iterable[EventData]) -> dict[str, End]:
    """How each process ended, in the order in which they were created."""
    found: dict[str, End] = {}
    for event in events:
        match event:
            case {"event": "process.created", "process": str(process)}:
                found[process] = End(NOT_STARTED)
            case {"event": "process.start_failed", "process": str(process)}:
                found[process] = End(START_FAILED, error=_error_type(event), expected=False)
            case {"event": "process.exited", "process": str(process), "outcome": outcome, "exit_code": code}:
                found[process] = End(
                    str(outcome),
                    code if isinstance(code, int) else None,
                    _error_type(event),
                    limit if isinstance(limit := event.get("limit"), str) else None,
                    expected if isinstance(expected := event.get("expected"), bool) else None,
                )
    return found


def _error_type(event: EventData) -> str | None:
    match event:
        case {"error": {"type": str(name)}}:
            return name
    return None


def notes(events: Iterable[EventData]) -> dict[tuple[str, str | None], NoteSeen]:
    """The notes by what they are about and by their job; of those about the same the first.

    Which process of a job is the first to have one is chance.
    """
    found: dict[tuple[str, str | None], NoteSeen] = {}
    for event in events:
        match event:
            case {"event": "note", "about": str(about), "process": str() | None as process, "text": str(text)}:
                job = event.get("job", process)
                found.setdefault((about, job if isinstance(job, str) else process), NoteSeen(about, process, text))
    return found


def ended_at(events: Iterable[EventData]) -> dict[str, float]:
    """When each process ended, in seconds since the run began."""
    found: dict[str, float] = {}
    for event in events:
        match event:
            case {"event": "process.exited", "process": str(process)}:
                found[process] = moment(event)
    return found


def moment(event: EventData) -> float:
    """When what an event tells happened; of an end not when it was noticed, as far as the run was kept with it."""
    at = event.get("ended_at", event["t"])
    return at if isinstance(at, int | float) else 0.0


def durations(events: Iterable[EventData]) -> dict[str, float]:
    """How many seconds each process ran, as far as that is known."""
    found: dict[str, float] = {}
    for event in events:
        match event:
            case {"event": "process.exited", "process": str(process), "duration": int() | float() as duration}:
                found[process] = duration
    return found
