"""Events from the supervisor's messages: numbered without a gap, with one end for each process and for the run."""

from __future__ import annotations

import pytest

from runner.errors import SupervisorFault
from runner.events import FIELDS, Event, Output
from runner.plan import JobPlan, Plan, ProcessPlan, Start
from runner.session.telling import Lines, Telling

FACTS = {"pid": 7, "state": "started", "alive": True, "exit_code": None, "repr": "<Process>"}
GONE = {"pid": 7, "state": "stopped", "alive": False, "exit_code": -15, "repr": "<Process>"}
END = {
    "outcome": "terminated", "expected": True, "ended_by": "signal", "stop_reason": "main", "duration": 0.1000000001,
    "cpu_seconds": 0.1, "max_rss": 1, "returned": None, "error": None,
}


def telling() -> Telling:
    plan = Plan("f", "fork", (ProcessPlan("p", "j", target="m:f"),), (Start(0),), (JobPlan("j", "process", (0,)),))
    return Telling(plan, "run")


def told(telling: Telling, *messages: dict[str, object]) -> list[Event]:
    return [event for message in messages for event in telling.tell(message)]


BEGAN: dict[str, object] = {"began": 100.0, "time": 1_000_000.0, "created": []}
STARTED: dict[str, object] = {"event": "process.started", "t": 100.5, "process": 0, "fields": {}, "facts": FACTS}
EXITED: dict[str, object] = {"event": "process.exited", "t": 101.0, "process": 0, "fields": END, "facts": GONE}
ENDED: dict[str, object] = {"ended": "succeeded", "t": 102.0, "values": {}, "holders": {}}


def test_events_have_their_fields_and_numbers_without_a_gap() -> None:
    tells = telling()

    events = [*told(tells, BEGAN, STARTED, EXITED, ENDED), *tells.finish(None)]

    assert [event.seq for event in events] == list(range(len(events)))
    assert [event.event for event in events] == ["run.started", "process.started", "process.exited", "run.finished"]
    for event in events:
        assert set(event.fields) == set(FIELDS[event.event])
    assert (events[1].t, events[1].time) == (0.5, "1970-01-12T13:46:40.500000Z")
    assert (events[2].fields["signal"], events[2].fields["duration"]) == ("SIGTERM", 0.1)
    assert events[-1].fields == {"outcome": "succeeded", "exit_status": 0, "duration": 2.0}


def test_without_the_supervisors_last_word_what_ran_is_lost() -> None:
    tells = telling()
    told(tells, BEGAN, STARTED)

    lost, note, finished = tells.finish(None)

    assert (lost.fields["outcome"], lost.fields["exit_code"], lost.fields["alive"]) == ("lost", None, False)
    assert set(lost.fields) == set(FIELDS["process.exited"])
    assert note.fields["about"] == "lost"
    assert (finished.fields["outcome"], finished.fields["exit_status"]) == ("faulted", 3)


@pytest.mark.parametrize(
    ("outcome", "stopped_by", "status"),
    [("succeeded", None, 0), ("failed", None, 1), ("timed_out", None, 1), ("stopped", 2, 130), ("stopped", None, 143)],
)
def test_the_exit_status_follows_from_the_outcome(outcome: str, stopped_by: int | None, status: int) -> None:
    tells = telling()
    told(tells, BEGAN, STARTED, EXITED, ENDED | {"ended": outcome})

    *_, finished = tells.finish(stopped_by)

    assert finished.fields["exit_status"] == status


def test_a_holder_that_died_is_named() -> None:
    _, note = told(telling(), BEGAN, {"holder_died": 0, "guard": "door", "t": 101.0})

    assert (note.fields["about"], note.fields["process"]) == ("holder_died", "p")
    assert "door" in str(note.fields["text"])


def test_what_nobody_expects_is_a_fault() -> None:
    with pytest.raises(SupervisorFault):
        told(telling(), {"unheard": "of"})


def test_output_is_cut_into_lines_that_are_events() -> None:
    tells = telling()
    told(tells, BEGAN, STARTED)
    lines = Lines(tells)

    first = list(lines.cut(Output(0, "stdout", b"one\ntw")))
    second = [*lines.cut(Output(0, "stdout", b"o\n\xffrest")), *lines.cut(Output(0, "stdout", b""))]

    assert [event.fields["text"] for event in first + second] == ["one", "two", "\\xffrest"]
    assert first[0].fields["pid"] == 7
    assert set(first[0].fields) == set(FIELDS["process.wrote"])
