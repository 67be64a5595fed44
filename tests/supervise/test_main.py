"""Main's steps, without a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.model import messages
from runner.model.plan import Act, Join, Kill, Show, Sleep, Start, Terminate
from runner.supervise.core.commands import Report, SetTimer
from runner.supervise.core.main import (
    MAX_REQUESTS,
    Acting,
    Ended,
    Joining,
    Main,
    Ready,
    Sleeping,
    fire,
    pass_over_unstarted,
    proceed,
    see_act_done,
    see_end,
)
from runner.supervise.core.process import Phase
from runner.supervise.core.timers import MainTimer

if TYPE_CHECKING:
    from runner.model.json_types import Error

ENDED = Report(messages.MainEnded(0, 0, None))


def running(_: int) -> Phase:
    return Phase.RUNNING


def planned(_: int) -> Phase:
    return Phase.PLANNED


@pytest.mark.parametrize("step", [Start(0), Terminate(0), Kill(0), Show(0, "BEFORE")])
def test_an_order_goes_out_as_it_is_and_main_stays_ready(step: Start | Terminate | Kill | Show) -> None:
    main, commands = proceed(Main((step,)), 0, planned)

    assert commands == [step]
    assert main.phase == Ready()


def test_a_sleep_ends_with_its_timer() -> None:
    main, commands = proceed(Main((Sleep(1.5),)), 0, running)

    assert commands == [SetTimer(MainTimer(1), 1.5)]
    assert main.phase == Sleeping(1, 1.5)
    main, commands = fire(main, 1, 2.5)
    assert main.phase == Ready()
    assert commands == [Report(messages.MainSlept(2.5, 1.5))]


def test_a_join_waits_for_the_processs_end_and_tells_for_how_long() -> None:
    main, commands = proceed(Main((Join(3),)), 10, running)

    assert commands == []
    assert main.phase == Joining(3, None, 1, 10)
    assert see_end(main, 2, 11) == (main, [])
    main, commands = see_end(main, 3, 12.5)
    assert main.phase == Ready()
    assert commands == [Report(messages.Joined(12.5, 3, 2.5))]


def test_a_join_timeout_lets_main_go_on() -> None:
    main, commands = proceed(Main((Join(3, 2.0),)), 10, running)
    assert commands == [SetTimer(MainTimer(1), 2.0)]

    main, commands = fire(main, 1, 12.0)

    assert main.phase == Ready()
    assert commands == [Report(messages.JoinTimedOut(12.0, 3, 2.0))]


def test_the_timer_of_a_join_that_is_over_is_void() -> None:
    main, _ = proceed(Main((Join(3, 2.0), Join(4, 2.0))), 10, running)
    main, _ = see_end(main, 3, 11)
    main, _ = proceed(main, 11, running)

    assert fire(main, 1, 12) == (main, [])


def test_joining_what_has_ended_takes_no_time() -> None:
    main, commands = proceed(Main((Join(0),)), 10, lambda _: Phase.ENDED)

    assert main.phase == Ready()
    assert commands == [Report(messages.Joined(10, 0, 0.0))]


def test_joining_what_could_not_be_started_is_passed_over() -> None:
    main, commands = proceed(Main((Join(0),)), 10, lambda _: Phase.UNSTARTED)

    assert main.phase == Ready()
    assert commands == []


def test_main_ends_after_its_last_step() -> None:
    main, commands = proceed(Main(()), 0, running)

    assert main.phase == Ended()
    assert commands == [ENDED]


def test_what_main_does_with_shared_things_is_done_by_its_hand_and_waited_for() -> None:
    step = Act({"step": "set", "thing": {"ref": "start"}})

    main, commands = proceed(Main((step,)), 0, running)

    assert (main.phase, commands) == (Acting(), [step])
    assert see_act_done(main, None, None, 1) == (Main((step,), 1, Ready()), [])


ERROR: Error = {"type": "Empty", "message": "", "traceback": None}


@pytest.mark.parametrize(
    ("exit_code", "error", "ends_with"), [(3, None, 3), (0, None, 0), (None, ERROR, 1), (None, None, None)]
)
def test_main_ends_with_what_its_hand_leaves_with_or_raises(
    exit_code: int | None, error: Error | None, ends_with: int | None
) -> None:
    main, _ = proceed(Main((Act({}), Sleep(1))), 0, running)

    main, commands = see_act_done(main, exit_code, error, 1)

    if ends_with is None:
        assert (main.phase, commands) == (Ready(), [])
    else:
        assert main.phase == Ended(ends_with)
        assert commands == [Report(messages.MainEnded(1, ends_with, error))]


def test_a_waiting_main_cannot_go_on() -> None:
    main, _ = proceed(Main((Sleep(1),)), 0, running)

    with pytest.raises(AssertionError, match="cannot go on"):
        proceed(main, 0, running)


@pytest.mark.parametrize("number", [2, MAX_REQUESTS - 1, MAX_REQUESTS])
def test_starts_in_a_row_are_taken_in_one_turn(number: int) -> None:
    starts = tuple(map(Start, range(number)))

    main, commands = proceed(Main((*starts, Kill(0))), 0, planned)

    assert commands == list(starts)
    assert (main.phase, main.position) == (Ready(), number)


def test_of_more_starts_than_go_into_a_turn_the_rest_wait_for_the_next() -> None:
    starts = tuple(map(Start, range(MAX_REQUESTS + 1)))

    main, first = proceed(Main(starts), 0, planned)
    main, second = proceed(main, 0, planned)
    main, last = proceed(main, 0, planned)

    assert (first, second) == (list(starts[:-1]), [starts[-1]])
    assert (main.phase, last) == (Ended(), [ENDED])


def test_a_row_of_starts_ends_at_any_other_step() -> None:
    main, first = proceed(Main((Start(0), Start(1), Terminate(0), Start(2))), 0, planned)
    main, second = proceed(main, 0, planned)
    _, third = proceed(main, 0, planned)

    assert [first, second, third] == [[Start(0), Start(1)], [Terminate(0)], [Start(2)]]


def test_the_timer_of_a_sleep_that_is_over_is_void() -> None:
    main, _ = proceed(Main((Sleep(1), Sleep(1))), 0, running)
    main, _ = fire(main, 1, 12)
    main, commands = proceed(main, 1, running)

    assert commands == [SetTimer(MainTimer(2), 1)]
    assert fire(main, 1, 12) == (main, [])
    assert fire(main, 2, 12)[0].phase == Ready()


def test_an_end_or_a_timer_that_main_does_not_wait_for_changes_nothing() -> None:
    ready = Main((Sleep(1),))
    sleeping, _ = proceed(ready, 0, running)

    assert fire(ready, 0, 12) == (ready, [])
    assert see_end(ready, 0, 1) == (ready, [])
    assert see_end(sleeping, 0, 1) == (sleeping, [])
    assert fire(Main((), phase=Ended()), 0, 12) == (Main((), phase=Ended()), [])


@pytest.mark.parametrize("phase", list(Phase))
def test_a_join_waits_no_more_for_what_will_never_be_started(phase: Phase) -> None:
    main, _ = proceed(Main((Join(0), Sleep(1))), 0, planned)

    main = pass_over_unstarted(main, lambda _: phase)

    assert isinstance(main.phase, Ready if phase is Phase.UNSTARTED else Joining)
    assert pass_over_unstarted(Main((Join(0),)), lambda _: Phase.UNSTARTED) == Main((Join(0),))
