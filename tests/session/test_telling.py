"""Events from the supervisor's messages: numbered without a gap, with one end for each process and for the run."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from runner.describe.job_types import Draft, Expansion, JobModel, JobType
from runner.model import messages
from runner.model.events import Event, Output
from runner.model.job_results import End, JobResult
from runner.model.lines import MAX_LINE
from runner.model.plan import Declared, Expect, JobPlan, Plan, ProcessPlan, Start
from runner.model.records import replace
from runner.model.shared_things import SharedLock, SharedSemaphore, SharedValue
from runner.session.event_builder import EventBuilder
from runner.session.line_events import Lines
from tests.describe.describing import install, plan_of
from tests.output import split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from runner.model.json_types import Json, StepData
    from runner.model.messages import Reported
    from runner.model.words import StopReason


def telling() -> EventBuilder:
    plan = Plan("f", "fork", (ProcessPlan("p", "j", target="m:f"),), (Start(0),), (JobPlan("j", "process", (0,)),))
    return EventBuilder(plan, "run")


def told(telling: EventBuilder, *reported: Reported) -> list[Event]:
    return [event for message in reported for event in telling.tell(message)]


BEGAN = messages.Begun(100.0, 1_000_000.0, ("<Process>", "<Process daemon>"))
STARTED = messages.Started(100.5, 0, 7, "<Process>")
EXITED = messages.Exited(
    at=101.0,
    process=0,
    exit_code=-15,
    repr="<Process>",
    outcome="terminated",
    expected=True,
    ended_by="signal",
    stop_reason="main",
    duration=0.1000000001,
    cpu_seconds=0.1,
    max_rss=1,
    returned=None,
    error=None,
    limit=None,
    result=None,
    ended_at=100.75,
    ended_at_from="child",
)
NOTHING = messages.LastValues({}, {}, {}, ())
ENDED = messages.Ended(102.0, None, (), (), NOTHING)


STOPS: dict[str, StopReason | None] = {
    "succeeded": None,
    "failed": "holder_died",
    "timed_out": "time_limit",
    "stopped": "stop_requested",
}
"""Why a run is stopped that has this outcome."""


def test_events_have_their_fields_and_numbers_without_a_gap() -> None:
    tells = telling()

    events = [*told(tells, BEGAN, STARTED, EXITED, ENDED), *tells.finish()]

    assert [event.seq for event in events] == list(range(len(events)))
    _, created, started, exited, finished = events
    assert (created.event, started.event, exited.event) == ("process.created", "process.started", "process.exited")
    assert (started.t, started.time) == (0.5, "1970-01-12T13:46:40.500000Z")
    assert (exited.fields["signal"], exited.fields["duration"]) == ("SIGTERM", 0.1)
    assert (exited.fields["pid"], exited.fields["state"], exited.fields["exit_code"]) == (7, "stopped", -15)
    assert finished.event == "run.finished"
    assert events[-1].fields == {
        "outcome": "succeeded",
        "exit_status": 0,
        "duration": 2.0,
        "values": {},
        "deadlock": None,
        "counts": {"terminated": 1},
    }


def test_a_kind_of_note_is_reported_at_its_first_occurrence_and_counted_at_the_end() -> None:
    plan = Plan(
        "f",
        "fork",
        tuple(ProcessPlan(f"p-{number}", "j", target="m:f") for number in range(3)),
        tuple(map(Start, range(3))),
        (JobPlan("j", "process", (0, 1, 2)),),
    )
    tells = EventBuilder(plan, "run")
    crashed = replace(EXITED, exit_code=-11, outcome="failed", stop_reason=None)
    lives = [replace(message, process=number) for number in range(3) for message in (STARTED, crashed)]

    events = [*told(tells, BEGAN, *lives, ENDED), *tells.finish()]

    first, last = (event for event in events if event.event == "note")
    assert (first.fields["process"], first.fields["count"], first.fields["repeats"]) == ("p-0", 1, None)
    assert (last.fields["count"], last.fields["repeats"]) == (3, first.seq)
    assert last.fields["processes"] == ["p-0", "p-1", "p-2"]
    assert events.index(last) == len(events) - 2


def test_a_process_that_never_started_is_counted_as_not_started() -> None:
    processes = tuple(ProcessPlan(f"p-{number}", "j", target="m:f") for number in range(4))
    plan = Plan("f", "fork", processes, (Start(0),), (JobPlan("j", "process", (0, 1, 2, 3)),))
    tells = EventBuilder(plan, "run")
    failed = messages.StartFailed(100.6, 1, {"type": "OSError", "message": "", "traceback": ""})
    stopped = replace(ENDED, stop="stop_requested")

    *_, finished = [*told(tells, BEGAN, STARTED, EXITED, failed, stopped), *tells.finish()]

    assert finished.fields["counts"] == {"not_started": 2, "terminated": 1, "start_failed": 1}


RETURNED = replace(EXITED, exit_code=0, outcome="succeeded", ended_by="return", returned="1")


@pytest.mark.parametrize(
    ("process", "changes", "is_explained"),
    [
        ({"target": "m:f"}, {}, False),
        ({"do": ({"step": "return", "value": 1},)}, {}, True),
        ({"target": "m:f"}, {"shared": (SharedLock("door"),)}, True),
        ({"target": "m:f"}, {"shared": (SharedLock("j.lock"),)}, False),
        ({"target": "runner.workers:return_value"}, {}, True),
        ({"target": "m:f"}, {"expect": Declared(notes=("return_value",))}, True),
        ({"target": "m:f"}, {"expect": Declared()}, False),
    ],
)
def test_a_returned_value_is_explained_in_the_laboratory_and_where_it_is_the_lesson(
    process: dict[str, Any], changes: dict[str, Any], is_explained: bool
) -> None:
    plan = Plan("f", "fork", (ProcessPlan("p", "j", **process),), (), (JobPlan("j", "process", (0,)),), **changes)

    events = told(EventBuilder(plan, "run"), BEGAN, STARTED, RETURNED)

    assert ("return_value" in [event.fields.get("about") for event in events]) == is_explained


def test_a_measured_value_is_rounded_and_a_returned_one_is_not() -> None:
    tells = telling()
    returned = replace(EXITED, result=0.123456789)

    *_, exited = told(tells, BEGAN, STARTED, returned)

    assert (exited.fields["duration"], exited.fields["result"]) == (0.1, 0.123456789)


def test_without_the_supervisors_last_word_what_ran_is_lost() -> None:
    tells = telling()
    told(tells, BEGAN, STARTED)

    lost, note, finished = tells.finish()

    assert (lost.fields["outcome"], lost.fields["exit_code"], lost.fields["alive"]) == ("lost", None, False)
    assert note.fields["about"] == "lost"
    assert (finished.fields["outcome"], finished.fields["exit_status"]) == ("faulted", 3)


@pytest.mark.parametrize(
    ("outcome", "stopped_by", "status"),
    [("succeeded", None, 0), ("failed", None, 1), ("timed_out", None, 1), ("stopped", 2, 130), ("stopped", None, 143)],
)
def test_the_exit_status_follows_from_the_outcome(outcome: str, stopped_by: int | None, status: int) -> None:
    tells = telling()
    told(tells, BEGAN, STARTED, EXITED, replace(ENDED, stop=STOPS[outcome]))

    tells.stopped_by = stopped_by
    *_, finished = tells.finish()

    assert finished.fields["exit_status"] == status


def test_a_holder_that_died_is_named() -> None:
    *_, note = told(telling(), BEGAN, messages.HolderDied(101.0, 0, "door"))

    assert (note.fields["about"], note.fields["process"]) == ("holder_died", "p")
    assert "p died while it held door" in str(note.fields["text"])


def test_who_came_to_its_end_with_a_guard_has_not_died() -> None:
    ended = replace(EXITED, exit_code=0)

    *_, note = told(telling(), BEGAN, STARTED, ended, messages.HolderDied(101.0, 0, "door"))

    assert "p has ended without releasing door" in str(note.fields["text"])


@pytest.mark.parametrize(("joining", "name"), [(0, "p"), (None, None)])
def test_what_main_was_about_when_the_run_was_stopped_is_told(joining: int | None, name: str | None) -> None:
    waited = None if joining is None else 0.25

    *_, stopped = told(telling(), BEGAN, messages.MainStopped(101.0, joining, waited))

    assert (stopped.event, stopped.fields) == ("main.stopped", {"joining": name, "waited": waited})


def test_output_is_cut_into_lines_that_are_events() -> None:
    tells = telling()
    told(tells, BEGAN, STARTED)
    lines = Lines(tells)

    pieces = split(*(Output(0, "stdout", data) for data in (b"one\ntw", b"o\n\xffrest", b"")))
    events = [event for piece in pieces for event in lines.cut(piece)]

    assert [event.fields["text"] for event in events] == ["one", "two", "\\xffrest"]
    assert events[0].fields["pid"] == 7


def test_everything_that_is_made_is_told_before_anything_starts() -> None:
    started, created = told(telling(), replace(BEGAN, samples=("<Process name='name'>", "<daemon>")))

    assert (started.event, created.event) == ("run.started", "process.created")
    assert (created.fields["repr"], created.fields["state"], created.fields["pid"]) == (
        "<Process name='p'>",
        "initial",
        None,
    )


def test_a_process_has_no_state_before_the_run_has_begun() -> None:
    with pytest.raises(ValueError, match="before the run has begun"):
        told(telling(), STARTED)


def test_main_is_told_of_without_a_process() -> None:
    (ended,) = told(telling(), messages.MainEnded(0.0, 0, None))

    assert (ended.event, ended.fields) == ("main.ended", {"exit_code": 0, "error": None})


@pytest.mark.parametrize(("exit_code", "name"), [(0, None), (-9, "SIGKILL"), (-63, "signal 63"), (None, None)])
def test_a_signal_is_told_by_its_name(exit_code: int | None, name: str | None) -> None:
    exited = told(telling(), BEGAN, STARTED, replace(EXITED, exit_code=exit_code))[-1]

    assert exited.fields["signal"] == name


def counter(total: int) -> tuple[EventBuilder, messages.Ended]:
    """A run of a counter with one worker, and the supervisor's last word of it."""
    options: dict[str, Json] = {"type": "shared_counter", "name": "c", "workers": 1, "increments": 5}
    plan = Plan(
        "f",
        "fork",
        (ProcessPlan("c-0", "c", target="m:f"),),
        (Start(0),),
        (JobPlan("c", "shared_counter", (0,), options),),
    )
    values = {
        "c.total": struct.pack("q", total),
        "c.progress": struct.pack("q", 5),
        "c.stats": struct.pack("4d", 1.0, 2.0, 1.0, 0.0),
    }
    encoded = {name: base64.b64encode(data).decode() for name, data in values.items()}
    return EventBuilder(plan, "run"), replace(ENDED, last=replace(NOTHING, arrays=encoded))


