"""What a run says is collected within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.history import collecting
from runner.history.collecting import Collected
from runner.model.events import Event, Output, ProgressMade
from runner.model.lines import timed_lines
from runner.model.plan import Plan, ProcessPlan
from tests.events import event_of
from tests.output import split

PLAN = Plan("f.yaml", "fork", (ProcessPlan("a", "a"), ProcessPlan("b", "b")), (), (), title="T")
FINISHED = {"outcome": "succeeded", "exit_status": 0, "duration": 1.5}


def event(name: str, seq: int, **fields: object) -> Event:
    return event_of(seq, float(seq), f"2026-01-01T00:00:0{seq % 10}Z", name, "0123abcd", fields)


def test_a_run_has_all_that_was_said() -> None:
    collected = Collected(PLAN)
    collected.add(event("run.started", 0))
    for output in split(
        Output(0, "stdout", b"one\ntw", 100.5),
        Output(1, "stderr", b"else\n", None),
        Output(0, "stdout", b"o\n", 100.7),
        Output(None, "stderr", b"log\n", 99.0),
    ):
        collected.add(output)
    collected.add(ProgressMade("a", (1,)))
    collected.add(event("process.wrote", 1, text="one"))
    assert not collected.is_whole
    collected.add(event("run.finished", 2, **FINISHED))

    run = collected.run(b"jobs: \xff", "f.yaml", ("a=1",), began=100.0, version="1.0")

    assert collected.is_whole
    assert (run.run, run.title, run.text, run.overrides) == ("0123abcd", "T", "jobs: \ufffd", ("a=1",))
    assert (run.outcome, run.exit_status, run.duration, run.began) == ("succeeded", 0, 1.5, "2026-01-01T00:00:00Z")
    assert [said["event"] for said in run.events] == ["run.started", "run.finished"]
    assert run.lines == [
        (0.5, "a", "stdout", "one", None),
        (0.0, "b", "stderr", "else", None),
        (0.7, "a", "stdout", "two", None),
        (0.0, "MainProcess", "stderr", "log", None),
    ]
    assert (run.events_cut, run.output_cut) == (0, 0)


def test_returned_values_are_kept_as_long_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "MAX_RESULTS", 10)
    collected = Collected(PLAN)
    for seq, result in enumerate(("x" * 5, None, "y" * 5)):
        collected.add(event("process.exited", seq, result=result))
    collected.add(event("run.finished", 9, **FINISHED))

    run = collected.run(b"", "f.yaml", (), began=100.0, version="1.0")

    assert [said["result"] for said in run.events[:-1]] == ["x" * 5, None, None]


def test_of_too_much_the_last_output_and_the_lives_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "MAX_OUTPUT", 10)
    monkeypatch.setattr(collecting, "MAX_EVENTS", 2)
    collected = Collected(PLAN)
    for seq, name in enumerate(("run.started", "process.started", "shared.acquired", "process.exited")):
        collected.add(event(name, seq))
    for number in range(5):
        collected.add(*split(Output(0, "stdout", b"line %d\n" % number, 100.0)))
    collected.add(event("run.finished", 9, **FINISHED))

    run = collected.run(b"", "f.yaml", (), began=100.0, version="1.0")

    assert [said["event"] for said in run.events][2:] == ["process.exited", "run.finished"]
    assert [text for _, _, _, text, _ in run.lines] == ["line 4"]
    assert (run.events_cut, run.output_cut) == (1, 4)


def test_without_a_beginning_there_is_no_run() -> None:
    with pytest.raises(AssertionError, match="the run has no end"):
        Collected(PLAN).run(b"", "f", (), began=0.0, version="1")


def test_of_too_many_pieces_of_output_the_last_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "MAX_PIECES", 2)
    collected = Collected(PLAN)
    collected.add(event("run.started", 0))
    for number in range(5):
        collected.add(*split(Output(0, "stdout", b"%d\n" % number, 100.0)))
    collected.add(event("run.finished", 9, **FINISHED))

    run = collected.run(b"", "f.yaml", (), began=100.0, version="1.0")

    assert [text for _, _, _, text, _ in run.lines] == ["3", "4"]
    assert run.output_cut == 3


def test_a_line_is_kept_with_the_moment_at_which_it_was_written() -> None:
    collected = Collected(PLAN)
    collected.add(event("run.started", 0))
    for output in split(
        Output(0, "stdout", b"one\ntwo\nthr", 100.5, (100.25, None)),
        Output(0, "stdout", b"ee\nfour", 100.75, (100.625,)),
        Output(0, "stdout", b"", 101.0, (100.6875,)),
    ):
        collected.add(output)
    collected.add(event("run.finished", 9, **FINISHED))

    run = collected.run(b"", "f.yaml", (), began=100.0, version="1.0")

    name = PLAN.processes[0].name
    assert run.lines == [
        (0.5, name, "stdout", "one", 0.25),
        (0.5, name, "stdout", "two", None),
        (0.75, name, "stdout", "three", 0.625),
        (1.0, name, "stdout", "four", 0.6875),
    ]


bits = st.sampled_from([b"\n", b"\r", b"a", b"\xe2\x82", b"\xac", b"\x85", b"\xff", "\u2028".encode()])


@given(st.lists(st.lists(bits, max_size=8).map(b"".join)))
def test_lines_are_kept_as_if_each_was_read_alone(pieces: list[bytes]) -> None:
    collected = Collected(PLAN)
    collected.add(event("run.started", 0))
    expected: list[str] = []
    for output in split(*(Output(0, "stdout", data, 100.0) for data in [*pieces, b""])):
        collected.add(output)
        expected += [line.decode(errors="backslashreplace") for line, _ in timed_lines(output)]
    collected.add(event("run.finished", 9, **FINISHED))

    run = collected.run(b"", "f.yaml", (), began=100.0, version="1.0")

    assert [text for _, _, _, text, _ in run.lines] == expected


def test_output_is_kept_in_the_pieces_in_which_it_was_read() -> None:
    collected = Collected(PLAN)
    collected.add(event("run.started", 0))
    halves = Output(0, "stdout", b"a line\n" * 1000 + b"half", 100.0), Output(0, "stdout", b" a line\n", 100.5)
    for output in split(*halves):
        collected.add(output)
    collected.add(event("run.finished", 9, **FINISHED))

    run = collected.run(b"", "f.yaml", (), began=100.0, version="1.0")

    assert [(t, text.count("\n") + 1) for t, _, _, text, _ in run.output] == [(0.0, 1000), (0.5, 1)]
