"""What the supervisor reports of a process and of main, as facts of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.model import messages
from runner.model.event_types import (
    JoinTimedOut,
    MainEnded,
    MainSlept,
    MainStopped,
    ProcessJoined,
    ProcessKilled,
    ProcessShown,
    ProcessStarted,
    ProcessState,
    ProcessTerminating,
    StartFailed,
)
from runner.model.plan import Plan, ProcessPlan
from runner.session.event_facts import initial_state, of_main, of_process

if TYPE_CHECKING:
    from runner.model.event_types import OfMain, OfProcess
    from runner.model.json_types import Error

PLAN = Plan("f", "fork", (ProcessPlan("p", "j", target="m:f"),), (), ())
P = ProcessState("j", "p", 7, "started", alive=True, exit_code=None, repr="<P>")
ERROR: Error = {"type": "OSError", "message": "no", "traceback": None}


@pytest.mark.parametrize(
    ("message", "fact"),
    [
        (messages.StartFailed(1.0, 0, ERROR), StartFailed(P, ERROR)),
        (messages.Joined(1.0, 0, 0.12345678), ProcessJoined(P, 0.123457)),
        (messages.JoinTimedOut(1.0, 0, 0.5), JoinTimedOut(P, 0.5)),
        (messages.Terminating(1.0, 0, "SIGTERM", "main"), ProcessTerminating(P, "SIGTERM", "main")),
        (messages.Killed(1.0, 0, "grace_period"), ProcessKilled(P, "grace_period")),
        (messages.Shown(1.0, 0, None, "L"), ProcessShown(P, "L")),
    ],
)
def test_a_report_on_a_process_has_its_last_known_state_and_microseconds(
    message: messages.OfProcess, fact: OfProcess
) -> None:
    assert of_process(message, P, 0.0) == fact


def test_a_start_and_a_show_change_the_state_of_a_process() -> None:
    initial = initial_state(messages.Begun(0.0, 0.0, ("<P name='name'>", "")), PLAN, 0)
    shown = messages.ObjectState(7, "started", alive=True, exit_code=None, repr="<P>")

    assert initial == ProcessState("j", "p", None, "initial", alive=False, exit_code=None, repr="<P name='p'>")
    assert of_process(messages.Started(1.0, 0, 7, "<P>"), initial, 0.0) == ProcessStarted(P)
    assert of_process(messages.Shown(1.0, 0, shown, "L"), initial, 0.0) == ProcessShown(P, "L")


@pytest.mark.parametrize(
    ("message", "fact"),
    [
        (messages.MainSlept(1.0, 0.5), MainSlept(0.5)),
        (messages.MainEnded(1.0, 1, ERROR), MainEnded(1, ERROR)),
        (messages.MainStopped(1.0, 0, 0.12345678), MainStopped("p", 0.123457)),
        (messages.MainStopped(1.0, None, None), MainStopped(None, None)),
    ],
)
def test_a_report_on_main_names_the_process_that_main_joins(message: messages.OfMain, fact: OfMain) -> None:
    assert of_main(message, PLAN) == fact