@pytest.mark.parametrize(
    ("total", "names", "outcome"),
    [
        (5, ["job.result", "run.finished"], "succeeded"),
        (3, ["job.result", "note", "run.finished"], "succeeded"),
    ],
)
def test_a_job_has_a_result_and_notes_on_it(total: int, names: list[str], outcome: str) -> None:
    tells, ended = counter(total)
    told(tells, BEGAN, STARTED, replace(EXITED, exit_code=0), ended)

    events = list(tells.finish())

    assert [event.event for event in events] == names
    assert events[0].fields["result"]["total"] == total  # type: ignore[call-overload,index]  # a mapping of this type
    assert events[-1].fields["outcome"] == outcome


def test_a_job_that_came_to_nothing_fails_the_run() -> None:
    tells, ended = counter(5)
    told(tells, BEGAN, STARTED, EXITED, replace(ended, last=NOTHING))

    *_, finished = tells.finish()

    assert (finished.fields["outcome"], finished.fields["exit_status"]) == ("failed", 1)


def test_of_several_jobs_each_that_came_to_nothing_is_reported() -> None:
    two = ", ".join(f"{{name: {name}, type: shared_counter, workers: 1, increments: 5}}" for name in "cd")
    tells = EventBuilder(plan_of(f"jobs: [{two}]"), "run")
    told(tells, BEGAN, ENDED)

    assert [event.event for event in tells.finish()].count("job.result") == 2


