"""The core of the benchmarks; nothing is timed here."""

from __future__ import annotations

import importlib

import pytest

from benchmarks.measuring import Bound, Contestant, medians, table
from benchmarks.moments import figures


@pytest.mark.parametrize("name", ["starts", "single", "counter", "output", "latency", "memory", "moments"])
def test_a_benchmark_can_be_imported(name: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name}").measure)


def test_contestants_take_turns_and_medians_count() -> None:
    turns: list[str] = []
    figures = iter([1.0, 10.0, 3.0, 30.0, 2.0, 20.0])

    def run(name: str) -> float:
        turns.append(name)
        return next(figures)

    contestants = [Contestant("a", lambda: run("a")), Contestant("b", lambda: run("b"))]

    assert medians(contestants, 3) == {"a": 2.0, "b": 20.0}
    assert turns == ["a", "b"] * 3


def test_a_bound_that_is_not_met_is_said() -> None:
    found = {"a": 2.0, "b": 1.0}

    text = table("t", "s", found, [Bound("a", "b", 3, at_least=True), Bound("a", "b", 2, at_least=False)])

    assert "(at least 3: NOT met)" in text
    assert "(at most 2: met)" in text
    assert "a / c: skipped" in table("t", "s", found, [Bound("a", "c", 1, at_least=True)])


def test_moments_come_to_the_spread_of_the_ends_and_to_durations() -> None:
    assert figures([(0.0, 1.0), (0.5, 3.5), (1.0, 3.0)]) == (2.5, 2.0, 3.0)
