"""A row of forks waits a little for a child to come to its first step."""

from __future__ import annotations

import os

import pytest

from runner.supervise.child.own_memory import first_steps
from runner.supervise.starting.pace import comes_to_its_first_step, processors


def test_a_child_that_has_come_to_its_first_step_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = first_steps(2)
    steps[1] = 10_000
    monkeypatch.setattr("runner.supervise.starting.pace.sleep", pytest.fail)

    assert comes_to_its_first_step(steps, 1)


def test_a_child_is_waited_for_until_it_comes_to_its_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = first_steps(2)
    waits: list[float] = []

    def come_in_the_third(seconds: float) -> None:
        waits.append(seconds)
        steps[0] = int(len(waits) == 3)

    monkeypatch.setattr("runner.supervise.starting.pace.sleep", come_in_the_third)

    assert comes_to_its_first_step(steps, 0)
    assert len(waits) == 3


def test_a_child_that_does_not_come_is_waited_for_2_ms(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("runner.supervise.starting.pace.sleep", waits.append)

    assert not comes_to_its_first_step(first_steps(2), 0)
    assert sum(waits) == pytest.approx(0.002)


def test_the_processors_are_those_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processors() == (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())

    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)

    assert processors() == 1