def test_a_job_without_a_last_word_has_no_result() -> None:
    tells, _ = counter(5)
    told(tells, BEGAN, STARTED)

    assert [event.event for event in tells.finish()] == ["process.exited", "note", "run.finished"]


def test_the_supervisors_own_output_is_mains() -> None:
    (event,) = Lines(telling()).cut(*split(Output(None, "stderr", b"a word\n")))

    assert (event.fields["process"], event.fields["pid"], event.fields["job"]) == ("MainProcess", None, None)


def test_a_line_that_is_too_long_comes_in_pieces() -> None:
    lines = Lines(telling())

    pieces = split(Output(0, "stdout", b"x" * (MAX_LINE + 1)), Output(0, "stdout", b"y\n"))
    events = [event for piece in pieces for event in lines.cut(piece)]

    assert [len(str(event.fields["text"])) for event in events] == [MAX_LINE + 1, 1]


class Silent(JobType[JobModel]):
    """A type that reports nothing."""

    name = "silent"
    model = JobModel

    def expand(self, job: JobModel, label: str) -> Expansion:
        return Expansion((Draft(label, target="m:f"),))


def test_a_job_type_may_have_nothing_to_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, silent=Silent)
    tells = EventBuilder(plan_of("jobs: [{type: silent, name: p}]"), "run")
    told(tells, BEGAN, STARTED, EXITED, ENDED)

    assert [event.event for event in tells.finish()] == ["run.finished"]


