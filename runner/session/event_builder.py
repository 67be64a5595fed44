"""Build events from the supervisor's messages: add numbers, data from the plan, notes and results."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime

from runner.model import signal_origins
from runner.model.errors import SupervisorFault
from runner.model.event_types import (
    NAMES,
    JobReported,
    LineWritten,
    MainEnded,
    ProcessCreated,
    ProcessExited,
    ProcessStarted,
    ProcessState,
    RunFinished,
    RunStarted,
    StartFailed,
    from_json,
)
from runner.model.events import MAIN_PROCESS, Event, Output
from runner.model.exit_codes import signal_name
from runner.model.job_results import End
from runner.model.masking import masked, masked_mapping
from runner.model.records import replace
from runner.model.verdict import Findings, Verdict, verdict
from runner.model.words import ForeignWord
from runner.notes.counts import NoteCounts
from runner.notes.expectations import Expectations
from runner.notes.lives import Note, Notes, holder_died, left_running
from runner.notes.lost_updates import of_sums
from runner.notes.start_variables import of_environment
from runner.notes.targets import Surprises
from runner.notes.waiting import Why
from runner.session.job_reports import report_of
from runner.session.note_filters import counts_of, crashing, explains_returns
from runner.system import signal_senders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from runner.link.wire import Message
    from runner.model.event_types import Fact
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
        self._running: dict[int, ProcessState] = {}
        self._ends: dict[int, ProcessExited] = {}
        self._outcomes = ["not_started"] * len(plan.processes)
        self._final: Message | None = None
        self._values: dict[str, bytes] | None = None
        self._has_unexpected_end = False
        self._has_failed_job = False
        self._main_exit_code = 0
        self.stopped_by: int | None = None
        """The signal that asked for a stop."""
        self._stop_sent: int | None = None
        """The signal that was sent to the supervisor."""
        self.exit_functions_were_ended = False
        """The supervisor was killed after its last word, while the `atexit` functions of imports ran."""

    def see_sender(self, number: int, pid: int) -> None:
        """The command was sent this signal by the process with this pid."""
        pids = {of.pid: process for process, of in self._running.items() if of.pid is not None}
        self._notes.stop_sent = signal_origins.sent(number, signal_senders.origin(pid, pids), self._name, "the command")

    def tell(self, message: Message) -> Iterator[Event]:
        """The events that a message stands for."""
        match message:
            case {"event": event, "t": at, "process": None, "fields": {"joining": int(joining), "waited": waited}}:
                said = {"joining": self._name(joining), "waited": round(waited, 6)}
                yield from self._with_notes(at, from_json(event, said))
            case {"event": event, "t": at, "process": None, "fields": fields}:
                fact = from_json(event, fields)
                if isinstance(fact, MainEnded):
                    self._main_exit_code = fact.exit_code
                yield from self._with_notes(at, fact)
            case {"event": event, "t": at, "process": process, "fields": fields, "facts": facts}:
                yield from self._of_process(at, process, self._fact(event, process, fields, facts))
            case {"began": began, "time": wall, "created": reprs}:
                self.began, self._wall = began, wall
                plan = self._plan
                yield self._event(began, RunStarted(plan.file, plan.start_method, len(plan.processes)))
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
                end = self._ends.get(process)
                ended_well = end is not None and end.of.exit_code == 0
                yield from self._noted([holder_died(self._name(process), guard, ended_well=ended_well)], at)
            case {"shared": what, "by": number, "t": at, "fields": fields}:
                yield self._event(at, from_json(f"shared.{what}", self._user(number) | fields))
            case {"said": what, "by": number, "what": said, "t": at}:
                yield from self._noted(self._surprises.hear(number, what, said, at), at)
            case {"forked_with": threads, "t": at}:
                yield from self._noted(self._surprises.of_fork(None, threads), at)
            case {"stop_sent": number, "pid": _}:
                self._notes.stop_sent = signal_origins.sent(number, message, self._name)
                self._stop_sent = self._stop_sent or number
            case {"starting": number}:
                self._notes.starting = self._name(number)
            case {"forkserver_died": exit_code}:
                self._notes.forkserver_end = signal_origins.ended(exit_code)
            case _:
                notes = self._why.about(message, self._ends)
                if notes is None:
                    raise SupervisorFault(f"an unknown message of the supervisor: {message}")
                yield from self._noted(notes, message["t"])

    def _fact(self, event: str, process: int, fields: dict[str, Any], facts: dict[str, Any]) -> Fact:
        """The record of what the supervisor says of a process."""
        plan = self._plan.processes[process]
        if event == NAMES[ProcessExited]:
            code = facts["exit_code"]
            by_signal = signal_name(-code) if code is not None and code < 0 else None
            fields = fields | {"signal": by_signal, "ended_at": max(0.0, fields["ended_at"] - self.began)}
        said = {name: _rounded(name, value) for name, value in fields.items()}
        return from_json(event, {"job": plan.job, "process": plan.name, **facts, **said})

    def _of_process(self, at: float, process: int, fact: Fact) -> Iterator[Event]:
        match fact:
            case StartFailed():
                self._outcomes[process] = "start_failed"
                self._has_unexpected_end = True
            case ProcessStarted(of):
                self._running[process] = of
            case ProcessExited() as end:
                self._running.pop(process, None)
                self._outcomes[process] = end.outcome
                self._has_unexpected_end = self._has_unexpected_end or not end.expected
                # Results and tracebacks of all processes would take any amount of memory.
                self._ends[process] = replace(end, error=None, result=None, returned=None)
        yield from self._with_notes(at, fact)

    def _user(self, number: int) -> dict[str, Json]:
        """Who uses a shared thing: a process, or main."""
        if number == len(self._plan.processes):
            return {"job": None, "process": MAIN_PROCESS, "pid": None}
        plan = self._plan.processes[number]
        return {"job": plan.job, "process": plan.name, "pid": self._pid(number)}

    def see_output(self, output: Output) -> None:
        """Something that a process wrote, which the file may say something about."""
        self._surprises.see_output(output)
        if self._expectations.wants_output:
            self._expectations.see_output(output)

    def _created(self, process: int, shown: str, at: float) -> Iterator[Event]:
        plan = self._plan.processes[process]
        of = ProcessState(plan.job, plan.name, None, "initial", alive=False, exit_code=None, repr=shown)
        created = ProcessCreated(of, plan.target or plan.cls or "do", plan.daemon)
        yield from self._of_process(at, process, created)

    def _with_notes(self, at: float, fact: Fact) -> Iterator[Event]:
        told = self._event(at, fact)
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
        told = self._event(at, counted.fact())
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
        line = LineWritten(
            job=plan.job if plan else None,
            process=plan.name if plan else MAIN_PROCESS,
            pid=self._pid(process),
            stream=output.stream,
            text=text,
            written_at=None if written_at is None else round(max(0.0, written_at - self.began), 6),
        )
        return self._event(time.monotonic() if output.at is None else output.at, line)

    def _pid(self, process: int | None) -> int | None:
        """The pid of a process that runs."""
        running = None if process is None else self._running.get(process)
        return None if running is None else running.pid

    def _event(self, at: float, fact: Fact) -> Event:
        t = max(0.0, at - self.began)
        moment = datetime.fromtimestamp(self._wall + t, UTC).isoformat(timespec="microseconds")
        seq = self._seq
        self._seq += 1
        return Event(seq, round(t, 6), moment.replace("+00:00", "Z"), self.run, fact)

    def finish(self) -> Iterator[Event]:
        """The last events: ends that were not seen, the jobs' results, the end of the run."""
        yield from self._lost()
        for job in self._plan.jobs:
            yield from self._result(job)
        at = self._final["t"] if self._final else time.monotonic()
        # The name of a thing is its part in the scenario: a `token` that goes round is no secret.
        values = {name: masked(value) for name, value in self._final["last_values"].items()} if self._final else {}
        last = self._last_notes(self._verdict())
        for note in last:
            self._expectations.see_note(note)
        unmet = self._unmet(self._verdict())
        yield from self._noted_at_the_end([*last, *unmet], at)
        decided = self._verdict(has_unmet=bool(unmet))
        finished = RunFinished(
            outcome=decided.outcome,
            exit_status=decided.exit_status,
            duration=round(max(0.0, at - self.began), 6),
            values=values,
            deadlock=self._why.deadlock,
            counts=counts_of(self._outcomes),
        )
        yield self._event(at, finished)

    def _verdict(self, *, has_unmet: bool = False) -> Verdict:
        found = Findings(
            stop=None if self._final is None else self._final["ended"],
            main_exit_code=self._main_exit_code,
            has_unexpected_end=self._has_unexpected_end,
            has_failed_job=self._has_failed_job,
            has_unmet=has_unmet,
            has_wrong_end=self._expectations.has_wrong_end,
            supervisor_died=self._final is None,
            stopped_by=self.stopped_by or self._stop_sent,
        )
        return verdict(self._plan.expect, found)

    def _last_notes(self, decided: Verdict) -> list[Note]:
        """The notes that only a run's end shows, but for those on what the file declares."""
        if self._final is None:
            return self._notes.at_the_end(decided.outcome)
        sums = of_sums(self._plan, self._final["added"], self._final["last_values"])
        final = self._final
        left = left_running(final["threads"], final["processes"], self.exit_functions_were_ended)
        return [*sums, *self._surprises.at_the_end(), *left, *self._notes.at_the_end(decided.outcome)]

    def _unmet(self, decided: Verdict) -> list[Note]:
        """What is not as the file declares; of a run that was stopped from outside nothing is asked."""
        if self._final is None or decided.outcome == "stopped":
            return []
        return self._expectations.unmet(decided.outcome, self._final["last_values"], self._why.deadlock is not None)

    def _lost(self) -> Iterator[Event]:
        for process, of in list(self._running.items()):
            gone = replace(of, state="stopped", alive=False, exit_code=None)
            at = time.monotonic()
            nothing: dict[str, Any] = dict.fromkeys(ProcessExited.__match_args__)
            known = {"of": gone, "outcome": "lost", "expected": False, "ended_by": "unreported"}
            moment = {"ended_at": round(max(0.0, at - self.began), 6), "ended_at_from": "supervisor"}
            yield from self._of_process(at, process, ProcessExited(**nothing | known | moment))

    def _result(self, job: JobPlan) -> Iterator[Event]:
        if job.type == "process" or self._final is None:
            return
        if self._values is None:
            self._values = {name: base64.b64decode(data) for name, data in self._final["values"].items()}
        result = report_of(job, [self._end_of(process) for process in job.processes], self._values)
        if result is None:
            return
        self._has_failed_job = self._has_failed_job or result.failed
        at = self._final["t"]
        yield self._event(at, JobReported(job.name, job.type, masked_mapping(result.values)))
        notes = [Note(ForeignWord(about), None, text) for about, text in result.notes]
        yield from self._noted(notes, at, job.name)

    def _end_of(self, process: int) -> End:
        end, name = self._ends.get(process), self._name(process)
        holding = None if self._final is None else self._final["holders"].get(str(process))
        return End(name, None, None, holding) if end is None else End(name, end.outcome, end.of.exit_code, holding)


def _rounded(name: str, value: Any) -> Any:
    """A measured value to the microsecond: more digits are noise of a subtraction. A target's own value is kept."""
    return round(value, 6) if isinstance(value, float) and name != "result" else value
