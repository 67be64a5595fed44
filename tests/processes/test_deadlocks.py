"""Who waits for ever is told, and nobody else: random scenarios whose answer is known (see `tests/deadlocks.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import runner
from tests.deadlocks import Scenario, wrong_with
from tests.effort import share_of
from tests.running import run_text

if TYPE_CHECKING:
    from runner.model.plan import StartMethod

pytestmark = pytest.mark.slow


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    processes = draw(st.integers(2, 5))
    guards = processes + draw(st.integers(0, 2))
    kinds = draw(st.tuples(*[st.sampled_from(("lock", "rlock", "semaphore"))] * guards))
    return Scenario(kinds, draw(st.tuples(*[st.integers(0, guards - 1)] * processes)))


@pytest.mark.timeout(600)  # of all examples together
@settings(max_examples=share_of(60))
@given(scenarios())
def test_circles_are_told_and_nothing_else_is(scenario: Scenario) -> None:
    result = runner.run(scenario.plan())

    assert wrong_with(scenario, result) is None


def test_circles_are_told_whatever_the_start_method(start_method: StartMethod) -> None:
    scenario = Scenario(("lock", "semaphore", "rlock", "lock", "lock"), (1, 2, 0, 4))

    result = runner.run(scenario.plan(start_method))

    assert wrong_with(scenario, result) is None
    assert result.deadlock == ("p0", "p1", "p2")


@pytest.mark.parametrize("order", ["terminate", "kill"])
def test_a_standstill_is_found_though_two_waiters_have_been_ended_together(order: str) -> None:
    text = f"""
        time_limit: 60
        shared: {{a: lock, go: event}}
        jobs:
          - {{name: holder, do: [{{with: a, do: [{{wait: go}}]}}]}}
          - {{name: w, replicas: 4, do: [{{with: a, do: [{{sleep: 1ms}}]}}]}}
        main: [start: [holder, w], sleep: 500ms, {order}: [w-0, w-1], join: holder]
    """

    result = run_text(text, Path(__file__).parent, "fork")

    assert result.outcome == "failed"
    assert "standstill" in {note["about"] for note in result.notes}
