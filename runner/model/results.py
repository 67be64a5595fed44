"""What a run came to: how every process ended, what the jobs report, and on request the events themselves."""

from __future__ import annotations

from runner.model.errors import SupervisorFault
from runner.model.events import Event, Output
from runner.model.records import field, fields_of, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from runner.model.events import Item
    from runner.model.plan import Json

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
    outcome: str | None = None
    expected: bool | None = None
    exit_code: int | None = None
    signal: str | None = None
    ended_by: str | None = None
    stop_reason: str | None = None
    limit: str | None = None
    error: dict[str, Json] | None = None
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

    outcome: str
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


_OF_THE_END = (
    "outcome",
    "expected",
    "exit_code",
    "signal",
    "ended_by",
    "stop_reason",
    "limit",
    "error",
    "ended_at",
    "duration",
    "cpu_seconds",
    "max_rss",
)
_OF_A_NOTE = ("about", "process", "text", "job", "count", "processes")
_FAULTED: dict[str, Any] = {
    "outcome": "faulted",
    "exit_status": SupervisorFault.exit_status,
    "duration": 0.0,
    "values": {},
    "deadlock": None,
}
"""The end of a run that nobody has told an end of."""


class Recorder:
    """Makes a `RunResult` of what a session yields."""

    def __init__(self, *, keep_events: bool, keep_output: bool) -> None:
        """`keep_output` keeps what processes wrote, and the values that their targets returned."""
        self._keep_events = keep_events
        self._keep_output = keep_output
        self._events: list[Event] = []
        self._processes: dict[str, dict[str, Any]] = {}
        self._output: list[bytearray] = []
        self._notes: dict[str, dict[str, None]] = {}
        self._kinds: dict[object, dict[str, Json]] = {}
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
        said: dict[str, Any] = event.fields
        match event.event:
            case "process.created":
                self._processes[said["process"]] = {"name": said["process"], "job": said["job"]}
                self._output.append(bytearray())
            case "process.started":
                self._processes[said["process"]] |= {"pid": said["pid"], "started_at": event.t}
            case "process.start_failed":
                self._processes[said["process"]] |= {"error": said["error"], "expected": False}
            case "process.exited":
                # A run that an earlier version kept has fewer fields.
                ended = {"ended_at": event.t} | {name: said[name] for name in _OF_THE_END if name in said}
                if self._keep_output:
                    ended["result"] = said.get("result")
                self._processes[said["process"]] |= ended
            case "note":
                for name in said.get("processes", [said["process"]]):
                    if name in self._processes:  # main is no process of the file's
                        self._notes.setdefault(name, {})[said["about"]] = None
                first = said.get("repeats")
                self._kinds[event.seq if first is None else first] = {name: said.get(name) for name in _OF_A_NOTE}
            case "job.result":
                self._results[said["job"]] = said["result"]
            case "run.finished":
                self._finished = said

    def result(self) -> RunResult:
        """What the run came to."""
        processes = {
            name: ProcessResult(
                **record,
                output=kept.decode(errors="backslashreplace"),
                notes=tuple(self._notes.get(name, ())),
            )
            for (name, record), kept in zip(self._processes.items(), self._output, strict=True)
        }
        return RunResult(
            outcome=self._finished["outcome"],
            exit_status=self._finished["exit_status"],
            duration=self._finished["duration"],
            processes=processes,
            results=self._results,
            values=self._finished["values"],
            deadlock=None if self._finished["deadlock"] is None else tuple(self._finished["deadlock"]),
            events=tuple(self._events),
            notes=tuple(self._kinds.values()),
            counts=self._finished.get("counts", {}),
        )