class Failing(JobType[JobModel]):
    """A type whose report cannot be made, or not be told."""

    name = "failing"
    model = JobModel
    values: ClassVar[Any] = None

    def expand(self, job: JobModel, label: str) -> Expansion:
        return Expansion((Draft(label, target="m:f"),))

    def result(self, job: JobModel, values: Mapping[str, bytes], ends: Sequence[End]) -> JobResult:
        if self.values is None:
            raise KeyError("nothing")
        return JobResult(self.values)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (None, "KeyError: 'nothing'"),
        ({"a": {1, 2}}, "TypeError: Object of type set is not JSON serializable"),
        (["a"], "TypeError: the values of a JobResult are a dict with text as keys"),
        ({1: 2}, "TypeError: the values of a JobResult are a dict with text as keys"),
    ],
)
def test_a_job_type_that_fails_to_report_fails_the_run(
    values: Any, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, failing=Failing)
    monkeypatch.setattr(Failing, "values", values)
    tells = EventBuilder(plan_of("jobs: [{type: failing, name: p}]"), "run")
    told(tells, BEGAN, STARTED, EXITED, ENDED)

    result, finished = tells.finish()

    assert result.fields["result"] == {"error": f"the job type `failing` failed: {why}"}
    assert finished.fields["exit_status"] == 1


@pytest.mark.parametrize("more", [{"target": "m:f"}, {"cls": "m:C", "daemon": True}])
def test_a_process_is_made_with_its_target_or_class_and_is_not_alive(more: dict[str, Any]) -> None:
    made = EventBuilder(Plan("f", "spawn", (ProcessPlan("p", "j", **more),), (), ()), "run")

    started, created = told(made, replace(BEGAN, reprs={"0": "<P>"}))

    assert started.fields == {"file": "f", "start_method": "spawn", "processes": 1}
    assert created.fields == {
        "job": "j",
        "process": "p",
        "pid": None,
        "state": "initial",
        "alive": False,
        "exit_code": None,
        "repr": "<P>",
        "target": more.get("target") or more["cls"],
        "daemon": more.get("daemon", False),
    }


def test_seconds_are_told_to_the_microsecond_and_never_before_the_beginning() -> None:
    tells = telling()
    late = replace(EXITED, at=100.12345678, duration=0.12345678, cpu_seconds=2)

    *_, early, exited = told(tells, BEGAN, replace(STARTED, at=99.0), late)
    told(tells, replace(ENDED, at=100.87654321))
    *_, finished = tells.finish()

    assert (early.t, early.time) == (0.0, "1970-01-12T13:46:40.000000Z")
    assert (exited.t, exited.fields["duration"], exited.fields["cpu_seconds"]) == (0.123457, 0.123457, 2)
    assert (finished.t, finished.fields["duration"]) == (0.876543, 0.876543)


def test_an_end_that_nobody_saw_was_not_expected_and_has_no_facts() -> None:
    tells = telling()
    told(tells, BEGAN, STARTED)

    lost = next(tells.finish())

    known = {name: value for name, value in lost.fields.items() if value is not None}
    assert known == {
        "job": "j",
        "process": "p",
        "pid": 7,
        "state": "stopped",
        "alive": False,
        "repr": "<Process>",
        "outcome": "lost",
        "expected": False,
        "ended_by": "unreported",
        "ended_at": lost.t,
        "ended_at_from": "supervisor",
    }


