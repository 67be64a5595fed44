"""The fields of each event: one record for each event, and all events by their names in JSON."""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from runner.model.json_types import Error, Json
    from runner.model.words import EndedBy, EndSource, Outcome, RunOutcome, StopReason


@record(frozen=True, slots=True)
class ProcessState:
    """A process as multiprocessing shows it: `pid` is None before the start, `exit_code` before the end."""

    job: str
    process: str
    pid: int | None
    state: Literal["initial", "started", "stopped"]
    alive: bool
    exit_code: int | None
    repr: str


@record(frozen=True, slots=True)
class Use:
    """The use of a shared thing by a process, or by main, which has no job. The event's `t` is the time of the use."""

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
    """The supervisor has created a `Process` object."""

    of: ProcessState
    target: str
    daemon: bool


@record(frozen=True, slots=True)
class ProcessStarted:
    """Main has started a process."""

    of: ProcessState


@record(frozen=True, slots=True)
class StartFailed:
    """A process could not be started."""

    of: ProcessState
    error: Error


@record(frozen=True, slots=True)
class JoinTimedOut:
    """Main's join of a process has timed out after `timeout` seconds."""

    of: ProcessState
    timeout: float


@record(frozen=True, slots=True)
class ProcessJoined:
    """Main has joined a process, which took `waited` seconds."""

    of: ProcessState
    waited: float


@record(frozen=True, slots=True)
class ProcessTerminating:
    """The supervisor has sent SIGTERM to a process."""

    of: ProcessState
    signal: str
    reason: StopReason


@record(frozen=True, slots=True)
class ProcessKilled:
    """The supervisor has sent SIGKILL to a process."""

    of: ProcessState
    reason: StopReason


@record(frozen=True, slots=True)
class ProcessExited:
    """A process has ended. Unknown values are None; runs that earlier versions recorded lack some fields.

    `ended_at` is on the clock of the event's `t`, which is the time when the supervisor noticed the end. `returned` is
    the repr of the target's return value, `result` the value itself, if JSON preserves it.
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
    """Main has shown a process, as its step `show` asks for."""

    of: ProcessState
    label: str


@record(frozen=True, slots=True)
class MainSlept:
    """Main has slept."""

    seconds: float


@record(frozen=True, slots=True)
class MainEnded:
    """Main has ended, or an exception has ended it."""

    exit_code: int
    error: Error | None


@record(frozen=True, slots=True)
class MainStopped:
    """A stop has interrupted main. `joining` names the process that main was joining, `waited` is in seconds."""

    joining: str | None
    waited: float | None


@record(frozen=True, slots=True)
class SharedWaiting:
    """A use of a shared thing has to wait, at most `timeout` seconds."""

    of: Use
    operation: str
    timeout: float | None


@record(frozen=True, slots=True)
class SharedAcquired:
    """A process has acquired a shared thing or has finished an operation on it. `skipped` earlier uses were not
    reported."""

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
    """A job type has reported the result of its job."""

    job: str
    type: str
    result: dict[str, Json]


@record(frozen=True, slots=True)
class Noted:
    """A note. The last note of a kind has the count of its kind, and `repeats` is the event that reported the first."""

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


EVENTS: dict[str, type[Fact]] = {
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
"""The events of a process."""
OfShared = SharedWaiting | SharedAcquired | SharedTimedOut | SharedReleased
"""The events of a shared thing."""
OfMain = MainSlept | MainEnded | MainStopped
Fact = RunStarted | OfProcess | LineWritten | OfMain | OfShared | JobReported | Noted | RunFinished
"""The fields of an event, as one of these records."""
