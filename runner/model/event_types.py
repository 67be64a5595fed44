"""What each event says: one record for each, and what events look like as JSON."""

from __future__ import annotations

from runner.model.records import fields_of, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal, TypeAlias

    from runner.model.plan import Json
    from runner.model.words import EndedBy, EndSource, Outcome, RunOutcome, StopReason

    Error: TypeAlias = dict[str, str]
    """An exception: its `type`, its `message` and its `traceback`."""


@record(frozen=True, slots=True)
class ProcessState:
    """A process as multiprocessing shows it: `pid` and `exit_code` are None while there is none."""

    job: str
    process: str
    pid: int | None
    state: Literal["initial", "started", "stopped"]
    alive: bool
    exit_code: int | None
    repr: str


@record(frozen=True, slots=True)
class Use:
    """The use of a shared thing by a process, or by main, which has no job. The event's `t` is the user's."""

    job: str | None
    process: str
    pid: int | None
    thing: str
    kind: str


@record(frozen=True, slots=True)
class RunStarted:
    """The run begins: its file, and how many processes it has."""

    file: str
    start_method: str
    processes: int


@record(frozen=True, slots=True)
class ProcessCreated:
    """A `Process` object is made."""

    of: ProcessState
    target: str
    daemon: bool


@record(frozen=True, slots=True)
class ProcessStarted:
    """A process is started."""

    of: ProcessState


@record(frozen=True, slots=True)
class StartFailed:
    """A process could not be started."""

    of: ProcessState
    error: Error


@record(frozen=True, slots=True)
class JoinTimedOut:
    """Main's join of a process ended without the process, after `timeout` seconds."""

    of: ProcessState
    timeout: float


@record(frozen=True, slots=True)
class ProcessJoined:
    """Main has joined a process; the join took `waited` seconds."""

    of: ProcessState
    waited: float


@record(frozen=True, slots=True)
class ProcessTerminating:
    """A process was sent SIGTERM."""

    of: ProcessState
    signal: str
    reason: StopReason


@record(frozen=True, slots=True)
class ProcessKilled:
    """A process was sent SIGKILL."""

    of: ProcessState
    reason: StopReason


@record(frozen=True, slots=True)
class ProcessExited:
    """A process has ended. What is not known is None; the run of an earlier version lacks some.

    `ended_at` is on the clock of the event's `t`, which says when the end was noticed. `returned` is the repr of what
    the target returned, `result` the value, if JSON gives it back unchanged.
    """

    of: ProcessState
    outcome: Outcome
    expected: bool
    ended_by: EndedBy
    stop_reason: StopReason | None
    duration: float | None
    cpu_seconds: float | None
    max_rss: int | None
    returned: str | None
    error: Error | None
    limit: str | None
    result: Json
    signal: str | None
    ended_at: float | None
    ended_at_from: EndSource | None


@record(frozen=True, slots=True)
class LineWritten:
    """A process, or the supervisor, has written a line; `written_at` is None if only the time of reading is known."""

    job: str | None
    process: str
    pid: int | None
    stream: str
    text: str
    written_at: float | None


@record(frozen=True, slots=True)
class ProcessShown:
    """Main shows a process, as its step `show` asks for."""

    of: ProcessState
    label: str


@record(frozen=True, slots=True)
class MainSlept:
    """Main has slept."""

    seconds: float


@record(frozen=True, slots=True)
class MainEnded:
    """Main has come to its end, or an exception has ended it."""

    exit_code: int
    error: Error | None


@record(frozen=True, slots=True)
class MainStopped:
    """A stop has interrupted main. `joining` names the process that main was joining, `waited` is in seconds."""

    joining: str | None
    waited: float | None


@record(frozen=True, slots=True)
class SharedWaiting:
    """The use of a shared thing has to wait, at most `timeout` seconds."""

    of: Use
    operation: str
    timeout: float | None


@record(frozen=True, slots=True)
class SharedAcquired:
    """A shared thing is acquired, or an operation on it is done; `skipped` earlier ones were not reported."""

    of: Use
    operation: str
    waited: float
    skipped: int


@record(frozen=True, slots=True)
class SharedTimedOut:
    """The wait for a shared thing has timed out."""

    of: Use
    operation: str
    waited: float


