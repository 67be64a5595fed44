"""Processes that share something are in one group of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.plan import Plan, ProcessPlan
from runner.model.shared_things import SharedLock
from tests.describe.describing import plan_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def plan_with(*used: Sequence[str]) -> Plan:
    """A plan in which each process gets these shared things as arguments."""
    processes = tuple(
        ProcessPlan(f"p{number}", "j", target="m:f", args=tuple({"ref": name} for name in names))
        for number, names in enumerate(used)
    )
    return Plan("f", "fork", processes, (), (), shared=tuple(map(SharedLock, "abcdef")))


@pytest.mark.parametrize(
    ("used", "groups"),
    [
        ((), ()),
        (("", ""), ((0,), (1,))),
        (("a", "b", "a"), ((0, 2), (1,))),
        (("a", "b", "ab"), ((0, 1, 2),)),
        (("a", "c", "ab", "cd", "b", "d"), ((0, 2, 4), (1, 3, 5))),
        (("a", "b", "c", "d", "ab", "cd", "bc"), ((0, 1, 2, 3, 4, 5, 6),)),
        (("aa", "x", "x"), ((0,), (1,), (2,))),
    ],
)
def test_processes_that_share_something_directly_or_through_others_are_in_one_group(
    used: Sequence[str], groups: tuple[tuple[int, ...], ...]
) -> None:
    assert plan_with(*used).groups == groups


def test_steps_and_keyword_arguments_share_things_too() -> None:
    plan = plan_of(
        "{shared: {door: lock, total: {value: 0}}, jobs: ["
        "{name: a, do: [{with: door, do: [{add: 1, to: total}]}]}, {name: b, target: 'm:f', kwargs: {n: $total}},"
        " {name: c, target: 'm:f', args: [$pid]}, {name: d, do: [{repeat: 2, do: [{acquire: door}]}]}]}"
    )

    assert plan.groups == ((0, 1, 3), (2,))


def test_the_workers_of_a_counter_are_in_one_group() -> None:
    plan = plan_of("jobs: [{name: c, type: shared_counter, workers: 3}, {name: d, type: shared_counter, workers: 2}]")

    assert plan.groups == ((0, 1, 2), (3, 4))


@given(st.lists(st.text("abcdef", max_size=3), max_size=9))
def test_each_process_is_in_one_group_with_all_that_it_shares_something_with(used: list[str]) -> None:
    groups = plan_with(*used).groups

    assert sorted(number for group in groups for number in group) == list(range(len(used)))
    group_of = {number: group for group in groups for number in group}
    for number, names in enumerate(used):
        assert all(group_of[number] == group_of[other] for other, more in enumerate(used) if set(names) & set(more))
