"""Makes events of what the supervisor says: numbers them, fills in the plan's words, adds notes and results."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime

from runner.model import origins
from runner.model.errors import SupervisorFault
from runner.model.events import FIELDS, MAIN_PROCESS, PROCESS_FIELDS, Event, Output
from runner.model.exit_codes import exit_status_of, signal_name
from runner.model.masking import masked
from runner.notes.counts import NoteCounts
from runner.notes.expectations import Expectations
from runner.notes.lives import Note, Notes, holder_died, left_running
from runner.notes.start_variables import of_environment
from runner.notes.sums import of_sums
from runner.notes.targets import Surprises
from runner.notes.waiting import Why
from runner.session.explained import counts_of, crashing, explains_returns
from runner.system import signal_senders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from runner.link.wire import Message
    from runner.model.plan import JobPlan, Json, Plan
    from runner.notes.counts import CountedNote


class Telling:
    """Makes events of the supervisor's messages: numbers them, fills in the plan's words, adds notes and results."""

    def __init__(self, plan: Plan, run: str) -> None:
        self._plan = plan
        self.run = run
        self.began = time.monotonic()
        """When the run began (monotonic), as soon as the supervisor has told."""
        self._wall = time.time()
        self._seq = 0
        self._notes = Notes(plan.grace_period, crashing(plan), explains_returns=explains_returns(plan))
        self._counts = NoteCounts({process.name: process.job for process in plan.processes})
        self._why = Why(plan)
        self._surprises = Surprises(plan)
        self._expectations = Expectations(plan)
        self._running: dict[int, dict[str, Any]] = {}
        self._ends: dict[int, dict[str, Any]] = {}
        self._outcomes = ["not_started"] * len(plan.processes)
        self._final: Message | None = None
        self._values: dict[str, bytes] | None = None
        self._failed = False
        self.stopped_by: int | None = None
        """The signal that asked for a stop."""
        self._stop_sent: int | None = None
        """The signal that was sent to the supervisor."""
        self.exit_functions_were_ended = False
        """The supervisor was killed after its last word, while the `atexit` functions of imports ran."""

    def see_sender(self, number: int, pid: int) -> None:
        """The command was sent this signal by the process with this pid."""
        pids = {facts["pid"]: process for process, facts in self._running.items()}
        self._notes.stop_sent = origins.sent(number, signal_senders.origin(pid, pids), self._name, "the command")

    def tell(self, message: Message) -> Iterator[Event]:
        """The events that a message stands for."""
        match message:
            case {"event": "main.stopped" as event, "t": at, "fields": {"joining": int(joining), "waited": waited}}:
                fields = {"joining": self._name(joining), "waited": round(waited, 6)}
                yield from self._with_notes(event, at, fields)
            case {"event": event, "t": at, "process": None, "fields": fields}:
                yield from self._with_notes(event, at, fields)
            case {"event": event, "t": at, "process": process, "fields": fields, "facts": facts}:
                yield from self._of_process(event, at, process, fields, facts)
            case {"began": began, "time": wall, "created": reprs}:
                self.began, self._wall = began, wall
                yield self._event(
                    "run.started",
                    began,
                    {
                        "file": self._plan.file,
                        "start_method": self._plan.start_method,
                        "processes": len(self._plan.processes),
                    },
                )
                for process, shown in enumerate(reprs):
                    yield from self._created(process, shown, began)
                yield from self._noted(of_environment(self._plan), began)
            case {"ended": _}:
                self._final = message
            case _:
                yield from self._of_sharing(message)

    def _of_sharing(self, message: Message) -> Iterator[Event]:
        """What was seen of shared things, and what processes tell of themselves."""
        match message:
            case {"holder_died": process, "guard": guard, "t": at}:
                ended_well = self._ends.get(process, {}).get("exit_code") == 0
                yield from self._noted([holder_died(self._name(process), guard, ended_well=ended_well)], at)
            case {"shared": what, "by": number, "t": at, "fields": fields}:
                yield self._event(f"shared.{what}", at, self._user(number) | fields)
            case {"said": what, "by": number, "what": said, "t": at}:
                yield from self._noted(self._surprises.hear(number, what, said, at), at)
            case {"forked_with": threads, "t": at}:
                yield from self._noted(self._surprises.of_fork(None, threads), at)
            case {"stop_sent": number, "pid": _}:
                self._notes.stop_sent = origins.sent(number, message, self._name)
                self._stop_sent = self._stop_sent or number
            case {"starting": number}:
                self._notes.starting = self._name(number)
            case {"forkserver_died": exit_code}:
                self._notes.forkserver_end = origins.ended(exit_code)
            case _:
                notes = self._why.about(message, self._ends)
                if notes is None:
                    raise SupervisorFault(f"the supervisor said what nobody expects: {message}")
                yield from self._noted(notes, message["t"])

    def _of_process(
        self, event: str, at: float, process: int, fields: dict[str, Any], facts: dict[str, Any]
    ) -> Iterator[Event]:
        plan = self._plan.processes[process]
        said: dict[str, Any] = {"job": plan.job, "process": plan.name, **facts}
        match event:
            case "process.start_failed":
                self._outcomes[process] = "start_failed"
            case "process.started":
                self._running[process] = facts
            case "process.exited":
                self._running.pop(process, None)
                code = facts["exit_code"]
                self._outcomes[process] = fields["outcome"]
                by_signal = signal_name(-code) if code is not None and code < 0 else None
                ended_at = max(0.0, fields["ended_at"] - self.began)
                last = {"signal": by_signal, "ended_at": ended_at, "ended_at_from": fields["ended_at_from"]}
                fields = {name: value for name, value in fields.items() if name not in last} | last
                self._ends[process] = {name: fields[name] for name in _KEPT_OF_ENDS} | {"exit_code": code}
        yield from self._with_notes(event, at, said | {name: _rounded(name, value) for name, value in fields.items()})

    def _user(self, number: int) -> dict[str, Json]:
        """Who uses a shared thing: a process, or main."""
        if number == len(self._plan.processes):
            return {"job": None, "process": MAIN_PROCESS, "pid": None}
        plan = self._plan.processes[number]
        return {"job": plan.job, "process": plan.name, "pid": self._running.get(number, {}).get("pid")}

    def see_output(self, output: Output) -> None:
        """Something that a process wrote, which the file may say something about."""
        self._surprises.see_output(output)
        if self._expectations.wants_output:
            self._expectations.see_output(output)

    def _created(self, process: int, shown: str, at: float) -> Iterator[Event]:
        plan = self._plan.processes[process]
        facts = {"pid": None, "state": "initial", "alive": False, "exit_code": None, "repr": shown}
        fields = {"target": plan.target or plan.cls or "do", "daemon": plan.daemon}
        yield from self._of_process("process.created", at, process, fields, facts)

    def _with_notes(self, event: str, at: float, fields: dict[str, Any]) -> Iterator[Event]:
        told = self._event(event, at, fields)
        yield told
        yield from self._noted(self._notes.about(told, self.stopped_by), at)
        yield from self._noted(self._surprises.about(told, at), at)
        yield from self._noted(self._expectations.see(told), at)

    def _noted(self, notes: Iterable[Note], at: float, job: str | None = None) -> Iterator[Event]:
        """The events of those notes that are the first of their kind in their job."""
        for note in notes:
            self._expectations.see_note(note)
            first = self._counts.add(note, job)
            if first is not None:
                yield self._note(first, at)

    def _note(self, counted: CountedNote, at: float) -> Event:
        told = self._event("note", at, counted.fields())
        counted.reported_in = told.seq
        return told

    def _noted_at_the_end(self, notes: Iterable[Note], at: float) -> Iterator[Event]:
        """The events of the last notes of a run, and of those that there has been more than one of."""
        for note in notes:
            self._counts.add(note)
        for counted in self._counts.at_the_end():
            yield self._note(counted, at)

    def _name(self, process: int) -> str:
        return self._plan.processes[process].name

    def wrote(self, output: Output, text: str, written_at: float | None) -> Event:
        """The event of one line that ends in this piece of output; `written_at` is None where that is not known."""
        process = output.process
        plan = None if process is None else self._plan.processes[process]
        fields: dict[str, Json] = {
            "job": plan.job if plan else None,
            "process": plan.name if plan else MAIN_PROCESS,
            "pid": self._running.get(process, {}).get("pid") if process is not None else None,
            "stream": output.stream,
            "text": text,
            "written_at": None if written_at is None else round(max(0.0, written_at - self.began), 6),
        }
        return self._event("process.wrote", time.monotonic() if output.at is None else output.at, fields)

    def _event(self, event: str, at: float, fields: dict[str, Json]) -> Event:
        t = max(0.0, at - self.began)
        moment = datetime.fromtimestamp(self._wall + t, UTC).isoformat(timespec="microseconds")
        seq = self._seq
        self._seq += 1
        return Event(seq, round(t, 6), moment.replace("+00:00", "Z"), event, self.run, fields)

    def finish(self) -> Iterator[Event]:
        """The last events: ends that nobody saw, the jobs' results, the end of the run."""
        yield from self._lost()
        for job in self._plan.jobs:
            yield from self._result(job)
        at = self._final["t"] if self._final else time.monotonic()
        # The name of a thing is its part in the scenario: a `token` that goes round is no secret.
        values = {name: masked(value) for name, value in self._final["last_values"].items()} if self._final else {}
        outcome = "faulted" if self._final is None else self._final["ended"]
        if outcome == "succeeded" and self._failed:
            outcome = "failed"
        last = self._last_notes(outcome)
        for note in last:
            self._expectations.see_note(note)
        unmet = self._unmet(outcome)
        yield from self._noted_at_the_end([*last, *unmet], at)
        if outcome == "succeeded" and unmet:
            outcome = "failed"
        fields: dict[str, Json] = {
            "outcome": outcome,
            "exit_status": self._exit_status(outcome, bool(unmet) or self._expectations.has_wrong_end),
            "duration": round(max(0.0, at - self.began), 6),
            "values": values,
            "deadlock": None if self._why.deadlock is None else [*self._why.deadlock],
            "counts": counts_of(self._outcomes),
        }
        yield self._event("run.finished", at, fields)

    def _last_notes(self, outcome: str) -> list[Note]:
        """The notes that only a run's end shows, but for those on what the file declares."""
        if self._final is None:
            return self._notes.at_the_end(outcome)
        sums = of_sums(self._plan, self._final["added"], self._final["last_values"])
        final = self._final
        left = left_running(final["threads"], final["processes"], self.exit_functions_were_ended)
        return [*sums, *self._surprises.at_the_end(), *left, *self._notes.at_the_end(outcome)]

    def _unmet(self, outcome: str) -> list[Note]:
        """What is not as the file declares; of a run that was stopped from outside nothing is asked."""
        if self._final is None or outcome == "stopped":
            return []
        return self._expectations.unmet(outcome, self._final["last_values"], self._why.deadlock is not None)

    def _exit_status(self, outcome: str, has_unmet: bool) -> int:
        if self._plan.expect is not None and not has_unmet and outcome in ("failed", "timed_out"):
            return 0
        return exit_status_of(outcome, self.stopped_by or self._stop_sent)

    def _lost(self) -> Iterator[Event]:
        for process, facts in list(self._running.items()):
            fields = dict.fromkeys(_END_FIELDS) | {"outcome": "lost", "expected": False, "ended_by": "unreported"}
            gone = facts | {"state": "stopped", "alive": False, "exit_code": None}
            at = time.monotonic()
            fields |= {"ended_at": at, "ended_at_from": "supervisor"}
            yield from self._of_process("process.exited", at, process, fields, gone)

    def _result(self, job: JobPlan) -> Iterator[Event]:
        if job.type == "process" or self._final is None:
            return
        from runner.describe.job_types import find
        from runner.model.job_results import End, JobResult

        ends = [
            End(
                self._name(process),
                self._ends.get(process, {}).get("outcome"),
                self._ends.get(process, {}).get("exit_code"),
                self._final["holders"].get(str(process)),
            )
            for process in job.processes
        ]
        if self._values is None:
            self._values = {name: base64.b64decode(data) for name, data in self._final["values"].items()}
        try:
            job_type = find(job.type)
            result = job_type.result(job_type.model.model_validate(job.options), self._values, ends)
            json.dumps(result and result.values)
            notes = [Note(str(about), None, str(text)) for about, text in result.notes] if result else []
        except Exception as error:  # anything may happen in somebody else's code
            what = f"the job type `{job.type}` failed: {type(error).__name__}: {error}"
            result, notes = JobResult({"error": what}, failed=True), []
        if result is None:
            return
        self._failed = self._failed or result.failed
        at = self._final["t"]
        yield self._event("job.result", at, {"job": job.name, "type": job.type, "result": masked(result.values)})
        yield from self._noted(notes, at, job.name)


def _rounded(name: str, value: Any) -> Any:
    """A measured value to the microsecond: more digits are noise of a subtraction. A target's own value is kept."""
    return round(value, 6) if isinstance(value, float) and name != "result" else value


_KEPT_OF_ENDS = ("outcome", "ended_by", "signal")
"""What is small: results and tracebacks of all processes would take any amount of memory."""
_END_FIELDS = FIELDS["process.exited"][len(PROCESS_FIELDS) :]