def test_an_end_that_is_not_as_the_file_says_is_told_with_what_it_says() -> None:
    process = ProcessPlan("p", "j", target="m:f", expect=Expect(exit_code=1))
    tells = EventBuilder(Plan("f", "fork", (process,), (), ()), "run")

    *_, note = told(tells, BEGAN, STARTED, replace(EXITED, expected=False))

    assert (note.event, note.fields["about"], note.fields["process"]) == ("note", "not_as_declared", "p")
    assert "ends with exit code 1 (an error), and it did not" in str(note.fields["text"])


def test_a_line_is_told_with_the_moment_in_which_it_was_read() -> None:
    tells = telling()
    told(tells, BEGAN)

    (event,) = Lines(tells).cut(*split(Output(0, "stdout", b"x\n", at=100.5)))

    assert event.t == 0.5


# Shared things.

THINGS = (SharedLock("left"), SharedLock("right"), SharedSemaphore("door", 1), SharedValue("total", "int64", 0))
SUM: tuple[StepData, ...] = ({"step": "add", "to": {"ref": "total"}, "kind": "value", "value": 1, "at": None},)


def sharing(expect: Declared | None = None) -> EventBuilder:
    """A run of two processes that share things, both started."""
    processes = tuple(ProcessPlan(name, "j", do=SUM) for name in ("p", "q"))
    tells = EventBuilder(Plan("f", "fork", processes, (), (), shared=THINGS, expect=expect), "run")
    told(tells, BEGAN, STARTED)
    return tells


USES: list[tuple[messages.OfUse, str, dict[str, Any]]] = [
    (
        messages.Waiting(100.75, 0, "left", "lock", "acquire", None),
        "shared.waiting",
        {"operation": "acquire", "timeout": None},
    ),
    (
        messages.Acquired(100.75, 0, "left", "lock", "acquire", 0.5, 0),
        "shared.acquired",
        {"operation": "acquire", "waited": 0.5, "skipped": 0},
    ),
    (
        messages.TimedOut(100.75, 0, "left", "lock", "acquire", 0.5),
        "shared.timed_out",
        {"operation": "acquire", "waited": 0.5},
    ),
    (messages.Released(100.75, 0, "left", "lock", 0.25), "shared.released", {"held": 0.25}),
]


@pytest.mark.parametrize(("message", "name", "fields"), USES)
def test_the_use_of_a_shared_thing_is_an_event_of_the_process_that_uses_it(
    message: messages.OfUse, name: str, fields: dict[str, Any]
) -> None:
    (event,) = told(sharing(), message)

    assert (event.event, event.t) == (name, 0.75)
    assert event.fields == {"job": "j", "process": "p", "pid": 7, "thing": "left", "kind": "lock"} | fields


@pytest.mark.parametrize(("number", "user"), [(1, ("j", "q", None)), (2, (None, "MainProcess", None))])
def test_the_user_of_a_shared_thing_may_be_main_or_have_no_pid_yet(
    number: int, user: tuple[str | None, str, None]
) -> None:
    (event,) = told(sharing(), messages.Released(101.0, number, "left", "lock", 0.5))

    assert tuple(event.fields[name] for name in ("job", "process", "pid")) == user


WAITS = (messages.Wait(0, "right", "lock", "acquire"), messages.Wait(1, "left", "lock", "acquire"))
CIRCLE = messages.Stuck(
    at=101.0,
    waits=WAITS,
    holders={"left": (0,), "right": (1,)},
    givers={},
    circles=((0, 1),),
    standstill=True,
    in_vain=(),
    bereft=(),
    died=(),
)


def test_a_deadlock_is_explained_and_the_run_has_it_in_the_end() -> None:
    tells = sharing()

    (note,) = told(tells, CIRCLE)
    told(tells, EXITED, replace(ENDED, stop="holder_died"))
    *_, finished = tells.finish()

    assert (note.event, note.fields["about"], note.fields["process"]) == ("note", "deadlock", "p")
    assert finished.fields["deadlock"] == ["p", "q"]
    assert (finished.fields["outcome"], finished.fields["exit_status"]) == ("failed", 1)


def test_who_waits_for_whom_at_the_time_limit_is_a_note() -> None:
    (note,) = told(sharing(), messages.WaitsAtTimeLimit(101.0, WAITS, CIRCLE.holders))

    assert note.fields["about"] == "who_waits"


EXTRA = messages.ReleasedExtra(101.0, 1, "door", 2)


