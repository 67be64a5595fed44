"""A session follows what comes from its connection, whatever that is: here it is made up."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from runner.link.connection import StopSignalled
from runner.model import messages
from runner.model.errors import SupervisorFault
from runner.model.event_types import LineWritten, Noted, RunFinished
from runner.model.events import Event, Output, ProgressMade
from runner.model.plan import JobPlan, Plan, ProcessPlan, Start
from runner.model.records import replace
from runner.session import MAX_SUPERVISOR_OUTPUT, Interrupted, Refused, Session
from tests.output import split
from tests.session.memory_connection import MemoryConnection

if TYPE_CHECKING:
    from runner.link.connection import Received
    from runner.model.events import Item

PLAN = Plan("f", "fork", (ProcessPlan("p", "j", target="m:f"),), (Start(0),), (JobPlan("j", "process", (0,)),))
BEGUN = messages.Begun(100.0, 1_000_000.0, ("<Process>", "<Process daemon>"))
STARTED = messages.Started(100.5, 0, 7, "<Process>")
STOPPING = messages.Terminating(100.7, 0, "SIGTERM", "stop_requested")
ENDED = messages.Ended(102.0, None, (), (), messages.LastValues({}, {}, {}, ()))
REFUSAL = messages.Refusal(0, "target", "there is no module `m`", None, "unknown-target")


def items_of(connection: MemoryConnection, *, tells_output: bool = False) -> list[Item | None]:
    with Session(connection) as session:
        session.submit(PLAN)
        return list(session.items(tells_output=tells_output))


def events_in(items: list[Item | None]) -> list[str]:
    return [item.event for item in items if isinstance(item, Event)]


def test_a_run_is_ordered_with_the_room_of_the_connection_and_followed_to_its_end() -> None:
    connection = MemoryConnection(BEGUN, messages.MainSlept(101.0, 0.5), ENDED)

    with Session(connection) as session:
        session.submit(PLAN, preflight=False)
        items = list(session.items(tick_s=0.5))

        assert session.began == 100.0
    (order,) = connection.sent
    assert isinstance(order, messages.Run)
    assert (order.plan, order.preflight, order.room, connection.tick_s) == (PLAN, False, 30, 0.5)
    first, created, slept, *_, last = events_in(items)
    assert (first, created, slept, last) == ("run.started", "process.created", "main.slept", "run.finished")
    assert {item.run for item in items if isinstance(item, Event)} == {order.run}
    assert connection.is_closed


def test_a_session_has_no_events_before_a_plan_is_submitted() -> None:
    with pytest.raises(RuntimeError, match="no plan was submitted"):
        list(Session(MemoryConnection()).items())


def test_output_and_rests_are_passed_on_in_their_order() -> None:
    wrote = Output(0, "stdout", b"one\ntwo\n", 100.6)

    items = items_of(MemoryConnection(BEGUN, STARTED, wrote, None, ENDED))

    (shown,) = split(wrote)
    assert items.index(shown) < items.index(None)
    assert "process.wrote" not in events_in(items)


def test_each_line_of_output_is_an_event_if_that_is_wanted() -> None:
    wrote = Output(0, "stdout", b"one\ntwo\n", 100.6)

    items = items_of(MemoryConnection(BEGUN, STARTED, wrote, ENDED), tells_output=True)

    lines = [item.fact.text for item in items if isinstance(item, Event) and isinstance(item.fact, LineWritten)]
    assert lines == ["one", "two"]


def test_progress_comes_after_it_was_requested() -> None:
    connection = MemoryConnection(BEGUN, messages.Progressed({"j": [3]}), ENDED)

    with Session(connection) as session:
        session.submit(PLAN)
        session.peek()
        items = list(session.items())

    assert connection.sent[1:] == [messages.Peek()]
    assert ProgressMade("j", (3,)) in items


def test_the_first_signal_that_stops_the_run_is_in_its_result() -> None:
    connection = MemoryConnection(BEGUN, replace(ENDED, stop="stop_requested"))

    with Session(connection) as session:
        session.submit(PLAN)
        session.stop(signal.SIGINT)
        session.stop(signal.SIGTERM)
        *_, last = session.items()

    assert connection.sent[1:] == [messages.Stop(), messages.Stop()]
    assert isinstance(last, Event)
    assert isinstance(last.fact, RunFinished)
    assert last.fact.exit_status == 128 + signal.SIGINT


def notes_of(items: list[Item | None]) -> str:
    return " ".join(item.fact.text for item in items if isinstance(item, Event) and isinstance(item.fact, Noted))


@pytest.mark.parametrize(("sender", "is_named"), [(7, True), (0, False)])
def test_the_sender_of_a_signal_to_the_command_is_named_as_far_as_it_is_known(sender: int, is_named: bool) -> None:
    connection = MemoryConnection(BEGUN, STARTED, StopSignalled(signal.SIGINT, sender), STOPPING, ENDED)

    with Session(connection) as session:
        session.submit(PLAN)
        session.stop(signal.SIGINT)
        items = list(session.items())

    assert ("p sent SIGINT to the command" in notes_of(items)) is is_named


def test_exit_functions_that_were_killed_with_the_supervisor_are_noted() -> None:
    assert "atexit" in notes_of(items_of(MemoryConnection(BEGUN, ENDED, was_killed=True)))
    assert "atexit" not in notes_of(items_of(MemoryConnection(BEGUN, ENDED)))


def test_a_refused_plan_raises_the_refusals() -> None:
    with pytest.raises(Refused, match="there is no module") as caught:
        items_of(MemoryConnection(messages.Refused((REFUSAL,))))

    assert caught.value.refusals == (REFUSAL,)


@pytest.mark.parametrize("came", [(messages.Interrupted(),), ()])
def test_a_run_that_was_stopped_before_its_first_start_is_interrupted(came: tuple[Received, ...]) -> None:
    with Session(MemoryConnection(*came)) as session:
        session.submit(PLAN)
        session.stop(signal.SIGINT)

        with pytest.raises(Interrupted) as caught:
            list(session.items())

    assert caught.value.exit_status == 130


def test_a_supervisor_that_ends_without_an_answer_is_a_fault_with_what_it_wrote() -> None:
    wrote = Output(None, "stderr", b"x" * MAX_SUPERVISOR_OUTPUT + b"the end\n")

    with pytest.raises(SupervisorFault, match="`m` ended it") as caught:
        items_of(MemoryConnection(messages.ImportBegun("m"), wrote))

    assert caught.value.said.endswith("the end")
    assert len(caught.value.said) < MAX_SUPERVISOR_OUTPUT


def test_a_fault_without_an_import_names_none() -> None:
    with pytest.raises(SupervisorFault) as caught:
        items_of(MemoryConnection())

    assert caught.value.message == "the supervisor ended before anything was started"


def test_what_the_supervisor_wrote_after_its_answer_is_output_alone() -> None:
    (wrote,) = split(Output(None, "stderr", b"a word\n"))

    assert wrote in items_of(MemoryConnection(BEGUN, wrote, ENDED))


def test_a_check_gives_the_targets_that_return_coroutines() -> None:
    connection = MemoryConnection(None, messages.ImportBegun("m"), messages.Checked({"m:f": True}))

    assert Session(connection).check(PLAN) == {"m:f": True}
    assert connection.sent == [messages.Check(PLAN)]


def test_the_answer_to_a_check_is_no_fact_of_a_run() -> None:
    assert events_in(items_of(MemoryConnection(messages.Checked({}), BEGUN, ENDED)))[0] == "run.started"


def test_a_check_without_an_answer_is_a_fault() -> None:
    with pytest.raises(SupervisorFault):
        Session(MemoryConnection(None)).check(PLAN)


def test_a_check_that_finds_a_reason_not_to_start_raises_it() -> None:
    with pytest.raises(Refused):
        Session(MemoryConnection(messages.Refused((REFUSAL,)))).check(PLAN)


def test_a_check_that_is_stopped_is_interrupted() -> None:
    session = Session(MemoryConnection(StopSignalled(signal.SIGTERM, 7), messages.Interrupted()))
    session.stop()

    with pytest.raises(Interrupted):
        session.check(PLAN)
