"""The result of a run: the end of every process, the results of the jobs and, on request, all events."""

from __future__ import annotations

from runner.model.errors import SupervisorFault
from runner.model.event_types import (
    JobReported,
    Noted,
    ProcessCreated,
    ProcessExited,
    ProcessStarted,
    RunFinished,
    StartFailed,
    to_json,
)
from runner.model.events import Event, Output
from runner.model.records import field, fields_of, record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from runner.model.event_types import Error, ProcessState
    from runner.model.events import Item
    from runner.model.plan import Json
    from runner.model.words import EndedBy, Outcome, RunOutcome, StopReason

MOST_OUTPUT = 1 << 16


@record(frozen=True, slots=True)
class ProcessResult:
    """How one process ended. What is not known, or never was, is None: a process never started has no `pid`.

    `started_at` and `ended_at` are seconds since the run began, `duration` and `cpu_seconds` seconds. `max_rss` is the
    peak of its memory in bytes, of a forked process without the peak before its first step. `limit` is the one of
    its own limits that ended it, by name. `error` has `type`, `message` and `traceback`.
    `output` is the last 64 KiB of what the process wrote. `result` is what the target returned, if JSON gives it back
    unchanged and its text takes at most 32 KiB, else None. `notes` are the words for what has been noted about the
    process, such as `return_value`.
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
        """The fields as JSON data."""
        return fields_of(self)


@record(frozen=True, slots=True)
class RunResult:
    """What a run came to. `processes` are by name, in creation order; `results` are by job.

    `outcome` is `succeeded`, `failed`, `stopped`, `timed_out` or `faulted`; `exit_status` is that of `run-jobs`.
    `values` are the last values of shared things, `deadlock` the names of processes that waited for each other.
    `notes` are the notes of the run, each kind once for each job: `about`, `process`, `text`, `job`, `count` (how often
    it was noted) and `processes`. `counts` says how many processes had each outcome, `not_started` among them.
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
        """The result as JSON data, without the events."""
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
"""The end of a run that has reported none."""


class Recorder:
    """Makes a `RunResult` of what a session yields."""

    def __init__(self, *, keep_events: bool, keep_output: bool) -> None:
        """`keep_output` keeps what processes wrote, and the values that their targets returned."""
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
        """Take note of one item."""
        if isinstance(item, Event):
            if self._keep_events:
                self._events.append(item)
            self._note(item)
        elif self._keep_output and isinstance(item, Output) and item.process is not None:
            kept = self._output[item.process]
            kept += item.data
            del kept[:-MOST_OUTPUT]

    def _note(self, event: Event) -> None:
        match event.fact:
            case ProcessCreated(of):
                self._processes[of.process] = ProcessResult(of.process, of.job)
                self._output.append(bytearray())
            case ProcessStarted(of):
                self._change(of, pid=of.pid, started_at=event.t)
            case StartFailed(of, error):
                self._change(of, error=error, expected=False)
            case ProcessExited(of) as end:
                ended = {name: getattr(end, name) for name in _OF_THE_END}
                ended["ended_at"] = event.t if end.ended_at is None else end.ended_at
                ended["result"] = end.result if self._keep_output else None
                self._change(of, exit_code=of.exit_code, **ended)
            case Noted() as note:
                for name in note.processes or [note.process]:
                    if name in self._processes:  # main is no process of the file's
                        self._notes.setdefault(name, {})[note.about] = None
                said = to_json(note)
                del said["repeats"]
                self._kinds[event.seq if note.repeats is None else note.repeats] = said
            case JobReported(job, result=result):
                self._results[job] = result
            case RunFinished() as finished:
                self._finished = finished

    def _change(self, of: ProcessState, **changes: Any) -> None:
        self._processes[of.process] = replace(self._processes[of.process], **changes)

    def result(self) -> RunResult:
        """What the run came to."""
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


_OF_THE_END = (
    "outcome",
    "expected",
    "signal",
    "ended_by",
    "stop_reason",
    "limit",
    "error",
    "duration",
    "cpu_seconds",
    "max_rss",
)
