"""What is explained, and what is not: from made-up events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.notes.lives import Notes, holder_died, left_running
from runner.notes.note import MAX_NAMES, listed
from tests.events import event_of

if TYPE_CHECKING:
    from runner.model.events import Event
    from runner.model.json_types import Json

EXIT: dict[str, Json] = {
    "process": "p",
    "outcome": "succeeded",
    "exit_code": 0,
    "ended_by": "return",
    "returned": None,
    "signal": None,
    "stop_reason": None,
    "duration": 1.0,
}

FAILED = EXIT | {"outcome": "failed", "ended_by": "signal"}


def event(name: str, **fields: Json) -> Event:
    return event_of(0, 1.0, "", name, "r", {"process": "p", **fields})


@pytest.mark.parametrize(
    ("happened", "about"),
    [
        (event("process.exited", **EXIT), None),
        (event("process.exited", **EXIT | {"returned": "1"}), "return_value"),
        (event("process.exited", **EXIT | {"returned": "'x' * 900" * 90}), "return_value"),
        (event("process.exited", **EXIT | {"ended_by": "unreported"}), "unreported"),
        (event("process.exited", **EXIT | {"ended_by": "sys_exit", "returned": "256"}), "exit_code_truncated"),
        (event("process.exited", **EXIT | {"ended_by": "sys_exit", "returned": "3", "exit_code": 3}), None),
        (event("process.exited", **EXIT | {"ended_by": "sys_exit", "returned": "'no'", "exit_code": 1}), "exit_text"),
        (event("process.exited", **FAILED | {"exit_code": -11, "signal": "SIGSEGV"}), "foreign_signal"),
        (event("process.exited", **FAILED | {"exit_code": -40, "signal": "signal 40"}), "foreign_signal"),
        (event("process.exited", **EXIT | {"outcome": "terminated", "exit_code": -15, "stop_reason": "main"}), None),
        (
            event("process.exited", **EXIT | {"outcome": "terminated", "exit_code": -15, "stop_reason": "main_ended"}),
            "daemon_terminated",
        ),
        (event("process.exited", **EXIT | {"outcome": "lost", "exit_code": None, "duration": None}), "lost"),
        (event("process.exited", **EXIT | {"outcome": "lost", "exit_code": None}), "lost"),
        (event("process.exited", **FAILED | {"exit_code": 1, "limit": "memory"}), "out_of_memory"),
        (
            event("process.exited", **FAILED | {"exit_code": -9, "signal": "SIGKILL", "limit": "cpu_seconds"}),
            "cpu_limit",
        ),
        (event("process.exited", **EXIT | {"outcome": "timed_out", "exit_code": -15}), None),
        (event("process.terminating", reason="timeout"), "timeout"),
        (event("process.join_timed_out", timeout=1.0), "join_timed_out"),
        (event("process.killed", reason="grace_period"), "sigterm_ignored"),
        (event("process.killed", reason="main"), None),
        (event("process.terminating", reason="time_limit"), "time_limit"),
        (event("process.terminating", reason="main"), None),
        (event("process.joined", waited=1.0), None),
    ],
)
def test_the_surprising_is_explained_and_nothing_else(happened: Event, about: str | None) -> None:
    assert [note.about for note in Notes(5).about(happened)] == ([about] if about else [])


def test_a_time_limit_is_explained_once() -> None:
    notes = Notes(5)

    assert len(notes.about(event("process.terminating", reason="time_limit"))) == 1
    assert notes.about(event("process.terminating", reason="time_limit")) == []
    assert notes.at_the_end("timed_out") == []


def test_what_was_never_started_is_named_at_the_end() -> None:
    notes = Notes(5)
    notes.about(event_of(0, 0.0, "", "process.created", "r", {"process": "a"}))
    notes.about(event_of(0, 0.0, "", "process.created", "r", {"process": "b"}))
    notes.about(event_of(0, 0.0, "", "process.started", "r", {"process": "b"}))

    (note,) = notes.at_the_end("stopped")

    assert (note.about, note.process) == ("never_started", "a")
    assert "the run had ended before that" in note.text


def test_of_a_supervisor_that_died_it_is_not_known_what_it_started() -> None:
    notes = Notes(5)
    notes.about(event_of(0, 0.0, "", "process.created", "r", {"process": "a"}))

    (note,) = notes.at_the_end("faulted")

    assert (note.about, note.process) == ("never_started", "a")
    assert note.text == "Whether a was started is unknown: the supervisor died before it could report that."


def test_what_no_step_starts_was_not_started_by_a_supervisor_that_died() -> None:
    notes = Notes(5)
    notes.about(event_of(0, 0.0, "", "process.created", "r", {"process": "a"}))
    notes.about(event_of(0, 0.0, "", "main.ended", "r", {}))

    (note,) = notes.at_the_end("faulted")

    assert "none of its steps starts it" in note.text


def test_many_that_were_never_started_are_named_in_part() -> None:
    notes = Notes(5)
    for number in range(20):
        notes.about(event_of(0, 0.0, "", "process.created", "r", {"process": f"p{number}"}))
    notes.about(event_of(0, 0.0, "", "main.ended", "r", {}))

    (note,) = notes.at_the_end("succeeded")

    assert note.process is None
    assert "p7 and 12 more were never started" in note.text


@pytest.mark.parametrize(
    ("stopped_by", "why"),
    [
        (2, "SIGINT was sent (Ctrl-C): the run is stopped in order."),
        (13, "stdout has no reader any more, as with `| head`: the run is stopped in order."),
        (10, "A stop was requested: "),
        (None, "A stop was requested: "),
    ],
)
def test_who_asked_for_a_stop_is_told_once_with_what_follows(stopped_by: int | None, why: str) -> None:
    notes = Notes(2.5)
    terminating = event("process.terminating", signal="SIGTERM", reason="stop_requested")

    (note,) = notes.about(terminating, stopped_by)

    assert (note.about, note.process) == ("stop_requested", None)
    assert note.text.startswith(why)
    assert "SIGKILL after 2.5 s" in note.text
    assert notes.about(terminating, stopped_by) == []


def test_a_start_that_did_not_return_is_no_start_that_main_did_not_come_to() -> None:
    notes = Notes(1.0)
    for name in ("a", "b", "c"):
        notes.about(event("process.created", process=name))
    notes.starting = "a"
    notes.about(event("process.started", process="a"))
    notes.starting = "b"

    start, others = notes.at_the_end("faulted")

    assert "the supervisor died before it could report that the start of b had returned" in start.text
    assert "Whether c was started is unknown" in others.text


@pytest.mark.parametrize(
    ("ended_well", "said"),
    [
        (False, "p died while it held door: no process can release it any more"),
        (
            True,
            "p has ended without releasing door: no process can acquire it any more, unless another one releases it",
        ),
    ],
)
def test_a_holder_that_died_is_told_of_with_what_it_had(ended_well: bool, said: str) -> None:
    note = holder_died("p", "door", ended_well=ended_well)

    assert (note.about, note.process) == ("holder_died", "p")
    assert said in note.text


def test_threads_that_were_left_are_named_with_the_module_that_started_them() -> None:
    first, second, third = left_running([("a", "m"), ("b", "m"), ("c", None)], [], True)

    assert "the threads a and b still ran in the process that starts the others: the import of `m`" in first.text
    assert "the thread c still ran in the process that starts the others. run-jobs does not wait for it" in second.text
    assert "`atexit`" in third.text
    assert {note.about for note in (first, second, third)} == {"left_running"}


def test_processes_that_were_left_are_named_with_the_module_that_started_them() -> None:
    first, second = left_running([], [("a (pid 1)", "m"), ("b (pid 2)", "m"), ("c (pid 3)", None)], False)

    assert "the processes a (pid 1) and b (pid 2) still ran: the import of `m` had started them. run-jobs" in first.text
    assert "the process c (pid 3) still ran. run-jobs ends it." in second.text


def test_nothing_left_is_not_worth_a_word() -> None:
    assert list(left_running([], [], False)) == []


def test_who_crashes_by_a_step_of_its_own_surprises_nobody() -> None:
    killed = event("process.exited", **EXIT | {"outcome": "failed", "exit_code": -9, "signal": "SIGKILL"})

    assert Notes(1.0, frozenset({"p"})).about(killed) == []
    assert [note.about for note in Notes(1.0, frozenset({"b"})).about(killed)] == ["foreign_signal"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "p0"),
        (2, "p0 and p1"),
        (3, "p0, p1 and p2"),
        (MAX_NAMES + 1, "p0, p1, p2, p3, p4, p5, p6, p7 and p8"),
        (MAX_NAMES + 2, "p0, p1, p2, p3, p4, p5, p6, p7 and 2 more"),
    ],
)
def test_names_are_listed_as_in_a_sentence(number: int, text: str) -> None:
    assert listed([f"p{place}" for place in range(number)]) == text
