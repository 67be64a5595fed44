"""The result of a run: the end of every process, the results of the jobs and, on request, all events."""

from __future__ import annotations

from runner.model.errors import SupervisorFault
from runner.model.event_json import to_json
from runner.model.event_types import (
    JobReported,
    Noted,
    ProcessCreated,
    ProcessExited,
    ProcessStarted,
    RunFinished,
    StartFailed,
)
from runner.model.events import Event, Output
from runner.model.records import field, fields_of, record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.events import Item
    from runner.model.json_types import Error, Json
    from runner.model.words import EndedBy, Outcome, RunOutcome, StopReason

MAX_OUTPUT = 1 << 16


@record(frozen=True, slots=True)
class ProcessResult:
    """How one process ended. A value that is unknown or does not exist is None: a process never started has no `pid`.

    `started_at` and `ended_at` are seconds since the run began, `duration` and `cpu_seconds` seconds. `max_rss` is the
    process's peak memory in bytes; for a forked process, without the peak before its first step. `limit` names the
    limit of its own that ended it. `error` has `type`, `message` and `traceback`. `output` is the last 64 KiB that the
    process wrote. `result` is the target's return value, if JSON preserves it and its text takes at most 32 KiB, else
    None. `notes` are the words of the notes about the process, such as `return_value`.
    """

    name: str
    job: str
    pid: int | None = None
    outcome: Outcome | None = None
    expected: bool | None = None
    exit_code: int | None = None
    signal: str | None = None
    ended_by: EndedBy | None = None
    stop_reason: StopReason | None = None
    limit: str | None = None
    error: Error | None = None
    started_at: float | None = None
    ended_at: float | None = None
    duration: float | None = None
    cpu_seconds: float | None = None
    max_rss: int | None = None
    output: str = ""
    result: Json = None
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Return the fields as JSON data."""
        return fields_of(self)


@record(frozen=True, slots=True)
class RunResult:
    """The result of a run. `processes` are by name, in creation order; `results` are by job.

    `outcome` is `succeeded`, `failed`, `stopped`, `timed_out` or `faulted`; `exit_status` is that of `run-jobs`.
    `values` are the last values of shared things, `deadlock` the names of processes that waited for each other. `notes`
    are the notes of the run, each kind once for each job: `about`, `process`, `text`, `job`, `count` (the number of
    notes of the kind) and `processes`. `counts` is the number of processes with each outcome, including `not_started`.
    """

    outcome: RunOutcome
    exit_status: int
    duration: float
    processes: dict[str, ProcessResult]
    results: dict[str, dict[str, Json]] = field(default_factory=dict)
    values: dict[str, Json] = field(default_factory=dict)
    deadlock: tuple[str, ...] | None = None
    events: tuple[Event, ...] = ()
    notes: tuple[dict[str, Json], ...] = ()
    counts: dict[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        ended = ", ".join(f"{one.name}: {one.outcome or 'not started'}" for one in self.processes.values())
        return f"<RunResult {self.outcome} in {self.duration:.3f} s; {ended}>"

    def to_json(self) -> dict[str, Json]:
        """Return the result as JSON data, without the events."""
        return {
            "outcome": self.outcome,
            "exit_status": self.exit_status,
            "duration": self.duration,
            "processes": {name: process.to_json() for name, process in self.processes.items()},
            "results": dict(self.results),
            "values": dict(self.values),
            "deadlock": None if self.deadlock is None else list(self.deadlock),
            "notes": list(self.notes),
            "counts": dict(self.counts),
        }


_FAULTED = RunFinished("faulted", SupervisorFault.exit_status, 0.0, {}, None, {})
"""The end of a run that reported none."""


class Recorder:
    """Builds a `RunResult` from what a session yields."""

    def __init__(self, *, keep_events: bool, keep_output: bool) -> None:
        """`keep_output` keeps the output of the processes and the return values of their targets."""
        self._keep_events = keep_events
        self._keep_output = keep_output
        self._events: list[Event] = []
        self._processes: dict[str, ProcessResult] = {}
        self._output: list[bytearray] = []
        self._notes: dict[str, dict[str, None]] = {}
        self._kinds: dict[int, dict[str, Json]] = {}
        """The last report of each kind of note, by the number of the event that reported it first."""
        self._results: dict[str, dict[str, Json]] = {}
        self._finished = _FAULTED

    def add(self, item: Item) -> None:
        """Record one item."""
        if isinstance(item, Event):
            if self._keep_events:
                self._events.append(item)
            self._note(item)
        elif self._keep_output and isinstance(item, Output) and item.process is not None:
            kept = self._output[item.process]
            kept += item.data
            del kept[:-MAX_OUTPUT]

    def _note(self, event: Event) -> None:
        match event.fact:
            case ProcessCreated(of):
                self._processes[of.process] = ProcessResult(of.process, of.job)
                self._output.append(bytearray())
            case ProcessStarted(of):
                self._put(replace(self._processes[of.process], pid=of.pid, started_at=event.t))
            case StartFailed(of, error):
                self._put(replace(self._processes[of.process], error=error, expected=False))
            case ProcessExited(of) as end:
                self._put(self._ended(self._processes[of.process], end, event.t))
            case Noted() as note:
                for name in note.processes or [note.process]:
                    if name in self._processes:  # main is not a process of the file
                        self._notes.setdefault(name, {})[note.about] = None
                said = to_json(note)
                del said["repeats"]
                self._kinds[event.seq if note.repeats is None else note.repeats] = said
            case JobReported(job, result=result):
                self._results[job] = result
            case RunFinished() as finished:
                self._finished = finished

    def _put(self, result: ProcessResult) -> None:
        self._processes[result.name] = result

    def _ended(self, result: ProcessResult, end: ProcessExited, at: float) -> ProcessResult:
        return replace(
            result,
            outcome=end.outcome,
            expected=end.expected,
            exit_code=end.of.exit_code,
            signal=end.signal,
            ended_by=end.ended_by,
            stop_reason=end.stop_reason,
            limit=end.limit,
            error=end.error,
            ended_at=at if end.ended_at is None else end.ended_at,
            duration=end.duration,
            cpu_seconds=end.cpu_seconds,
            max_rss=end.max_rss,
            result=end.result if self._keep_output else None,
        )

    def result(self) -> RunResult:
        """Return the result of the run."""
        processes = {
            name: replace(
                result,
                output=kept.decode(errors="backslashreplace"),
                notes=tuple(self._notes.get(name, ())),
            )
            for (name, result), kept in zip(self._processes.items(), self._output, strict=True)
        }
        finished = self._finished
        return RunResult(
            outcome=finished.outcome,
            exit_status=finished.exit_status,
            duration=finished.duration,
            processes=processes,
            results=self._results,
            values=finished.values or {},
            deadlock=finished.deadlock,
            events=tuple(self._events),
            notes=tuple(self._kinds.values()),
            counts=finished.counts or {},
        )
