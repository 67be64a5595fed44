"""Build events from the supervisor's messages, with numbers, notes and results; report lost processes at its end."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime

from runner.model import messages, signal_origins
from runner.model.event_types import (
    JobReported,
    LineWritten,
    ProcessExited,
    ProcessStarted,
    ProcessState,
    RunFinished,
    StartFailed,
)
from runner.model.events import MAIN_PROCESS, Event, Output
from runner.model.job_results import End
from runner.model.masking import masked, masked_mapping
from runner.model.records import from_fields, replace
from runner.model.verdict import Findings, Verdict, verdict
from runner.model.words import ForeignWord
from runner.notes.environment_variables import of_environment
from runner.notes.expectations import Expectations
from runner.notes.lives import Notes, holder_died, left_running
from runner.notes.lost_updates import of_sums
from runner.notes.note import Note
from runner.notes.note_counts import NoteCounts
from runner.notes.targets import TargetNotes
from runner.notes.waiting import WaitingNotes
from runner.notes.waiting_for_room import of_lacking_room
from runner.session import event_facts
from runner.session.job_reports import report_of
from runner.session.note_context import crashing, explains_returns
from runner.system import signal_senders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.model.event_types import Fact
    from runner.model.messages import OfRun, Reported
    from runner.model.plan import JobPlan, Plan
    from runner.notes.note_counts import CountedNote


class EventBuilder:
    """Builds events from the supervisor's messages: numbers them, adds names from the plan, notes and results."""

    def __init__(self, plan: Plan, run: str) -> None:
        self._plan = plan
        self.run = run
        self.began = time.monotonic()
        """When the run began (monotonic), set by the supervisor's report."""
        self._wall = time.time()
        self._seq = 0
        self._notes = Notes(plan.grace_period, crashing(plan), explains_returns=explains_returns(plan))
        self._counts = NoteCounts({process.name: process.job for process in plan.processes})
        self._why = WaitingNotes(plan)
        self._surprises = TargetNotes(plan)
        self._expectations = Expectations(plan)
        self._running: dict[int, ProcessState] = {}
        self._ends: dict[int, ProcessExited] = {}
        self._outcomes = ["not_started"] * len(plan.processes)
        self._begun: messages.Begun | None = None
        self._final: messages.Ended | None = None
        self._holders: dict[int, str] = {}
        self._values: dict[str, bytes] | None = None
        self._has_unexpected_end = False
        self._has_failed_job = False
        self._main_exit_code = 0
        self.stopped_by: int | None = None
        """The signal that asked for a stop."""
        self._stop_sent: int | None = None
        """The signal that was sent to the supervisor."""
        self.exit_functions_were_ended = False
        """Whether the supervisor was killed after its last message, while the `atexit` functions of imports ran."""

    def note_sender(self, number: int, pid: int) -> None:
        """Note that the process with this pid has sent the command this signal."""
        pids = {of.pid: process for process, of in self._running.items() if of.pid is not None}
        sender = messages.Sender(*signal_senders.origin(pid, pids))
        self._notes.stop_sent = signal_origins.sent(number, sender, self._name, "the command")

    def tell(self, message: Reported) -> Iterator[Event]:
        """Return the events for a message."""
        match message:
            case messages.Waiting() | messages.Acquired() | messages.TimedOut() | messages.Released():
                yield self._event(message.at, event_facts.of_use(message, self._plan, self._pid(message.process)))
            case messages.TargetReported(at=at):
                yield from self._noted(self._surprises.hear(message.process, message.word, list(message.said), at), at)
            case messages.MainSlept() | messages.MainEnded() | messages.MainStopped():
                if isinstance(message, messages.MainEnded):
                    self._main_exit_code = message.exit_code
                yield from self._with_notes(message.at, event_facts.of_main(message, self._plan))
            case messages.HolderDied(at=at, process=process, guard=guard):
                died = process not in self._ends or self._ends[process].of.exit_code != 0
                yield from self._noted([holder_died(self._name(process), guard, ended_well=not died)], at)
            case (
                messages.Stuck()
                | messages.WaitsAtTimeLimit()
                | messages.ReleasedExtra()
                | messages.ItemDropped()
                | messages.ItemsUnsent()
                | messages.ManagerDied()
            ):
                yield from self._noted(self._why.about(message, self._ends), message.at)
            case (
                messages.Begun()
                | messages.ForkedWithThreads()
                | messages.StartBegun()
                | messages.StopSent()
                | messages.ForkserverDied()
                | messages.LackedRoom()
                | messages.Ended()
            ):
                yield from self._of_run(message)
            case _:
                fact = event_facts.of_process(message, self._state(message.process), self.began)
                yield from self._of_process(message.at, message.process, fact)

    def _of_run(self, message: OfRun) -> Iterator[Event]:
        match message:
            case messages.Begun(at=at, time=wall):
                self.began, self._wall = at, wall
                yield self._event(at, event_facts.run_started(self._plan))
                self._begun = message
                for process in range(len(self._plan.processes)):
                    created = event_facts.created(self._plan, process, self._state(process))
                    yield from self._of_process(at, process, created)
                yield from self._noted(of_environment(self._plan), at)
            case messages.ForkedWithThreads(at=at, threads=threads):
                yield from self._noted(self._surprises.of_fork(None, list(threads)), at)
            case messages.StopSent(signal=number, sender=sender):
                self._notes.stop_sent = signal_origins.sent(number, sender, self._name)
                self._stop_sent = self._stop_sent or number
            case messages.StartBegun(process=process):
                self._notes.starting = self._name(process)
            case messages.ForkserverDied(exit_code=exit_code):
                self._notes.forkserver_end = signal_origins.ended(exit_code)
            case messages.LackedRoom(at=at, process=process, room=room):
                yield from self._noted(of_lacking_room(self._name(process), room), at)
            case _:
                self._final, self._holders = message, dict(message.last.holders)

    def _state(self, process: int) -> ProcessState:
        """Return the last known state of a process."""
        if process in self._running:
            return self._running[process]
        if process in self._ends:
            return self._ends[process].of
        if self._begun is None:
            raise ValueError(f"process {process} is reported before the run has begun")
        return event_facts.initial_state(self._begun, self._plan, process)

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
                # Results and tracebacks of all processes could take any amount of memory.
                self._ends[process] = replace(end, error=None, result=None, returned=None)
        yield from self._with_notes(at, fact)

    def note_output(self, output: Output) -> None:
        """Note what a process wrote, which the file may have expectations about."""
        self._surprises.note_output(output)
        if self._expectations.wants_output:
            self._expectations.note_output(output)

    def _with_notes(self, at: float, fact: Fact) -> Iterator[Event]:
        told = self._event(at, fact)
        yield told
        yield from self._noted(self._notes.about(told, self.stopped_by), at)
        yield from self._noted(self._surprises.about(told, at), at)
        yield from self._noted(self._expectations.see(told), at)

    def _noted(self, notes: Iterable[Note], at: float, job: str | None = None) -> Iterator[Event]:
        """Yield the events of those notes that are the first of their kind in their job."""
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
        """Yield the events of the last notes of a run, and of the kinds that came more than once."""
        for note in notes:
            self._counts.add(note)
        for counted in self._counts.at_the_end():
            yield self._note(counted, at)

    def _name(self, process: int) -> str:
        return self._plan.processes[process].name

    def wrote(self, output: Output, text: str, written_at: float | None) -> Event:
        """Return the event of one line that ends in this piece of output; `written_at` is None if unknown."""
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
        """Return the pid of a running process."""
        running = None if process is None else self._running.get(process)
        return None if running is None else running.pid

    def _event(self, at: float, fact: Fact) -> Event:
        t = max(0.0, at - self.began)
        moment = datetime.fromtimestamp(self._wall + t, UTC).isoformat(timespec="microseconds")
        seq = self._seq
        self._seq += 1
        return Event(seq, round(t, 6), moment.replace("+00:00", "Z"), self.run, fact)

    def finish(self) -> Iterator[Event]:
        """Return the last events: ends that were not seen, the jobs' results, the end of the run."""
        yield from self._lost()
        for job in self._plan.jobs:
            yield from self._result(job)
        at = self._final.at if self._final else time.monotonic()
        # The name of a thing is its part in the scenario: a `token` that goes round is no secret.
        values = {name: masked(value) for name, value in self._final.last.things.items()} if self._final else {}
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
            counts=dict(Counter(self._outcomes).most_common()),
        )
        yield self._event(at, finished)

    def _verdict(self, *, has_unmet: bool = False) -> Verdict:
        found = Findings(
            stop=None if self._final is None else self._final.stop,
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
        """Return the notes that only a run's end shows, except those on what the file declares."""
        if self._final is None:
            return self._notes.at_the_end(decided.outcome)
        sums = of_sums(self._plan, self._final.last.added, self._final.last.things)
        left = left_running(self._final.threads, self._final.processes, self.exit_functions_were_ended)
        return [*sums, *self._surprises.at_the_end(), *left, *self._notes.at_the_end(decided.outcome)]

    def _unmet(self, decided: Verdict) -> list[Note]:
        """Return the differences from what the file declares; a run that was stopped from outside has none."""
        if self._final is None or decided.outcome == "stopped":
            return []
        return self._expectations.unmet(decided.outcome, self._final.last.things, self._why.deadlock is not None)

    def _lost(self) -> Iterator[Event]:
        for process, of in list(self._running.items()):
            gone = replace(of, state="stopped", alive=False, exit_code=None)
            at = time.monotonic()
            nothing: dict[str, object] = dict.fromkeys(ProcessExited.__match_args__)
            known = {"of": gone, "outcome": "lost", "expected": False, "ended_by": "unreported"}
            moment = {"ended_at": round(max(0.0, at - self.began), 6), "ended_at_from": "supervisor"}
            yield from self._of_process(at, process, from_fields(ProcessExited, nothing | known | moment))

    def _result(self, job: JobPlan) -> Iterator[Event]:
        if job.type == "process" or self._final is None:
            return
        if self._values is None:
            import base64  # here: only a job with an array needs it

            self._values = {name: base64.b64decode(data) for name, data in self._final.last.arrays.items()}
        result = report_of(job, [self._end_of(process) for process in job.processes], self._values)
        if result is None:
            return
        self._has_failed_job = self._has_failed_job or result.failed
        at = self._final.at
        yield self._event(at, JobReported(job.name, job.type, masked_mapping(result.values)))
        notes = [Note(ForeignWord(about), None, text) for about, text in result.notes]
        yield from self._noted(notes, at, job.name)

    def _end_of(self, process: int) -> End:
        end, name = self._ends.get(process), self._name(process)
        holding = self._holders.get(process)
        return End(name, None, None, holding) if end is None else End(name, end.outcome, end.of.exit_code, holding)