def test_a_release_too_many_is_a_note() -> None:
    (note,) = told(sharing(), EXTRA)

    assert (note.fields["about"], note.fields["process"]) == ("extra_release", "q")


def test_what_a_process_says_of_itself_is_explained_at_its_end() -> None:
    tells = sharing()

    assert told(tells, messages.TargetReported(100.7, 0, "finally", (12,))) == []
    _, note = told(tells, EXITED)

    assert note.fields["about"] == "finally_skipped"


def test_updates_that_were_lost_are_explained_before_the_end_with_the_value_in_it() -> None:
    tells = sharing()
    last = replace(NOTHING, things={"total": 3}, added={"total": messages.Added(5, (0, 1), ())})
    told(tells, EXITED, replace(ENDED, last=last))

    note, *_, finished = tells.finish()

    assert note.fields["about"] == "lost_updates"
    assert (finished.fields["values"], finished.fields["outcome"]) == ({"total": 3}, "succeeded")


def test_what_processes_did_alike_is_explained_at_the_end() -> None:
    tells = sharing()
    for number in (0, 1):
        told(tells, messages.TargetReported(100.7, number, "drawn", ("dice", 7)))
    told(tells, EXITED, ENDED)

    assert "same_random_numbers" in [event.fields.get("about") for event in tells.finish()]


def end_of(expect: Declared, *reported: Reported, ended: str = "succeeded", **values: Json) -> Event:
    """The last event of a run of which the file says this, after these messages."""
    tells = sharing(expect)
    told(tells, *reported, EXITED, replace(ENDED, stop=STOPS[ended], last=replace(NOTHING, things=values)))
    return list(tells.finish())[-1]


@pytest.mark.parametrize(
    ("expect", "ended", "outcome", "status"),
    [
        (Declared(), "succeeded", "succeeded", 0),
        (Declared(values={"total": 3}), "succeeded", "succeeded", 0),
        (Declared(values={"total": 4}), "succeeded", "failed", 1),
        (Declared(outcome="failed"), "failed", "failed", 0),
        (Declared(outcome="timed_out"), "timed_out", "timed_out", 0),
        (Declared(outcome="failed", values={"total": 4}), "failed", "failed", 1),
        (Declared(outcome="failed", notes=("extra_release",)), "failed", "failed", 0),
        (Declared(notes=("overflow",)), "succeeded", "failed", 1),
        (Declared(), "failed", "failed", 1),
        (Declared(values={"total": 4}), "stopped", "stopped", 143),
    ],
)
def test_the_run_is_held_to_what_the_file_declares(expect: Declared, ended: str, outcome: str, status: int) -> None:
    finished = end_of(expect, EXTRA, ended=ended, total=3)

    assert (finished.fields["outcome"], finished.fields["exit_status"]) == (outcome, status)


def test_a_deadlock_that_is_declared_has_to_come() -> None:
    assert end_of(Declared(deadlock=True), CIRCLE).fields["exit_status"] == 0
    assert end_of(Declared(deadlock=True)).fields["exit_status"] == 1


@pytest.mark.parametrize("run", [None, Declared(outcome="failed"), Declared(outcome="timed_out")])
@pytest.mark.parametrize(
    ("expect", "status"), [(None, 0), (Expect(output=()), 0), (Expect(exit_code=3), 1), (Expect(outcome="failed"), 1)]
)
def test_a_run_cannot_be_declared_to_have_failed_by_an_end_that_is_declared_otherwise(
    run: Declared | None, expect: Expect | None, status: int
) -> None:
    process = ProcessPlan("p", "j", target="m:f", expect=expect)
    tells = EventBuilder(Plan("f", "fork", (process,), (), (), expect=run), "run")
    outcome = (run and run.outcome) or "failed"
    told(tells, BEGAN, STARTED, replace(EXITED, expected=False), replace(ENDED, stop=STOPS[outcome]))

    *_, finished = tells.finish()

    assert (finished.fields["outcome"], finished.fields["exit_status"]) == (outcome, status if run else 1)


def test_lines_that_are_not_as_declared_fail_the_run() -> None:
    for data, status in ((b"one\n", 0), (b"two\n", 1)):
        process = ProcessPlan("p", "j", target="m:f", expect=Expect(output=("one",)))
        tells = EventBuilder(Plan("f", "fork", (process,), (), ()), "run")
        told(tells, BEGAN, STARTED)
        tells.note_output(*split(Output(0, "stdout", data)))
        told(tells, EXITED, ENDED)

        assert list(tells.finish())[-1].fields["exit_status"] == status


