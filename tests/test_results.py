"""What a run came to, from made-up events and output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.events import Event, Output, ProgressMade
from runner.model.results import MAX_OUTPUT, ProcessResult, Recorder, RunResult
from tests.events import event_of

if TYPE_CHECKING:
    from runner.model.events import Item
    from runner.model.json_types import Error, Json

END: dict[str, Json] = {
    "process": "a",
    "outcome": "terminated",
    "expected": True,
    "exit_code": -15,
    "signal": "SIGTERM",
    "ended_by": "signal",
    "stop_reason": "main",
    "error": None,
    "limit": None,
    "duration": 1.5,
    "cpu_seconds": 0.25,
    "max_rss": 4096,
    "returned": None,
    "ended_at": 2.25,
    "ended_at_from": "child",
}
FINISHED: dict[str, Json] = {
    "outcome": "succeeded",
    "exit_status": 0,
    "duration": 2.5,
    "values": {"total": 3},
    "deadlock": ["a", "b"],
}
ERROR_DATA: Json = {"type": "OSError", "message": "no more", "traceback": ""}
ERROR: Error = {"type": "OSError", "message": "no more", "traceback": ""}


def event(name: str, t: float = 0.0, /, **fields: Json) -> Event:
    return event_of(0, t, "", name, "run", fields)


def created(name: str, job: str = "j") -> Event:
    return event("process.created", process=name, job=job)


def result_of(*items: Item, keep_events: bool = False, keep_output: bool = True) -> RunResult:
    recorder = Recorder(keep_events=keep_events, keep_output=keep_output)
    for item in items:
        recorder.add(item)
    return recorder.result()


def test_the_end_that_an_earlier_version_kept_is_when_it_was_seen() -> None:
    end = {name: value for name, value in END.items() if name != "ended_at"}

    assert result_of(created("a"), event("process.exited", 2.5, **end)).processes["a"].ended_at == 2.5


def test_a_process_has_the_words_for_what_was_noted_about_it() -> None:
    result = result_of(
        created("a"),
        created("b"),
        event("note", about="unreported", process="a"),  # as an earlier version reported it
        event("note", about="lost", process="a", processes=["a"], count=1),
        event("note", about="lost", process="a", processes=["a", "b"], count=2),
        event("note", about="who_waits", process="MainProcess", processes=["MainProcess"], count=1),
        event("note", about="lost_updates", process=None, processes=[], count=1),
        event("process.exited", 1.0, **END),
    )

    assert {name: one.notes for name, one in result.processes.items()} == {"a": ("unreported", "lost"), "b": ("lost",)}


def test_the_returned_value_is_kept_where_output_is() -> None:
    items = (created("a"), event("process.exited", 1.0, **END | {"result": [1]}), event("run.finished", **FINISHED))

    assert result_of(*items).processes["a"].to_json()["result"] == [1]
    assert result_of(*items, keep_output=False).processes["a"].result is None


def test_a_process_is_what_its_events_say() -> None:
    result = result_of(
        created("a", "job"),
        event("process.started", 1.0, process="a", pid=7),
        event("process.exited", 2.5, **END),
        event("run.finished", 3.0, **FINISHED),
    )

    assert result.processes == {
        "a": ProcessResult(
            "a",
            "job",
            pid=7,
            outcome="terminated",
            expected=True,
            exit_code=-15,
            signal="SIGTERM",
            ended_by="signal",
            stop_reason="main",
            started_at=1.0,
            ended_at=2.25,
            duration=1.5,
            cpu_seconds=0.25,
            max_rss=4096,
        )
    }
    assert (result.outcome, result.exit_status, result.duration) == ("succeeded", 0, 2.5)
    assert (result.values, result.deadlock) == ({"total": 3}, ("a", "b"))


def test_a_process_that_could_not_be_started_has_an_error_and_no_pid() -> None:
    result = result_of(created("a"), event("process.start_failed", process="a", error=ERROR_DATA))

    assert result.processes["a"] == ProcessResult("a", "j", error=ERROR, expected=False)


def test_a_process_that_was_never_started_has_nothing() -> None:
    assert result_of(created("a")).processes["a"] == ProcessResult("a", "j")


def test_a_run_that_nobody_finished_has_faulted() -> None:
    result = result_of(created("a"))

    assert (result.outcome, result.exit_status, result.duration) == ("faulted", 3, 0.0)
    assert (result.values, result.deadlock) == ({}, None)


def test_processes_are_in_creation_order_and_results_by_job() -> None:
    result = result_of(
        created("b"), created("a"), event("job.result", job="j", type="t", result={"total": 3}), event("main.ended")
    )

    assert list(result.processes) == ["b", "a"]
    assert result.results == {"j": {"total": 3}}


@pytest.mark.parametrize("keep", [True, False])
def test_events_are_kept_on_request_in_order(keep: bool) -> None:
    items = [created("a"), event("main.ended"), event("run.finished", 3.0, **FINISHED)]

    result = result_of(*items, Output(0, "stdout", b"x"), ProgressMade("j", (1,)), keep_events=keep)

    assert result.events == (tuple(items) if keep else ())


def test_output_is_kept_on_request_and_that_of_no_process_is_not() -> None:
    outputs = [Output(None, "stderr", b"log"), Output(0, "stdout", b"out"), Output(0, "stderr", b"err")]
    items: list[Item] = [created("a"), *outputs]

    assert result_of(*items).processes["a"].output == "outerr"
    assert result_of(*items, keep_output=False).processes["a"].output == ""


def test_output_that_is_not_text_is_written_out() -> None:
    result = result_of(created("a"), Output(0, "stdout", b"\xff\xc3"), Output(0, "stdout", "é".encode()))

    assert result.processes["a"].output == "\\xff\\xc3é"


pieces = st.tuples(st.integers(0, 1), st.binary(min_size=1, max_size=3), st.integers(0, MAX_OUTPUT // 2))


@given(st.lists(pieces, max_size=8))
def test_of_each_process_the_last_64_kib_are_kept_however_they_come(written: list[tuple[int, bytes, int]]) -> None:
    outputs = [Output(process, "stdout", data * times) for process, data, times in written]

    result = result_of(created("0"), created("1"), *outputs)

    for process in (0, 1):
        whole = b"".join(output.data for output in outputs if output.process == process)
        assert result.processes[str(process)].output == whole[-MAX_OUTPUT:].decode(errors="backslashreplace")


def test_a_result_says_in_short_how_everything_ended() -> None:
    processes = {"a": ProcessResult("a", "j", outcome="killed"), "b": ProcessResult("b", "j")}

    shown = repr(RunResult("failed", 1, 1.23456, processes))

    assert shown == "<RunResult failed in 1.235 s; a: killed, b: not started>"


def test_a_result_is_json_without_its_events() -> None:
    result = result_of(
        created("a"),
        event("process.exited", 2.5, **END),
        event("job.result", job="j", type="t", result={"total": 3}),
        event("run.finished", 3.0, **FINISHED),
        Output(0, "stdout", b"out"),
        keep_events=True,
    )

    data = json.loads(json.dumps(result.to_json()))

    assert set(data) == {
        "outcome",
        "exit_status",
        "duration",
        "processes",
        "results",
        "values",
        "deadlock",
        "notes",
        "counts",
    }
    assert ProcessResult(**data["processes"]["a"] | {"notes": ()}) == result.processes["a"]
    assert data["processes"]["a"]["output"] == "out"
    assert data["deadlock"] == ["a", "b"]
    back = data | {
        "processes": result.processes,
        "events": result.events,
        "deadlock": tuple(data["deadlock"]),
        "notes": (),
    }
    assert RunResult(**back) == result


def test_each_kind_of_note_is_in_the_result_once_with_its_count() -> None:
    first: dict[str, Json] = {
        "about": "lost",
        "process": "a",
        "text": "first",
        "job": "j",
        "count": 1,
        "processes": ["a"],
    }
    other: dict[str, Json] = {
        "about": "lost",
        "process": "b",
        "text": "other",
        "job": "k",
        "count": 1,
        "processes": ["b"],
    }
    last = first | {"text": "first. Noted 2 times", "count": 2, "processes": ["a", "c"]}

    result = result_of(
        event_of(4, 1.0, "", "note", "", first | {"repeats": None}),
        event_of(5, 1.0, "", "note", "", other | {"repeats": None}),
        event_of(9, 2.0, "", "note", "", last | {"repeats": 4}),
        event("run.finished", 3.0, **FINISHED | {"counts": {"succeeded": 2, "not_started": 1}}),
    )

    assert list(result.notes) == [last, other]
    assert result.counts == {"succeeded": 2, "not_started": 1}
    assert list(result.to_json())[-2:] == ["notes", "counts"]


def test_a_run_of_another_version_may_have_ended_without_values() -> None:
    assert result_of(event("run.finished", outcome="succeeded", exit_status=0, duration=1.0)).values == {}
