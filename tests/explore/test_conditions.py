"""Conditions, events and barriers, as the model has them."""

from __future__ import annotations

import pytest

from tests.explore.exploring import explored, ways


def test_a_notify_without_a_sleeper_is_lost() -> None:
    text = """
        shared: {c: condition}
        jobs:
          - {name: P, do: [{with: c, do: [{wait: c}]}]}
          - {name: Q, do: [{with: c, do: [{notify: c}]}]}
    """

    assert ways(text) == {"P: 0, Q: 0", "P: wait c, Q: 0"}


def test_which_sleeper_is_woken_is_open() -> None:
    text = """
        shared: {c: condition, ready: {semaphore: 0}}
        jobs:
          - {name: P, do: [{with: c, do: [{release: ready}, {wait: c}]}]}
          - {name: Q, do: [{with: c, do: [{release: ready}, {wait: c}]}]}
          - {name: R, do: [{acquire: ready}, {acquire: ready}, {with: c, do: [{notify: c}]}]}
    """

    assert ways(text) == {"P: 0, Q: wait c, R: 0", "P: wait c, Q: 0, R: 0"}


@pytest.mark.parametrize("step", ["{notify: c, n: 2}", "{notify_all: c}"])
def test_several_sleepers_are_woken_at_once(step: str) -> None:
    text = f"""
        shared: {{c: condition, ready: {{semaphore: 0}}}}
        jobs:
          - {{name: P, replicas: 2, do: [{{with: c, do: [{{release: ready}}, {{wait: c}}]}}]}}
          - {{name: R, do: [{{acquire: ready}}, {{acquire: ready}}, {{with: c, do: [{step}]}}]}}
    """

    assert ways(text) == {"P-0: 0, P-1: 0, R: 0"}


@pytest.mark.parametrize("step", ["wait", "notify", "notify_all"])
def test_a_condition_must_be_acquired_first(step: str) -> None:
    assert ways(f"shared: {{c: condition}}\njobs: [{{name: P, do: [{{{step}: c}}]}}]") == {"P: 1"}


def test_a_wait_releases_the_whole_depth_and_takes_it_back() -> None:
    text = """
        shared: {c: condition}
        jobs:
          - name: P
            do: [{with: c, do: [{with: c, do: [{wait: c, timeout: 1, as: came}]}, {acquire: c}]}, {exit: $came}]
          - {name: Q, do: [{with: c, do: [{notify: c}]}, {with: c, do: [{print: x}]}]}
    """

    assert ways(text) == {"P: 0, Q: 0", "P: 1, Q: 0", "P: 0, Q: acquire c", "P: 1, Q: acquire c"}


def test_a_sleeper_that_is_killed_still_counts() -> None:
    text = """
        shared: {c: condition, ready: {semaphore: 0}}
        jobs:
          - {name: P, do: [{with: c, do: [{release: ready}, {wait: c}]}], expect: {outcome: killed}}
          - {name: Q, do: [{with: c, do: [{notify_all: c}]}]}
        main: [{start: P}, {acquire: ready}, {kill: P}, {join: P}, {start: Q}, {join: Q}]
    """

    assert ways(text) == {"P: -9, Q: notify c", "P: -9, Q: acquire c"}


def test_a_wake_up_may_come_too_late_for_a_sleeper_whose_time_is_over() -> None:
    text = """
        shared: {c: condition}
        jobs:
          - {name: P, do: [{with: c, do: [{wait: c, timeout: 1, as: came}]}, {exit: $came}]}
          - {name: Q, do: [{with: c, do: [{notify: c}]}]}
    """

    assert ways(text) == {"P: 0, Q: 0", "P: 1, Q: 0"}


def test_an_event_that_is_set_is_not_waited_for() -> None:
    assert ways("shared: {e: {event: true}}\njobs: [{name: P, do: [{wait: e}]}]") == {"P: 0"}


def test_an_event_wakes_all_that_wait() -> None:
    text = """
        shared: {e: event}
        jobs:
          - {name: P, replicas: 2, do: [{wait: e, as: came}, {exit: $came}]}
          - {name: Q, do: [{set: e}]}
    """

    assert ways(text) == {"P-0: 1, P-1: 1, Q: 0"}


def test_an_event_that_is_cleared_before_the_sleeper_looks_gives_false_without_a_timeout() -> None:
    text = """
        shared: {e: event}
        jobs:
          - {name: P, do: [{wait: e, as: came}, {exit: $came}]}
          - {name: Q, do: [{set: e}, {clear: e}]}
    """

    assert ways(text) == {"P: 0, Q: 0", "P: 1, Q: 0", "P: wait e, Q: 0"}