def test_output_of_which_the_file_says_nothing_is_not_kept() -> None:
    tells = telling()
    told(tells, BEGAN, STARTED)
    tells.note_output(Output(0, "stdout", b"one\n"))
    told(tells, EXITED, ENDED)

    assert list(tells.finish())[-1].fields["exit_status"] == 0


def test_what_has_the_name_of_a_secret_within_a_thing_is_not_told() -> None:
    values = end_of(Declared(), token={"place": 1, "secret_token": "x"}).fields["values"]

    assert values == {"token": {"place": 1, "secret_token": "***"}}


def test_of_a_run_without_a_last_word_nothing_is_asked() -> None:
    tells = sharing(Declared(values={"total": 3}))

    *_, finished = tells.finish()

    assert (finished.fields["outcome"], finished.fields["exit_status"]) == ("faulted", 3)


def test_the_moment_of_an_end_is_on_the_clock_of_the_run() -> None:
    tells = telling()

    exited = next(event for event in told(tells, BEGAN, STARTED, EXITED) if event.event == "process.exited")

    assert (exited.t, exited.fields["ended_at"]) == (1.0, 0.75)


def test_an_end_that_nobody_has_seen_has_the_moment_at_which_it_was_missed() -> None:
    tells = telling()
    told(tells, BEGAN, STARTED)

    lost = next(event for event in tells.finish() if event.event == "process.exited")

    assert (lost.fields["ended_at"], lost.fields["ended_at_from"]) == (lost.t, "supervisor")


def test_a_line_has_the_moment_at_which_it_was_written_on_the_clock_of_the_run() -> None:
    tells = telling()
    told(tells, BEGAN, STARTED)

    wrote = list(Lines(tells).cut(*split(Output(0, "stdout", b"one\ntwo\n", 101.0, (100.25, None)))))

    assert [(event.t, event.fields["written_at"]) for event in wrote] == [(1.0, 0.25), (1.0, None)]


def notes_of(events: Sequence[Event], about: str) -> list[str]:
    return [str(event.fields["text"]) for event in events if event.fields.get("about") == about]


STOPPED = messages.Terminating(101.0, 0, "SIGTERM", "stop_requested")


def test_the_sender_of_a_stop_is_named_by_the_note_on_it() -> None:
    sent = messages.StopSent(100.9, 15, messages.Sender(7, 0, was_started=False, command="python"))

    events = told(telling(), BEGAN, STARTED, sent, STOPPED)

    (note,) = notes_of(events, "stop_requested")
    assert note.startswith("p sent SIGTERM to the process that starts the others")


def test_the_sender_of_a_stop_to_the_command_is_named_instead_of_ctrl_c() -> None:
    made = telling()
    told(made, BEGAN, STARTED)
    made.stopped_by = 2
    made.note_sender(2, 7)

    (note,) = notes_of(told(made, STOPPED), "stop_requested")

    assert note.startswith("p sent SIGINT to the command: the run is stopped in order.")


def test_a_process_that_died_with_the_forkserver_is_not_taken_for_a_shortage_of_memory() -> None:
    end = replace(EXITED, exit_code=-9, outcome="failed")

    events = told(telling(), BEGAN, STARTED, messages.ForkserverDied(100.9, -15), end)

    (note,) = notes_of(events, "foreign_signal")
    assert "the forkserver, its parent, which SIGTERM ended" in note


def test_the_first_process_without_room_is_told_with_the_room_that_there_is() -> None:
    (note,) = notes_of(told(telling(), BEGAN, messages.LackedRoom(100.1, 0, 12)), "no_room")

    assert note.startswith("There is room for 12 processes at once")


def test_threads_of_the_process_that_forks_are_told() -> None:
    events = told(telling(), BEGAN, messages.ForkedWithThreads(100.1, ("poller",)))

    (note,) = notes_of(events, "forked_with_threads")
    assert "thread poller" in note


def test_a_start_that_did_not_return_is_noted_with_its_process() -> None:
    made = telling()
    told(made, replace(BEGAN, reprs={"0": "<Process p>"}), messages.StartBegun(0))

    texts = [str(event.fields["text"]) for event in made.finish() if event.event == "note"]

    assert any("died before it could report that the start of" in text for text in texts)