@record(frozen=True, slots=True)
class SharedReleased:
    """A process has released a shared thing that it held for `held` seconds."""

    of: Use
    held: float


@record(frozen=True, slots=True)
class JobReported:
    """A job type reports what its job came to."""

    job: str
    type: str
    result: dict[str, Json]


@record(frozen=True, slots=True)
class Noted:
    """A note; the last of its kind says how often the kind came, and `repeats` the event that reported the first."""

    about: str
    process: str | None
    text: str
    job: str | None
    count: int
    processes: tuple[str, ...]
    repeats: int | None


@record(frozen=True, slots=True)
class RunFinished:
    """The run is over: the last values of shared things, and how many processes had each outcome."""

    outcome: RunOutcome
    exit_status: int
    duration: float
    values: dict[str, Json]
    deadlock: tuple[str, ...] | None
    counts: dict[str, int]


EVENTS = {
    "run.started": RunStarted,
    "process.created": ProcessCreated,
    "process.started": ProcessStarted,
    "process.start_failed": StartFailed,
    "process.join_timed_out": JoinTimedOut,
    "process.joined": ProcessJoined,
    "process.terminating": ProcessTerminating,
    "process.killed": ProcessKilled,
    "process.exited": ProcessExited,
    "process.wrote": LineWritten,
    "process.shown": ProcessShown,
    "main.slept": MainSlept,
    "main.ended": MainEnded,
    "main.stopped": MainStopped,
    "shared.waiting": SharedWaiting,
    "shared.acquired": SharedAcquired,
    "shared.timed_out": SharedTimedOut,
    "shared.released": SharedReleased,
    "job.result": JobReported,
    "note": Noted,
    "run.finished": RunFinished,
}
"""All events, by their names in JSON."""
NAMES: dict[type, str] = {kind: name for name, kind in EVENTS.items()}

OfProcess = (
    ProcessCreated
    | ProcessStarted
    | StartFailed
    | JoinTimedOut
    | ProcessJoined
    | ProcessTerminating
    | ProcessKilled
    | ProcessExited
    | ProcessShown
)
"""What happens to one process."""
OfShared = SharedWaiting | SharedAcquired | SharedTimedOut | SharedReleased
"""What happens to a shared thing."""
OfMain = MainSlept | MainEnded | MainStopped
Fact = RunStarted | OfProcess | LineWritten | OfMain | OfShared | JobReported | Noted | RunFinished
"""What an event says."""


def to_json(fact: Fact) -> dict[str, Json]:
    """Return what an event says as one flat JSON object, what all events of its kind have first."""
    said = fields_of(fact)
    of = said.pop("of", None)
    return (fields_of(of) if of is not None else {}) | {name: _listed(value) for name, value in said.items()}


def _listed(value: Any) -> Json:
    return list(value) if isinstance(value, tuple) else value


def from_json(event: str, said: Mapping[str, Json]) -> Fact:
    """Return the record of an event of this name; a field that `said` does not have is None.

    Raises `KeyError` for a name that no event has, and `TypeError` for a field that the event does not have.
    """
    kind: Any = EVENTS[event]
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) and name in _TUPLES else value for name, value in said.items()
    }
    if (of := _of(kind)) is not None:
        given["of"] = of(*[given.pop(name, None) for name in of.__match_args__])
    fact: Fact = kind(**dict.fromkeys(kind.__match_args__) | given)
    return fact


def from_kept(event: Mapping[str, Json]) -> Fact:
    """Return the record of an event that another version may have kept, as flat JSON.

    What that version did not say is None, and what this one does not know is left out. Raises `KeyError` for a name
    that no event has.
    """
    name = str(event["event"])
    kind: Any = EVENTS[name]
    of = _of(kind)
    known = (*kind.__match_args__, *(() if of is None else of.__match_args__))
    return from_json(name, {field: event[field] for field in known if field in event})


def _of(kind: Any) -> Any:
    """The record that events of a kind begin with, if they do."""
    if "of" not in kind.__match_args__:
        return None
    return Use if NAMES[kind].startswith("shared.") else ProcessState


_TUPLES = ("processes", "deadlock")
"""Fields that are lists in JSON."""