def test_a_wait_for_an_event_can_time_out() -> None:
    text = "shared: {e: event}\njobs: [{name: P, do: [{wait: e, timeout: 1, as: came}, {exit: $came}]}]"

    assert ways(text) == {"P: 0"}


def test_set_keeps_the_lock_until_all_are_awake() -> None:
    text = """
        shared: {e: event, ready: {semaphore: 0}}
        jobs:
          - {name: P, do: [{release: ready}, {wait: e}]}
          - {name: Q, do: [{set: e}]}
          - {name: R, do: [{wait: e}]}
        main: [{start: P}, {acquire: ready}, {kill: P}, {join: P}, {start: Q}, {start: R}, {join: Q}, {join: R}]
    """

    assert "P: -9, Q: notify e, R: enter e" in ways(text)


@pytest.mark.parametrize(("thing", "step"), [("event", "{wait: e}"), ("{barrier: 1}", "{wait: e}")])
def test_a_process_killed_inside_an_event_or_a_barrier_leaves_the_lock_inside_taken(thing: str, step: str) -> None:
    text = f"""
        shared: {{e: {thing}}}
        jobs:
          - {{name: P, terminate_after: 1, do: [{step}]}}
          - {{name: Q, do: [{step}]}}
    """

    ends = explored(text).ends

    assert {end.ended["P"].held for end in ends if str(end.waiting.get("Q")) == "enter e"} == {("inside e",)}
    assert {end.orphaned for end in ends if str(end.waiting.get("Q")) == "enter e"} == {("e",)}


def test_a_barrier_opens_when_all_have_come() -> None:
    assert ways("shared: {b: {barrier: 2}}\njobs: [{name: P, replicas: 2, do: [{wait: b}]}]") == {"P-0: 0, P-1: 0"}
    assert ways("shared: {b: {barrier: 2}}\njobs: [{name: P, do: [{wait: b}]}]") == {"P: wait b"}
    assert ways("shared: {b: {barrier: 1}}\njobs: [{name: P, do: [{wait: b, as: place}, {exit: $place}]}]") == {"P: 0"}


def test_a_barrier_gives_each_process_its_place() -> None:
    text = "shared: {b: {barrier: 2}}\njobs: [{name: P, replicas: 2, do: [{wait: b, as: place}, {exit: $place}]}]"

    assert ways(text) == {"P-0: 0, P-1: 1", "P-0: 1, P-1: 0"}


def test_a_barrier_fills_again_only_when_the_last_process_has_left() -> None:
    text = "shared: {b: {barrier: 2}}\njobs: [{name: P, replicas: 2, do: [{repeat: 2, do: [{wait: b}]}]}]"

    assert ways(text) == {"P-0: 0, P-1: 0"}


def test_a_barrier_draws_the_first_ones_of_more_processes() -> None:
    text = "shared: {b: {barrier: 2}}\njobs: [{name: P, replicas: 3, do: [{wait: b}]}]"

    assert ways(text) == {
        "P-0: wait b, P-1: 0, P-2: 0",
        "P-0: 0, P-1: wait b, P-2: 0",
        "P-0: 0, P-1: 0, P-2: wait b",
    }


def test_a_timeout_breaks_a_barrier_for_ever() -> None:
    text = """
        shared: {b: {barrier: 2}}
        jobs:
          - {name: P, do: [{wait: b, timeout: 1}]}
          - {name: Q, do: [{sleep: 1}, {wait: b}]}
    """

    assert ways(text) == {"P: 0, Q: 0", "P: 1, Q: 1"}


def test_a_broken_barrier_refuses_a_process_that_comes_later() -> None:
    text = """
        shared: {b: {barrier: 3}, ready: {semaphore: 0}}
        jobs:
          - {name: P, do: [{wait: b, timeout: 1}]}
          - {name: Q, do: [{wait: b}]}
        main: [{start: P}, {join: P}, {start: Q}, {join: Q}]
    """

    assert ways(text) == {"P: 1, Q: 1"}


def test_processes_that_wait_for_a_notify_of_each_other_stand_still_in_no_circle() -> None:
    (end,) = explored("shared: {e: event}\njobs: [{name: P, replicas: 2, do: [{wait: e}, {set: e}]}]").ends

    assert end.circles == ()
    assert {str(wait) for wait in end.waiting.values()} == {"wait e", "join P-0"}
    assert str(end).startswith("standstill: ")
