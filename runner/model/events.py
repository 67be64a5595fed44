"""Events: the facts of a run, numbered without a gap, each a JSON object.

`FIELDS` is the whole vocabulary: which events there are and what each adds to the common fields.
"""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.plan import Json

VERSION = 1

MAIN_PROCESS = "MainProcess"
"""What multiprocessing calls the process that starts the others: what the supervisor writes comes from there."""

PROCESS_FIELDS = ("job", "process", "pid", "state", "alive", "exit_code", "repr")
"""What every event of a process has: pid and exit_code are null while there is none."""

USER_FIELDS = ("job", "process", "pid", "thing", "kind")
"""What every event of the use of a shared thing has: who uses which. Their `t` is that of the process itself."""

FIELDS: dict[str, tuple[str, ...]] = {
    "run.started": ("file", "start_method", "processes"),
    "process.created": (*PROCESS_FIELDS, "target", "daemon"),
    "process.started": PROCESS_FIELDS,
    "process.start_failed": (*PROCESS_FIELDS, "error"),
    "process.join_timed_out": (*PROCESS_FIELDS, "timeout"),
    "process.joined": (*PROCESS_FIELDS, "waited"),
    "process.terminating": (*PROCESS_FIELDS, "signal", "reason"),
    "process.killed": (*PROCESS_FIELDS, "reason"),
    "process.exited": (
        *PROCESS_FIELDS,
        "outcome",
        "expected",
        "ended_by",
        "stop_reason",
        "signal",
        "duration",
        "cpu_seconds",
        "max_rss",
        "returned",
        "error",
        "limit",
        "result",
        "ended_at",
        "ended_at_from",
    ),
    "process.wrote": ("job", "process", "pid", "stream", "text", "written_at"),
    "process.shown": (*PROCESS_FIELDS, "label"),
    "main.slept": ("seconds",),
    "main.ended": ("exit_code", "error"),
    "main.stopped": ("joining", "waited"),
    "shared.waiting": (*USER_FIELDS, "operation", "timeout"),
    "shared.acquired": (*USER_FIELDS, "operation", "waited", "skipped"),
    "shared.timed_out": (*USER_FIELDS, "operation", "waited"),
    "shared.released": (*USER_FIELDS, "held"),
    "job.result": ("job", "type", "result"),
    "note": ("about", "process", "text", "job", "count", "processes", "repeats"),
    "run.finished": ("outcome", "exit_status", "duration", "values", "deadlock", "counts"),
}


@record(frozen=True, slots=True)
class Event:
    """One fact. `t` is seconds since the run began (monotonic), `time` the same in UTC as ISO 8601."""

    seq: int
    t: float
    time: str
    event: str
    run: str
    fields: dict[str, Json]

    def to_json(self) -> dict[str, Json]:
        """The event as one flat JSON object, common fields first."""
        return {
            "v": VERSION,
            "seq": self.seq,
            "time": self.time,
            "t": self.t,
            "event": self.event,
            "run": self.run,
            **self.fields,
        }


@record(frozen=True, slots=True)
class Output:
    """Bytes that a process wrote, as they came: not cut into lines. `process` is None for the supervisor's own.

    `stream` is `stdout` or `stderr`. Empty `data` says that no more is to come on this stream for now, because the
    process has ended: an unfinished last line is to be shown. `at` is when it was read (monotonic), or when the process
    had ended, whichever was first; None where unknown. `written_at` has, for each line that ends in `data`, when
    it was written (monotonic), or None where that is not known; it is empty where none is.
    """

    process: int | None
    stream: str
    data: bytes
    at: float | None = None
    written_at: tuple[float | None, ...] = ()


@record(frozen=True, slots=True)
class ProgressMade:
    """How much of its work each process of a job has done, now."""

    job: str
    done: tuple[int, ...]


Item = Event | Output | ProgressMade
"""What a session yields."""
