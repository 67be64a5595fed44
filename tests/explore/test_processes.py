"""Processes and main, signals, values and what is refused, as the model has them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.explore import TooManyStates, Unmodelled, explore
from tests.describe.describing import plan_of
from tests.explore.exploring import explored, mains_ways, values, ways
from tests.programs import PROFILES, program

FEW_STATES = 2_000


@settings(max_examples=30)
@given(st.sampled_from(sorted(PROFILES)), st.integers(0, 100_000))
def test_the_reduced_search_finds_the_ends_of_the_plain_one(profile: str, seed: int) -> None:
    plan = plan_of(program(seed, profile))

    try:
        plain = explore(plan, reduced=False, most_states=FEW_STATES)
    except TooManyStates:
        return
    assert explore(plan, most_states=FEW_STATES).ends == plain.ends


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("{print: x}", 0),
        ("{spin: 1}", 0),
        ("{exit: 3}", 3),
        ("{exit: 256}", 0),
        ("{exit: no}", 1),
        ("{raise: ValueError, message: no}", 1),
        ("{return: 3}", 0),
        ("{crash: SIGSEGV}", -11),
    ],
)
def test_a_process_ends_as_its_step_says(step: str, code: int) -> None:
    assert ways(f"jobs: [{{name: P, do: [{step}, hang]}}]" if code else f"jobs: [{{name: P, do: [{step}]}}]") == {
        f"P: {code}"
    }


def test_a_process_that_hangs_waits_for_ever() -> None:
    assert ways("jobs: [{name: P, do: [hang]}]") == {"P: hang"}


def test_a_process_with_a_time_of_its_own_may_be_ended_at_any_moment() -> None:
    text = "shared: {v: {raw_value: 0}}\njobs: [{name: P, terminate_after: 1, do: [{write: 1, to: v}]}]"

    assert ways(text) == {"P: 0", "P: -15"}
    assert values(text, "v") == [0, 1]
    assert ways(text.replace("terminate_after", "timeout")) == {"P: 0", "P: -15"}


def test_a_process_that_waits_is_ended_by_its_timer_in_any_case() -> None:
    text = "shared: {e: event}\njobs: [{name: P, terminate_after: 1, do: [{wait: e}]}]"

    assert ways(text) == {"P: -15"}


@pytest.mark.parametrize(("order", "code"), [("terminate", -15), ("kill", -9)])
def test_a_signal_comes_at_any_moment_after_it_was_sent(order: str, code: int) -> None:
    text = f"jobs: [{{name: P, do: [{{print: x}}]}}]\nmain: [{{start: P}}, {{{order}: P}}, {{join: P}}]"

    assert ways(text) == {f"P: {code}", "P: 0"}


def test_of_two_signals_either_may_come_first() -> None:
    text = "jobs: [{name: P, do: [hang]}]\nmain: [{start: P}, {terminate: P}, {kill: P}, {terminate: P}, {join: P}]"

    assert ways(text) == {"P: -15", "P: -9"}


def test_the_end_of_main_terminates_daemons() -> None:
    text = "jobs: [{name: P, daemon: true, do: [hang]}, {name: Q, do: [{print: x}]}]\nmain: [{start: all}, {join: Q}]"

    assert ways(text) == {"P: -15, Q: 0"}


def test_a_daemon_that_main_joins_is_not_terminated() -> None:
    assert ways("jobs: [{name: P, daemon: true, do: [{print: x}]}]\nmain: [{start: P}, {join: P}]") == {"P: 0"}


def test_main_waits_where_it_joins_and_goes_on_when_the_time_is_over() -> None:
    text = "jobs: [{name: P, do: [hang]}]\nmain: [{start: P}, {show: P}, {sleep: 1}, {join: P}]"

    assert mains_ways(text) == {"join P"}
    assert mains_ways(text.replace("{join: P}", "{join: P, timeout: 1}")) == {"0"}


def test_main_acts_on_shared_things_and_ends_where_that_fails() -> None:
    text = """
        shared: {g: lock}
        jobs: [{name: P, do: [{print: x}]}, {name: Q, do: [{print: x}]}]
        main: [{start: P}, {release: g}, {start: Q}, {join: P}, {join: Q}]
    """

    assert ways(text) == {"P: 0, Q: None"}
    assert mains_ways(text) == {"1"}
    assert "Q=never started" in str(next(iter(explored(text).ends)))


def test_main_may_exit_and_what_it_has_put_is_sent_nevertheless() -> None:
    text = """
        shared: {q: {queue: 0}}
        jobs: [{name: P, do: [{get: q, as: item}, {exit: $item}]}]
        main: [{start: P}, {put: 5, into: q}, {exit: 2}]
    """

    assert ways(text) == {"P: 5"}
    assert mains_ways(text) == {"2"}


def test_replicas_that_main_joins_one_after_the_other_are_not_exchanged() -> None:
    text = """
        shared: {s: {semaphore: 1}, t: {semaphore: 0}}
        jobs: [{name: P, replicas: 2, do: [{acquire: s}, {acquire: t}]}]
        main: [{start: P}, {join: P-0}, {release: t}, {join: P-1}]
    """

    assert mains_ways(text) == {"join P-0"}
    assert ways(text) == {"P-0: acquire t, P-1: acquire s", "P-0: acquire s, P-1: acquire t"}


def test_an_addition_reads_and_writes_the_number_at_two_moments() -> None:
    for thing in ("{value: 0}", "{raw_value: 0}"):
        assert values(f"shared: {{v: {thing}}}\njobs: [{{name: P, replicas: 2, do: [{{add: 1, to: v}}]}}]", "v") == [
            1,
            2,
        ]


def test_an_addition_under_a_guard_loses_nothing() -> None:
    text = """
        shared: {g: lock, v: {value: 0}}
        jobs: [{name: P, replicas: 3, do: [{with: g, do: [{add: 1, to: v, times: 2}]}]}]
    """

    assert values(text, "v") == [6]


def test_a_number_that_is_printed_or_put_takes_its_lock() -> None:
    text = """
        shared: {v: {value: 4}, q: {queue: 0}}
        jobs:
          - {name: P, do: [{acquire: v}, {crash: SIGKILL}]}
          - {name: Q, do: [STEP]}
        main: [{start: P}, {join: P}, {start: Q}, {join: Q}]
    """

    for step in ("{print: $v}", "{put: $v, into: q}", "{exit: $v}", "{raise: ValueError, message: $v}", "{return: $v}"):
        assert ways(text.replace("STEP", step)) == {"P: -9, Q: acquire v"}
    assert ways(text.replace("STEP", "{exit: $v}").replace("{acquire: v}", "{print: x}")) == {"P: -9, Q: 4"}


def test_what_does_not_fit_a_number_raises_and_the_lock_is_released() -> None:
    for thing in ("{value: 0}", "{raw_value: 0}"):
        text = f"""
            shared: {{v: {thing}, q: {{queue: 0}}}}
            jobs: [{{name: P, do: [{{put: no, into: q}}, {{get: q, as: x}}, {{add: $x, to: v}}]}}]
        """

        assert ways(text) == {"P: 1"}
        assert values(text, "v") == [0]


def test_a_written_number_is_what_the_type_makes_of_it() -> None:
    text = "shared: {v: {value: 0, dtype: int8}}\njobs: [{name: P, do: [{write: 100, to: v}, {add: 100, to: v}]}]"

    assert values(text, "v") == [-56]


def test_rounds_of_a_loop_have_numbers() -> None:
    text = """
        shared: {q: {queue: 0}}
        jobs: [{name: P, do: [{repeat: 2, as: i, do: [{put: "$i", into: q}]}, {repeat: 2, do: [{print: x}]}]}]
    """

    assert values(text, "q") == [[0, 1]]


def test_what_a_name_stands_for_may_be_used_several_times() -> None:
    text = """
        shared: {q: {queue: 0}}
        jobs:
          - {name: P, do: [{put: 5, into: q}, {get: q, as: i}, {put: "$i", into: q}, {print: $i}, {exit: $i}]}
    """

    assert ways(text) == {"P: 5"}
    assert values(text, "q") == [[5]]


def test_replicas_may_be_started_later() -> None:
    text = """
        shared: {s: {semaphore: 0}}
        jobs: [{name: P, do: [{release: s}]}, {name: Q, replicas: 2, do: [{print: x}]}]
        main: [{start: P}, {acquire: s}, {start: Q}, {join: Q}]
    """

    assert ways(text) == {"P: 0, Q-0: 0, Q-1: 0"}


def test_a_name_may_be_given_again() -> None:
    text = """
        shared: {q: {queue: 0}}
        jobs:
          - name: P
            do:
              - {repeat: 1, as: i, do: [{put: 5, into: q}, {get: q, as: i}]}
              - {put: "$i", into: q}
              - {put: 6, into: q}
              - {get: q, as: i}
              - {get: q, as: j}
              - {exit: $j}
    """

    assert ways(text) == {"P: 6"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jobs: [{name: P, target: sleep}]", "P: a target can do anything"),
        ("jobs: [{name: P, class: a:B}]", "P: a class can do anything"),
        ("jobs: [{name: P, on_terminate: unwind, do: [hang]}]", "P: on_terminate: unwind"),
        ("jobs: [{name: P, limits: {open_files: 100}, do: [hang]}]", "P: limits"),
        ("jobs: [{name: P, do: [{child: C, do: [hang]}]}]", "P: child: a process of its own"),
        ("jobs: [{name: P, do: [{repeat: 2, do: [{ignore: SIGTERM}]}]}]", "P: ignore: an ignored signal"),
        ("shared: {l: {list: []}}\njobs: [{name: P, do: [{print: x}]}]", "l: list is not modelled"),
        ("shared: {a: {array: 2}}\njobs: [{name: P, do: [{print: x}]}]", "a: array is not modelled"),
        ("jobs: [{name: P, do: [{exit: $pid}]}]", "P: \\$pid is not modelled"),
        (
            "shared: {g: lock}\njobs: [{name: P, do: [{repeat: 60_000, do: [{with: g, do: [{print: x}]}]}]}]",
            "more than 100,000 actions of P",
        ),
    ],
)
def test_what_is_not_modelled_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(Unmodelled, match=said):
        explore(plan_of(text))


def test_too_many_states_are_refused() -> None:
    plan = plan_of("shared: {v: {value: 0}}\njobs: [{name: P, replicas: 3, do: [{repeat: 3, do: [{add: 1, to: v}]}]}]")

    with pytest.raises(TooManyStates, match="100"):
        explore(plan, most_states=100)


def test_the_reductions_find_the_same_with_fewer_states() -> None:
    text = """
        shared: {room: {semaphore: 2}, items: {semaphore: 0}, door: lock}
        jobs:
          - {name: P, replicas: 2, do: [{acquire: room}, {with: door, do: [{print: x}]}, {release: items}]}
          - {name: C, replicas: 2, do: [{acquire: items}, {with: door, do: [{print: x}]}, {release: room}]}
    """

    plan = plan_of(text)

    assert explore(plan).states * 20 < explore(plan, reduced=False).states
    assert explore(plan).ends == explore(plan, reduced=False).ends
