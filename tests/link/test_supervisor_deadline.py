"""How long a supervisor may take over a stop."""

from __future__ import annotations

from runner.link.supervisor_deadline import EXIT_FUNCTIONS_S, PATIENCE_S, SILENCE_S, SupervisorDeadline

GRACE_PERIOD_S = 2.0


def patience(*, answered: bool = True) -> SupervisorDeadline:
    """With a supervisor that said something at the moment 1, if anything."""
    made = SupervisorDeadline()
    made.grace_period_s = GRACE_PERIOD_S
    if answered:
        made.hear(1.0)
    return made


def test_only_the_first_request_to_stop_is_the_first() -> None:
    made = patience()

    assert made.ask(3.0)
    assert not made.ask(4.0)


def test_nobody_looks_at_the_clock_while_a_run_goes_on() -> None:
    assert patience().is_endless
    assert not patience(answered=False).is_endless


def test_a_stop_may_take_the_grace_period_and_is_as_good_as_over_when_nothing_is_heard() -> None:
    made = patience()

    made.ask(3.0)

    assert made.ends() == 3.0 + GRACE_PERIOD_S + SILENCE_S
    made.hear(4.0)
    assert made.ends() == 4.0 + GRACE_PERIOD_S + SILENCE_S


def test_a_stop_that_is_pressing_has_no_grace_period() -> None:
    made = patience()
    made.ask(3.0)

    made.ask(4.0)
    made.ask(9.0)  # a third time changes nothing

    assert made.ends() == 4.0 + SILENCE_S


def test_an_import_may_take_its_time_until_a_stop_is_pressing() -> None:
    made = patience(answered=False)

    made.ask(3.0)
    assert made.ends() == float("inf")
    made.ask(4.0)

    assert made.ends() == 4.0 + PATIENCE_S


def test_a_run_that_is_over_leaves_time_to_exit_functions_alone() -> None:
    made = patience()

    made.note_last_message(3.0)
    assert not made.is_endless
    assert made.ends() == 3.0 + SILENCE_S
    assert made.for_its_end_s == PATIENCE_S + EXIT_FUNCTIONS_S
    made.note_supervisor_left(4.0)
    made.note_supervisor_left(9.0)  # looked at again

    assert made.ends() == 4.0 + EXIT_FUNCTIONS_S


def test_a_supervisor_that_leaves_without_a_word_has_time_for_exit_functions_alone() -> None:
    made = patience()

    made.note_supervisor_left(3.0)

    assert not made.is_endless
    assert made.ends() == 3.0 + EXIT_FUNCTIONS_S


def test_who_hears_nothing_of_the_end_has_as_long_as_a_stop_takes() -> None:
    assert patience().for_its_end_s == GRACE_PERIOD_S + SILENCE_S
    assert patience(answered=False).for_its_end_s == PATIENCE_S
