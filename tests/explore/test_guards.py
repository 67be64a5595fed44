"""Locks, semaphores and rlocks, as the model has them."""

from __future__ import annotations

from tests.explore.exploring import explored, ways


def test_a_lock_that_is_acquired_twice_is_waited_for() -> None:
    assert ways("shared: {g: lock}\njobs: [{name: P, do: [{acquire: g}, {acquire: g}]}]") == {"P: acquire g"}


def test_a_timeout_is_over_only_where_the_step_cannot_proceed() -> None:
    free = "shared: {g: lock}\njobs: [{name: P, do: [{acquire: g, timeout: 1, as: took}, {exit: $took}]}]"
    taken = (
        "shared: {g: lock}\njobs: [{name: P, do: [{acquire: g}, {acquire: g, timeout: 1, as: took}, {exit: $took}]}]"
    )

    assert ways(free) == {"P: 1"}
    assert ways(taken) == {"P: 0"}


def test_any_process_may_release_a_lock() -> None:
    text = """
        shared: {g: lock}
        jobs:
          - {name: P, do: [{acquire: g}, {acquire: g}]}
          - {name: Q, do: [{release: g}]}
    """

    assert ways(text) == {"P: 0, Q: 0", "P: acquire g, Q: 1"}


def test_a_lock_has_one_permit_at_most() -> None:
    assert ways("shared: {g: lock}\njobs: [{name: P, do: [{release: g}]}]") == {"P: 1"}


def test_a_bounded_semaphore_has_at_most_the_permits_that_it_began_with() -> None:
    text = "shared: {g: {bounded_semaphore: 2}}\njobs: [{name: P, do: [{acquire: g}, {release: g}, {release: g}]}]"

    assert ways(text) == {"P: 1"}


def test_a_semaphore_has_no_bound() -> None:
    text = (
        "shared: {g: {semaphore: 0}}\njobs: [{name: P, do: [{release: g}, {release: g}, {acquire: g}, {acquire: g}]}]"
    )

    assert ways(text) == {"P: 0"}


def test_an_rlock_may_be_acquired_again_by_its_owner() -> None:
    text = """
        shared: {g: rlock}
        jobs:
          - {name: P, do: [{acquire: g}, {acquire: g}, {release: g}, {release: g}]}
          - {name: Q, do: [{acquire: g}, {release: g}]}
    """

    assert ways(text) == {"P: 0, Q: 0"}


def test_an_rlock_is_free_only_when_it_is_released_as_often_as_acquired() -> None:
    text = """
        shared: {g: rlock}
        jobs:
          - {name: P, do: [{acquire: g}, {acquire: g}, {release: g}]}
          - {name: Q, do: [{acquire: g}, {release: g}]}
    """

    assert ways(text) == {"P: 0, Q: 0", "P: 0, Q: acquire g"}


def test_an_rlock_that_another_process_has_cannot_be_released() -> None:
    text = """
        shared: {g: rlock}
        jobs:
          - {name: P, do: [{acquire: g}]}
          - {name: Q, do: [{release: g}]}
    """

    assert ways(text) == {"P: 0, Q: 1"}


def test_with_releases_from_the_inside_out_when_an_exception_is_raised() -> None:
    text = """
        shared: {a: lock, b: lock}
        jobs:
          - {name: P, do: [{with: a, do: [{with: b, do: [{raise: ValueError}]}]}]}
          - {name: Q, do: [{with: a, do: [{acquire: b, timeout: 1, as: took}, {release: b}]}, {exit: $took}]}
    """

    assert ways(text) == {"P: 1, Q: 1"}


def test_a_release_that_fails_replaces_the_error_and_the_exit_code() -> None:
    text = "shared: {a: lock, b: lock}\njobs: [{name: P, do: [{with: a, do: [{release: a}, {exit: 3}]}]}]"

    assert ways(text) == {"P: 1"}


def test_processes_that_take_two_locks_in_opposite_orders_can_wait_for_each_other() -> None:
    text = """
        shared: {a: lock, b: lock}
        jobs:
          - {name: P, do: [{with: a, do: [{with: b, do: [{print: x}]}]}]}
          - {name: Q, do: [{with: b, do: [{with: a, do: [{print: x}]}]}]}
    """

    found = explored(text)

    assert {end.circles for end in found.ends} == {(), (("P", "Q"),)}
    assert any(str(end).startswith("deadlock: ") for end in found.ends)
    assert found.may_deadlock
    assert found.can_go_on
    assert found.may_wait_for_ever


def test_a_process_that_died_with_a_lock_is_named_with_it() -> None:
    text = """
        shared: {g: lock}
        jobs:
          - {name: P, do: [{acquire: g}, {crash: SIGKILL}]}
          - {name: Q, do: [{acquire: g}, {exit: 3}]}
    """

    found = explored(text)

    assert {end.ended["P"].held for end in found.ends if "P" in end.ended} == {("g",)}
    assert {end.orphaned for end in found.ends} == {("g",)}
    assert {str(end) for end in found.ends} == {
        "dead holder: P=-9, Q=waits(acquire g), MainProcess=waits(join Q)",
        "dead holder: P=waits(acquire g), Q=3, MainProcess=waits(join P)",
    }


def test_a_lock_that_another_process_released_is_in_the_hands_of_none() -> None:
    text = """
        shared: {g: lock}
        jobs:
          - {name: P, do: [{acquire: g}]}
          - {name: Q, do: [{sleep: 1}, {release: g}]}
    """

    assert {end.ended["P"].held for end in explored(text).ends} == {("g",), ()}


def test_the_guard_of_a_condition_and_of_a_value_is_an_rlock() -> None:
    for thing in ("condition", "{value: 0}"):
        text = f"shared: {{g: {thing}}}\njobs: [{{name: P, do: [{{with: g, do: [{{with: g, do: [{{print: x}}]}}]}}]}}]"

        assert ways(text) == {"P: 0"}
