"""Queues, as the model has them: room, buffers, feeders, a pipe, and two locks with which a process can die."""

from __future__ import annotations

import pytest

from runner.explore import Unmodelled, explore
from tests.describe.describing import plan_of
from tests.explore.exploring import explored, values, ways


def test_items_come_in_the_order_in_which_a_process_put_them() -> None:
    text = """
        shared: {q: {queue: 0}}
        jobs:
          - {name: P, do: [{put: 1, into: q}, {put: 2, into: q}]}
          - {name: Q, do: [{get: q, as: first}, {get: q, as: second}, {exit: $second}]}
    """

    assert ways(text) == {"P: 0, Q: 2"}


def test_items_of_two_processes_come_in_any_order() -> None:
    text = "shared: {q: {queue: 0}}\njobs: [{name: P, replicas: 2, do: [{put: [$name, 1], into: q}]}]"

    assert values(text, "q") == [[["P-0", 1], ["P-1", 1]], [["P-1", 1], ["P-0", 1]]]


def test_a_get_waits_for_an_item() -> None:
    assert ways("shared: {q: {queue: 0}}\njobs: [{name: P, do: [{get: q}]}]") == {"P: get q"}


def test_a_get_whose_time_is_over_raises() -> None:
    for size in (0, 1):
        assert ways(f"shared: {{q: {{queue: {size}}}}}\njobs: [{{name: P, do: [{{get: q, timeout: 1}}]}}]") == {"P: 1"}


def test_a_get_with_a_timeout_gets_what_there_is_or_raises_before_it_is_sent() -> None:
    text = """
        shared: {q: {queue: 1}}
        jobs: [{name: P, do: [{put: 7, into: q}, {get: q, timeout: 1, as: item}, {put: 8, into: q}, {exit: $item}]}]
    """

    assert ways(text) == {"P: 7", "P: 1"}


def test_a_get_with_a_timeout_waits_for_the_process_that_has_the_lock_for_reading() -> None:
    text = """
        shared: {q: {queue: 0}}
        jobs:
          - {name: P, do: [{get: q}]}
          - {name: Q, do: [{get: q, timeout: 1}]}
    """

    assert ways(text) == {"P: get q, Q: 1"}


def test_a_full_queue_is_waited_for() -> None:
    text = "shared: {q: {queue: 1}}\njobs: [{name: P, do: [{put: 1, into: q}, {put: 2, into: q}]}]"

    assert ways(text) == {"P: put q"}
    assert ways(text.replace("{put: 2, into: q}", "{put: 2, into: q, timeout: 1}")) == {"P: 1"}
    assert ways(text.replace("{put: 2", "{get: q}, {put: 2")) == {"P: 0"}


def test_a_process_that_ends_by_itself_has_sent_all() -> None:
    text = "shared: {q: {queue: 0}}\njobs: [{name: P, do: [{put: 1, into: q}, {put: 2, into: q}, {raise: ValueError}]}]"

    assert values(text, "q") == [[1, 2]]


def test_a_signal_loses_what_is_not_sent() -> None:
    text = "shared: {q: {queue: 0}}\njobs: [{name: P, do: [{put: 1, into: q}, {put: 2, into: q}, {crash: SIGKILL}]}]"

    assert values(text, "q") == [[1, 2], [1], []]
    assert {(str(end.value("q")).startswith("[1"), end.ended["P"].unsent) for end in explored(text).ends} == {
        (True, ()),
        (True, (("q", 1),)),
        (False, (("q", 2),)),
    }


def test_a_signal_may_leave_the_lock_for_writing_taken() -> None:
    text = """
        shared: {q: {queue: 0}}
        jobs:
          - {name: P, do: [{put: 1, into: q}, {crash: SIGKILL}]}
          - {name: Q, do: [{put: 2, into: q}]}
        main: [{start: P}, {join: P}, {start: Q}, {join: Q}]
    """

    found = explored(text)

    assert {str(end.waiting.get("Q")) for end in found.ends} == {"None", "flush q"}
    assert {end.orphaned for end in found.ends if end.waiting} == {("q",)}
    assert {end.ended["P"].held for end in found.ends if end.waiting} == {("writing q",)}


def test_room_that_a_process_took_dies_with_it() -> None:
    text = """
        shared: {q: {queue: 1}}
        jobs:
          - {name: P, do: [{put: 1, into: q}, {crash: SIGKILL}]}
          - {name: Q, do: [{get: q}, {put: 2, into: q}]}
          - {name: R, do: [{put: 3, into: q}]}
        main: [{start: P}, {join: P}, {start: Q}, {start: R}, {join: Q}, {join: R}]
    """

    assert "P: -9, Q: get q, R: put q" in ways(text)


def test_a_process_killed_in_get_leaves_the_lock_for_reading_taken() -> None:
    text = """
        shared: {q: {queue: 0}}
        jobs:
          - {name: P, terminate_after: 1, do: [{get: q}]}
          - {name: Q, do: [{put: 1, into: q}, {get: q}]}
    """

    found = explored(text)

    assert {end.orphaned for end in found.ends} == {(), ("q",)}
    assert {end.ended["P"].held for end in found.ends if end.orphaned} == {("reading q",)}


def test_an_item_may_be_gone_with_a_process_that_was_killed_before_it_gave_the_room_back() -> None:
    text = """
        shared: {q: {queue: 1}}
        jobs:
          - {name: P, do: [{get: q}]}
          - {name: Q, do: [{put: 1, into: q}, {put: 2, into: q}]}
        main: [{start: P}, {start: Q}, {kill: P}, {join: P}, {join: Q}]
    """

    assert "P: -9, Q: put q" in ways(text)


def test_a_joinable_queue_is_joined_when_all_is_done() -> None:
    text = """
        shared: {q: {joinable_queue: 0}}
        jobs:
          - {name: P, do: [{put: 1, into: q}, {put: 1, into: q}, {join_queue: q}]}
          - {name: Q, do: [{repeat: 2, do: [{get: q}, {task_done: q}]}]}
    """

    assert ways(text) == {"P: 0, Q: 0"}
    assert ways(text.replace("repeat: 2", "repeat: 1")) == {"P: join_queue q, Q: 0"}


def test_a_join_does_not_check_again_after_its_wake_up() -> None:
    text = """
        shared: {q: {joinable_queue: 0}}
        jobs:
          - {name: P, do: [{put: 1, into: q}, {join_queue: q}, {exit: 3}]}
          - {name: Q, do: [{get: q}, {task_done: q}, {put: 2, into: q}]}
    """

    assert "P: 3, Q: 0" in ways(text)


def test_more_is_done_than_was_put() -> None:
    assert ways("shared: {q: {joinable_queue: 0}}\njobs: [{name: P, do: [{task_done: q}]}]") == {"P: 1"}


def test_a_process_killed_in_put_leaves_the_inner_lock_of_a_joinable_queue_taken() -> None:
    text = """
        shared: {q: {joinable_queue: 0}}
        jobs:
          - {name: P, terminate_after: 1, do: [{put: 1, into: q}]}
          - {name: Q, do: [{put: 1, into: q}]}
    """

    assert ways(text) == {"P: -15, Q: 0", "P: 0, Q: 0", "P: -15, Q: put q", "P: -15, Q: flush q"}


def test_more_than_a_pipe_holds_is_refused() -> None:
    text = "shared: {q: {queue: 0}}\njobs: [{name: P, do: [{repeat: 2_000, do: [{put: 1, into: q}]}]}]"

    with pytest.raises(Unmodelled, match="more items than the pipe of q certainly holds"):
        explore(plan_of(text))
