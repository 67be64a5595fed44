"""One process's life, without a process."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model import messages
from runner.model.json_types import Error
from runner.model.plan import Expect, Limits, ProcessPlan
from runner.model.records import replace
from runner.supervise.core.commands import Command, Report, SendSignal, SetTimer, Wake
from runner.supervise.core.life import (
    SIGKILL,
    SIGTERM,
    Due,
    End,
    Fact,
    ImpossibleFact,
    Kill,
    Life,
    LifeId,
    LifePhase,
    Terminate,
)
from runner.supervise.core.lifecycle import begin, transition
from runner.supervise.core.outcomes import judge
from runner.supervise.core.timers import LifeTimer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.model.json_types import Error
    from runner.model.words import EndedBy

PLAN = ProcessPlan("worker", "worker", target="runner.workers:noop")
OK = End(0, "return")
ID = LifeId(0)


def begun(plan: ProcessPlan = PLAN, at: float = 0.0) -> tuple[Life, list[Command]]:
    return begin(Life(ID, plan, grace_period=5, started_at=at), 7, "<Process>")


def life(*facts: Fact, plan: ProcessPlan = PLAN) -> Life:
    state, _ = begun(plan)
    for at, fact in enumerate(facts, 1):
        state, _ = transition(state, fact, at)
    return state


def reports(commands: Sequence[object]) -> list[type]:
    return [type(command.message) for command in commands if isinstance(command, Report)]


def exited(commands: Sequence[object]) -> messages.Exited:
    """The report of an end, which is the only command."""
    (report,) = commands
    assert isinstance(report, Report)
    assert isinstance(report.message, messages.Exited)
    return report.message


def test_a_started_process_runs_until_its_exit() -> None:
    state, commands = transition(life(), OK, 3.5)

    assert state.phase is LifePhase.ENDED
    end = exited(commands)
    assert end.outcome == "succeeded"
    assert end.expected is True
    assert end.duration == 3.5


def test_terminate_after_counts_from_the_processs_own_start() -> None:
    plan = replace(PLAN, terminate_after=2.5)

    state, commands = begun(plan, at=10)

    assert commands == [Report(messages.Started(10, 0, 7, "<Process>")), SetTimer(LifeTimer(ID, 1), 2.5)]
    _, commands = transition(state, Due(1), 12.5)
    assert commands == [
        SendSignal(ID, SIGTERM),
        Report(messages.Terminating(12.5, 0, "SIGTERM", "terminate_after")),
        SetTimer(LifeTimer(ID, 2), 5),
    ]


def test_sigkill_follows_sigterm_when_the_grace_period_is_over() -> None:
    state = life(Terminate("main"))

    state, commands = transition(state, Due(state.generation), 6)

    assert state.phase is LifePhase.KILLED
    assert commands == [SendSignal(ID, SIGKILL), Report(messages.Killed(6, 0, "grace_period"))]


def test_a_process_that_is_to_unwind_is_woken_twice_before_it_is_killed() -> None:
    state = life(Terminate("main"), plan=replace(PLAN, on_terminate="unwind"))
    seen = []

    for _ in range(3):
        state, commands = transition(state, Due(state.generation), 6)
        seen += commands

    assert seen == [
        Wake(ID),
        SetTimer(LifeTimer(ID, 2), 0.45),
        Wake(ID),
        SetTimer(LifeTimer(ID, 3), 4.5),
        SendSignal(ID, SIGKILL),
        Report(messages.Killed(6, 0, "grace_period")),
    ]


def test_a_short_grace_period_has_no_time_to_wake() -> None:
    plan = replace(PLAN, on_terminate="unwind")

    _, commands = transition(Life(ID, plan, grace_period=0.04), Terminate("main"), 1)

    assert commands[-1] == SetTimer(LifeTimer(ID, 1), 0.04)


def test_a_timer_of_an_older_generation_is_void() -> None:
    plan = replace(PLAN, terminate_after=1)
    state = life(Terminate("main"), plan=plan)

    assert transition(state, Due(1), 2) == (state, [])


@pytest.mark.parametrize("order", [Terminate("main"), Kill("main")])
def test_an_order_to_a_process_that_has_ended_does_nothing(order: Fact) -> None:
    state = life(OK)

    assert transition(state, order, 9) == (state, [])


def test_a_second_terminate_sends_no_second_signal() -> None:
    state = life(Terminate("main"))

    assert transition(state, Terminate("stop_requested"), 2) == (state, [])


def test_the_stop_reason_is_that_of_the_first_signal() -> None:
    state = life(Terminate("main_ended"), Kill("stop_requested"))

    assert state.stop_reason == "main_ended"
    assert state.sent == {SIGTERM, SIGKILL}


@pytest.mark.parametrize(
    ("exit_code", "sent", "outcome"),
    [
        (None, set(), "lost"),
        (0, set(), "succeeded"),
        (0, {SIGTERM}, "succeeded"),
        (7, {SIGTERM}, "failed"),
        (-15, {SIGTERM}, "terminated"),
        (-15, set(), "failed"),
        (-9, {SIGTERM, SIGKILL}, "killed"),
        (-9, {SIGTERM}, "failed"),
        (-15, {SIGTERM, SIGKILL}, "terminated"),
        (-11, {SIGTERM}, "failed"),
        (1, set(), "failed"),
    ],
)
def test_the_outcome_is_the_first_that_holds(exit_code: int | None, sent: set[int], outcome: str) -> None:
    state = Life(ID, PLAN, 5, sent=frozenset(sent))

    assert judge(state, exit_code, None, 1.0) == outcome


@pytest.mark.parametrize(
    ("left_at", "ended_by", "exit_code", "outcome"),
    [
        (1.9, "return", 0, "succeeded"),
        (1.9, "exception", 1, "failed"),
        (2.1, "return", 0, "timed_out"),
        (None, "return", 0, "timed_out"),
        (1.9, "signal", -15, "timed_out"),  # it was still there
    ],
)
def test_a_process_that_ended_in_time_has_not_timed_out_whenever_that_is_noticed(
    left_at: float | None, ended_by: EndedBy, exit_code: int, outcome: str
) -> None:
    state, _ = begun(replace(PLAN, timeout=2.0))
    state, _ = transition(state, Due(1), 2.2)

    state, commands = transition(state, End(exit_code, ended_by, left_at=left_at), 2.3)

    ended = exited(commands)
    assert (ended.outcome, ended.stop_reason) == (outcome, "timeout")


@pytest.mark.parametrize("stops", [Terminate("main"), Kill("main"), Terminate("time_limit")])
def test_a_process_whose_timeout_is_over_while_it_is_being_stopped_has_not_timed_out(stops: Fact) -> None:
    state, _ = begun(replace(PLAN, timeout=2.0))
    state, _ = transition(state, stops, 1.0)

    state, commands = transition(state, Due(1), 2.0)
    assert commands == []
    _, commands = transition(state, End(-9 if isinstance(stops, Kill) else -15, "signal"), 3.0)

    ended = exited(commands)
    assert ended.outcome == ("killed" if isinstance(stops, Kill) else "terminated")


@pytest.mark.parametrize("exit_code", [0, 7, -9, -15])
def test_what_its_timeout_stops_is_timed_out_however_it_ends(exit_code: int) -> None:
    state, commands = begun(replace(PLAN, timeout=2.5))
    assert commands[1:] == [SetTimer(LifeTimer(ID, 1), 2.5)]
    state, commands = transition(state, Due(1), 2.5)
    assert commands[:2] == [
        SendSignal(ID, SIGTERM),
        Report(messages.Terminating(2.5, 0, "SIGTERM", "timeout")),
    ]

    _, commands = transition(state, End(exit_code, "signal"), 3)

    ended = exited(commands)
    assert (ended.outcome, ended.expected) == ("timed_out", False)


def test_a_process_that_ends_before_its_timeout_is_as_any_other() -> None:
    state = life(OK, plan=replace(PLAN, timeout=2.5))

    assert transition(state, Due(1), 2.5) == (state, [])


OUT_OF_MEMORY: Error = {"type": "MemoryError", "message": "", "traceback": ""}
ALL = Limits(memory=1 << 20, cpu_seconds=2)


@pytest.mark.parametrize(
    ("limits", "end", "limit", "outcome"),
    [
        (ALL, End(1, "exception", error=OUT_OF_MEMORY), "memory", "out_of_memory"),
        (Limits(cpu_seconds=2), End(1, "exception", error=OUT_OF_MEMORY), None, "failed"),
        (None, End(1, "exception", error=OUT_OF_MEMORY), None, "failed"),
        (ALL, End(1, "exception", error=OUT_OF_MEMORY | {"type": "OSError"}), None, "failed"),
        (ALL, End(0, "return", cpu_seconds=2.5), None, "succeeded"),
        (ALL, End(-24, "signal"), "cpu_seconds", "failed"),
        (ALL, End(-9, "signal", cpu_seconds=3.01), "cpu_seconds", "failed"),
        (ALL, End(-9, "signal", cpu_seconds=0.1), None, "failed"),
        (ALL, End(-9, "signal"), None, "failed"),
        (Limits(memory=1), End(-24, "signal"), None, "failed"),
        (None, End(-24, "signal"), None, "failed"),
    ],
)
def test_a_limit_that_ended_a_process_is_told(limits: Limits | None, end: End, limit: str, outcome: str) -> None:
    state = life(plan=replace(PLAN, limits=limits))

    _, commands = transition(state, end, 1)

    ended = exited(commands)
    assert (ended.limit, ended.outcome) == (limit, outcome)


def test_a_sigkill_of_ours_is_no_limit() -> None:
    state = life(Kill("main"), plan=replace(PLAN, limits=ALL))

    _, commands = transition(state, End(-9, "signal", cpu_seconds=5.0), 2)

    ended = exited(commands)
    assert (ended.limit, ended.outcome) == (None, "killed")


@pytest.mark.parametrize(
    ("facts", "expect", "exit_code", "expected"),
    [
        ([], None, 0, True),
        ([], None, 1, False),
        ([Terminate("terminate_after")], None, -15, True),
        ([Terminate("main")], None, -15, True),
        ([Terminate("main_ended")], None, -15, True),
        ([Terminate("main_ended"), Kill("grace_period")], None, -9, True),
        ([Kill("main")], None, -9, True),
        ([Terminate("stop_requested")], None, -15, False),
        ([Terminate("time_limit")], None, -15, False),
        ([Terminate("holder_died")], None, -15, False),
        ([Terminate("main")], None, 7, False),
        ([Terminate("stop_requested")], None, 0, True),
        ([], None, -9, False),
        ([], Expect(exit_code=1), 1, True),
        ([], Expect(exit_code=1), 0, False),
        ([], Expect(outcome="failed"), -11, True),
        ([], Expect(exit_code=-15, outcome="terminated"), -15, False),
    ],
)
def test_expected_says_whether_the_process_ended_as_declared(
    facts: list[Fact], expect: Expect | None, exit_code: int, expected: bool
) -> None:
    state = life(*facts, plan=replace(PLAN, expect=expect))

    _, commands = transition(state, End(exit_code, "unreported"), 1)

    ended = exited(commands)
    assert ended.expected is expected


@pytest.mark.parametrize(("before", "fact"), [([OK], OK), ([], Due(99))])
def test_an_impossible_fact_raises_with_the_processs_story(before: list[Fact], fact: Fact) -> None:
    with pytest.raises(ImpossibleFact, match="worker"):
        transition(life(*before), fact, 9)


orders = st.lists(
    st.one_of(
        st.builds(Terminate, st.sampled_from(["main", "main_ended", "stop_requested", "time_limit"])),
        st.builds(Kill, st.sampled_from(["main", "stop_requested"])),
        st.just("timer"),
    ),
    max_size=8,
)


@given(orders, st.sampled_from([0, 1, 7, -15, -9, -11]), st.one_of(st.none(), st.floats(0.1, 9)))
def test_whatever_is_asked_a_life_has_one_end_and_at_most_one_of_each_signal(
    asked: list[Fact | str], exit_code: int, terminate_after: float | None
) -> None:
    state, commands = begun(replace(PLAN, terminate_after=terminate_after))
    for order in asked:
        fact = Due(state.generation) if isinstance(order, str) else order
        state, more = transition(state, fact, 1)
        commands += more
    state, more = transition(state, End(exit_code, "unreported"), 2)
    commands += more

    assert state.phase is LifePhase.ENDED
    assert reports(commands).count(messages.Exited) == 1
    signals = [command.signal for command in commands if isinstance(command, SendSignal)]
    assert len(signals) == len(set(signals))
    assert state.sent == set(signals)


@pytest.mark.parametrize(
    ("fact", "ended_at", "ended_at_from"),
    [
        (End(0, "return", left_at=2.5), 2.5, "child"),
        (End(1, "exception", left_at=2.5), 2.5, "child"),
        (End(None, "return", left_at=2.5), 2.5, "child"),
        (End(0, "return"), 3.0, "supervisor"),
        (End(0, "unreported"), 3.0, "supervisor"),
        (End(-9, "signal", left_at=2.5), 3.0, "supervisor"),
        (
            End(0, "return", left_at=0.5),
            3.0,
            "supervisor",
        ),  # before its start
        (End(0, "return", left_at=3.5), 3.0, "supervisor"),  # after its end
        (End(0, "return", left_at=math.nan), 3.0, "supervisor"),
    ],
)
def test_an_end_is_when_the_child_says_that_it_left_or_when_it_was_noticed(
    fact: End, ended_at: float, ended_at_from: str
) -> None:
    state, _ = begun(at=1.0)

    _, commands = transition(state, fact, 3.0)

    ended = exited(commands)
    assert (ended.ended_at, ended.ended_at_from) == (ended_at, ended_at_from)
    assert ended.duration == ended_at - 1.0
